"""What-if in a browser: a lever moved says what would change, a border moved says who crosses, a scenario is kept."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from app.bench.browser import settle

pytestmark = pytest.mark.browser


def slide(page: Page, slider: Locator, key: str, steps: int) -> None:
    """Presses a key until the slider has moved so many times: a press that comes while the page is drawn anew is lost."""
    for _ in range(steps):
        before = slider.get_attribute("aria-valuenow") or ""
        slider.press(key)
        expect(slider).not_to_have_attribute("aria-valuenow", before)


def test_a_moved_border_lists_who_crosses_and_the_scenario_is_kept(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/whatif?lang=en")
    settle(page)
    expect(page.get_by_text("0 merchants cross the limit")).to_be_visible()
    expect(page.get_by_text("No change").first).to_be_visible()

    slide(page, page.get_by_role("slider", name="Score limit, in points"), "ArrowRight", 12)
    settle(page)
    expect(page.get_by_text(re.compile(r"^[1-9]\d* merchants? cross(es)? the limit$"))).to_be_visible()

    page.get_by_label("Keep this scenario as").fill("Stricter good")
    page.keyboard.press("Enter")
    settle(page)
    page.get_by_role("button", name="Save scenario").click()
    settle(page)
    kept = page.get_by_test_id("stMarkdownContainer").get_by_text("Stricter good", exact=True)
    expect(kept).to_be_visible()  # in the tab that saving opened
    page.reload()
    settle(page)
    expect(kept).to_be_visible()
    page.goto(re.search(r"http://\S+scenario=\w+", page.get_by_test_id("stCode").inner_text())[0])  # type: ignore[index]
    settle(page)
    expect(kept).to_be_visible()

    page.get_by_role("button", name="Open in levers").click()
    expect(page.get_by_text("From “Stricter good”.")).to_be_visible()
    settle(page)
    expect(page.get_by_text("now 70.0, then 76.0")).to_be_visible()  # twelve steps of half a point
    expect(page.get_by_text(re.compile(r"^[1-9]\d* merchants? cross(es)? the limit$"))).to_be_visible()


def test_questions_are_answered_from_where_the_levers_stand(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/whatif?lang=en")
    settle(page)
    page.get_by_role("tab", name="Find").click()
    settle(page)
    expect(page.get_by_text(re.compile("takes “Median score” from|Not reachable: the best is"))).to_be_visible()
    for question in ("What matters most", "Two levers at once"):
        page.get_by_text(question, exact=True).first.click()
        settle(page)
        expect(page.get_by_role("figure", name=re.compile("matters most|over two levers"))).to_be_visible()


def test_a_late_rate_lowered_raises_the_median_within_its_interval(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/whatif?lang=en")
    settle(page)
    slide(page, page.get_by_role("slider", name=re.compile("Late rate")), "ArrowLeft", 30)
    median = page.get_by_test_id("stMetric").filter(has_text="Median score")
    expect(median).to_contain_text(re.compile(r"\+\d"))
    expect(page.get_by_text("Assumption: the change is put in, not predicted")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^95% interval \S+ to \+")).first).to_be_visible()
