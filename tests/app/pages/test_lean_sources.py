"""Sources and filters that lack something: what is not there is named on every page, never drawn as zero."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analytics.metrics import Scope
from app.filters import default_filters
from app.i18n import figure
from app.services import figures, overview, trust
from app.services.loading import load_path
from app.services.runtime import Runtime, snapshot_id, use_runtime
from app.services.warehouse import filter_options
from tests.app.pages.analysis_pages import MAIN, PAGES
from tests.app.pages.conftest import runtime


class TestAPoorSource:
    """Orders, shipping and delivery only: what is not recorded is named, never zero."""

    @pytest.fixture(scope="class")
    @staticmethod
    def shown(warehouse: Path) -> Iterator[dict[str | None, AppTest]]:
        found = {}
        with use_runtime(runtime(warehouse)):
            for path in PAGES:
                page = AppTest.from_file(str(MAIN), default_timeout=120)
                if path:
                    page.run()
                    page.switch_page(path)
                found[path] = page.run()
            yield found

    @pytest.mark.parametrize("path", PAGES)
    def test_every_page_is_drawn_without_an_error(self, shown: dict[str | None, AppTest], path: str | None) -> None:
        page = shown[path]
        assert not page.exception
        assert [error.value for error in page.error] == []
        assert len(page.title) == 1

    def test_what_is_not_in_the_source_is_said(self, shown: dict[str | None, AppTest]) -> None:
        overview_page, satisfaction_page = shown[None], shown["views/satisfaction.py"]
        by_name = {metric.label: metric.value for metric in overview_page.metric}
        assert by_name["Disputes"] == "–"
        assert by_name["Orders"] != "–"
        assert {metric.value for metric in satisfaction_page.metric} == {"–"}
        said = [caption.value for caption in satisfaction_page.caption]
        assert said.count("Not in this source") >= 8

    def test_too_few_orders_are_counted_against_what_is_needed(self, warehouse: Path) -> None:
        with use_runtime(runtime(warehouse)):
            page = AppTest.from_file(str(MAIN), default_timeout=120)
            page.query_params["merchant"] = "b"
            page.run()
            page.switch_page("views/merchant.py").run()
        assert not page.exception
        assert any("4 of 20 orders needed" in text.value for text in page.markdown)

    def test_the_page_shows_the_services_figure(self, shown: dict[str | None, AppTest], warehouse: Path) -> None:
        with use_runtime(runtime(warehouse)):
            filters = default_filters(filter_options(snapshot_id()))
            card = figures.cards(snapshot_id(), ("late_seller_rate",), filters.scope(), "previous")[0]
        shown_value = {metric.label: metric.value for metric in shown[None].metric}["Late by merchant"]
        assert shown_value == figure(card.value, card.unit)


class TestFiltersThatLeaveNobody:
    """A manager who combines filters until no merchant is left is told so, on every page."""

    @pytest.fixture
    def page(self, demo: str) -> AppTest:
        scope = default_filters(filter_options(demo)).scope()
        everyone = trust.board(demo, scope)
        pairs = set(everyone[["category", "region"]].itertuples(index=False, name=None))
        missing = next(
            (category, region, tier)
            for category in sorted({c for c, _ in pairs})
            for region in sorted({r for _, r in pairs})
            for tier in sorted(set(everyone["tier"]))
            if everyone[
                (everyone["category"] == category) & (everyone["region"] == region) & (everyone["tier"] == tier)
            ].empty
        )
        page = AppTest.from_file(str(MAIN), default_timeout=120)
        page.query_params["category"], page.query_params["region"], page.query_params["tier"] = missing
        return page.run()

    @pytest.mark.parametrize("path", [*PAGES, "views/issues.py", "views/whatif.py"])
    def test_no_page_fails(self, page: AppTest, path: str | None) -> None:
        if path:
            page.switch_page(path).run()
        assert not page.exception
        assert [error.value for error in page.error] == []

    def test_nothing_is_found_among_no_merchants(self, demo: str) -> None:
        nobody = trust.board(demo, Scope(date(2026, 10, 1), date(2026, 10, 31), merchants=("no such id",)))
        assert trust.find(nobody, "lotus").empty


class TestAMarketplaceWithoutOrders:
    def test_the_map_says_that_nobody_can_be_placed(self, loaded: Callable[[list[str]], Runtime]) -> None:
        with use_runtime(loaded(["e1,2026-01-05T10:00:00Z,view,m1,b1,,,", "e2,2026-01-07T10:00:00Z,view,m1,b2,,,"])):
            asked = default_filters(filter_options(snapshot_id())).scope()
            found = overview.merchant_map(snapshot_id(), asked)
            assert (found.merchants.empty, found.left_out) == (True, 0)


EVENTS = "event_id,occurred_at,kind,merchant_id,buyer_id,order_id,amount,currency"


@pytest.fixture
def loaded(tmp_path: Path) -> Iterator[Callable[[list[str]], Runtime]]:
    """Loads lines of EVENTS into a warehouse of their own, which the app serves."""
    opened: list[Runtime] = []

    def load(lines: list[str], **files: str) -> Runtime:
        (tmp_path / "in").mkdir()
        for name, text in files.items():
            (tmp_path / "in" / f"{name}.csv").write_text(text, encoding="utf-8")
        (tmp_path / "in" / "events.csv").write_text("\n".join([EVENTS, *lines]), encoding="utf-8")
        opened.append(runtime(tmp_path / "w"))
        with use_runtime(opened[0]):
            load_path("canonical", tmp_path / "in")
        return opened[0]

    yield load
    for one in opened:
        one.close()


def test_a_merchants_name_stays_text(loaded: Callable[..., Runtime]) -> None:
    name = "![img](http://e.example/x.png) [link](http://e.example) :red[x] $a$"
    lines = [f"p{n},2026-09-{n + 1:02d}T08:00:00Z,order_placed,m,b{n},o{n},10,EUR" for n in range(9)]
    with use_runtime(loaded(lines, merchants=f"merchant_id,name\nm,{name}\n")):
        page = AppTest.from_file(str(MAIN), default_timeout=120)
        page.query_params["merchant"] = "m"
        page.run()
        page.switch_page("views/merchant.py").run()
    assert not page.exception
    assert next(box for box in page.selectbox if box.key == "merchant.metric").value == "orders", "nine orders: no rate"
    said = [element.value for element in (*page.markdown, *page.caption, *page.header, *page.subheader, *page.title)]
    assert any("img" in text for text in said)
    assert not any(mark in text for text in said for mark in ("![img]", "[link](", ":red[x]", "$a$"))


class TestLeanSources:
    def test_orders_and_deliveries_alone_say_what_the_score_lacks(self, loaded: Callable[[list[str]], Runtime]) -> None:
        lines = []
        for n in range(60):
            day = date(2026, 9, 1) + timedelta(days=n // 2)
            lines.append(f"p{n},{day}T08:00:00Z,order_placed,m{n % 2},b{n},o{n},10,EUR")
            lines.append(f"d{n},{day}T18:00:00Z,order_delivered,m{n % 2},b{n},o{n},,")
        with use_runtime(loaded(lines)):
            page = AppTest.from_file(str(MAIN), default_timeout=120)
            page.query_params["merchant"] = "m0"
            page.run()
            page.switch_page("views/merchant.py").run()
            assert [error.value for error in page.error] == []
            said = [text.value for text in page.caption]
            assert sum("The source holds nothing of what the score looks at (" in text for text in said) == 3
            assert not any("needs more orders" in text for text in said)
            assert sum("Not in this source" in text.value for text in page.markdown) >= 3
            assert not any("No period has enough data" in text.value for text in page.markdown)
            assert [widget.label for widget in page.sidebar.date_input] == ["Dates (UTC)"]

    @pytest.mark.parametrize(
        "moments",
        [["2026-09-02T00:00:00Z"], ["2026-09-02T08:00:00Z", "2026-09-02T15:00:00Z"], ["2026-09-02T23:59:59Z"]],
        ids=["midnight", "unfinished", "whole"],
    )
    def test_a_single_day_is_a_window(self, loaded: Callable[[list[str]], Runtime], moments: list[str]) -> None:
        with use_runtime(loaded([f"e{n},{at},order_placed,m,b,o{n},10,EUR" for n, at in enumerate(moments)])):
            options = filter_options(snapshot_id())
            filters = default_filters(options)
            assert filters.date_from == filters.date_to == options.data_up_to == date(2026, 9, 2)
            page = AppTest.from_file(str(MAIN), default_timeout=120).run()
            assert not page.exception
            assert [error.value for error in page.error] == []
