"""A map: how the columns and values of one's own file become those of a canonical table, kept as TOML.

Knows nothing of files' contents or of what is stored.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli_w

from analytics.engines.duckdb import quote
from analytics.errors import InputError
from analytics.ingest.adapters import check_keys, check_time_zone, read_toml
from analytics.ingest.readers import Dialect
from analytics.tables import TABLES

_KEYS = ("table", "time_zone", "columns", "constants", "values", "formats", "file")

# What a canonical column is often called elsewhere; compared without case, spaces and punctuation.
_OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "event_id": ("id", "eventid", "uuid"),
    "occurred_at": ("time", "timestamp", "date", "datetime", "createdat", "eventtime", "orderdate", "invoicedate"),
    "kind": ("type", "event", "eventtype", "action"),
    "merchant_id": ("seller", "sellerid", "merchant", "shop", "shopid", "store", "storeid", "vendor", "vendorid"),
    "buyer_id": ("customer", "customerid", "customeruniqueid", "buyer", "user", "userid", "client", "clientid"),
    "order_id": ("order", "ordernumber", "orderno", "invoice", "invoiceno", "purchaseid"),
    "line_id": ("line", "lineno", "orderitemid", "itemid"),
    "product_id": ("product", "sku", "stockcode", "productcode", "asin"),
    "quantity": ("qty", "count", "units"),
    "amount": ("price", "total", "value", "linetotal", "revenue"),
    "price_amount": ("price", "unitprice", "listprice"),
    "currency": ("currencycode",),
    "score": ("rating", "stars", "reviewscore"),
    "text": ("comment", "review", "message", "body", "content", "description"),
    "ship_by_at": ("shippinglimitdate", "shipby"),
    "deliver_by_at": ("orderestimateddeliverydate", "deliverby", "estimateddelivery"),
    "region": ("state", "country", "province"),
    "category": ("productcategoryname", "categoryname"),
    "name": ("merchantname", "sellername", "shopname"),
    "title": ("productname", "producttitle"),
    "ticket_id": ("id", "ticket", "caseid", "case"),
    "message_id": ("id", "messageid"),
    "sent_at": ("time", "timestamp", "date", "createdat"),
    "opened_at": ("createdat", "created", "opened", "date"),
    "resolved_at": ("closedat", "closed", "resolved"),
    "author": ("sender", "from", "role"),
    "updated_at": ("modifiedat", "lastmodified", "updated"),
}


@dataclass(frozen=True)
class ColumnMap:
    """`columns`: canonical → source column. `values`: canonical column → source value → canonical value."""

    table: str
    columns: Mapping[str, str]
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)
    time_zone: str | None = None
    dialect: Dialect = field(default_factory=Dialect)


def read_map(path: Path) -> ColumnMap:
    """Read a map file. InputError names the file and the key at fault."""
    return parse_map(read_toml(path), path)


def parse_map(document: Mapping[str, Any], path: Path) -> ColumnMap:
    """A map from parsed TOML; `path` is only named in errors."""
    check_keys(document, _KEYS, path)
    table = document.get("table")
    if not isinstance(table, str) or table not in TABLES:
        raise InputError(f"{path}: table is {table!r}: set one of {', '.join(TABLES)}.")
    names = TABLES[table].column_names()
    for section in ("columns", "constants", "values", "formats"):
        check_keys(document.get(section, {}), names, path, f"[{section}] ")
    check_keys(document.get("file", {}), ("encoding", "delimiter", "quote"), path, "[file] ")
    if "time_zone" in document:
        check_time_zone(document["time_zone"], path)
    if both := sorted(set(document.get("columns", {})) & set(document.get("constants", {}))):
        raise InputError(f"{path}: {both[0]!r} stands in [columns] and in [constants]: keep one of them.")
    return ColumnMap(
        table=table,
        columns=dict(document.get("columns", {})),
        constants={name: str(value) for name, value in document.get("constants", {}).items()},
        values={name: {str(k): str(v) for k, v in pairs.items()} for name, pairs in document.get("values", {}).items()},
        formats=dict(document.get("formats", {})),
        time_zone=document.get("time_zone"),
        dialect=Dialect(**document.get("file", {})),
    )


def map_to_toml(column_map: ColumnMap) -> str:
    """The TOML text that `read_map` reads back; empty sections are left out."""
    document: dict[str, Any] = {"table": column_map.table}
    if column_map.time_zone:
        document["time_zone"] = column_map.time_zone
    for section in ("columns", "constants", "formats", "values"):
        if content := getattr(column_map, section):
            document[section] = {key: dict(v) if isinstance(v, Mapping) else v for key, v in content.items()}
    dialect = {key: value for key, value in vars(column_map.dialect).items() if value is not None}
    if dialect:
        document["file"] = dialect
    return tomli_w.dumps(document)


def mapped_select(column_map: ColumnMap, raw_view: str, source_columns: Sequence[str], described_as: str) -> str:
    """The SELECT that a map stands for. InputError when it names a column that the file lacks."""
    found = {name.lower(): name for name in source_columns}
    picked = []
    for canonical, source in column_map.columns.items():
        if source.lower() not in found:
            near = difflib.get_close_matches(source, source_columns, n=1)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            raise InputError(
                f"{described_as} has no column {source!r}, which the map names for {canonical} "
                f"(found: {', '.join(source_columns)}).{meant}"
            )
        picked.append(f"{_valued(_identifier(found[source.lower()]), column_map.values.get(canonical))} AS {canonical}")
    picked += [f"{quote(value)} AS {canonical}" for canonical, value in column_map.constants.items()]
    return f"SELECT {', '.join([*picked, '_file', '_line'])} FROM {raw_view}"


def _valued(expression: str, values: Mapping[str, str] | None) -> str:
    if not values:
        return expression
    text = f"trim({expression}::VARCHAR)"
    cases = " ".join(f"WHEN {quote(source)} THEN {quote(canonical)}" for source, canonical in values.items())
    return f"CASE {text} {cases} ELSE {text} END"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def guess_map(source_columns: Sequence[str], file_name: str = "", table: str | None = None) -> ColumnMap:
    """The table (unless one is given) and columns that a file most likely means: same names first, then names that mean the same."""
    guesses = {name: _guess_columns(name, source_columns) for name in TABLES}
    stem = re.sub(r"\W", "", Path(file_name).stem.lower())

    def fitness(table: str) -> int:
        missing = sum(column.is_required and column.name not in guesses[table] for column in TABLES[table].columns)
        is_named = table in stem or table.rstrip("s") in stem
        return 2 * len(guesses[table]) - missing + 4 * is_named

    best = table or max(TABLES, key=fitness)
    return ColumnMap(best, guesses[best])


def _guess_columns(table: str, source_columns: Sequence[str]) -> dict[str, str]:
    left = {re.sub(r"[\W_]", "", name.lower()): name for name in reversed(source_columns)}
    guessed: dict[str, str] = {}
    names = TABLES[table].column_names()
    for wanted in ([(name, (name.replace("_", ""),)) for name in names], [(n, _OTHER_NAMES.get(n, ())) for n in names]):
        for canonical, spellings in wanted:
            match = next((spelling for spelling in spellings if spelling in left), None)
            if canonical not in guessed and match is not None:
                guessed[canonical] = left.pop(match)
    return {name: guessed[name] for name in names if name in guessed}
