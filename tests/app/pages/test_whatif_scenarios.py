"""Saved scenarios: the same numbers again, copies that name their parent, a removed snapshot said in one line, and safe files."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from analytics.whatif import Lever, Scenario, Segment, dump_scenario
from analytics.whatif.questions import Pair, Tornado
from app.i18n import use_language
from app.identity import Actor
from app.page_errors import sentence
from app.services import finding, kept_scenarios, scenario_export, scenarios
from app.services.runtime import Runtime, get_runtime, snapshot_id, use_runtime
from app.settings import load_settings

ANN, BEN = Actor("local:ann", "Ann", "local"), Actor("local:ben", "Ben", "local")
DAY = date(2026, 10, 20)
EVIL = '=HYPERLINK("http://x","<img src=x onerror=alert(1)> *A*'
LOWER = Scenario(
    EVIL, author="Ann", levers=(Lever("late_rate", change=-0.01),), seed=5, draws=60, assumptions=("@SUM(1)",)
)


@pytest.fixture(scope="module")
def demo(demo_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The small demo, with a workspace of its own."""
    workspace = f"sqlite:///{tmp_path_factory.mktemp('kept')}/workspace.sqlite"
    settings = load_settings(
        {}, overrides={"warehouse": str(demo_warehouse), "encoder": False, "workspace_url": workspace}
    )
    with use_runtime(Runtime(settings)) as opened:
        yield snapshot_id()
        opened.close()


@pytest.fixture
def kept(demo: str) -> kept_scenarios.Kept:
    """One saved scenario, asked as of an earlier day."""
    mine = {one.name: one for one in kept_scenarios.all_kept()}
    if EVIL not in mine:
        scenarios.save(LOWER, demo, ANN, DAY)
        mine = {one.name: one for one in kept_scenarios.all_kept()}
    return mine[EVIL]


def test_the_same_snapshot_day_and_seed_give_the_same_numbers(demo: str, kept: kept_scenarios.Kept) -> None:
    before = scenarios.run_scenario(demo, replace(LOWER, assumptions=()), DAY)
    again = kept_scenarios.ask_again(kept, (demo, None))
    assert again.result is not None
    assert again.result.outcomes == before.outcomes
    assert again.result.as_of == DAY
    today = kept_scenarios.ask_again(kept, (demo, None), of_shown=True)
    assert today.result is not None
    assert today.result.as_of > DAY
    assert today.result.outcomes != before.outcomes


def test_a_copy_names_its_parent_and_its_own_author(kept: kept_scenarios.Kept) -> None:
    copy = kept_scenarios.fork(kept, " Mine ", BEN)
    found = next(one for one in kept_scenarios.all_kept() if one.document_id == copy.document_id)
    assert found.scenario is not None
    assert kept.scenario is not None
    assert (found.name, found.author, found.scenario.parent) == ("Mine", "Ben", EVIL)
    assert replace(found.scenario, name=EVIL, author="Ann", parent="") == kept.scenario


def test_a_removed_snapshot_is_one_line_and_the_shown_data_still_answer(demo: str) -> None:
    body = dump_scenario(replace(LOWER, name="Old", snapshot_id="20200101T000000000000Z"))
    old = kept_scenarios._kept(get_runtime().workspace.scenarios.save("Old", body, ANN))
    answer = kept_scenarios.ask_again(old, (demo, None))
    assert answer.is_gone
    assert answer.result is None
    assert answer.fault is not None
    for tag, word in (("en", "has been removed"), ("zh-Hans", "已被删除")):
        with use_language(tag):
            said = sentence(answer.fault) or ""
            assert word in said
            assert "\n" not in said
    assert kept_scenarios.ask_again(old, (demo, None), of_shown=True).result is not None


def test_older_versions_open_and_a_broken_one_spoils_no_list(demo: str) -> None:
    store = get_runtime().workspace.scenarios
    store.save("v1", 'version = 1\nname = "v1"\n[[levers]]\nkind = "late_rate"\nchange = -0.01\n', ANN)
    store.save("Broken", "version = 999\nname = 1", ANN)
    found = {one.name: one for one in kept_scenarios.all_kept()}
    assert kept_scenarios.ask_again(found["v1"], (demo, None)).result is not None
    broken = kept_scenarios.ask_again(found["Broken"], (demo, None))
    assert broken.result is None
    assert "version" in (sentence(broken.fault) or "") if broken.fault else False


def test_files_carry_the_assumptions_and_run_nothing(demo: str, kept: kept_scenarios.Kept) -> None:
    answers = [kept_scenarios.ask_again(kept, (demo, None))]
    text = scenario_export.exported(answers, "csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert answers[0].result is not None
    assert len(rows) == len(answers[0].result.outcomes)
    assert {"author", "snapshot_id", "as_of", "seed", "draws", "assumptions", "ci_low", "ci_high"} <= set(rows[0])
    assert rows[0]["scenario"] == "'" + EVIL
    assert all(not cell.startswith(("=", "@", "+")) for row in rows for cell in row.values())
    assert rows[0]["snapshot_id"] == demo
    page, marked = (scenario_export.exported(answers, form).decode() for form in ("html", "md"))
    assert "<img" not in page
    assert "<img" not in marked.replace("\\<", "")
    for assumption in map(str, answers[0].result.assumptions):
        assert assumption in html.unescape(page)
    assert "Ann" in page


def test_a_link_names_nobody(kept: kept_scenarios.Kept) -> None:
    assert len(kept.document_id) == 32
    assert int(kept.document_id, 16) >= 0


def test_cells_and_bars_are_single_runs_on_data(demo: str) -> None:
    scenario = Scenario("x", segment=Segment(), draws=60)
    found = finding.pair_map(demo, scenario, Pair("late_rate", "score_limit good", "merchants_below_limit", 3))
    for i, late in enumerate(found.first_values):
        for j, good in enumerate(found.second_values):
            levers = (Lever("late_rate", target=late), Lever("score_limit", target=good, level="good"))
            run = scenarios.run_scenario(demo, replace(scenario, levers=levers))
            told = finding.outcome_named(run, "merchants_below_limit")
            assert told is not None
            assert told.value == found.cells[i, j]
    bars = finding.tornado(demo, scenario, Tornado("median_score", 0.25))
    assert len(bars) > 5
    run = scenarios.run_scenario(
        demo,
        replace(scenario, levers=(Lever("late_rate", target=next(b for b in bars if b.lever == "late_rate").high),)),
    )
    told = finding.outcome_named(run, "median_score")
    assert told is not None
    assert told.value == pytest.approx(next(b for b in bars if b.lever == "late_rate").at_high, abs=1e-12)


def test_the_lever_of_carriers_leaves_with_its_words(demo: str) -> None:
    ranges = scenarios.levers(demo, Segment()).mix
    first, second = (str(found.of) for found in ranges[:2])
    lever = Lever("carrier_share", change=0.0, of=first, instead_of=second)
    span = scenarios.lever_range(demo, Segment(), lever)
    assert (span.baseline, span.high) == (ranges[0].baseline, pytest.approx(ranges[0].baseline + ranges[1].baseline))
    moved = Scenario("x", levers=(replace(lever, change=-0.1),), draws=60)
    assert "instead of" in scenario_export.lever_words(moved)
    with use_language("zh"):
        assert f"由 {first} 承运的发货订单占比（替代 {second}）" in scenario_export.lever_words(moved)
        told = scenario_export.assumption_words(scenarios.run_scenario(demo, moved), Segment())
        assert any(f"“{first}”与{second}" in sentence for sentence in told)


def test_a_clauses_limit_is_named_in_its_own_words_and_unit(demo: str) -> None:
    spans = {str(found.of): found for found in scenarios.judged_clauses(demo, Segment(), "walmart")}
    assert spans["walmart/refund_rate"].baseline == 0.06
    moved = Scenario("x", levers=(Lever("clause_limit", target=0.04, of="walmart/refund_rate"),), draws=60)
    result = scenarios.run_scenario(demo, moved)
    with use_language("zh"):
        assert scenario_export.lever_words(moved) == "沃尔玛 · 退款率的界线：4.0%"
        hit = next(outcome for outcome in result.outcomes if outcome.outcome == "clause_hit")
        assert "沃尔玛 · 退款率" in scenario_export.outcome_title(hit)
        assert any("沃尔玛 · 退款率" in sentence for sentence in scenario_export.assumption_words(result, Segment()))
