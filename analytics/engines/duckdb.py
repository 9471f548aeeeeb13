"""Builds marts in DuckDB: runs each sql/marts/NN_NAME.sql in file-name order over the canonical tables.

Knows nothing of what a mart means.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

from analytics.engines.marts import Mart, bind, instant
from analytics.errors import WarehouseError


@dataclass
class Built:
    """What a build wrote: the files of each stored mart, and the SQL of each that is a view."""

    files: dict[str, tuple[Path, ...]] = field(default_factory=dict)
    views: dict[str, str] = field(default_factory=dict)


def build_marts(
    connection: duckdb.DuckDBPyConnection,
    marts: tuple[Mart, ...],
    *,
    as_of: datetime | None,
    time_zone: str,
    write_to: Path | None = None,
    on_mart: Callable[[str], None] | None = None,
) -> Built:
    """Run the marts in order; each is visible to the next under its name.

    `as_of` is an exclusive upper bound (UTC instant; None = everything). With `write_to` each stored mart becomes the file
    write_to/NAME.parquet and a view over it; without, a table in the connection's memory.
    Raises WarehouseError naming the mart's file when one fails.
    """
    built = Built()
    values = parameters(as_of, time_zone)
    for mart in marts:
        if on_mart is not None:
            on_mart(mart.name)
        sql = bind(mart.sql, values)
        with naming(mart):
            if mart.upkeep.form == "view":
                connection.execute(f'CREATE VIEW "{mart.name}" AS\n{sql}\n')
                built.views[mart.name] = sql
            elif write_to is None:
                connection.execute(f'CREATE TABLE "{mart.name}" AS\n{_quick_utc(sql)}\n')
            else:
                path = write_to / f"{mart.name}.parquet"
                copy_to(connection, _quick_utc(sql), path, mart.upkeep.sort)
                connection.execute(f'CREATE VIEW "{mart.name}" AS SELECT * FROM {read_files([path])}')
                built.files[mart.name] = (path,)
    return built


def _quick_utc(sql: str) -> str:
    """The same SQL with instants read in UTC by their number: DuckDB asks its calendar of time zones even then, 200 ns a value."""
    return re.sub(r"\b([\w.]+) at time zone 'UTC'", r"make_timestamp(epoch_us(\1))", sql)


def parameters(as_of: datetime | None, time_zone: str) -> Mapping[str, str]:
    """The values of a mart's parameters as SQL literals."""
    return {"as_of": instant(as_of), "time_zone": quote(time_zone)}


def copy_to(connection: duckdb.DuckDBPyConnection, sql: str, path: Path, sort: str = "") -> int:
    """Write a SELECT to a Parquet file, sorted when `sort` says how; returns the number of rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ordered = f"SELECT * FROM (\n{sql}\n) ORDER BY {sort}" if sort else sql
    written = connection.execute(f"COPY (\n{ordered}\n) TO {quote(path)} (FORMAT parquet, COMPRESSION zstd)").fetchall()
    return int(written[0][0])


def read_files(paths: Sequence[Path]) -> str:
    """The relation over some Parquet files."""
    return f"read_parquet([{', '.join(quote(path) for path in paths)}])"


@contextmanager
def naming(mart: Mart) -> Iterator[None]:
    """Say which mart's file failed; that it was stopped, or lacked memory or disk, is not the mart's fault and passes through."""
    try:
        yield
    except (duckdb.InterruptException, duckdb.OutOfMemoryException):
        raise
    except duckdb.Error as error:
        if is_disk_full(error):
            raise
        raise WarehouseError(f"The mart {mart.path.name} failed: {first_line(error)}") from error


def quote(value: str | Path) -> str:
    """An SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"


def is_disk_full(error: Exception) -> bool:
    """Whether there is no disk left: an IO error where DuckDB writes, but one of memory where it spills up to its limit."""
    text = str(error).lower()
    return any(sign in text for sign in ("no space left", "quota exceeded", "failed to offload"))


def first_line(error: Exception) -> str:
    """The first line of an error's message, without DuckDB's own hints below it."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
