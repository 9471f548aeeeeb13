"""`trustdesk build`: its JSON, its exit codes, and one line for what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.app.conftest import Invoke, write_source


@pytest.fixture
def loaded(invoke: Invoke, tmp_path: Path) -> Path:
    root = tmp_path / "warehouse"
    assert invoke("ingest", "canonical", write_source(tmp_path / "source"), "--warehouse", root).exit_code == 0
    return root


def test_a_build_prints_what_it_made(invoke: Invoke, loaded: Path) -> None:
    result = invoke("build", "--warehouse", loaded, "--time-zone", "Asia/Shanghai", "--json")
    row = json.loads(result.stdout)
    assert list(row) == ["engine", "snapshot_id", "marts", "seconds"]
    assert (row["engine"], row["marts"]["fct_order"], row["marts"]["merchant_profile"]) == ("duckdb", 44, 2)
    snapshots = [json.loads(line) for line in invoke("snapshots", "--warehouse", loaded, "--json").stdout.splitlines()]
    assert [snapshot["time_zone"] for snapshot in snapshots] == ["Asia/Shanghai", "UTC"]
    assert [snapshot["is_current"] for snapshot in snapshots] == [True, False]
    assert row["snapshot_id"] == snapshots[0]["snapshot_id"]


def test_a_build_for_another_zone_moves_the_borders_of_days(invoke: Invoke, loaded: Path) -> None:
    new_year_eve = ("--metric", "orders", "--from", "2025-12-31", "--to", "2025-12-31", "--warehouse", loaded, "--json")
    before = json.loads(invoke("metrics", *new_year_eve).stdout)
    invoke("build", "--warehouse", loaded, "--time-zone", "Pacific/Honolulu")
    after = json.loads(invoke("metrics", *new_year_eve).stdout)
    assert [(row["value"], row["time_zone"]) for row in (before, after)] == [(0, "UTC"), (1, "Pacific/Honolulu")]


def test_without_java_spark_is_refused_in_one_line(
    invoke: Invoke, loaded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyspark")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "")
    result = invoke("build", "--engine", "spark", "--warehouse", loaded)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    assert "Java runtime, version 17 or newer" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--master", "spark://host:7077"), 2, "--master goes with --engine spark"),
        (("--engine", "flink"), 2, "'flink' is not one of"),
        (("--time-zone", "Mars/Olympus"), 1, "Mars/Olympus"),
    ],
)
def test_what_cannot_be_built_is_said(
    invoke: Invoke, loaded: Path, arguments: tuple[str, ...], status: int, said: str
) -> None:
    result = invoke("build", "--warehouse", loaded, *arguments)
    assert (result.exit_code, result.stdout) == (status, "")
    assert said in result.stderr


def test_an_empty_warehouse_is_one_line(invoke: Invoke, tmp_path: Path) -> None:
    for engine in ("duckdb", "spark"):
        result = invoke("build", "--engine", engine, "--warehouse", tmp_path / "none")
        assert result.exit_code == 1
        assert "No data in" in result.stderr
