"""Is the what-if lab exact and fast? Synthetic counts and questions to time it on, a recount by SQL, and the peer that reads orders at every move.

Knows a warehouse's cursor and the lab; knows no command.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.trust.counts import score_day
from analytics.trust.merchants import score_merchants
from analytics.trust.programme import Programme, default_programme
from analytics.whatif import Lab, Lever, Scenario, WhatifResult
from analytics.whatif.questions import Goal, Limit, Search, SearchLever

if TYPE_CHECKING:
    from analytics.warehouse import Cursor

SLIDERS = {"behaviour": "late_rate", "limit": "score_limit good", "weight": "weight late_seller_rate"}
SLIDERS |= {"carrier": "carrier_share", "category": "category_share"}  # of what most orders are of
_NO_CARRIER = ("question_count", "csat_count", "penalty_count")  # denominators or numerators that are not of orders
_SQL = Path(__file__).resolve().parents[1] / "sql" / "whatif"
# Rules that change the score of every merchant, each within any data's bounds.
RULES = (
    Lever("half_life_days", target=30.0),
    Lever("window_days", target=180.0),
    Lever("min_n", target=50.0),
    Lever("weight", target=25.0, of="late_seller_rate"),
    Lever("bad", target=0.2, of="negative_order_rate"),
)


def synthetic_counts(merchants: int, seed: int) -> pd.DataFrame:
    """A frame as `daily_counts` gives it, of merchants that nobody has: 12 categories, orders from a handful to thousands, careful and careless."""
    generator, programme = np.random.default_rng(seed), default_programme()
    day = pd.Timestamp("2026-06-30").date()
    orders = np.ceil(np.exp(generator.normal(4.5, 1.2, merchants)))
    careless = generator.random(merchants) < 0.3
    columns: dict[str, object] = {
        "merchant_id": [f"m{place:06d}" for place in range(merchants)],
        "name": [f"Merchant {place}" for place in range(merchants)],
        "category": [f"category {place}" for place in generator.integers(0, 12, merchants)],
        "region": [f"region {place}" for place in generator.integers(0, 6, merchants)],
        "tier": "standard",
        "size_band": np.where(orders < 50, "10-49", "50-199"),
        "joined_on": day,
        "tenure_days": generator.integers(30, 2000, merchants).astype(float),
        "as_of": pd.Series([day] * merchants, dtype="object"),
        "n": orders.astype(np.int64),
    }
    for rate in programme.rates:
        spot = np.where(careless, 0.6, 0.1) + generator.normal(0, 0.15, merchants)
        truth = np.clip(rate.good + spot * (rate.bad - rate.good), 0.0005, 0.9995)
        counted = generator.binomial(orders.astype(int), truth).astype(float)
        columns |= {
            f"{rate.rate_id}.numerator": counted,
            f"{rate.rate_id}.denominator": orders,
            f"{rate.rate_id}.recent_numerator": counted * 0.24,
            f"{rate.rate_id}.recent_denominator": orders * 0.24,
            f"{rate.rate_id}.square_denominator": orders * 0.12,
            f"{rate.rate_id}.evidence": orders,
        }
    return pd.DataFrame(columns)


def synthetic_amounts(counts: pd.DataFrame) -> pd.DataFrame:
    """Order value of the merchants, 25 an order."""
    return pd.DataFrame({"merchant_id": counts["merchant_id"], "currency": "EUR", "gmv_minor": counts["n"] * 2500.0})


def synthetic_carriers(counts: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The orders of `synthetic_counts` by carrier, as `sql/whatif/carriers.sql` has them: each merchant ships with one to three of three carriers, of which bad
    things befall the second 1.5 times and the third half as often as the first. Every order is as old as the slowest rate needs."""
    generator, programme = np.random.default_rng([seed, 1]), default_programme()
    orders, carriers = counts["n"].to_numpy(), 3
    is_used = generator.random((len(orders), carriers)) < (0.9, 0.6, 0.4)
    is_used[~is_used.any(axis=1), 0] = True
    wanted = generator.gamma(2.0, size=is_used.shape) * is_used
    shipped = generator.multinomial(orders, wanted / wanted.sum(axis=1, keepdims=True)).astype(float)
    columns: dict[str, object] = {
        "merchant_id": np.repeat(counts["merchant_id"].to_numpy(), carriers),
        "carrier": np.tile([f"carrier {place}" for place in range(carriers)], len(orders)),
        "matured": len({rate.maturity_days for rate in programme.rates}),
    }
    measures: dict[str, NDArray[np.float64]] = {"shipped_count": shipped}
    inclined = shipped * (1.0, 1.5, 0.5)
    for rate in (rate for rate in programme.rates if not {rate.numerator, rate.denominator} & {*_NO_CARRIER}):
        cases = counts[f"{rate.rate_id}.numerator"].to_numpy(dtype=np.int64)
        split = generator.multinomial(cases, inclined / inclined.sum(axis=1, keepdims=True))
        measures |= {rate.denominator: shipped, rate.numerator: np.minimum(split, shipped)}
    for name, values in measures.items():
        columns |= {f"raw_{name}": values.ravel(), f"recent_{name}": values.ravel() * 0.24}
    return pd.DataFrame(columns)[shipped.ravel() > 0]


def served_difference(cursor: Cursor, result: WhatifResult, programme: Programme | None = None) -> tuple[int, float]:
    """Merchants with a score, and the largest difference of the recomputed one (score_after) from the one that is served under a definition; infinite where one
    has a score and the other hasn't."""
    served = {score.merchant_id: score.score for score in score_merchants(cursor, programme=programme)}
    old = np.array([served[name] for name in result.scores["merchant_id"]], dtype=float)
    new = result.scores["score_after"].to_numpy(dtype=float)
    if (np.isnan(old) != np.isnan(new)).any() or len(served) != len(new):
        return len(new), float("inf")
    return int((~np.isnan(old)).sum()), float(np.nanmax(np.abs(old - new), initial=0.0))


def recount(cursor: Cursor, before: float, after: float) -> pd.DataFrame:
    """Who crosses a border moved from `before` to `after`, by SQL over served scores: merchant_id, direction, orders, gmv_minor."""
    scored = [score for score in score_merchants(cursor) if score.score is not None]
    asked = {
        "merchants": [score.merchant_id for score in scored],
        "scores": [score.score for score in scored],
        "before": before,
        "after": after,
        "day": score_day(cursor),
        "window_days": default_programme().window_days,
    }
    return cursor.df(_sql("crossings"), asked)


def read_events(cursor: Cursor) -> pd.DataFrame:
    """The peer's work of one move: what orders say of every merchant, from the orders."""
    programme = default_programme()
    counted = {name for rate in programme.rates for name in (rate.numerator, rate.denominator, rate.evidence)}
    others = ("csat_count", "csat_satisfied_count", "penalty_count")
    asked = {
        "day": score_day(cursor),
        "window_days": programme.window_days,
        "half_life_days": programme.half_life_days,
        "maturities": sorted({rate.maturity_days for rate in programme.rates}),
        "measures": "|".join(
            sorted(name for name in counted if name not in others and not name.startswith("question"))
        ),
    }
    return cursor.df(_sql("from_events"), asked)


def moves(lab: Lab, kind: str, number: int, seed: int) -> list[Scenario]:
    """Moves of one slider of SLIDERS to random places, all merchants; none where the data lack it."""
    generator = np.random.default_rng(seed)
    span = next((found for found in lab.ranges() if SLIDERS[kind] in (found.name, found.kind)), None)
    if span is None:
        return []
    low, high = (5.0, 40.0) if kind == "weight" else (span.low, min(span.high, 2 * span.baseline))
    places = generator.uniform(low, high, number)
    return [
        Scenario("move", levers=(Lever(span.kind, target=float(place), level=span.level, of=span.of),))
        for place in places
    ]


def goals(lab: Lab, number: int, seed: int) -> list[Goal]:
    """Goals of the median score by the late rate of all merchants: targets up to a tenth beyond what the rate can do, so that some are out of reach."""
    generator = np.random.default_rng(seed)
    late = next(found for found in lab.ranges() if found.name == "late_rate")
    ends = (min(late.high, 2 * late.baseline), late.low)
    worst, best = (
        lab.points(Scenario("end", levers=(Lever("late_rate", target=end),)))["median_score"] for end in ends
    )
    targets = generator.uniform(worst, best + (best - worst) / 10, number)
    return [Goal("late_rate", "median_score", float(target), high=ends[0]) for target in targets]


def searches(lab: Lab, evaluations: int) -> dict[str, Search]:
    """Mixes of three behaviour levers for the best median score: what bounds them → the search. The budget is a third of what all three would cost at their best."""
    names = ("late_rate", "rate seller_cancellation_rate", "rate negative_order_rate")
    ranges = {found.name: found for found in lab.ranges()}
    priced = tuple(SearchLever(name, 1 / (ranges[name].baseline - ranges[name].low)) for name in names)
    below = lab.points(Scenario("now"))["merchants_below_limit"]
    of_budget = Search(priced, maximise="median_score", budget=1.0, evaluations=evaluations)
    limit = Limit("merchants_below_limit", at_most=0.9 * below)
    return {"a budget": of_budget, "a budget and a limit": replace(of_budget, limits=(limit,))}


@cache
def _sql(name: str) -> str:
    return (_SQL / f"{name}.sql").read_text(encoding="utf-8")
