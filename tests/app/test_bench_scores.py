"""`trustdesk bench scores`: what it prints of a small demo. No time is judged."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from app.commands import main


def test_scores_are_timed_and_judged(demo_warehouse: Path) -> None:
    arguments = ["bench", "scores", "--days", "1", "--markets", "1", "--lives", "10", "--seed", "5", "--json"]
    result = CliRunner().invoke(main, [*arguments, "--warehouse", str(demo_warehouse)])
    assert result.exit_code == 0, result.output
    rows = {row["what"]: row for row in map(json.loads, result.stdout.splitlines())}
    assert rows["time: newest day"]["merchants"] == 203
    assert rows["time: as of a day"]["score_s"] > 0
    everyone = rows["interval: all orders"]
    assert everyone["merchants"] == sum(
        row["merchants"]
        for what, row in rows.items()
        if what.startswith("interval: ") and what != "interval: all orders"
    )
    assert 0.8 < everyone["covered"] <= 1
    assert rows["P(rate beyond bad)"]["merchants"] == 12 * everyone["merchants"]
