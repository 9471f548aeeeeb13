"""`trustdesk bench attacks`: the suite of attacks on every method, means over markets drawn from the run's seeds, and each gate met or not.

Reads no warehouse: markets are simulated and their truth is known. The figures are in docs/benchmarks.md, what they mean in docs/decisions/016.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy import stats

from analytics.bench.attack_suite import Figure, measure_gate
from analytics.bench.attacks.gates import GATES, Gate, Target

OURS = "ours"
EITHER = ("days_to_pass", "orders_to_pass")
Row = dict[str, object]


def measure(seeds: Sequence[int], gates: Sequence[int] = (), merchants: int = 300) -> Iterator[Row]:
    """A row a gate, size, method and measure: the mean over the seeds with its 95 % interval (t), and for ours whether a target is met."""
    for gate in GATES:
        if gates and gate.number not in gates:
            continue
        found: dict[tuple[float | None, str, str], list[Figure]] = {}
        for seed in seeds:
            for figure in measure_gate(gate, seed, merchants):
                found.setdefault((figure.size, figure.method, figure.measure), []).append(figure)
        yield from _either([_row(gate, each) for each in found.values()])


def _either(rows: list[Row]) -> list[Row]:
    """The same rows; of days or orders to pass one is enough, as their units say."""
    either = [row for row in rows if row["measure"] in EITHER and row["is_met"] is not None]
    is_met = any(row["is_met"] for row in either)
    for row in either:
        row["is_met"] = is_met
    return rows


def _row(gate: Gate, figures: Sequence[Figure]) -> Row:
    values, first = np.array([figure.value for figure in figures]), figures[0]
    half = 0.0
    if len(values) > 1:
        half = float(stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    mean = float(values.mean())
    target = _target(gate, first)
    return {
        "gate": gate.number,
        "attack": gate.attack,
        "size": first.size,
        "method": first.method,
        "measure": first.measure,
        "unit": first.unit,
        "value": mean,
        "ci_low": mean - half if len(values) > 1 else None,
        "ci_high": mean + half if len(values) > 1 else None,
        "worst": (values.max() if target.is_at_most else values.min()).item() if target else None,
        "target": target.value if target else None,
        "is_met": target.holds(mean) if target and first.method == OURS else None,
        "seeds": len(values),
    }


def _target(gate: Gate, figure: Figure) -> Target | None:
    for target in gate.targets:
        is_at = not target.at or figure.size in target.at
        if target.measure == figure.measure and is_at:
            return target
    return None
