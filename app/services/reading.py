"""What a page or a command reads: a snapshot as known latest, or as known at the end of a day, in the one id that services take first.

`SNAPSHOT` or `SNAPSHOT@YYYY-MM-DD`: a plain text, so that a cache keeps the two apart and no service needs a second argument.
"""

from __future__ import annotations

from datetime import date

SEPARATOR = "@"
DAYS = (date(1900, 1, 1), date(2200, 12, 31))  # what may be asked: far enough from the calendar's ends


def reading_id(snapshot_id: str, known_on: date | None) -> str:
    """The id of a snapshot as known at the end of a day of its reporting time zone; None: as known latest."""
    return snapshot_id if known_on is None else f"{snapshot_id}{SEPARATOR}{known_on.isoformat()}"


def base_id(reading: str) -> str:
    """The snapshot alone."""
    return reading.partition(SEPARATOR)[0]


def known_on(reading: str) -> date | None:
    """The day at whose end it is read; None: as known latest."""
    day = reading.partition(SEPARATOR)[2]
    return date.fromisoformat(day) if day else None
