"""Why a merchant's score is another than on an earlier day: split by rate and cause, down to the orders behind it. Parts add up exactly.

A score is a function of the merchant's weighted counts and of the fitted model (the peers, and the points where a source leaves rates
out). The change is split between the two by Shapley's value of two factors, the mean over both orders of changing them. What the counts
did is split over rows by the symmetric difference of a ratio: with A/B the mean of a rate,
A₂/B₂ − A₁/B₁ = (ΔA − m ΔB) / B̄, m and B̄ the means over both days (Kitagawa, 1955; decision 006), and A and B are sums over rows.
So an order counts by how it differs from the merchant's rate: a late one pulls down, one in time up, and both do less as they fade.

Causes: `entered` (placed since, or old enough to be judged since), `left` (out of the window), `faded` (weighs less by age), `known` (its
outcome became known or changed), `peers` (the prior or the points moved), `bounded` (what the bound on opinions,
`analytics.trust.bounded`, takes from or gives to a rate is another: rows are split as if all were believed), `other` (what no row holds: penalties beyond one an order).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics.errors import InputError
from analytics.trust.counts import daily_counts, score_day
from analytics.trust.posterior import posterior
from analytics.trust.prior import TrustModel, fit_model, recent
from analytics.trust.programme import Programme, Rate, default_programme
from analytics.trust.rows import source_of, source_rows
from analytics.trust.score import score_from_counts
from analytics.trust.toml_table import did_you_mean

if TYPE_CHECKING:
    from analytics.warehouse import Cursor

ROW_CAUSES = ("entered", "left", "faded", "known")
CAUSES = (*ROW_CAUSES, "peers", "bounded", "other")
# What a score's rows are read from; a cursor of these alone opens an as-of day faster.
CHANGE_MARTS = ("merchant_day", "merchant_profile", "order_measure", "fct_survey", "fct_question", "fct_penalty")
_IDS = {"orders": "order_id", "surveys": "event_id", "questions": "event_id", "penalties": "event_id"}
_TIMES = {"surveys": "answered_at", "questions": "asked_at", "penalties": "issued_at"}
_COUNTED = ("numerator", "denominator")  # what the names of a merchant's own counts end in
_LEAST = 1e-9


@dataclass(frozen=True)
class ScoreChange:
    """A merchant's score on two days and what lies between; `before`, `after` and changes are score points.

    `rates`: component, rate_id, label, change, then the causes of CAUSES, which add up to change; changes add up to after − before.
    `rows`: source (orders, surveys, questions, penalties), row_id, day (local), component, rate_id, cause, is_counted (whether it is in
    the rate's numerator), change; the largest first. They add up to the row causes of `rates`.
    """

    merchant_id: str
    since: date
    as_of: date
    before: float
    after: float
    rates: pd.DataFrame
    rows: pd.DataFrame

    @property
    def change(self) -> float:
        return self.after - self.before


@dataclass(frozen=True)
class _World:
    cursor: Cursor
    day: date
    counts: pd.DataFrame
    model: TrustModel


@dataclass(frozen=True)
class _Side:
    """One merchant on one of the days."""

    day: date
    counts: pd.DataFrame
    model: TrustModel
    rows: dict[str, pd.DataFrame]  # by source, with id and day


def score_change(before: Cursor, after: Cursor, merchant_id: str, *, programme: Programme | None = None) -> ScoreChange:
    """Splits the change between the days of two cursors. Raises InputError for an unknown merchant, for days in the wrong order, and
    where it has no score on one of them."""
    return next(score_changes(before, after, [merchant_id], programme=programme))


def score_changes(
    before: Cursor, after: Cursor, merchant_ids: Iterable[str], *, programme: Programme | None = None
) -> Iterator[ScoreChange]:
    """`score_change` of several merchants, one after the other; what all share is read once."""
    programme = programme or default_programme()
    first, last = (_world(cursor, programme) for cursor in (before, after))
    if first.day >= last.day:
        raise InputError(f"change of the score: {first.day} is not before {last.day}. Choose an earlier first day.")
    for merchant_id in merchant_ids:
        yield _change(_side(first, merchant_id, programme), _side(last, merchant_id, programme), merchant_id, programme)


def score_beside_peers(cursor: Cursor, merchant_id: str, *, programme: Programme | None = None) -> ScoreChange:
    """Splits what a merchant's own rows make of the score that its peers alone would give it: `before` is that score, `since` the day before
    the window, and peers are 0 in it. Where there is no earlier score to set a score beside. Raises InputError as `score_change`."""
    programme = programme or default_programme()
    last = _side(_world(cursor, programme), merchant_id, programme)
    first = replace(
        last,
        day=last.day - timedelta(days=programme.window_days),
        counts=last.counts.assign(**{name: 0.0 for name in map(str, last.counts) if name.endswith(_COUNTED)}),
        rows={source: rows.iloc[:0] for source, rows in last.rows.items()},
    )
    return _change(first, last, merchant_id, programme)


def _change(first: _Side, last: _Side, merchant_id: str, programme: Programme) -> ScoreChange:
    used = {rate.rate_id for side in (first, last) for rate in side.model.rates}
    rates = [rate for rate in programme.rates if rate.rate_id in used]
    believed = [replace(side.model, lines=()) for side in (first, last)]
    found = [[_points_and_means(side, model) for model in believed] for side in (first, last)]
    held = [
        {name: points - all_believed[name][0] for name, (points, _) in _points_and_means(side, side.model).items()}
        for side, all_believed in ((first, found[0][0]), (last, found[1][1]))
    ]
    parts, rows = [], []
    for rate in rates:
        of_rate = [[one.get(rate.rate_id, (0.0, 0.0)) for one in of_side] for of_side in found]
        own, changes = _split(rate, first, last, of_rate, programme)
        own["bounded"] = held[1].get(rate.rate_id, 0.0) - held[0].get(rate.rate_id, 0.0)
        parts.append({"component": rate.component_id, "rate_id": rate.rate_id, "label": rate.label, **own})
        rows.append(changes.assign(component=rate.component_id, rate_id=rate.rate_id))
    frame = pd.DataFrame(parts, columns=["component", "rate_id", "label", *CAUSES])
    frame.insert(3, "change", frame[list(CAUSES)].sum(axis=1))
    everything = pd.concat(rows, ignore_index=True)
    order = everything["change"].abs().sort_values(ascending=False, kind="stable").index
    names = ["source", "row_id", "day", "component", "rate_id", "cause", "is_counted", "change"]
    return ScoreChange(
        merchant_id,
        first.day,
        last.day,
        float(score_from_counts(first.counts, first.model)["score"].iloc[0]),
        float(score_from_counts(last.counts, last.model)["score"].iloc[0]),
        frame,
        everything.loc[order, names].reset_index(drop=True),
    )


def by_row(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of a change once each, over all rates and causes: source, row_id, day, change, rate_id and cause (of the largest part); the
    largest change first."""
    if rows.empty:
        return rows[["source", "row_id", "day", "change", "rate_id", "cause"]]
    grouped = rows.groupby(["source", "row_id", "day"], sort=False)  # the largest part comes first
    found = grouped.agg(change=("change", "sum"), rate_id=("rate_id", "first"), cause=("cause", "first")).reset_index()
    return found.loc[found["change"].abs().sort_values(ascending=False, kind="stable").index].reset_index(drop=True)


def _world(cursor: Cursor, programme: Programme) -> _World:
    counts = daily_counts(cursor, programme)
    return _World(cursor, score_day(cursor), counts, fit_model(counts, programme))


def _side(world: _World, merchant_id: str, programme: Programme) -> _Side:
    day, counts, model = world.day, world.counts, world.model
    own = counts[counts["merchant_id"] == merchant_id]
    if own.empty:
        near = did_you_mean(merchant_id, counts["merchant_id"])
        raise InputError(f"merchant '{merchant_id}' is not known on {day}.{near}")
    status = score_from_counts(own, model)["status"].iloc[0]
    if status != "ok":
        raise InputError(
            f"merchant '{merchant_id}' has no score on {day} ({status}, {own['n'].iloc[0]} of {programme.min_n} orders): "
            "choose another day."
        )
    first = day - timedelta(days=programme.window_days - 1)
    measures: dict[str, set[str]] = {}
    for rate in model.rates:
        for measure in (rate.numerator, rate.denominator):
            measures.setdefault(source_of(measure), set()).add(measure)
    rows = {source: _rows(world.cursor, merchant_id, source, names, first, day) for source, names in measures.items()}
    return _Side(day, own, model, rows)


def _rows(
    cursor: Cursor, merchant_id: str, source: str, measures: Iterable[str], first: date, last: date
) -> pd.DataFrame:
    """The rows of a source with `row_id` and `day`, beside their measures."""
    found = source_rows(cursor, merchant_id, source, set(measures), first, last)
    if source in _TIMES:
        local = pd.to_datetime(found[_TIMES[source]], utc=True).dt.tz_convert(cursor.time_zone)
        days = local.dt.tz_localize(None).dt.normalize()
    else:
        days = pd.to_datetime(found["order_date"])
    return found.assign(row_id=found[_IDS[source]], day=days)


def _points_and_means(side: _Side, model: TrustModel) -> dict[str, tuple[float, float]]:
    """What each rate earns, and its mean, with the counts of a day under a model; nothing of the rates that the model leaves out."""
    scored, means = score_from_counts(side.counts, model), posterior(side.counts, model).mean[0]
    return {
        rate.rate_id: (float(scored[f"points.{rate.rate_id}"].iloc[0]), float(mean))
        for rate, mean in zip(model.rates, means, strict=True)
    }


def _split(
    rate: Rate, first: _Side, last: _Side, found: list[list[tuple[float, float]]], programme: Programme
) -> tuple[dict[str, float], pd.DataFrame]:
    """One rate's causes, and its rows with their parts. `found`: points and mean of the counts of each day under the model of each day."""
    sources = dict.fromkeys((source_of(rate.numerator), source_of(rate.denominator)))
    rows = pd.concat([_moved(rate, source, first, last, programme) for source in sources], ignore_index=True)
    (x1, n1), (x2, n2) = (recent(side.counts, rate) for side in (first, last))
    change = np.zeros(len(rows))
    for (low, mean_low), (high, mean_high) in zip(*found, strict=True):
        mean = (mean_low + mean_high) / 2
        moved = float((x2 - x1)[0] - mean * (n2 - n1)[0])
        slope = (high - low) / moved if abs(moved) > _LEAST else 0.0  # points that one more counted order brings
        change += slope / 2 * (rows["numerator"] - mean * rows["denominator"]).to_numpy()
    rows = rows.assign(change=change)
    sums = rows.groupby("cause")["change"].sum()
    parts = {cause: float(sums.get(cause, 0.0)) for cause in ROW_CAUSES}
    (low, low_then), (high, high_then) = ((own[0], other[0]) for own, other in found)
    parts["peers"] = ((low_then - low) + (high_then - high)) / 2
    parts["other"] = ((high - low) + (high_then - low_then)) / 2 - sum(parts[cause] for cause in ROW_CAUSES)
    return parts, rows.loc[rows["change"] != 0, ["source", "row_id", "day", "cause", "is_counted", "change"]]


def _moved(rate: Rate, source: str, first: _Side, last: _Side, programme: Programme) -> pd.DataFrame:
    """What each row of a source adds to the rate's weighted counts between the days: source, row_id, day, cause, is_counted, numerator,
    denominator (differences). A row that faded and whose outcome changed gives two lines."""
    one, two = (_weighted(rate, source, side, programme) for side in (first, last))
    both = one.add_suffix("_1").join(two.add_suffix("_2"), how="outer")
    day = both["day_2"].fillna(both["day_1"])
    numbers = both.drop(columns=["day_1", "day_2"]).fillna(0.0)
    is_old, is_now = both["weight_1"].notna().to_numpy(), both["weight_2"].notna().to_numpy()
    ripe = pd.Timestamp(first.day) - pd.Timedelta(days=rate.maturity_days)
    gone = np.where((day > ripe).to_numpy(), "entered", "known")
    cause = np.where(is_old & is_now, "faded", np.where(is_old, "left", gone))
    weights, is_kept = (numbers["weight_1"] + numbers["weight_2"]) / 2, is_old & is_now
    aged, known = (pd.DataFrame({"source": source, "row_id": both.index, "day": day.to_numpy()}) for _ in range(2))
    for part in ("numerator", "denominator"):
        was, now = numbers[f"{part}_1"].to_numpy(), numbers[f"{part}_2"].to_numpy()
        fading = (was + now) / 2 * (numbers["weight_2"] - numbers["weight_1"]).to_numpy()
        whole = now * numbers["weight_2"].to_numpy() - was * numbers["weight_1"].to_numpy()
        aged[part] = np.where(is_kept, fading, whole)
        known[part] = weights.to_numpy() * (now - was)
    aged["cause"], known["cause"] = cause, "known"
    aged["is_counted"] = np.where(is_now, numbers["numerator_2"], numbers["numerator_1"]) > 0
    known["is_counted"] = aged["is_counted"]
    return pd.concat([aged, known.loc[is_kept]], ignore_index=True)


def _weighted(rate: Rate, source: str, side: _Side, programme: Programme) -> pd.DataFrame:
    """The rows that a day's counts of the rate look at, by row_id: day, numerator, denominator (0 or 1 mostly) and weight."""
    rows = side.rows.get(source)
    if rows is None:
        return pd.DataFrame(columns=["day", "numerator", "denominator", "weight"]).astype({"day": "datetime64[us]"})
    age = (pd.Timestamp(side.day) - rows["day"]).dt.days
    found = pd.DataFrame(
        {
            "day": rows["day"].to_numpy(),
            "numerator": rows[rate.numerator].to_numpy() if rate.numerator in rows else 0.0,
            "denominator": rows[rate.denominator].to_numpy() if rate.denominator in rows else 0.0,
            "weight": np.power(0.5, age.to_numpy() / programme.half_life_days),
        },
        index=pd.Index(rows["row_id"].to_numpy(), dtype="object"),
    )
    is_seen = (age >= rate.maturity_days) & (age < programme.window_days)
    seen: pd.DataFrame = found.loc[is_seen.to_numpy()].astype({"numerator": float, "denominator": float})
    return seen
