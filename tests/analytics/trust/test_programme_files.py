"""Programme files: the eight that come along, copies of one's own, and one line for every mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from analytics.errors import InputError
from analytics.trust.programmes import load_seller_programme, presets, read_folder

FOLDER = Path(__file__).parents[3] / "data" / "programmes"
GOOD = """kind = "programme"
programme_id = "mine"
name = "Mine"
version = 1
source = "ours"

[evaluated]
every = "week"
weekday = 1

[[levels]]
level_id = "gold"
label = "Gold"

[[clauses]]
clause_id = "late"
label = "Late"
level = "gold"
form = "rate"
numerator = "shipped_late_count"
denominator = "ship_due_count"
window_days = 30
operator = "<="
limit = 0.05
"""


def written(tmp_path: Path, text: str, name: str = "mine.toml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_eight_presets_are_there_and_say_where_they_come_from() -> None:
    assert list(presets()) == ["amazon", "ebay", "etsy", "lazada", "shopee", "taobao", "tiktok", "walmart"]
    assert all(len(programme.source) > 60 for programme in presets().values())
    assert sum(len(programme.clauses) for programme in presets().values()) == 43
    assert {p.programme_id for p in presets().values() if "from memory" in p.source.lower()} == {
        "walmart", "shopee", "lazada", "taobao",
    }  # fmt: skip


def test_a_file_is_read_as_it_says(tmp_path: Path) -> None:
    programme = load_seller_programme(written(tmp_path, GOOD))
    (clause,) = programme.clauses
    assert (clause.limit, clause.window.days, clause.window.lag_days, clause.level) == (0.05, 30, 0, "gold")
    assert (clause.is_floor, clause.is_strict, programme.schedule.every) == (False, False, "week")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"shipped_late_count"', '"shiped_late_count"', r"numerator: unknown metric 'shiped_late_count'\. Did you mean 'shipped_late_count'\?"),
        ('"ship_due_count"', '"a + b"', "denominator: unknown metric 'a'"),
        ('"ship_due_count"', '"order_count + ship_due_count"', "denominator: expected one metric"),
        ("window_days = 30", "window_days = 0", "window_days: expected a whole number from 1 to 730, found 0"),
        ("window_days = 30", "", "expected one of window_days, window_months and quarter = true"),
        ("window_days = 30", "window_days = 30\nwindow_months = 3", "expected one of window_days, window_months"),
        ("window_days = 30", "window_months = 3\nshort_months = 4", "short_months: expected a whole number from 1 to 3"),
        ("window_days = 30", "quarter = false", "quarter: expected true"),
        ("limit = 0.05", "limit = 5", "limit: expected a number from 0 to 1, found 5"),
        ("limit = 0.05", "limit = 1.0", "a rate <= 1 can't be broken"),
        ('operator = "<="\nlimit = 0.05', 'operator = "<"\nlimit = 0.0', "no rate is < 0"),
        ('operator = "<="', 'operator = "=<"', "operator: unknown value '=<'"),
        ('level = "gold"\n', 'level = "golden"\n', r"unknown level 'golden'\. Did you mean 'gold'\?"),
        ("limit = 0.05", "limit = 0.05\nlimits = 3", r"unknown key 'limits'\. Did you mean 'limit'\?"),
        ("limit = 0.05", 'limit = 0.05\ncap = { of = "buyers", most = 3, joined = "and" }', "buyers can be counted of"),
        (
            "limit = 0.05",
            'limit = 0.05\ncap = { of = "units", most = 3, joined = "or" }\nsmall = { below = 3 }',
            "a cap or a small-sample rule, not both",
        ),
        ('form = "rate"', 'form = "ratio"', r"form: unknown value 'ratio'\. Did you mean 'rating'\?"),
        ("weekday = 1", "weekday = 8", "weekday: expected a whole number from 1 to 7"),
        ('kind = "programme"', 'kind = "score"', "kind: 'score' defines the trust score and is no seller programme"),
        ('source = "ours"', "", "key 'source' is missing"),
        ('programme_id = "mine"', 'programme_id = "../mine"', "programme_id: '../mine' can't be used"),
        ('programme_id = "mine"', 'programme_id = "all"', "programme_id: 'all' can't be used"),
        ('name = "Mine"', 'name = " "', "name: is empty"),
        ('level_id = "gold"', 'level_id = "pass"', "level_id: 'pass' can't be used"),
        ("limit = 0.05", "limit = inf", "limit: expected a number from 0 to 1, found inf"),
        ('source = "ours"', "source = " + "[" * 5000, "nested too deeply|not valid TOML"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_names_it(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert GOOD.count(old) == 1
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(InputError, match=message) as caught:
        load_seller_programme(path)
    assert str(caught.value).startswith("mine.toml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("clause", "message"),
    [
        ('form = "points"\nwindow_months = 3\noperator = "<"\nlimit = 3', "points live for days or a quarter"),
        ('form = "points"\nwindow_days = 3\noperator = ">="\nlimit = 3', "points count against a merchant"),
        (
            'form = "money"\ncurrency = "dollars"\nwindow_days = 3\noperator = ">="\nlimit = 3',
            "expected an ISO 4217 code",
        ),
        ('form = "age"\nsince = "birth"\noperator = ">="\nlimit = 3', "since: unknown value 'birth'"),
        (
            'form = "rating"\nwindow_days = 9\noperator = ">="\nlimit = 3\nrating = { start = 9, highest = 5, bonus = 1, bonus_orders = 1 }',
            "start: expected at most highest, 5, found 9",
        ),
    ],
)
def test_other_forms_are_checked_too(tmp_path: Path, clause: str, message: str) -> None:
    text = GOOD.split("[[clauses]]")[0] + f'[[clauses]]\nclause_id = "x"\nlabel = "X"\n{clause}\n'
    with pytest.raises(InputError, match=message):
        load_seller_programme(written(tmp_path, text))


def test_ids_are_given_once(tmp_path: Path) -> None:
    twice = GOOD + GOOD[GOOD.index("[[clauses]]") :]
    with pytest.raises(InputError, match="clause_id 'late' appears twice"):
        load_seller_programme(written(tmp_path, twice))
    written(tmp_path, GOOD), written(tmp_path, GOOD, "other.toml")
    with pytest.raises(InputError, match="programme_id 'mine' is there already"):
        read_folder(tmp_path)


def test_a_folder_leaves_out_what_is_wrong_and_says_so(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    written(tmp_path, "kind =", "broken.toml")
    written(tmp_path, (FOLDER / "amazon.toml").read_text(encoding="utf-8"), "copy.toml")
    written(tmp_path, 'kind = "score"', "score.toml")
    wrong: list[str] = []
    found = read_folder(tmp_path, lambda error: wrong.append(str(error)), tuple(presets()))
    assert list(found) == ["mine"]
    broken, taken, score = wrong
    assert "broken.toml" in broken
    assert "programme_id 'amazon' is there already" in taken
    assert "score.toml: kind: 'score' defines the trust score" in score
    assert read_folder(tmp_path / "nowhere") == {}
