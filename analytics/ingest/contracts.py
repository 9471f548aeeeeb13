"""Turns a table's contract into SQL: typed columns, the test for a bad row, and what quarantine says of it.

Knows nothing of files or of what is already stored.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from analytics.engines.duckdb import quote
from analytics.tables import SQL_FOLDER, Column, Table


@dataclass(frozen=True)
class Conditions:
    """What typing depends on: the zone of times without one, the buyer key, the latest instant believed, time formats."""

    time_zone: str
    buyer_key: str
    latest: datetime
    formats: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """A row is bad where `sql` is true; `column` and `reason` (an SQL expression) go to quarantine.

    `is_ruled_out`: it can't be true of a plain row (`plain_row`), which need not be asked.
    """

    column: str
    sql: str
    reason: str
    is_ruled_out: bool = False


TWENTY_YEARS = timedelta(days=7305)
_FLOATS = ("DOUBLE", "FLOAT")


@cache
def _type_rules() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads((SQL_FOLDER / "ingest" / "types.toml").read_text(encoding="utf-8"))


def _is_plain_kind(column: Column, source_types: Mapping[str, str]) -> bool:
    return source_types.get(column.name) == "VARCHAR" and "plain" in _type_rules()[column.kind]


def plain_row(table: Table, source_types: Mapping[str, str]) -> str:
    """SQL over the source row, true where all of its words and names stand in it as they are to be stored, as in most rows.

    It costs one cheap test a column, where trimming, cleaning and the contract's tests cost several.
    """
    tests = []
    for column in table.columns:
        if _is_plain_kind(column, source_types):
            test: str = _type_rules()[column.kind]["plain"].format(
                src=f'"{column.name}"', words="|".join(column.allowed) or "[a-z0-9_]+"
            )
            tests.append(f"coalesce({test}, true)")
    return " AND ".join(tests) or "true"


def typed_columns(table: Table, source_types: Mapping[str, str], conditions: Conditions) -> dict[str, str]:
    """Canonical column → SQL over the source row with `_plain` (plain_row); a column that the source lacks is a typed NULL."""
    typed = {}
    for column in table.columns:
        if column.name not in source_types:
            typed[column.name] = f"NULL::{column.physical_type}"
            continue
        sql = _typed(column, source_types[column.name], conditions)
        if _is_plain_kind(column, source_types):
            sql = f'CASE WHEN _plain THEN "{column.name}" ELSE {sql} END'
        typed[column.name] = sql
    return typed


def lacking_columns(table: Table, source_types: Mapping[str, str]) -> Mapping[str, str]:
    """Canonical column of a type that text may fail to be → SQL over the source row, true where the source gives no value for it."""
    return {
        column.name: _lacks(column, source_types[column.name])
        for column in table.columns
        if column.name in source_types and "reason" in _type_rules()[column.kind]
    }


def _lacks(column: Column, source_type: str) -> str:
    if source_type in _type_rules()[column.kind].get("from", ()):
        return f'"{column.name}" IS NULL'
    if source_type in _FLOATS:
        return f'"{column.name}" IS NULL OR isnan("{column.name}")'
    return f"{_text(column.name, source_type)} IS NULL"


def _text(name: str, source_type: str) -> str:
    if source_type in _FLOATS:
        return f'CASE WHEN NOT isnan("{name}") THEN CAST("{name}" AS VARCHAR) END'
    return f"nullif(trim(CAST(\"{name}\" AS VARCHAR)), '')"


def _typed(column: Column, source_type: str, conditions: Conditions) -> str:
    rule = _type_rules()[column.kind]
    if column.name in conditions.formats and "format" in rule:
        template = rule["format"]
    elif source_type in rule.get("from", ()):
        template = rule["native"]
    else:
        template = rule["sql"]
    expression: str = template.format(
        src=f'"{column.name}"',
        text=_text(column.name, source_type),
        time_zone=quote(conditions.time_zone),
        buyer_key=quote(conditions.buyer_key),
        format=quote(conditions.formats.get(column.name, "")),
    )
    return f"({expression})::{column.physical_type}"


def raw_columns(table: Table, source_types: Mapping[str, str], typed: Mapping[str, str]) -> Mapping[str, str]:
    """Source column → its text as quarantine keeps it: free text whole, a buyer's id as its pseudonym only."""
    kinds = {column.name: column.kind for column in table.columns}
    raw = {}
    for name, source_type in source_types.items():
        if not name.startswith("_"):
            raw[name] = _raw(name, source_type, kinds.get(name), typed)
    return raw


def _raw(name: str, source_type: str, kind: str | None, typed: Mapping[str, str]) -> str:
    if kind == "buyer":
        return typed[name]
    return f"nullif(CAST(\"{name}\" AS VARCHAR), '')" if kind == "text" else _text(name, source_type)


def problems(table: Table, source_types: Mapping[str, str], conditions: Conditions) -> tuple[Problem, ...]:
    """Every way in which a row can be bad, over columns `name` (typed), `lacks_name` (lacking_columns) and `raw_name` (the source's text)."""
    found: list[Problem] = []
    for column in table.columns:
        if column.name in source_types:
            found += _column_problems(column, source_types, conditions)
    found.extend(Problem(check.column, check.sql, quote(check.reason)) for check in table.checks)
    return tuple(found)


def _column_problems(column: Column, source_types: Mapping[str, str], conditions: Conditions) -> list[Problem]:
    """What is wrong with a column: nothing there, no value of its type, or a value that is not allowed."""
    rule = _type_rules()[column.kind]
    value, lacks, shown = f'"{column.name}"', f'"lacks_{column.name}"', f"""': ' || left("raw_{column.name}", 60)"""
    found = []
    if column.is_required:
        # Text that is there is always a word, a name or an id.
        found.append(Problem(column.name, lacks if "reason" in rule else f"{value} IS NULL", quote("is missing")))
    if "reason" in rule and source_types[column.name] != column.physical_type:
        reason = rule["reason"]
        if (form := conditions.formats.get(column.name)) and "format" in rule:
            reason = f"is no date or time in the format {form}"
        found.append(Problem(column.name, f"{value} IS NULL AND NOT {lacks}", f"{quote(reason)} || {shown}"))
    faults = [*_out_of_bounds(column, value)]
    bounds = {"latest": _instant(conditions.latest), "latest_promise": _instant(conditions.latest + TWENTY_YEARS)}
    faults += [(check["sql"].format(value=value, **bounds), check["reason"]) for check in rule.get("checks", ())]
    is_plain = _is_plain_kind(column, source_types)
    found += [Problem(column.name, sql, f"{quote(reason)} || {shown}", is_plain) for sql, reason in faults]
    return found


def _instant(value: datetime) -> str:
    return f"TIMESTAMPTZ {quote(value.isoformat())}"


def _out_of_bounds(column: Column, value: str) -> Iterator[tuple[str, str]]:
    if column.allowed:
        allowed = ", ".join(quote(word) for word in column.allowed)
        yield f"{value} NOT IN ({allowed})", f"is none of {', '.join(column.allowed)}"
    if column.minimum is not None:
        yield f"{value} < {column.minimum}", "is negative" if column.minimum == 0 else f"is below {column.minimum}"
    if column.maximum is not None:
        yield f"{value} > {column.maximum}", f"is over {column.maximum}"
