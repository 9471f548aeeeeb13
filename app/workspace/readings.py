"""What was read in texts, by content hash, so that no text is read twice. A cache, so nothing here is audited."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select

from app.workspace.database import Database, in_parts
from app.workspace.schema import ReadingRow

KEPT_DAYS = 400


class ReadingStore:
    """Readings by key, many at once. What is older than KEPT_DAYS goes when something is kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def many(self, keys: Collection[str]) -> dict[str, str]:
        """The readings of those keys that there are."""
        found: dict[str, str] = {}
        with self._database.read() as session:
            for some in in_parts(keys):
                rows = session.execute(select(ReadingRow.key, ReadingRow.value).where(ReadingRow.key.in_(some)))
                found.update((row.key, row.value) for row in rows)
        return found

    def store(self, values: Mapping[str, str], at: datetime | None = None) -> None:
        """Puts them there in one transaction. `at` is now, but for tests."""
        at = at or datetime.now(UTC)
        with self._database.write() as session:
            session.execute(delete(ReadingRow).where(ReadingRow.at < at - timedelta(days=KEPT_DAYS)))
            for some in in_parts(values):
                session.execute(delete(ReadingRow).where(ReadingRow.key.in_(some)))
            session.add_all(ReadingRow(key=key, value=value, at=at) for key, value in values.items())
