"""Olist's real orders: what they lack is named, and bad orders are foretold better than by the mean of the past."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from app.commands import main
from tests.acceptance.conftest import NEEDS_OLIST, OLIST

pytestmark = NEEDS_OLIST


def test_backtest_of_orders_with_public_reviews(tmp_path: Path) -> None:
    root = str(tmp_path / "warehouse")
    loaded = CliRunner().invoke(main, ["ingest", "olist", str(OLIST), "--warehouse", root])
    assert loaded.exit_code == 0, loaded.output
    days = ["--from", "2018-01-15", "--every", "100", "--resamples", "100", "--seed", "1", "--json"]
    only = ["--orders", str(OLIST / "orders_with_review_coverage.csv")]
    result = CliRunner().invoke(main, ["bench", "backtest", "--warehouse", root, *only, *days])
    assert result.exit_code == 0, result.output
    data, *rows = (json.loads(line) for line in result.stdout.splitlines())
    assert data["left_out"] == ["seller_cancelled", "dispute"]
    assert data["days"] == 2
    assert {row["record"] for row in rows} == {"day", "score"}  # nobody knows the truth of real merchants
    scores = {(row["measure"], row["method"]): row for row in rows if row["record"] == "score"}
    assert scores["log_loss", "mean"]["ours_ahead_ci_low"] > 0
    assert scores["log_loss", "beta"]["ours_ahead_ci_low"] > 0
