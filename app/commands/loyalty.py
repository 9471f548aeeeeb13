"""`trustdesk loyalty`: the studies of the Satisfaction page: index, silence, drift, drivers, returns, segments and the chain from trust to loyalty."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.commands.plumbing import (
    as_of_option,
    json_option,
    note,
    one_line_errors,
    print_rows,
    runtime,
    warehouse_option,
    window_options,
)
from app.services.runtime import snapshot_id

if TYPE_CHECKING:
    from analytics.metrics import Scope
    from app.filters import AsOf

Rows = Iterable[Mapping[str, object]]
OBSERVATIONAL = (
    "Observational: differences between orders, buyers and merchants as they came, not effects of an experiment."
)


@click.command()
@click.argument("parts", metavar="[PART]...", nargs=-1)
@window_options
@as_of_option
@json_option
@warehouse_option
@one_line_errors
def loyalty(
    parts: tuple[str, ...],
    date_from: date | None,
    date_to: date | None,
    as_of: AsOf,
    as_json: bool,
    warehouse: Path | None,
) -> None:
    """Print what buyers feel, why, and whether they come back: one or more of index, silence, drift, drivers, returns, segments, chain.

    Without PART, all of them. Index and silence are of the window, the others of the year (segments of merchants: half a year) that ends with it.
    """
    from app.services.warehouse import as_known

    for part in parts:
        if part not in PARTS:
            raise click.UsageError(f"There is no part '{part}': choose among {', '.join(PARTS)}.")
    with runtime(warehouse):
        reading = as_known(snapshot_id(), as_of)
        scope = _scope(reading, date_from, date_to)
        for place, part in enumerate(parts or tuple(PARTS)):
            rows = [dict(row) for row in PARTS[part](reading, scope)]
            if not as_json and place:
                click.echo()
            print_rows(rows, as_json=as_json, columns=None if as_json else _columns(rows))
    note(OBSERVATIONAL)


def _scope(reading: str, date_from: date | None, date_to: date | None) -> Scope:
    from analytics.metrics import Scope
    from app.services.warehouse import filter_options, window

    first, last = window(reading, date_from, date_to)
    offered = filter_options(reading)
    if first > last or last < offered.data_from or first > offered.data_up_to:
        raise click.UsageError(
            f"{first} to {last} holds no day of the data, which go from {offered.data_from} to {offered.data_up_to}."
        )
    return Scope(first, last)


def _columns(rows: list[dict[str, object]]) -> list[str]:
    """Every key once, in the order in which it comes up; a table leaves out the part's name of every row but the first column."""
    found: dict[str, None] = {}
    for row in rows:
        found |= dict.fromkeys(row)
    return list(found)


def _index(snapshot: str, scope: Scope) -> Rows:
    from analytics.satisfaction.records import index_records
    from app.services import satisfaction_studies as studies

    return index_records(studies.index(snapshot, scope).index)


def _silence(snapshot: str, scope: Scope) -> Rows:
    from analytics.satisfaction.records import silence_record
    from app.services import satisfaction_studies as studies

    return [silence_record(one.silence, one.name) for one in studies.silence(snapshot, scope).bounds]


def _drift(snapshot: str, scope: Scope) -> Rows:
    from analytics.satisfaction.records import drift_records
    from app.services import satisfaction_studies as studies

    return drift_records(studies.drift(snapshot, scope).drift)


def _drivers(snapshot: str, scope: Scope) -> Rows:
    from analytics.satisfaction.drivers import OUTCOMES
    from analytics.satisfaction.records import driver_records
    from app.services import satisfaction_studies as studies

    return [row for outcome in OUTCOMES for row in driver_records(studies.drivers(snapshot, scope, outcome).drivers)]


def _returns(snapshot: str, scope: Scope) -> Rows:
    from analytics.satisfaction.records import return_records
    from app.services import satisfaction_studies as studies

    return return_records(studies.returns(snapshot, scope).cohorts)


def _segments(snapshot: str, scope: Scope) -> Rows:
    from analytics.satisfaction.records import segment_records
    from app.services import satisfaction_studies as studies

    return [
        *segment_records(studies.buyer_segments(snapshot, scope).segments, "buyers"),
        *segment_records(studies.merchant_segments(snapshot, scope).segments, "merchants"),
    ]


def _chain(snapshot: str, scope: Scope) -> Rows:
    from analytics.satisfaction.records import chain_records
    from app.services import satisfaction_studies as studies

    return chain_records(studies.chain(snapshot, scope))


PARTS: Mapping[str, Callable[[str, Scope], Rows]] = {
    "index": _index,
    "silence": _silence,
    "drift": _drift,
    "drivers": _drivers,
    "returns": _returns,
    "segments": _segments,
    "chain": _chain,
}
