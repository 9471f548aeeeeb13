"""What a model wrote of threads, by content hash, so that no thread is summarised twice. A cache, so nothing here is audited."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select

from app.workspace.database import Database, in_parts, put_over
from app.workspace.schema import SummaryRow

KEPT_DAYS = 180


class SummaryStore:
    """Texts by key. What is older than KEPT_DAYS goes when something is kept: by then its thread has moved on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def many(self, keys: Collection[str]) -> dict[str, str]:
        """The texts of those keys that there are."""
        found: dict[str, str] = {}
        with self._database.read() as session:
            for some in in_parts(keys):
                rows = session.execute(select(SummaryRow.key, SummaryRow.value).where(SummaryRow.key.in_(some)))
                found.update((row.key, row.value) for row in rows)
        return found

    def keep(self, key: str, value: str, at: datetime | None = None) -> None:
        """Puts a text there, in place of what stood there. `at` is now, but for tests."""
        at = at or datetime.now(UTC)
        with self._database.write() as session:
            session.execute(delete(SummaryRow).where(SummaryRow.at < at - timedelta(days=KEPT_DAYS)))
            put_over(session, SummaryRow, [{"key": key, "value": value, "at": at}])
