"""What the Data page shows of the warehouse: freshness, loads, quarantine, snapshots, and the dictionary.

Instants come as wall-clock times of the reporting zone. Words stay untranslated msgids. Knows no page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from app.i18n import N_
from app.services.figures import in_zone
from app.services.runtime import cached, get_runtime
from app.services.warehouse import cursor, rows_set_aside, snapshot

if TYPE_CHECKING:
    from analytics.dictionary import TableDoc
    from analytics.warehouse import Snapshot
    from app.identity import Actor

# Why a row was set aside: how analytics' reason begins → what a page says.
REASONS = {
    "is out of range": N_("too large a number"),
    "is missing": N_("a required value is missing"),
    "is none of": N_("is none of the allowed values"),
    "is negative": N_("is negative"),
    "is below": N_("is too small"),
    "is over": N_("is too large"),
    "is longer than": N_("is too long"),
    "holds a control character": N_("holds a control character"),
    "is no three-letter currency code": N_("is no currency code"),
    "is no date or time": N_("is no date or time"),
    "is outside 1990": N_("is outside the believable dates"),
    "is no whole number": N_("is no whole number"),
    "is no amount": N_("is no amount"),
    "is neither true nor false": N_("is neither true nor false"),
    "must be": N_("is outside what this kind of event allows"),
    "is before opened_at": N_("is before the ticket was opened"),
    "malformed line": N_("the line can't be read"),
    "conflict": N_("another row has the same id with other content"),
}
KIND_PATTERN = "^(" + "|".join(re.escape(known) for known in REASONS) + ")"
PAGE_ROWS = 200
OTHER_REASON = N_("breaks another rule")
# name of a canonical table → what a page calls it
TABLE_NAMES = {
    "events": N_("Events"),
    "merchants": N_("Merchants"),
    "buyers": N_("Buyers"),
    "products": N_("Products"),
    "tickets": N_("Tickets"),
    "messages": N_("Messages"),
}


@dataclass(frozen=True)
class Totals:
    """The figures at the top of the page. `rejected_count`: rows set aside and not replayed since, conflicts included."""

    row_count: int
    load_count: int
    rejected_count: int
    snapshot_count: int


def totals(snapshot_id: str) -> Totals:
    """What the snapshot holds and how many others there are."""
    found = snapshot(snapshot_id)
    return Totals(
        sum(rows for name, rows in found.tables.items() if name != "event_texts"),
        len(found.loads),
        rows_set_aside(snapshot_id),
        len(get_runtime().warehouse.folder.snapshot_ids()),
    )


@cached
def freshness(snapshot_id: str) -> pd.DataFrame:
    """One row a canonical table: table_name, row_count, oldest_at, newest_at, loaded_at."""
    from analytics.freshness import table_freshness

    found = snapshot(snapshot_id)
    with cursor(snapshot_id) as opened:
        frame = table_freshness(opened)
    at = {load.load_id: load.finished_at for load in found.loads}
    frame["loaded_at"] = pd.to_datetime(pd.Series([at.get(load) for load in frame["load_id"]]), utc=True)
    return in_zone(frame, found.time_zone)


def loads(snapshot_id: str) -> pd.DataFrame:
    """One row a load, newest first: finished_at, source, file, read, loaded, duplicate, conflict, quarantined, seconds, load_id."""
    found = snapshot(snapshot_id)
    rows = [
        {
            "finished_at": load.finished_at,
            "source": "demo" if found.is_demo else load.source,
            "file": "–" if found.is_demo else Path(load.path).name,
            "read": load.read,
            "loaded": load.loaded,
            "duplicate": load.duplicate,
            "conflict": load.conflict,
            "quarantined": load.quarantined,
            "seconds": (load.finished_at - load.started_at).total_seconds(),
            "load_id": load.load_id,
        }
        for load in reversed(found.loads)
    ]
    return in_zone(pd.DataFrame(rows), found.time_zone)


def snapshots(snapshot_id: str) -> pd.DataFrame:
    """One row a snapshot that can be served, newest first: id, is_current, created_at, data_up_to, row_count, load_count, source."""
    served = get_runtime().warehouse.folder.current_id()
    rows = [
        {
            "snapshot_id": found.snapshot_id,
            "is_current": found.snapshot_id == served,
            "created_at": found.created_at,
            "data_up_to": found.data_up_to,
            "row_count": sum(rows for name, rows in found.tables.items() if name != "event_texts"),
            "load_count": len(found.loads),
            "source": _last_source(found),
        }
        for found in get_runtime().warehouse.snapshots()
    ]
    frame = pd.DataFrame(rows)
    frame["data_up_to"] = pd.to_datetime(frame["data_up_to"], utc=True)
    return in_zone(frame, snapshot(snapshot_id).time_zone)


def torn_snapshots() -> tuple[str, ...]:
    """Ids of snapshots whose manifest can't be read: they can't be served."""
    return tuple(get_runtime().warehouse.folder.manifests()[1])


def _last_source(found: Snapshot) -> str:
    if found.is_demo:
        return "demo"
    return Path(found.loads[-1].path).name if found.loads else ""


def roll_back(snapshot_id: str, actor: Actor) -> None:
    """Serves another snapshot and takes it down. Raises WarehouseError when it is unknown, lacks a file, or a load runs."""
    runtime = get_runtime()
    before = runtime.warehouse.snapshot().snapshot_id
    runtime.warehouse.rollback(snapshot_id)
    runtime.workspace.audit.note(actor, "data.rolled_back", f"snapshot:{snapshot_id}", before=before)


def kind_of(reason: str, column: object) -> str:
    """The key of REASONS that a reason of analytics begins with; "" for none of them."""
    found = re.match(KIND_PATTERN, reason.removeprefix(f"{column} ") if isinstance(column, str) else reason)
    return found[1] if found else ""


@cached
def reason_counts(snapshot_id: str) -> pd.DataFrame:
    """Rows set aside by table, column and kind, most first, with one example: table, column, kind (key of REASONS or ""), row_count, example."""
    from analytics import set_aside

    return set_aside.reasons(get_runtime().warehouse, KIND_PATTERN, snapshot_id)


@cached
def count_rejects(snapshot_id: str, *, kind: str | None, table: str | None, text: str) -> int:
    """How many rows set aside are of a kind and table, and hold the text in file, column, reason or raw row, case aside."""
    from analytics import set_aside

    chosen = set_aside.Chosen(KIND_PATTERN, kind, table, text.strip())
    return set_aside.total(get_runtime().warehouse, chosen, snapshot_id)


@cached
def reject_page(snapshot_id: str, *, kind: str | None, table: str | None, text: str, page: int) -> pd.DataFrame:
    """The rows of `count_rejects` on a page (from 1) of PAGE_ROWS, the last load first: load_id, source, table, file, line, column,
    kind, reason, raw, row_id."""
    from analytics import set_aside

    chosen = set_aside.Chosen(KIND_PATTERN, kind, table, text.strip())
    offset = (page - 1) * PAGE_ROWS
    return set_aside.page(get_runtime().warehouse, chosen, limit=PAGE_ROWS, offset=offset, snapshot_id=snapshot_id)


def metric_table() -> pd.DataFrame:
    """The catalogue, one row a metric: metric_id, name, description, unit, direction, numerator, denominator, min_n."""
    from analytics.metrics import CATALOGUE

    names = ("metric_id", "name", "description", "unit", "direction", "numerator", "denominator", "min_n")
    return pd.DataFrame([{name: getattr(spec, name) for name in names} for spec in CATALOGUE.values()])


def table_docs() -> tuple[TableDoc, ...]:
    """Canonical tables and marts with their grain and columns."""
    from analytics.dictionary import describe_tables

    return describe_tables()


def holds(text: str, *parts: str) -> bool:
    """Whether one of the parts holds the text, case aside; an empty text is held by all."""
    wanted = text.strip().casefold()
    return any(wanted in part.casefold() for part in parts)
