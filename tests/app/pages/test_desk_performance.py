"""How well the desk did: shares that are those of their threads, and generations that are counted, masked and opened on record."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest

from analytics.metrics import Scope
from analytics.sla import TIMERS
from app.commands import main
from app.filter_bar import STATE_KEY, FilterState
from app.filters import Filters
from app.i18n import SESSION_KEY
from app.services import answering, issues, performance, reply, tickets, writing_quality
from app.services.generations import of_answer, of_draft
from app.services.runtime import SNAPSHOT_KEY, Runtime, snapshot_id
from tests.app.pages.desk_marketplace import ANN, BEN, PAGES, desk, desk_warehouse, drafted

__all__ = ["desk", "desk_warehouse"]  # fixtures
SCOPE = Scope(date(2026, 2, 1), date(2026, 2, 28))


class TestTargets:
    @pytest.mark.parametrize("by", list(performance.GROUPINGS))
    def test_every_share_is_that_of_the_threads_behind_it(self, desk: Runtime, by: str) -> None:
        seen = 0
        for timer in TIMERS:
            found = performance.rates(snapshot_id(), SCOPE, timer, by)
            for row in found.to_dict(orient="records"):
                behind = performance.behind(snapshot_id(), SCOPE, timer, by, row["group"])
                assert (len(behind), int(behind["is_met"].sum())) == (row["n"], row["met"])
                assert row["rate"] == behind["is_met"].mean()
                seen += len(behind)
        assert seen == sum(len(performance.judged(snapshot_id(), SCOPE, timer)) for timer in TIMERS) > 0

    def test_the_clock_of_the_queue_and_the_share_agree(self, desk: Runtime) -> None:
        judged = performance.judged(snapshot_id(), SCOPE, "first_reply").set_index("ticket_id")
        for ticket in tickets.in_scope(snapshot_id(), SCOPE):
            first = ticket.timers[0]
            assert (first.is_met is not None) == (ticket.ticket_id in judged.index)
            if first.is_met is not None:
                assert judged.loc[ticket.ticket_id, "is_met"] == first.is_met

    def test_a_person_who_calls_it_urgent_changes_whether_it_was_in_time(self, desk: Runtime) -> None:
        before = performance.judged(snapshot_id(), SCOPE, "first_reply").set_index("ticket_id")
        assert before.loc["t-done", "took"] == 3600.0
        tickets.correct("t-done", "urgency", "low", ANN)
        slow = performance.judged(snapshot_id(), SCOPE, "first_reply").set_index("ticket_id")
        assert slow.loc["t-done", "target_seconds"] == 24 * 3600.0
        assert slow.loc["t-done", "is_met"]

    def test_the_command_gives_the_same_shares_and_their_threads(
        self, desk: Runtime, desk_warehouse: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = ["sla", "--from", "2026-02-01", "--to", "2026-02-28", "--json", "--warehouse", str(desk_warehouse)]
        result = CliRunner().invoke(main, asked, env={"TRUSTDESK_ENCODER": "false"})
        assert result.exit_code == 0, result.output
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        assert [line["timer"] for line in lines] == list(TIMERS)
        assert {(line["group"], line["name"]) for line in lines} == {("all", "All threads")}
        threads = CliRunner().invoke(
            main, [*asked, "--threads", "--timer", "solution"], env={"TRUSTDESK_ENCODER": "false"}
        )
        behind = [json.loads(line) for line in threads.stdout.splitlines()]
        assert (len(behind), sum(line["is_met"] for line in behind)) == (lines[2]["n"], lines[2]["met"])
        assert "newest" not in result.stderr
        monkeypatch.setattr(tickets, "MOST_TICKETS", 2)
        cut = CliRunner().invoke(main, [*asked, "--timer", "solution"], env={"TRUSTDESK_ENCODER": "false"})
        assert f"the newest 2 of {performance.total(snapshot_id(), SCOPE)} threads" in cut.stderr

    def test_an_unknown_merchant_is_one_line(self, desk_warehouse: Path) -> None:
        result = CliRunner().invoke(main, ["sla", "--merchant", "nobody", "--warehouse", str(desk_warehouse)])
        assert result.exit_code == 1
        assert "nobody" in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1


class TestGenerations:
    def test_a_draft_is_counted_with_what_became_of_it(self, desk: Runtime) -> None:
        for ticket_id, text in (("t-en", None), ("t-zh", "好的。")):
            draft, asked = drafted(ticket_id)
            reply.approve(draft, text or draft.text, asked, BEN)
        drafted("t-done")
        made = writing_quality.generations(snapshot_id())
        assert made.set_index("ticket_id")["outcome"].to_dict() == {
            "t-en": "unchanged",
            "t-zh": "edited",
            "t-done": "open",
        }
        (row,) = writing_quality.quality(made, "writer").to_dict(orient="records")
        assert (row["n"], row["approved"], row["unchanged"], row["is_tentative"]) == (3, 2, 0.5, True)
        assert row["kept"] == pytest.approx(made["kept_share"].mean())
        assert row["kept_low"] < row["kept"] < row["kept_high"]
        approved = reply.current_draft("t-en")
        assert approved is not None
        reply.replace_text(approved, "Something else.", asked, ANN)  # which loses the approval
        (lost,) = writing_quality.quality(writing_quality.generations(snapshot_id()), "writer").to_dict(
            orient="records"
        )
        assert (lost["n"], lost["approved"], lost["unchanged"]) == (3, 1, 0.0)
        by_language = writing_quality.quality(made, "language").set_index("group")
        assert by_language["n"].to_dict() == {"en": 2, "zh-Hans": 1}
        assert by_language.loc["en", "unchanged"] == 1.0

    def test_opening_one_shows_it_masked_from_the_same_evidence_and_is_audited(self, desk: Runtime) -> None:
        draft, asked = drafted("t-en")
        made, generation_id = reply.rewrite(snapshot_id(), asked, ANN)
        text = "Call Ann Miller at +44 20 7946 0958 about order o0."
        reply.replace_draft(draft, replace(made, reply=text), generation_id, ANN)
        found = {one.kind: one for one in desk.workspace.generations.all()}
        first = writing_quality.opened(snapshot_id(), found["draft"].generation_id, BEN)
        assert first.is_same is True
        assert first.answered == draft.text
        assert "handed it over to the carrier in time" in first.asked
        second = writing_quality.opened(snapshot_id(), found["rewrite"].generation_id, BEN)
        assert "7946" not in second.answered
        assert "order o0" in second.answered
        steps = desk.workspace.audit.entries(subject=f"generation:{found['draft'].generation_id}")
        assert [(step.actor_name, step.action) for step in steps] == [("Ben", "generation.opened")]

    def test_other_evidence_and_evidence_that_is_gone_are_told_from_the_same(self, desk: Runtime) -> None:
        _, asked = drafted("t-en")
        log = desk.workspace.generations
        same = of_draft("draft", snapshot_id(), asked, reply.write_now(asked), "Ann")
        other, gone = replace(same, inputs_sha256="1" * 64), replace(same, snapshot_id="20000101T000000000000Z")
        thread = issues.thread(snapshot_id(), "t-en")
        assert thread is not None
        answer = of_answer(snapshot_id(), thread, asked.facts, answering.answer_thread(thread, asked.facts), 5)
        assert writing_quality.opened(snapshot_id(), log.add(answer), ANN).is_same is None
        told = [writing_quality.opened(snapshot_id(), log.add(one), ANN).is_same for one in (same, other, gone)]
        assert told == [True, False, None]


class TestPage:
    @pytest.mark.parametrize(("language", "shown"), [("en", "Targets met"), ("zh-Hans", "时限达标")])
    def test_it_shows_shares_and_generations_in_either_language(self, desk: Runtime, language: str, shown: str) -> None:
        draft, asked = drafted("t-en")
        reply.approve(draft, draft.text, asked, BEN)
        page = opened_page("performance.py", language)
        assert not page.exception
        assert any(shown in text.value for text in page.markdown)
        assert len(page.dataframe) == 3
        page.selectbox(key="performance.by").select_index(3).run()
        assert not page.exception

    def test_a_thumb_on_a_draft_is_asked_for_where_it_is_written(self, desk: Runtime) -> None:
        drafted("t-en")
        page = opened_page("reply_desk.py", ticket="t-en")
        assert not page.exception
        assert any("of use" in text.value for text in page.caption)


def opened_page(name: str, language: str = "en", ticket: str = "") -> AppTest:
    page = AppTest.from_file(str(PAGES / name), default_timeout=120)
    page.session_state[SNAPSHOT_KEY] = snapshot_id()
    page.session_state[SESSION_KEY] = language
    filters = Filters(SCOPE.date_from, SCOPE.date_to)
    page.session_state[STATE_KEY] = FilterState(filters, filters, 0, snapshot_id(), is_shown=True, page=name)
    if ticket:
        page.query_params["ticket"] = ticket
    return page.run()
