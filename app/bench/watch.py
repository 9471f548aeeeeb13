"""`trustdesk bench watch`: unusual days and forecasts on simulated panels with planted incidents, beside plain peers.

The panels are drawn from families that the watch does not assume (see panels.py), from seeds drawn at run time and printed. Reads no warehouse.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np

from analytics.watch.anomalies import COUNT_FLOOR, LOOK_BACK_DAYS
from analytics.watch.extrapolate import extrapolate
from analytics.watch.judge import judge
from app.bench.panels import FIRST_DAY, Floats, Incident, SimulatedPanel, simulate_panel

FLOORS = {"orders": COUNT_FLOOR, "late_rate": 20.0}
JUDGED_DAYS = 30
HISTORY_DAYS = 240
FUTURE_DAYS = 28
LEVEL = 0.8
PEER_WINDOW = 28
Stretch = tuple[int, int, int]  # merchant, first, last


@dataclass
class _Tally:
    found: int = 0
    false: int = 0
    panels_with_false: int = 0
    planted: dict[float, int] = field(default_factory=dict)
    hit: dict[float, int] = field(default_factory=dict)
    seconds: float = 0.0

    def add(self, stretches: Sequence[Stretch], incidents: Sequence[Incident]) -> None:
        """Count one panel: an incident is hit by a stretch that shares a day with it."""
        hit, false = set(), 0
        for merchant, first, last in stretches:
            met = [one for one in incidents if one.merchant == merchant and first <= one.last and one.first <= last]
            hit |= set(met)
            false += not met
        self.found, self.false = self.found + len(stretches) - false, self.false + false
        self.panels_with_false += false > 0
        for one in incidents:
            self.planted[one.size] = self.planted.get(one.size, 0) + 1
            self.hit[one.size] = self.hit.get(one.size, 0) + (one in hit)


def measure(count: int, merchants: int, days: int) -> Iterator[dict[str, object]]:
    """Rows of figures: incidents, quiet panels, forecasts of `count` seeds each, and the time of one panel of `merchants` × `days`."""
    seeds = [secrets.randbelow(1_000_000) for _ in range(count)]
    yield {"what": "seeds", "method": "drawn at run time", "figure": seeds}
    for metric in FLOORS:
        yield from _incidents(metric, seeds, merchants=500, planted=20)
        yield from _incidents(metric, seeds, merchants=500, planted=0)
    yield from _coverage(seeds)
    yield from _time(seeds[0], merchants, days)


def _incidents(metric: str, seeds: Sequence[int], *, merchants: int, planted: int) -> Iterator[dict[str, object]]:
    tallies = {"trustdesk": _Tally(), "3 sigma of a rolling mean": _Tally()}
    for seed in seeds:
        panel = simulate_panel(seed, merchants=merchants, judged=JUDGED_DAYS, incidents=planted)
        incidents = panel.order_incidents if metric == "orders" else panel.late_incidents
        for tally, method in zip(tallies.values(), (_watch, _three_sigma), strict=True):
            start = time.perf_counter()
            tally.add(method(metric, panel), incidents)
            tally.seconds += time.perf_counter() - start
    for name, tally in tallies.items():
        yield {
            "what": f"{metric}: {planted} incidents among {merchants} merchants, {JUDGED_DAYS} days judged",
            "method": name,
            "panels": len(seeds),
            "found": tally.found,
            "false": tally.false,
            "false_share": tally.false / max(tally.found + tally.false, 1),
            "panels_with_false": tally.panels_with_false,
            "recall_by_size": {f"×{size:g}": f"{tally.hit[size]}/{n}" for size, n in sorted(tally.planted.items())},
            "seconds_per_panel": tally.seconds / len(seeds),
        }


def _sums(metric: str, panel: SimulatedPanel) -> tuple[Floats, Floats | None]:
    return (panel.orders, None) if metric == "orders" else (panel.late, panel.orders)


def _watch(metric: str, panel: SimulatedPanel) -> list[Stretch]:
    y, exposure = (None if part is None else part[:, -LOOK_BACK_DAYS - JUDGED_DAYS :] for part in _sums(metric, panel))
    assert y is not None, "every metric has sums"
    skipped = panel.orders.shape[1] - y.shape[1]
    found = judge(
        y,
        exposure,
        first_day=FIRST_DAY + timedelta(days=skipped),
        first_judged=y.shape[1] - JUDGED_DAYS,
        floor=FLOORS[metric],
        q=0.05,
    )
    return [(one.merchant, one.first + skipped, one.last + skipped) for one in found]


def _three_sigma(metric: str, panel: SimulatedPanel) -> list[Stretch]:
    """The peer: a day further than three standard deviations from the mean of the 28 days before, with the same volume floor."""
    y, exposure = _sums(metric, panel)
    enough = np.ones_like(y, dtype=bool) if exposure is None else exposure >= FLOORS[metric]
    value = y if exposure is None else np.where(exposure > 0, y / np.maximum(exposure, 1), 0.0)
    found = []
    for t in range(y.shape[1] - JUDGED_DAYS, y.shape[1]):
        past = value[:, t - PEER_WINDOW : t]
        mean, spread = past.mean(axis=1), past.std(axis=1)
        is_far = (np.abs(value[:, t] - mean) > 3 * spread) & enough[:, t] & (spread > 0)
        if exposure is None:
            is_far &= mean >= FLOORS[metric]
        found += [(int(merchant), t, t) for merchant in np.flatnonzero(is_far)]
    return found


def _coverage(seeds: Sequence[int]) -> Iterator[dict[str, object]]:
    held: dict[tuple[str, str], list[float]] = {}
    errors: dict[tuple[str, str], list[float]] = {}
    start, count = time.perf_counter(), 0
    for seed in seeds:
        panel = simulate_panel(seed, merchants=60, days=HISTORY_DAYS + FUTURE_DAYS)
        volume = panel.orders[:, :60].sum(axis=1)
        settled = np.argsort(-volume)[: max(int((volume > 0).sum()), 4)]
        groups = {
            "marketplace": settled,
            "a large merchant": settled[:1],
            "a middling one": settled[len(settled) // 2 :][:1],
        }
        for name, rows in groups.items():
            for metric in FLOORS:
                y, exposure = (None if part is None else part[rows].sum(axis=0) for part in _sums(metric, panel))
                assert y is not None, "every metric has sums"
                _hold(held, errors, (metric, name), y, exposure)
                count += 1
    for key in held:
        yield {
            "what": f"forecast of {key[0]}, {key[1]}: {FUTURE_DAYS} days after {HISTORY_DAYS}",
            "method": "trustdesk",
            "panels": len(seeds),
            "coverage_of_80": float(np.mean(held[key])),
            "error_to_seasonal_naive": float(np.sum(errors[key][::2]) / np.sum(errors[key][1::2])),
            "seconds_per_forecast": (time.perf_counter() - start) / count,
        }


def _hold(
    held: dict[tuple[str, str], list[float]],
    errors: dict[tuple[str, str], list[float]],
    key: tuple[str, str],
    y: Floats,
    exposure: Floats | None,
) -> None:
    """Forecast one series and add its coverage, and its mean absolute error before that of last week's days repeated."""
    found = extrapolate(y[:HISTORY_DAYS], None if exposure is None else exposure[:HISTORY_DAYS], FUTURE_DAYS, LEVEL)
    value = y if exposure is None else y / np.maximum(exposure, 1)
    is_told = np.ones(FUTURE_DAYS, dtype=bool) if exposure is None else exposure[HISTORY_DAYS:] > 0
    truth, last_week = value[HISTORY_DAYS:], value[HISTORY_DAYS - 7 : HISTORY_DAYS][np.arange(FUTURE_DAYS) % 7]
    inside = (truth >= found.low - 1e-9) & (truth <= found.high + 1e-9)
    held.setdefault(key, []).append(float(inside[is_told].mean()))
    for guess in (found.expected, last_week):
        errors.setdefault(key, []).append(float(np.abs(truth - guess)[is_told].mean()))


def _time(seed: int, merchants: int, days: int) -> Iterator[dict[str, object]]:
    panel = simulate_panel(seed, merchants=merchants, days=days)
    for metric in FLOORS:
        start = time.perf_counter()
        found = _watch(metric, panel)
        yield {
            "what": f"{metric}: {merchants} merchants × {days} days",
            "method": "trustdesk",
            "found": len(found),
            "seconds_per_panel": time.perf_counter() - start,
        }
