"""Data and Settings in a browser: from an empty warehouse through a file of one's own to a new snapshot and back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from analytics.ingest import load
from analytics.warehouse import Warehouse
from app.bench.browser import served, settle

pytestmark = pytest.mark.browser
LONG = 30_000  # milliseconds

# Columns of one's own, semicolons, another encoding; one row has no date, one a kind that means nothing.
ORDERS = """Nr;Order;Shop;When;What;Customer;Total;Money
1;A-1;Müller;2026-03-01 10:00:00;Bestellung;u1;10.50;EUR
2;A-2;Müller;2026-03-02 11:00:00;Bestellung;u2;20.00;EUR
3;A-3;Schäfer;yesterday;Bestellung;u3;5.00;EUR
4;A-4;Schäfer;2026-03-03 12:00:00;Gruß;u4;7.00;EUR
"""


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The app over a warehouse that holds nothing: its URL and the warehouse's folder."""
    with served(tmp_path / "warehouse", tmp_path / "workspace") as url:
        yield url, tmp_path / "warehouse"


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()
    settle(page)


def test_a_file_of_ones_own_becomes_a_snapshot(empty: tuple[str, Path], page: Page, tmp_path: Path) -> None:
    url, root = empty
    file = tmp_path / "bestellungen.csv"
    file.write_bytes(ORDERS.encode("cp1252"))
    page.set_viewport_size({"width": 1440, "height": 2400})  # a list of options closes when the page is scrolled
    page.goto(f"{url}/data?lang=en")
    settle(page)
    expect(page.get_by_text("There is no data yet.")).to_be_visible(timeout=LONG)

    page.locator('input[type="file"]').set_input_files(file)
    expect(page.get_by_text(re.compile(r"CSV · cp1252 · semicolon · 8 columns"))).to_be_visible(timeout=LONG)
    settle(page)
    for canonical, source in {"event_id *": "Nr", "occurred_at *": "When", "kind *": "What"}.items():
        choose(page, canonical, source)
    choose(page, "currency", "Money")
    expect(page.get_by_text("What the values of What mean")).to_be_visible(timeout=LONG)
    # The guess leaves both words open: every row would be set aside until one of them has a meaning.
    expect(page.get_by_text(re.compile("4 rows read.*0 can be loaded.*4 set aside"))).to_be_visible(timeout=LONG)
    choose(page, "kind *", "= one value for all rows")
    page.get_by_role("combobox", name="Value of kind", exact=True).click()
    page.get_by_role("option", name="order_placed", exact=True).click()
    settle(page)
    expect(page.get_by_text(re.compile("4 rows read.*3 can be loaded.*1 set aside"))).to_be_visible(timeout=LONG)
    assert not Warehouse(root).exists()

    page.get_by_role("button", name="Load bestellungen.csv").click()
    expect(page.get_by_text(re.compile("3 loaded.*1 set aside.*snapshot 2"))).to_be_visible(timeout=LONG)
    settle(page)
    snapshot = Warehouse(root).snapshot()
    assert (snapshot.loads[0].loaded, snapshot.loads[0].quarantined) == (3, 1)
    expect(page.get_by_text(f"snapshot {snapshot.snapshot_id}").first).to_be_visible(timeout=LONG)

    page.get_by_role("tab", name="Quarantine").click()
    settle(page)
    expect(page.get_by_text("1 row found")).to_be_visible(timeout=LONG)


def test_the_language_is_switched_and_the_log_is_whole(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/settings?lang=en")
    settle(page)
    expect(page.get_by_text("the chain is whole")).to_be_visible(timeout=LONG)
    page.get_by_test_id("stMain").get_by_text("简体中文").click()
    expect(page.get_by_role("heading", name="设置")).to_be_visible(timeout=LONG)
    expect(page).to_have_url(re.compile("lang=zh-Hans"))


@pytest.fixture
def one_set_aside(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The app over seven rows, one of which has no date: its URL and the warehouse's folder."""
    source = tmp_path / "source"
    source.mkdir()
    header = "event_id,occurred_at,kind,merchant_id,order_id,amount,currency"
    rows = [f"e{n},{'' if n == 7 else f'2026-03-0{n}'},order_placed,m1,o{n},10,EUR" for n in range(1, 8)]
    (source / "events.csv").write_text("\n".join((header, *rows)) + "\n")
    root = tmp_path / "warehouse"
    load(Warehouse(root), "canonical", source)
    with served(root, tmp_path / "workspace") as url:
        yield url, root


def test_rows_set_aside_are_corrected_in_a_file_and_loaded(
    one_set_aside: tuple[str, Path], page: Page, tmp_path: Path
) -> None:
    url, root = one_set_aside
    page.set_viewport_size({"width": 1440, "height": 2400})
    page.goto(f"{url}/data?lang=en&section=quality")
    settle(page)
    expect(page.get_by_text("14.29 % of the rows have no date · 1 of 7").first).to_be_visible(timeout=LONG)

    page.get_by_role("tab", name="Quarantine").click()
    settle(page)
    expect(page.get_by_role("button", name="Load 0 corrected rows")).to_be_disabled(timeout=LONG)
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="Download all to correct").click()
    file = tmp_path / downloaded.value.suggested_filename
    downloaded.value.save_as(file)
    text = file.read_text(encoding="utf-8-sig")
    assert ",e7,,order_placed," in text
    file.write_text(text.replace(",e7,,", ",e7,2026-03-07,"), encoding="utf-8")
    page.locator('input[type="file"]').set_input_files(file)
    page.get_by_role("button", name=f"Load {file.name}").click()
    expect(page.get_by_text("1 row loaded, 0 still set aside")).to_be_visible(timeout=LONG)
    settle(page)
    expect(page.get_by_text("No row was set aside")).to_be_visible(timeout=LONG)
    assert Warehouse(root).snapshot().tables["events"] == 7
