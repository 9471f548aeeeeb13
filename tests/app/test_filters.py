"""Filters: words, scope, and a link that comes back as the same filters or as the default, never as an error."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from app.components.words import base_words
from app.filters import FilterOptions, Filters, default_filters, own_window, parse_params, valid
from app.i18n import use_language
from app.services.warehouse import distinct_names, last_complete_day

OPTIONS = FilterOptions(
    date(2026, 1, 1),
    date(2026, 11, 30),
    date(2026, 11, 30),
    ("Books", "Toys"),
    ("North", "South"),
    ("gold",),
    {"m1": "Lotus", "m2": "Kite", "m3": "Kite & Co"},
)
DAYS = st.dates(OPTIONS.data_from, OPTIONS.data_up_to)


def test_the_default_is_the_last_30_days_of_the_data() -> None:
    assert default_filters(OPTIONS) == Filters(date(2026, 11, 1), date(2026, 11, 30))
    assert default_filters(OPTIONS).day_count == 30


def test_a_young_marketplace_starts_with_its_first_day() -> None:
    young = FilterOptions(date(2026, 11, 28), date(2026, 11, 30), date(2026, 11, 30), (), (), (), {})
    assert default_filters(young).date_from == date(2026, 11, 28)


def test_the_default_needs_no_parameters() -> None:
    assert default_filters(OPTIONS).to_params(default_filters(OPTIONS)) == {}


@given(
    DAYS,
    DAYS,
    st.lists(st.sampled_from(OPTIONS.categories), unique=True),
    st.lists(st.sampled_from(list(OPTIONS.merchants)), unique=True),
    st.one_of(st.sampled_from(["previous", "week", "year"]), st.tuples(DAYS, DAYS).map(sorted).map(tuple)),
    st.one_of(st.sampled_from(["latest", "now"]), DAYS),
)
def test_a_link_comes_back_as_the_same_filters(one: date, two: date, categories, merchants, compare, as_of) -> None:
    filters = Filters(min(one, two), max(one, two), tuple(categories), (), (), tuple(merchants), compare, as_of)
    assert parse_params(filters.to_params(default_filters(OPTIONS)), OPTIONS) == filters


@given(
    st.dictionaries(st.sampled_from(["as_of", "from", "to", "compare", "category", "merchant"]), st.lists(st.text()))
)
def test_whatever_stands_in_the_address_gives_filters_that_the_snapshot_offers(params: dict[str, list[str]]) -> None:
    filters = parse_params(params, OPTIONS)
    assert filters == valid(filters, OPTIONS)
    assert OPTIONS.data_from <= filters.date_from <= filters.date_to <= OPTIONS.data_up_to


def test_a_window_of_ones_own_to_compare_with_is_cut_to_the_data() -> None:
    assert parse_params({"compare": ["2020-01-01..2026-02-01"]}, OPTIONS).compare == (
        date(2026, 1, 1),
        date(2026, 2, 1),
    )
    for nonsense in ("2026-02-01..2026-01-01", "2020-01-01..2020-02-01", "2026-01-01", "2026-01-01..", "..", "own"):
        assert parse_params({"compare": [nonsense]}, OPTIONS).compare == "previous", nonsense


def test_a_window_of_ones_own_begins_with_the_days_before() -> None:
    assert own_window(default_filters(OPTIONS), OPTIONS) == (date(2026, 10, 2), date(2026, 10, 31))
    first = Filters(date(2026, 1, 1), date(2026, 1, 31))
    assert own_window(first, OPTIONS) == (date(2026, 1, 1), date(2026, 1, 1))


def test_dates_beyond_the_data_are_cut_and_a_reversed_window_is_the_default() -> None:
    assert parse_params({"from": ["2020-01-01"], "to": ["2026-02-01"]}, OPTIONS).date_from == date(2026, 1, 1)
    assert parse_params({"from": ["2026-03-01"], "to": ["2026-02-01"]}, OPTIONS) == default_filters(OPTIONS)


def test_the_filters_in_words_in_both_languages() -> None:
    filters = Filters(date(2026, 11, 1), date(2026, 11, 30), ("Books", "Toys"), (), (), ("m1", "m2", "m3"))
    with use_language("en"):
        assert filters.describe(OPTIONS.merchants).replace("\u2009", " ") == (
            "Nov 1 – 30, 2026, compared with the 30 days before · Books, Toys · all regions · Lotus, Kite, Kite & Co"
        )
    with use_language("zh-Hans"):
        assert filters.describe({}) == "2026年11月1日至30日，与此前 30 天相比 · Books、Toys · 全部地区 · m1、m2、m3"


def test_windows_of_other_length_are_said() -> None:
    filters = Filters(date(2026, 10, 1), date(2026, 10, 31), compare=(date(2026, 2, 1), date(2026, 2, 28)))
    with use_language("en"):
        assert filters.describe().replace("\u2009", " ") == (
            "Oct 1 – 31, 2026, compared with Feb 1 – 28, 2026 · 31 days compared with 28 days · all categories · all regions"
        )
        assert base_words(filters.compare).replace("\u2009", " ") == "vs Feb 1 – 28, 2026"
        assert "days" not in Filters(*filters.compare, compare=filters.compare).describe()
    with use_language("zh-Hans"):
        assert "2026年2月1日至28日相比 · 31 天对比 28 天" in filters.describe()


def test_merchants_of_one_name_are_told_apart() -> None:
    profiles = pd.DataFrame({"merchant_id": ["a", "b", "c", "d"], "name": ["Kite", "Kite", None, "Lotus"]})
    assert distinct_names(profiles) == {"a": "Kite (a)", "b": "Kite (b)", "c": "c", "d": "Lotus"}


@pytest.mark.parametrize(
    ("up_to", "day"),
    [
        (datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC), date(2026, 11, 30)),
        (datetime(2026, 11, 30, 10, 0, tzinfo=UTC), date(2026, 11, 29)),
        (datetime(2026, 11, 30, 16, 30, tzinfo=UTC), date(2026, 11, 30)),
    ],
)
def test_the_last_complete_day_is_one_of_the_reporting_zone(up_to: datetime, day: date) -> None:
    assert last_complete_day(up_to, "Asia/Shanghai") == day


PAGE = Path(__file__).parent / "filter_page.py"


class TestBar:
    """The widgets, the session and the URL together, over a page that draws nothing else."""

    def run(self, **params: list[str]) -> AppTest:
        app = AppTest.from_file(str(PAGE), default_timeout=120)
        for key, values in params.items():
            app.query_params[key] = values
        app.run()
        assert not app.exception
        return app

    def seen(self, app: AppTest) -> str:
        return str(app.markdown[0].value)

    def test_the_url_seeds_the_widgets(self) -> None:
        app = self.run(category=["Toys", "Nonsense"], merchant=["m2"])
        assert app.multiselect[0].value == ["Toys"]
        assert "Toys" in self.seen(app)
        assert "Kite" in self.seen(app)

    def test_a_choice_reaches_the_url_and_outlives_pages_without_the_widgets(self) -> None:
        app = self.run()
        app.multiselect[0].select("Books").run()
        assert app.query_params["category"] == "Books"
        app.checkbox[0].check().run()
        assert len(app.multiselect) == 0
        assert "Books" in self.seen(app)
        app.checkbox[0].uncheck().run()
        assert app.multiselect[0].value == ["Books"]
        app.multiselect[0].unselect("Books").run()
        assert "all categories" in self.seen(app)
        assert "category" not in app.query_params

    def test_a_window_of_ones_own_is_chosen_and_stays_in_the_address(self) -> None:
        app = self.run()
        app.selectbox[0].select("own").run()
        assert app.date_input[1].value == (date(2026, 10, 2), date(2026, 10, 31))
        app.date_input[1].set_value((date(2026, 3, 1), date(2026, 3, 31))).run()
        assert app.query_params["compare"] == "2026-03-01..2026-03-31"
        assert "Mar 1" in self.seen(app)
        assert "30 days compared with 31 days" in self.seen(app)
        app.selectbox[0].select("week").run()
        assert (len(app.date_input), app.query_params["compare"]) == (1, "week")

    @pytest.mark.parametrize("asked", ["nonsense", "2026-02-01..2026-01-01", "2020-01-01..2020-01-31"])
    def test_a_comparison_that_there_is_not_is_said_until_one_is_chosen(self, asked: str) -> None:
        app = self.run(compare=[asked])
        assert [found.value for found in app.caption if "comparison in the address" in found.value]
        assert "the 30 days before" in self.seen(app)
        app.multiselect[0].select("Books").run()
        assert len(app.caption) == 1
        app.selectbox[0].select("week").run()
        assert len(app.caption) == 0
        assert len(self.run(compare=["2026-01-01..2026-01-31"]).caption) == 0

    def test_a_language_of_the_address_stays_in_it(self) -> None:
        app = self.run(lang=["en"])
        app.multiselect[0].select("Books").run()
        del app.query_params["lang"]  # what a navigation link does
        app.run()
        assert app.query_params["lang"] in ("en", ["en"])

    def test_a_click_elsewhere_sets_the_widgets(self) -> None:
        app = self.run(category=["Books"])
        next(button for button in app.button if button.label == "only Lotus").click().run()
        assert app.multiselect[0].value == ["Books"]
        assert app.multiselect[3].value == ["m1"]
        next(button for button in app.button if button.label == "Reset filters").click().run()
        assert [widget.value for widget in app.multiselect] == [[], [], [], []]
