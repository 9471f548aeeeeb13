"""From scenario to rule: what can be put in force, four eyes, the definition that comes of it, and predicted held against what came."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analytics.errors import InputError
from analytics.trust.programme import PROGRAMMES, default_programme, load_programme, programme_from_toml
from analytics.whatif import Lever, Scenario, Segment
from analytics.whatif.backtest import Case, _record, backtest
from analytics.whatif.definition import Setting, change_definition
from analytics.whatif.rule import as_rule, at_border, counted_at, left_out, settings_of, with_settings
from app.errors import NotAllowed, NotFound, StaleProposal
from app.identity import MACHINE, Actor
from app.services import knowledge, rule_record, rule_text, rules, scenarios
from app.services.runtime import Runtime, snapshot_id, use_runtime
from app.services.warehouse import cursor, filter_options
from app.settings import load_settings
from tests.app.conftest import Invoke

ANNA, BEN = Actor("header:anna", "Anna", "header"), Actor("header:ben", "Ben", "header")
SHIPPED = PROGRAMMES / "trustdesk.toml"
STRICTER = Scenario(
    "Stricter good",
    segment=Segment(categories=("Fashion",)),
    levers=(Lever("late_rate", change=0.0), Lever("score_limit", target=72.0, level="good")),
)
NOW = default_programme()
MANY = Scenario(
    "Many",
    levers=(
        Lever("score_limit", target=72.5, level="good"),
        Lever("score_limit", target=52.0, level="watch"),
        Lever("half_life_days", target=45.0),
        Lever("window_days", target=180.0),
        Lever("min_n", target=30.0),
        Lever("weight", target=25.0, of="late_seller_rate"),
        Lever("good", target=0.03, of="late_shipping_rate"),
        Lever("bad", target=0.2, of="negative_order_rate"),
        Lever("bound", target=0.05, of="negative_order_rate"),
    ),
)


@pytest.fixture
def desk(demo_warehouse: Path, tmp_path: Path) -> Iterator[Runtime]:
    overrides = {
        "warehouse": str(demo_warehouse),
        "workspace_url": f"sqlite:///{tmp_path / 'workspace.sqlite'}",
        "programmes": str(tmp_path / "own" / "programmes"),
        "encoder": "false",
        "language": "en",
    }
    with use_runtime(Runtime(load_settings({}, overrides=overrides))) as runtime:
        scenarios.save(STRICTER, snapshot_id(), ANNA)
        yield runtime
        runtime.close()


def between(day: date | None, low: float, high: float) -> int:
    """How many merchants have a score in [low, high) as of a day."""
    found = scenarios.run_scenario(snapshot_id(), Scenario("as it is"), day).scores
    inside = found[(found["score_before"] >= low) & (found["score_before"] < high)]
    return len(inside)


class TestPure:
    def test_of_a_scenario_only_rules_of_the_score_are_taken_and_for_everybody(self) -> None:
        assert as_rule(STRICTER, NOW).levers == (Lever("score_limit", target=72.0, level="good"),)
        assert as_rule(STRICTER, NOW).segment == Segment()
        moved = replace(STRICTER, levers=(Lever("score_limit", change=2.5, level="watch"),))
        assert as_rule(moved, NOW).levers == (Lever("score_limit", target=57.5, level="watch"),)
        told = replace(STRICTER, levers=(Lever("coverage", target=0.4, of="buyer_csat"), *MANY.levers))
        assert left_out(STRICTER) == (), "a lever at its baseline changes nothing, so nothing of it is left out"
        assert left_out(told) == told.levers[:1]
        with pytest.raises(InputError, match="Did you mean 'weight buyer_csat'"):
            as_rule(replace(STRICTER, levers=(Lever("weight", target=20.0, of="buyer_cast"),)), NOW)

    @pytest.mark.parametrize(
        "levers",
        [
            (),
            (Lever("late_rate", change=-0.01),),
            (Lever("score_limit", target=60.0),),
            (Lever("score_limit", target=70.0, level="good"),),
        ],
    )
    def test_without_a_moved_rule_there_is_nothing_to_propose(self, levers: tuple[Lever, ...]) -> None:
        with pytest.raises(InputError, match="moves no rule of the score"):
            as_rule(replace(STRICTER, levers=levers), NOW)

    @pytest.mark.parametrize("lever", MANY.levers, ids=lambda lever: lever.name)
    def test_the_text_with_a_rule_is_the_definition_that_the_lab_ran(self, lever: Lever) -> None:
        text = SHIPPED.read_text(encoding="utf-8")
        rule = as_rule(replace(MANY, levers=(lever,)), NOW)
        settings = settings_of(rule, NOW)
        assert (settings[0].name, settings[0].after) == (lever.name, rule.levers[0].target)
        changed = with_settings(text, settings)
        assert settings_of(rule, programme_from_toml(changed, "copy")) == ()
        lab_ran = change_definition(NOW, [(rule.levers[0], float(rule.levers[0].target or 0))])
        assert [(c.points, [r.points for r in c.rates]) for c in programme_from_toml(changed, "copy").components] == [
            (pytest.approx(c.points), [pytest.approx(r.points) for r in c.rates]) for c in lab_ran.components
        ]
        pairs = [(a, b) for a, b in zip(text.splitlines(), changed.splitlines(), strict=True) if a != b]
        assert {a.partition("#")[2] for a, _ in pairs} == {b.partition("#")[2] for _, b in pairs}, "comments stay"
        components = sum(
            component.points != was.points for component, was in zip(lab_ran.components, NOW.components, strict=True)
        )
        assert len(pairs) == len(settings) + components

    def test_many_rules_at_once_and_where_crossings_are_counted(self) -> None:
        text, rule = SHIPPED.read_text(encoding="utf-8"), as_rule(MANY, NOW)
        after = programme_from_toml(with_settings(text, settings_of(rule, NOW)), "copy")
        assert (after.window_days, after.min_n, after.half_life_days, after.bounds[0].bound) == (180, 30, 45.0, 0.05)
        assert [level.minimum for level in after.levels] == [85.0, 72.5, 52.0, 0.0]
        assert counted_at(rule, NOW) == ("good", "watch")
        assert at_border(rule, "watch").levers[0].level == "watch"
        assert counted_at(replace(rule, levers=(Lever("min_n", target=30.0),)), NOW) == ("watch",)
        for gone in (Setting("score_limit", None, "splendid", 1.0, 2.0), Setting("bound", "x", None, 0.1, 0.2)):
            with pytest.raises(InputError, match=f"no value of {gone.name} that could be changed"):
                with_settings(text, (gone,))

    def test_a_record_by_hand(self) -> None:
        day = date(2026, 1, 1)
        cases = [
            Case("late_rate", "a", day, day, predicted=1.0, ci_low=0.0, ci_high=2.0, realised=2.0, n=30),
            Case("late_rate", "b", day, day, predicted=-1.0, ci_low=-2.0, ci_high=0.0, realised=3.0, n=30),
        ]
        found = _record("late_rate", cases, 0.95)
        assert (found.cases, found.days, found.mean_error, found.unchanged_error) == (2, 1, 2.5, 2.5)
        assert found.coverage == 0.5
        assert found.coverage_low == pytest.approx(0.0945, abs=1e-4)  # Wilson's interval of 1 in 2
        assert found.coverage_high == pytest.approx(0.9055, abs=1e-4)


class TestFourEyes:
    def test_a_second_person_puts_it_in_force_and_no_file_changes(self, desk: Runtime) -> None:
        before = SHIPPED.read_bytes()
        draft = rule_record.propose(snapshot_id(), "Stricter good", None, 30, "Too many are good.", ANNA)
        assert (rule_text.said(draft), draft.horizon_days) == ("score_limit good 70 → 72", 30)
        difference = rule_text.difference(draft).splitlines()
        assert [line for line in difference if line[:1] in "+-"][2:] == ["-minimum = 70.0", "+minimum = 72"]
        predicted = {each.outcome: each for each in draft.predictions}
        assert predicted["merchants_below_limit"].change == between(None, 70.0, 72.0)
        with pytest.raises(NotAllowed, match="The machine approves no proposal"):
            rules.approve(draft, "", MACHINE)
        with pytest.raises(NotAllowed, match="second person"):
            rules.approve(draft, "", ANNA)
        assert rules.approved() == []

        rule = rules.approve(draft, "Agreed.", BEN)
        assert (rule.proposal.edition, rule.proposal.decided_by, rule.proposal.is_alone) == (1, "Ben", False)
        assert rule.predictions == draft.predictions, "what was predicted is kept as it was"
        said = [(entry.action, entry.actor_name) for entry in desk.workspace.audit.entries(subject="rule:trustdesk")]
        assert sorted(said) == [("rule.approved", "Ben"), ("rule.proposed", "Anna")]

        path = rule_text.write_definition(1)
        assert load_programme(path).levels[1].minimum == 72.0
        assert (SHIPPED.read_bytes(), default_programme().levels[1].minimum) == (before, 70.0)
        assert knowledge.unreadable() == ()
        assert "trustdesk" not in {item.item_id for item in knowledge.items()}, "a rule is no article"
        with pytest.raises(NotFound):
            rule_text.definition(2)

    def test_a_draft_over_an_older_definition_is_drafted_anew_and_rules_add_up(self, desk: Runtime) -> None:
        first = rule_record.propose(snapshot_id(), "Stricter good", None, 30, "One.", ANNA)
        second = rule_record.propose(snapshot_id(), "Stricter good", None, 30, "Two.", BEN)
        rules.approve(first, "", BEN)
        assert rules.is_behind(second)
        with pytest.raises(StaleProposal):
            rules.approve(second, "", ANNA)
        with pytest.raises(NotAllowed, match="Say why"):
            rules.reject(second, " ", ANNA)
        rules.reject(second, "One of them is enough.", ANNA)
        assert (rules.waiting(), len(rules.rejected())) == ([], 1)

        watch = Scenario("Stricter watch", levers=(Lever("score_limit", target=58.0, level="watch"),))
        scenarios.save(watch, snapshot_id(), BEN)
        rules.approve(rule_record.propose(snapshot_id(), "Stricter watch", None, 60, "Three.", BEN), "", ANNA)
        text = rule_text.definition()
        assert "minimum = 72\n" in text
        assert "minimum = 58\n" in text
        assert text.startswith("# Rule 1, approved ")

    def test_rules_of_every_kind_add_up_over_those_before(self, desk: Runtime) -> None:
        """A later rule is drafted and predicted over the definition with the earlier ones; points that gave way before give way again."""
        levers = (Lever("late_rate", change=-0.01), *MANY.levers)
        scenarios.save(replace(MANY, levers=levers), snapshot_id(), ANNA)
        draft = rule_record.propose(snapshot_id(), "Many", None, 30, "All at once.", ANNA)
        assert draft.left_out == levers[:1]
        assert {each.level for each in draft.predictions} == {"good", "watch"}
        assert [each.level for each in draft.predictions if each.outcome == "mean_score"] == ["good"]
        rules.approve(draft, "", BEN)
        first = rule_text.agreed()
        lighter = Scenario("Lighter", levers=(Lever("weight", target=10.0, of="late_seller_rate"),))
        scenarios.save(lighter, snapshot_id(), BEN)
        second = rules.approve(rule_record.propose(snapshot_id(), "Lighter", None, 30, "Less.", BEN), "", ANNA)
        assert second.settings[0] == Setting("weight", "late_seller_rate", None, 25.0, 10.0)
        both = rule_text.agreed()
        assert (both.window_days, both.rates[0].points) == (180, 10.0)
        assert both.rates[1].points == pytest.approx(first.rates[1].points * 90 / 75)
        served = scenarios.lab(snapshot_id(), None, first).run(Scenario("as it is"))
        below = next(each for each in second.predictions if each.outcome == "merchants_below_limit")
        assert (below.level, below.baseline) == ("watch", (served.scores["score_before"] < 52.0).sum())
        assert "-points = 25" in rule_text.difference(second)
        assert rule_text.agreed(0) == default_programme()
        assert rule_text.agreed(1) == first

    def test_a_rule_kept_when_rules_were_borders_alone_is_read(self, desk: Runtime) -> None:
        draft = rule_record.propose(snapshot_id(), "Stricter good", None, 30, "Why.", ANNA)
        body = json.loads(draft.proposal.text)
        old = {name: value for name, value in body.items() if name not in ("settings", "left_out")}
        old["predictions"] = [{k: v for k, v in each.items() if k != "level"} for each in body["predictions"]]
        old |= {"borders": {"good": 72.0}, "was": {"good": 70.0}}
        assert replace(rules.keep(old, "Before.", BEN), proposal=draft.proposal) == draft

    def test_a_scenario_without_a_rule_or_a_reason_is_refused(self, desk: Runtime) -> None:
        scenarios.save(Scenario("Faster", levers=(Lever("late_rate", change=-0.01),)), snapshot_id(), ANNA)
        with pytest.raises(InputError, match="moves no rule"):
            rule_record.propose(snapshot_id(), "Faster", None, 30, "Why not.", ANNA)
        with pytest.raises(NotAllowed, match="Say why"):
            rule_record.propose(snapshot_id(), "Stricter good", None, 30, "", ANNA)
        none = Scenario("None", levers=(Lever("weight", target=1e-5, of="late_seller_rate"),))
        scenarios.save(none, snapshot_id(), ANNA)
        with pytest.raises(InputError, match=r"the definition with this rule.*points"):
            rule_record.propose(snapshot_id(), "None", None, 30, "Too little.", ANNA)
        assert rules.waiting() == []


class TestTrackRecord:
    def test_not_yet_known_until_the_window_is_over_then_what_came(self, desk: Runtime) -> None:
        last = filter_options(snapshot_id()).data_up_to
        day = last - timedelta(days=40)
        draft = rule_record.propose(snapshot_id(), "Stricter good", day, 30, "Try.", ANNA)
        rule = rules.approve(draft, "", BEN)
        assert rule.day == day
        open_ = rule_record.track_record(snapshot_id())
        assert set(open_["is_inside"]) == {None}
        assert open_["realised"].isna().all()
        assert list(open_["predicted"]) == [each.change for each in draft.predictions]

        at = datetime(day.year, day.month, day.day, tzinfo=UTC)
        early = replace(rule, proposal=replace(rule.proposal, updated_at=at))
        closed = rule_record.track_record(snapshot_id(), (early,)).set_index("outcome")
        due = day + timedelta(days=30)
        assert set(closed["due_on"]) == {due}
        row = closed.loc["merchants_below_limit"]
        assert row["realised"] == between(due, 70.0, 72.0)
        assert row["error"] == row["predicted"] - row["realised"]
        assert row["is_inside"] == (row["ci_low"] <= row["realised"] <= row["ci_high"])

    def test_the_past_is_predicted_and_compared(self, desk: Runtime) -> None:
        options = filter_options(snapshot_id())
        found = backtest(lambda day: cursor(snapshot_id(), day), options.data_from, options.data_up_to, pairs=1, most=2)
        assert {record.kind for record in found.records} == {"score_limit", "rule", "late_rate"}
        good = next(case for case in found.cases if case.subject == "good 70 → 72")
        assert (good.day_after - good.day_before).days == found.horizon_days
        assert (good.predicted, good.realised) == (
            between(good.day_before, 70.0, 72.0),
            between(options.data_up_to, 70.0, 72.0),
        )
        half = next(case for case in found.cases if case.subject == "half_life_days 60 → 30")
        rule = Scenario("half", levers=(Lever("half_life_days", target=30.0),))
        outcomes = scenarios.run_scenario(snapshot_id(), rule, options.data_up_to).outcomes
        assert half.realised == next(each.change for each in outcomes if each.outcome == "merchants_below_limit")
        for case in found.cases:
            assert case.ci_low <= case.predicted <= case.ci_high
        with pytest.raises(InputError, match="too short"):
            backtest(lambda day: cursor(snapshot_id(), day), options.data_up_to, options.data_up_to)


def opened(tab: str | None = None) -> AppTest:
    """The what-if page, in one of its tabs."""
    page = AppTest.from_file(str(Path(__file__).parents[2] / "app" / "main.py"), default_timeout=120)
    page.switch_page("views/whatif.py")
    if tab:
        page.session_state["whatif.tabs.en.None"] = tab
    return page.run()


def test_the_page_takes_a_scenario_to_a_rule(desk: Runtime) -> None:
    page = opened("Rules")
    page.text_input(key="rules.why").set_value("Too many are good.")
    page.button(key="rules.propose").click().run()
    assert not page.exception
    (draft,) = rules.waiting()
    assert page.button(key=f"rules.{draft.proposal.proposal_id}.approve").label == "Approve alone"
    page.button(key=f"rules.{draft.proposal.proposal_id}.approve").click().run()
    (rule,) = rules.approved()
    assert rule.proposal.is_alone
    page.session_state["rules.view"] = "record"
    page.run()
    assert not page.exception
    assert any(
        "not yet known" in set(table.value["state"]) for table in page.dataframe if "state" in table.value.columns
    )


def test_the_page_moves_a_second_border_and_says_what_a_draft_leaves_out(desk: Runtime) -> None:
    page = opened()
    page.multiselect(key="whatif.more.policy").set_value(["score_limit watch", "weight late_seller_rate"]).run()
    page.slider(key="whatif.border.good").set_value(72.0)
    page.slider(key="whatif.value.score_limit watch").set_value(52.0)
    page.slider(key="whatif.value.weight late_seller_rate").set_value(20.0)
    page.slider(key="whatif.late").set_value(-0.5)
    page.text_input(key="whatif.name").set_value("Both").run()
    page.button(key="whatif.save").click().run()
    assert not page.exception
    draft = rule_record.propose(snapshot_id(), "Both", None, 30, "Two borders.", ANNA)
    assert rule_text.said(draft).startswith(
        "score_limit good 70 → 72; score_limit watch 55 → 52; weight late_seller_rate 14 → 20; weight "
    )
    assert [lever.name for lever in draft.left_out] == ["late_rate"]
    page.segmented_control(key="whatif.level").set_value("watch").run()
    assert not page.exception, "the border that became the main one is no further lever any more"
    page = opened("Rules")
    assert any(caption.value.startswith("Left out, for no rule can hold") for caption in page.caption)
    assert any("+minimum = 52" in code.value for code in page.code)


def test_the_command_prints_the_record_and_writes_the_definition(desk: Runtime, invoke: Invoke, tmp_path: Path) -> None:
    rules.approve(rule_record.propose(snapshot_id(), "Stricter good", None, 30, "Why.", ANNA), "", BEN)
    root = desk.settings.warehouse
    result = invoke("rules", "--json", "--warehouse", root)
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert {row["outcome"] for row in rows} == set(rule_record.COUNTED)
    assert {row["realised"] for row in rows} == {None}
    assert invoke("rules", "--cases", "--warehouse", root).exit_code == 2
    assert "no approved rule 9" in invoke("rules", "--write", "9", "--warehouse", root).output
