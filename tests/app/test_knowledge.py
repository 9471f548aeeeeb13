"""Articles and macros edited by people: rules, four eyes, editions, two at once, and who sees an approved text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event

from app.errors import NotAllowed, StaleProposal, WorkspaceError
from app.identity import Actor
from app.services import knowledge
from app.services.answering import answering
from app.services.generations import _versions, of_answer
from app.services.runtime import Runtime, get_runtime, use_runtime
from app.settings import load_settings
from app.workspace import ItemKind, NewProposal, Proposal
from llm.answer import asked
from llm.errors import LlmError
from llm.knowledge import Article
from llm.types import Answer
from tests.app.conftest import Invoke

ANN = Actor("header:ann", "Ann", "header")
BEN = Actor("header:ben", "Ben", "header")
LOCAL = Actor("local:kim", "Kim", "local")
ITEM = "late_dispatch.en"
OLD, NEW = "at most 30 days in a year", "at most 40 days in a year"
MACRO = "payout_next"


def runtime(folder: Path) -> Runtime:
    return Runtime(
        load_settings({}, overrides={"workspace_url": f"sqlite:///{folder / 'workspace.sqlite'}", "encoder": "false"})
    )


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Runtime]:
    with use_runtime(runtime(tmp_path)) as opened:
        yield opened
        opened.close()


def text(kind: ItemKind = "article", item_id: str = ITEM) -> str:
    return knowledge.in_force(kind, item_id).text


def proposed(actor: Actor = ANN, old: str = OLD, new: str = NEW) -> Proposal:
    now = knowledge.in_force("article", ITEM)
    assert old in now.text
    return knowledge.propose("article", ITEM, now.text.replace(old, new), "More holidays", now.edition, actor)


def last_passage(of: Runtime) -> str:
    return next(a for a in of.desk.knowledge.articles if knowledge.item_id_of(a) == ITEM).passages[-1].text


class TestApproval:
    def test_a_second_person_puts_it_in_force_in_every_process_at_once(self, desk: Runtime, tmp_path: Path) -> None:
        other = runtime(tmp_path)  # a second process on the same workspace
        assert OLD in last_passage(other)
        proposal = proposed()
        assert OLD in last_passage(desk)
        with pytest.raises(NotAllowed, match="second person"):
            knowledge.approve(proposal, "", ANN)
        approved = knowledge.approve(proposal, "Agreed", BEN)
        assert (approved.status, approved.edition, approved.decided_by, approved.is_alone) == (
            "approved",
            1,
            "Ben",
            False,
        )
        assert NEW in last_passage(desk)
        assert NEW in last_passage(other)
        other.close()

    def test_what_is_generated_from_it_is_of_another_version(self, desk: Runtime) -> None:
        thread = asked("How late may an order leave?")
        answer = answering().answer(thread)
        before, macros = of_answer("", thread, (), answer, 1).version, _versions("macro")
        assert of_answer("", thread, (), answer, 1).version == before
        knowledge.approve(proposed(), "", BEN)
        assert of_answer("", thread, (), answer, 1).version != before
        assert _versions("macro") == macros

    def test_who_helped_to_write_it_does_not_approve_it_either(self, desk: Runtime) -> None:
        proposal = knowledge.edit(proposed(ANN), text().replace(OLD, "at most 45 days in a year"), "More still", 0, BEN)
        for actor in (ANN, BEN):
            with pytest.raises(NotAllowed, match="second person"):
                knowledge.approve(proposal, "", actor)

    def test_the_only_person_there_is_approves_alone_and_on_record(self, desk: Runtime) -> None:
        assert knowledge.approve(proposed(LOCAL), "", LOCAL).is_alone
        entry = desk.workspace.audit.entries(subject=f"article:{ITEM}")[0]
        assert (entry.action, entry.detail["is_alone"]) == ("article.approved", True)

    def test_what_is_rejected_stays_readable_and_changes_nothing(self, desk: Runtime) -> None:
        proposal = proposed()
        with pytest.raises(NotAllowed, match="Say why"):
            knowledge.reject(proposal, " ", BEN)
        knowledge.reject(proposal, "Too many", BEN)
        assert NEW in knowledge.rejected("article", ITEM)[0].text
        assert OLD in last_passage(desk)
        with pytest.raises(StaleProposal):
            knowledge.approve(proposal, "", BEN)
        with pytest.raises(NotAllowed, match="already"):
            knowledge.approve(knowledge.rejected("article", ITEM)[0], "", BEN)

    def test_an_older_edition_comes_back_as_a_proposal(self, desk: Runtime) -> None:
        committed = text()
        knowledge.approve(proposed(), "", BEN)
        back = knowledge.restore("article", ITEM, 0, ANN)
        assert (back.status, back.base_edition, back.text.strip()) == ("draft", 1, committed.strip())
        knowledge.approve(back, "", BEN)
        assert [each.edition for each in knowledge.editions("article", ITEM)] == [2, 1, 0]
        assert OLD in last_passage(desk)

    def test_every_step_stands_in_the_log(self, desk: Runtime) -> None:
        knowledge.reject(knowledge.edit(proposed(), text().replace(OLD, NEW), "again", 0, BEN), "No", ANN)
        entries = desk.workspace.audit.entries(subject=f"article:{ITEM}")
        assert [(e.action, e.actor_name) for e in reversed(entries)] == [
            ("article.proposed", "Ann"),
            ("article.edited", "Ben"),
            ("article.rejected", "Ann"),
        ]
        assert desk.workspace.audit.verify().passed


class TestTwoAtOnce:
    def test_the_second_is_told_and_their_text_is_kept(self, desk: Runtime) -> None:
        first, second = proposed(ANN), proposed(BEN, "up to 15 days ahead", "up to 20 days ahead")
        knowledge.approve(first, "", BEN)
        with pytest.raises(StaleProposal, match="edition 1 by now"):
            knowledge.approve(second, "", ANN)
        assert "20 days ahead" in knowledge.waiting("article", ITEM)[0].text
        assert OLD not in text()
        over = knowledge.edit(second, text().replace("up to 15 days ahead", "up to 20 days ahead"), "Both", 1, BEN)
        knowledge.approve(over, "", ANN)
        assert NEW in last_passage(desk)
        assert "20 days ahead" in last_passage(desk)

    def test_a_text_over_an_older_edition_is_not_taken(self, desk: Runtime) -> None:
        knowledge.approve(proposed(), "", BEN)
        with pytest.raises(StaleProposal):
            knowledge.propose("article", ITEM, knowledge.committed_text("article", ITEM), "old", 0, ANN)

    def test_two_who_change_one_proposal(self, desk: Runtime) -> None:
        proposal = proposed()
        knowledge.edit(proposal, text().replace(OLD, "at most 31 days in a year"), "mine", 0, ANN)
        with pytest.raises(StaleProposal, match="version 2, yours is 1"):
            knowledge.edit(proposal, text().replace(OLD, "at most 32 days in a year"), "mine too", 0, BEN)
        assert [each.actor_name for each in knowledge.texts(proposal)] == ["Ann", "Ann"]


def answered(question: str) -> Answer:
    """By a desk that is always sure enough: what is used, not when, is the matter here."""
    desk = answering()
    return replace(desk, calibration=replace(desk.calibration, threshold=0.0)).answer(asked(question))


class TestWhatIsUsed:
    def test_search_and_answers_read_the_approved_text(self, desk: Runtime) -> None:
        question = "How many days of holiday can a shop set in a year, and how far ahead?"
        proposal = proposed()
        then = knowledge.found(question, "en", ("article", ITEM, proposal.text))[0].passage
        assert (then.cite, NEW in then.text) == ("article:late_dispatch#5", True)
        assert OLD in answered(question).text
        knowledge.approve(proposal, "", BEN)
        after = answered(question)
        assert (after.action, NEW in after.text, OLD in after.text) == ("answer", True, False)

    def test_a_macro_is_suggested_in_its_approved_words(self, desk: Runtime) -> None:
        said = text("macro", MACRO).replace("We will pass it to the payments team", "We hand it to the payments team")
        knowledge.approve(knowledge.propose("macro", MACRO, said, "Plainer", 0, ANN), "", BEN)
        macros = get_runtime().desk.knowledge.suggest_macros("payout_delay", "en")
        assert any("We hand it to the payments team" in macro.text for macro in macros)

    def test_the_other_language_may_be_out_of_date_until_it_follows(self, desk: Runtime) -> None:
        def outdated() -> dict[str, bool]:
            return {item.item_id: item.is_outdated for item in knowledge.items() if item.kind == "article"}

        assert not any(outdated().values())
        knowledge.approve(proposed(), "", BEN)
        assert {item_id for item_id, is_outdated in outdated().items() if is_outdated} == {"late_dispatch.zh-Hans"}
        chinese = text(item_id="late_dispatch.zh-Hans").replace("每年累计不超过 30 天", "每年累计不超过 40 天")
        knowledge.approve(knowledge.propose("article", "late_dispatch.zh-Hans", chinese, "同步", 0, ANN), "", BEN)
        assert not any(outdated().values())


def replaced(old: str, new: str, kind: ItemKind = "article", item_id: str = ITEM) -> tuple[ItemKind, str, str]:
    found = text(kind, item_id)
    assert old in found
    return kind, item_id, found.replace(old, new)


class TestRules:
    def test_every_text_that_is_committed_keeps_them(self, desk: Runtime) -> None:
        for item in knowledge.items():
            knowledge.checked(item.kind, item.item_id, text(item.kind, item.item_id))

    @pytest.mark.parametrize(
        ("old", "new", "fault"),
        [
            ("+++\nid", "id", "TOML between two"),
            ('title = "', "title = ", "not valid TOML"),
            ('"en"', '"zh-Hans"', "leave its id and language"),
            ('"policy_question"', '"no_such_intent"', "no_such_intent is none"),
            ("The limit is 5%", "The limit is 7%", "“5%”"),
            ("clause I-2.2", "clause I-9.9", "I-9.9"),
            ("with 2 points", "with 3 points", "F-1.1 2 points for 90 days"),
            ("\n\nMarking an order", " Marking an order", "5 paragraphs, this text 4"),
            ("\n\nMarking an order", "\n\nHolidays are announced early.\n\nMarking an order", "has become paragraph"),
            ("A shop can set holidays", "**A shop** can set holidays", "markup"),
            ("A shop can set holidays", "<b>A shop</b> can set holidays", "markup"),
            ("A shop can set holidays up to 15 days ahead, at most 30 days in a year. Orders", "店铺可设置休假。Orders", "language"),
            ("A shop can set holidays", "We credit you USD 900 for every late order. A shop can set holidays", "grants more"),
        ],
    )  # fmt: skip
    def test_an_article_that_breaks_one_is_refused_in_one_line(
        self, desk: Runtime, old: str, new: str, fault: str
    ) -> None:
        with pytest.raises((WorkspaceError, LlmError), match=fault) as refused:
            knowledge.propose(*replaced(old, new), "why", 0, ANN)
        assert "\n" not in str(refused.value)
        assert knowledge.waiting("article", ITEM) == []

    @pytest.mark.parametrize(
        ("old", "new", "fault"),
        [
            ("by {due_date}; whether", "by {due_day}; whether", "variables"),
            ('"due_date"', '"refund_code"', "variables"),
            ('"escalate"', '"refund"', "may not promise refund"),
            ('id = "payout_next"', 'id = "payout_soon"', "must stay payout_next"),
            ('"payout_delay"', '"no_such"', "no_such is none"),
            ("The payout page names", "<b>The payout page</b> names", "markup"),
            ("to the payments team", "to the payments team within 77 hours", "77 stands in no article"),
        ],
    )
    def test_a_macro_that_breaks_one_is_refused(self, desk: Runtime, old: str, new: str, fault: str) -> None:
        with pytest.raises((WorkspaceError, LlmError), match=fault):
            knowledge.propose(*replaced(old, new, "macro", MACRO), "why", 0, ANN)

    def test_a_variable_that_no_writer_fills_is_refused_even_if_declared(self, desk: Runtime) -> None:
        said = text("macro", MACRO).replace("{due_date}", "{coupon}").replace('"due_date"', '"coupon"')
        with pytest.raises(NotAllowed, match="No writer can fill"):
            knowledge.propose("macro", MACRO, said, "why", 0, ANN)

    def test_words_may_change_and_paragraphs_may_be_added(self, desk: Runtime) -> None:
        kind, item_id, changed = replaced(OLD, NEW)
        made = knowledge.checked(kind, item_id, changed + "\nA holiday that has begun can be ended early.\n")
        assert isinstance(made, Article)
        assert len(made.passages) == 6

    def test_an_outline_is_kept_but_not_approved(self, desk: Runtime) -> None:
        head = '+++\nid = "live"\nlanguage = "en"\ntitle = "Live"\nintents = ["other"]\nversion = 1\n+++\n\n'
        proposal = knowledge.propose("article", "live.en", head + "[Write the rule here.]", "gap", 0, ANN)
        with pytest.raises(NotAllowed, match="square brackets"):
            knowledge.approve(proposal, "", BEN)
        written = knowledge.edit(proposal, head + "Shops may go live.", "written", 0, ANN)
        knowledge.approve(written, "", BEN)
        (item,) = [item for item in knowledge.items() if item.item_id == "live.en"]
        assert (item.edition, item.is_alone, item.title) == (1, True, "Live")

    @pytest.mark.parametrize("item_id", ["../../../etc/passwd", "nothing.en", "", "late_dispatch"])
    def test_an_id_is_no_path(self, desk: Runtime, item_id: str) -> None:
        assert knowledge.in_force("article", item_id).text == ""
        assert knowledge.in_force("macro", item_id).text == ""


class TestCommand:
    def test_lists_prints_and_proposes(self, invoke: Invoke, tmp_path: Path) -> None:
        listed = [json.loads(line) for line in invoke("knowledge", "--json").stdout.splitlines()]
        assert {"kind": "article", "item_id": ITEM, "edition": 0}.items() <= next(
            each for each in listed if each["item_id"] == ITEM
        ).items()
        said = invoke("knowledge", f"article:{ITEM}").stdout
        assert OLD in said
        (tmp_path / "new.md").write_text(said.replace(OLD, NEW), encoding="utf-8")
        made = invoke("knowledge", f"article:{ITEM}", "--propose", tmp_path / "new.md", "--why", "More", "--json")
        assert json.loads(made.stdout)["status"] == "draft"
        assert OLD in invoke("knowledge", f"article:{ITEM}").stdout

    @pytest.mark.parametrize(
        ("arguments", "status"),
        [(("x:y",), 2), (("article:none.en",), 1), (("--why", "x"), 2), ((f"article:{ITEM}", "--why", "x"), 2)],
    )
    def test_wrong_usage_is_one_line(self, invoke: Invoke, arguments: tuple[str, ...], status: int) -> None:
        result = invoke("knowledge", *arguments)
        assert result.exit_code == status
        assert "Traceback" not in result.output

    def test_a_file_that_breaks_a_rule_is_refused(self, invoke: Invoke, tmp_path: Path) -> None:
        (tmp_path / "new.md").write_bytes(b"\xff")
        result = invoke("knowledge", f"article:{ITEM}", "--propose", tmp_path / "new.md", "--why", "x")
        assert (result.exit_code, "not UTF-8" in result.output) == (1, True)
        (tmp_path / "new.md").write_text("no head", encoding="utf-8")
        result = invoke("knowledge", f"article:{ITEM}", "--propose", tmp_path / "new.md", "--why", "x")
        assert (result.exit_code, "TOML between two" in result.output) == (1, True)


class TestUnreadable:
    """An approved text that this version can't read, as one of another version may be."""

    def approved(self, desk: Runtime, item_id: str, text: str, base: int) -> None:
        proposals = desk.workspace.proposals
        made = proposals.create(NewProposal("article", item_id, text, "of another version", base), ANN)
        proposals.approve(made.proposal_id, 1, BEN)

    def test_the_last_readable_text_stays_in_force_and_the_rest_goes_on(self, desk: Runtime) -> None:
        knowledge.approve(proposed(), "", BEN)
        self.approved(desk, ITEM, "no front matter", 1)
        assert NEW in last_passage(desk)
        (told,) = knowledge.unreadable()
        assert (told.item_id, told.edition, told.instead) == (ITEM, 2, 1)
        assert "\n" not in told.fault
        assert "+++" in told.fault
        items = {item.item_id: item for item in knowledge.items()}
        assert items[ITEM].is_unreadable
        assert not items["late_dispatch.zh-Hans"].is_unreadable
        assert NEW in knowledge.read_in_force("article", ITEM).text
        mended = knowledge.propose("article", ITEM, knowledge.read_in_force("article", ITEM).text, "Mended", 2, ANN)
        knowledge.approve(mended, "", BEN)
        assert knowledge.unreadable() == ()

    def test_before_any_edition_it_is_the_committed_text_and_for_a_new_item_nothing(self, desk: Runtime) -> None:
        self.approved(desk, ITEM, "no front matter", 0)
        intents = text(item_id="returns.en").replace('"return', '"no_such_return')
        self.approved(desk, "brand_new.en", intents, 0)
        assert OLD in last_passage(desk)
        assert {each.item_id: each.instead for each in knowledge.unreadable()} == {ITEM: 0, "brand_new.en": None}
        assert "taxonomy lacks" in next(e.fault for e in knowledge.unreadable() if e.item_id == "brand_new.en")
        assert knowledge.read_in_force("article", "brand_new.en").text == ""


def test_a_proposal_that_is_tried_again_is_not_indexed_again(desk: Runtime) -> None:
    changed = text().replace(OLD, NEW)
    tried = desk.desk.approved.with_text(("article", ITEM, changed))
    assert desk.desk.approved.with_text(("article", ITEM, changed)) is tried
    assert knowledge.found("How many days?", "en", ("article", ITEM, changed))
    assert desk.desk.approved.with_text(("article", ITEM, changed)) is tried
    other = changed.replace(NEW, "at most 50 days in a year")
    assert desk.desk.approved.with_text(("article", ITEM, other)) is not tried


def test_the_list_of_items_reads_no_text_of_a_proposal(desk: Runtime) -> None:
    proposed()
    read: list[str] = []
    listener = lambda *arguments: read.append(str(arguments[2]))  # noqa: E731
    engine = desk.workspace.proposals._database.engine
    event.listen(engine, "before_cursor_execute", listener)
    found = {item.item_id: item.proposal_count for item in knowledge.items()}
    assert found[ITEM] == 1
    assert not [statement for statement in read if "knowledge_texts" in statement]
    read.clear()
    for _ in range(3):
        proposed()
    read.clear()
    assert len(desk.workspace.proposals.all()) == 4
    assert len([statement for statement in read if "FROM" in statement]) == 1
