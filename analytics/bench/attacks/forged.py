"""Orders that attackers put into a market: real purchases by accounts of their own, with the rating they want.

Knows how such orders look, not which attack they serve. A forged order costs its value, is sent on time (the seller
packs an empty box gladly), and is rated a few days later.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.bench.attacks.market import DAY, ORDER_COLUMNS, Floats, Ints, Market, instants
from analytics.bench.attacks.words import copied_texts, review_texts

BURST_DAYS = 2.0


@dataclass(frozen=True)
class Forgery:
    """One entry per order to come: who sells, who buys, when (seconds since the market's start), stars and value."""

    merchant: Ints
    buyer: Ints
    second: Ints
    stars: Ints
    value_minor: Ints

    def __len__(self) -> int:
        return len(self.merchant)


def new_buyers(market: Market, n: int, skip: int = 0) -> Ints:
    """Numbers of n accounts that do not exist yet, after the first `skip` of such numbers."""
    first = int(max(market.orders["buyer_id"].max(), market.buyers["buyer_id"].max())) + 1 + skip
    return np.arange(first, first + n)


def accounts(
    market: Market, n: int, bought: float, rng: np.random.Generator, *, skip: int = 0, ratings: int = 1
) -> tuple[Ints, Ints]:
    """The bought and the new ones of n accounts: the share `bought` of them was taken over from honest buyers.

    Those have `ratings` ratings or more of their own; skip: new accounts that others have opened already.
    """
    counts = market.orders.loc[market.orders["rating"].notna(), "buyer_id"].value_counts().sort_index()
    known = counts.index[counts >= ratings].to_numpy()
    taken = min(round(bought * n), len(known))
    return rng.choice(known, taken, replace=False), new_buyers(market, n - taken, skip)


def life(market: Market, merchant: int, margin_days: float = 15.0) -> tuple[float, float]:
    """First and last second since the market's start at which a forged order of a merchant can still be rated."""
    row = int(np.flatnonzero(market.merchants["merchant_id"].to_numpy() == merchant)[0])
    first = max(0.0, (market.merchants["joined_at"].iloc[row] - market.start).total_seconds())
    last = (market.end - market.start).total_seconds() - margin_days * DAY
    return first, max(first + 1.0, last)


def times(first: float, last: float, burst: Floats, spread: Floats, at: float, share: float) -> Ints:
    """Seconds between first and last: the share `share` inside one burst of two days at `at` (0–1), the rest spread.

    burst and spread are uniform numbers, one per order; an order is in the burst where `burst` is below the share.
    """
    inside = first + at * max(last - first - BURST_DAYS * DAY, 0.0) + spread * min(BURST_DAYS * DAY, last - first)
    return np.asarray(np.where(burst < share, inside, first + spread * (last - first)), dtype=np.int64)


def usual_values(market: Market, merchant: int, u: Floats, top: float = 0.4) -> Ints:
    """Values between the lowest and the quantile `top` of a merchant's own orders: fraud buys the cheap things."""
    own = market.orders.loc[market.orders["merchant_id"] == merchant, "value_minor"]
    values = own if len(own) else market.orders["value_minor"]
    return np.asarray(np.quantile(values, top * u), dtype=np.int64)


def forge(
    market: Market, forgery: Forgery, rng: np.random.Generator, *, copied: float = 0.0, worded: float = 0.5
) -> tuple[Market, Ints]:
    """The market with the forged orders among the others by time, and their order ids in the forgery's order.

    copied: share of the texts that are near-duplicates of two drafts; worded: share of ratings with a text.
    """
    n = len(forgery)
    clock, voice = rng.spawn(2)  # apart, so that the first of many forged orders are those of few
    number = int(market.orders["order_id"].max()) + 1 + np.arange(n)
    ordered_at = instants(forgery.second)
    rated_at = ordered_at + pd.to_timedelta(
        (DAY * (2.5 + clock.gamma(1.3, 1.5, n).clip(max=11.0))).astype(np.int64), "s"
    )
    frame = pd.DataFrame(
        {
            "order_id": number,
            "merchant_id": forgery.merchant,
            "buyer_id": forgery.buyer,
            "ordered_at": ordered_at,
            "value_minor": forgery.value_minor,
            "rating": pd.array(forgery.stars, dtype="Int8"),
            "rated_at": rated_at.as_unit("us"),
            "text": pd.Series(_words(forgery.stars, copied, worded, voice), dtype=object),
            "late": np.zeros(n, dtype=bool),
            "cancelled": np.zeros(n, dtype=bool),
            "disputed": np.zeros(n, dtype=bool),
        }
    )
    return with_orders(market, frame), number


def joined(parts: list[Forgery]) -> Forgery:
    """Several forgeries as one."""
    return Forgery(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Forgery)})


def with_orders(market: Market, added: pd.DataFrame) -> Market:
    """The market with more orders, all in order of time (then of id)."""
    frame = pd.concat([market.orders, added[list(ORDER_COLUMNS)]], ignore_index=True)
    return replace(market, orders=frame.sort_values(["ordered_at", "order_id"], ignore_index=True))


def _words(stars: Ints, copied: float, worded: float, rng: np.random.Generator) -> npt.NDArray[np.object_]:
    n = len(stars)
    plain, which, drafts, silent = rng.spawn(4)
    own = review_texts(stars, np.zeros(n, dtype=bool), plain)
    is_copied = which.random(n) < copied
    own[is_copied] = copied_texts(int(is_copied.sum()), drafts)
    own[silent.random(n) >= worded] = None
    return own
