"""Merges staged rows into a table: what is new, a duplicate or a conflict, and the new Parquet parts.

Knows nothing of files of a source; stored parts are never changed, only left out of the new list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from analytics.engines.duckdb import quote
from analytics.ingest.staging import Staging, sort_order
from analytics.snapshots import Part
from analytics.tables import SQL_FOLDER, Table, stored_columns

PARTS_A_MONTH = 8  # a month that has more is rewritten as one
LARGEST_DICTIONARY = (
    8_000  # a column with more values in a row group is written without: looking them up takes longer than it saves
)


@dataclass(frozen=True)
class Merged:
    """The table's parts after the load (and those of event_texts), and what became of its staged rows."""

    parts: Mapping[str, tuple[Part, ...]]
    loaded: int
    duplicate: int
    conflict: int


@dataclass(frozen=True)
class Target:
    """Where new parts go and what their rows say of their origin. `stamp` makes file names unique."""

    root: Path
    stamp: str
    source: str
    load_id: str


def render(name: str, **slots: str) -> str:
    """One of sql/ingest/*.sql with its {{slots}} filled; values come quoted."""
    sql = (SQL_FOLDER / "ingest" / f"{name}.sql").read_text(encoding="utf-8")
    for slot, value in slots.items():
        sql = sql.replace("{{" + slot + "}}", value)
    return sql


def merge_table(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    staging: Staging,
    stored: Mapping[str, tuple[Part, ...]],
    target: Target,
) -> Merged:
    """Merge a table's staged rows into it. Needs the views stored_TABLE and the table `bad`; conflicts are added to it."""
    _view_staged(connection, table, staging.rows(table), target)
    count = int(connection.execute("SELECT count(*) FROM staged").fetchall()[0][0])
    tally = _judge(connection, table)
    duplicate, conflict = tally.get("duplicate", 0), tally.get("conflict", 0)
    loaded = count - duplicate - conflict
    if not loaded:
        return Merged({}, loaded, duplicate, conflict)
    if table.keeps == "latest":
        return Merged({table.name: (_write_entity(connection, table, target),)}, loaded, duplicate, conflict)
    is_whole = loaded == count  # else a join has left rows out, and with them the order
    return Merged(_write_months(connection, table, staging, stored, target, is_whole), loaded, duplicate, conflict)


def _judge(connection: duckdb.DuckDBPyConnection, table: Table) -> Mapping[str, int]:
    """Make the table `verdict` and the view `fresh`; rows by verdict."""
    key = f'"{table.key}"'
    content = ", ".join(f'"{name}"' for name in table.column_names())
    is_events = table.name == "events"
    connection.execute(f"CREATE OR REPLACE TEMP VIEW stored AS SELECT {key} FROM stored_{table.name}")
    connection.execute(render("repeated", key=key))
    connection.execute(render("stored_whole_events" if is_events else "stored_whole", table=table.name))
    if not connection.execute("SELECT 1 FROM repeated LIMIT 1").fetchall():
        connection.execute("CREATE OR REPLACE TEMP VIEW fresh AS SELECT * FROM staged")
        return {}
    verdict = "verdict_latest" if table.keeps == "latest" else "verdict_first"
    connection.execute(render(verdict, key=key, content=content))
    connection.execute(render("fresh"))
    pairs = ", ".join(f'{quote(name)}: "{name}"::VARCHAR' for name in table.column_names())
    connection.execute(
        render("conflicts", table=quote(table.name), column=quote(table.key), key=table.key, content_struct=pairs)
    )
    return dict(connection.execute("SELECT verdict, count(*) FROM verdict GROUP BY verdict").fetchall())


def _view_staged(connection: duckdb.DuckDBPyConnection, table: Table, rows: str, target: Target) -> None:
    template = "staged_events" if table.name == "events" else "staged"
    connection.execute(render(template, source=quote(target.source), load_id=quote(target.load_id), rows=rows))


def _write_entity(connection: duckdb.DuckDBPyConnection, table: Table, target: Target) -> Part:
    columns = ", ".join(f'"{name}"' for name in stored_columns()[table.name])
    sql = render("merged_entity", columns=columns, key=f'"{table.key}"')
    return _copy(connection, sql, target, f"parts/{table.name}/{target.stamp}.parquet", None)


def _write_months(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    staging: Staging,
    stored: Mapping[str, tuple[Part, ...]],
    target: Target,
    is_whole: bool,
) -> Mapping[str, tuple[Part, ...]]:
    names = [table.name, "event_texts"] if table.name == "events" else [table.name]
    parts = {name: list(stored.get(name, ())) for name in names}
    for piece in staging.months(table):
        _view_staged(connection, table, piece.sql, target)
        is_sorted = piece.is_sorted and is_whole
        for name in names:
            parts[name] = _write_month(connection, table, name, piece.month, is_sorted, parts[name], target)
    return {name: tuple(sorted(listed, key=lambda part: part.path)) for name, listed in parts.items()}


def _write_month(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    name: str,
    month: str,
    is_sorted: bool,
    parts: list[Part],
    target: Target,
) -> list[Part]:
    columns = ", ".join(f'"{column}"' for column in stored_columns()[name])
    condition = "WHERE text IS NOT NULL" if name == "event_texts" else ""
    rows = f"SELECT {columns} FROM fresh {condition}"
    same_month = [part for part in parts if part.month == month]
    replaced = same_month if len(same_month) >= PARTS_A_MONTH else []
    if replaced:
        files = ", ".join(quote(target.root / part.path) for part in replaced)
        rows += f" UNION ALL SELECT {columns} FROM read_parquet([{files}])"
    if not is_sorted or replaced:
        rows = f"SELECT * FROM ({rows}) ORDER BY {sort_order(table)}"
    written = _copy(connection, rows, target, f"parts/{name}/{month}/{target.stamp}.parquet", month)
    if written.rows == 0:
        return parts
    return [*(part for part in parts if part not in replaced), written]


def _copy(connection: duckdb.DuckDBPyConnection, sql: str, target: Target, path: str, month: str | None) -> Part:
    (target.root / path).parent.mkdir(parents=True, exist_ok=True)
    written = connection.execute(
        f"COPY (\n{sql}\n) TO {quote(target.root / path)} "
        f"(FORMAT parquet, COMPRESSION zstd, DICTIONARY_SIZE_LIMIT {LARGEST_DICTIONARY})"
    ).fetchall()
    return Part(path, int(written[0][0]), month)
