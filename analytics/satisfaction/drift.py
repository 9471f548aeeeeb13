"""Rating inflation: do the same raters give more stars as time goes by, for the same service? Pure functions over a frame of reviews.

The trend of all stars mixes three things: better service, other raters, and drifting standards. As in Filippas, Horton and Golden (2022,
Marketing Science 41:733, "Reputation inflation"), rater fixed effects take out who rates; the merchant's fixed effect and what befell the order
(late, disputed, returned) take out what can be seen of the service. What is left is drift of standards, or service that got better unseen.

A rater who was disappointed returns less often, so his last review is worse than those before it, and a slope within raters would be tilted down.
Only reviews that were followed by another of the same rater are compared: they are all selected alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.satisfaction.regression import Slope, absorb, codes, least_squares

MIN_RATERS = 50
YEAR_SECONDS = 365.25 * 86_400
CAUSES = ("is_late", "is_disputed", "is_returned")


@dataclass(frozen=True)
class Drift:
    """Slopes in stars a year. trend: of all reviews of these raters; within: the same raters; standards: the same raters at the same merchants with what befell
    the order held constant. None when fewer than 50 raters have three reviews. explained: the part of the trend that the standards' slope makes up, None unless both slopes' intervals
    leave out zero. verdict: too_few, none (the standards' interval holds zero), up or down.
    """

    trend: Slope | None
    within: Slope | None
    standards: Slope | None
    explained: float | None
    raters: int
    reviews: int
    verdict: str


def drift_of(ratings: pd.DataFrame) -> Drift:
    """Slopes of reviews: buyer_id, merchant_id, reviewed_at, score and the 0/1 columns is_late, is_disputed, is_returned."""
    rows = ratings.sort_values(["buyer_id", "reviewed_at"], kind="stable").reset_index(drop=True)
    is_last = rows["buyer_id"].ne(rows["buyer_id"].shift(-1))
    followed = rows[~is_last]
    counts = followed.groupby("buyer_id")["score"].transform("size")
    followed = followed[counts >= 2].reset_index(drop=True)
    raters = int(followed["buyer_id"].nunique())
    if raters < MIN_RATERS:
        return Drift(None, None, None, None, raters, len(followed), "too_few")
    rater, merchant = codes(followed["buyer_id"]), codes(followed["merchant_id"])
    score, years = _column(followed, "score"), _years(followed)
    within = least_squares(score, years[:, None], rater, [rater]).slope(0)
    befell = np.column_stack([years, *(_column(followed, name) for name in CAUSES)])
    standards = least_squares(score, befell, rater, [rater, merchant]).slope(0)
    constant = np.column_stack([np.ones(len(rows)), _years(rows)])
    trend = least_squares(_column(rows, "score"), constant, codes(rows["buyer_id"])).slope(1)
    explained = standards.value / trend.value if _is_clear(trend) and _is_clear(standards) else None
    if not np.isfinite([within.ci_low, standards.ci_low]).all():
        return Drift(trend, None, None, None, raters, len(followed), "too_few")
    verdict = "none" if not _is_clear(standards) else "up" if standards.value > 0 else "down"
    return Drift(trend, within, standards, explained, raters, len(followed), verdict)


def drift_by_month(ratings: pd.DataFrame) -> pd.DataFrame:
    """Mean stars by calendar month (UTC), plain and with each rater's own mean taken out (set back to the overall level): month, stars, within, n."""
    rows = ratings.sort_values(["buyer_id", "reviewed_at"], kind="stable")
    rows = rows[rows["buyer_id"].eq(rows["buyer_id"].shift(-1))]
    rows = rows[rows.groupby("buyer_id")["score"].transform("size") >= 2].reset_index(drop=True)
    score = _column(rows, "score")
    inside = absorb(score[:, None], [codes(rows["buyer_id"])])[:, 0] + (score.mean() if len(score) else 0.0)
    month = pd.to_datetime(rows["reviewed_at"], utc=True).dt.strftime("%Y-%m-01")
    frame = pd.DataFrame({"month": month, "stars": score, "within": inside})
    found = frame.groupby("month").agg(stars=("stars", "mean"), within=("within", "mean"), n=("stars", "size"))
    return found.reset_index()


def _is_clear(slope: Slope) -> bool:
    return slope.ci_low * slope.ci_high > 0


def _years(rows: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    at = pd.to_datetime(rows["reviewed_at"], utc=True)
    return np.asarray((at - at.min()).dt.total_seconds() / YEAR_SECONDS, dtype=np.float64)


def _column(rows: pd.DataFrame, name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return rows[name].to_numpy(dtype=np.float64)
