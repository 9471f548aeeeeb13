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
from analytics.trust.programme import PROGRAMMES, default_programme, load_programme
from analytics.whatif import Lever, Scenario, Segment
from analytics.whatif.backtest import Case, _record, backtest
from analytics.whatif.rule import as_rule, with_borders
from app.errors import NotAllowed, NotFound, StaleProposal
from app.identity import Actor
from app.services import knowledge, rules, scenarios
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
    def test_of_a_scenario_only_borders_become_a_rule_and_for_everybody(self) -> None:
        assert as_rule(STRICTER).levers == (Lever("score_limit", target=72.0, level="good"),)
        assert as_rule(STRICTER).segment == Segment()
        moved = replace(STRICTER, levers=(Lever("score_limit", change=2.5, level="watch"),))
        assert as_rule(moved).levers == (Lever("score_limit", target=57.5, level="watch"),)

    @pytest.mark.parametrize(
        "levers",
        [
            (),
            (Lever("late_rate", change=-0.01),),
            (Lever("score_limit", target=60.0),),
            (Lever("score_limit", target=70.0, level="good"),),
        ],
    )
    def test_without_a_moved_border_there_is_no_rule(self, levers: tuple[Lever, ...]) -> None:
        with pytest.raises(InputError, match="moves no border"):
            as_rule(replace(STRICTER, levers=levers))

    def test_a_definition_changes_in_its_border_alone(self, tmp_path: Path) -> None:
        text = SHIPPED.read_text(encoding="utf-8")
        changed = with_borders(text, {"good": 72.5})
        pairs = zip(text.splitlines(), changed.splitlines(), strict=True)
        assert [(a, b) for a, b in pairs if a != b] == [("minimum = 70.0", "minimum = 72.5")]
        (tmp_path / "copy.toml").write_text(changed, encoding="utf-8")
        assert load_programme(tmp_path / "copy.toml").level_of(71.0) == "watch"
        with pytest.raises(InputError, match="no level splendid"):
            with_borders(text, {"splendid": 90.0})

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
        draft = rules.propose(snapshot_id(), "Stricter good", None, 30, "Too many are good.", ANNA)
        assert (draft.borders, draft.was, draft.horizon_days) == ({"good": 72.0}, {"good": 70.0}, 30)
        predicted = {each.outcome: each for each in draft.predictions}
        assert predicted["merchants_below_limit"].change == between(None, 70.0, 72.0)
        with pytest.raises(NotAllowed, match="second person"):
            rules.approve(draft, "", ANNA)
        assert rules.approved() == []

        rule = rules.approve(draft, "Agreed.", BEN)
        assert (rule.proposal.edition, rule.proposal.decided_by, rule.proposal.is_alone) == (1, "Ben", False)
        assert rule.predictions == draft.predictions, "what was predicted is kept as it was"
        said = [(entry.action, entry.actor_name) for entry in desk.workspace.audit.entries(subject="rule:trustdesk")]
        assert sorted(said) == [("rule.approved", "Ben"), ("rule.proposed", "Anna")]

        path = rules.write_definition(1)
        assert load_programme(path).levels[1].minimum == 72.0
        assert (SHIPPED.read_bytes(), default_programme().levels[1].minimum) == (before, 70.0)
        assert knowledge.unreadable() == ()
        assert "trustdesk" not in {item.item_id for item in knowledge.items()}, "a rule is no article"
        with pytest.raises(NotFound):
            rules.definition(2)

    def test_a_draft_over_an_older_definition_is_drafted_anew_and_rules_add_up(self, desk: Runtime) -> None:
        first = rules.propose(snapshot_id(), "Stricter good", None, 30, "One.", ANNA)
        second = rules.propose(snapshot_id(), "Stricter good", None, 30, "Two.", BEN)
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
        rules.approve(rules.propose(snapshot_id(), "Stricter watch", None, 60, "Three.", BEN), "", ANNA)
        text = rules.definition()
        assert "minimum = 72\n" in text
        assert "minimum = 58\n" in text
        assert text.startswith("# Rule 1, approved ")

    def test_a_scenario_without_a_border_or_a_reason_is_refused(self, desk: Runtime) -> None:
        scenarios.save(Scenario("Faster", levers=(Lever("late_rate", change=-0.01),)), snapshot_id(), ANNA)
        with pytest.raises(InputError, match="moves no border"):
            rules.propose(snapshot_id(), "Faster", None, 30, "Why not.", ANNA)
        with pytest.raises(NotAllowed, match="Say why"):
            rules.propose(snapshot_id(), "Stricter good", None, 30, "", ANNA)


class TestTrackRecord:
    def test_not_yet_known_until_the_window_is_over_then_what_came(self, desk: Runtime) -> None:
        last = filter_options(snapshot_id()).data_up_to
        day = last - timedelta(days=40)
        draft = rules.propose(snapshot_id(), "Stricter good", day, 30, "Try.", ANNA)
        rule = rules.approve(draft, "", BEN)
        assert rule.day == day
        open_ = rules.track_record(snapshot_id())
        assert set(open_["is_inside"]) == {None}
        assert open_["realised"].isna().all()
        assert list(open_["predicted"]) == [each.change for each in draft.predictions]

        at = datetime(day.year, day.month, day.day, tzinfo=UTC)
        early = replace(rule, proposal=replace(rule.proposal, updated_at=at))
        closed = rules.track_record(snapshot_id(), (early,)).set_index("outcome")
        due = day + timedelta(days=30)
        assert set(closed["due_on"]) == {due}
        row = closed.loc["merchants_below_limit"]
        assert row["realised"] == between(due, 70.0, 72.0)
        assert row["error"] == row["predicted"] - row["realised"]
        assert row["is_inside"] == (row["ci_low"] <= row["realised"] <= row["ci_high"])

    def test_the_past_is_predicted_and_compared(self, desk: Runtime) -> None:
        options = filter_options(snapshot_id())
        found = backtest(lambda day: cursor(snapshot_id(), day), options.data_from, options.data_up_to, pairs=1, most=2)
        assert {record.kind for record in found.records} == {"score_limit", "late_rate"}
        good = next(case for case in found.cases if case.subject == "good 70 → 72")
        assert (good.day_after - good.day_before).days == found.horizon_days
        assert (good.predicted, good.realised) == (
            between(good.day_before, 70.0, 72.0),
            between(options.data_up_to, 70.0, 72.0),
        )
        for case in found.cases:
            assert case.ci_low <= case.predicted <= case.ci_high
        with pytest.raises(InputError, match="too short"):
            backtest(lambda day: cursor(snapshot_id(), day), options.data_up_to, options.data_up_to)


def test_the_page_takes_a_scenario_to_a_rule(desk: Runtime) -> None:
    page = AppTest.from_file(str(Path(__file__).parents[2] / "app" / "main.py"), default_timeout=120)
    page.switch_page("views/whatif.py")
    page.session_state["whatif.tabs.en.None"] = "Rules"
    page.run()
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


def test_the_command_prints_the_record_and_writes_the_definition(desk: Runtime, invoke: Invoke, tmp_path: Path) -> None:
    rules.approve(rules.propose(snapshot_id(), "Stricter good", None, 30, "Why.", ANNA), "", BEN)
    root = desk.settings.warehouse
    result = invoke("rules", "--json", "--warehouse", root)
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert {row["outcome"] for row in rows} == set(rules.PREDICTED)
    assert {row["realised"] for row in rows} == {None}
    assert invoke("rules", "--cases", "--warehouse", root).exit_code == 2
    assert "no approved rule 9" in invoke("rules", "--write", "9", "--warehouse", root).output
