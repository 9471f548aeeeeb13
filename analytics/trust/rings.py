"""Rings: merchants praised by the same reviewers more often than chance, popularity and category explain, with the evidence.

`find_rings` is a pure function of reviewed orders; `read_reviews` reads them from the warehouse. Knows no truth about attackers, and accuses
nobody: what it gives is for a person to judge. Bounded for 20,000 merchants: pairs of merchants are counted sparsely, in slices.

Sources: shared reviewers as the trace of bought reviews, He et al., PNAS 2022; significant links of a bipartite projection, Tumminello et al. 2011,
and Saracco et al. 2017 (here the Poisson limit of the configuration model); false discoveries, Benjamini and Hochberg 1995;
peeling to the part that is tied densely, Charikar 2000, in batches as Bahmani et al. 2012.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse, stats
from scipy.sparse.csgraph import connected_components

from analytics.trust.counts import score_day, sql_text
from analytics.trust.near_texts import SimilarTexts, similar_texts

if TYPE_CHECKING:
    from analytics.warehouse import Cursor

PRAISE = 4  # stars from which on a review praises
SHARED = 3  # reviewers that two merchants share at least
FALSE_LINKS = 1e-2  # of the links found; three that are all linked are no chance
TIED = 1 / 3  # of the other members, that a member is linked with
FEWEST_MEMBERS = 3
PEELED = 10  # a tenth of those tied too little leaves at once, so that who hangs on another's links is asked again
JOINS = 1e-3  # chance that anybody is taken in whom a ring's reviewers praised by chance
COVERED = 0.4  # of the members, that who counts as a ring's reviewer praised; two at least
BUSIEST_BUYER = 200  # merchants: who praises more links nobody
WINDOW_DAYS = 365
SLICE = 2_000  # merchants at a time
BURST_DAYS, BURST_CHANCE = 4, 1e-3  # reviews come days after the orders of a campaign

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Link:
    """Two members, the reviewers that both share, how many chance would have them share, and how likely so many are."""

    merchant_id: str
    other_id: str
    shared: int
    expected: float
    p_value: float


@dataclass(frozen=True)
class Ring:
    """members and reviewers (buyers who praised COVERED of the members, with how many, most first): sorted ids. links: of the members, least likely first. shared, expected: reviewers summed over
    the links between members; p_value: of so many. burst_days: days on which the reviews of reviewers pile up. texts: their near-duplicates. order_ids: of the reviews meant.
    """

    ring_id: str
    members: tuple[str, ...]
    reviewers: tuple[tuple[str, int], ...]
    links: tuple[Link, ...]
    shared: int
    expected: float
    p_value: float
    burst_days: tuple[tuple[date, int, float], ...]
    texts: SimilarTexts
    order_ids: tuple[str, ...]


def read_reviews(cursor: Cursor) -> pd.DataFrame:
    """Reviews of the last WINDOW_DAYS as of the cursor's day: order_id, merchant_id, buyer_id, rating, rated_at (UTC), text, category, region."""
    day = score_day(cursor)
    return cursor.df(sql_text("reviews"), {"date_from": day - timedelta(days=WINDOW_DAYS - 1), "date_to": day})


def find_rings(reviews: pd.DataFrame) -> tuple[Ring, ...]:
    """The rings, least likely first: columns order_id, merchant_id, buyer_id, rating (1–5), rated_at (UTC), text; category and region where known.

    A merchant's reviews of itself, a buyer without id and ratings outside 1–5 are no evidence.
    """
    frame = _praise(reviews)
    if frame.empty:
        return ()
    net = _Net(frame)
    links = net.links()
    rings = [_ring(frame, reviews, net, links, members) for members in _groups(links, len(net.merchants))]
    ordered = sorted((ring for ring in rings if ring is not None), key=lambda ring: (ring.p_value, ring.members))
    return tuple(ordered)


def _praise(reviews: pd.DataFrame) -> pd.DataFrame:
    stars = pd.to_numeric(reviews["rating"], errors="coerce")
    own = reviews["merchant_id"].astype(str) == reviews["buyer_id"].astype(str)
    kept = reviews[((stars >= PRAISE) & (stars <= 5)).to_numpy(dtype=bool) & reviews["buyer_id"].notna() & ~own]
    return kept.reset_index(drop=True)


class _Net:
    """Who praised whom: a row a pair of buyer and merchant, without the busiest buyers."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.merchant, self.merchants = pd.factorize(frame["merchant_id"], sort=True)
        self.buyer, self.buyers = pd.factorize(frame["buyer_id"], sort=True)
        pairs = np.unique(np.stack([self.buyer, self.merchant], axis=1), axis=0)
        given = np.bincount(pairs[:, 0], minlength=len(self.buyers))
        pairs = pairs[given[pairs[:, 0]] <= BUSIEST_BUYER]
        shape = (len(self.buyers), len(self.merchants))
        self.praise = sparse.csr_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=shape)
        self.received = np.asarray(self.praise.sum(axis=0)).ravel()
        given = np.asarray(self.praise.sum(axis=1)).ravel()
        self.turns = float(np.sum(given * (given - 1))) / max(float(given.sum()), 1.0) ** 2
        first = frame.assign(place=self.merchant).drop_duplicates("place").set_index("place").sort_index()
        self.traits = [
            pd.factorize(first[name])[0]
            for name in ("category", "region")
            if name in first and first[name].notna().any()
        ]

    def kind(self, i: Ints, k: Ints) -> Ints:
        """What two merchants have in common, as a number: category (1), region (2), both, neither. Those who are alike share buyers."""
        told = np.zeros(len(i), dtype=np.int64)
        for bit, trait in enumerate(self.traits):
            told += ((trait[i] == trait[k]) & (trait[i] >= 0)).astype(np.int64) << bit
        return told

    def expected(self, i: Ints, k: Ints) -> Floats:
        """Reviewers that two merchants share by chance, given how much each is praised and how much each buyer praises (no kind yet)."""
        return np.asarray(self.received[i] * self.received[k] * self.turns)

    def shared(self) -> Iterator[tuple[Ints, Ints, Floats]]:
        """Pairs of merchants (i < k) with a shared reviewer, and how many, in slices."""
        by_merchant = self.praise.T.tocsr()
        for first in range(0, len(self.merchants), SLICE):
            found = (by_merchant[first : first + SLICE] @ self.praise).tocoo()
            i, k = found.row.astype(np.int64) + first, found.col.astype(np.int64)
            upper = i < k
            yield i[upper], k[upper], found.data[upper]

    def links(self) -> pd.DataFrame:
        """Significant pairs: i, k, shared, expected, p."""
        seen, kept = np.zeros(4), []
        for i, k, shared in self.shared():
            seen += np.bincount(self.kind(i, k), shared, 4)
            near = shared >= SHARED
            kept.append(np.stack([i[near], k[near], shared[near]], axis=1))
        found = np.concatenate(kept)
        i, k, shared = found[:, 0].astype(np.int64), found[:, 1].astype(np.int64), found[:, 2]
        factor = np.maximum(seen / np.maximum(self._all_expected(), 1e-9), 1.0)
        expected = self.expected(i, k) * factor[self.kind(i, k)]
        p = stats.poisson.sf(shared - 1, expected)
        tests = len(self.merchants) * (len(self.merchants) - 1) / 2
        order = np.argsort(p, kind="stable")
        passed = np.flatnonzero(p[order] <= FALSE_LINKS * (np.arange(len(p)) + 1) / max(tests, 1.0))
        chosen = order[: passed[-1] + 1] if len(passed) else order[:0]
        columns = {"i": i, "k": k, "shared": shared, "expected": expected, "p": p}
        return pd.DataFrame({name: values[chosen] for name, values in columns.items()})

    def _all_expected(self) -> Floats:
        """Expected shared reviewers summed over all pairs of each kind, from sums over groups of merchants."""

        def within(labels: Ints) -> float:
            known = labels >= 0
            sums = np.bincount(labels[known], self.received[known])
            return float((np.sum(sums**2) - np.sum(self.received[known] ** 2)) / 2 * self.turns)

        everything = within(np.zeros(len(self.merchants), dtype=np.int64))
        same = [within(trait) for trait in self.traits]
        if len(self.traits) < 2:
            return np.array([everything - sum(same), sum(same), 0.0, 0.0])
        one, other = self.traits
        joint = np.where((one >= 0) & (other >= 0), one * (int(other.max()) + 1) + other, -1)
        both = within(joint)
        return np.array([everything - same[0] - same[1] + both, same[0] - both, same[1] - both, both])


def _groups(links: pd.DataFrame, merchants: int) -> list[Ints]:
    """Connected merchants of whom each is linked with a third of the others: who is linked least leaves first, a few at a time."""
    if links.empty:
        return []
    i, k = links["i"].to_numpy(), links["k"].to_numpy()
    edges = sparse.csr_matrix((np.ones(2 * len(i)), (np.r_[i, k], np.r_[k, i])), shape=(merchants, merchants))
    active = np.unique(np.r_[i, k])
    found: list[Ints] = []
    _, label = connected_components(edges[active][:, active], directed=False)
    todo = [active[label == one] for one in range(int(label.max()) + 1)]
    while todo:
        members = todo.pop()
        if len(members) < FEWEST_MEMBERS:
            continue
        inner = edges[members][:, members]
        degree = np.asarray(inner.sum(axis=1)).ravel()
        tied = degree >= TIED * (len(members) - 1)
        if tied.all():
            found.append(members)
            continue
        few = max(1, int((~tied).sum()) // PEELED)
        left = np.delete(members, np.argsort(degree, kind="stable")[:few])
        _, label = connected_components(edges[left][:, left], directed=False)
        todo += [left[label == one] for one in range(int(label.max(initial=-1)) + 1)]
    return found


def _ring(frame: pd.DataFrame, reviews: pd.DataFrame, net: _Net, links: pd.DataFrame, members: Ints) -> Ring | None:
    members = _joined(net, members)
    inside = links[links["i"].isin(members) & links["k"].isin(members)]
    covered, reviewers = _reviewers(net, members)
    reviewers = reviewers[np.lexsort((reviewers, -covered[reviewers]))]
    meant = frame[np.isin(net.merchant, members) & np.isin(net.buyer, reviewers)]
    ids = [str(net.merchants[place]) for place in members]
    shared, expected = int(inside["shared"].sum()), float(inside["expected"].sum())
    return Ring(
        ring_id="ring-" + ids[0],
        members=tuple(ids),
        reviewers=tuple((str(net.buyers[place]), int(covered[place])) for place in reviewers),
        links=_named(net, inside.sort_values(["p", "i", "k"])),
        shared=shared,
        expected=expected,
        p_value=float(stats.poisson.sf(shared - 1, expected)),
        burst_days=_bursts(meant["rated_at"]),
        texts=similar_texts(meant, reviews),
        order_ids=tuple(sorted(meant["order_id"].astype(str))),
    )


def _named(net: _Net, links: pd.DataFrame) -> tuple[Link, ...]:
    columns = (links[name].tolist() for name in ("i", "k", "shared", "expected", "p"))
    return tuple(
        Link(str(net.merchants[i]), str(net.merchants[k]), int(shared), expected, p)
        for i, k, shared, expected, p in zip(*columns, strict=True)
    )


def _reviewers(net: _Net, members: Ints) -> tuple[Floats, Ints]:
    """How many members each buyer praised, and the buyers who praised many."""
    covered = np.asarray(net.praise[:, members].sum(axis=1)).ravel()
    return covered, np.flatnonzero(covered >= max(2, np.ceil(COVERED * len(members))))


def _joined(net: _Net, members: Ints) -> Ints:
    """The members, and who else the same reviewers praised more than what they praise outside explains; until nobody joins."""
    while True:
        covered, reviewers = _reviewers(net, members)
        outside = np.setdiff1d(np.arange(len(net.merchants)), members)
        praised = np.asarray(net.praise[reviewers].sum(axis=0)).ravel()[outside]
        share = net.received[outside] / max(float(net.received.sum()), 1.0)
        expected = max(float(np.median(covered[reviewers])), 1.0) * len(reviewers) * share
        p = stats.poisson.sf(praised - 1, expected)
        joining = outside[(p * len(net.merchants) < JOINS) & (praised >= max(SHARED, COVERED * len(reviewers)))]
        if not len(joining):
            return members
        members = np.union1d(members, joining)


def _bursts(times: pd.Series[pd.Timestamp]) -> tuple[tuple[date, int, float], ...]:
    """(first day, reviews, expected) of the stretches of BURST_DAYS with more reviews than their span explains; UTC days."""
    days = pd.to_datetime(times, utc=True).dropna().dt.floor("D")
    if len(days) < SHARED:
        return ()
    span = max(int((days.max() - days.min()).days) + 1, BURST_DAYS)
    place = ((days - days.min()).dt.days).to_numpy()
    count = np.bincount(place, minlength=span + 1)
    near = np.convolve(count, np.ones(BURST_DAYS), "full")[BURST_DAYS - 1 :]
    expected = len(days) * BURST_DAYS / span
    chance = stats.poisson.sf(near - 1, expected) * span
    found, last = [], -BURST_DAYS
    for first in np.flatnonzero(chance < BURST_CHANCE).tolist():
        if first >= last + BURST_DAYS:
            found.append(((days.min() + pd.Timedelta(days=first)).date(), int(near[first]), float(expected)))
            last = first
    return tuple(found)


def ring_members(rings: Sequence[Ring]) -> frozenset[str]:
    """All merchants named."""
    return frozenset(member for ring in rings for member in ring.members)
