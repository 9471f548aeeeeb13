"""Levels with hysteresis: by hand, at the borders, and that a replay from any earlier day gives the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.trust import default_programme
from analytics.trust.levels import evaluation_days, level_after, levels_held
from analytics.trust.programme import Evaluated
from analytics.trust.schedule import Schedule

NONE = float("nan")
RULES = Evaluated(Schedule("month", 1), date(2020, 1, 1), margin=3.0, in_a_row=2, remembers=6)
PROGRAMME = replace(default_programme(), evaluated=RULES)  # borders 85, 70, 55


@pytest.mark.parametrize(
    ("scores", "level"),
    [
        ([71], "good"),  # nothing decisive yet: the score alone
        ([80, 69], "good"),  # decided good, now below by less than the margin, once
        ([80, 69, 71, 69], "good"),  # to and fro within the margin
        ([80, 69, 68], "watch"),  # twice in a row
        ([80, 66.9], "watch"),  # by more than the margin, at once
        ([80, 67], "good"),  # the margin itself is not yet beyond
        ([60, 71], "watch"),
        ([60, 73], "good"),  # at the margin: cleared
        ([60, 71, 70], "good"),  # the border itself counts as above
        ([80, NONE, 69], "good"),  # no score, no say
        ([80, 69, NONE, 69], "watch"),  # and no break in a row
        ([60, 71, NONE, 71], "good"),
        ([80, 69, NONE], None),
        ([NONE, 54], "poor"),
        ([90, 20], "poor"),  # several levels at once
        ([50, 86], "good"),  # at once above 70 and 55, not yet above 85 … + 3
        ([80, 69, 71, 69, 71, 69, 71, 69], "watch"),  # none of the last six was decisive: the last score alone
    ],
)
def test_by_hand(scores: list[float], level: str | None) -> None:
    assert level_after(scores, PROGRAMME) == level


score = st.one_of(
    st.just(NONE), st.floats(0, 100), st.sampled_from([85.0, 70.0, 55.0, 88.0, 82.0, 73.0, 67.0, 58.0, 52.0])
)


@given(st.lists(score, min_size=1, max_size=20), st.floats(0, 20), st.integers(1, 4), st.integers(0, 8))
def test_borders_nest_and_only_the_remembered_count(scores: list[float], margin: float, row: int, more: int) -> None:
    rules = replace(RULES, margin=margin, in_a_row=row, remembers=row + more)
    programme = replace(PROGRAMME, evaluated=rules)
    level = level_after(scores, programme)
    assert level == level_after(scores[-rules.remembers :], programme)
    assert (level is None) == bool(np.isnan(scores[-1]))
    order = [found.level_id for found in programme.levels]
    if level is not None and not np.isnan(scores).any() and len(scores) >= row:
        # so many in a row at one level: that level, whatever was before
        same = {programme.level_of(value) for value in scores[-row:]}
        assert level in same if len(same) == 1 else level in order


@given(st.lists(st.floats(0, 100), min_size=1, max_size=8))
def test_without_margin_and_row_the_last_score_decides(scores: list[float]) -> None:
    programme = replace(PROGRAMME, evaluated=replace(RULES, margin=0.0, in_a_row=1))
    assert level_after(scores, programme) == programme.level_of(scores[-1])


def test_merchants_are_judged_each_on_its_own() -> None:
    scores = np.array([[80, 60, NONE], [69, 71, 71]], dtype=float)
    assert levels_held(scores, PROGRAMME).tolist() == ["good", "watch", "good"]


def test_the_calendar_hangs_on_its_own_first_day() -> None:
    days = evaluation_days(RULES, date(2019, 6, 10), date(2020, 3, 31), 12)
    assert days == [date(2020, 1, 1), date(2020, 2, 1), date(2020, 3, 1)]
    assert evaluation_days(RULES, date(2020, 1, 20), date(2020, 3, 1), 12) == days[1:]
    assert evaluation_days(RULES, date(2019, 6, 10), date(2020, 2, 29), 1) == [date(2020, 2, 1)]
    assert evaluation_days(RULES, date(2020, 3, 2), date(2020, 3, 31), 12) == []


def test_a_later_last_day_only_adds_evaluations() -> None:
    weekly = replace(RULES, schedule=Schedule("week", 1))
    for step in range(1, 15):
        earlier = evaluation_days(weekly, date(2021, 1, 1), date(2021, 3, step), 100)
        later = evaluation_days(weekly, date(2021, 1, 1), date(2021, 3, step + 1), 100)
        assert later[: len(earlier)] == earlier
        assert all(day.isoweekday() == 1 for day in later)
