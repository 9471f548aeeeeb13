"""The definition file: what is committed loads, and each mistake gives one sentence that says where and what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analytics.errors import InputError
from analytics.trust import default_programme, load_programme
from analytics.trust.programme import MEASURES, PROGRAMMES

ROOT = Path(__file__).parents[3]
TEXT = (PROGRAMMES / "trustdesk.toml").read_text(encoding="utf-8")


def test_the_committed_definition_has_four_components_of_100_points() -> None:
    programme = default_programme()
    assert [c.component_id for c in programme.components] == ["fulfilment", "quality", "service", "integrity"]
    assert sum(c.points for c in programme.components) == 100
    assert [programme.level_of(score) for score in (100, 85, 84.999, 70, 55, 54.9, 0)] == [
        *("excellent", "excellent", "good", "good", "watch", "poor", "poor"),
    ]


def test_a_limit_is_what_is_bad_unless_the_file_names_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(TEXT.replace("bad = 0.15", "bad = 0.15\nlimit = 0.04", 1), encoding="utf-8")
    rates = load_programme(path).rates
    assert (rates[0].limit, rates[0].all_faults) == (0.04, "delivered_late_count")
    assert (rates[2].limit, rates[2].all_faults) == (rates[2].bad, rates[2].numerator)


def test_every_measure_is_a_column_of_the_mart() -> None:
    mart = (ROOT / "analytics/sql/marts/40_merchant_day.sql").read_text(encoding="utf-8")
    assert [name for name in MEASURES if not re.search(rf"\b{name}\b", mart)] == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('numerator = "late_seller_count"', 'numerator = "late_sellers_count"', "Did you mean 'late_seller_count'?"),
        ("half_life_days = 60", "half_live_days = 60", "key 'half_life_days' is missing. Found 'half_live_days'"),
        ("min_n = 20", "min_n = 20\ncolour = 3", "unknown key 'colour'"),
        ("points = 14.0", "points = 13.0", "component.* must add up to 35, found 34"),
        ("points = 15.0", "points = 14.0", "must add up to 1"),
        ("window_days = 365", "window_days = 0", "window_days: expected a whole number from 1 to 3660, found 0"),
        ("window_days = 365", "window_days = 99999999999", "window_days: expected a whole number from 1 to 3660"),
        ("half_life_days = 60", "half_life_days = 1e300", "half_life_days: expected a number from 1 to 3660"),
        ("min_n = 20", "min_n = 99999999999", "min_n: expected a whole number from 1 to 1000000000"),
        ("new_days = 90", "new_days = 99999999999", "new_days: expected a whole number from 0 to 3660"),
        ("first = 2010-01-01", "first = 9999-12-31", "first: expected a day from 1900-01-01 to 2200-12-31, found 9999"),
        ("window_days = 365", "window_days = 30", "leaves nothing of the window"),
        ("half_life_days = 60", "half_life_days = 0", "expected a number from 1 to 3660, found 0"),
        ("half_life_days = 60", "half_life_days = nan", "expected a number from 1 to 3660, found nan"),
        ("half_life_days = 60", 'half_life_days = "60"', "found '60'"),
        ("good = 0.01", "good = 0.5", "direction 'lower' needs good below bad"),
        ('direction = "lower"', 'direction = "low"', "Did you mean 'lower'?"),
        ("minimum = 0.0", "minimum = 5.0", "the lowest must have minimum 0"),
        ("minimum = 85.0", "minimum = 70.0", "minimum of levels '70' appears twice"),
        ('rate_id = "late_shipping_rate"', 'rate_id = "late_seller_rate"', "'late_seller_rate' appears twice"),
        ('kind = "score"', 'kind = "clauses"', "unknown value 'clauses'"),
        ("version = 1", "version = 2", "expected a whole number from 1 to 1, found 2"),
        ("remembers = 6", "remembers = 1", r"remembers: expected at least in_a_row (2), found 1"),
        ("first = 2010-01-01", 'first = "2010-01-01"', "first: expected a day such as 2026-01-01 without quotes"),
        ("margin = 3.0", "margin = -1.0", "margin: expected a number from 0 to 100, found -1"),
        ('every = "month"', 'every = "moon"', "Did you mean 'month'?"),
        ("[prior]", "[prior", "is not valid TOML"),
        ("lowest_strength = 5.0", "lowest_strength = 50.0", "expected to lie between"),
        ('all_faults = "cancelled_count"', 'all_faults = "canceled_count"', "Did you mean 'cancelled_count'?"),
        ("good = 0.01", "good = 0.01\nlimit = 4", "limit: expected a number from 0 to 1, found 4"),
        ('rates = ["late_seller_rate", "l', 'rates = ["late_seler_rate", "l', "Did you mean 'late_seller_rate'?"),
        (
            'rates = ["late_seller_rate", "l',
            'rates = ["penalty_rate", "late_seller_rate", "l',
            "expected two different rates",
        ),
        ("correlation = 0.70", "correlation = 1.0", "correlation: expected a number from -0.99 to 0.99"),
        ("correlation = 0.24", "correlation = -0.9", "the correlations contradict each other"),
    ],
)
def test_a_mistake_is_one_clear_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    assert old in TEXT
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=message.replace("[", r"\[").replace("(", r"\(").replace(")", r"\)")) as caught:
        load_programme(path)
    assert "mine.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_missing_or_not_utf8_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.toml: can't be read"):
        load_programme(tmp_path / "absent.toml")
    (tmp_path / "latin.toml").write_bytes("name = 'café'".encode("latin-1"))
    with pytest.raises(InputError, match=r"latin\.toml: is not UTF-8 at byte"):
        load_programme(tmp_path / "latin.toml")
