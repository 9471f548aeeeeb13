"""The serving file: a copy of the marts that anyone at the desk may ask in SQL, and of nothing else.

SERVED is the allow-list. What isn't named here isn't in the file: no buyer, no order, no message, no free text. A file belongs to a snapshot, is made when it is
first asked, and goes with the snapshot (`SnapshotFolder.collect`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import duckdb
from filelock import FileLock

from analytics.dictionary import ColumnDoc, describe_tables
from analytics.engines.duckdb import quote
from analytics.errors import WarehouseError
from analytics.snapshots import SERVED_FOLDER
from analytics.tables import SQL_FOLDER
from analytics.warehouse import STOPPING, create_views

if TYPE_CHECKING:
    from analytics.warehouse import Warehouse

MEASURES = ("_count", "_sum", "_sumsq")  # how the additive integers of a mart end: counts and sums over many, of nobody


@dataclass(frozen=True)
class Served:
    """What is served of a mart: the columns named, and with `has_measures` those that end as MEASURES."""

    columns: tuple[str, ...]
    has_measures: bool = False


SERVED: Mapping[str, Served] = MappingProxyType(
    {
        # Merchants' names are on every page of the desk; everybody who can ask here has read them there.
        "merchant_profile": Served(
            (
                *("merchant_id", "name", "category", "region", "tier", "joined_at", "first_order_date"),
                *("recent_order_count", "size_band"),
            )
        ),
        "merchant_day": Served(("merchant_id", "day"), has_measures=True),
        "merchant_month": Served(("merchant_id", "month"), has_measures=True),
        "merchant_day_amount": Served(
            ("merchant_id", "day", "currency", "order_count", "gmv_minor", "refunded_minor"),
        ),
        "merchant_day_duration": Served(("merchant_id", "day", "measure", "bucket", "duration_count")),
        "marketplace_day": Served(("day",), has_measures=True),
        # A penalty is the merchant's own; its order and the words of its reason stay away.
        "fct_penalty": Served(
            (
                "merchant_id",
                "issued_at",
                "issue_date",
                "clause",
                "penalty_points",
                "expires_at",
                "appealed_at",
                "lifted_at",
            )
        ),
        "source_extent": Served(("kind", "event_count", "first_at", "last_at")),
    }
)


def served_columns(mart: str) -> tuple[ColumnDoc, ...]:
    """The columns of a mart that are served, in its order, with what they mean. KeyError for a mart that isn't served."""
    allowed = SERVED[mart]
    (described,) = (table for table in describe_tables() if table.name == mart)
    return tuple(
        column
        for column in described.columns
        if column.name in allowed.columns or (allowed.has_measures and column.name.endswith(MEASURES))
    )


def example() -> str:
    """A question to begin with."""
    return (SQL_FOLDER / "adhoc" / "example.sql").read_text(encoding="utf-8").strip()


def serving_file(warehouse: Warehouse, snapshot_id: str) -> Path:
    """The file to ask of a snapshot, made if it isn't there. Raises WarehouseError: no such snapshot, a file of it gone, no room."""
    manifest = warehouse.folder.read(snapshot_id)
    folder = warehouse.root / SERVED_FOLDER
    path = folder / f"{snapshot_id}.{_edition()}.duckdb"
    if path.is_file():
        return path
    try:
        folder.mkdir(exist_ok=True)
        with warehouse.cursor(snapshot_id), FileLock(path.with_suffix(".lock")):  # a cursor keeps the snapshot's files
            if not path.is_file():
                begun = path.with_suffix(".part")
                begun.unlink(missing_ok=True)  # of a process that was ended
                with warehouse.connect() as connection:
                    create_views(connection, warehouse.root, manifest)
                    _copy(connection, begun)
                begun.replace(path)
    except duckdb.BinderException as error:
        raise WarehouseError(
            "The marts of snapshot {snapshot_id} were built by another version of TrustDesk: run `trustdesk build`, then ask again.",
            snapshot_id=snapshot_id,
        ) from error
    except STOPPING as error:
        raise warehouse.explain(snapshot_id, error) from error
    except OSError as error:
        raise WarehouseError(
            "The file for ad-hoc analysis can't be written in {folder} ({error}): free some space, or let the desk write there.",
            folder=folder,
            error=error.strerror,
        ) from error
    return path


def _copy(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    connection.execute(f"ATTACH {quote(path)} AS served")
    for mart in SERVED:
        listed = ", ".join(f'"{column.name}"' for column in served_columns(mart))
        connection.execute(f'CREATE TABLE served."{mart}" AS SELECT {listed} FROM main."{mart}"')
    connection.execute("DETACH served")


def _edition() -> str:
    """Short and other for another allow-list or another DuckDB, whose files may differ."""
    listed = "\n".join(f"{mart}: {', '.join(column.name for column in served_columns(mart))}" for mart in SERVED)
    return hashlib.sha256(f"{duckdb.__version__}\n{listed}".encode()).hexdigest()[:12]
