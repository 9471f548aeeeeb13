"""The house rules as functions over source text, so that a test can show each of them go red."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

ALLOWED = {
    "app": {"app", "analytics", "llm"},
    "analytics": {"analytics"},
    "llm": {"llm"},
}
FORBIDDEN_LIBRARIES = {
    "analytics": {"streamlit", "torch", "transformers", "plotly"},
    "llm": {"streamlit", "duckdb", "plotly", "sqlalchemy"},
    "app": {"duckdb", "torch", "transformers", "pyspark", "sqlglot"},
}
DOORS_TO_DUCKDB = ("analytics/warehouse.py", "analytics/engines/", "analytics/ingest/")
PAGE_LINES = 150
# A statement begins with its verb; a sentence for people that merely contains "from" does not.
STATEMENT = re.compile(
    r"\s*(with\s+\w+\s+as\s*\(|select\b.+\bfrom\b|insert\s+into\b|delete\s+from\b|update\s+\w+\s+set\b"
    r"|create\s+(or\s+replace\s+)?(temp\s+)?(table|view)\b)",
    re.IGNORECASE | re.DOTALL,
)


def sources(root: Path) -> Iterator[tuple[str, str]]:
    """Yield (path relative to root with forward slashes, text) for every module of the product."""
    for package in ALLOWED:
        for path in sorted((root / package).rglob("*.py")):
            yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.lineno, node.module


def wrong_imports(path: str, text: str) -> list[str]:
    package = path.split("/", 1)[0]
    found = []
    for line, name in imported(ast.parse(text)):
        top = name.split(".", 1)[0]
        if (top in ALLOWED and top not in ALLOWED[package]) or top in FORBIDDEN_LIBRARIES[package]:
            found.append(f"{path}:{line}: {package} must not import {name}")
        elif top == "duckdb" and not path.startswith(DOORS_TO_DUCKDB):
            found.append(f"{path}:{line}: only the warehouse opens DuckDB")
    return found


def docstrings(tree: ast.AST) -> set[int]:
    """Identities of the constant nodes that are docstrings."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                found.add(id(first.value))
    return found


def stray_sql(path: str, text: str) -> list[str]:
    if path.startswith(DOORS_TO_DUCKDB) or "/migrations/" in path:
        return []
    tree = ast.parse(text)
    skip = docstrings(tree)
    return [
        f"{path}:{node.lineno}: SQL belongs in analytics/sql"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in skip
        and STATEMENT.match(node.value)
    ]


def unsafe_html(path: str, text: str) -> list[str]:
    """`unsafe_allow_html` in either spelling, and `unsafe_allow_javascript`."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        keywords = {k.arg for k in node.keywords}
        positional = name in {"markdown", "caption", "title", "header", "subheader"} and len(node.args) > 1
        if keywords & {"unsafe_allow_html", "unsafe_allow_javascript"} or positional:
            found.append(f"{path}:{node.lineno}: unsafe HTML")
    return found


def page_faults(path: str, text: str) -> list[str]:
    """What a page may not hold: too many lines, SQL, grouping, figure encoding, caches, HTML, try."""
    found = []
    if len(text.splitlines()) > PAGE_LINES:
        found.append(f"{path}: {len(text.splitlines())} lines; {PAGE_LINES} is a page")
    tree = ast.parse(text)
    for line, name in imported(tree):
        if name.split(".", 1)[0] in {"plotly", "pandas", "sqlalchemy", "analytics", "llm"}:
            found.append(f"{path}:{line}: a page goes through app.services and app.charts, not {name}")
    for node in ast.walk(tree):
        if isinstance(node, (ast.Try, ast.TryStar)):
            found.append(f"{path}:{node.lineno}: errors are handled by the boundary, not in a page")
        elif isinstance(node, ast.Attribute) and node.attr in {"groupby", "pivot_table", "update_layout", "html"}:
            found.append(f"{path}:{node.lineno}: .{node.attr} does not belong in a page")
        elif isinstance(node, ast.Attribute) and node.attr in {"cache_data", "cache_resource"}:
            found.append(f"{path}:{node.lineno}: caching lives in app/services")
    return found


CACHES = "app/services/runtime.py"
UNCHANGING = ("Lab", "WhatifResult", "FoundGoal", "FoundMix")
"""What sessions may share besides tuples: a prepared lab, results whose frames nobody changes, and what was found with them; a copy takes longer than a slider may."""


def cache_faults(path: str, text: str) -> list[str]:
    """A cache of Streamlit's outside its one module, and a result that sessions share and that could be changed."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and node.attr in {"cache_data", "cache_resource"} and path != CACHES:
            found.append(f"{path}:{node.lineno}: services cache by `cached` and `shared` of {CACHES}")
        elif (
            isinstance(node, ast.FunctionDef)
            and "shared" in map(ast.unparse, node.decorator_list)
            and not (node.returns and ast.unparse(node.returns).startswith(("tuple[", *UNCHANGING)))
        ):
            found.append(f"{path}:{node.lineno}: what is shared as it is must be a tuple or nothing that changes")
    return found


def violations(files: Mapping[str, str]) -> list[str]:
    """Every breach in a mapping of path → source text."""
    found: list[str] = []
    for path, text in files.items():
        found += wrong_imports(path, text) + stray_sql(path, text) + unsafe_html(path, text) + cache_faults(path, text)
        if path.startswith("app/views/") and not path.endswith("__init__.py"):
            found += page_faults(path, text)
    return found
