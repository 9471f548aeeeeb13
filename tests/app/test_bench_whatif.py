"""`trustdesk bench whatif`: recomputed scores are the served ones and lists those of a recount, on the small demo. No time is judged."""

from __future__ import annotations

import json
from pathlib import Path

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
    assert sum("slider" in row["what"] for row in rows) == 4
