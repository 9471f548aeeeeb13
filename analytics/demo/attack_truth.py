"""The truth about attackers, for tests alone: who attacks, how, from when to when, and which reviews are false."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from analytics.demo import columns as cols
from analytics.demo import events as ev
from analytics.demo.attackers import BAD_DAYS, GOOD_DAYS, Attackers
from analytics.demo.attacks import FalseReviews


def write_attackers(path: Path, attackers: Attackers) -> None:
    """truth/attackers.parquet: a row per merchant that attacks.

    attack: whitewashing, oscillation, ring or sybil; group_id: those who act together; from_at, to_at (UTC, end
    exclusive): how long; successor_of: the merchant_id that this one traded under before; good_days, bad_days: the
    cycle of an oscillating one, which begins with good days at from_at.
    """
    rows = [(s.merchant, s.attack, s.group, s.opens, s.closes, s.predecessor) for s in attackers.shops]
    rows += [(m, g.attack, g.group, g.opens, g.closes, -1) for g in attackers.gangs for m in g.members.tolist()]
    merchant, attack, group, opens, closes, predecessor = zip(*rows, strict=True)
    swings = np.array([name == "oscillation" for name in attack])
    cols.write(
        path,
        {
            "merchant_id": ev.ids(ev.MERCHANT, np.array(merchant)),
            "attack": pa.array(attack),
            "group_id": pa.array(group),
            "from_at": cols.instants(np.array(opens)),
            "to_at": cols.instants(np.array(closes)),
            "successor_of": ev.ids(ev.MERCHANT, np.array(predecessor)),
            "good_days": cols.integers(np.where(swings, GOOD_DAYS, -1)),
            "bad_days": cols.integers(np.where(swings, BAD_DAYS, -1)),
        },
    )


def write_false_reviews(path: Path, attackers: Attackers, false: FalseReviews) -> None:
    """truth/false_reviews.parquet: a row per order whose review was bought; the buyer_id is the one before any hash."""
    groups = [gang.group for gang in attackers.gangs]
    cols.write(
        path,
        {
            "order_id": ev.ids(ev.ORDER, false.order),
            "merchant_id": ev.ids(ev.MERCHANT, false.merchant),
            "buyer_id": ev.ids(ev.BUYER, false.buyer),
            "group_id": cols.coded(false.gang, groups),
        },
    )
