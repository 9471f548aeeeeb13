"""Which texts the product shows: those marked in app's source, and those that data and analytics bring along."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import app.errors as errors
from app.errors import AppError

ROOT = Path(__file__).resolve().parents[2]
MARKS = {"_", "N_", "ngettext"}
ERRORS = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, AppError)}


def marked(root: Path = ROOT / "app") -> Iterator[tuple[str, str]]:
    """(msgid, where) of every `_`, `N_`, `ngettext` and AppError with a literal text."""
    for path in sorted(root.rglob("*.py")):
        if "commands" in path.parts or "bench" in path.parts:
            continue  # commands speak English
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in MARKS | ERRORS and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value, f"{path.relative_to(ROOT)}:{node.lineno}"


def unmarkable(root: Path = ROOT / "app") -> Iterator[str]:
    """Places where a text is put together before it is translated, so that no catalogue can hold it."""
    for path in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_marked = isinstance(node, ast.Call) and _name(node.func) in MARKS and node.args
            if is_marked and isinstance(node.args[0], ast.JoinedStr | ast.BinOp):
                yield f"{path.relative_to(ROOT)}:{node.lineno}"


def of_errors() -> Iterator[tuple[str, str]]:
    """(msgid, where) of the errors of analytics that have named values: those that a page's reader may meet."""
    import analytics.errors

    raised = {name for name in vars(analytics.errors) if name.endswith("Error")}
    for path in sorted((ROOT / "analytics").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in raised and node.keywords:
                (first,) = node.args
                assert isinstance(first, ast.Constant), f"{path}:{node.lineno}"
                yield first.value, f"{path.relative_to(ROOT)}:{node.lineno}"


def of_data() -> Iterator[tuple[str, str]]:
    """(msgid, where) of texts that pages translate but that stand in analytics or in data files."""
    from analytics.metrics import CATALOGUE, REASONS
    from analytics.quality import texts
    from analytics.trust.programmes import presets
    from analytics.whatif.assumptions import TEXTS

    yield from of_errors()
    yield from _of_the_index()
    for text in TEXTS:
        yield text, "analytics.whatif"
    for text in REASONS.values():
        yield text, "analytics.metrics.explain"
    for text in texts():
        yield text, "analytics.quality"
    for programme in presets().values():
        yield programme.name, f"programme {programme.programme_id}"
        yield programme.source, f"programme {programme.programme_id}"
        bands = [band for clause in programme.clauses for band in clause.bands]
        for text in (
            *(clause.label for clause in programme.clauses),
            *(clause.note for clause in programme.clauses if clause.note),
            *(level.label for level in (*programme.levels, *bands)),
        ):
            yield text, f"programme {programme.programme_id}"
    for spec in CATALOGUE.values():
        yield spec.name, f"metric {spec.metric_id}"
        yield spec.description, f"metric {spec.metric_id}"


def _of_the_index() -> Iterator[tuple[str, str]]:
    from analytics.satisfaction.index import default_definition

    for component in default_definition().components:
        yield component.label, "data/satisfaction/index.toml"


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
