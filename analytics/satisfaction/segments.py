"""Segments of buyers and merchants by behaviour: k-means on standardised measures, named by what sets each apart. Pure functions over frames.

How many segments there are is chosen by stability (Ben-Hur, Elisseeff and Guyon 2002; Hennig 2007): for each k, clusterings of random four fifths are compared
on everybody by the adjusted Rand index (ARI; 1 = the same, 0 = as by chance). The largest k with a mean ARI of at least 0.85, and no pair below 0.6, is taken, else the k with
the highest mean, which is then called unstable. A merchant's measure counts by its reliability, the part of its spread that
chance alone would not make. Seeded, so that the same rows give the same segments. The silhouette says whether they lie apart or are cuts through a continuum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SEED = 20_261
CHOICES = tuple(range(2, 8))
RESAMPLES = 6
SHARE = 0.8  # of the rows in a resample
STABLE = 0.85  # mean ARI of a stable k
STABLE_LOWEST = 0.6  # and of its worst pair
MIN_ROWS = 60
SMALLEST = 5  # buyers of a group of whom figures are told: as many as the peers that a merchant is set beside
SILHOUETTE_ROWS = 2_000
FAR = 3.0  # standard deviations at which a measure is cut, so that a few extremes make no segment of their own
APART = 0.5  # standard deviations from everybody's mean that make a trait worth naming
TRAITS = 3
PRIOR = 20.0  # orders or questions of the average that a merchant's rates are mixed with
MIN_ORDERS = 20  # of a merchant
# measure → (unit, whether it is told apart on a log scale)
BUYER_MEASURES: Mapping[str, tuple[str, bool]] = MappingProxyType(
    {
        "orders": ("count", True),
        "days_since": ("days", True),
        "order_size": ("times", True),
        "variety": ("rate", False),
        "bad_share": ("rate", False),
        "review_share": ("rate", False),
        "claim_share": ("rate", False),
    }
)
MERCHANT_MEASURES: Mapping[str, tuple[str, bool]] = MappingProxyType(
    {
        "orders": ("count", True),
        "growth": ("rate", False),
        "late_share": ("rate", False),
        "cancel_share": ("rate", False),
        "claim_share": ("rate", False),
        "positive_share": ("rate", False),
        "reply_share": ("rate", False),
        "repeat_share": ("rate", False),
    }
)
# rate of a merchant → the counts that are its part, and its whole
RATES: Mapping[str, tuple[tuple[str, ...], str]] = MappingProxyType(
    {
        "late_share": (("late_seller_count",), "delivered_count"),
        "cancel_share": (("seller_cancelled_count",), "order_count"),
        "claim_share": (("returned_count", "disputed_count"), "order_count"),
        "positive_share": (("delivered_positive_count",), "delivered_reviewed_count"),
        "reply_share": (("question_replied_24h_count",), "question_count"),
        "repeat_share": (("repeat_count",), "repeat_base_count"),
    }
)
RECENCY = (30, 90, 180)  # upper ends of the bands but the last, in days
FREQUENCY = (1, 2, 4)  # and in orders


@dataclass(frozen=True)
class Trait:
    """A measure that sets a segment apart: its mean (or, on a log scale, geometric mean) in the segment and in all; distance in standard deviations of all."""

    measure: str
    unit: str
    value: float
    overall: float
    distance: float


@dataclass(frozen=True)
class Segment:
    """One segment, the largest first. share: of the rows. traits: what sets it apart, most first; never empty. means and distances: of every measure, see Trait.
    members: ids, for merchants."""

    number: int
    n: int
    share: float
    traits: tuple[Trait, ...]
    means: Mapping[str, float]
    distances: Mapping[str, float]
    members: tuple[str, ...]


@dataclass(frozen=True)
class Segments:
    """status: ok, unstable (no k is stable), too_few (rows) or alike (nothing varies). n: rows clustered; total, every: see `source.Sample`.

    stability: k → (mean, lowest) ARI over pairs of resamples. left_out: measures that do not vary; excluded: rows with too few orders.
    """

    status: str
    segments: tuple[Segment, ...]
    k: int
    ari: float | None
    ari_low: float | None
    silhouette: float | None
    stability: Mapping[int, tuple[float, float]]
    left_out: tuple[str, ...]
    n: int
    total: int
    every: int
    excluded: int


def segment_buyers(rows: pd.DataFrame, total: int, every: int) -> Segments:
    """Segments of buyers as `source.buyers` gives them; those of fewer than SMALLEST are withheld."""
    found = _segments(rows.set_index("buyer_id"), BUYER_MEASURES, total, every, 0, is_named=False)
    return replace(found, segments=tuple(segment for segment in found.segments if segment.n >= SMALLEST))


def segment_merchants(sums: pd.DataFrame) -> Segments:
    """Segments of merchants with at least 20 orders in the window, of their sums (`source.merchants`)."""
    enough = sums[sums["order_count"] >= MIN_ORDERS].reset_index(drop=True)
    measures = merchant_measures(enough).set_index("merchant_id")
    chance = chance_variance(enough) if len(enough) else {}
    return _segments(measures, MERCHANT_MEASURES, len(sums), 1, len(sums) - len(enough), is_named=True, chance=chance)


def merchant_measures(sums: pd.DataFrame) -> pd.DataFrame:
    """merchant_id and the measures, each rate mixed with 20 orders (or reviews, questions) of the average, so that small merchants are no extremes.

    growth: orders of the second half of the window over those of the first, less one.
    """
    first = sums["order_count"] - sums["recent_count"]
    rates = {name: _mixed(*_counts(sums, name)) for name in RATES}
    return pd.DataFrame(
        {
            "merchant_id": sums["merchant_id"],
            "orders": sums["order_count"].astype(float),
            "growth": (sums["recent_count"] + PRIOR / 2) / (first + PRIOR / 2) - 1.0,
            **rates,
        }
    )


def chance_variance(sums: pd.DataFrame) -> dict[str, float]:
    """The variance that chance alone would give each measure, if all merchants of a size were alike; of orders on the log scale."""
    recent, first = sums["recent_count"] + PRIOR / 2, sums["order_count"] - sums["recent_count"] + PRIOR / 2
    found = {
        "orders": float((1.0 / sums["order_count"]).mean()),
        "growth": float(((recent / first) ** 2 * (1.0 / recent + 1.0 / first)).mean()),
    }
    for name in RATES:
        part, whole = _counts(sums, name)
        rate = _mixed(part, whole)
        found[name] = float((rate * (1.0 - rate) * whole / (whole + PRIOR) ** 2).mean())
    return found


def recency_frequency(rows: pd.DataFrame) -> pd.DataFrame:
    """Buyers by recency and frequency, the first two letters of RFM, with money inside: recency and frequency (band numbers from 0, the latest and the rarest first), buyers, share of buyers,
    spend_share (share of all spend, in typical orders of each currency; NaN where amounts are unknown) and bad_share (their orders that went badly); both NaN for fewer than SMALLEST buyers."""
    recency = np.searchsorted(RECENCY, rows["days_since"].to_numpy(dtype=float))
    frequency = np.searchsorted(FREQUENCY, rows["orders"].to_numpy(dtype=float))
    bad = rows["bad_share"] * rows["orders"]
    frame = pd.DataFrame(
        {
            "recency": recency,
            "frequency": frequency,
            "spend": rows["spend"].astype(float),
            "bad": bad,
            "orders": rows["orders"],
        }
    )
    found = frame.groupby(["recency", "frequency"], as_index=False).agg(
        buyers=("orders", "size"), spend=("spend", "sum"), bad=("bad", "sum"), orders=("orders", "sum")
    )
    spend, is_told = float(found["spend"].sum()), found["buyers"] >= SMALLEST
    return pd.DataFrame(
        {
            "recency": found["recency"],
            "frequency": found["frequency"],
            "buyers": found["buyers"],
            "share": found["buyers"] / max(int(found["buyers"].sum()), 1),
            "spend_share": (found["spend"] / spend).where(is_told) if spend > 0 else np.nan,
            "bad_share": (found["bad"] / found["orders"]).where(is_told),
        }
    )


def _counts(sums: pd.DataFrame, rate: str) -> tuple[pd.Series[float], pd.Series[float]]:
    parts, whole = RATES[rate]
    return sums[list(parts)].sum(axis=1).astype(float), sums[whole].astype(float)


def _mixed(part: pd.Series[float], whole: pd.Series[float]) -> pd.Series[float]:
    average = float(part.sum()) / float(whole.sum()) if whole.sum() else 0.0
    return (part + PRIOR * average) / (whole + PRIOR)


def _segments(
    rows: pd.DataFrame,
    measures: Mapping[str, tuple[str, bool]],
    total: int,
    every: int,
    excluded: int,
    *,
    is_named: bool,
    chance: Mapping[str, float] = MappingProxyType({}),
) -> Segments:
    scaled = {name: _scaled(rows[name], measures[name][1]) if len(rows) else np.zeros(1) for name in measures}
    used = [name for name in measures if float(np.std(scaled[name])) > 1e-9]
    left_out = tuple(name for name in measures if name not in used)
    if len(rows) < MIN_ROWS or not used:
        status = "too_few" if len(rows) < MIN_ROWS else "alike"
        return Segments(status, (), 0, None, None, None, {}, left_out, len(rows), total, every, excluded)
    points = np.column_stack([_standard(scaled[name], chance.get(name, 0.0)) for name in used])
    with threadpool_limits(1):  # the fits are small: threads would wait for each other, and add up in another order
        return _stable_segments(
            rows, points, scaled, {name: measures[name] for name in used}, total, every, excluded, is_named=is_named
        )


def _stable_segments(
    rows: pd.DataFrame,
    points: Floats,
    scaled: Mapping[str, Floats],
    measures: Mapping[str, tuple[str, bool]],
    total: int,
    every: int,
    excluded: int,
    *,
    is_named: bool,
) -> Segments:
    stability = {k: _stability(points, k) for k in CHOICES if k * 10 <= len(rows)}
    stable = [k for k, (mean, low) in stability.items() if mean >= STABLE and low >= STABLE_LOWEST]
    k = max(stable) if stable else max(stability, key=lambda choice: stability[choice][0])
    labels = _by_size(_clustered(points, k, SEED, n_init=10).labels_.astype(np.int64))
    segments = tuple(
        _segment(number, labels == number, rows, scaled, measures, is_named) for number in range(int(labels.max()) + 1)
    )
    return Segments(
        "ok" if stable else "unstable",
        segments,
        k,
        *stability[k],
        _silhouette(points, labels),
        stability,
        tuple(name for name in scaled if name not in measures),
        len(rows),
        total,
        every,
        excluded,
    )


def _scaled(values: pd.Series[float], is_log: bool) -> Floats:
    """A measure as it is told apart; unknown is the median."""
    found = pd.to_numeric(values).to_numpy(dtype=np.float64, na_value=np.nan)
    known = found[np.isfinite(found)]
    filled = np.where(np.isfinite(found), found, float(np.median(known)) if len(known) else 0.0)
    return np.log1p(np.maximum(filled, 0.0)) if is_log else filled


def _standard(values: Floats, chance: float) -> Floats:
    """In standard deviations, cut at 3, times the square root of the reliability."""
    reliability = max(1.0 - chance / float(values.var()), 0.0)
    found: Floats = np.clip((values - values.mean()) / values.std(), -FAR, FAR) * np.sqrt(reliability)
    return found


def _clustered(points: Floats, k: int, seed: int, n_init: int = 3) -> KMeans:
    return KMeans(n_clusters=k, random_state=seed, n_init=n_init, max_iter=100).fit(points)


def _stability(points: Floats, k: int) -> tuple[float, float]:
    """Mean and lowest ARI between clusterings of resamples, compared on all points."""
    rng = np.random.default_rng([SEED, k])
    found = []
    for number in range(RESAMPLES):
        chosen = rng.choice(len(points), size=int(SHARE * len(points)), replace=False)
        found.append(_clustered(points[chosen], k, SEED + number).predict(points))
    values = [float(adjusted_rand_score(a, b)) for a, b in combinations(found, 2)]
    return float(np.mean(values)), float(np.min(values))


def _by_size(labels: Ints) -> Ints:
    """Labels renumbered so that 0 is the largest segment; empty ones are gone."""
    sizes = np.bincount(labels)
    order = [place for place in np.argsort(-sizes, kind="stable") if sizes[place]]
    rank = np.full(len(sizes), -1)
    rank[order] = np.arange(len(order))
    return np.asarray(rank[labels], dtype=np.int64)


def _silhouette(points: Floats, labels: Ints) -> float | None:
    rng = np.random.default_rng(SEED)
    chosen = rng.permutation(len(points))[:SILHOUETTE_ROWS]
    if len(np.unique(labels[chosen])) < 2:
        return None
    return float(silhouette_score(points[chosen], labels[chosen]))


def _segment(
    number: int,
    is_member: NDArray[np.bool_],
    rows: pd.DataFrame,
    scaled: Mapping[str, Floats],
    measures: Mapping[str, tuple[str, bool]],
    is_named: bool,
) -> Segment:
    traits = [_trait(name, scaled[name], is_member, *measures[name]) for name in measures]
    traits.sort(key=lambda trait: -abs(trait.distance))
    named = [trait for trait in traits[:TRAITS] if abs(trait.distance) >= APART] or traits[:1]
    members: Sequence[object] = rows.index[is_member].tolist() if is_named else ()
    return Segment(
        number,
        int(is_member.sum()),
        float(is_member.mean()),
        tuple(named),
        {trait.measure: trait.value for trait in traits},
        {trait.measure: trait.distance for trait in traits},
        tuple(str(member) for member in members),
    )


def _trait(measure: str, values: Floats, is_member: NDArray[np.bool_], unit: str, is_log: bool) -> Trait:
    inside, overall = float(values[is_member].mean()), float(values.mean())
    distance = (inside - overall) / float(values.std())
    if is_log:
        inside, overall = float(np.expm1(inside)), float(np.expm1(overall))
    return Trait(measure, unit, inside, overall, distance)
