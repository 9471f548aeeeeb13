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
from streamlit.testing.v1 import AppTest

from analytics.whatif import Lever, Scenario, Segment, dump_scenario
from analytics.whatif.questions import Pair, Questions, Tornado
from app import identity
from app.errors import NotAllowed, NotFound, StaleDocument
from app.i18n import use_language
from app.identity import Actor
from app.page_errors import sentence
from app.services import finding, kept_scenarios, scenario_export, scenario_fit, scenarios
from app.services.lever_sliders import slider_of
from app.services.runtime import Runtime, get_runtime, snapshot_id, use_runtime
from app.settings import load_settings

ANN, BEN = Actor("local:ann", "Ann", "local"), Actor("local:ben", "Ben", "local")
MAIN = Path(__file__).parents[3] / "app" / "main.py"
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


def test_every_slider_puts_its_own_levers_back_where_they_stood(demo: str) -> None:
    found = scenarios.lab(demo).ranges(Segment(categories=("Fashion",)))
    sliders = [slider_of(each) for each in found if each.name != "score_limit"]
    assert len(sliders) > 20
    for slider in sliders:
        for position in (slider.low, slider.rest, slider.low + 3 * slider.step, slider.high):
            lever = slider.lever(position)
            asked = slider.found.target(lever)  # within bounds
            assert slider.lever(slider.position(asked)) == lever, (slider.found.name, position)
            between = min(max(asked + 0.000_37, slider.found.low), slider.value(slider.high))
            assert slider.value(slider.position(between)) == pytest.approx(between, abs=1e-9)
        assert slider.found.target(slider.lever(slider.rest)) == slider.found.baseline


def test_what_the_sliders_can_not_hold_is_said_a_sentence_each(demo: str) -> None:
    fashion = Segment(categories=("Fashion", "Nowhere"), size_bands=("10-49",))
    levers = (
        Lever("late_rate", change=0.9),
        Lever("score_limit", target=61.0),
        Lever("weight", target=62.5, of="negative_order_rate"),
        Lever("half_life_days", target=60.0),
        Lever("coverage", change=0.01, of="no_such_rate"),
    )
    own = Scenario(
        "Odd", segment=fashion, levers=levers, seed=77, draws=90, questions=Questions(tornado=Tornado("stars"))
    )
    kept = kept_scenarios._kept(scenarios.save(own, demo, ANN, DAY))
    found = scenario_fit.taken(kept, (demo, None))
    assert found.segment == replace(fashion, categories=("Fashion",))
    assert set(found.positions) == {"late_rate", "weight negative_order_rate", "half_life_days"}
    assert (found.positions["half_life_days"], found.seed) == (60.0, 77)
    said = " ".join(found.said)
    assert len(found.said) == 8, "\n".join(found.said)
    for words in (
        "Nowhere",
        "is out of bounds",
        "Limit where crossings",
        "60.00, the nearest to 62.50",
        "no_such_rate",
        "other data",
    ):
        assert words in said
    for words in ("90 draws", "in “Find”"):
        assert words in said
    of_none = scenario_fit.Fit(Scenario("x", segment=Segment(size_bands=("0", "200+"))), ())
    offered = scenario_fit._with_bands_offered(of_none)
    assert offered.scenario.segment.size_bands == ("200+",)
    assert "merchants with 0 orders" in offered.said[0]
    with pytest.raises(NotAllowed, match="merchants with 0 orders alone"):
        scenario_fit._with_bands_offered(scenario_fit.Fit(Scenario("x", segment=Segment(size_bands=("0",))), ()))
    elsewhere = replace(own, name="Elsewhere", segment=Segment(regions=("Nowhere",)))
    kept = kept_scenarios._kept(scenarios.save(elsewhere, demo, ANN))
    with pytest.raises(NotAllowed, match="no merchant of Nowhere"):
        scenario_fit.taken(kept, (demo, None))


def test_crossings_stay_counted_where_they_were(demo: str) -> None:
    """A file that moves no border counts at the second lowest level; the page at the level whose border it offers."""
    found = scenario_fit.taken(
        kept_scenarios._kept(scenarios.save(replace(LOWER, name="Plain"), demo, ANN)), (demo, None)
    )
    borders = {each.level: each.baseline for each in scenarios.levers(demo, Segment()).borders}
    assert found.level is not None
    assert borders[found.level] == scenarios.lab(demo).crossing_limit(LOWER)
    assert found.said == ("Its 60 draws: the page takes 400.",)
    at = replace(LOWER, name="At 63", limit=63.0, draws=400)
    found = scenario_fit.taken(kept_scenarios._kept(scenarios.save(at, demo, ANN)), (demo, None))
    assert found.level is None
    assert "not at 63.0" in found.said[0]


def test_a_copy_onto_the_data_shown_says_what_is_otherwise(demo: str, kept: kept_scenarios.Kept) -> None:
    copy, said = scenario_fit.copy_onto(kept, (demo, None), BEN)
    found = kept_scenarios._kept(copy)
    assert found.scenario is not None
    assert (found.author, found.scenario.parent, found.scenario.as_of) == ("Ben", EVIL, None)
    assert scenario_fit.is_of_shown(found.scenario, (demo, None))
    assert not scenario_fit.is_of_shown(kept.scenario or found.scenario, (demo, None))
    assert found.scenario.levers == LOWER.levers
    days = next(line for line in said if line.startswith("As of"))
    assert "Oct 20, 2026" in days
    assert any("starts from" in line for line in said), said
    assert kept_scenarios.ask_again(found, (demo, None)).result is not None
    again, _said = scenario_fit.copy_onto(kept, (demo, None), BEN)
    assert again.name == f"{copy.name} (2)"

    gone = replace(LOWER, name="Gone", snapshot_id="20200101T000000000000Z", levers=(Lever("late_rate", change=-0.9),))
    old = kept_scenarios._kept(get_runtime().workspace.scenarios.save("Gone", dump_scenario(gone), ANN))
    copy, said = scenario_fit.copy_onto(old, (demo, None), BEN)
    assert [line.partition(":")[0] for line in said] == [
        "Snapshot",
        "The old snapshot has been removed, so what its figures were can't be told.",
        "Late deliveries by the merchant's fault",
    ]
    now = kept_scenarios._kept(copy).scenario
    assert now is not None
    assert now.levers == (Lever("late_rate", target=0.0),)
    lost = replace(gone, name="Lost", levers=(Lever("coverage", change=0.1, of="no_such_rate"),))
    old = kept_scenarios._kept(get_runtime().workspace.scenarios.save("Lost", dump_scenario(lost), ANN))
    with pytest.raises(NotAllowed, match="Nothing of Lost is left"):
        scenario_fit.copy_onto(old, (demo, None), BEN)


def test_who_saved_it_renames_and_removes_and_anybody_archives(demo: str) -> None:
    mine = kept_scenarios._kept(scenarios.save(replace(LOWER, name="Mine alone"), demo, ANN))
    with pytest.raises(NotAllowed, match="Ann saved Mine alone"):
        kept_scenarios.rename(mine, "Ben's", BEN)
    with pytest.raises(NotAllowed, match="Ann saved Mine alone"):
        kept_scenarios.remove(mine, BEN)
    renamed = kept_scenarios._kept(kept_scenarios.rename(mine, " Ours ", ANN))
    assert renamed.scenario is not None
    assert (renamed.name, renamed.scenario.name, renamed.saved_at) == ("Ours", "Ours", mine.saved_at)
    with pytest.raises(StaleDocument):
        kept_scenarios.rename(mine, "Theirs", ANN)
    assert kept_scenarios._kept(kept_scenarios.archive(renamed, BEN)).is_archived
    assert not kept_scenarios._kept(kept_scenarios.bring_back(renamed, BEN)).is_archived
    kept_scenarios.remove(renamed, ANN)
    assert renamed.document_id not in {one.document_id for one in kept_scenarios.all_kept()}
    with pytest.raises(NotFound):
        kept_scenarios.archive(renamed, BEN)


def test_on_the_page_it_goes_onto_the_levers_is_archived_brought_back_and_removed(
    demo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "local_actor", lambda: ANN)
    levers = (
        Lever("score_limit", target=73.5, level="good"),
        Lever("half_life_days", target=45.0),
        Lever("late_rate", change=-0.012),
    )
    fashion = Segment(categories=("Fashion",), size_bands=("10-49", "50-199"))
    own = Scenario("To go on from", segment=fashion, levers=levers, seed=9, draws=90, assumptions=("Prices stay.",))
    kept = kept_scenarios._kept(scenarios.save(own, demo, ANN))

    page = AppTest.from_file(str(MAIN), default_timeout=120)
    page.query_params[kept_scenarios.PARAM] = kept.document_id
    page.switch_page("views/whatif.py").run()
    page.button(key=f"whatif.levers.{kept.document_id}").click().run()
    assert not page.exception
    assert kept_scenarios.PARAM not in page.query_params
    at = {slider.key: slider.value for slider in page.slider}
    assert at == {"whatif.late.1": -1.2, "whatif.value.half_life_days.1": 45.0, "whatif.border.good.1": 73.5}
    assert page.query_params["category"] == "Fashion"
    (said,) = [each.value.replace("\\", "") for each in page.warning]
    assert said == "From “To go on from”. Not as it was saved: Its 90 draws: the page takes 400."
    stands = page.session_state["whatif.scenario"]
    assert (stands.segment, stands.seed, set(stands.levers)) == (fashion, 9, set(levers))
    page.text_input(key="whatif.name.1").set_value("Went on").run()
    next(each for each in page.button if each.label == "Save scenario").click().run()
    went_on = next(one for one in kept_scenarios.all_kept() if one.name == "Went on")
    assert went_on.scenario is not None
    assert (went_on.scenario.parent, went_on.scenario.assumptions) == ("To go on from", ("Prices stay.",))

    page.button(key=f"whatif.archive.{went_on.document_id}").click().run()
    assert any("Archived by Ann" in each.value for each in page.caption)  # its link still opens it
    page.segmented_control(key="whatif.list").set_value("archive").run()
    listed = next(each.value for each in page.dataframe if "archived_by" in each.value)
    assert list(listed["name"]) == ["Went on"]
    page.button(key=f"whatif.back.{went_on.document_id}").click().run()
    assert not any("Archived by" in each.value for each in page.caption)
    page.button(key=f"whatif.remove.{went_on.document_id}").click().run()
    assert went_on.document_id in {one.document_id for one in kept_scenarios.all_kept()}  # asked first
    page.button(key="whatif.remove").click().run()
    assert not page.exception
    assert any("Removed" in each.value for each in page.success)
    assert went_on.document_id not in {one.document_id for one in kept_scenarios.all_kept()}


def test_on_the_page_a_refused_step_is_one_line(demo: str) -> None:
    lost = replace(LOWER, name="Of nowhere", segment=Segment(regions=("Nowhere",)))
    kept = kept_scenarios._kept(scenarios.save(lost, demo, ANN, DAY))
    page = AppTest.from_file(str(MAIN), default_timeout=120)
    page.query_params[kept_scenarios.PARAM] = kept.document_id
    page.switch_page("views/whatif.py").run()
    for step in ("levers", "onto"):
        page.button(key=f"whatif.{step}.{kept.document_id}").click().run()
        assert any("have no merchant of Nowhere" in each.value for each in page.warning)
        assert not page.exception
        assert not page.error
        assert page.query_params[kept_scenarios.PARAM] == kept.document_id


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


def test_a_share_of_a_category_goes_back_onto_the_levers_and_leaves_with_its_words(demo: str) -> None:
    lever = Lever("category_share", change=-0.05, of="Fashion")
    own = Scenario("Less fashion", levers=(lever,), seed=9, draws=400)
    kept = kept_scenarios._kept(scenarios.save(own, demo, ANN))
    page = AppTest.from_file(str(MAIN), default_timeout=120)
    page.query_params[kept_scenarios.PARAM] = kept.document_id
    page.switch_page("views/whatif.py").run()
    page.button(key=f"whatif.levers.{kept.document_id}").click().run()
    assert not page.exception
    assert page.segmented_control(key="whatif.mix.1").value == "category_share"
    assert page.selectbox(key="whatif.mix.category_share.1").value == "Fashion"
    assert page.slider(key="whatif.share.category_share Fashion.1").value == -5.0
    page.slider(key="whatif.share.category_share Fashion.1").set_value(-2.0).run()
    assert not page.exception
    (moved,) = [each for each in page.session_state["whatif.scenario"].levers if each.kind == "category_share"]
    assert (moved.of, moved.target) == (
        "Fashion",
        pytest.approx(scenarios.lever_range(demo, Segment(), replace(lever, change=0.0)).baseline - 0.02),
    )
    assert any(metric.label == "Orders: Fashion" for metric in page.metric)
    listed = next(each.value for each in page.dataframe if "figure" in each.value)
    assert {"Rate over all orders", "Cases that the lever changes"} == set(listed["figure"])
    assert scenario_fit.fitted(own, (demo, None)).said == ()
    spans = scenarios.levers(demo, Segment()).mix
    other = next(found.of for found in spans if found.kind == "category_share" and found.of != "Fashion")
    asked = replace(own, levers=(replace(lever, instead_of=other),))
    lost = scenario_fit.fitted(replace(own, levers=(replace(lever, of="Nothing"),)), (demo, None))
    assert lost.scenario.levers == ()
    assert "left out" in " ".join(lost.said)
    with use_language("zh"):
        assert scenario_export.lever_words(own) == "Fashion 品类商家的订单占比：−5.00 个百分点"
        result = scenarios.run_scenario(demo, asked)
        told = scenario_export.assumption_words(result, Segment())
        assert any(f"“Fashion”的商家与{other}之间" in sentence for sentence in told)
        orders = next(outcome for outcome in result.outcomes if outcome.outcome == "mix_orders")
        assert scenario_export.outcome_title(orders) == "订单 · Fashion"


def test_a_clauses_limit_is_named_in_its_own_words_and_unit(demo: str) -> None:
    spans = {str(found.of): found for found in scenarios.judged_clauses(demo, Segment(), "walmart")}
    assert spans["walmart/refund_rate"].baseline == 0.06
    moved = Scenario("x", levers=(Lever("clause_limit", target=0.04, of="walmart/refund_rate"),), draws=60)
    result = scenarios.run_scenario(demo, moved)
    with use_language("zh"):
        assert scenario_export.lever_words(moved) == "沃尔玛 · 退款率的界线：4.0%"
        still = replace(moved, levers=(Lever("late_rate", change=0.0), *moved.levers))
        assert scenario_export.lever_words(still) == "沃尔玛 · 退款率的界线：4.0%"
        hit = next(outcome for outcome in result.outcomes if outcome.outcome == "clause_hit")
        assert "沃尔玛 · 退款率" in scenario_export.outcome_title(hit)
        assert any("沃尔玛 · 退款率" in sentence for sentence in scenario_export.assumption_words(result, Segment()))
