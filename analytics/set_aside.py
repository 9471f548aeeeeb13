"""Questions about the rows that a snapshot's loads set aside: how many, why, which, page by page. The rows themselves: `Warehouse.quarantine`.

All take the warehouse and a snapshot id (None: the current one) and raise WarehouseError. Knows no contract and no reason's meaning: a
reason's kind is what the caller's regular expression (RE2) finds in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from analytics.tables import SQL_FOLDER
from analytics.warehouse import Warehouse, quarantined

ROWS_AT_ONCE = 10_000


@dataclass(frozen=True)
class Chosen:
    """Which of the rows set aside: those of a kind, of a table, and with a text in their file, column, reason or raw row (case
    aside). kinds: a regular expression whose first group, at the beginning of a reason, is its kind."""

    kinds: str
    kind: str | None = None
    table: str | None = None
    text: str = ""

    @property
    def words(self) -> dict[str, object]:
        """As the statements name them."""
        return {"kinds": self.kinds, "kind": self.kind, "table_name": self.table, "held": self.text}


def rows(warehouse: Warehouse, snapshot_id: str | None = None, *, settled: bool = False) -> Iterator[dict[str, Any]]:
    """The rows of `Warehouse.quarantine` one by one, read from disk as they are asked for."""
    found = warehouse.snapshot(snapshot_id).snapshot_id
    with warehouse.quarantine_view(found) as connection:
        try:
            for batch in connection.execute(quarantined(settled)).to_arrow_reader(ROWS_AT_ONCE):
                yield from batch.to_pylist()
        except (pa.ArrowException, OSError) as error:  # what Arrow makes of DuckDB's errors once the first rows came
            raise warehouse.explain(found, error) from error


def counts(warehouse: Warehouse, snapshot_id: str | None = None) -> pd.DataFrame:
    """How many rows are set aside: table_name, kind (any, conflict, malformed, missing), column_name, row_count."""
    return _asked(warehouse, snapshot_id, "set_aside")


def reasons(warehouse: Warehouse, kinds: str, snapshot_id: str | None = None) -> pd.DataFrame:
    """How many rows are set aside by reason, most first: table, column, kind, row_count, example; `kinds` as in `Chosen`."""
    return _asked(warehouse, snapshot_id, "set_aside_reasons", {"kinds": kinds})


def page(
    warehouse: Warehouse, chosen: Chosen, *, limit: int, offset: int = 0, snapshot_id: str | None = None
) -> pd.DataFrame:
    """One page of the rows set aside, the last load first: the columns of `Warehouse.quarantine` and kind."""
    words = {**chosen.words, "row_limit": limit, "row_offset": offset}
    return _asked(warehouse, snapshot_id, "set_aside_page", words)


def total(warehouse: Warehouse, chosen: Chosen, snapshot_id: str | None = None) -> int:
    """How many rows all the pages of `page` hold."""
    return int(_asked(warehouse, snapshot_id, "set_aside_total", chosen.words)["row_count"].iloc[0])


def matching(
    warehouse: Warehouse,
    table: str,
    pattern: str,
    *,
    is_matching: bool = True,
    limit: int,
    snapshot_id: str | None = None,
) -> pd.DataFrame:
    """The first `limit` rows of a table whose reason matches a regular expression (RE2), or does not."""
    words = {"table_name": table, "pattern": pattern, "is_matching": is_matching, "row_limit": limit}
    return _asked(warehouse, snapshot_id, "set_aside_rows", words)


def _asked(
    warehouse: Warehouse, snapshot_id: str | None, name: str, params: Mapping[str, object] | None = None
) -> pd.DataFrame:
    with warehouse.quarantine_view(snapshot_id) as connection:
        frame: pd.DataFrame = connection.execute(_statement(name), params).df()
        return frame


def _statement(name: str) -> str:
    """A statement over the rows set aside, its shared parts filled in."""
    sql = (SQL_FOLDER / "warehouse" / f"{name}.sql").read_text(encoding="utf-8")
    for part in ("kinds", "found"):
        text = (SQL_FOLDER / "warehouse" / f"set_aside_{part}.sql").read_text(encoding="utf-8")
        sql = sql.replace("{{" + part + "}}", f"\n{text}")
    return sql
