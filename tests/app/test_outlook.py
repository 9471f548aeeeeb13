"""`trustdesk outlook` on a warehouse of hand-made events: a merchant that is late at first, and one with four good orders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.app.conftest import Invoke


def rows_of(invoke: Invoke, warehouse: Path, *arguments: str) -> list[dict[str, Any]]:
    result = invoke("outlook", "--warehouse", str(warehouse), "--json", *arguments)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_every_merchant_has_an_outlook_with_its_interval(invoke: Invoke, warehouse: Path) -> None:
    late, good = rows_of(invoke, warehouse, "--limit", "0.1")
    assert [late["merchant_id"], good["merchant_id"]] == ["a", "b"]
    assert [late["n"], good["n"]] == [40, 4]
    assert late["expected_bad_rate"] > good["expected_bad_rate"]
    for row in (late, good):
        assert 0 < row["ci_low"] < row["expected_bad_rate"] < row["ci_high"] < 1
        assert row["left_out"] == ["seller_cancelled", "low_review", "dispute"]
    assert late["probability_over_limit"] > good["probability_over_limit"]
    assert set(rows_of(invoke, warehouse)[0]) == set(late) - {"limit", "probability_over_limit"}


def test_as_of_a_day_knows_the_orders_of_that_day_only(invoke: Invoke, warehouse: Path) -> None:
    (row,) = rows_of(invoke, warehouse, "--as-of", "2026-01-20", "--merchant", "a")
    assert (row["n"], row["as_of"]) == (20, "2026-01-20")


def test_an_unknown_merchant_and_a_limit_out_of_range(invoke: Invoke, warehouse: Path) -> None:
    unknown = invoke("outlook", "--warehouse", str(warehouse), "--merchant", "nobody")
    assert (unknown.exit_code, unknown.stdout) == (1, "")
    assert "nobody" in unknown.stderr
    assert invoke("outlook", "--warehouse", str(warehouse), "--limit", "5").exit_code == 2
