"""What a question in SQL may name: the served tables, harmless functions, and what it defines itself.

Works on the tree that DuckDB's own parser gives for the very text that will run; knows no connection. What isn't known to be harmless is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from analytics.errors import QueryError

TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest"})
# Kinds of nodes that read rows; DuckDB has more, and a later one may bring more still.
SOURCES = frozenset(
    {
        *("SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"),
        *("BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY", "PIVOT", "SHOW_REF"),
    }
)
# Not volatile, yet they tell of the machine, of settings and of the session, or take a statement as a text.
REFUSED_FUNCTIONS = frozenset(
    {
        *("current_setting", "getvariable", "version", "get_block_size", "parse_duckdb_log_message"),
        *("json_serialize_sql", "json_deserialize_sql", "json_serialize_plan", "json_execute_serialized_sql"),
        *("current_catalog", "current_role", "current_user", "session_user", "user"),
        *("current_database", "current_schema", "current_schemas", "current_query"),
    }
)
# Volatile, and harmless.
ALLOWED_FUNCTIONS = frozenset(
    {
        *(
            "unnest",
            "now",
            "today",
            "current_date",
            "get_current_time",
            "get_current_timestamp",
            "transaction_timestamp",
        ),
        *("random", "uuid", "gen_random_uuid"),
    }
)
NOWHERE = 2**64 - 1  # where the parser doesn't say where it read something


@dataclass(frozen=True)
class Rules:
    """What there is in the serving file and its engine. `tables` are served, `functions` may be called, `taken` are names of what else can be read."""

    tables: frozenset[str]
    functions: frozenset[str]
    taken: frozenset[str]


def plain_functions(known: Collection[tuple[str, str, str, str | None]]) -> frozenset[str]:
    """The names to allow of `known` functions (name, type, schema, stability): aggregates, and what gives the same value for the same arguments."""
    harmless = {
        name
        for name, kind, schema, stability in known
        if schema == "main"
        and (kind == "aggregate" or kind == "macro" or (kind == "scalar" and stability == "CONSISTENT"))
        and not name.startswith("__internal")
    }
    return frozenset((harmless | ALLOWED_FUNCTIONS) - REFUSED_FUNCTIONS)


def check(tree: Mapping[str, Any], rules: Rules, where: Where) -> None:
    """Raises QueryError for the first thing in the tree that a question may not name."""
    nodes = list(_nodes(tree))
    own = frozenset(lowered(name) for node in nodes for name in _defined(node))
    for name in sorted(own & (rules.taken - rules.tables)):
        # Outside the part of the query that defines it the name would mean the other.
        raise QueryError("{name} is a name of the engine's own: call this part of the query something else.", name=name)
    tabled = {id(node["function"]) for node in nodes if node.get("type") == "TABLE_FUNCTION"}
    for node in nodes:
        if "sample" in node and node.get("type") not in SOURCES:
            raise QueryError("This can't be asked here: only SELECT over the served tables.")
        if node.get("type") == "BASE_TABLE":
            _check_table(node, rules, own, where)
        elif node.get("type") == "SHOW_REF":
            _check_show(node)
        elif node.get("type") == "COLUMN_REF":
            _check_column(node, where)
        elif "function_name" in node:
            _check_function(node, TABLE_FUNCTIONS if id(node) in tabled else rules.functions, where)


@dataclass(frozen=True)
class Where:
    """Tells the line and column (from 1) of a place in the text that runs, which has `before` bytes in front of what was asked."""

    asked: str
    before: int

    def __call__(self, place: int) -> dict[str, int]:
        """Raises nothing: a place that isn't known is the beginning."""
        inside = place - self.before if self.before <= place < NOWHERE else 0
        read = self.asked.encode()[: max(inside, 0)].decode(errors="ignore")
        return {"line": read.count("\n") + 1, "column": len(read) - (read.rfind("\n") + 1) + 1}


def lowered(name: str) -> str:
    """As DuckDB compares names: A–Z and a–z are the same, and no other letters are."""
    return name.encode().lower().decode()


def _check_table(node: Mapping[str, Any], rules: Rules, own: frozenset[str], where: Where) -> None:
    name, schema = lowered(node["table_name"]), lowered(node["schema_name"])
    is_own = name in own and not schema
    if node["catalog_name"] or schema not in ("", "main") or not (is_own or name in rules.tables):
        raise QueryError(
            "Line {line}, column {column}: there is no table {name} here. The served tables are {tables}.",
            **where(node["query_location"]),
            name=".".join(part for part in (node["catalog_name"], node["schema_name"], node["table_name"]) if part),
            tables=", ".join(sorted(rules.tables)),
        )


def _check_show(node: Mapping[str, Any]) -> None:
    """DESCRIBE and SUMMARIZE hold a query, which is looked at like any other; of the rest only SHOW TABLES is served."""
    if node["query"] is None and node["table_name"] != '"tables"':
        raise QueryError("Only SHOW TABLES, DESCRIBE and SUMMARIZE can be asked of the engine here.")


def _check_function(node: Mapping[str, Any], allowed: frozenset[str], where: Where) -> None:
    name = lowered(node["function_name"])
    if name not in allowed or lowered(node.get("schema", "")) not in ("", "main") or node.get("catalog"):
        raise _refused(name, node, where)


def _check_column(node: Mapping[str, Any], where: Where) -> None:
    """Some functions are called without brackets, as if they were a column."""
    names = node["column_names"]
    if len(names) == 1 and lowered(names[0]) in REFUSED_FUNCTIONS:
        raise _refused(names[0], node, where)


def _refused(name: str, node: Mapping[str, Any], where: Where) -> QueryError:
    return QueryError(
        "Line {line}, column {column}: the function {name} can't be used here.",
        **where(node.get("query_location", NOWHERE)),
        name=name,
    )


def _defined(node: Mapping[str, Any]) -> Iterator[str]:
    """Names that a WITH gives to parts of the query."""
    if isinstance(named := node.get("cte_map"), Mapping):
        yield from (entry["key"] for entry in named["map"])
    if isinstance(name := node.get("cte_name"), str) and name:
        yield name


def _nodes(tree: object) -> Iterator[Mapping[str, Any]]:
    """Every object of the tree, without recursion: how deep it is, is the asker's choice."""
    waiting = [tree]
    while waiting:
        found = waiting.pop()
        if isinstance(found, Mapping):
            yield found
            waiting.extend(found.values())
        elif isinstance(found, list):
            waiting.extend(found)
