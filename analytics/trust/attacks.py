"""What if somebody attacked our own merchants: false evidence put into the orders that the warehouse holds, and what each way of scoring makes of it.

Pure: orders and counts in, a table out. Nothing is written anywhere. The attacks are those of the suite (analytics/bench/attacks) that one merchant's
page can show; forged orders cost little, arrive in time and are rated days later, half of them within a burst of two days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analytics.trust.order_methods import LOW, METHODS, POSITIVE
from analytics.trust.prior import TrustModel
from analytics.trust.programme import Programme
from analytics.trust.score import score_from_counts

LIMIT = 0.10
SCORE = "trustdesk"
MARGIN_DAYS = 15  # before the end, so that a forged order can still be rated
USES = 3  # orders an account of a stuffer makes
BUYERS_FROM = 20_000  # orders
DEAR = 20.0  # times the merchant's median value


@dataclass(frozen=True)
class Evidence:
    """orders, merchants: see `stand`; counts: of `daily_counts`; model: fitted to them. at: the instant that all is of."""

    orders: pd.DataFrame
    merchants: pd.DataFrame
    counts: pd.DataFrame
    model: TrustModel
    at: pd.Timestamp


def stuffed(evidence: Evidence, merchant: str, share: float, rng: np.random.Generator) -> Evidence:
    """Five stars added, `share` of the merchant's own ratings, by accounts used three times; four in ten were honest buyers'."""
    own = evidence.orders[evidence.orders["merchant_id"] == merchant]
    n = max(1, round(share * int(own["rating"].notna().sum())))
    accounts = -(-n // USES)
    known = evidence.orders["buyer_id"].dropna().unique()
    bought = rng.choice(known, min(round(0.4 * accounts), len(known)), replace=False).tolist()
    pool = [*bought, *(f"false account {i}" for i in range(accounts - len(bought)))]
    return _forged(evidence, merchant, [pool[i] for i in rng.integers(0, len(pool), n)], 5.0, rng)


def sybils(evidence: Evidence, merchant: str, accounts: float, rng: np.random.Generator) -> Evidence:
    """So many new accounts order once each and give five stars."""
    return _forged(evidence, merchant, [f"false account {i}" for i in range(round(accounts))], 5.0, rng)


def slandered(evidence: Evidence, merchant: str, share: float, rng: np.random.Generator) -> Evidence:
    """`share` of the merchant's buyers give one star to every order they have with it, silent ones too; the orders stay what they were."""
    orders = evidence.orders
    mine = orders["merchant_id"] == merchant
    buyers = orders.loc[mine, "buyer_id"].dropna().unique()
    if not len(buyers):
        return evidence
    liars = rng.choice(buyers, max(1, round(share * len(buyers))), replace=False)
    told = (mine & orders["buyer_id"].isin(liars)).to_numpy(dtype=bool)
    rated_at = orders["rated_at"].fillna(orders["ordered_at"] + pd.Timedelta(days=6))
    changed = orders.assign(rating=orders["rating"].mask(told, 1.0), rated_at=orders["rated_at"].mask(told, rated_at))
    return replace(evidence, orders=changed)


def betrayed(evidence: Evidence, merchant: str, orders: float, rng: np.random.Generator) -> Evidence:
    """So many dear orders, twenty times the median value, taken at the end and never served in time: late, disputed, one star."""
    buyers = evidence.orders["buyer_id"].dropna().unique()
    chosen = rng.choice(buyers, min(round(orders), len(buyers)), replace=False).tolist()
    return _forged(evidence, merchant, chosen, 1.0, rng, is_betrayal=True)


ATTACKS = {"stuffed": stuffed, "sybils": sybils, "slandered": slandered, "betrayed": betrayed}
SIZES: Mapping[str, tuple[float, ...]] = {
    "stuffed": (0.10, 0.25, 0.50, 1.00),
    "sybils": (10, 50, 200),
    "slandered": (0.05, 0.10, 0.20),
    "betrayed": (1, 5, 20),
}


def clean_scores(evidence: Evidence) -> dict[str, pd.Series[float]]:
    """Scores (0–1) by method of the evidence as it is, by merchant_id."""
    return {name: _scores(name, evidence, evidence) for name in (SCORE, *METHODS)}


def compare(
    before: Evidence, after: Evidence, merchants: Sequence[str], clean: Mapping[str, pd.Series[float]] | None = None
) -> pd.DataFrame:
    """A row a method and merchant: method, merchant_id, score_before, score_after (0–1), percentile_before, percentile_after (0–100, 100 the best; NaN without a score).

    clean: the `clean_scores` of `before`, when they are known already.
    """
    parts = []
    for name, was in (clean or clean_scores(before)).items():
        now = _scores(name, after, before)
        ids = pd.Index(merchants)
        parts.append(
            pd.DataFrame(
                {
                    "method": name,
                    "merchant_id": ids,
                    "score_before": was.reindex(ids).to_numpy(),
                    "score_after": now.reindex(ids).to_numpy(),
                    "percentile_before": (was.rank(pct=True) * 100).reindex(ids).to_numpy(),
                    "percentile_after": (now.rank(pct=True) * 100).reindex(ids).to_numpy(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def best_tenth(evidence: Evidence) -> list[str]:
    """The tenth of merchants with the best trust scores (one at least), of those that have one."""
    scores = _scores(SCORE, evidence, evidence).dropna().sort_values(ascending=False)
    return [str(name) for name in scores.index[: max(1, len(scores) // 10)]] if len(scores) else []


def attack(
    evidence: Evidence,
    name: str,
    size: float,
    merchants: Sequence[str],
    seed: int,
    clean: Mapping[str, pd.Series[float]] | None = None,
) -> pd.DataFrame:
    """One of ATTACKS on each of some merchants at once, and `compare` of it. The same for the same seed."""
    # Worked on the attacked merchants' orders, and enough others to take buyers from: orders are copied once a merchant.
    is_near = evidence.orders["merchant_id"].isin(merchants).to_numpy(dtype=bool, copy=True)
    is_near[:: max(1, len(is_near) // BUYERS_FROM)] = True
    near = replace(evidence, orders=evidence.orders[is_near].reset_index(drop=True))
    for place, merchant in enumerate(merchants):
        near = ATTACKS[name](near, merchant, size, np.random.default_rng([seed, place]))
    after = replace(evidence, orders=pd.concat([evidence.orders[~is_near], near.orders], ignore_index=True))
    return compare(evidence, after, merchants, clean)


def _forged(
    evidence: Evidence,
    merchant: str,
    buyers: list[str],
    stars: float,
    rng: np.random.Generator,
    is_betrayal: bool = False,
) -> Evidence:
    own = evidence.orders[evidence.orders["merchant_id"] == merchant]
    like = own if len(own) else evidence.orders
    n, last = len(buyers), evidence.at - pd.Timedelta(days=MARGIN_DAYS)
    first = min(like["ordered_at"].min(), last - pd.Timedelta(days=2))
    span = (last - first) / pd.Timedelta(seconds=1)
    start = span if is_betrayal else rng.random() * span
    seconds = np.where(rng.random(n) < 0.5, np.clip(start + rng.random(n) * 172_800, 0, span), rng.random(n) * span)
    values = like["value_minor"].to_numpy(dtype=float)
    value = np.full(n, DEAR * np.median(values)) if is_betrayal else np.quantile(values, 0.4 * rng.random(n))
    at = first + pd.to_timedelta(np.full(n, span) if is_betrayal else seconds, unit="s")
    added = pd.DataFrame(
        {
            "order_id": [f"false order {merchant} {i}" for i in range(n)],
            "merchant_id": merchant,
            "buyer_id": [f"{buyer} {merchant}" if buyer.startswith("false account") else buyer for buyer in buyers],
            "ordered_at": at,
            "value_minor": value,
            "rating": stars,
            "rated_at": at + pd.Timedelta(days=5),
            "late": is_betrayal,
            "cancelled": False,
            "disputed": is_betrayal,
        }
    )
    return replace(evidence, orders=pd.concat([evidence.orders, added], ignore_index=True))


def _scores(name: str, evidence: Evidence, clean: Evidence) -> pd.Series[float]:
    if name != SCORE:
        return METHODS[name](evidence.orders, evidence.merchants, evidence.at, LIMIT).score
    counts = clean.counts if evidence is clean else _recounted(evidence, clean)
    return pd.Series(score_from_counts(counts, clean.model)["score"].to_numpy() / 100, index=counts["merchant_id"])


def _recounted(evidence: Evidence, clean: Evidence) -> pd.DataFrame:
    """The counts of the score with what differs between the two sets of orders added to them."""
    programme, counts = clean.model.programme, clean.counts.copy()
    ids = pd.Index(counts["merchant_id"])
    tables = [_measures(one.orders, evidence.at, programme, ids) for one in (evidence, clean)]
    counts["n"] += (tables[0]["n"] - tables[1]["n"]).to_numpy().round().astype(int)
    for rate in clean.model.rates:
        for column, measure in (("recent_numerator", rate.numerator), ("recent_denominator", rate.denominator)):
            key = f"{measure} {rate.maturity_days}"
            counts[f"{rate.rate_id}.{column}"] += (tables[0][key] - tables[1][key]).to_numpy()
    return counts


def _measures(orders: pd.DataFrame, at: pd.Timestamp, programme: Programme, ids: pd.Index[str]) -> pd.DataFrame:
    """Recency-weighted sums per merchant of what an order of the frame tells; measures that it can't tell are 0 and cancel out."""
    age = ((at - orders["ordered_at"]).dt.total_seconds() / 86_400).to_numpy(dtype=float)
    weight = 0.5 ** (np.maximum(age, 0.0) / programme.half_life_days)
    served = (~orders["cancelled"]).to_numpy(dtype=float)
    stars = orders["rating"].to_numpy(dtype=float)
    told = {
        "order_count": np.ones(len(orders)),
        **dict.fromkeys(("delivery_due_count", "delivered_count", "ship_due_count", "tracked_count", "valid_tracking_count"), served),
        "late_seller_count": orders["late"].to_numpy(dtype=float),
        "seller_cancelled_count": orders["cancelled"].to_numpy(dtype=float),
        "reviewed_order_count": (~np.isnan(stars)).astype(float),
        "negative_order_count": (stars <= LOW).astype(float),
        "positive_order_count": (stars >= POSITIVE).astype(float),
        **dict.fromkeys(("seller_disputed_count", "upheld_dispute_count", "disputed_count"), orders["disputed"].to_numpy(dtype=float)),
    }  # fmt: skip
    place, columns = ids.get_indexer(pd.Index(orders["merchant_id"])), {}
    known = place >= 0
    columns["n"] = np.bincount(place[known], minlength=len(ids)).astype(float)
    for rate in programme.rates:
        ripe = known & (age >= rate.maturity_days)
        for measure in (rate.numerator, rate.denominator):
            value = told.get(measure, np.zeros(len(orders))) * weight
            columns[f"{measure} {rate.maturity_days}"] = np.bincount(place[ripe], value[ripe], len(ids))
    return pd.DataFrame(columns)
