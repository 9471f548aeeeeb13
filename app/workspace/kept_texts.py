"""Texts that were costly to make, by content hash: what was read in messages, what a model wrote of threads. Caches, so nothing here is audited."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select

from app.workspace.database import Database, in_parts, put_over
from app.workspace.schema import ReadingRow, SummaryRow

READINGS_DAYS = 400
SUMMARIES_DAYS = 180  # by then a thread has moved on


class KeptTexts:
    """Texts by key, in one table. What is older than `days` goes when something is kept."""

    def __init__(self, database: Database, kind: type[ReadingRow] | type[SummaryRow], days: int) -> None:
        self._database = database
        self._kind = kind
        self._days = days

    def many(self, keys: Collection[str]) -> dict[str, str]:
        """The texts of those keys that there are."""
        found: dict[str, str] = {}
        with self._database.read() as session:
            for some in in_parts(keys):
                rows = session.execute(select(self._kind.key, self._kind.value).where(self._kind.key.in_(some)))
                found.update((row.key, row.value) for row in rows)
        return found

    def store(self, values: Mapping[str, str], at: datetime | None = None) -> None:
        """Puts them there in one transaction, each in place of what stood there. `at` is now, but for tests."""
        at = at or datetime.now(UTC)
        with self._database.write() as session:
            session.execute(delete(self._kind).where(self._kind.at < at - timedelta(days=self._days)))
            for some in in_parts(values):
                put_over(session, self._kind, [{"key": key, "value": values[key], "at": at} for key in some])
