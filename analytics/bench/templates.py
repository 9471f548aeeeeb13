"""The statements of sql/bench: templates with {{slots}}. Knows no engine."""

from __future__ import annotations

from analytics.tables import SQL_FOLDER


def render(name: str, **slots: str) -> str:
    """One of sql/bench/*.sql with its {{slots}} filled; values come quoted."""
    sql = (SQL_FOLDER / "bench" / f"{name}.sql").read_text(encoding="utf-8")
    for slot, value in slots.items():
        sql = sql.replace("{{" + slot + "}}", value)
    return sql
