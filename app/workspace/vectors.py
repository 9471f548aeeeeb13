"""Sentence vectors by content hash: the store that llm's encoder is given. A cache, so nothing here is audited."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping

from sqlalchemy import delete, func, select

from app.workspace.database import Database
from app.workspace.schema import VectorRow


class VectorStore(MutableMapping[str, bytes]):
    """A mapping on the vectors table. One statement an item: callers ask for what they miss, not for everything."""

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
            session.merge(VectorRow(key=key, value=value))

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
