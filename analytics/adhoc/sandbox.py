"""The process that answers one question: bounds itself, opens the serving file read-only and locked, checks the question, runs it, writes the answer.

`python -m analytics.adhoc.sandbox` reads one JSON request from stdin and writes one line of JSON and then an Arrow stream, to stdout. It needs no environment,
writes no file, and ends. What DuckDB itself is told to refuse, and what `guard` refuses before it, are two walls: either would do for files and settings.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
import threading
import time
import warnings
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from analytics.adhoc.guard import NOWHERE, Rules, Where, check, plain_functions
from analytics.engines.duckdb import quote
from analytics.errors import QueryError

BATCH_ROWS = 1_000
MOST_SAID = 500  # characters of what DuckDB says of an error: a value that it quotes has no end
# Types that a page, a chart and a spreadsheet know; all others are told as DuckDB writes them.
PLAIN = frozenset(
    {
        *("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
        *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "FLOAT", "DOUBLE", "DECIMAL", "VARCHAR"),
        *("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"),
    }
)
STOPPING = (duckdb.Error, MemoryError, RuntimeError, OSError)  # what a question may end with
A_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000}  # of an instant; one in nanoseconds never is out of reach
FIRST_DAY, LAST_DAY = (  # since 1970, of years that Python can say in any time zone
    (day - date(1970, 1, 1)).days for day in (date(1, 1, 2), date(9999, 12, 30))
)
COMMENT = r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*"
EXPLAIN = re.compile(rf"\A{COMMENT}explain(?P<analyze>{COMMENT}\banalyze\b)?", re.IGNORECASE | re.DOTALL)


def main() -> None:
    """One request in, one answer out; a refusal is an answer too."""
    request = json.load(sys.stdin)
    threading.Thread(target=_end_with, args=(request["asker"],), daemon=True).start()
    bound(request["limits"])
    out = sys.stdout.buffer
    try:
        with _opened(request) as connection:
            table, more = answer(connection, request["sql"], request["limits"])
    except QueryError as error:
        out.write(json.dumps({"error": {"text": error.text, "values": error.values}}).encode() + b"\n")
        return
    out.write(json.dumps({"more": more}).encode() + b"\n")
    with pa.ipc.new_stream(out, table.schema) as stream:
        stream.write_table(table)


def _end_with(asker: int) -> None:
    """Ends this process, whatever it is doing, when the one that started it is gone."""
    while os.getppid() == asker:
        time.sleep(1)
    os._exit(1)


def _opened(request: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
    try:
        return open_file(request["path"], request["limits"], request["time_zone"])
    except duckdb.Error as error:
        path = Path(request["path"])
        path.unlink(missing_ok=True)  # a torn one would stay so: the next question has it made anew
        said = " ".join(str(error).replace(str(path), path.name).split())
        raise QueryError("The file for ad-hoc analysis can't be opened ({error}): ask again.", error=said) from error


def bound(limits: Mapping[str, Any]) -> None:
    """The system's own limits on this process, which nothing in it can lift: memory, processor time, no file written, few open."""
    os.nice(5)  # whoever looks at a page goes first
    for name, most in (
        (resource.RLIMIT_DATA, limits["process_bytes"]),
        (resource.RLIMIT_AS, 3 * limits["process_bytes"]),
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(name, (most, most))


def open_file(path: str, limits: Mapping[str, Any], time_zone: str) -> duckdb.DuckDBPyConnection:
    """The serving file: read-only, nothing outside it reachable, nothing of it to be changed."""
    connection = duckdb.connect(
        path,
        read_only=True,
        config={
            "memory_limit": limits["memory"],
            "threads": limits["threads"],
            "temp_directory": "",
            "autoload_known_extensions": False,
            "autoinstall_known_extensions": False,
            "allow_community_extensions": False,
            "python_enable_replacements": False,
        },
    )
    connection.execute(f"SET TimeZone = {quote(time_zone)}")
    connection.execute("SET errors_as_json = true")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def answer(connection: duckdb.DuckDBPyConnection, sql: str, limits: Mapping[str, Any]) -> tuple[pa.Table, str | None]:
    """What a question gives, at most `rows` rows and `bytes` bytes of it, and which of the two it has more of. Raises QueryError."""
    before, text, after = checked(connection, sql, limits["rows"])
    if not before.startswith("EXPLAIN"):
        before, after = _plainly(connection, (before, text, after), limits)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            table, more = _read(connection.execute(f"{before}{text}{after}").fetch_record_batch(BATCH_ROWS), limits)
    except STOPPING as error:
        raise _told(error, Where(text, len(before.encode())), limits) from error
    _check_days(table)
    return table, more


def _plainly(
    connection: duckdb.DuckDBPyConnection, parts: tuple[str, str, str], limits: Mapping[str, Any]
) -> tuple[str, str]:
    """What to put before and after the question so that every column is of a PLAIN type. Raises QueryError for too many columns."""
    before, text, after = parts
    try:
        columns = connection.execute(f"DESCRIBE {before}{text}{after}").fetchall()
    except STOPPING as error:
        raise _told(error, Where(text, len(f"DESCRIBE {before}".encode())), limits) from error
    if len(columns) > limits["columns"]:
        raise QueryError(
            "This has {n} columns, and {limit} can be shown: name those that you need.",
            n=len(columns),
            limit=limits["columns"],
        )
    if all(_is_plain(kind) for _, kind, *_ in columns):
        return before, after
    named = [f"c{place}" for place in range(len(columns))]
    listed = [
        (own if _is_plain(kind) else f"CAST({own} AS VARCHAR)") + ' AS "' + name.replace('"', '""') + '"'
        for own, (name, kind, *_) in zip(named, columns, strict=True)
    ]
    return f"SELECT {', '.join(listed)} FROM ({before}", f"{after}) AS answer({', '.join(named)})"


def _is_plain(kind: str) -> bool:
    return kind.partition("(")[0] in PLAIN and not kind.endswith("]")


def _check_days(table: pa.Table) -> None:
    """Raises QueryError for a day that Python can't say, `infinity` among them."""
    for name, column in zip(table.column_names, table.columns, strict=True):
        kind = column.type
        a_day = 1 if pa.types.is_date(kind) else A_DAY.get(kind.unit) if pa.types.is_timestamp(kind) else None
        ends = pc.min_max(column) if a_day else {}
        days = [end.value // a_day for end in (ends["min"], ends["max"]) if end.is_valid] if a_day else []
        if not all(FIRST_DAY <= day <= LAST_DAY for day in days):
            raise QueryError(
                "Column {name} has a day outside the years 1 to 9999, which can't be shown: cast it to VARCHAR.",
                name=name,
            )


def checked(connection: duckdb.DuckDBPyConnection, sql: str, rows: int) -> tuple[str, str, str]:
    """The statement to run in three parts, the middle one being what was asked: looked at as it will run. Raises QueryError."""
    try:
        statements = connection.extract_statements(sql)
    except (duckdb.Error, RuntimeError) as error:
        raise _told(error, Where(sql, 0), {}) from error
    if len(statements) != 1:
        raise QueryError("Ask one statement at a time; this holds {n}.", n=len(statements))
    kind = statements[0].type.name
    if kind not in ("SELECT", "EXPLAIN"):
        raise QueryError("Only SELECT and EXPLAIN can be asked here, not {kind}.", kind=kind)
    text = _without_ends(sql)
    parts = ("SELECT * FROM (\n", text, f"\n) LIMIT {rows + 1}")
    if kind == "EXPLAIN":
        found = EXPLAIN.match(text)
        if found is None:
            raise QueryError("Write EXPLAIN or EXPLAIN ANALYZE, then the SELECT.")
        # Blanked out, not cut off: places in the text stay where they were.
        text = " " * found.end() + text[found.end() :]
        parts = ("EXPLAIN ANALYZE " if found["analyze"] else "EXPLAIN ", text, "")
    looked_at = text if kind == "EXPLAIN" else "".join(parts)
    before = 0 if kind == "EXPLAIN" else len(parts[0])
    check(_tree(connection, looked_at), _rules(connection), Where(text, before))
    return parts


def _tree(connection: duckdb.DuckDBPyConnection, text: str) -> dict[str, Any]:
    """The parser's tree of one SELECT."""
    try:
        written = connection.execute("SELECT json_serialize_sql($text::VARCHAR)", {"text": text}).fetchall()[0][0]
        tree: dict[str, Any] = json.loads(written)
    except (duckdb.Error, RecursionError) as error:
        raise QueryError("This is nested too deeply to be looked at.") from error
    if tree["error"] or len(tree["statements"]) != 1:
        raise QueryError("This can't be asked here: only SELECT over the served tables.")
    return tree


def _rules(connection: duckdb.DuckDBPyConnection) -> Rules:
    known = connection.execute(
        "SELECT DISTINCT function_name, function_type, schema_name, stability FROM duckdb_functions()"
    ).fetchall()
    served = connection.execute("SELECT table_name FROM duckdb_tables() WHERE NOT internal").fetchall()
    views = connection.execute("SELECT view_name FROM duckdb_views()").fetchall()
    return Rules(frozenset(name for (name,) in served), plain_functions(known), frozenset(name for (name,) in views))


def _without_ends(sql: str) -> str:
    """The text with its semicolons blanked out, those in quotes and comments aside: what is one statement can then stand in brackets."""
    raw = bytearray(sql.encode())
    for place, kind in duckdb.tokenize(sql):
        if kind.name == "operator" and raw[place : place + 1] == b";":
            raw[place : place + 1] = b" "
    return raw.decode()


def _read(reader: pa.RecordBatchReader, limits: Mapping[str, Any]) -> tuple[pa.Table, str | None]:
    kept: list[pa.RecordBatch] = []
    rows = size = 0
    more = None
    for batch in reader:
        if rows + len(batch) > limits["rows"]:
            batch, more = batch.slice(0, limits["rows"] - rows), "rows"
        while len(batch) and size + batch.nbytes > limits["bytes"]:
            batch, more = batch.slice(0, len(batch) // 2), "bytes"
        kept.append(batch)
        rows, size = rows + len(batch), size + batch.nbytes
        if more:
            break
    if more == "bytes" and not rows:
        raise QueryError(
            "A single row of this is longer than {limit} bytes: choose fewer or shorter columns.", limit=limits["bytes"]
        )
    return pa.Table.from_batches(kept, reader.schema), more


def _told(error: Exception, where: Where, limits: Mapping[str, Any]) -> QueryError:
    """DuckDB's own error as one line with the place, where it says one."""
    if isinstance(error, duckdb.OutOfMemoryException | MemoryError):
        return QueryError(
            "This needs more than the {limit} of memory that a question may use: ask for fewer rows or groups.",
            limit=limits["memory"],
        )
    text = str(error)
    try:
        document = json.loads(text[text.index("{") :])
        said, place = str(document["exception_message"]), int(document.get("position", NOWHERE))
    except (ValueError, KeyError, TypeError):
        said, place = text, NOWHERE
    said = " ".join(said[: 2 * MOST_SAID].split())
    said = said if len(said) <= MOST_SAID else f"{said[:MOST_SAID]}…"
    return QueryError("Line {line}, column {column}: {said}", **where(place), said=said)


if __name__ == "__main__":
    main()
