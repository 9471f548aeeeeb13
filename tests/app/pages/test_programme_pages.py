"""Programmes on the Trust and Merchant pages: the command's verdicts, counts that add up, both pages drawn, copies beside the presets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest

from analytics.metrics import Scope
from analytics.trust.programmes import presets
from app.charts.bars import outcomes
from app.commands import main as command
from app.components.levels import outcome_badge, outcome_names
from app.components.programmes import _width, level_words, limits
from app.components.table import Column, flat, on_screen
from app.filters import default_filters
from app.i18n import use_language
from app.services import programmes
from app.services.runtime import Runtime, snapshot_id, use_runtime
from app.services.warehouse import filter_options
from app.settings import load_settings
from tests.app.conftest import write_source

MAIN = Path(__file__).resolve().parents[3] / "app" / "main.py"
PRESETS = Path(__file__).resolve().parents[3] / "data" / "programmes"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation's folder of programmes: one copy with a stricter limit, one broken file."""
    folder = tmp_path_factory.mktemp("programmes")
    text = (PRESETS / "tiktok.toml").read_text(encoding="utf-8")
    text = text.replace('programme_id = "tiktok"', 'programme_id = "strict"').replace("limit = 12", "limit = 3")
    (folder / "strict.toml").write_text(text, encoding="utf-8")
    (folder / "broken.toml").write_text('kind = "programme"\nversion = 2', encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def demo(demo_warehouse: Path, folder: Path) -> Iterator[str]:
    overrides = {"warehouse": str(demo_warehouse), "encoder": False, "programmes": str(folder)}
    with use_runtime(Runtime(load_settings({}, overrides=overrides))):
        yield snapshot_id()


@pytest.fixture(scope="module")
def scope(demo: str) -> Scope:
    return default_filters(filter_options(demo)).scope()


def test_the_matrix_is_what_the_command_prints(demo: str, scope: Scope, demo_warehouse: Path) -> None:
    frame = programmes.matrix(demo, scope).set_index("merchant_id")
    result = CliRunner().invoke(command, ["trust", "--programme", "all", "--json", "--warehouse", str(demo_warehouse)])
    bands = {band.level_id for preset in presets().values() for clause in preset.clauses for band in clause.bands}
    failed: dict[tuple[str, str], bool] = {}
    for row in map(json.loads, result.stdout.splitlines()):
        if row["level"] in ("", "minimum", "standards") or row["level"] in bands:
            key = (row["merchant_id"], row["programme"])
            failed[key] = failed.get(key, False) or row["passed"] is False
    assert {key: frame.loc[key] == "fail" for key in failed} == failed
    assert frame["n_failed"].is_monotonic_decreasing


def test_counts_add_up_and_filters_filter(demo: str, scope: Scope) -> None:
    frame = programmes.matrix(demo, scope)
    counts = programmes.counts(frame).set_index("programme")
    assert counts.index.tolist() == [*sorted(p.stem for p in PRESETS.glob("*.toml") if p.stem != "trustdesk"), "strict"]
    assert (counts.sum(axis=1) == len(frame)).all()
    assert len(programmes.matching(frame, "ebay", ["fail", "near"])) == counts.loc["ebay", ["fail", "near"]].sum()
    assert len(programmes.matching(frame, None, [])) == len(frame)
    anywhere = programmes.matching(frame, None, ["fail"])
    assert set(anywhere["merchant_id"]) == set(frame.loc[frame["n_failed"] > 0, "merchant_id"])
    toys = Scope(scope.date_from, scope.date_to, categories=("Electronics",))
    assert set(programmes.matrix(demo, toys)["category"]) == {"Electronics"}


def test_clauses_count_every_merchant_once(demo: str, scope: Scope) -> None:
    frame = programmes.clauses(demo, scope, "etsy")
    merchants = len(programmes.matrix(demo, scope))
    assert (frame[["fail", "near", "pass", "unjudged"]].sum(axis=1) == merchants).all()
    assert limits(frame)[:3] == ["≥ 95.0%", "≥ 95.0%", "≥ 4.80"]
    assert frame["clause"].tolist()[0] == "first_reply_24h"


def test_a_merchants_clauses_decide_its_outcome(demo: str, scope: Scope) -> None:
    for merchant_id in programmes.matrix(demo, scope)["merchant_id"].head(3):
        of = programmes.of_merchant(demo, scope.date_to, merchant_id).set_index("programme")
        clauses = programmes.merchant_clauses(demo, scope.date_to, merchant_id, "walmart")
        assert of.loc["walmart", "outcome"] == "fail"
        deciding = clauses.set_index("clause").loc[of.loc["walmart", "clause"]]
        assert deciding["outcome"] == "fail"
        assert deciding["distance"] == clauses["distance"].min() == of.loc["walmart", "distance"]


def test_a_ledger_adds_up_to_the_points_of_the_clause(demo: str, scope: Scope) -> None:
    frame = programmes.matrix(demo, scope)
    found = frame.loc[frame["strict"] == "fail", "merchant_id"]
    assert len(found) > (frame["tiktok"] == "fail").sum()
    for merchant_id in found.head(3):
        ledger = programmes.merchant_ledger(demo, scope.date_to, merchant_id, "strict")
        clause = programmes.merchant_clauses(demo, scope.date_to, merchant_id, "strict").iloc[0]
        assert ledger.loc[ledger["active"], "points"].sum() == clause["value"] >= 3


def test_a_broken_file_is_named_and_left_out(demo: str) -> None:
    assert programmes.faults() == ["broken.toml: version: expected a whole number from 1 to 1, found 2."]
    assert [info.programme_id for info in programmes.infos().values() if info.is_own] == ["strict"]


def test_an_outcome_is_never_told_by_colour_alone() -> None:
    assert [outcome_badge(name) for name in ("pass", "near")] == [
        ":green-badge[:material/check_circle: Passes]",
        ":orange-badge[:material/warning: Near the limit]",
    ]
    with use_language("zh-Hans"):
        assert outcome_names()["fail"] == "不达标"
        assert level_words(programmes.infos()["tiktok"], "closed") == "关店"
        assert level_words(programmes.infos()["tiktok"], "pass") == "达标"


def test_the_figure_has_one_bar_a_programme_and_outcome() -> None:
    labels = {"fail": "Fails", "pass": "Passes"}
    figure = outcomes(["A", "B"], {"fail": [1, 0], "pass": [2, 3]}, labels, x_title="Merchants")
    assert [(bar.name, list(bar.x)) for bar in figure.data] == [("Fails", [1, 0]), ("Passes", [2, 3])]


def test_cells_show_words_and_signed_distances() -> None:
    columns = [Column("outcome", "Outcome", "outcome"), Column("distance", "Distance", "distance")]
    shown = on_screen(pd.DataFrame({"outcome": ["fail", "immature"], "distance": [-2.0, 0.333333]}), columns)
    assert shown["outcome"].tolist() == [["Fails"], ["Too young to judge"]]
    assert shown["distance"].tolist() == [-2.0, 0.33]
    assert flat(shown, columns)["Outcome"].tolist() == ["Fails", "Too young to judge"]


def test_both_pages_are_drawn(demo: str, scope: Scope) -> None:
    at = AppTest.from_file(str(MAIN), default_timeout=120)
    at.session_state["trust.tabs"] = "Programmes"
    at.run()
    at.switch_page("views/trust.py").run()
    assert not at.exception
    assert "**Merchants against seller programmes**" in [markdown.value for markdown in at.markdown]
    assert any("broken\\.toml" in warning.value for warning in at.warning)
    at.selectbox(key="trust.programme").set_value("ebay").run()
    assert not at.exception
    assert "**Clauses of eBay**" in [markdown.value for markdown in at.markdown]
    merchant_id = str(programmes.matrix(demo, scope)["merchant_id"].iloc[0])
    at = AppTest.from_file(str(MAIN), default_timeout=120)
    at.query_params["merchant"] = merchant_id
    at.session_state["merchant.tabs"] = "Programmes"
    at.run()
    at.switch_page("views/merchant.py").run()
    assert not at.exception
    assert {"**Clauses of Amazon**", "**Penalty ledger**"} <= {markdown.value for markdown in at.markdown}


def test_merchants_of_one_name_are_told_apart(tmp_path: Path) -> None:
    source = write_source(tmp_path / "source")
    file = source / "merchants.jsonl"
    file.write_text(file.read_text(encoding="utf-8").replace("Kite", "Lotus"), encoding="utf-8")
    folder = tmp_path / "warehouse"
    assert CliRunner().invoke(command, ["ingest", "canonical", str(source), "--warehouse", str(folder)]).exit_code == 0
    with use_runtime(Runtime(load_settings({}, overrides={"warehouse": str(folder)}))):
        snapshot = snapshot_id()
        frame = programmes.matrix(snapshot, default_filters(filter_options(snapshot)).scope())
    assert sorted(frame["name"]) == ["Lotus (a)", "Lotus (b)"]


def test_a_column_holds_its_longest_word() -> None:
    labels = {"pass": "Passes", "too_few": "Not enough data"}
    assert _width(pd.Series(["pass", "pass"]), labels) == 104
    assert _width(pd.Series(["pass", "too_few"]), labels) > 120
