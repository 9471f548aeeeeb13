"""Path to green and what was not the merchant's fault, as commands and pages give them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest

from analytics.trust import Path as Way
from analytics.trust.path import Lever, Step
from analytics.warehouse import Warehouse
from app.commands import main
from app.components.merchant_path import _verdict
from app.filter_bar import STATE_KEY
from app.filters import Filters, default_filters
from app.services import levels
from app.services import path as ways
from app.services.runtime import SNAPSHOT_KEY, remembering, snapshot_id, use_runtime
from app.services.scores import scores
from app.services.warehouse import filter_options
from app.settings import load_settings
from tests.app.conftest import OnWarehouse


@dataclass(frozen=True)
class _State:
    """What a page's session remembers of its filters, as far as a tab reads it."""

    filters: Filters


def run(warehouse: Path, *arguments: str) -> list[dict[str, object]]:
    result = CliRunner().invoke(main, [*arguments, "--json", "--warehouse", str(warehouse)])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture(scope="module")
def largest(demo_warehouse: Path) -> str:
    rows = run(demo_warehouse, "trust")
    scored = [row for row in rows if row["level"] == "watch"]
    return str(max(scored, key=lambda row: int(str(row["n"])))["merchant_id"])


def test_the_path_is_printed_step_by_step(demo_warehouse: Path, largest: str) -> None:
    rows = run(demo_warehouse, "trust", "--merchant", largest, "--path")
    assert rows
    for row in rows:
        assert (row["merchant_id"], row["level"], row["next_level"], row["days"]) == (largest, "watch", "good", 90)
        # 90 days after the demo's last day, the end of October, the next evaluation is on the 1st of the month after
        assert row["evaluated_on"] == "2027-02-01"
        for lever in row["levers"]:  # type: ignore[attr-defined]
            assert min(lever["now"], lever["best"]) <= lever["target"] <= max(lever["now"], lever["best"])
        assert (row["probability"] >= 0.8) == row["reachable"]  # type: ignore[operator]
    assert {row["step"] for row in rows} <= {"alone", "together"}


def test_one_merchant_comes_with_its_rates_and_what_was_left_out(demo_warehouse: Path, largest: str) -> None:
    (row,) = run(demo_warehouse, "trust", "--merchant", largest)
    assert row["score_with_all_faults"] < row["score"]  # type: ignore[operator]
    assert {event["fault"] for event in row["excluded"]} <= set(ways.FAULTS)  # type: ignore[attr-defined]
    assert date.fromisoformat(row["excluded"][0]["order_date"])  # type: ignore[index]
    for rate in row["rates"]:  # type: ignore[attr-defined]
        assert 0 <= rate["probability_over_limit"] <= 1
    others = run(demo_warehouse, "trust")
    assert "rates" not in others[0]


def test_the_page_says_which_evaluation_gives_the_level(opened_demo: Warehouse, largest: str) -> None:
    def draw(merchant: str) -> None:
        from app.components.merchant_path import draw_path

        draw_path(merchant)

    with use_runtime(OnWarehouse(load_settings({}), opened_demo)):
        at = AppTest.from_function(draw, args=(largest,), default_timeout=120)
        at.session_state[STATE_KEY] = _State(default_filters(filter_options(snapshot_id())))
        at.session_state[SNAPSHOT_KEY] = snapshot_id()
        at.run()
    assert not at.exception
    held, said = (item.value for item in at.caption[:2])
    assert held.startswith("By the score of the day it is Watch, the level held is Poor: if the score stays, Watch is")
    assert "given at one evaluation from 73, below that after 2 in a row" in said
    assert "In 90 days, for the evaluation of Feb 1, 2027, going on as now" in said


def test_a_path_needs_a_merchant(demo_warehouse: Path) -> None:
    for arguments, code in ((("--path",), 2), (("--path", "--merchant", "nobody"), 1)):
        result = CliRunner().invoke(main, ["trust", *arguments, "--warehouse", str(demo_warehouse)])
        assert result.exit_code == code
        assert result.stderr.strip().splitlines()[-1].startswith("Error: ")


def test_of_levers_that_go_together_none_is_left_out() -> None:
    levers = tuple(Lever(f"r{i}", f"Rate {i}", "lower", 0.2, 0.01, 0.1, 10.0) for i in range(9))
    alone = tuple(Step((lever,), 0.9, is_reachable=True) for lever in levers)
    found = Way("m", 60.0, "watch", "good", 70.0, 67.0, 90, 0.8, 0.1, (), Step(levers, 0.82, is_reachable=True))
    assert list(ways.levers(found)["label"]) == [lever.label for lever in levers]
    assert len(ways.levers(replace(found, alone=alone, together=None))) == 6


def test_a_table_of_the_path_has_a_row_a_lever(demo_warehouse: Path, largest: str) -> None:
    steps = run(demo_warehouse, "trust", "--merchant", largest, "--path")
    result = CliRunner().invoke(main, ["trust", "--merchant", largest, "--path", "--warehouse", str(demo_warehouse)])
    rows = result.stdout.splitlines()[1:]
    assert len(rows) == sum(len(step["levers"]) for step in steps)  # type: ignore[arg-type]
    assert all(str(step["levers"][0]["rate_id"]) in result.stdout for step in steps)  # type: ignore[index]


def test_where_nothing_can_be_moved_there_is_one_row_without_a_step() -> None:
    found = Way("m", 60.0, "watch", "good", 70.0, 73.0, 90, 0.8, 0.1, (), None)
    (row,) = ways.records(found, date(2026, 1, 1), "m")
    assert "step" not in row
    assert (row["minimum"], row["given_from"], row["levers"]) == (70.0, 73.0, [])
    assert ways.levers(found).empty
    assert _verdict(found).endswith(".")


def test_without_a_score_there_is_no_path() -> None:
    assert ways.records(None, date(2026, 1, 1), "m") == [
        {"merchant_id": "m", "as_of": date(2026, 1, 1), "score": None, "level": None, "next_level": None, "levers": []}
    ]


def test_a_level_by_the_score_that_is_not_held_yet_says_when_it_is_given(opened_demo: Warehouse) -> None:
    with use_runtime(OnWarehouse(load_settings({}), opened_demo)), remembering({}):
        snapshot, rank = snapshot_id(), ["poor", "watch", "good", "excellent"]
        told = levels.history(snapshot, None).set_index("merchant_id")["level"]
        found = []
        for score in scores(snapshot):
            held = told.get(score.merchant_id)
            if score.level is None or held is None:
                continue
            one = levels.awaited(snapshot, None, score.merchant_id, score.level, float(score.score or 0))
            assert (one is None) == (held == score.level)
            if one is not None:
                found.append(one)
                assert (one.given_on is None) == (rank.index(held) > rank.index(score.level))
                # told up to the 1st of October: the next, or the one after it where it takes two in a row
                assert one.given_on in (None, date(2026, 11, 1), date(2026, 12, 1))
        assert found
