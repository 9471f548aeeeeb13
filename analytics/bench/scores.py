"""Whether scores say what they claim: do their intervals hold the true score, and are probabilities of rates beyond limits right?

Truth is that of the demo, lived many times (`analytics.bench.replay`). Knows no warehouse and no command.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.bench.replay import Lives, live, true_rates, true_scores
from analytics.demo.world import Bools, Floats, ScaleName
from analytics.trust.joint import joint, probability_beyond
from analytics.trust.prior import TrustModel, fit_model
from analytics.trust.programme import Programme
from analytics.trust.score import trust_scores

BANDS = ("20–49", "50–199", "200–999", "1000+")  # orders in the window
_EDGES = (50, 200, 1000)
_BINS = 10


@dataclass(frozen=True)
class Coverage:
    """Of the merchants of a size (`band`, or all): how many, share (0–1) whose interval holds the true score, mean width, and root mean
    square error of the score, in points."""

    band: str
    merchants: int
    covered: float
    width: float
    rmse: float


@dataclass(frozen=True)
class Calibration:
    """Expected calibration error (0–1) of P(rate beyond limit) over `judgements` merchants and rates; `limit` names the limits."""

    limit: str
    judgements: int
    beyond: float
    error: float


def judge(
    scale: ScaleName, seeds: Iterable[int], replicates: int, programme: Programme
) -> Iterator[Coverage | Calibration]:
    """Judges marketplaces of these seeds, each against its truth from `replicates` lives: all and by size, then probabilities."""
    held: list[pd.DataFrame] = []
    said: dict[str, list[tuple[Floats, Bools]]] = {"bad": [], "half way to bad": []}
    for seed in seeds:
        lives = live(scale, seed, programme, replicates)
        model = fit_model(lives.seen, programme)
        held.append(held_scores(lives, model))
        for name, share in zip(said, (1.0, 0.5), strict=True):
            said[name].append(said_and_true(lives, model, share))
    scores = pd.concat(held)
    for band in ("all", *BANDS):
        part = scores if band == "all" else scores[scores["band"] == band]
        if len(part):
            rmse = float(np.sqrt((part["error"] ** 2).mean()))
            yield Coverage(band, len(part), float(part["held"].mean()), float(part["width"].mean()), rmse)
    for name, pairs in said.items():
        probability, beyond = (np.concatenate(values) for values in zip(*pairs, strict=True))
        yield Calibration(name, len(beyond), float(beyond.mean()), calibration_error(probability, beyond))


def held_scores(lives: Lives, model: TrustModel) -> pd.DataFrame:
    """A row a merchant with a score: band, held (whether its interval holds the true score), width and error of the score (points)."""
    rows = [
        (_band(score.n), score.ci_low <= true <= score.ci_high, score.ci_high - score.ci_low, score.score - true)
        for score, true in zip(trust_scores(lives.seen, model), true_scores(lives.expected, model), strict=True)
        if score.score is not None and score.ci_low is not None and score.ci_high is not None and np.isfinite(true)
    ]
    return pd.DataFrame(rows, columns=["band", "held", "width", "error"])


def said_and_true(lives: Lives, model: TrustModel, share: float) -> tuple[Floats, Bools]:
    """P(rate beyond limit) and whether it is, of merchants with a score; the limits lie at `share` of the way from good to bad."""
    truth = true_rates(lives.expected, model)
    rows = (lives.seen["n"] >= model.programme.min_n).to_numpy() & np.isfinite(truth).all(axis=1)
    rates = tuple(replace(rate, limit=rate.good + share * (rate.bad - rate.good)) for rate in model.rates)
    said = probability_beyond(joint(lives.seen, model), replace(model, rates=rates))[rows]
    beyond = [(truth[rows, i] > r.limit) == (r.direction == "lower") for i, r in enumerate(rates)]
    return said.ravel(), np.array(beyond).T.ravel()


def calibration_error(said: Floats, came: npt.NDArray[np.bool_]) -> float:
    """Expected calibration error in ten bins of equal width (Naeini, Cooper and Hauskrecht, 2015)."""
    place = np.minimum((said * _BINS).astype(int), _BINS - 1)
    count = np.bincount(place, minlength=_BINS)
    gap = np.bincount(place, weights=said, minlength=_BINS) - np.bincount(place, weights=came, minlength=_BINS)
    return float(np.abs(gap).sum() / count.sum())


def _band(orders: int) -> str:
    return BANDS[int(np.searchsorted(_EDGES, orders, side="right"))]
