"""Turns a table's contract into SQL: typed columns, the test for a bad row, and what quarantine says of it.

Knows nothing of files or of what is already stored.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
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
    """A row is bad where `sql` is true; `column` and `reason` (an SQL expression) go to quarantine."""

    column: str
    sql: str
    reason: str


@cache
def _type_rules() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads((SQL_FOLDER / "ingest" / "types.toml").read_text(encoding="utf-8"))


def typed_columns(table: Table, source_types: Mapping[str, str], conditions: Conditions) -> Mapping[str, str]:
    """Canonical column → SQL over the source row; a column that the source lacks is a typed NULL."""
    return {
        column.name: _typed(column, source_types[column.name], conditions)
        if column.name in source_types
        else f"NULL::{column.physical_type}"
        for column in table.columns
    }


def _text(name: str, source_type: str) -> str:
    if source_type in ("DOUBLE", "FLOAT"):
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
    """Every way in which a row can be bad, over columns `name` (typed) and `raw_name` (the source's text)."""
    found: list[Problem] = []
    for column in table.columns:
        if column.name in source_types:
            found.extend(_column_problems(column, conditions))
    found.extend(Problem(check.column, check.sql, quote(check.reason)) for check in table.checks)
    return tuple(found)


def _column_problems(column: Column, conditions: Conditions) -> list[Problem]:
    rule = _type_rules()[column.kind]
    value, raw = f'"{column.name}"', f'"raw_{column.name}"'
    shown = f"': ' || left({raw}, 60)"
    found = []
    if column.is_required:
        found.append(Problem(column.name, f"{value} IS NULL AND {raw} IS NULL", quote("is missing")))
    if "reason" in rule:
        reason = rule["reason"]
        if (form := conditions.formats.get(column.name)) and "format" in rule:
            reason = f"is no date or time in the format {form}"
        found.append(Problem(column.name, f"{value} IS NULL AND {raw} IS NOT NULL", f"{quote(reason)} || {shown}"))
    if column.allowed:
        allowed = ", ".join(quote(word) for word in column.allowed)
        reason = quote(f"is none of {', '.join(column.allowed)}")
        found.append(Problem(column.name, f"{value} NOT IN ({allowed})", f"{reason} || {shown}"))
    if column.minimum is not None:
        reason = "is negative" if column.minimum == 0 else f"is below {column.minimum}"
        found.append(Problem(column.name, f"{value} < {column.minimum}", f"{quote(reason)} || {shown}"))
    if column.maximum is not None:
        found.append(
            Problem(column.name, f"{value} > {column.maximum}", f"{quote(f'is over {column.maximum}')} || {shown}")
        )
    latest = f"TIMESTAMPTZ {quote(conditions.latest.isoformat())}"
    for check in rule.get("checks", ()):
        sql = check["sql"].format(value=value, latest=latest)
        found.append(Problem(column.name, sql, f"{quote(check['reason'])} || {shown}"))
    return found
