"""Bitcoin-Alpha: the labelled frauds are told from the trusted better than by the mean, Wilson's bound and beta reputation."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from analytics.bench.reputations import PEERS
from analytics.trust.credibility import read_ratings, standings

NETWORK = Path(__file__).resolve().parents[3] / "shared" / "data" / "rating_network"

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not NETWORK.is_dir(), reason=f"the public rating network is not at {NETWORK}"),
]


def test_frauds_are_told_better_than_by_the_plain_ways() -> None:
    table = read_ratings(NETWORK / "ratings.csv")
    ratings = table.ratings
    assert (table.set_aside, ratings.low, ratings.high, ratings.count.sum()) == ({}, -10, 10, 20_122)
    place = {name: number for number, name in enumerate(ratings.ratees)}
    with (NETWORK / "labels.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["user"] in place]
    at = [place[row["user"]] for row in rows]
    is_good = np.array([row["label"] == "trusted" for row in rows])
    assert (int(is_good.sum()), int((~is_good).sum())) == (51, 70)
    ours = roc_auc_score(is_good, np.array([one.score for one in standings(ratings)[0]])[at])
    peers = {name: roc_auc_score(is_good, method(ratings)[at]) for name, method in PEERS.items()}
    assert peers["mean"] == pytest.approx(0.879, abs=0.0005), "the published figure of the plain mean"
    assert {name: auc for name, auc in peers.items() if auc >= ours} == {}
