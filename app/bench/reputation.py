"""`trustdesk bench reputation`: ratees' scores by our credibility of raters beside published methods, under planted attacks.

Networks are drawn from seeds of the run; a real network with labels is read where its folder is given. Labels only judge. Reads no warehouse.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from scipy.stats import kendalltau
from sklearn.metrics import roc_auc_score

from analytics.bench.networks import KINDS, Bools, Network, simulate_network
from analytics.bench.reputations import PEERS
from analytics.trust.credibility import read_ratings, standings
from analytics.trust.credibility.ratings import Floats, Ratings
from app.errors import InputFileError

OURS = "trustdesk"
RESAMPLES = 1000
Row = dict[str, object]
Figures = dict[str, float]


def measure(seeds: Sequence[int], real: Path | None) -> Iterator[Row]:
    """A row a kind of network and method: means over the seeds. Then the labelled network in `real` (ratings.csv, labels.csv)."""
    for kind in KINDS:
        found: dict[str, list[Figures]] = {}
        for seed in seeds:
            network = simulate_network(kind, seed)
            for method, figures in _judged(network).items():
                found.setdefault(method, []).append(figures)
        for method, each in found.items():
            means = {name: float(np.mean([figures[name] for figures in each])) for name in each[0]}
            yield {"network": kind, "networks": len(seeds), "method": method, **means}
    if real is not None:
        yield from _labelled(real, seeds[0])


def _judged(network: Network) -> dict[str, Figures]:
    """auc: good from fraudulent ratees; tau, mae: against the truth (mae in shares of the scale). Ours with coverage, and auc of raters."""
    ratings, found = network.ratings, {}
    scores = {name: method(ratings) for name, method in PEERS.items()}
    start = time.perf_counter()
    ours, low, high, credibility = _ours(ratings)
    took = time.perf_counter() - start
    for name, score in {**scores, OURS: ours}.items():
        found[name] = {
            "auc": float(roc_auc_score(~network.is_fraud, score)),
            "tau": float(kendalltau(score, network.truth).statistic),
            "mae": float(np.abs(score - network.truth).mean()),
        }
    found[OURS]["coverage"] = float(np.mean((low <= network.truth) & (network.truth <= high)))
    if network.is_unfair.any():
        found[OURS]["rater_auc"] = float(roc_auc_score(~network.is_unfair, credibility))
    found[OURS]["seconds"] = took
    return found


def _ours(ratings: Ratings) -> tuple[Floats, Floats, Floats, Floats]:
    ratees, raters = standings(ratings)
    width = ratings.high - ratings.low
    score, low, high = (
        (np.array([getattr(one, name) for one in ratees]) - ratings.low) / width
        for name in ("score", "ci_low", "ci_high")
    )
    return score, low, high, np.array([one.credibility for one in raters])


def _labelled(folder: Path, seed: int) -> Iterator[Row]:
    ratings = read_ratings(folder / "ratings.csv").ratings
    place, is_good = _labels(folder / "labels.csv", ratings)
    scores = {name: method(ratings) for name, method in PEERS.items()} | {OURS: _ours(ratings)[0]}
    ours = _chances(scores[OURS][place], is_good)
    draws = _draws(is_good, np.random.default_rng(seed))
    for name, score in scores.items():
        mine = _chances(score[place], is_good)
        low, high = np.quantile(_aucs(mine, draws), [0.025, 0.975])
        ahead_low, ahead_high = np.quantile(_aucs(ours, draws) - _aucs(mine, draws), [0.025, 0.975])
        yield {
            "network": folder.name,
            "networks": 1,
            "method": name,
            "auc": float(mine.mean()),
            "auc_ci_low": float(low),
            "auc_ci_high": float(high),
            "ours_ahead_ci_low": float(ahead_low),
            "ours_ahead_ci_high": float(ahead_high),
            "good": int(is_good.sum()),
            "frauds": int((~is_good).sum()),
        }


def _chances(score: Floats, is_good: Bools) -> Floats:
    """Of each pair of a good ratee (row) and a fraud (column): 1 where the good one has the higher score, 1/2 where they tie."""
    apart = score[is_good][:, None] - score[~is_good][None, :]
    return np.asarray((np.sign(apart) + 1) / 2)


def _draws(is_good: Bools, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """How often each good ratee, and each fraud, is drawn: as many of either as there are, with replacement."""
    good, frauds = int(is_good.sum()), int((~is_good).sum())
    drawn = (rng.multinomial(n, np.full(n, 1 / n), RESAMPLES).astype(float) for n in (good, frauds))
    return next(drawn), next(drawn)


def _aucs(chances: Floats, draws: tuple[Floats, Floats]) -> Floats:
    good, frauds = draws
    return np.asarray(np.einsum("ri,ij,rj->r", good, chances, frauds, optimize=True) / chances.size)


def _labels(path: Path, ratings: Ratings) -> tuple[np.ndarray, Bools]:
    """Places of the labelled ratees, and which are trusted."""
    places = {name: place for place, name in enumerate(ratings.ratees)}
    if not path.is_file():
        raise InputFileError("There is no {path}: give a folder with ratings.csv and labels.csv.", path=path)
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [
            (places[row["user"]], row["label"] == "trusted") for row in csv.DictReader(stream) if row["user"] in places
        ]
    return np.array([place for place, _ in rows]), np.array([is_good for _, is_good in rows])
