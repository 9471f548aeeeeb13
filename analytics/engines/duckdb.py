"""Builds marts in DuckDB: runs each sql/marts/NN_NAME.sql in file-name order over the canonical tables.

Knows nothing of what a mart means; each file is one SELECT with the parameters $as_of and $time_zone.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from analytics.errors import WarehouseError
from analytics.tables import SQL_FOLDER

MARTS_FOLDER = SQL_FOLDER / "marts"


@dataclass(frozen=True)
class Mart:
    """One mart: its table name and the SELECT that makes it."""

    name: str
    path: Path
    sql: str


def read_marts(folder: Path = MARTS_FOLDER) -> tuple[Mart, ...]:
    """The marts of a folder in file-name order; `10_fct_order.sql` makes the table `fct_order`."""
    paths = sorted(folder.glob("*.sql"))
    return tuple(
        Mart(re.sub(r"^\d+_", "", path.stem), path, path.read_text(encoding="utf-8").strip().rstrip(";"))
        for path in paths
    )


def marts_digest(marts: tuple[Mart, ...]) -> str:
    """A hash of all mart SQL, to tell when stored marts were built by other code."""
    return hashlib.sha256("\0".join(f"{mart.name}\0{mart.sql}" for mart in marts).encode()).hexdigest()


def build_marts(
    connection: duckdb.DuckDBPyConnection,
    marts: tuple[Mart, ...],
    *,
    as_of: datetime | None,
    time_zone: str,
    write_to: Path | None = None,
    on_mart: Callable[[str], None] | None = None,
) -> Mapping[str, Path]:
    """Run the marts in order; each is visible to the next under its name.

    `as_of` is an exclusive upper bound (UTC instant; None = everything). With `write_to` each mart becomes the file
    write_to/NAME.parquet and a view over it, and the paths are returned; without, a table in the connection's memory.
    Raises WarehouseError naming the mart's file when one fails.
    """
    bound = "infinity" if as_of is None else as_of.isoformat()
    values = {"as_of": duckdb.Value(bound, duckdb.sqltype("TIMESTAMP WITH TIME ZONE")), "time_zone": time_zone}
    written: dict[str, Path] = {}
    for mart in marts:
        if on_mart is not None:
            on_mart(mart.name)
        try:
            used = duckdb.extract_statements(mart.sql)[0].named_parameters
            parameters = {name: value for name, value in values.items() if name in used}
            if write_to is None:
                connection.execute(f'CREATE TABLE "{mart.name}" AS\n{mart.sql}\n', parameters)
                continue
            path = write_to / f"{mart.name}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            connection.execute(f"COPY (\n{mart.sql}\n) TO {quote(path)} (FORMAT parquet, COMPRESSION zstd)", parameters)
            connection.execute(f'CREATE VIEW "{mart.name}" AS SELECT * FROM read_parquet({quote(path)})')
            written[mart.name] = path
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            raise WarehouseError(f"The mart {mart.path.name} failed: {first_line(error)}") from error
    return written


def quote(value: str | Path) -> str:
    """An SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"


def first_line(error: Exception) -> str:
    """The first line of an error's message, without DuckDB's own hints below it."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
