"""Scenario files: round trip, the committed example, and mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.errors import InputError
from analytics.whatif import Lever, Scenario, Segment, dump_scenario, load_scenario, scenario_from_toml

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
        ("version = 1", "version = 9", "this program reads versions up to 2, found 9"),
        ("version = 1", "", "key 'version' is missing"),
        ("draws = 400", "draws = 3", "draws: expected a whole number from 40 to 10000, found 3"),
        ("seed = 7", "seed = -7", "seed: expected a whole number of at least 0"),
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


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.toml: can't be read"):
        load_scenario(tmp_path / "none.toml")
