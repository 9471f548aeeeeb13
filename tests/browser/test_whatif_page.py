"""What-if in a browser: a lever moved says what would change, a border moved says who crosses, a scenario is kept."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from app.bench.browser import settle

pytestmark = pytest.mark.browser


def test_a_moved_border_lists_who_crosses_and_the_scenario_is_kept(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/whatif?lang=en")
    settle(page)
    expect(page.get_by_text("0 merchants cross the limit")).to_be_visible()
    expect(page.get_by_text("No change").first).to_be_visible()

    border = page.get_by_role("slider", name="Score limit, in points")
    border.focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    settle(page)
    expect(page.get_by_text(re.compile(r"^[1-9]\d* merchants? cross(es)? the limit$"))).to_be_visible()

    page.get_by_label("Keep this scenario as").fill("Stricter good")
    page.keyboard.press("Enter")
    settle(page)
    page.get_by_role("button", name="Save scenario").click()
    settle(page)
    page.reload()
    settle(page)
    expect(page.get_by_test_id("stButtonGroup").get_by_text("Stricter good")).to_be_visible()


def test_a_late_rate_lowered_raises_the_median_within_its_interval(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/whatif?lang=en")
    settle(page)
    late = page.get_by_role("slider", name=re.compile("Late rate"))
    late.focus()
    for _ in range(15):
        page.keyboard.press("ArrowLeft")
    settle(page)
    median = page.get_by_test_id("stMetric").filter(has_text="Median score")
    assert re.search(r"\+\d", median.inner_text())
    expect(page.get_by_text("Assumption: the change is put in, not predicted")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^95% interval \+")).first).to_be_visible()
