"""Held-out vectors of the seller programmes and of the pure functions behind them: read, expanded, written as canonical folders.

Knows the files beside it and the canonical tables; must not know the code that the vectors judge.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from tests.analytics.trust.vectors.groups import Row, cell, expand

FOLDER = Path(__file__).parent
PROGRAMMES = ("amazon", "ebay", "etsy", "walmart", "shopee", "lazada", "tiktok", "taobao")
MERCHANT_COLUMNS = ("merchant_id", "name", "category", "region", "tier", "joined_at", "updated_at")
EVENT_COLUMNS = (
    *("event_id", "occurred_at", "kind", "merchant_id", "buyer_id", "order_id", "line_id", "product_id", "quantity"),
    *("amount", "currency", "score", "ship_by_at", "deliver_by_at", "carrier", "is_tracking_valid", "fault", "outcome"),
    *("reason", "clause", "penalty_points", "expires_at", "text"),
)


@dataclass(frozen=True)
class Expectation:
    """What a clause must say of a merchant.

    `n` None: the programmes' specification does not fix it, so it is not compared. `reading` names the heading in
    README.md on which the expectation depends, "" when it follows from the specification's words alone.
    `may_be_missing`: the specification also allows `not_in_source` (with no value, `passed` and distance).
    """

    merchant_id: str
    programme: str
    clause: str
    value: float | None
    limit: float
    n: int | None
    passed: bool | None
    distance: float | None
    status: str
    reading: str = ""
    may_be_missing: bool = False


@dataclass(frozen=True)
class Case:
    """A small source and what a programme says of it at the end of the local day `as_of` in `time_zone`.

    `merchants` and `events` are rows of the canonical tables without their NULLs. The events are expanded from their
    groups when they are asked for: most who list the cases want none of them.
    """

    programme: str
    case: str
    why: str
    as_of: date
    time_zone: str
    merchants: tuple[Row, ...]
    groups: tuple[Mapping[str, object], ...]
    expect: tuple[Expectation, ...]

    @property
    def events(self) -> tuple[Row, ...]:
        return tuple(row for group in self.groups for row in expand(group, self.as_of))


@dataclass(frozen=True)
class FunctionVector:
    """What a pure function gives, rounded to six digits; a list where it gives the two ends of an interval."""

    function: str
    why: str
    arguments: dict[str, float]
    expected: float | list[float]


def cases(programme: str) -> list[Case]:
    """The cases of a programme, in the order of its file."""
    return [_case(programme, item) for item in _read(f"{programme}.json")]


def side_by_side(beside: Sequence[Case]) -> Case:
    """One source with the merchants of all cases, which know nothing of each other: m1 of the third is `2-m1`.

    The cases have their day, zone and last known instant in common; what is expected stays with them.
    """
    return replace(
        beside[0],
        merchants=tuple(_of(number, row) for number, case in enumerate(beside) for row in case.merchants),
        groups=tuple(_of(number, group) for number, case in enumerate(beside) for group in case.groups),
        expect=(),
    )


def _of(number: int, of_merchant: Mapping[str, Any]) -> dict[str, Any]:
    own = {key: f"{number}-{of_merchant[key]}" for key in ("merchant_id", "buyer") if of_merchant.get(key)}
    return {**of_merchant, **own}


def function_vectors() -> list[FunctionVector]:
    """The vectors of posterior.json, in the order of the file."""
    return [FunctionVector(**item) for item in _read("posterior.json")]


def write_canonical(case: Case, folder: Path) -> Path:
    """Writes the case as a canonical folder, made if it is not there; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "merchants.csv", MERCHANT_COLUMNS, case.merchants)
    _write(folder / "events.csv", EVENT_COLUMNS, case.events)
    return folder


def _case(programme: str, item: dict[str, Any]) -> Case:
    merchants: list[Mapping[str, object]] = list(item["merchants"])
    groups: list[Mapping[str, object]] = list(item["events"])
    if item["witness"]:
        witness = _read("witness.json")
        merchants += witness["merchants"]
        groups += witness["events"]
    return Case(
        programme=programme,
        case=item["case"],
        why=item["why"],
        as_of=date.fromisoformat(item["as_of"]),
        time_zone=item["time_zone"],
        merchants=tuple({key: cell(value) for key, value in row.items()} for row in merchants),
        groups=tuple(groups),
        expect=tuple(Expectation(**row) for row in item["expect"]),
    )


def _read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def _write(path: Path, columns: tuple[str, ...], rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
