"""The snapshot as pages and commands see it: its stamp, its merchants, the filters it offers, and its quarantine.

Every function takes the id of a snapshot first, or of a reading of it as of a day (`app.services.reading`). Knows no page and no SQL.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING

import pandas as pd

from app.errors import InputFileError, NoData
from app.filters import WINDOW_DAYS, AsOf, FilterOptions
from app.i18n import N_, undirected
from app.services.reading import base_id, known_on, reading_id
from app.services.runtime import cached, get_runtime

if TYPE_CHECKING:
    from analytics.metrics import Scope
    from analytics.warehouse import Cursor, Snapshot

UNKNOWN = "unknown"  # what the metrics call an empty category, region or tier
MANY_NAMES = 5_000  # comparing spellings takes too long beyond
NO_EVENTS = N_("The snapshot holds no events yet: load a file of events on the Data page.")
NO_EVENTS_BY = N_("The snapshot holds no event up to the end of {day}: choose a later day.")


@contextmanager
def cursor(snapshot_id: str, as_of: date | None = None, marts: Collection[str] | None = None) -> Iterator[Cursor]:
    """A cursor on one snapshot: for services only, one a call. Naming the only `marts` to be read opens an as-of day faster.

    As of the earlier of `as_of` and the day that the reading is of.
    """
    day = earlier_day(snapshot_id, as_of)
    with get_runtime().warehouse.cursor(base_id(snapshot_id), as_of=day, marts=marts) as opened:
        yield opened


def earlier_day(snapshot_id: str, as_of: date | None) -> date | None:
    """The earlier of a day and the one that the reading is of; None: as known latest."""
    return min((day for day in (known_on(snapshot_id), as_of) if day is not None), default=None)


def as_known(snapshot_id: str, asked: AsOf) -> str:
    """The id of a snapshot's reading: as known latest, now (what bears a later date is left out), or at the end of a day."""
    if asked == "latest":
        return snapshot_id
    found = snapshot(snapshot_id)
    day = local_day(datetime.now(UTC), found.time_zone) if asked == "now" else asked
    return reading_id(snapshot_id, day)


def desk_day(snapshot_id: str, at: datetime | None = None) -> date:
    """The day that replies written at `at` (else now) count from, in the reporting zone; of simulated data, which does not age, its last day.
    Raises NoData."""
    found = snapshot(snapshot_id)
    if found.is_demo:
        return filter_options(snapshot_id).default_to
    return local_day(at or datetime.now(UTC), found.time_zone)


def snapshot(snapshot_id: str) -> Snapshot:
    """The manifest of a snapshot: data up to, created at, time zone, loads, row counts. One small file, so not cached.

    As of a day `data_up_to` is that of what was known; loads and row counts stay those of the whole snapshot.
    """
    found = get_runtime().warehouse.snapshot(base_id(snapshot_id))
    return found if known_on(snapshot_id) is None else replace(found, data_up_to=_known_up_to(snapshot_id))


@cached
def _known_up_to(snapshot_id: str) -> datetime | None:
    with cursor(snapshot_id) as opened:
        return opened.data_up_to


@cached
def is_outdated(snapshot_id: str) -> bool:
    """Whether the marts are those of another version of the program."""
    return get_runtime().warehouse.needs_rebuild(base_id(snapshot_id))


@cached
def rows_set_aside(snapshot_id: str) -> int:
    """How many rows of its loads wait in quarantine, conflicts included."""
    from analytics import set_aside

    counted = set_aside.counts(get_runtime().warehouse, base_id(snapshot_id))
    return int(counted.loc[counted["kind"] == "any", "row_count"].sum())


@cached
def merchants(snapshot_id: str) -> pd.DataFrame:
    """One row a merchant, most orders first: merchant_id, name, category, region, tier, joined_at, size_band, order_count."""
    from analytics.profiles import merchant_profiles

    with cursor(snapshot_id) as opened:
        found = merchant_profiles(opened)
    return found.assign(name=[undirected(name) if isinstance(name, str) else name for name in found["name"]])


@cached
def filter_options(snapshot_id: str) -> FilterOptions:
    """What the filters offer. Raises NoData when the snapshot holds no dated event."""
    found = snapshot(snapshot_id)
    if found.data_from is None or found.data_up_to is None:
        raise no_events(snapshot_id)
    profiles = merchants(snapshot_id)
    return FilterOptions(
        data_from=local_day(found.data_from, found.time_zone),
        data_up_to=last_complete_day(found.data_up_to, found.time_zone, first=found.data_from),
        default_to=window(snapshot_id)[1],
        categories=_values(profiles["category"]),
        regions=_values(profiles["region"]),
        tiers=_values(profiles["tier"]),
        merchants=distinct_names(profiles),
        time_zone=found.time_zone,
    )


@cached
def window(snapshot_id: str, date_from: date | None = None, date_to: date | None = None) -> tuple[date, date]:
    """First and last day of a window whose missing ends are filled: the last 30 complete days of what was known.

    They end with the last day that had an order, and with the first day when there is no complete one: some sources go on with a trickle of late reviews for weeks.
    Raises NoData when no event was known.
    """
    from analytics.profiles import order_days

    with cursor(snapshot_id) as opened:
        up_to, time_zone, traded = opened.data_up_to, opened.time_zone, order_days(opened)
    if up_to is None:
        raise no_events(snapshot_id)
    last = last_complete_day(up_to, time_zone, first=snapshot(snapshot_id).data_from)
    if traded is not None and traded[0] <= last:
        last = min(last, traded[1])
    last = date_to or last
    return date_from or last - timedelta(days=WINDOW_DAYS - 1), last


def no_events(snapshot_id: str) -> NoData:
    """What to say of a reading without an event."""
    day = known_on(snapshot_id)
    return NoData(NO_EVENTS) if day is None else NoData(NO_EVENTS_BY, day=day)


def local_day(at: datetime, time_zone: str) -> date:
    """The day of an instant in the reporting zone."""
    from analytics.engines import days

    return days.local_day(at, time_zone)


def last_complete_day(up_to: datetime, time_zone: str, *, first: datetime | None = None) -> date:
    """The last day of the reporting zone that the data covers to its end, or nearly: its last hour counts as the end."""
    from analytics.engines.days import local_time
    from analytics.freshness import last_whole_day

    last = last_whole_day(local_time(up_to, time_zone))
    return max(last, local_day(first, time_zone)) if first else last


def check_scope(snapshot_id: str, scope: Scope) -> None:
    """Raises InputFileError for a filter value that the snapshot does not hold, which would look like a zero."""
    options = filter_options(snapshot_id)
    asked: list[tuple[str, tuple[str, ...], Collection[str]]] = [
        ("category", scope.categories, (*options.categories, UNKNOWN)),
        ("region", scope.regions, (*options.regions, UNKNOWN)),
        ("tier", scope.tiers, (*options.tiers, UNKNOWN)),
        ("merchant", scope.merchants, options.merchants),
    ]
    for name, values, known in asked:
        for value in values:
            if value not in known:
                close = get_close_matches(value, known, n=1) if len(known) <= MANY_NAMES else []
                if close:
                    raise InputFileError(
                        "There is no {name} '{value}' in the warehouse: did you mean '{close}'?",
                        name=name,
                        value=value,
                        close=close[0],
                    )
                raise InputFileError(
                    "There is no {name} '{value}' in the warehouse: check the spelling.", name=name, value=value
                )


def distinct_names(profiles: pd.DataFrame) -> dict[str, str]:
    """merchant_id → a name that no other merchant bears: the id stands beside a shared one, or for a missing one."""
    pairs = [
        (str(merchant_id), str(name) if isinstance(name, str) and name else str(merchant_id))
        for merchant_id, name in zip(profiles["merchant_id"], profiles["name"], strict=True)
    ]
    borne = Counter(name for _, name in pairs)
    return {
        merchant_id: name if borne[name] == 1 or name == merchant_id else f"{name} ({merchant_id})"
        for merchant_id, name in pairs
    }


def _values(column: pd.Series[str]) -> tuple[str, ...]:
    return tuple(sorted(str(value) for value in column.dropna().unique() if str(value)))
