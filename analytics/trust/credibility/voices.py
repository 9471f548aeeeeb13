"""Which votes may share a source: raters without a record, favours returned, bursts, and raters in lockstep.

Each function gives every vote's membership (0–1) in one such voice, or None where the table can't show it. Membership is no
verdict: whether a voice says something else than the independent votes is measured in `model.py`.

Sources: shared reviewers, He et al., PNAS 2022; lockstep, Beutel et al. (CopyCatch), WWW 2013; bursts, Fei et al., ICWSM 2013, and
Hooi et al. (BIRDNEST), SDM 2016; the little that a short record supports, Kumar et al. (REV2), WSDM 2018.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import sparse
from scipy.stats import poisson

from analytics.trust.credibility.ratings import Floats, Ratings

UNRECORDED = "unrecorded"
BURST_SHARE = 1 / 200  # of the table's span, to either side
BURST_SIZE = 4
BURST_CHANCE = 0.01  # of one false burst a ratee
RETURNED_SHARE = 0.01
LOCKSTEP_VOTES = 3
LOCKSTEP_OVERLAP = 0.5
LOCKSTEP_CHANCE = 0.01  # of one false partner a rater
LOCKSTEP_LARGEST = 200  # votes of a rater, or of a ratee: what is popular with everybody links nobody


def voices(ratings: Ratings) -> Mapping[str, Floats]:
    """Name → membership of each vote, for the voices that the table shows."""
    found = {
        UNRECORDED: unrecorded(ratings),
        "returned": returned(ratings),
        "burst": burst(ratings),
        "lockstep": lockstep(ratings),
    }
    return {name: member for name, member in found.items() if member is not None and member.max(initial=0.0) > 0}


def unrecorded(ratings: Ratings) -> Floats:
    """1 for a rater's only vote, 1/2 for each of two, 1/n of n: an account with one vote costs nothing to make."""
    return 1 / ratings.per_rater()[ratings.rater]


def returned(ratings: Ratings) -> Floats | None:
    """1 where the ratee rated the rater, too. None in a table where people who rate are hardly ever rated."""
    places = {name: place for place, name in enumerate(ratings.raters)}
    as_rater = np.array([places.get(name, -1) for name in ratings.ratees])
    places = {name: place for place, name in enumerate(ratings.ratees)}
    as_ratee = np.array([places.get(name, -1) for name in ratings.raters])
    there = ratings.rater * len(ratings.ratees) + ratings.ratee
    known = (as_rater[ratings.ratee] >= 0) & (as_ratee[ratings.rater] >= 0)
    back = as_rater[ratings.ratee] * len(ratings.ratees) + as_ratee[ratings.rater]
    member = (known & np.isin(back, there)).astype(float)
    return member if member.mean() >= RETURNED_SHARE else None


def burst(ratings: Ratings) -> Floats | None:
    """1 for votes that come closer together than chance has it for a ratee with so many. None without times."""
    known = np.flatnonzero(np.isfinite(ratings.time))
    if len(known) < BURST_SIZE or np.ptp(ratings.time[known]) <= 0:
        return None
    time = ratings.time[known] - ratings.time[known].min()
    span = time.max()
    order = np.lexsort((time, ratings.ratee[known]))
    # Times of different ratees lie further apart than any window: one search serves all.
    line = ratings.ratee[known][order] * (4 * span) + time[order]
    near = np.searchsorted(line, line + BURST_SHARE * span, "right")
    near -= np.searchsorted(line, line - BURST_SHARE * span, "left")
    n = ratings.per_ratee()[ratings.ratee[known][order]]
    chance = poisson.sf(near - 2, 2 * BURST_SHARE * (n - 1))
    member = np.zeros(len(ratings.time))
    member[known[order]] = (near >= BURST_SIZE) & (chance * n < BURST_CHANCE)
    return member


def lockstep(ratings: Ratings) -> Floats | None:
    """1 for votes that two or more partners of the rater cast, too, with the same score.

    Partners gave the same score to at least three and half of the ratees of the one with fewer, and to more than chance explains.
    """
    votes, votes_on = ratings.per_rater()[ratings.rater], ratings.per_ratee()[ratings.ratee]
    kept = (votes >= LOCKSTEP_VOTES) & (votes <= LOCKSTEP_LARGEST) & (votes_on <= LOCKSTEP_LARGEST)
    if not kept.any():
        return None
    _, level = np.unique(ratings.score, return_inverse=True)
    _, said = np.unique(ratings.ratee[kept] * (level.max() + 1) + level[kept], return_inverse=True)
    who, row = np.unique(ratings.rater[kept], return_inverse=True)
    says = sparse.csr_matrix((np.ones(len(row)), (row, said)), shape=(len(who), said.max() + 1))
    partners = _partners(says, ratings.per_rater()[who], np.sum((np.bincount(said) / len(ratings.rater)) ** 2))
    with_partners = (partners @ says).multiply(says).tocsr()
    member = np.zeros(len(ratings.rater))
    member[kept] = np.asarray(with_partners[row, said]).ravel() >= 2
    return member


def _partners(says: sparse.csr_matrix, votes: Floats, chance: float) -> sparse.csr_matrix:
    """Symmetric 0/1 matrix over raters; `chance`: that two votes drawn at random say the same of the same ratee."""
    found: list[tuple[Floats, Floats]] = []
    for first in range(0, says.shape[0], 20_000):  # in slices: pairs of raters can be many
        shared = (says[first : first + 20_000] @ says.T).tocoo()
        i, k = shared.row + first, shared.col
        close = (i != k) & (shared.data >= LOCKSTEP_VOTES)
        i, k, same = i[close], k[close], shared.data[close]
        far = poisson.sf(same - 1, votes[i] * votes[k] * chance) < LOCKSTEP_CHANCE / len(votes)
        held = far & (same >= LOCKSTEP_OVERLAP * np.minimum(votes[i], votes[k]))
        found.append((i[held], k[held]))
    i, k = (np.concatenate(side) for side in zip(*found, strict=True))
    return sparse.csr_matrix((np.ones(len(i)), (i, k)), shape=(len(votes), len(votes)))
