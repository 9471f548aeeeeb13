"""One metric by two dimensions, with totals that are figures of their own. Words stay msgids. Knows no page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from app.services import figures, metrics
from app.services.figures import Number
from app.services.runtime import cached

if TYPE_CHECKING:
    from analytics.metrics import MetricResult, Scope

ROWS = 200
COLUMNS = 24
TOTAL = ""  # the key of a total's row and column


@dataclass(frozen=True)
class Pivot:
    """Figures of one metric by row key and column key; TOTAL comes first on both sides. A pair without a row has no result.

    Periods are in time order, other groups by their n, largest first. left_out: how many rows and columns more there are.
    """

    shown: Number
    row_dimension: str
    column_dimension: str
    row_keys: tuple[str, ...]
    column_keys: tuple[str, ...]
    results: Mapping[tuple[str, str], MetricResult]
    status: str
    unit: str
    left_out: tuple[int, int] = (0, 0)
    other_currencies: tuple[str, ...] = ()

    def number(self, row: str, column: str) -> Number:
        """The number of a cell, for its menu."""
        shown = figures.narrowed(self.shown, self.row_dimension, row) if row != TOTAL else self.shown
        return figures.narrowed(shown, self.column_dimension, column) if column != TOTAL else shown


def dimensions(snapshot_id: str) -> tuple[str, ...]:
    """What a pivot can be made of."""
    return (*figures.groupings(snapshot_id), "month", "week")


@cached
def pivot(snapshot_id: str, metric_id: str, scope: Scope, rows: str, columns: str) -> Pivot:
    """A metric by two dimensions that differ. Money in the currency with most of it; the others are named.

    The 200 largest groups make rows, the 24 largest columns; totals are of all.
    """
    found = {
        subset: results[metric_id]
        for subset, results in metrics.figures_with_totals(snapshot_id, (metric_id,), scope, (rows, columns)).items()
    }
    whole = figures.main_result(found[()])
    kept = {
        subset: [r for r in results if r.currency == whole.currency and len(r.group) == len(subset)]
        for subset, results in found.items()
    }
    row_keys, more_rows = _keys(kept[(rows,)], rows, ROWS)
    column_keys, more_columns = _keys(kept[(columns,)], columns, COLUMNS)
    shown_rows, shown_columns = {TOTAL, *row_keys}, {TOTAL, *column_keys}
    return Pivot(
        Number(metric_id, scope, whole.currency),
        rows,
        columns,
        (TOTAL, *row_keys),
        (TOTAL, *column_keys),
        {
            key: result
            for results in kept.values()
            for result in results
            if (key := (result.group.get(rows, TOTAL), result.group.get(columns, TOTAL)))[0] in shown_rows
            and key[1] in shown_columns
        },
        whole.status if whole.n else "too_few",
        whole.unit,
        (more_rows, more_columns),
        tuple(sorted({r.currency for r in found[()] if r.currency and r.currency != whole.currency})),
    )


def _keys(results: Sequence[MetricResult], dimension: str, most: int) -> tuple[tuple[str, ...], int]:
    largest = sorted(results, key=lambda r: (-r.n, r.group[dimension]))[:most]
    keys = [r.group[dimension] for r in largest]
    return tuple(sorted(keys) if dimension in figures.PERIODS else keys), len(results) - len(keys)


def wide(found: Pivot) -> pd.DataFrame:
    """The pivot as a frame, one row a row key: key, then per column v0, n0, v1, n1, … (value and n; missing where there is none)."""
    frame = pd.DataFrame({"key": list(found.row_keys)})
    for place, column in enumerate(found.column_keys):
        cells = [found.results.get((row, column)) for row in found.row_keys]
        frame[f"v{place}"] = pd.Series([None if cell is None else cell.value for cell in cells], dtype=float)
        frame[f"n{place}"] = pd.Series([None if cell is None else cell.n for cell in cells], dtype="Int64")
    return frame
