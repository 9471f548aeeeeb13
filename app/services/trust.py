"""Trust as pages show it: scores of a day, levels, movers, reasons, peers. The same scores as `trustdesk trust`.

A score belongs to the end of the window. Every function that reads data takes a snapshot id first. Words stay msgids.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from app.charts.shapes import ScoreBin
from app.services.runtime import cached
from app.services.scores import scores
from app.services.warehouse import cursor, filter_options, merchants

if TYPE_CHECKING:
    from analytics.metrics import Scope
    from analytics.trust import ComponentRate, TrustScore
    from app.filters import Compare

METRIC_ID = "trust_score"
RESAMPLES = 1000
MOST_DRAWN = 1000  # of a resample
MIN_PEERS = 5
BIN_POINTS = 5


@dataclass(frozen=True)
class Weight:
    """One rate of the score: labels are msgids, `points` of 100, `good` and `bad` are rates 0–1."""

    component: str
    rate_id: str
    label: str
    points: float
    good: float
    bad: float


@dataclass(frozen=True)
class LevelBand:
    """A level from `low` to `high` score points; `label` is a msgid."""

    level: str
    label: str
    low: float
    high: float


@dataclass(frozen=True)
class MedianTrust:
    """The median score of a scope on a day, and its change since another with its 95 % interval."""

    median: float | None
    merchant_count: int
    scored_count: int
    change: float | None = None
    change_low: float | None = None
    change_high: float | None = None

    @property
    def is_significant(self) -> bool:
        """Whether the interval of the change leaves out zero."""
        return self.change_low is not None and self.change_high is not None and self.change_low * self.change_high > 0


@dataclass(frozen=True)
class PeerTrust:
    """What merchants of the same category and size reach: the median score, and the median of each component's points."""

    median: float | None
    peer_count: int
    contributions: Mapping[str, float] = field(default_factory=dict)


def as_of_day(snapshot_id: str, day: date) -> date | None:
    """The as-of day for the end of a window; None when that is the newest data, as commands take it without --as-of."""
    return None if day >= filter_options(snapshot_id).data_up_to else day


def scope_scores(snapshot_id: str, scope: Scope) -> tuple[TrustScore, ...]:
    """The scores of a scope's merchants at the end of its window."""
    return scores_on(snapshot_id, scope, scope.date_to)


def scores_on(snapshot_id: str, scope: Scope, day: date) -> tuple[TrustScore, ...]:
    """The scores of a scope's merchants as they were seen at the end of a day."""
    return _within(snapshot_id, scope, scores(snapshot_id, as_of_day(snapshot_id, day)))


def base_scores(snapshot_id: str, scope: Scope, base: Compare) -> tuple[TrustScore, ...]:
    """The scores of a scope's merchants at the end of the window that it is compared with; none when data starts later."""
    from analytics.metrics import base_scope

    earlier = base_scope(scope, base).date_to
    if earlier <= filter_options(snapshot_id).data_from:
        return ()
    return scores_on(snapshot_id, scope, earlier)


def median_trust(now: Sequence[TrustScore], before: Sequence[TrustScore] = ()) -> MedianTrust:
    """The median score now and its change; the interval is a bootstrap over the merchants that have a score on both days.

    Of many merchants each resample draws MOST_DRAWN, and the interval is scaled to all (m out of n bootstrap: Bickel, Götze and van Zwet, 1997).
    """
    current = [score.score for score in now if score.score is not None]
    earlier = {score.merchant_id: score.score for score in before if score.score is not None}
    if not current:
        return MedianTrust(None, len(now), 0)
    median = statistics.median(current)
    if not earlier:
        return MedianTrust(median, len(now), len(current))
    pairs = np.array(
        [
            (score.score, earlier[score.merchant_id])
            for score in now
            if score.score is not None and score.merchant_id in earlier
        ]
    ).reshape(-1, 2)
    change = median - statistics.median(earlier.values())
    if len(pairs) < 2:
        return MedianTrust(median, len(now), len(current), change)
    size = min(len(pairs), MOST_DRAWN)
    rng = np.random.default_rng(len(pairs))
    drawn = pairs[rng.integers(0, len(pairs), size=(RESAMPLES, size))]
    moved = np.median(drawn[:, :, 0], axis=1) - np.median(drawn[:, :, 1], axis=1)
    low, high = change + (np.quantile(moved, [0.025, 0.975]) - change) * math.sqrt(size / len(pairs))
    return MedianTrust(median, len(now), len(current), change, float(low), float(high))


def level_counts(found: Sequence[TrustScore]) -> dict[str, int]:
    """Merchants a level, best first; without a score they count under the reason (new, too_few, not_in_source)."""
    counts = dict.fromkeys(level_labels(), 0) | {"new": 0, "too_few": 0}
    for score in found:
        key = score.level or score.status
        counts[key] = counts.get(key, 0) + 1
    return counts


def score_bins(found: Sequence[TrustScore]) -> tuple[ScoreBin, ...]:
    """Merchants by score in steps of five, cut at the levels' borders, then those without a score by reason."""
    from analytics.trust import default_programme

    programme = default_programme()
    edges = sorted({*range(0, 101, BIN_POINTS), *(level.minimum for level in programme.levels)})
    values = [score.score for score in found if score.score is not None]
    first = next((low for low, high in pairwise(edges) if any(low <= value < high for value in values)), 0)
    counts, _ = np.histogram(values, bins=edges)
    binned = [
        ScoreBin(programme.level_of(low), int(count), low, high)
        for (low, high), count in zip(pairwise(edges), counts, strict=True)
        if low >= min(first, 50)
    ]
    missing = [score.status for score in found if score.score is None]
    return (*binned, *(ScoreBin(reason, missing.count(reason)) for reason in sorted(set(missing) | {"too_few"})))


def bands() -> tuple[LevelBand, ...]:
    """The levels from the lowest to the highest with their borders."""
    from analytics.trust import default_programme

    levels = list(reversed(default_programme().levels))
    tops = [level.minimum for level in levels[1:]] + [100.0]
    return tuple(
        LevelBand(level.level_id, level.label, level.minimum, top) for level, top in zip(levels, tops, strict=True)
    )


def half_life_days() -> float:
    """After so many days an order counts half."""
    from analytics.trust import default_programme

    return default_programme().half_life_days


def min_n() -> int:
    """Orders that a merchant needs for a score."""
    from analytics.trust import default_programme

    return default_programme().min_n


def level_labels() -> dict[str, str]:
    """Level id → label (a msgid), best first."""
    return {band.level: band.label for band in reversed(bands())}


def weights() -> tuple[Weight, ...]:
    """What the score consists of, in the programme's order."""
    from analytics.trust import default_programme

    programme = default_programme()
    return tuple(
        Weight(component.label, rate.rate_id, rate.label, rate.points, rate.good, rate.bad)
        for component in programme.components
        for rate in component.rates
    )


def window_days() -> int:
    """How many days back the score looks."""
    from analytics.trust import default_programme

    return default_programme().window_days


def level_table(snapshot_id: str, scope: Scope) -> pd.DataFrame:
    """Merchants a level, best first, then those without a score: level, merchants."""
    counts = level_counts(scope_scores(snapshot_id, scope))
    return pd.DataFrame({"level": list(counts), "merchants": list(counts.values())})


def recorded_components(found: Sequence[TrustScore]) -> list[str]:
    """The components of which the source records a rate; the points of the others have gone to their neighbours."""
    from analytics.trust import default_programme

    missing = set(found[0].left_out) if found else set()
    return [c.component_id for c in default_programme().components if any(r.rate_id not in missing for r in c.rates)]


def weight_table(snapshot_id: str) -> pd.DataFrame:
    """What the score consists of: component, label, points, good, bad (labels are msgids), is_recorded by the source."""
    found = scores(snapshot_id, None)
    missing = set(found[0].left_out) if found else set()
    frame = pd.DataFrame([asdict(weight) for weight in weights()])
    return frame.assign(is_recorded=[rate_id not in missing for rate_id in frame["rate_id"]])


def component_labels() -> dict[str, str]:
    """Component id → label (a msgid), in the programme's order."""
    from analytics.trust import default_programme

    return {component.component_id: component.label for component in default_programme().components}


@cached
def movers(snapshot_id: str, scope: Scope, base: Compare) -> pd.DataFrame:
    """Merchants with a score on both days: merchant_id, name, before, after, change, component, component_change; largest first."""
    from analytics.trust import movers as moved

    found = moved(base_scores(snapshot_id, scope, base), scope_scores(snapshot_id, scope))
    names = filter_options(snapshot_id).merchants
    return pd.DataFrame(
        [
            (
                m.merchant_id,
                names[m.merchant_id],
                m.score_before,
                m.score_after,
                m.change,
                m.component,
                m.component_change,
            )
            for m in found
        ],
        columns=["merchant_id", "name", "before", "after", "change", "component", "component_change"],
    )


@cached
def board(snapshot_id: str, scope: Scope) -> pd.DataFrame:
    """A row a merchant of the scope, lowest score first, those without a score last.

    Columns: merchant_id, name, category, region, tier, score, level (or the reason why there is none), ci_low, ci_high, n, and
    the points of each component under its id.
    """
    found = scope_scores(snapshot_id, scope)
    recorded = recorded_components(found)
    frame = pd.DataFrame(
        [
            {
                "merchant_id": score.merchant_id,
                "score": score.score,
                "level": score.level or score.status,
                "ci_low": score.ci_low,
                "ci_high": score.ci_high,
                "n": score.n,
                **{name: score.contributions.get(name) for name in recorded},
            }
            for score in found
        ],
        columns=["merchant_id", "score", "level", "ci_low", "ci_high", "n", *component_labels()],
    )
    profiles = merchants(snapshot_id)[["merchant_id", "category", "region", "tier", "size_band"]]
    frame = frame.merge(profiles, on="merchant_id", how="left")
    names = filter_options(snapshot_id).merchants
    frame.insert(1, "name", [names.get(merchant, merchant) for merchant in frame["merchant_id"]])
    return frame.astype({"score": float}).sort_values(["score", "merchant_id"], ignore_index=True)


@cached
def reasons(snapshot_id: str, as_of: date | None, merchant_id: str) -> tuple[ComponentRate, ...]:
    """Why a merchant has its score: every rate with counts, interval, peers' rate and points."""
    from analytics.trust import MARTS, explain

    with cursor(snapshot_id, as_of, MARTS) as opened:
        return tuple(explain(opened, merchant_id))


def peer_trust(snapshot_id: str, as_of: date | None, merchant_id: str) -> PeerTrust:
    """The scores of the other merchants of the same category and size band; nothing below five of them."""
    profiles = merchants(snapshot_id).set_index("merchant_id")
    if merchant_id not in profiles.index:
        return PeerTrust(None, 0)
    own = profiles.loc[merchant_id]
    alike = profiles[(profiles["category"] == own["category"]) & (profiles["size_band"] == own["size_band"])]
    wanted = set(alike.index) - {merchant_id}
    found = [s for s in scores(snapshot_id, as_of) if s.merchant_id in wanted and s.score is not None]
    if len(found) < MIN_PEERS:
        return PeerTrust(None, len(found))
    return PeerTrust(
        statistics.median(s.score for s in found if s.score is not None),
        len(found),
        {name: statistics.median(s.contributions[name] for s in found) for name in found[0].contributions},
    )


def _within(snapshot_id: str, scope: Scope, found: Sequence[TrustScore]) -> tuple[TrustScore, ...]:
    if not scope.has_filter:
        return tuple(found)
    ids = scope_merchants(snapshot_id, scope)
    return tuple(score for score in found if score.merchant_id in ids)


def scope_merchants(snapshot_id: str, scope: Scope) -> set[str]:
    """The ids of a scope's merchants."""
    frame = merchants(snapshot_id)
    keep = pd.Series(True, index=frame.index)
    for column, wanted in (
        ("category", scope.categories),
        ("region", scope.regions),
        ("tier", scope.tiers),
        ("merchant_id", scope.merchants),
    ):
        if wanted:
            keep &= frame[column].isin(wanted)
    return set(frame.loc[keep, "merchant_id"])


def strongest(frame: pd.DataFrame, count: int, *, is_up: bool) -> pd.DataFrame:
    """Of `movers` those that moved most in one direction."""
    moved = frame[frame["change"] > 0] if is_up else frame[frame["change"] < 0]
    return moved.head(count).reset_index(drop=True)


def find(frame: pd.DataFrame, wanted: str) -> pd.DataFrame:
    """Of `board` the merchants whose name or id holds the text, case aside."""
    text = wanted.strip().casefold()
    if frame.empty or not text:
        return frame.reset_index(drop=True)
    names = (frame["name"] + " " + frame["merchant_id"]).str.casefold()
    return frame[names.str.contains(text, regex=False)].reset_index(drop=True)
