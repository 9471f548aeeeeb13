"""`trustdesk bench drafting`: everybody gets a draft, cancels and a hang are told, and each figure stands beside its limit."""

from __future__ import annotations

import json
from pathlib import Path

from app.bench.drafting import _row
from tests.app.conftest import Invoke
from tests.llm.desk.tiny_desk import make_desk_model


def test_every_figure_has_its_row(invoke: Invoke, demo_warehouse: Path, tmp_path: Path) -> None:
    model = make_desk_model(tmp_path / "Tiny-Desk")
    asked = ["--people", "3", "--runs", "1", "--threads", "1", "--no-page", "--seed", "1"]
    result = invoke("bench", "drafting", "--model", str(model), *asked, "--warehouse", str(demo_warehouse), "--json")
    assert result.exit_code == 0, result.output
    rows = {(row["what"], row["people"]): row for row in map(json.loads, result.stdout.splitlines())}
    assert len(rows) == 11
    assert [row["what"] for row in rows.values() if row["failed"]] == []
    assert rows["longest silence within a stream", 3]["n"] <= 3
    assert rows["from a cancel to a free engine", 1]["limit_ms"] == 200
    assert rows["from a cancel to a free place", 3]["n"] == 2
    assert (
        rows["first words after a hang, on a fresh worker", 1]["n"] <= 1
    )  # written, but random weights need not write words


def test_a_limit_is_met_by_the_95th_percentile_and_by_nothing_that_failed() -> None:
    assert _row("x", 1, [1.0, 2.0], 3.0).is_met
    assert not _row("x", 1, [1.0, 4.0], 3.0).is_met
    assert not _row("x", 1, [1.0, 2.0], 3.0, failed=1).is_met
    assert _row("x", 1, [], 3.0, failed=2).is_met is False
    assert _row("x", 1, [1.0]).is_met is None
