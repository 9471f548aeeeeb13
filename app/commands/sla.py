"""`trustdesk sla`: the share of threads that met the desk's targets, and the threads behind it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from app.commands.plumbing import (
    json_option,
    note,
    one_line_errors,
    print_rows,
    runtime,
    warehouse_option,
    window_options,
)
from app.services.runtime import remembering, snapshot_id

if TYPE_CHECKING:
    from analytics.sla import TimerKind

TIMERS = ("first_reply", "next_reply", "solution")
GROUPINGS = ("all", "merchant", "intent", "urgency", "language", "channel")


@click.command()
@window_options
@click.option("--by", type=click.Choice(GROUPINGS), default="all", help="A row for each of these (default: all).")
@click.option("--timer", type=click.Choice(TIMERS), help="Only this timer (default: all three).")
@click.option("--merchant", help="Only this merchant's threads.")
@click.option("--threads", is_flag=True, help="The threads behind the shares instead, those missed by most first.")
@json_option
@warehouse_option
@one_line_errors
def sla(
    date_from: date | None,
    date_to: date | None,
    by: str,
    timer: str | None,
    merchant: str | None,
    threads: bool,
    as_json: bool,
    warehouse: Path | None,
) -> None:
    """Say how often the desk answered in time: the share of the threads opened in the window, with n and its 95 % interval.

    Working hours and targets by urgency stand in data/desk/hours.toml.
    """
    from analytics.metrics import Scope
    from app.services import performance, tickets
    from app.services.warehouse import check_scope, window

    with runtime(warehouse), remembering({}):
        snapshot = snapshot_id()
        scope = Scope(*window(snapshot, date_from, date_to), merchants=(merchant,) if merchant else ())
        check_scope(snapshot, scope)
        if (total := performance.total(snapshot, scope)) > tickets.MOST_TICKETS:
            note(
                f"Measured: the newest {tickets.MOST_TICKETS} of {total} threads. Choose a shorter window for all of them."
            )
        rows: list[dict[str, object]] = []
        for kind in cast("tuple[TimerKind, ...]", (timer,) if timer else TIMERS):
            found = (
                performance.judged(snapshot, scope, kind) if threads else performance.rates(snapshot, scope, kind, by)
            )
            if threads:
                found = performance.missed_first(found)
            records = found.astype(object).to_dict(orient="records")
            rows += [{"timer": kind, **{str(key): value for key, value in record.items()}} for record in records]
    print_rows(rows, as_json=as_json)
