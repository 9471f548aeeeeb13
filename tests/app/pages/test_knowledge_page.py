"""The knowledge page, and the gaps of a marketplace whose merchants ask what no article covers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest

from app.commands import main
from app.identity import Actor
from app.services import gaps, knowledge, reply
from app.services.runtime import Runtime, snapshot_id, use_runtime
from app.settings import load_settings
from app.workspace import NewProposal
from tests.app.conftest import Invoke, write_source
from tests.llm.desk_language.gap_threads import LIVE_EN, REPLY_EN

ROOT = Path(__file__).resolve().parents[3]
ANN = Actor("header:ann", "Ann", "header")
BEN = Actor("header:ben", "Ben", "header")
ITEM = "late_dispatch.en"


@pytest.fixture(scope="module")
def asked_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hand-made marketplace with twelve open tickets about selling by live video; an agent has answered the first."""
    folder = tmp_path_factory.mktemp("gaps")
    source = write_source(folder / "source")
    opened = datetime(2026, 2, 10, 8, tzinfo=UTC)
    tickets = [
        {
            "ticket_id": f"live{n}", "merchant_id": "ab"[n % 2], "opened_by": "merchant", "opened_at": opened.isoformat(),
            "channel": "portal", "subject": "", "status": "open", "priority": "normal", "updated_at": opened.isoformat(),
        }
        for n in range(1, 13)
    ]  # fmt: skip
    said = [(f"live{n}", "merchant", text) for n, text in enumerate(LIVE_EN, 1)]
    said.insert(1, ("live1", "agent", REPLY_EN))
    messages = [
        {
            "message_id": f"m{n}", "ticket_id": ticket_id, "author": author, "text": text,
            "sent_at": (opened + timedelta(minutes=n)).isoformat(),
        }
        for n, (ticket_id, author, text) in enumerate(said)
    ]  # fmt: skip
    for name, rows in (("tickets", tickets), ("messages", messages)):
        (source / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    root = folder / "warehouse"
    result = CliRunner().invoke(main, ["ingest", "canonical", str(source), "--warehouse", str(root)])
    assert result.exit_code == 0, result.output
    return root


@pytest.fixture
def desk(asked_warehouse: Path, tmp_path: Path) -> Iterator[Runtime]:
    overrides = {
        "warehouse": str(asked_warehouse),
        "workspace_url": f"sqlite:///{tmp_path / 'workspace.sqlite'}",
        "encoder": "false",
        "stale_after_days": 100_000,
    }
    with use_runtime(Runtime(load_settings({}, overrides=overrides))) as runtime:
        yield runtime
        runtime.close()


def page(item: str = f"article:{ITEM}", tab: str = "text", view: str = "items") -> AppTest:
    found = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=120)
    found.session_state["knowledge.tab"] = tab
    found.session_state["knowledge.view"] = view
    found.session_state["knowledge.gaps"] = True  # asked for
    found.query_params["item"] = item
    return found.switch_page("views/knowledge.py").run()


def texts(found: AppTest) -> str:
    shown = (*found.text, *found.markdown, *found.caption, *found.info, *found.warning)
    return " ".join(str(each.value) for each in shown).replace("\\", "")


class TestGaps:
    def test_the_command_finds_the_planted_one(self, asked_warehouse: Path, invoke: Invoke) -> None:
        result = invoke("gaps", "--json", "--warehouse", asked_warehouse)
        assert result.exit_code == 0, result.output
        (gap,) = [json.loads(line) for line in result.stdout.splitlines()]
        assert (gap["language"], gap["is_covered"], len(gap["merchants"])) == ("en", False, 2)
        assert gap["count"] == len(gap["ticket_ids"]) >= 10  # by n-grams alone; what the desk can answer is none

    def test_a_draft_cites_what_was_asked_and_answered_and_invents_nothing(self, desk: Runtime) -> None:
        (gap,) = gaps.gaps(snapshot_id())
        proposal = gaps.propose_article(snapshot_id(), gap, "live_selling", "Selling by live video", "merchant", ANN)
        assert (proposal.status, proposal.item_id) == ("draft", "live_selling.en")
        comments = [line for line in proposal.text.splitlines() if line.startswith("#")]
        assert sum("[message:m" in line for line in comments) == len(gap.examples) + 1
        assert any("waiting list" in line and "[message:m1]" in line for line in comments)
        assert "7946" not in proposal.text
        made = knowledge.checked("article", "live_selling.en", proposal.text)
        assert not isinstance(made, list)
        assert [passage.text[0] for passage in made.passages] == ["["]

    def test_it_closes_once_the_article_is_approved(self, desk: Runtime) -> None:
        (gap,) = gaps.gaps(snapshot_id())
        proposal = gaps.propose_article(snapshot_id(), gap, "live_selling", "Selling by live video", "merchant", ANN)
        rule = (
            "A shop can sell by live video: it may host a live stream, or have an influencer host the show, in which viewers buy its "
            "products. Every shop may apply to go live, and hosting a live stream has no fee."
        )
        written = proposal.text.replace(gaps.TO_WRITE["en"], rule)
        knowledge.approve(knowledge.edit(proposal, written, "written", 0, ANN), "", BEN)
        asked = reply.brief(snapshot_id(), "live2")
        assert asked is not None
        assert "article:live_selling#1" in {passage.cite for passage in asked.passages}
        left = gaps.gaps(snapshot_id())
        assert all(gap.is_covered and gap.nearest == "article:live_selling#1" for gap in left)

    def test_the_page_shows_it_and_puts_up_the_draft(self, desk: Runtime) -> None:
        found = page(view="gaps")
        assert not found.exception
        (gap,) = gaps.gaps(snapshot_id())
        assert gap.examples[0].text in texts(found)
        key = f"knowledge.gap.{gap.gap_id}"
        found.text_input(key=f"{key}.title").set_value("Selling by live video")
        found.text_input(key=f"{key}.id").set_value("live_selling")
        found.button(key=f"{key}.draft").click().run()
        assert not found.exception
        assert [each.item_id for each in knowledge.waiting("article", "live_selling.en")] == ["live_selling.en"]
        assert found.query_params["item"] == "article:live_selling.en"

    def test_an_id_that_cant_be_is_said_and_nothing_is_kept(self, desk: Runtime) -> None:
        found = page(view="gaps")
        (gap,) = gaps.gaps(snapshot_id())
        found.text_input(key=f"knowledge.gap.{gap.gap_id}.title").set_value("Live")
        found.text_input(key=f"knowledge.gap.{gap.gap_id}.id").set_value("../Live!")
        found.button(key=f"knowledge.gap.{gap.gap_id}.draft").click().run()
        assert not found.exception
        assert "small letters" in texts(found)
        assert desk.workspace.proposals.all() == []


class TestItems:
    def test_from_an_edit_to_an_approved_text(self, desk: Runtime) -> None:
        found = page(tab="edit")
        (area,) = found.text_area
        area.set_value(area.value.replace("at most 30 days", "at most 40 days"))
        next(each for each in found.text_input if ".why." in str(each.key)).set_value("More holidays")
        found.button(key=f"knowledge.edit.article.{ITEM}.propose").click().run()
        assert not found.exception
        (proposal,) = knowledge.waiting("article", ITEM)
        assert proposal.reason == "More holidays"
        assert "approve it alone" in texts(found)
        found.button(key=f"knowledge.proposal.{proposal.proposal_id}.approve").click().run()
        assert not found.exception
        assert "40 days" in knowledge.in_force("article", ITEM).text

    def test_a_refused_edit_keeps_what_was_typed(self, desk: Runtime) -> None:
        found = page(tab="edit")
        wrong = found.text_area[0].value.replace("limit is 5%", "limit is 50%")
        found.text_area[0].set_value(wrong)
        next(each for each in found.text_input if ".why." in str(each.key)).set_value("Higher")
        found.button(key=f"knowledge.edit.article.{ITEM}.propose").click().run()
        assert "limits.toml says 5 percent" in texts(found)
        assert found.text_area[0].value == wrong
        assert knowledge.waiting("article", ITEM) == []

    def test_the_second_of_two_is_told_and_loses_nothing(self, desk: Runtime) -> None:
        found = page(tab="edit")
        mine = found.text_area[0].value.replace("up to 15 days", "up to 20 days")
        found.text_area[0].set_value(mine).run()
        theirs = knowledge.in_force("article", ITEM).text.replace("at most 30 days", "at most 40 days")
        knowledge.approve(knowledge.propose("article", ITEM, theirs, "theirs", 0, ANN), "", BEN)
        found.run()
        assert "edition 1" in texts(found)
        assert found.text_area[0].value == mine

    @pytest.mark.parametrize("tab", ["text", "edit", "proposals", "history", "search"])
    @pytest.mark.parametrize("item", [f"article:{ITEM}", "macro:payout_next"])
    def test_every_tab(self, desk: Runtime, item: str, tab: str) -> None:
        assert not page(item, tab).exception

    @pytest.mark.parametrize("item", ["article:none.en", "x:y", "article:", "macro:../x"])
    def test_an_address_that_names_nothing(self, desk: Runtime, item: str) -> None:
        found = page(item)
        assert not found.exception
        assert "Choose one from the list" in texts(found)


def test_an_approved_text_that_cant_be_read_is_one_line_and_the_page_goes_on(desk: Runtime) -> None:
    proposals = desk.workspace.proposals
    made = proposals.create(NewProposal("article", ITEM, "no front matter", "of another version"), ANN)
    proposals.approve(made.proposal_id, 1, BEN)
    found = page()
    assert not found.exception
    assert not found.error
    (warning,) = [each.value for each in found.warning if ITEM in str(each.value).replace("\\", "")]
    assert "must begin with TOML" in warning
    assert "In its place stays: as delivered." in warning
    assert "at most 30 days in a year" in texts(found), "the committed text is read"
