"""The warehouse's benchmarks on a tiny warehouse: what they print, and that they leave it alone. No time is judged."""

from __future__ import annotations

import json
import pickle
import random
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from click.testing import CliRunner

from analytics.bench.copies import link_warehouse
from analytics.bench.grown import grow
from analytics.engines.duckdb import copy_to
from analytics.engines.marts import read_marts
from analytics.metrics import Scope
from analytics.tables import TABLES
from analytics.warehouse import Warehouse
from analytics.whatif import Lab
from app.bench import ingest, pages, queries, readers, refresh, visits
from app.commands import main
from app.errors import AppError
from app.filters import FilterOptions
from app.services.runtime import Runtime, cached, remembering, snapshot_id, use_runtime
from app.services.warehouse import filter_options
from app.settings import load_settings
from tests.analytics.bench.test_next_day import files
from tests.app.conftest import write_source


def run(*arguments: str | Path) -> list[dict[str, Any]]:
    result = CliRunner().invoke(main, ["bench", *map(str, arguments), "--json"])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_queries_times_pages_openings_and_peers_that_agree(warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGES", ("satisfaction", "data"))
    monkeypatch.setattr(queries, "OPENINGS", 1)
    found = {row["what"]: row for row in run("queries", "--windows", "3", "--seed", "4", "--warehouse", warehouse)}
    assert list(found) == [
        "open: snapshot",
        "open: filters",
        "open: the counts behind scores as of a day",
        "open: snapshot as of a day",
        "page: satisfaction",
        "page: data",
        "headlines: pandas, reading the events",
        "headlines: marts",
        "headlines: SQL over the events",
        "headlines: pandas",
    ]
    assert [found[f"headlines: {way}"]["agree"] for way in ("marts", "SQL over the events", "pandas")] == [3, 3, 3]
    assert found["page: satisfaction"]["runs"] == 3
    assert all(0 < row["p50_ms"] <= row["p95_ms"] <= row["worst_ms"] and row["seed"] == 4 for row in found.values())


def test_queries_of_a_grown_marketplace_time_what_pages_sum(warehouse: Path) -> None:
    before = files(warehouse)
    arguments = ("queries", "--windows", "2", "--seed", "4", "--warehouse", warehouse, "--grow")
    rows = run(*arguments, "10")
    assert [row["what"].split(" (")[0] for row in rows] == [
        "x10 page: overview",
        "x10 page: trust",
        "x10 page: satisfaction",
        "x10 page: merchant",
        "x10 page: whatif",
        "x10 headlines: marts",
    ]
    assert all(row["runs"] == 2 and 0 < row["p50_ms"] <= row["p95_ms"] <= row["worst_ms"] for row in rows)
    only = run(*arguments, "0.5", "--page", "satisfaction")
    assert [row["what"] for row in only] == ["x0.5 page: satisfaction", "x0.5 headlines: marts"]
    assert files(warehouse) == before


@pytest.mark.parametrize("times", ["0", "-1", "2.5", "1001", "nan", "inf", "ten"])
def test_what_is_no_size_to_grow_to_is_refused_in_one_line(times: str, warehouse: Path) -> None:
    result = CliRunner().invoke(main, ["bench", "queries", "--grow", times, "--warehouse", str(warehouse)])
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].endswith(
        f"{times!r} is no size: give a whole number up to 1000, or a share between 0 and 1."
    )


def test_a_page_that_reads_no_sums_is_refused_when_grown(warehouse: Path) -> None:
    arguments = ["bench", "queries", "--grow", "2", "--page", "data", "--warehouse", str(warehouse)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].endswith("choose of overview, trust, satisfaction, merchant, whatif.")


def test_what_is_asked_of_sums_needs_no_facts(demo_warehouse: Path, tmp_path: Path) -> None:
    grown = grow(Warehouse(demo_warehouse), tmp_path / "grown", 2, seed=1).warehouse
    emptied = Warehouse(tmp_path / "emptied")
    link_warehouse(grown.root, emptied.root)
    stored, marts = emptied.folder.current(), {}
    for mart in read_marts():
        if mart.upkeep.form == "keyed" and not mart.name.startswith("source_"):
            (path,) = stored.marts[mart.name]
            marts[mart.name] = (f"marts/emptied/{mart.name}.parquet",)
            with duckdb.connect() as connection:
                copy_to(connection, f"from '{emptied.root / path}' limit 0", emptied.root / marts[mart.name][0])
    with emptied.folder.locked():
        emptied.folder.publish(replace(stored, tables={}, marts={**stored.marts, **marts}))
    assert {"order_fact", "fct_review", "fct_order_amount", "purchase"} <= set(marts)
    assert "merchant_profile" not in marts
    without, found = asked_of_sums(emptied.root), asked_of_sums(grown.root)
    assert without.pop("whatif") != found.pop("whatif")  # who came back within 60 days is counted of orders
    assert without == found


def asked_of_sums(root: Path) -> dict[str, bytes]:
    """What each page of SUMS is answered, by page."""
    with use_runtime(Runtime(load_settings({}, overrides={"warehouse": str(root)}))):
        known = visits.first_answers(snapshot_id())
        with remembering(dict(known)):
            options = filter_options(snapshot_id())
        asked = visits.draw_visit(random.Random(4), options)
        found = {}
        for page, (questions, _left_out) in visits.SUMS.items():
            answers = dict(known)
            with remembering(answers):
                questions(snapshot_id(), asked)
            assert len(answers) > len(known)
            told = [
                answer for answer in answers.values() if not isinstance(answer, Lab)
            ]  # it holds a lock; what it tells is among them
            found[page] = pickle.dumps(told)
        return found


def test_every_page_has_its_visit(warehouse: Path) -> None:
    without_questions = {"settings", "chat", "performance", "knowledge"}
    assert {page or "overview" for page in pages.PAGES} - without_questions <= set(visits.PAGES)
    settings = load_settings({}, overrides={"warehouse": str(warehouse)})
    with use_runtime(Runtime(settings)):
        known = visits.first_answers(snapshot_id())
        kept = dict(known)
        with remembering(kept):
            last = filter_options(snapshot_id()).data_up_to  # its scores need no as-of day, but those before it do
        scope = Scope(last - timedelta(days=6), last, categories=("Toys",))
        for page in visits.PAGES:
            visits.visit(page, snapshot_id(), visits.Visit(scope, "previous", "a", "orders"), known)
    assert known == kept


def test_visits_are_drawn_within_the_data() -> None:
    options = FilterOptions(
        date(2026, 1, 1), date(2026, 3, 1), date(2026, 2, 25), ("Toys",), ("North", "South"), (), {"a": "A", "b": "B"}
    )
    rng = random.Random(3)
    drawn = [visits.draw_visit(rng, options) for _ in range(300)]
    newest = [visits.draw_visit(rng, options, ends_newest=True) for _ in range(50)]
    assert all(options.data_from <= one.scope.date_from <= one.scope.date_to <= options.default_to for one in drawn)
    assert {(one.scope.date_to - one.scope.date_from).days + 1 for one in drawn} == {7, 30, 56}
    chosen = [(one.scope.categories, one.scope.regions, one.scope.tiers, one.scope.merchants) for one in drawn]
    assert {sum(map(bool, filters)) for filters in chosen} == {0, 1}
    assert len(set(chosen)) == 6
    assert {one.merchant_id for one in drawn} == {"a", "b"}
    assert {one.scope.date_to for one in newest} == {options.default_to} != {one.scope.date_to for one in drawn}


def test_refresh_loads_days_into_a_copy(warehouse: Path) -> None:
    before = files(warehouse)
    first, second, rebuilt = run("refresh", "--days", "2", "--warehouse", warehouse)
    assert (first["what"], second["what"], rebuilt["what"]) == ("load of day 1", "load of day 2", "rebuild")
    assert second["stored_events"] == first["stored_events"] + first["loaded"]
    assert first["loaded"] == first["events"] > 0
    for row in (first, second, rebuilt):
        steps = sum(row[f"{step}_s"] for step in ("read", "merge", "marts", "publish", "visible"))
        assert steps == pytest.approx(row["total_s"])
        assert row["marts_s"] > 0
    assert files(warehouse) == before


def test_marts_of_other_sql_are_built_anew_before_days_are_loaded(warehouse: Path, tmp_path: Path) -> None:
    older = Warehouse(tmp_path / "older")
    link_warehouse(warehouse, older.root)
    with older.folder.locked():
        older.folder.publish(replace(older.folder.current(), marts_digest="other"))
    with refresh.writable_copy(older) as copy:
        assert not copy.needs_rebuild()
        assert copy.snapshot().tables == older.snapshot().tables
        root = copy.root
    assert older.needs_rebuild()
    assert not root.exists()


def test_readers_meet_no_error_while_days_are_loaded(warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files(warehouse)
    monkeypatch.setattr(readers, "VISITED", ("satisfaction", "rows behind a figure"))
    monkeypatch.setattr(readers, "VISITS_ALONE", 4)
    alone, together = run("readers", "--readers", "3", "--loads", "2", "--warehouse", warehouse)
    assert (alone["readers"], alone["visits"], alone["loads"], alone["snapshots"]) == (1, 4, 0, 1)
    assert (together["readers"], together["loads"]) == (3, 2)
    assert together["visits"] >= 3
    assert together["snapshots"] > 1
    assert (alone["errors"], together["errors"], together["messages"]) == (0, 0, {})
    assert files(warehouse) == before


def test_a_visit_that_fails_is_counted_with_its_message(warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def fail_later(snapshot: str, _asked: visits.Visit) -> None:
        calls.append(snapshot)
        if len(calls) > 1:
            raise AppError("no answer")

    monkeypatch.setattr(visits, "PAGES", {**visits.PAGES, "trust": fail_later})
    monkeypatch.setattr(readers, "VISITED", ("data", "trust"))
    rows = run("readers", "--readers", "2", "--loads", "1", "--seed", "1", "--warehouse", warehouse)
    assert sum(row["errors"] for row in rows) == len(calls) - 1 > 0
    assert {message for row in rows for message in row["messages"]} == {"AppError: no answer"}


def test_ingest_gives_a_row_a_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hand_made(folder: Path, rows: int) -> dict[str, Path]:
        source = write_source(folder / "source")
        (folder / "csv").mkdir()
        frame = pd.read_json(source / "events.jsonl", lines=True, dtype=False)
        frame = frame.reindex(columns=TABLES["events"].column_names()).astype({"quantity": "Int64"})
        frame.head(rows).to_csv(folder / "csv" / "events.csv", index=False)
        return {"csv": folder / "csv"}

    monkeypatch.setattr("analytics.bench.events.write_events", hand_made)
    monkeypatch.setattr(ingest, "WAYS", ("ours", "limit", "polars"))
    monkeypatch.setattr(ingest, "find_spec", lambda _name: None)
    ours, limit, polars = ingest.measure(100, threads=1, memory_limit="500MB", runs=1)
    assert (ours.rows, limit.rows, ours.format, ours.status) == (100, 100, "csv", "ok")
    assert ours.ours_as_multiple == 1
    assert limit.ours_as_multiple == pytest.approx(limit.seconds_best / ours.seconds_best)
    assert (polars.status, polars.rows, polars.seconds_best) == ("not installed", None, None)


def test_a_way_that_fails_is_named(tmp_path: Path) -> None:
    with pytest.raises(AppError, match=r"^limit could not take in events.csv: .*IOException"):
        ingest._run("limit", tmp_path / "csv" / "events.csv", 1, "500MB")


def test_what_a_visit_asks_twice_is_computed_once() -> None:
    asked: list[int] = []

    @cached
    def figure(snapshot: str, number: int) -> int:
        asked.append(number)
        return 2 * number

    known: dict[object, object] = {}
    with remembering(known):
        assert (figure("s", 1), figure("s", 1), figure("s", 2)) == (2, 2, 4)
    assert asked == [1, 2]
    figure("s", 1)
    figure("s", 1)
    assert asked == [1, 2, 1, 1]
