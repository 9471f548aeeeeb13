"""What a mart is: one SELECT in sql/marts/NN_NAME.sql and, beside it, its grain and how it is kept up to date.

Knows no engine; each file has the parameters $as_of and $time_zone.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from analytics.tables import SQL_FOLDER

MARTS_FOLDER = SQL_FOLDER / "marts"
Form = Literal["keyed", "additive", "view", "whole"]
Mode = Literal["load", "as_of"]


@dataclass(frozen=True)
class UpkeepRules:
    """How a mart follows a change of the facts.

    `form`: keyed = the rows of changed keys are made anew; additive = what changed is added to the sums of a key, so that several rows
    of one key add up; view = never stored; whole = always made anew. SQL may read `before.NAME` and `main.NAME` (all rows in the
    old and the new world), `before_part.NAME` and `after_part.NAME` (the touched rows only), `changed_TABLE` (facts
    that one world lacks), `changed_MART` and `touched_MART` (keys), and, of its own mart, `changed`.

    `is_nullable`: a column of the key may be NULL. `sort`: the order of the stored rows, `dated_by` the instant by whose month that is.
    `known`: which rows exist as of {as_of}, or on {day}. `is_context`: other marts read it whole. `changed`: the keys whose rows are made anew; `touched`: those and the ones that look
    otherwise from another horizon ({low} to {high}); `past`: a condition on stored rows that look otherwise as of a day, beside the touched;
    `truncated`: what columns held then, of rows that are not made anew. `rows`: what a sum adds up, where that is more directly said
    than by its own SQL. `inputs`: what stands for a relation of the SQL, where "the rows of the changed keys" is not it. `spans`: the
    instants (since, until) in which a table's rows of the changed keys lie.
    """

    form: Form = "whole"
    key: tuple[str, ...] = ()
    is_nullable: bool = False
    sort: str = ""
    dated_by: str = ""
    known: str = ""
    is_context: bool = False
    changed: Mapping[Mode, str] = field(default_factory=dict)
    touched: Mapping[Mode, str] = field(default_factory=dict)
    past: str = ""
    truncated: Mapping[str, str] = field(default_factory=dict)
    rows: str = ""
    inputs: Mapping[str, Mapping[Mode, str]] = field(default_factory=dict)
    spans: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Mart:
    """One mart: its table name, the SELECT that makes it, and its upkeep."""

    name: str
    path: Path
    sql: str
    upkeep: UpkeepRules = field(default_factory=UpkeepRules)


def read_marts(folder: Path = MARTS_FOLDER) -> tuple[Mart, ...]:
    """The marts of a folder in file-name order; `10_fct_order.sql` makes the table `fct_order`."""
    return tuple(_read_mart(path) for path in sorted(folder.glob("*.sql")))


def _read_mart(path: Path) -> Mart:
    described = path.with_suffix(".toml")
    rules = _read_upkeep(described.read_text(encoding="utf-8") if described.is_file() else "")
    sql = path.read_text(encoding="utf-8").strip().rstrip(";")
    return Mart(re.sub(r"^\d+_", "", path.stem), path, sql, rules)


@lru_cache(maxsize=256)
def _read_upkeep(text: str) -> UpkeepRules:
    """The rules in a mart's TOML. Kept by the text: an opening as of a day needs all marts, and parsing took most of reading them."""
    document: Mapping[str, Any] = tomllib.loads(text)
    rules = dict(document.get("upkeep", {}))
    form = rules.get("form", "whole")
    return UpkeepRules(
        form=form,
        key=tuple(rules.get("key", document.get("grain", ()))),
        is_nullable=rules.get("is_nullable", False),
        sort=rules.get("sort", ""),
        dated_by=rules.get("dated_by", ""),
        known=rules.get("known", ""),
        is_context=rules.get("is_context", False),
        changed=_by_mode(rules.get("changed", {})),
        touched=_by_mode(rules.get("touched", {})),
        past=rules.get("past", ""),
        truncated=rules.get("truncated", {}),
        rows=rules.get("rows", ""),
        inputs={name: _by_mode(sql) for name, sql in rules.get("inputs", {}).items()},
        spans=rules.get("spans", {}),
    )


def _by_mode(sql: str | Mapping[Mode, str]) -> Mapping[Mode, str]:
    return {"load": sql, "as_of": sql} if isinstance(sql, str) else sql


def marts_digest(marts: tuple[Mart, ...]) -> str:
    """A hash of all mart SQL and rules of upkeep, to tell when stored marts were built by other code."""
    parts = (f"{mart.name}\0{mart.upkeep}\0{mart.sql}" for mart in marts)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def bind(sql: str, values: Mapping[str, str]) -> str:
    """A mart's SQL with `$name` replaced by SQL literals (a view takes no parameters)."""
    return re.sub(r"\$([a-z_]+)\b", lambda match: values[match[1]], sql)


def instant(value: datetime | None) -> str:
    """An SQL literal of an instant; None is later than any."""
    return f"TIMESTAMPTZ '{'infinity' if value is None else value.isoformat()}'"


def day(value: date | None) -> str:
    """An SQL literal of a day; None is later than any."""
    return f"DATE '{'infinity' if value is None else value.isoformat()}'"
