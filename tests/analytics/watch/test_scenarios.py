"""The held-out scenarios themselves: reproducible, inside their panel, and of the size that they claim, seen from the counts alone."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import numpy as np
import pandas as pd
import pytest

from tests.analytics.watch.scenarios import (
    BANDS,
    DAYS,
    FUTURE_DAYS,
    GRACE_DAYS,
    PANEL_KINDS,
    SERIES_KINDS,
    WATCHED_DAYS,
    Incident,
    Panel,
    Size,
    judge,
    panel,
    series,
)

SEED = 20
QUIET = ("quiet_orders", "quiet_rate")
RATES = ("late_rate", "answered_rate", "quiet_rate")
drawn = cache(panel)


def value_by_day(panel: Panel, merchant_id: str) -> pd.Series:
    """Counts, or the rarer outcome's counts of a rate, by day without gaps filled."""
    rows = panel.counts[panel.counts["merchant_id"] == merchant_id].set_index("day")
    mirrored = panel.kind == "answered_rate"
    return (rows["denominator"] - rows["numerator"] if mirrored else rows["numerator"]).astype(float)


def usual_and_during(panel: Panel, incident: Incident) -> tuple[np.ndarray, float]:
    """Sums (for a rate: rates) over windows as long as the incident's last week: those of the 180 days before it, and its own."""
    events = value_by_day(panel, incident.merchant_id)
    weight = pd.Series(1.0, index=events.index)
    if panel.kind in RATES:
        rows = panel.counts[panel.counts["merchant_id"] == incident.merchant_id].set_index("day")
        weight = rows["denominator"].astype(float)
    length = min((incident.last_day - incident.first_day).days + 1, 7)
    level = (events.rolling(length).sum() + 1) / (weight.rolling(length).sum() + (1 if panel.kind in RATES else 0))
    past = level[[incident.first_day - timedelta(days=180) <= day < incident.first_day for day in level.index]]
    return past.dropna().to_numpy(), float(level.loc[incident.last_day])


@pytest.mark.parametrize("kind", PANEL_KINDS)
def test_a_panel_is_whole(kind: str) -> None:
    drawn_panel = drawn(kind, SEED)
    counts = drawn_panel.counts
    assert list(counts.columns) == ["merchant_id", "day", "numerator", "denominator"]
    assert not counts.duplicated(["merchant_id", "day"]).any()
    assert all(type(day) is date for day in counts["day"].unique())
    assert counts["numerator"].dtype == np.int64
    assert (counts["numerator"] >= 0).all()
    if kind in RATES:
        assert (counts["numerator"] <= counts["denominator"]).all()
    else:
        assert counts["denominator"].isna().all()
    span = (counts["day"].max() - counts["day"].min()).days + 1
    assert DAYS - 2 <= span <= DAYS
    assert abs((counts["day"].max() - drawn_panel.watched_from).days + 1 - WATCHED_DAYS) <= 2
    mean = counts.groupby("merchant_id")["denominator" if kind in RATES else "numerator"].mean().astype(float)
    assert mean.min() < 1
    assert mean.max() > 1000
    assert (mean[list(drawn_panel.tiny_merchants)] < 1).all()


@pytest.mark.parametrize("kind", PANEL_KINDS)
def test_the_seed_decides_all(kind: str) -> None:
    again, other = panel(kind, SEED), drawn(kind, SEED + 1)
    pd.testing.assert_frame_equal(drawn(kind, SEED).counts, again.counts)
    assert drawn(kind, SEED).incidents == again.incidents
    assert not drawn(kind, SEED).counts.equals(other.counts)


@pytest.mark.parametrize("seed", range(SEED, SEED + 3))
@pytest.mark.parametrize("kind", [k for k in PANEL_KINDS if k not in QUIET])
def test_incidents_lie_inside_the_watched_days_and_have_data(kind: str, seed: int) -> None:
    drawn_panel = drawn(kind, seed)
    merchants = [incident.merchant_id for incident in drawn_panel.incidents]
    assert merchants
    assert len(set(merchants)) == len(merchants)
    assert set(merchants) | set(drawn_panel.quiet_merchants) == set(drawn_panel.counts["merchant_id"].unique())
    assert not set(merchants) & set(drawn_panel.quiet_merchants)
    assert not set(merchants) & set(drawn_panel.tiny_merchants)
    for incident in drawn_panel.incidents:
        days = value_by_day(drawn_panel, incident.merchant_id).index
        assert drawn_panel.watched_from <= incident.first_day <= incident.last_day
        length = (incident.last_day - incident.first_day).days + 1
        assert {incident.first_day + timedelta(days=i) for i in range(length)} <= set(days)
        assert incident.last_day + timedelta(days=GRACE_DAYS) <= drawn_panel.counts["day"].max() + timedelta(days=2)


@pytest.mark.parametrize("seed", range(SEED, SEED + 3))
@pytest.mark.parametrize("kind", [k for k in PANEL_KINDS if k not in QUIET])
def test_plain_incidents_stand_out_of_the_merchants_own_past(kind: str, seed: int) -> None:
    """Seen from the counts alone, with no season taken out: nearly all windows of the 180 days before were less extreme."""
    drawn_panel = drawn(kind, seed)
    rarer = -1 if kind == "answered_rate" else 1
    ranks = []
    for incident in drawn_panel.incidents:
        if incident.size != "plain":
            continue
        past, during = usual_and_during(drawn_panel, incident)
        up = incident.direction * rarer
        ranks.append(float((up * past < up * during).mean()))
        change = during / np.median(past)
        assert change >= 1.35 if up > 0 else change <= 0.75, incident
    assert np.mean(ranks) > 0.97
    assert np.mean(np.array(ranks) > 0.93) >= 0.85


def test_the_labels_are_ordered_and_bounded() -> None:
    incidents = [i for seed in range(SEED, SEED + 3) for kind in PANEL_KINDS for i in drawn(kind, seed).incidents]
    for incident in incidents:
        low, high = BANDS[incident.size]
        assert low <= abs(incident.deviation) <= high
        assert np.sign(incident.deviation) == incident.direction
    shifts: dict[Size, list[float]] = {size: [] for size in BANDS}
    for kind in PANEL_KINDS:
        for incident in drawn(kind, SEED).incidents:
            past, during = usual_and_during(drawn(kind, SEED), incident)
            logs = np.log(past)
            shifts[incident.size].append(abs(np.log(during) - np.median(logs)) / logs.std())
    assert np.median(shifts["plain"]) > np.median(shifts["moderate"]) > np.median(shifts["subtle"])


def test_the_quiet_panels_have_no_incident_and_the_500_have_one() -> None:
    assert [drawn(kind, SEED).incidents for kind in QUIET] == [(), ()]
    spiked = drawn("one_of_500", SEED)
    assert [(i.kind, i.size) for i in spiked.incidents] == [("spike", "plain")]
    assert spiked.counts["merchant_id"].nunique() == 500
    assert len(spiked.tiny_merchants) > 250


def test_the_counts_are_neither_poisson_nor_without_gaps_and_zero_days() -> None:
    counts = drawn("quiet_orders", SEED).counts
    busy = counts.groupby("merchant_id")["numerator"].agg(["mean", "var", "size"])
    busy = busy[(busy["mean"] > 50) & (busy["size"] > 400)]
    assert (busy["var"] > 2 * busy["mean"]).all()
    assert (counts["numerator"] == 0).mean() > 0.1
    assert len(counts) < 0.98 * DAYS * counts["merchant_id"].nunique()


def test_the_judge_counts_by_hand() -> None:
    day = date(2024, 3, 1)
    incident = Incident("a", day, day + timedelta(days=2), 1, "surge", "plain", 7.0)
    missed = Incident("b", day, day, -1, "outage", "subtle", -2.5)
    small = Panel("by hand", pd.DataFrame(), (incident, missed), ("c",), (), day - timedelta(days=10))
    alarms = pd.DataFrame(
        [("a", 4), ("a", 5), ("a", 6), ("b", 3), ("c", 0), ("c", 1), ("c", 3), ("a", -1), ("c", -11)],
        columns=["merchant_id", "offset"],
    )
    alarms["day"] = [day + timedelta(days=offset) for offset in alarms["offset"]]
    judged = judge(small, alarms)
    assert judged.found == (incident,)
    assert judged.missed == (missed,)
    # The run of days 4 to 6 begins inside the grace of two days; b's alarm comes three days late; c's two runs; a's day before.
    assert judged.false_runs == (
        ("a", day - timedelta(days=1)),
        ("b", day + timedelta(days=3)),
        ("c", day),
        ("c", day + timedelta(days=3)),
    )
    assert judged.precision == pytest.approx(1 / 5)
    assert (judged.recall("plain"), judged.recall("subtle")) == (1.0, 0.0)
    assert np.isnan(judged.recall("moderate"))


@pytest.mark.parametrize("kind", SERIES_KINDS)
def test_a_series_is_whole(kind: str) -> None:
    one = series(kind, SEED)
    again = series(kind, SEED)
    pd.testing.assert_frame_equal(one.history, again.history)
    pd.testing.assert_frame_equal(one.future, again.future)
    assert not one.future.equals(series(kind, SEED + 1).future)
    assert list(one.history.columns) == list(one.future.columns) == ["day", "numerator", "denominator"]
    assert len(one.future) == FUTURE_DAYS
    assert one.future["day"].iloc[0] - one.history["day"].iloc[-1] == timedelta(days=1)
    assert one.future["day"].iloc[-1] - one.future["day"].iloc[0] == timedelta(days=FUTURE_DAYS - 1)
    assert 100 <= len(one.history) <= 512
    for frame in (one.history, one.future):
        assert (frame["numerator"] >= 0).all()
        if kind.endswith("rate"):
            assert (frame["numerator"] <= frame["denominator"]).all()
        else:
            assert frame["denominator"].isna().all()
