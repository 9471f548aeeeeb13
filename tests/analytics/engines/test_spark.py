"""What Spark needs is said in one line when it is missing. No test here starts Spark: one process that does is enough."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from analytics.engines import spark
from analytics.engines.marts import Mart
from analytics.errors import WarehouseError
from analytics.ingest import build
from analytics.warehouse import Warehouse


def java(folder: Path, script: str) -> Path:
    folder.mkdir()
    program = folder / "java"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return folder


def test_without_pyspark_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "pyspark"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(WarehouseError, match=r"needs the Python package pyspark.*pip install .*'\.\[spark\]'"):
        spark.open_session("local[1]").__enter__()


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (None, "No Java was found: the Spark engine needs a Java runtime, version 17 or newer"),
        ("exit 1", "No Java was found"),
        ("""echo 'openjdk version "11.0.2" 2019-01-15' >&2""", 'openjdk version "11.0.2" 2019-01-15 is too old'),
        ("""echo 'java version "1.8.0_401"' >&2""", 'java version "1.8.0_401" is too old'),
        ("""echo hello >&2""", "hello is too old"),
    ],
)
def test_without_a_java_that_will_do_one_line_says_so(
    script: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bin"
    if script is not None:
        java(folder, script)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(WarehouseError) as caught:
        spark.check_java()
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(WarehouseError) as caught:
        spark.check_java()
    assert str(caught.value).startswith(said)


def test_a_new_java_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java(tmp_path / "bin", """echo 'openjdk version "21" 2023-09-19' >&2""")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    spark.check_java()


def test_an_empty_warehouse_is_said_before_spark_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark, "open_session", lambda *_: pytest.fail("Spark was started"))
    with pytest.raises(WarehouseError, match="No data in"):
        build(Warehouse(tmp_path / "none"), "spark")


def test_a_folder_that_executors_do_not_share_is_said(tmp_path: Path) -> None:
    pytest.importorskip("pyspark")
    elsewhere: Any = SimpleNamespace(sql=lambda _: SimpleNamespace(write=SimpleNamespace(parquet=lambda _: None)))
    mart = Mart("lost", tmp_path / "10_lost.sql", "select merchant_id from events")
    with pytest.raises(WarehouseError, match=r"The mart 10_lost.sql failed: no file of it is in .*; share this folder"):
        spark.build_marts(elsewhere, (mart,), as_of=None, time_zone="UTC", write_to=tmp_path)


def test_both_engines_build_the_same_way(event_total: Warehouse) -> None:
    before = event_total.snapshot().snapshot_id
    result = build(event_total, "duckdb")
    assert (result.engine, result.marts) == ("duckdb", {"event_total": 1})
    assert event_total.snapshot().snapshot_id == result.snapshot_id > before
