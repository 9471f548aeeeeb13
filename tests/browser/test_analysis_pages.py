"""What only a browser shows of the analysis pages: clicks that filter and open, menus, tables, and filters that stay."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from app.bench.browser import settle

pytestmark = pytest.mark.browser


def card(page: Page, name: str) -> Locator:
    return page.get_by_test_id("stMetric").filter(has_text=name)


def click_first_row(page: Page, table: Locator) -> None:
    """A table is a canvas: its first row lies just below the header, whose height is that of a row."""
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 60, box["y"] + 51)
    page.wait_for_timeout(400)
    settle(page)


def test_filters_stay_when_the_page_changes_and_live_in_the_address(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/trust?category=Electronics&compare=week")
    settle(page)
    for name in ("Satisfaction", "Merchant", "Trust"):
        page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
        settle(page)
        expect(page).to_have_url(re.compile("category=Electronics"))
        expect(page).to_have_url(re.compile("compare=week"))
        expect(page.get_by_test_id("stMain").get_by_text("Electronics", exact=False).first).to_be_visible()


def test_a_click_on_a_leaderboard_filters_the_page(page: Page, app_url: str) -> None:
    page.goto(app_url)
    settle(page)
    board = page.get_by_test_id("stDataFrame").filter(visible=True).first
    before = card(page, "Orders").inner_text()
    click_first_row(page, board)
    page.wait_for_url(re.compile("category="))
    expect(card(page, "Orders")).not_to_have_text(before, use_inner_text=True)


def test_a_click_on_a_cell_of_the_pivot_opens_its_figure(page: Page, app_url: str) -> None:
    page.goto(app_url)
    settle(page)
    page.get_by_role("tab", name="Pivot").click()
    settle(page)
    table = page.get_by_test_id("stDataFrame").filter(visible=True).first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] - 40, box["y"] + 51 + 34)  # the last column of the row below the totals
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(re.compile("^Orders · .+ × .+"))).to_be_visible()
    assert "category=" not in page.url


def test_the_button_of_a_leaderboard_row_opens_its_figure_and_filters_nothing(page: Page, app_url: str) -> None:
    page.goto(app_url)
    settle(page)
    board = page.get_by_test_id("stDataFrame").filter(visible=True).first
    board.scroll_into_view_if_needed()
    box = board.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] - 57, box["y"] + 51)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(re.compile("^Orders · "))).to_be_visible()
    dialog.get_by_text("Rows", exact=True).click()
    expect(dialog.get_by_text(re.compile(r"from [\d,]+ rows?"))).to_be_visible()
    page.keyboard.press("Escape")
    settle(page)
    assert "category=" not in page.url


def test_a_click_on_the_map_opens_the_merchant(page: Page, app_url: str) -> None:
    page.goto(app_url)
    settle(page)
    # The last point is drawn over all others.
    point = page.locator(".scatterlayer .trace path.point").last
    point.wait_for()
    box = point.bounding_box()
    assert box is not None
    page.mouse.move(box["x"], box["y"])
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.get_by_role("heading", name="Merchant", level=1)).to_be_visible()
    settle(page)
    expect(page).to_have_url(re.compile("merchant="))
    expect(page.get_by_text("Why: points by component")).to_be_visible()


def test_the_menu_of_a_number_shows_rows_that_give_it(page: Page, app_url: str) -> None:
    page.goto(app_url)
    settle(page)
    value = card(page, "Disputes").get_by_test_id("stMetricValue").inner_text().strip()
    page.get_by_test_id("stMenuButtonButton").filter(visible=True).nth(5).click()
    page.get_by_text("Rows", exact=True).last.click()
    dialog = page.get_by_role("dialog")
    expect(
        dialog.get_by_text(re.compile(rf"^{re.escape(value)} = [\d,]+ of [\d,]+, from [\d,]+ rows$"))
    ).to_be_visible()
    dialog.get_by_text("Link", exact=True).click()
    expect(dialog.get_by_text(re.compile(r"from=\d{4}-\d\d-\d\d&to=\d{4}-\d\d-\d\d"))).to_be_visible()


def test_a_chart_is_a_table_one_click_away(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/trust")
    settle(page)
    chart = page.locator(".js-plotly-plot").first
    expect(chart).to_be_visible()
    tables = page.get_by_test_id("stDataFrame").count()
    page.get_by_test_id("stButtonGroup").first.get_by_role("radio").nth(1).click()
    expect(page.get_by_test_id("stDataFrame")).to_have_count(tables + 1)
    expect(page.locator(".js-plotly-plot")).to_have_count(0)


def test_a_rate_opens_its_orders(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/trust")
    settle(page)
    click_first_row(page, page.get_by_test_id("stDataFrame").filter(visible=True).nth(1))
    expect(page.get_by_role("heading", name="Merchant", level=1)).to_be_visible()
    settle(page)
    click_first_row(page, page.get_by_test_id("stDataFrame").filter(visible=True).first)
    expect(page.get_by_role("dialog").get_by_text(re.compile(r"^[\d,]+ of [\d,]+$"))).to_be_visible()


def test_a_segment_opens_its_merchants_and_they_their_page(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/satisfaction")
    settle(page)
    page.get_by_role("tab", name="Segments").click()
    settle(page)
    page.get_by_role("radio", name="Merchants").click()
    settle(page)
    expect(page.get_by_text("Segments of merchants by behaviour")).to_be_visible()
    click_first_row(page, page.get_by_test_id("stDataFrame").filter(visible=True).first)
    expect(page.get_by_text("Merchants of segment 1")).to_be_visible()
    click_first_row(page, page.get_by_test_id("stDataFrame").filter(visible=True).last)
    expect(page.get_by_role("heading", name="Merchant", level=1)).to_be_visible()
