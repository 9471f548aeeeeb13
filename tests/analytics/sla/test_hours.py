"""Working hours against a count of minutes on the wall clock, days on which it is changed included; and the file that people edit."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.errors import InputError
from analytics.sla import Calendar, read_desk_hours
from analytics.sla.targets import FILE

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kolkata")
# Days near which clocks change: Berlin and New York in spring and autumn, half an hour on Lord Howe, midnight skipped in São Paulo (2018).
NEAR = (
    datetime(2026, 3, 29, tzinfo=UTC),
    datetime(2026, 10, 25, tzinfo=UTC),
    datetime(2026, 3, 8, tzinfo=UTC),
    datetime(2026, 11, 1, tzinfo=UTC),
    datetime(2026, 4, 5, tzinfo=UTC),
    datetime(2018, 11, 4, tzinfo=UTC),
    datetime(2026, 12, 31, tzinfo=UTC),
)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    def intervals() -> tuple[tuple[int, int], ...]:
        ends = sorted(draw(st.sets(st.integers(0, 24 * 12), max_size=6)))
        ends = ends[: len(ends) // 2 * 2]
        return tuple((low * 5, high * 5) for low, high in zip(ends[::2], ends[1::2], strict=True))

    week = tuple(intervals() for _ in range(7))
    day = draw(st.sampled_from(NEAR)).date()
    return Calendar(draw(st.sampled_from(ZONES)), week, ((day, intervals()),) if draw(st.booleans()) else ())


def minutes_counted(calendar: Calendar, since: datetime, until: datetime) -> int:
    """Whole minutes from `since` on at which a clock on the wall shows working time."""
    zone, own, count = ZoneInfo(calendar.time_zone), dict(calendar.days), 0
    while since < until:
        shown = since.astimezone(zone)
        minute = shown.hour * 60 + shown.minute
        intervals = own.get(shown.date(), calendar.week[shown.weekday()])
        count += any(low <= minute < high for low, high in intervals)
        since += timedelta(minutes=1)
    return count


@settings(max_examples=60)
@given(calendars(), st.sampled_from(NEAR), st.integers(-2_000, 1_000), st.integers(0, 4_000))
def test_working_time_is_what_counting_minutes_gives(
    calendar: Calendar, near: datetime, offset: int, length: int
) -> None:
    since = near + timedelta(minutes=offset)
    until = since + timedelta(minutes=length)
    found = calendar.seconds_between(np.array([since.timestamp()]), np.array([until.timestamp()]))
    assert found[0] == pytest.approx(60 * minutes_counted(calendar, since, until), abs=1e-3)


@settings(max_examples=60)
@given(calendars(), st.sampled_from(NEAR), st.integers(0, 2_000), st.integers(1, 10_000))
def test_what_is_due_after_so_much_working_time_is_that_much_later(
    calendar: Calendar, near: datetime, offset: int, minutes: int
) -> None:
    since = (near + timedelta(minutes=offset)).timestamp()
    due = calendar.after(since, minutes * 60.0)
    if not any(calendar.week):
        return
    between = calendar.seconds_between(np.array([since, since]), np.array([due, due - 1.0]))
    assert between == pytest.approx([minutes * 60.0, minutes * 60.0 - 1.0], abs=2e-3)  # and not a second earlier


@pytest.mark.parametrize(
    ("zone", "day", "hours", "worked"),
    [
        ("Europe/Berlin", date(2026, 3, 29), (0, 9), 8.0),  # put forward at 2
        ("Europe/Berlin", date(2026, 3, 29), (2, 3), 0.0),
        ("Europe/Berlin", date(2026, 10, 25), (0, 9), 10.0),  # put back at 3
        ("Europe/Berlin", date(2026, 10, 25), (2, 3), 2.0),
        ("Australia/Lord_Howe", date(2026, 4, 5), (1, 9), 8.5),
        ("America/Sao_Paulo", date(2018, 11, 4), (0, 9), 8.0),  # midnight is skipped
    ],
)
def test_on_a_day_of_another_length_the_wall_clock_counts(
    zone: str, day: date, hours: tuple[int, int], worked: float
) -> None:
    interval = (hours[0] * 60, hours[1] * 60)
    calendar = Calendar(zone, ((interval,),) * 7)
    since, until = (datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone)) for hour in (0, 20))
    found = calendar.seconds_between(np.array([since.timestamp()]), np.array([until.timestamp()]))
    assert found[0] == worked * 3600 == 60 * minutes_counted(calendar, since.astimezone(UTC), until.astimezone(UTC))
    one = datetime(day.year, day.month, day.day, 8, tzinfo=ZoneInfo(zone)).timestamp()
    late = calendar.seconds_between(np.array([one]), np.array([until.timestamp()]))
    assert late[0] == max(0, hours[1] - 8) * 3600  # the hour before closing is where the wall shows it


def test_a_lunch_break_an_evening_and_a_holiday_do_not_count() -> None:
    desk = Calendar("UTC", (((540, 750), (810, 1080)),) * 5 + ((),) * 2, ((date(2026, 1, 1), ()),))
    at = [datetime(2025, 12, 31, 12, 0, tzinfo=UTC).timestamp(), datetime(2026, 1, 2, 10, 0, tzinfo=UTC).timestamp()]
    assert desk.seconds_between(np.array(at[:1]), np.array(at[1:]))[0] == (30 + 270 + 60) * 60
    friday = datetime(2026, 1, 2, 17, 0, tzinfo=UTC).timestamp()
    assert desk.after(friday, 7_200.0) == datetime(2026, 1, 5, 10, 0, tzinfo=UTC).timestamp()


def test_no_time_passes_in_a_calendar_without_hours_nor_towards_an_unknown_instant() -> None:
    closed = Calendar("UTC", ((),) * 7)
    assert closed.after(0.0, 60.0) == float("inf")
    found = closed.seconds_between(np.array([0.0, np.nan]), np.array([1e9, 1e9]))
    assert found[0] == 0.0
    assert np.isnan(found[1])


class TestFile:
    def test_the_shipped_file_promises_what_the_policy_promises(self) -> None:
        limits = tomllib.loads((FILE.parents[1] / "knowledge" / "limits.toml").read_text("utf-8"))["limit"]
        promised = {one["id"]: one["value"] * 3600 for one in limits}
        hours = read_desk_hours("UTC")
        for urgency, target in hours.targets["first_reply"].items():
            assert target.seconds == promised[f"first_reply_{urgency}"]
            assert target.calendar == "always"

    @pytest.mark.parametrize(
        ("before", "after", "said"),
        [
            ('"09:00-12:30"', '"9-12"', "monday: expected hours such as 09:00-12:30"),
            ('"13:30-18:00"', '"12:00-18:00"', "must follow each other"),
            ("2026-01-01 = []", "someday = []", "expected a day such as 2026-01-01"),
            ('calendar = "desk"', 'calendar = "dsk"', "Did you mean 'desk'"),
            ("minutes = 960,", "minutes = 0,", "expected a whole number"),
            ("warn_minutes", "warn_minute", "did you mean 'warn_minutes'"),
            ('id = "desk"', 'id = "always"', "stands twice"),
            ('id = "desk"', 'id = "desk"\ntime_zone = "Mars"', "no IANA time zone"),
        ],
    )
    def test_a_mistake_is_one_line_with_its_place(self, tmp_path: Path, before: str, after: str, said: str) -> None:
        text = FILE.read_text("utf-8")
        assert before in text
        path = tmp_path / "hours.toml"
        path.write_text(text.replace(before, after), encoding="utf-8")
        with pytest.raises(InputError, match=said) as raised:
            read_desk_hours("UTC", path)
        assert "\n" not in str(raised.value)
