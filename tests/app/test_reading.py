"""A snapshot as known on a day: commands and pages show what a warehouse that knew nothing later would have shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.errors import NoData
from app.filters import default_filters
from app.i18n import figure
from app.services.figures import cards
from app.services.reading import base_id, known_on, reading_id
from app.services.runtime import Runtime, snapshot_id, use_runtime
from app.services.scores import scores
from app.services.warehouse import as_known, cursor, filter_options, snapshot, window
from app.settings import load_settings
from tests.app.conftest import Invoke

MAIN = Path(__file__).parents[2] / "app" / "main.py"
DAY = date(2026, 1, 20)


@pytest.fixture
def opened(warehouse: Path) -> Iterator[Runtime]:
    with use_runtime(Runtime(load_settings(overrides={"warehouse": str(warehouse)}))) as runtime:
        yield runtime


def test_a_reading_is_a_snapshot_and_a_day() -> None:
    reading = reading_id("20260101T000000000000Z", DAY)
    assert (base_id(reading), known_on(reading)) == ("20260101T000000000000Z", DAY)
    assert reading_id("20260101T000000000000Z", None) == "20260101T000000000000Z"
    assert known_on("20260101T000000000000Z") is None


def test_a_reading_ends_with_its_day(opened: Runtime) -> None:
    reading = as_known(snapshot_id(), DAY)
    assert snapshot(reading).data_up_to == datetime(2026, 1, 20, 18, tzinfo=UTC)
    assert filter_options(reading).data_up_to == date(2026, 1, 19)  # the last day that ended with its data
    assert window(reading)[1] == date(2026, 1, 19)
    assert {score.as_of for score in scores(reading)} == {DAY}


def test_a_cursor_knows_no_more_than_its_reading_whatever_a_service_asks(opened: Runtime) -> None:
    reading = as_known(snapshot_id(), DAY)
    for asked, found in (
        (None, DAY),
        (DAY + timedelta(days=9), DAY),
        (DAY - timedelta(days=9), DAY - timedelta(days=9)),
    ):
        with cursor(reading, asked) as one:
            assert one.as_of == found


def test_latest_is_the_snapshot_and_now_is_today(opened: Runtime) -> None:
    assert as_known(snapshot_id(), "latest") == snapshot_id()
    before = datetime.now(UTC).date()
    day = known_on(as_known(snapshot_id(), "now"))
    assert day is not None
    assert before <= day <= datetime.now(UTC).date()


def test_a_day_before_all_events_is_said(opened: Runtime) -> None:
    with pytest.raises(NoData):
        filter_options(as_known(snapshot_id(), date(2025, 12, 31)))


@pytest.mark.parametrize("command", ["metrics", "trust"])
def test_latest_is_what_no_as_of_prints_and_nonsense_is_refused(invoke: Invoke, warehouse: Path, command: str) -> None:
    plain = invoke(command, "--json", "--warehouse", warehouse)
    latest = invoke(command, "--json", "--as-of", "latest", "--warehouse", warehouse)
    assert plain.exit_code == 0
    assert latest.output == plain.output
    assert invoke(command, "--as-of", "tomorrow", "--warehouse", warehouse).exit_code == 2


def sparse_source(folder: Path, known: date) -> Path:
    """One merchant with an order at ten each third day from December 3rd to a day: one on February 1st, none on March 1st."""
    folder.mkdir()
    days = (date(2025, 12, 3) + timedelta(days=step) for step in range(0, 120, 3))
    events = [
        {
            "event_id": f"p{day}",
            "kind": "order_placed",
            "order_id": f"o{day}",
            "line_id": "1",
            "product_id": "x",
            "merchant_id": "a",
            "buyer_id": "u",
            "quantity": 1,
            "amount": "10.50",
            "currency": "USD",
            "occurred_at": f"{day}T10:00:00Z",
        }
        for day in days
        if day <= known
    ]
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    (folder / "merchants.jsonl").write_text('{"merchant_id": "a", "name": "A", "updated_at": "2025-12-01T00:00:00Z"}\n')
    return folder


@pytest.mark.parametrize(
    ("day", "last"), [("2026-02-01", "2026-01-01"), ("2026-02-04", "2026-02-01"), ("2026-03-01", "2026-02-01")]
)
def test_evaluations_of_a_day_are_those_of_a_warehouse_that_knew_no_more(
    invoke: Invoke, tmp_path: Path, day: str, last: str
) -> None:
    def evaluated(name: str, known: date, *of_day: str) -> list[str]:
        warehouse = tmp_path / name
        loaded = invoke(
            "ingest", "canonical", sparse_source(tmp_path / f"{name}-source", known), "--warehouse", warehouse
        )
        assert loaded.exit_code == 0, loaded.output
        done = invoke("trust", "--evaluations", "3", "--json", *of_day, "--warehouse", warehouse)
        return [json.loads(line)["evaluated_on"] for line in done.stdout.splitlines()]

    found = evaluated("whole", date(2026, 12, 31), "--as-of", day)
    assert found == evaluated("cut", date.fromisoformat(day))
    assert found[-1] == last


def test_now_ages_scores_up_to_today(invoke: Invoke, warehouse: Path) -> None:
    done = invoke("trust", "--json", "--as-of", "now", "--warehouse", warehouse)
    days = {json.loads(line)["as_of"] for line in done.output.splitlines()}
    assert days <= {datetime.now(UTC).date().isoformat(), (datetime.now(UTC) - timedelta(minutes=5)).date().isoformat()}
    assert days


def test_the_overview_of_a_day_shows_its_figures(demo_warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTDESK_WAREHOUSE", str(demo_warehouse))
    with use_runtime(Runtime(load_settings())):
        end = filter_options(snapshot_id()).default_to
        day = end - timedelta(days=100)
        page = AppTest.from_file(str(MAIN), default_timeout=120)
        page.query_params["as_of"] = day.isoformat()
        page.run()
        filters = default_filters(filter_options(as_known(snapshot_id(), day)))
        card = cards(as_known(snapshot_id(), day), ("late_seller_rate",), filters.scope(), "previous")[0]
    assert not page.exception
    assert not page.error
    assert filters.date_to <= day
    assert any("as known at the end of" in text.value for text in page.markdown)
    assert {metric.label: metric.value for metric in page.metric}["Late by merchant"] == figure(card.value, card.unit)
