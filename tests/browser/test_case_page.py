"""A case in the browser: opened from a merchant, its checklist ticked, closed."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from app.bench.browser import settle

pytestmark = pytest.mark.browser


def test_a_case_is_opened_ticked_and_closed(app_url: str, page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 3600})  # nothing scrolls away between two clicks
    page.goto(f"{app_url}/merchant?merchant=M-00004&lang=en")
    settle(page)
    page.get_by_role("tab", name="Cases", exact=True).click()
    page.get_by_role("button", name="Open a case").click()
    page.get_by_label("Title").fill("Late <b>again</b>")
    page.get_by_role("button", name="Open the case").click()
    expect(page.get_by_role("strong").filter(has_text="Late <b>again</b>")).to_be_visible()
    settle(page)
    close = page.get_by_role("button", name="Close", exact=True).first
    close.click()
    expect(page.get_by_text("4 items of the checklist are open")).to_be_visible()
    settle(page)
    checklist = page.get_by_test_id("stDataFrame").last
    box = checklist.bounding_box()
    assert box is not None
    middle = 30 + (box["width"] - 30) * 0.16  # of the first column, beside the handle of the row
    for row in range(4):
        page.mouse.click(box["x"] + middle, box["y"] + 51 + 33 * row)
        page.wait_for_timeout(400)  # the table takes a click over before it tells the script
        settle(page)
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_timeout(400)  # a script that has not begun looks like one that has ended
    settle(page)
    close.click()
    expect(page.get_by_role("button", name="Reopen", exact=True)).to_be_visible()
