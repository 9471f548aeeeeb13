"""The event stream in memory: columns of codes, held by month until the month is complete.

Knows nothing of meaning; events.py turns codes into the canonical Parquet columns.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import numpy.typing as npt

from analytics.demo.world import Calendar, Ints

Column = npt.NDArray[Any]

KINDS = (
    "view",
    "cart",
    "question_asked",
    "question_answered",
    "order_placed",
    "order_cancelled",
    "order_shipped",
    "tracking_scanned",
    "order_delivered",
    "return_requested",
    "refund_paid",
    "dispute_opened",
    "dispute_closed",
    "chargeback",
    "review_posted",
    "dsr_rated",
    "csat_answered",
    "nps_answered",
    "penalty_issued",
    "penalty_appealed",
    "penalty_lifted",
)
CODE = {kind: code for code, kind in enumerate(KINDS)}

# Every column of a block; a missing value is −1. Times are epoch seconds, money is minor units.
COLUMNS: dict[str, type[np.generic]] = {
    "time": np.int64,
    "kind": np.int8,
    "number": np.int64,
    "merchant": np.int32,
    "buyer": np.int64,
    "order": np.int64,
    "line": np.int8,
    "product": np.int32,
    "quantity": np.int32,
    "amount": np.int64,
    "score": np.int8,
    "ship_by": np.int64,
    "deliver_by": np.int64,
    "carrier": np.int8,
    "tracking": np.int8,
    "fault": np.int8,
    "outcome": np.int8,
    "reason": np.int16,
    "penalty": np.int64,
    "clause": np.int8,
    "points": np.int16,
    "expires": np.int64,
    "text": np.int32,
}
FAULTS = ("seller", "carrier", "buyer", "platform", "unknown")
OUTCOMES = ("upheld", "denied", "withdrawn", "refunded")


class EventStream:
    """Events in the order in which they were added; each gets the next number. Those after the end are dropped."""

    def __init__(self, calendar: Calendar, first: int = 1) -> None:
        """first: the number that the first event gets."""
        self._calendar = calendar
        self._blocks: dict[int, list[dict[str, Column]]] = defaultdict(list)
        self._next = first

    def add(self, kind: str, time: Ints, where: npt.NDArray[np.bool_] | None = None, **columns: Column | int) -> None:
        """Add one event per entry of `time` (where `where` is true); columns are arrays of that length or scalars."""
        keep = (time < self._calendar.end) & (time >= self._calendar.start)
        if where is not None:
            keep &= where
        rows = np.flatnonzero(keep)
        if not len(rows):
            return
        month = self._calendar.month_of(time[rows])
        block: dict[str, Column] = {
            "time": time[rows],
            "number": np.arange(self._next, self._next + len(rows)),
            "kind": np.full(len(rows), CODE[kind], dtype=np.int8),
        }
        self._next += len(rows)
        for name, values in columns.items():
            picked = values[rows] if isinstance(values, np.ndarray) else np.full(len(rows), values)
            block[name] = picked.astype(COLUMNS[name])
        for m in np.unique(month):
            chosen = month == m
            self._blocks[int(m)].append({name: values[chosen] for name, values in block.items()})

    @property
    def next_number(self) -> int:
        """The number that the next event would get."""
        return self._next

    def count(self, month: int) -> int:
        """Events held for a month so far."""
        return sum(len(block["time"]) for block in self._blocks[month])

    def take_month(self, month: int) -> dict[str, Column]:
        """All events of a month in order of time (then of arrival), and forget them."""
        blocks = self._blocks.pop(month, [])
        time = np.concatenate([block["time"] for block in blocks]) if blocks else np.zeros(0, dtype=np.int64)
        order = np.argsort(time, kind="stable")
        taken = {}
        for name, dtype in COLUMNS.items():
            parts = [block[name] if name in block else np.full(len(block["time"]), -1, dtype) for block in blocks]
            taken[name] = (np.concatenate(parts).astype(dtype, copy=False) if parts else np.zeros(0, dtype))[order]
            for block in blocks:
                block.pop(name, None) if name != "time" else None
        return taken
