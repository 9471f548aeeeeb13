"""Scenario files: round trip, the committed example, and mistakes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.errors import InputError
from analytics.whatif import Lever, Scenario, Segment, dump_scenario, load_scenario, scenario_from_toml
from analytics.whatif.questions import Goal, Limit, Pair, Search, SearchLever, Tornado

EXAMPLE = Path(__file__).parents[3] / "docs/examples/late-rate.toml"
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
SCENARIOS = st.builds(
    Scenario,
    name=WORDS,
    author=WORDS,
    segment=st.builds(
        Segment,
        categories=st.lists(WORDS, max_size=3).map(tuple),
        regions=st.lists(WORDS, max_size=2).map(tuple),
        tiers=st.just(()),
        size_bands=st.lists(st.sampled_from(["0", "1-9", "200+"])).map(tuple),
        merchants=st.lists(WORDS, max_size=2).map(tuple),
    ),
    levers=st.sampled_from(
        [
            (Lever("late_rate", change=-0.01),),
            (Lever("score_limit", target=70.5, level="good"),),
            (Lever("late_rate", target=1 / 3), Lever("score_limit", change=1e-9)),
            (Lever("carrier_share", target=0.5, of="Swift"),),
            (Lever("carrier_share", change=0.1, of="Swift", instead_of="Post Link"),),
        ]
    ),
    limit=st.none(),
    seed=st.integers(0, 2**31),
    draws=st.integers(40, 10_000),
    snapshot_id=st.none() | WORDS,
)


@given(SCENARIOS)
def test_round_trip(scenario: Scenario) -> None:
    assert scenario_from_toml(dump_scenario(scenario)) == scenario


def test_the_committed_example_loads() -> None:
    scenario = load_scenario(EXAMPLE)
    assert scenario.levers == (Lever("late_rate", change=-0.01),)
    assert scenario.segment.describe() == "size bands: 1-9, 10-49"
    assert scenario.limit == 70
    assert Segment().describe() == "all merchants"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[segment]", "[segmnet]", "unknown key 'segmnet'. Did you mean 'segment'"),
        ("size_bands", "size_band", "unknown key 'size_band'. Did you mean 'size_bands'"),
        ('kind = "late_rate"', 'kind = "late_rates"', "unknown value 'late_rates'. Did you mean 'late_rate'"),
        ("change = -0.01", "changes = -0.01", "unknown key 'changes'. Did you mean 'change'"),
        ("change = -0.01", "change = -0.01\ntarget = 0.1", "needs either target or change"),
        ("change = -0.01", "", "needs either target or change"),
        ("change = -0.01", "change = nan", "found nan"),
        ("change = -0.01", 'change = -0.01\nlevel = "good"', "unknown key 'level'"),
        ("version = 1", "version = 9", "this program reads versions up to 4, found 9"),
        ("version = 1", "", "key 'version' is missing.$"),
        (
            'kind = "late_rate"',
            'kind = "rate"\nof = "late_seller_rate"',
            "'rate' came with version 2 .* Set version = 2",
        ),
        (
            'kind = "late_rate"',
            'kind = "carrier_share"\nof = "Swift"',
            "'carrier_share' came with version 3 .* version = 3",
        ),
        ("draws = 400", "draws = 3", "draws: expected a whole number from 40 to 10000, found 3"),
        ("seed = 7", "seed = -7", "seed: expected a whole number from 0 to"),
        ("seed = 7", "seed = 0x" + "f" * 8_000, "found a number with too many digits"),
        ("seed = 7", "seed = " + "9" * 5_000, "holds a whole number that is too long"),
        ("limit = 70.0", "limit = 0x" + "f" * 8_000, "found a number with too many digits"),
        ("author =", "author" + ".a" * 1_500 + " =", "author: expected text, found {'a': {'a': "),
        ("limit = 70.0", "limit = 170.0", "limit: expected a number from 0 to 100"),
        ('["1-9", "10-49"]', '"1-9"', "expected a list of text"),
        ("[[levers]]", "[levers]", "expected one or more tables"),
    ],
)
def test_a_mistake_is_one_clear_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=message.replace("[", r"\[")) as caught:
        load_scenario(path)
    assert "\n" not in str(caught.value)


def test_a_mark_of_the_encoding_at_the_beginning_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(EXAMPLE.read_text(encoding="utf-8").encode("utf-8-sig"))
    assert load_scenario(path) == load_scenario(EXAMPLE)


def test_what_never_ends_is_not_read_for_ever() -> None:
    with pytest.raises(InputError, match="/dev/zero: is longer than 10 MiB"):
        load_scenario(Path("/dev/zero"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.toml: can't be read"):
        load_scenario(tmp_path / "none.toml")


FIND = Path(__file__).parents[3] / "docs/examples/find.toml"


def test_questions_are_read_and_survive_a_round_trip() -> None:
    scenario = load_scenario(FIND)
    asked = scenario.questions
    assert scenario.levers == ()
    assert asked.goal == Goal("late_rate", "median_score", 80.0)
    assert asked.search == Search(
        (SearchLever("late_rate", 1000.0, low=0.0), SearchLever("score_limit good", 0.5)),
        maximise="median_score",
        budget=10.0,
        limits=(Limit("merchants_crossing_down", at_most=3.0),),
    )
    assert asked.tornado == Tornado("median_score", 0.25)
    assert asked.map == Pair("late_rate", "score_limit good", "merchants_below_limit", 5)
    assert scenario_from_toml(dump_scenario(scenario)) == scenario


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[goal]", "[gaol]", "unknown key 'gaol'. Did you mean 'goal'"),
        ("target = 80.0", "tagret = 80.0", "[goal]: key 'target' is missing. Found 'tagret': did you mean 'target'"),
        ("budget = 10.0", "bugdet = 10.0", "[search]: unknown key 'bugdet'. Did you mean 'budget'"),
        ("budget = 10.0", "budget = -1", "[search]: budget: expected a number from 0 to"),
        ("budget = 10.0", 'minimise = "cost"', "[search]: maximise: expected one of maximise and minimise"),
        ("cost = 0.5", "cots = 0.5", "[search] [[levers]] 2: key 'cost' is missing. Found 'cots'"),
        ("at_most = 3", "at_mots = 3", "[search] [[limits]] 1: at_most: expected at_least, at_most, or both"),
        ("reach = 0.25", "reach = 2", "[tornado]: reach: expected a number from 0.001 to 1, found 2"),
        ("steps = 5", "steps = 99", "[map]: steps: expected a whole number from 2 to 15, found 99"),
        ("[map]", "[[map]]", "map: expected a table [map]"),
    ],
)
def test_a_mistake_in_a_question_is_one_clear_line(old: str, new: str, message: str) -> None:
    text = FIND.read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        scenario_from_toml(text.replace(old, new, 1))
    assert "\n" not in str(caught.value)
