"""Unusual days and forecasts from a loaded warehouse: the command's JSON, what it refuses, and the Overview's list."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from streamlit.testing.v1 import AppTest

from analytics.metrics import Scope
from app.charts.series import trend
from app.charts.shapes import Point
from app.commands import main
from app.services import watch
from app.services.figures import Number
from app.services.runtime import Runtime, snapshot_id, use_runtime
from app.settings import load_settings

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"
FIRST, DAYS, SPIKE = date(2026, 1, 5), 90, 80
WINDOW = ("--from", str(FIRST + timedelta(days=60)), "--to", str(FIRST + timedelta(days=DAYS - 1)))


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty merchants of about 12 orders a day; m07 sells six times as much on one."""
    rng = np.random.default_rng(11)
    counts = rng.poisson(12, (40, DAYS))
    counts[7, SPIKE] = 75
    merchants, days = (part.repeat(counts.ravel()) for part in np.divmod(np.arange(counts.size), DAYS))
    number = np.arange(len(days))
    at = pd.Timestamp(FIRST, tz="UTC") + pd.to_timedelta(days, "D") + pd.to_timedelta(number % 1439, "min")
    events = pd.DataFrame(
        {
            "event_id": [f"e{i}" for i in number],
            "occurred_at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "kind": "order_placed",
            "merchant_id": [f"m{merchant:02d}" for merchant in merchants],
            "buyer_id": [f"b{i % 977}" for i in number],
            "order_id": [f"o{i}" for i in number],
            "line_id": "1",
            "product_id": "p",
            "quantity": 1,
            "amount": 10.0,
            "currency": "EUR",
        }
    )
    last = pd.DataFrame([events.iloc[-1].to_dict() | {"event_id": "last", "order_id": "last"}])
    last["occurred_at"] = f"{FIRST + timedelta(days=DAYS - 1)}T23:30:00Z"
    folder = tmp_path_factory.mktemp("watch")
    (folder / "source").mkdir()
    pd.concat([events, last]).to_csv(folder / "source" / "events.csv", index=False)
    root = folder / "warehouse"
    result = CliRunner().invoke(main, ["ingest", "canonical", str(folder / "source"), "--warehouse", str(root)])
    assert result.exit_code == 0, result.output
    return root


@pytest.fixture(scope="module")
def snapshot(watched: Path) -> Iterator[str]:
    with use_runtime(Runtime(load_settings({}, overrides={"warehouse": str(watched), "encoder": False}))):
        yield snapshot_id()


def asked(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["metrics", *arguments, "--warehouse", str(root)])


def rows(result: Result) -> list[dict[str, object]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_forecast_follows_the_last_day_that_had_an_order(watched: Path, tmp_path: Path) -> None:
    """A trickle of late reviews is no reason to take the weeks without orders for the trade to come."""
    sold = pd.read_csv(watched.parent / "source" / "events.csv", nrows=100)
    late = sold.iloc[:20].assign(kind="review_posted", score=5, event_id=[f"r{i}" for i in range(20)])
    late["occurred_at"] = [f"{FIRST + timedelta(days=DAYS + 7 + i)}T12:00:00Z" for i in range(20)]
    (tmp_path / "source").mkdir()
    late.to_csv(tmp_path / "source" / "events.csv", index=False)
    root = tmp_path / "warehouse"
    shutil.copytree(watched, root)
    loaded = CliRunner().invoke(main, ["ingest", "canonical", str(tmp_path / "source"), "--warehouse", str(root)])
    assert loaded.exit_code == 0, loaded.output
    (row,) = rows(asked(root, "--metric", "orders", "--forecast", "--days", "1", "--json"))
    assert row["day"] == str(FIRST + timedelta(days=DAYS))
    assert isinstance(row["expected"], float)
    assert row["expected"] > 300


def test_the_command_prints_the_spike(watched: Path) -> None:
    (row,) = rows(asked(watched, "--anomalies", *WINDOW, "--json"))
    spiked = str(FIRST + timedelta(days=SPIKE))
    assert (row["metric"], row["group"], row["from"], row["to"]) == ("orders", {"merchant": "m07"}, spiked, spiked)
    assert (row["value"], row["n"], row["direction"], row["is_bad"], row["run_days"]) == (75, 75, "up", False, 1)
    assert list(row) == [
        *("metric", "group", "from", "to", "time_zone", "unit", "value", "expected", "low", "high", "n"),
        *("p_value", "q_value", "direction", "is_bad", "run_days", "snapshot_id"),
    ]
    assert rows(asked(watched, "--anomalies", *WINDOW, "--merchant", "m08", "--json")) == []


def test_the_command_prints_the_days_to_come(watched: Path) -> None:
    found = rows(asked(watched, "--forecast", "--metric", "orders", "--days", "5", "--json"))
    assert [row["day"] for row in found] == [str(FIRST + timedelta(days=DAYS + i)) for i in range(5)]
    assert all(row["low"] <= row["expected"] <= row["high"] for row in found)  # type: ignore[operator]
    assert 400 < float(str(found[0]["expected"])) < 560
    earlier = rows(asked(watched, "--forecast", "--metric", "orders", "--days", "1", "--to", "2026-03-20", "--json"))
    assert earlier[0]["day"] == "2026-03-21"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--anomalies", "--forecast", "--metric", "orders"), 2, "three questions"),
        (("--anomalies", "--explain", "--metric", "orders"), 2, "three questions"),
        (("--anomalies", "--by", "region"), 2, "--anomalies has no --by"),
        (("--forecast",), 2, "--forecast needs --metric"),
        (("--forecast", "--metric", "orders", "--from", "2026-01-01"), 2, "leave out --from"),
        (("--q", "0.1"), 2, "--q goes with --anomalies only"),
        (("--days", "3"), 2, "--days goes with --forecast only"),
        (("--level", "0.9", "--anomalies"), 2, "--level goes with --forecast only"),
        (("--anomalies", "--q", "0"), 1, "above 0 and below 1"),
        (("--anomalies", "--metric", "gmv"), 1, "can't be watched"),
        (("--forecast", "--metric", "orders", "--days", "0"), 1, "1 to 90 days"),
        (("--forecast", "--metric", "orders", "--to", "2026-01-20"), 1, "needs 56 days"),
    ],
)
def test_what_does_not_go_together_is_refused(watched: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    result = asked(watched, *arguments)
    assert result.exit_code == code
    assert words in result.stderr
    assert result.stdout == ""


def test_the_overview_lists_the_spike_and_the_window_that_looks_into_it(watched: Path, snapshot: str) -> None:
    with use_runtime(Runtime(load_settings({}, overrides={"warehouse": str(watched), "encoder": False}))):
        page = AppTest.from_file(str(MAIN), default_timeout=90).run()
    assert not page.exception
    assert any("**Unusual**" in block.value for block in page.markdown)
    listed = [frame.value for frame in page.dataframe if "due" in frame.value.columns]
    assert [list(frame["seen"]) for frame in listed] == [["75"]]
    frame = watch.unusual(snapshot, Scope(FIRST + timedelta(days=60), FIRST + timedelta(days=DAYS - 1)))
    spiked = FIRST + timedelta(days=SPIKE)
    assert (frame["first"][0], frame["last"][0]) == (spiked - timedelta(days=13), spiked)


def test_a_large_marketplace_is_judged_when_asked(watched: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "MERCHANTS_AT_ONCE", 0)
    with use_runtime(Runtime(load_settings({}, overrides={"warehouse": str(watched), "encoder": False}))):
        page = AppTest.from_file(str(MAIN), default_timeout=90).run()
        assert not [frame for frame in page.dataframe if "due" in frame.value.columns]
        (button,) = [button for button in page.button if button.label == "Look for unusual days"]
        button.click().run()
    assert [list(frame.value["seen"]) for frame in page.dataframe if "due" in frame.value.columns] == [["75"]]


def test_a_merchants_trend_marks_its_unusual_days_only(snapshot: str) -> None:
    scope = Scope(FIRST + timedelta(days=60), FIRST + timedelta(days=DAYS - 1))
    spiked = FIRST + timedelta(days=SPIKE)
    assert watch.marks(snapshot, scope, "m07", "orders") == ((spiked, spiked, True),)
    assert watch.marks(snapshot, scope, "m08", "orders") == ()
    assert watch.marks(snapshot, scope, "m07", "rating_mean") == ()


def test_a_numbers_trend_goes_on_into_the_forecast(snapshot: str) -> None:
    scope = Scope(FIRST + timedelta(days=60), FIRST + timedelta(days=DAYS - 1))
    coming = watch.ahead(snapshot, Number("orders", scope))
    assert coming[0].day == scope.date_to + timedelta(days=1)
    assert watch.ahead(snapshot, Number("gmv", scope)) == ()
    seen = [Point(scope.date_to, 480.0)]
    figure = trend(seen, title="", unit="count", y_title="", x_title="", coming=coming, coming_label="forecast")
    assert list(figure.data[-1].y) == [point.value for point in coming]
    assert max(figure.data[-2].y) == max(point.ci_high or 0 for point in coming)
