"""Ad-hoc analysis in a browser: a question typed, refused in one line, run, seen as rows and as a chart, and kept behind a link."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from app.bench.browser import settle

pytestmark = pytest.mark.browser
LONG = 120_000  # milliseconds: a question is answered in a process of its own, which begins first
ASKED = "select day, sum(order_count) as orders from merchant_day group by day order by day limit 21"


def editor(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Question in SQL")


def ask(page: Page, sql: str) -> None:
    """Types a question over the one that stands there, and runs it."""
    editor(page).fill(sql)
    page.keyboard.press("Control+Enter")
    settle(page)
    page.get_by_role("button", name="Run").click()
    settle(page)


def test_a_question_is_typed_refused_mended_run_seen_kept_and_opened_again(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/adhoc?lang=en")
    settle(page)
    expect(page.get_by_text("Nothing asked yet")).to_be_visible()

    ask(page, "drop table merchant_day")
    refused = page.get_by_test_id("stAlert")
    expect(refused).to_have_count(1, timeout=LONG)
    expect(refused).to_contain_text("SELECT")
    assert "\n" not in refused.inner_text().strip().removeprefix("error").strip()
    expect(page.get_by_test_id("stException")).to_have_count(0)

    ask(page, ASKED)
    expect(page.get_by_text("21 rows", exact=True)).to_be_visible(timeout=LONG)
    expect(page.get_by_test_id("stDataFrame").filter(has_text="orders").last).to_be_visible()
    page.get_by_role("radio", name="show_chart").click()
    settle(page)
    expect(page.get_by_role("figure", name="orders, day")).to_be_visible()
    expect(refused).to_have_count(0)
    page.get_by_label("Save this question as").fill("Orders by day")
    page.keyboard.press("Enter")
    settle(page)
    page.get_by_role("button", name="Save").click()
    settle(page)
    expect(page.get_by_text("The address of this page is a link to “Orders by day”.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"query=\w{32}"))

    link = page.url
    page.goto(f"{app_url}/adhoc?lang=en")
    settle(page)
    expect(editor(page)).not_to_have_value(ASKED)
    page.goto(link)
    settle(page)
    expect(editor(page)).to_have_value(ASKED)
    expect(page.get_by_text("The address of this page is a link to “Orders by day”.")).to_be_visible()
