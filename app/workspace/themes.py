"""The marketplace's themes as they were last seen: what the next look is matched with, so that a theme keeps its id. Written by the machine alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import delete, func, select

from app.workspace.database import Database, in_parts
from app.workspace.schema import ThemeRow

KEPT_DAYS = 400


@dataclass(frozen=True)
class StoredTheme:
    """A theme on the day that it was last seen; `members` are ids of messages, `words` the weights of what sets it apart."""

    theme_id: str
    intent: str
    key: str
    members: tuple[str, ...]
    words: Mapping[str, float]
    first_on: date
    last_on: date
    split_from: str | None = None
    merged: tuple[str, ...] = field(default=())


class ThemeBook:
    """One entry a theme, the newest. The past is never written again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[StoredTheme]:
        """By id."""
        with self._database.read() as session:
            return [_stored(row) for row in session.scalars(select(ThemeRow).order_by(ThemeRow.theme_id))]

    def keep(self, themes: Iterable[StoredTheme], day: date) -> bool:
        """Puts the themes that were seen on a day in place of what stood under their ids; not, and False, where a later day was seen.

        What was not seen for KEPT_DAYS goes.
        """
        rows = [_row(theme) for theme in themes]
        with self._database.write() as session:
            newest = session.scalar(select(func.max(ThemeRow.last_on)))
            if newest is not None and newest > day:
                return False
            session.execute(delete(ThemeRow).where(ThemeRow.last_on < day - timedelta(days=KEPT_DAYS)))
            for some in in_parts([row.theme_id for row in rows]):
                session.execute(delete(ThemeRow).where(ThemeRow.theme_id.in_(some)))
            session.add_all(rows)
        return True


def _row(theme: StoredTheme) -> ThemeRow:
    return ThemeRow(
        theme_id=theme.theme_id,
        intent=theme.intent,
        key=theme.key,
        mark={"members": list(theme.members), "words": dict(theme.words)},
        first_on=theme.first_on,
        last_on=theme.last_on,
        origin={"split_from": theme.split_from, "merged": list(theme.merged)},
    )


def _stored(row: ThemeRow) -> StoredTheme:
    return StoredTheme(
        row.theme_id,
        row.intent,
        row.key,
        tuple(row.mark["members"]),
        row.mark["words"],
        row.first_on,
        row.last_on,
        row.origin["split_from"],
        tuple(row.origin["merged"]),
    )
