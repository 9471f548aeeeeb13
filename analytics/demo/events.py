"""Codes of the event stream become the canonical columns of `events`, one Parquet shard a month."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from analytics.demo import columns as cols
from analytics.demo.emit import REASONS
from analytics.demo.stream import CODE, FAULTS, KINDS, OUTCOMES, Column
from analytics.demo.world import CARRIERS, REGIONS, Ints

_TIME = pa.timestamp("us", tz="UTC")
TYPES = {
    "event_id": pa.string(),
    "occurred_at": _TIME,
    "kind": pa.string(),
    "merchant_id": pa.string(),
    "buyer_id": pa.string(),
    "order_id": pa.string(),
    "line_id": pa.string(),
    "product_id": pa.string(),
    "quantity": pa.int32(),
    "amount": pa.decimal128(18, 4),
    "currency": pa.string(),
    "score": pa.int32(),
    "ship_by_at": _TIME,
    "deliver_by_at": _TIME,
    "carrier": pa.string(),
    "is_tracking_valid": pa.bool_(),
    "fault": pa.string(),
    "outcome": pa.string(),
    "reason": pa.string(),
    "clause": pa.string(),
    "penalty_points": pa.int32(),
    "expires_at": _TIME,
    "text": pa.string(),
}
MERCHANT = ("M-", 5)
BUYER = ("B-", 8)
ORDER = ("TD-", 8)
PRODUCT = ("P-", 7)
PENALTY = ("PEN-", 6)
TICKET = ("T-", 6)
CURRENCIES = ("USD", "CNY")


def ids(spec: tuple[str, int], numbers: Ints) -> cols.ArrowColumn:
    """Ids of a table from positions: (prefix, width) and numbers, null where negative."""
    return cols.numbered((spec[0], numbers, spec[1]))


def one_id(spec: tuple[str, int], number: int) -> str:
    """The same for a single number."""
    return f"{spec[0]}{number:0{spec[1]}d}"


def currency_codes(region: Ints) -> Ints:
    """Position in CURRENCIES of each region's currency."""
    return np.array([CURRENCIES.index(r.currency) for r in REGIONS])[region]


def _event_ids(block: dict[str, Column]) -> cols.ArrowColumn:
    """E-…; PEN-… for penalties; R-…|order|merchant for reviews."""
    is_review = block["kind"] == CODE["review_posted"]
    is_penalty = block["kind"] == CODE["penalty_issued"]
    rows = [np.flatnonzero(chosen) for chosen in (~is_review & ~is_penalty, is_review, is_penalty)]
    plain, review, penalty = rows
    parts = [
        cols.numbered(("E-", block["number"][plain], 9)),
        cols.numbered(
            ("R-", block["number"][review], 9),
            ("|" + ORDER[0], block["order"][review], ORDER[1]),
            ("|" + MERCHANT[0], block["merchant"][review], MERCHANT[1]),
        ),
        ids(PENALTY, block["penalty"][penalty]),
    ]
    back = np.empty(len(is_review), dtype=np.int64)
    back[np.concatenate(rows)] = np.arange(len(is_review))
    return pa.concat_arrays(parts).take(pa.array(back))


def _used(codes: Column, words: list[str]) -> cols.ArrowColumn:
    """Dictionary column that holds only the words in use."""
    used, position = np.unique(codes[codes >= 0], return_inverse=True)
    compact = np.full(len(codes), -1, dtype=np.int64)
    compact[codes >= 0] = position
    return cols.coded(compact, [words[code] for code in used])


def _reasons(block: dict[str, Column]) -> cols.ArrowColumn:
    """A word; for appeals and lifts the id of their penalty."""
    is_reference = np.isin(block["kind"], (CODE["penalty_appealed"], CODE["penalty_lifted"]))
    references = ids(PENALTY, block["penalty"][is_reference]).to_pylist()
    codes = block["reason"].astype(np.int64)
    codes[is_reference] = len(REASONS) + np.arange(len(references))
    return _used(codes, [*REASONS, *references])


def write_events(path: Path, block: dict[str, Column], region: Ints, clauses: list[str], texts: list[str]) -> int:
    """Write one shard; region is each merchant's, clauses and texts give words to codes. Returns the rows written."""
    has_money = block["amount"] >= 0
    currency = np.where(has_money, currency_codes(region[block["merchant"]]), -1)
    cols.write(
        path,
        {
            "event_id": _event_ids(block),
            "occurred_at": cols.instants(block["time"]),
            "kind": cols.coded(block["kind"], KINDS),
            "merchant_id": ids(MERCHANT, block["merchant"]),
            "buyer_id": ids(BUYER, block["buyer"]),
            "order_id": ids(ORDER, block["order"]),
            "line_id": cols.coded(block["line"], ("0", "1", "2", "3")),
            "product_id": ids(PRODUCT, block["product"]),
            "quantity": cols.integers(block["quantity"]),
            "amount": cols.money(block["amount"]),
            "currency": cols.coded(currency, CURRENCIES),
            "score": cols.integers(block["score"]),
            "ship_by_at": cols.instants(block["ship_by"]),
            "deliver_by_at": cols.instants(block["deliver_by"]),
            "carrier": cols.coded(block["carrier"], [c.name for c in CARRIERS]),
            "is_tracking_valid": cols.flags(block["tracking"]),
            "fault": cols.coded(block["fault"], FAULTS),
            "outcome": cols.coded(block["outcome"], OUTCOMES),
            "reason": _reasons(block),
            "clause": cols.coded(block["clause"], clauses),
            "penalty_points": cols.integers(block["points"]),
            "expires_at": cols.instants(block["expires"]),
            "text": _used(block["text"], texts),
        },
    )
    return len(block["time"])
