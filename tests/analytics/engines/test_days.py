"""Local days begin where the marts begin them: at the first instant of the day, whatever the clocks of the zone do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.engines.days import end_of_day, is_time_zone, local_day, local_time, start_of_day
from analytics.ingest import load
from analytics.warehouse import Warehouse

ZONES = sorted(zone for zone in available_timezones() if is_time_zone(zone))
MOMENT = timedelta(microseconds=1)


@given(st.sampled_from(ZONES), st.dates(date(1990, 1, 1), date(2037, 12, 31)))
def test_a_day_begins_at_its_first_instant(zone: str, day: date) -> None:
    start = start_of_day(day, zone)
    assert local_day(start, zone) >= day  # later where a zone left out a day
    assert local_day(start - MOMENT, zone) < day
    assert local_day(end_of_day(day, zone) - MOMENT, zone) <= day


@pytest.mark.parametrize(
    ("zone", "day", "start"),
    [
        ("UTC", date(2024, 3, 1), datetime(2024, 3, 1, tzinfo=UTC)),
        ("Asia/Kathmandu", date(2024, 3, 1), datetime(2024, 2, 29, 18, 15, tzinfo=UTC)),
        ("America/Havana", date(2024, 11, 3), datetime(2024, 11, 3, 4, tzinfo=UTC)),  # midnight comes twice
        ("America/Asuncion", date(2023, 10, 1), datetime(2023, 10, 1, 4, tzinfo=UTC)),  # the clocks skip midnight
        ("Pacific/Apia", date(2011, 12, 30), datetime(2011, 12, 30, 10, tzinfo=UTC)),  # there was no such day
    ],
)
def test_where_clocks_change_at_midnight(zone: str, day: date, start: datetime) -> None:
    assert start_of_day(day, zone) == start


def test_a_wall_clock_has_no_zone_of_its_own() -> None:
    assert local_time(datetime(2024, 7, 1, 12, tzinfo=UTC), "Europe/Berlin") == datetime(2024, 7, 1, 14)  # noqa: DTZ001


@pytest.mark.parametrize("name", ["localtime", "posix/Europe/Paris", "Factory", "Mars/Phobos", "../UTC", ""])
def test_what_is_no_zone(name: str) -> None:
    assert not is_time_zone(name)


def test_a_day_as_it_was_known_holds_the_orders_that_the_marts_give_it(tmp_path: Path) -> None:
    """Morocco's clocks of 2026 differ between tables that are a year apart."""
    source = tmp_path / "source"
    source.mkdir()
    hours = [datetime(2026, 10, 15, tzinfo=UTC) + timedelta(minutes=20 * n) for n in range(-6, 80)]
    rows = [f"e{n},{at:%Y-%m-%dT%H:%M:%SZ},order_placed,m1,o{n},10,EUR" for n, at in enumerate(hours)]
    (source / "events.csv").write_text(
        "\n".join(("event_id,occurred_at,kind,merchant_id,order_id,amount,currency", *rows)) + "\n"
    )
    warehouse = Warehouse(tmp_path / "warehouse")
    load(warehouse, "canonical", source, time_zone="Africa/Casablanca")
    day = date(2026, 10, 15)
    counts = "select (select sum(order_count) from merchant_day where day = $day), (select count(*) from fct_order where order_date = $day)"
    with warehouse.cursor() as now, warehouse.cursor(as_of=day) as then:
        assert then.df(counts, {"day": day}).to_numpy().tolist() == now.df(counts, {"day": day}).to_numpy().tolist()
