"""Are small merchants flagged wrongly more often than large ones? Verdicts on merchants whose true share of bad orders is known.

Arrays in, rows out; the truth (a simulator's) only judges. A verdict is flagged, cleared or undecided ("not enough data").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.bench.backtest import BINS, Floats, Ints, calibration_error, wilson_interval

SURE, UNLIKELY = 0.9, 0.1  # flagged from this P(share > limit) on; cleared up to this
CLEARED, UNDECIDED, FLAGGED = range(3)
BANDS = ((1, 49), (50, 500), (501, None))  # orders of the last 365 days
Verdicts = NDArray[np.int8]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Known:
    """What is true of each merchant of a list: its share of bad orders now, in how many replayed orders it was found (NaN where the truth
    doesn't tell); and its orders of the last 365 days."""

    share: Floats
    replays: Floats
    orders: Ints

    def clearly(self, limit: float) -> tuple[Bools, Bools]:
        """Who is truly good and who truly bad: the 95 % interval of the share lies on one side of the limit. Others are neither."""
        low, high = wilson_interval(self.share * self.replays, self.replays)
        has_orders = self.orders > 0
        return has_orders & (high <= limit), has_orders & (low > limit)


def true_shares(root: Path, merchant_ids: tuple[str, ...]) -> tuple[Floats, Floats] | None:
    """Shares and replays from the truth tables of a demo's warehouse; None where there are none, or older ones."""
    path = root / "truth" / "merchants.parquet"
    if not path.is_file():
        return None
    truth = pd.read_parquet(path)
    if "expected_bad_order_rate" not in truth:
        return None
    truth = truth.set_index("merchant_id").reindex(list(merchant_ids))
    share, replays = (truth[name].to_numpy(dtype=float) for name in ("expected_bad_order_rate", "replicate_count"))
    return share, replays


def from_probability(over: Floats) -> Verdicts:
    """Verdicts by P(share > limit)."""
    return np.select([over >= SURE, over <= UNLIKELY], [FLAGGED, CLEARED], UNDECIDED).astype(np.int8)


def from_share(bad: Floats, orders: Floats, limit: float, min_n: int) -> Verdicts:
    """Verdicts of a fixed limit on the observed share, undecided below `min_n` orders."""
    judged = np.where(bad > limit * orders, FLAGGED, CLEARED)
    return np.where(orders < min_n, UNDECIDED, judged).astype(np.int8)


def from_outcome(outcome: NDArray[np.object_]) -> Verdicts:
    """Verdicts of a seller programme: fail is flagged, pass and near are cleared, anything else is undecided."""
    flagged, cleared = outcome == "fail", (outcome == "pass") | (outcome == "near")
    return np.select([flagged, cleared], [FLAGGED, CLEARED], UNDECIDED).astype(np.int8)


def newcomer_rows(
    known: Known, verdicts: Mapping[str, Verdicts], limit: float, weights: Floats
) -> Iterator[dict[str, object]]:
    """A row a method and band of orders, and one a method with the ratio of false flags of the smallest band to the largest."""
    is_good, is_bad = known.clearly(limit)
    for method, verdict in verdicts.items():
        for low, high in BANDS:
            mine = (known.orders >= low) & (known.orders <= (high or np.inf))
            yield {
                "record": "newcomers",
                "method": method,
                "orders": f"{low}-{high}" if high else f"{low}+",
                **_shares("good", verdict[is_good & mine]),
                **_shares("bad", verdict[is_bad & mine]),
            }
        yield {"record": "false_flags", "method": method, **_ratio(known, verdict, is_good, weights)}


def _shares(name: str, verdict: Verdicts) -> dict[str, object]:
    """Of truly good merchants the false flags, of truly bad ones those that are missed (not flagged); and the undecided of both."""
    n = len(verdict)
    wrong = int((verdict == FLAGGED).sum() if name == "good" else (verdict != FLAGGED).sum())
    low, high = (float(end) for end in wilson_interval(np.array(wrong), np.array(n)))
    return {
        name: n,
        "false_flag_rate" if name == "good" else "miss_rate": wrong / n if n else None,
        f"{'false_flag' if name == 'good' else 'miss'}_ci": [round(low, 4), round(high, 4)] if n else None,
        f"{name}_undecided_rate": float((verdict == UNDECIDED).mean()) if n else None,
    }


def _ratio(known: Known, verdict: Verdicts, is_good: Bools, weights: Floats) -> dict[str, object]:
    """False flags under 50 orders over those above 500; null where no large merchant is flagged wrongly."""
    rates = []
    for low, high in (BANDS[0], BANDS[-1]):
        mine = is_good & (known.orders >= low) & (known.orders <= (high or np.inf))
        rates.append((weights @ (mine & (verdict == FLAGGED))) / np.maximum(weights @ mine, 1e-9))
    small, large = rates
    ahead = small - 1.25 * large
    ratio = small / np.where(large > 0, large, np.nan)
    low, high = np.quantile(ahead[1:], [0.025, 0.975])
    return {
        "under_50": float(small[0]),
        "over_500": float(large[0]),
        "ratio": float(ratio[0]) if np.isfinite(ratio[0]) else None,
        "over_bound": float(ahead[0]),  # under_50 − 1.25 × over_500: at most 0 is asked
        "over_bound_ci_low": float(low),
        "over_bound_ci_high": float(high),
    }


def limit_calibration(over: Floats, share: Floats, limit: float, weights: Floats) -> dict[str, object]:
    """Expected calibration error of P(true share > limit) over the merchants whose truth is told, BINS equal parts of 0–1, with its 95 % interval."""
    told = np.flatnonzero(np.isfinite(share))
    place = np.minimum((over[told] * BINS).astype(int), BINS - 1)
    came = (share[told] > limit).astype(float)
    found = calibration_error(over[told], came, place, told, np.ones(len(told)), weights)
    low, high = np.quantile(found[1:], [0.025, 0.975])
    return {"merchants": len(told), "ece": float(found[0]), "ci_low": float(low), "ci_high": float(high)}
