"""What an order and its rating weigh as evidence about a merchant, from who else bought, how often, and what they said.

Knows orders and their ratings, no warehouse and no attack. A rating weighs what its rater's other ratings support (`model.py`); an order that
went well weighs less where its buyer buys from nobody else and such buyers are more than the marketplace's share explains, and where one buyer
buys again and again. What went wrong (late, cancelled, disputed: facts of the platform) is not doubted for who bought it.

Sources: one voice a buyer and merchant, Josang, Ismail and Boyd 2007; accounts that cost nothing, Friedman and Resnick 2001 and Cheng and Friedman
2005 (no account may add more than others' evidence allows). Constants by reasoning, looked at on seeds that are not judged (docs/decisions/016).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.trust.credibility.model import fit_ratings
from analytics.trust.credibility.ratings import Floats, pool_ratings
from analytics.trust.credibility.standings import credibility_of

Bools = NDArray[np.bool_]
LOWEST, HIGHEST = 1, 5  # stars
ROOM = 2.33  # standard deviations of chance that a merchant's share of one-shop buyers may lie above the usual
SPARE = 1.0  # orders of such buyers that need no others beside them
FEWEST = 20  # orders from which on a merchant tells what is usual
FAILURES = ("late", "cancelled", "disputed")


@dataclass(frozen=True)
class OrderWeights:
    """One entry an order of `orders` (index from 0): the rows that count, in the order given.

    order: weight of its outcome, 0–1. rating: weight of its rating beside an independent rating of an ordinary rater (0 when silent).
    credibility: of its buyer as a rater, 0–1 (NaN when the buyer never rated). is_failed: late, cancelled or disputed.
    set_aside: reason → order ids whose row, or rating, does not count.
    """

    orders: pd.DataFrame
    order: Floats
    rating: Floats
    credibility: Floats
    is_failed: Bools
    set_aside: Mapping[str, tuple[object, ...]] = field(default_factory=dict)


def weigh_orders(orders: pd.DataFrame) -> OrderWeights:
    """Weights of orders: columns order_id, merchant_id, buyer_id, rating (1–5 or missing), rated_at (UTC or missing), late, cancelled, disputed.

    An order of a merchant with itself counts for nothing, a rating outside 1–5 not as a rating; both are named in `set_aside`.
    """
    kept, set_aside = _checked(orders)
    is_failed = np.asarray(kept[list(FAILURES)].fillna(False).to_numpy(dtype=bool).any(axis=1), dtype=bool)
    merchant, buyer = (pd.factorize(kept[name])[0] for name in ("merchant_id", "buyer_id"))
    crowd = bounded_crowd(merchant, buyer, is_failed)
    order = one_voice(merchant, buyer) * crowd
    rating, credibility = _ratings(kept)
    return OrderWeights(kept, order, rating * crowd, credibility, is_failed, set_aside)


def one_voice(merchant: np.ndarray, buyer: np.ndarray) -> Floats:
    """1/√k for each of k orders of one buyer with one merchant: loyalty tells something, but not k times as much. A missing buyer (−1) is nobody's pair."""
    pair = pd.Series(merchant.astype(np.int64) * (int(buyer.max(initial=0)) + 1) + buyer)
    times = pair.map(pair.value_counts()).to_numpy(dtype=float)
    return np.asarray(np.where(buyer < 0, 1.0, 1 / np.sqrt(times)))


def bounded_crowd(merchant: np.ndarray, buyer: np.ndarray, is_failed: np.ndarray) -> Floats:
    """Weight of each order by a buyer who buys from this merchant alone: together they weigh what the others' number explains.

    Usual is the median share of such orders among merchants with enough; a merchant may have ROOM standard deviations more. However many accounts are
    made, they add no more than that.
    """
    if not len(merchant):
        return np.zeros(0)
    known = buyer >= 0
    shops = pd.DataFrame({"buyer": buyer, "merchant": merchant})[known].drop_duplicates()["buyer"].value_counts()
    is_one_shop = known & (pd.Series(buyer).map(shops).fillna(0).to_numpy() == 1) & ~is_failed
    total = np.bincount(merchant).astype(float)
    crowd = np.bincount(merchant, is_one_shop, len(total))
    counted = total >= FEWEST if (total >= FEWEST).any() else total > 0
    usual = min(float(np.median(crowd[counted] / total[counted])), 0.95)
    odds = usual / (1 - usual)
    expected = (total - crowd) * odds
    allowed = SPARE + expected + ROOM * np.sqrt(expected * (1 + odds))
    weight = np.minimum(1.0, allowed / np.maximum(crowd, 1e-9))
    return np.where(is_one_shop, weight[merchant], 1.0)


def _checked(orders: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, tuple[object, ...]]]:
    own = (orders["merchant_id"].astype(str) == orders["buyer_id"].astype(str)).to_numpy(dtype=bool)
    stars = pd.to_numeric(orders["rating"], errors="coerce").astype(float).to_numpy()
    outside = ~own & ~np.isnan(stars) & ((stars < LOWEST) | (stars > HIGHEST))
    kept = orders.assign(rating=np.where(outside, np.nan, stars))[~own].reset_index(drop=True)
    faults = {"a merchant's order with itself": own, f"a rating outside {LOWEST} to {HIGHEST}": outside}
    return kept, {name: tuple(orders["order_id"][rows].tolist()) for name, rows in faults.items() if rows.any()}


def _ratings(orders: pd.DataFrame) -> tuple[Floats, Floats]:
    """Weight of each order's rating, and the credibility of its buyer. A buyer without an id is a rater of one rating."""
    weight, credibility = np.zeros(len(orders)), np.full(len(orders), np.nan)
    rated = np.flatnonzero(orders["rating"].notna())
    if not len(rated):
        return weight, credibility
    told = orders.iloc[rated]
    names = told["buyer_id"].astype(object).where(told["buyer_id"].notna(), "order " + told["order_id"].astype(str))
    raters, ratees = names.astype(str), told["merchant_id"].astype(str)
    ratings = pool_ratings(
        raters.tolist(),
        ratees.tolist(),
        told["rating"].to_numpy(dtype=float),
        _seconds(told["rated_at"]),
        LOWEST,
        HIGHEST,
    )
    fit = fit_ratings(ratings)
    rater, ratee = (
        pd.Index(ids).get_indexer(pd.Index(told)) for ids, told in ((ratings.raters, raters), (ratings.ratees, ratees))
    )
    key = ratings.rater * len(ratings.ratees) + ratings.ratee  # sorted, as votes are
    vote = np.searchsorted(key, rater * len(ratings.ratees) + ratee)
    weight[rated] = fit.weight[vote] / np.sqrt(ratings.count[vote])
    known = pd.Series(credibility_of(fit, ratings), index=pd.Index(ratings.raters))
    return weight, np.asarray(known.reindex(orders["buyer_id"].astype(str)), dtype=float)


def _seconds(times: pd.Series[pd.Timestamp]) -> Floats:
    at = pd.to_datetime(times, utc=True)
    return np.asarray((at - pd.Timestamp(0, tz="UTC")).dt.total_seconds().to_numpy(dtype=float))
