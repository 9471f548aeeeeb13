"""Merges staged rows into a table: what is new, a duplicate or a conflict, and the new Parquet parts.

Knows nothing of files of a source; stored parts are never changed, only left out of the new list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from analytics.engines.duckdb import quote
from analytics.snapshots import Part
from analytics.tables import SQL_FOLDER, Table, stored_columns

PARTS_A_MONTH = 8  # a month that has more is rewritten as one


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
    staged: list[Path],
    stored: Mapping[str, tuple[Part, ...]],
    target: Target,
) -> Merged:
    """Merge staging files into one table. Needs the views stored_TABLE and the table `bad`; conflicts are added to it."""
    count = _judge(connection, table, staged, target)
    tally = {
        verdict: int(rows)
        for verdict, rows in connection.execute("SELECT verdict, count(*) FROM verdict GROUP BY verdict").fetchall()
    }
    duplicate, conflict = tally.get("duplicate", 0), tally.get("conflict", 0)
    loaded = count - duplicate - conflict
    parts: dict[str, tuple[Part, ...]] = {}
    if loaded and table.keeps == "latest":
        parts[table.name] = (_write_entity(connection, table, target),)
    elif loaded:
        parts[table.name] = _write_months(
            connection, table.name, table.month_column or "", table.key, stored, target, ""
        )
        if table.name == "events":
            has_text = "text IS NOT NULL"
            parts["event_texts"] = _write_months(
                connection, "event_texts", "occurred_at", "event_id", stored, target, has_text
            )
    return Merged(parts, loaded, duplicate, conflict)


def _judge(connection: duckdb.DuckDBPyConnection, table: Table, staged: list[Path], target: Target) -> int:
    files = ", ".join(quote(path) for path in staged)
    key = f'"{table.key}"'
    content = ", ".join(f'"{name}"' for name in table.column_names())
    is_events = table.name == "events"
    connection.execute(
        render(
            "staged_events" if is_events else "staged",
            source=quote(target.source),
            load_id=quote(target.load_id),
            files=files,
        )
    )
    connection.execute(f"CREATE OR REPLACE TEMP VIEW stored AS SELECT {key} FROM stored_{table.name}")
    connection.execute(render("repeated", key=key))
    connection.execute(render("stored_whole_events" if is_events else "stored_whole", table=table.name))
    verdict = "verdict_latest" if table.keeps == "latest" else "verdict_first"
    connection.execute(render(verdict, key=key, content=content))
    connection.execute(render("fresh"))
    pairs = ", ".join(f'{quote(name)}: "{name}"::VARCHAR' for name in table.column_names())
    connection.execute(
        render("conflicts", table=quote(table.name), column=quote(table.key), key=table.key, content_struct=pairs)
    )
    return int(connection.execute("SELECT count(*) FROM staged").fetchall()[0][0])


def _write_entity(connection: duckdb.DuckDBPyConnection, table: Table, target: Target) -> Part:
    columns = ", ".join(f'"{name}"' for name in stored_columns()[table.name])
    sql = render("merged_entity", columns=columns, key=f'"{table.key}"')
    return _copy(connection, sql, target, f"parts/{table.name}/{target.stamp}.parquet", None)


def _write_months(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    instant: str,
    key: str,
    stored: Mapping[str, tuple[Part, ...]],
    target: Target,
    condition: str,
) -> tuple[Part, ...]:
    columns = ", ".join(f'"{column}"' for column in stored_columns()[name])
    where = condition or "true"
    months = connection.execute(
        f"SELECT DISTINCT strftime({instant}, '%Y-%m') AS month FROM fresh WHERE {where} ORDER BY month"
    ).fetchall()
    parts = list(stored.get(name, ()))
    for (month,) in months:
        first, after = _month_bounds(month)
        rows = (
            f"SELECT {columns} FROM fresh WHERE {where} AND {instant} >= TIMESTAMPTZ {quote(first.isoformat())} "
            f"AND {instant} < TIMESTAMPTZ {quote(after.isoformat())}"
        )
        same_month = [part for part in parts if part.month == month]
        if len(same_month) >= PARTS_A_MONTH:
            files = ", ".join(quote(target.root / part.path) for part in same_month)
            rows += f" UNION ALL SELECT {columns} FROM read_parquet([{files}])"
            parts = [part for part in parts if part.month != month]
        path = f"parts/{name}/{month}/{target.stamp}.parquet"
        parts.append(_copy(connection, f"{rows} ORDER BY {instant}, {key}", target, path, month))
    return tuple(sorted(parts, key=lambda part: part.path))


def _copy(connection: duckdb.DuckDBPyConnection, sql: str, target: Target, path: str, month: str | None) -> Part:
    (target.root / path).parent.mkdir(parents=True, exist_ok=True)
    written = connection.execute(
        f"COPY (\n{sql}\n) TO {quote(target.root / path)} (FORMAT parquet, COMPRESSION zstd)"
    ).fetchall()
    return Part(path, int(written[0][0]), month)


def _month_bounds(month: str) -> tuple[datetime, datetime]:
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    after = first.replace(year=first.year + 1, month=1) if first.month == 12 else first.replace(month=first.month + 1)
    return first, after
