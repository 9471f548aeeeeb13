"""Where local days begin, and what day an instant lies on, by the time-zone tables that also cut the marts' days: DuckDB's.

Python's tables come from the machine or a package and are older or newer; where a government has changed its clock since, the two differ by an hour.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import available_timezones

import duckdb

from analytics.tables import SQL_FOLDER

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def is_time_zone(name: str) -> bool:
    """Whether it is an IANA zone by which days can be cut and times shown, so one that both DuckDB and Python know."""
    return name in _zones()


@cache
def _zones() -> frozenset[str]:
    return (
        frozenset(name for (name,) in _clock().cursor().execute(_sql("time_zones")).fetchall()) & available_timezones()
    )


@lru_cache(maxsize=4096)
def local_time(at: datetime, time_zone: str) -> datetime:
    """The wall clock of an aware instant in a zone, without a zone of its own."""
    found: datetime = _clock().cursor().execute(_sql("local_time"), {"at": at, "time_zone": time_zone}).fetchall()[0][0]
    return found


def local_day(at: datetime, time_zone: str) -> date:
    """The day of an aware instant in a zone."""
    return local_time(at, time_zone).date()


@lru_cache(maxsize=4096)
def start_of_day(day: date, time_zone: str) -> datetime:
    """The first instant of a local day, in UTC: also where its midnight is skipped or falls twice."""
    asked = {"day": day, "time_zone": time_zone}
    return _EPOCH + timedelta(microseconds=_clock().cursor().execute(_sql("start_of_day"), asked).fetchall()[0][0])


def end_of_day(day: date, time_zone: str) -> datetime:
    """The instant at which a local day ends (exclusive bound), in UTC."""
    return start_of_day(day + timedelta(days=1), time_zone)


@cache
def _clock() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


@cache
def _sql(name: str) -> str:
    return (SQL_FOLDER / "warehouse" / f"{name}.sql").read_text(encoding="utf-8")
