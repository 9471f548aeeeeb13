"""`trustdesk bench whatif`: recomputed scores are the served ones and lists those of a recount, on the small demo. No time is judged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.app.conftest import Invoke


def test_the_lab_is_exact_on_the_small_demo(invoke: Invoke, demo_warehouse: Path) -> None:
    result = invoke(
        "bench", "whatif", "--moves", "2", "--merchants", "200", "--seed", "3", "--warehouse", demo_warehouse, "--json"
    )
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    exact = [row for row in rows if row["limit"] in (1e-9, 0.0)]
    assert len(exact) == 8
    assert all(row["is_met"] for row in exact)
    assert min(row["merchants"] for row in exact) > 0
    sliders = [row for row in rows if "slider" in row["what"]]
    mixes = [next((kind for kind in ("carrier", "category") if kind in row["what"]), "") for row in sliders]
    assert mixes == ["", "carrier", "category", "", "", "", "carrier", "category"]
    assert [row["peer"] == "" for row in sliders] == [False, False, False, True, True, True, True, True]
    (goal,) = (row for row in rows if row["what"].startswith("goal seek"))
    assert (goal["merchants"], goal["limit"]) == (200, 1000.0)
    assert sum(row["what"].startswith("search of three levers") for row in rows) == 2


def test_truth_is_another_part_of_the_same_command(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    told = [{"confounding": "strong", "lever": "late_seller_rate", "outcome": "stars", "replicates": 5}]
    monkeypatch.setattr("app.bench.whatif_truth.measure", lambda replicates, seed, progress: iter(told * replicates))
    result = invoke("bench", "whatif", "--only", "truth", "--replicates", "2", "--seed", "3", "--json")
    assert result.exit_code == 0, result.output
    assert [json.loads(line) for line in result.stdout.splitlines()] == told * 2
