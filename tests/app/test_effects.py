"""Effects as the command prints them, as the app fits them in the background, and as the page's tab tells them."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import analytics.whatif.effects_kept as kept
import app.bench.whatif_truth as truth
from analytics.errors import InputError
from analytics.warehouse import Warehouse
from analytics.whatif import Lever, Scenario
from analytics.whatif.effect_types import Effect
from analytics.whatif.effects import FittedEffect, SegmentEffect
from analytics.whatif.effects_kept import SnapshotEffects
from analytics.whatif.refute import Refuter
from app.services import effects
from tests.app.conftest import Invoke, write_source
from tests.app.pages.conftest import runtime

WAIT_SECONDS = 120
FOUND = SnapshotEffects(
    "s1",
    1,
    datetime(2026, 1, 1, tzinfo=UTC),
    (
        FittedEffect(
            *("late_seller_rate", "stars", None),
            Effect("late_seller_rate", "stars", -2.04, -2.2, -1.9, "observational"),
            *((-2.39, -2.5, -2.3), 0.04, 0.95, 7333, 333, 84, 0.2),
            (Refuter("placebo", 0.01, True), Refuter("random_cause", -2.0, True), Refuter("subset", -1.0, False)),
            (SegmentEffect("category", "Toys", -1.9, -2.5, -1.3, 40),),
        ),
        FittedEffect("slow_reply_rate", "stars", "too_few"),
        FittedEffect("late_seller_rate", "dispute", "no_variation"),
    ),
)


def test_the_command_says_of_each_lever_why_nothing_can_be_told(invoke: Invoke, tmp_path: Path) -> None:
    warehouse = tmp_path / "warehouse"
    assert invoke("ingest", "canonical", write_source(tmp_path / "in"), "--warehouse", warehouse).exit_code == 0
    young = invoke("effects", "--json", "--warehouse", warehouse)
    assert young.exit_code == 1
    assert "60 days" in young.output
    late = tmp_path / "more"
    late.mkdir()
    event = {
        "event_id": "v",
        "kind": "view",
        "occurred_at": "2026-06-01T00:00:00Z",
        "merchant_id": "a",
        "buyer_id": "u0",
    }
    (late / "events.jsonl").write_text(json.dumps(event) + "\n", encoding="utf-8")
    assert invoke("ingest", "canonical", late, "--warehouse", warehouse).exit_code == 0
    done = invoke("effects", "--json", "--warehouse", warehouse)
    assert done.exit_code == 0, done.output
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    told = {(row["lever"], row["outcome"]): row["status"] for row in rows}
    assert told["late_seller_rate", "repeat"] == "no_variation"
    assert told["seller_cancellation_rate", "repeat"] == "no_concerned"
    assert all(row["effect"] is None for row in rows)


def test_a_fit_runs_once_in_the_background_and_says_its_fault(
    demo_warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse, begun, may_end = Warehouse(demo_warehouse), threading.Event(), threading.Event()
    calls: list[str] = []

    def fit(_: Warehouse, snapshot: str, progress: object) -> None:
        calls.append(snapshot)
        begun.set()
        may_end.wait(WAIT_SECONDS)
        raise InputError("effects: no order is old enough")

    monkeypatch.setattr(kept, "make_effects", fit)
    fitting = effects.Fitting()
    assert fitting.want(warehouse, "s1").is_working
    assert begun.wait(WAIT_SECONDS)
    assert fitting.want(warehouse, "s1").is_working
    assert fitting.want(warehouse, "s2").is_working  # waits its turn
    may_end.set()
    next(one for one in threading.enumerate() if one.name == "effects").join(WAIT_SECONDS)
    assert fitting.want(warehouse, "s1") == effects.Progress(fault="effects: no order is old enough")
    assert calls == ["s1"]


def _tab() -> None:
    from app.components.whatif_effects import effects_tab

    effects_tab()


def test_the_tab_says_what_was_found_and_what_speaks_against_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.components.whatif_effects.snapshot_id", lambda: "s1")
    monkeypatch.setattr(effects, "effects", lambda snapshot: FOUND)
    page = AppTest.from_function(_tab, default_timeout=WAIT_SECONDS).run()
    assert not page.exception
    words = " ".join(element.value for element in (*page.markdown, *page.caption))
    assert "observational: an order delivered late by the merchant differs by −2.04" in words
    assert "the raw difference says −2.39" in words
    assert "20.0% of these orders have none like them" in words
    assert "Refuted by: Subset" in words
    assert "Slow reply: too few orders to tell" in words


def test_the_tab_says_how_far_the_fit_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.components.whatif_effects.snapshot_id", lambda: "s1")
    monkeypatch.setattr(effects, "effects", lambda snapshot: None)
    monkeypatch.setattr(effects, "prepare", lambda snapshot: effects.Progress(3, 11, is_working=True))
    page = AppTest.from_function(_tab, default_timeout=WAIT_SECONDS).run()
    assert not page.exception
    assert "3 of 11" in page.get("progress")[0].proto.text


def test_the_bench_gives_a_row_an_outcome_with_the_raw_difference_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(truth, "CONFOUNDING", {"strong": 1.0})
    rows = list(truth.measure(1, 11, levers=("late_seller_rate",)))
    assert [row["outcome"] for row in rows] == ["stars", "dispute", "repeat"]
    (stars, *_) = rows
    assert stars["replicates"] == 1
    assert stars["raw_rmse"] > stars["rmse"]  # type: ignore[operator]


def test_a_scenario_of_the_newest_data_says_what_buyers_do_once_effects_are_known(
    demo_warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.services import scenarios
    from app.services.runtime import snapshot_id, use_runtime

    scenario = Scenario("fewer late", levers=(Lever("late_rate", change=-0.02),), draws=40)
    with use_runtime(runtime(demo_warehouse)):
        snapshot = snapshot_id()
        without = {outcome.outcome for outcome in scenarios.run_scenario(snapshot, scenario).outcomes}
        monkeypatch.setattr(effects, "effects", lambda _: FOUND)
        result = scenarios.run_scenario(snapshot, scenario)
        assert effects.of_score(f"{snapshot}@2026-01-01") == ()
    (stars,) = (outcome for outcome in result.outcomes if outcome.outcome == "stars")
    assert "stars" not in without
    assert stars.change == pytest.approx(0.02 * 2.04 * 0.95)
    assert stars.label == "observational"
    assert stars.ci_low < stars.change < stars.ci_high
