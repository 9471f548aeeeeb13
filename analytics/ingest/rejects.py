"""Quarantine: gives bad rows their real lines, adds malformed ones, and writes what is new as Parquet.

Knows nothing of why a row is bad.
"""

import json
from collections import defaultdict
from pathlib import Path

import duckdb
import pandas as pd

from analytics.engines.duckdb import quote
from analytics.ingest.contracts import Conditions
from analytics.ingest.merge import Target, render
from analytics.ingest.readers import Reader, lines_in_open_quote, lines_of_bytes, physical_lines
from analytics.warehouse import view_quarantine


def settle_lines(connection: duckdb.DuckDBPyConnection, reader: Reader, table_of: dict[str, str]) -> int:
    """Turn record numbers in `bad` into lines of the file and add the rows of `malformed`; returns how many those are.

    `table_of` says which table a file was read for ("" when several).
    """
    malformed: dict[str, dict[int, int]] = defaultdict(dict)
    for name, position in connection.execute("SELECT file, byte FROM malformed").fetchall():
        malformed[name][position] = position
    renumbered = []
    for name, file in reader.files.items():
        if file.format != "csv":
            continue
        records = connection.execute("SELECT DISTINCT line FROM bad WHERE file = $name", {"name": name}).fetchall()
        wanted = {record for (record,) in records}
        if not wanted and not malformed[name]:
            continue
        text = reader.utf8[name]
        if malformed[name]:
            # A quote that never closes runs to the end of the file: only the last bad record can hold it.
            last = max(malformed[name])
            _say_open_quote(connection, name, last, lines_in_open_quote(file, text, last))
        lines = lines_of_bytes(text, sorted(malformed[name]))
        malformed[name] = lines
        found = physical_lines(file, text, wanted, set(lines.values()))
        renumbered += [(name, record, line) for record, line in found.items() if record != line]
    _renumber(connection, renumbered)
    return _add_malformed(connection, malformed, table_of)


def _say_open_quote(connection: duckdb.DuckDBPyConnection, name: str, position: int, lines: int) -> None:
    if lines:
        counted = "1 line after it was" if lines == 1 else f"{lines} lines after it were"
        connection.execute(
            "UPDATE malformed SET reason = $reason WHERE file = $name AND byte = $position",
            {
                "reason": f"a quote in this record never closes, so {counted} not read",
                "name": name,
                "position": position,
            },
        )


def _renumber(connection: duckdb.DuckDBPyConnection, renumbered: list[tuple[str, int, int]]) -> None:
    if not renumbered:
        return
    connection.register("renumbered", pd.DataFrame(renumbered, columns=["file", "record", "line"]))
    connection.execute(
        "UPDATE bad SET line = renumbered.line FROM renumbered "
        "WHERE bad.file = renumbered.file AND bad.line = renumbered.record"
    )
    connection.unregister("renumbered")


def _add_malformed(
    connection: duckdb.DuckDBPyConnection, lines: dict[str, dict[int, int]], table_of: dict[str, str]
) -> int:
    rows = connection.execute("SELECT file, byte, reason, raw FROM malformed").fetchall()
    if rows:
        frame = pd.DataFrame(
            [
                # JSON lines carry their line as a negative position.
                (table_of.get(name, ""), name, -at if at < 0 else lines[name][at], "malformed line: " + why, raw)
                for name, at, why, raw in rows
            ],
            columns=["table", "file", "line", "reason", "raw"],
        )
        connection.register("refused", frame)
        connection.execute('INSERT INTO bad SELECT "table", file, line, NULL, reason, raw FROM refused')
        connection.unregister("refused")
    return len(rows)


def write_quarantine(
    connection: duckdb.DuckDBPyConnection, known: tuple[str, ...], target: Target, conditions: Conditions
) -> tuple[str, ...]:
    """Write the rows of `bad` that no earlier load has said; returns the paths of all quarantine files."""
    view_quarantine(connection, target.root, known)
    sql = render(
        "new_quarantine",
        load_id=quote(target.load_id),
        source=quote(target.source),
        time_zone=quote(conditions.time_zone),
        formats=quote(json.dumps(dict(conditions.formats))),
    )
    path = quarantine_path(target)
    if not copy_rows(connection, sql, target.root / path):
        (target.root / path).unlink()
        return known
    return (*known, path)


def quarantine_path(target: Target) -> str:
    """Where a load's quarantine file lies, relative to the warehouse."""
    return f"quarantine/{target.stamp}.parquet"


def copy_rows(connection: duckdb.DuckDBPyConnection, sql: str, path: Path) -> int:
    """Write the rows of a SELECT as Parquet; returns how many they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = connection.execute(f"COPY (\n{sql}\n) TO {quote(path)} (FORMAT parquet, COMPRESSION zstd)").fetchall()
    return int(written[0][0])
