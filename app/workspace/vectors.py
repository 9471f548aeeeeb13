"""Sentence vectors by content hash: the store that llm's encoder is given. A cache, so nothing here is audited."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, MutableMapping

from sqlalchemy import delete, func, select

from app.workspace.database import Database, in_parts, put_over
from app.workspace.schema import VectorRow


class VectorStore(MutableMapping[str, bytes]):
    """A mapping on the vectors table. One statement an item, but `many` and `store`: a transaction an item costs as much as its vector."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __getitem__(self, key: str) -> bytes:
        with self._database.read() as session:
            row = session.get(VectorRow, key)
        if row is None:
            raise KeyError(key)
        return row.value

    def __setitem__(self, key: str, value: bytes) -> None:
        with self._database.write() as session:
            put_over(session, VectorRow, [{"key": key, "value": value}])

    def many(self, keys: Collection[str]) -> dict[str, bytes]:
        """The values of those keys that there are."""
        found: dict[str, bytes] = {}
        with self._database.read() as session:
            for asked in in_parts(keys):
                rows = session.execute(select(VectorRow.key, VectorRow.value).where(VectorRow.key.in_(asked)))
                found.update((row.key, row.value) for row in rows)
        return found

    def store(self, values: Mapping[str, bytes]) -> None:
        """Puts them there in one transaction."""
        with self._database.write() as session:
            for asked in in_parts(values):
                put_over(session, VectorRow, [{"key": key, "value": values[key]} for key in asked])

    def __delitem__(self, key: str) -> None:
        with self._database.write() as session:
            found = session.execute(delete(VectorRow).where(VectorRow.key == key).returning(VectorRow.key)).first()
        if found is None:
            raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        with self._database.read() as session:
            keys = list(session.scalars(select(VectorRow.key)))
        return iter(keys)

    def __len__(self) -> int:
        with self._database.read() as session:
            return session.scalar(select(func.count()).select_from(VectorRow)) or 0
