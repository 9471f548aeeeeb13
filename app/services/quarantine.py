"""Rows set aside in a form that a person corrects, on the page or in a file, and their way back into the warehouse.

A correction holds what differs from the row as it stands, so that what nobody touched is replayed to the letter: private data too, which
nobody needs to see to correct a date. Knows no page.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pandas as pd

from app.errors import InputFileError
from app.exports import inert
from app.services.loading import Report, replay_rows
from app.services.private import masked_line, masked_values
from app.services.runtime import get_runtime
from app.services.uploads import LoadJob

if TYPE_CHECKING:
    from analytics.ingest import Correction
    from app.identity import Actor

# What tells a row and why it waits; a table's own columns follow. `raw_line` is the text of a line that has no columns.
ORIGIN = ("row_id", "table", "from_file", "from_line", "why", "raw_line")
MALFORMED = "malformed line: "
MAX_CELL = 16_000_000  # characters


def editable(frame: pd.DataFrame) -> pd.DataFrame:
    """Quarantined rows to be corrected, one a row_id: ORIGIN, then the columns of their tables as text, in canonical order.

    `frame`: rows of `Warehouse.quarantine`. None where a row has no value or its table no such column. Private data is masked.
    """
    from analytics.tables import TABLES

    frame = frame.drop_duplicates("row_id")
    rows: list[dict[str, object]] = []
    for row_id, table, file, line, why, raw in zip(
        *(frame[name] for name in ("row_id", "table", "file", "line", "reason", "raw")), strict=True
    ):
        origin = (row_id, table, file, line, why, masked_line(raw) if why.startswith(MALFORMED) else None)
        rows.append(dict(zip(ORIGIN, origin, strict=True)) | masked_values(_values(why, raw)))
    used = set(frame["table"]) & set(TABLES) or set(TABLES)
    names = dict.fromkeys(name for table in TABLES.values() if table.name in used for name in table.column_names())
    found = pd.DataFrame(rows, columns=[*ORIGIN, *names]).astype(object)
    return found.where(found.notna(), None)


def _values(why: str, raw: str) -> dict[str, str | None]:
    values: dict[str, str | None] = {} if why.startswith(MALFORMED) else json.loads(raw)
    return values


def correction_file() -> bytes:
    """All rows set aside in the snapshot that is served, as a CSV to be corrected in a spreadsheet and replayed.

    A cell that a spreadsheet would run as a formula has one apostrophe more, which reading takes away again.
    """
    frame = editable(get_runtime().warehouse.quarantine())
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(frame.columns)
    for row in frame.itertuples(index=False):
        writer.writerow("" if cell is None else _guarded(str(cell)) for cell in row)
    return stream.getvalue().encode("utf-8-sig")


def read_corrections(content: IO[bytes], name: str) -> list[Correction]:
    """The corrections in a file of the shape of `correction_file`. Raises InputFileError in one line, with the line of the file."""
    try:
        text = content.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputFileError("{name} is not UTF-8: save it as CSV UTF-8.", name=name) from error
    csv.field_size_limit(MAX_CELL)
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = next(reader, [])
    if "row_id" not in header:
        raise InputFileError(
            "{name} has no column row_id, so its rows can't be told: correct a file of `trustdesk quarantine --export`.",
            name=name,
        )
    rows = []
    for cells in reader:
        row = dict(zip(header, map(_unguarded, cells), strict=False))
        if not any(cells):
            continue
        if not row["row_id"] or len(cells) != len(header):
            raise InputFileError("{name} line {line}: not a row of the export.", name=name, line=reader.line_num)
        rows.append(row)
    return corrected(rows)


def corrected(rows: Iterable[Mapping[str, Any]]) -> list[Correction]:
    """Edited rows of `editable` → what differs in them from the quarantine. Empty cells have no value."""
    from analytics.ingest import Correction

    frame = get_runtime().warehouse.quarantine().drop_duplicates("row_id")
    standing = {
        row_id: (table, _values(why, raw))
        for row_id, table, why, raw in zip(*(frame[n] for n in ("row_id", "table", "reason", "raw")), strict=True)
    }
    found = []
    for row in rows:
        table, values = standing.get(row["row_id"], ("", {}))
        edited = {name: _text(cell) for name, cell in row.items() if name not in ORIGIN}
        changed = {name: cell for name, cell in edited.items() if cell != values.get(name)}
        changed = dict(changed.items() - masked_values({name: values.get(name) for name in changed}).items())
        found.append(Correction(row["row_id"], changed, "" if row.get("table") == table else row.get("table") or ""))
    return found


def _text(cell: object) -> str | None:
    return None if cell is None or cell == "" or cell != cell else str(cell)


def _guarded(cell: str) -> str:
    return f"'{cell}" if _is_guarded(cell) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _is_guarded(cell) else cell


def _is_guarded(cell: str) -> bool:
    plain = cell.lstrip("'")
    return inert(plain) != plain


def replay_file(path: Path, progress: Report | None = None) -> dict[str, object]:
    """Loads the corrected rows of a file; the result of `load_path`. Raises InputFileError, InputError and WarehouseError."""
    with path.open("rb") as content:
        return replay_rows(read_corrections(content, path.name), path.name, progress)


def settled() -> Iterator[dict[str, object]]:
    """Rows that replays loaded or replaced, private data masked, with `settled_by`, the load that did."""
    from analytics import set_aside

    return map(_masked, set_aside.rows(get_runtime().warehouse, settled=True))


def waiting() -> Iterator[dict[str, object]]:
    """Rows set aside in the snapshot that is served, private data masked: load_id, source, table, file, line, column, reason, raw, row_id."""
    from analytics import set_aside

    return map(_masked, set_aside.rows(get_runtime().warehouse))


def _masked(row: Mapping[str, object]) -> dict[str, object]:
    """The row as it may be read."""
    return {**row, "raw": masked_line(str(row["raw"]))}


def start_replay(corrections: Sequence[Correction] | None, called: str, actor: Actor) -> LoadJob:
    """Replays beside the page and takes it down in the audit log."""

    def work(report: Report) -> Mapping[str, object]:
        result = replay_rows(corrections, called, report)
        counts = {key: result[key] for key in ("read", "loaded", "duplicate", "conflict", "quarantined")}
        note = get_runtime().workspace.audit.note
        note(actor, "data.replayed", f"snapshot:{result['snapshot_id']}", file=called, **counts)
        return result

    return LoadJob(called, work)
