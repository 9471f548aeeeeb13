"""What decides over money is approved by two people, at the page, by the services and for the machine."""

from __future__ import annotations

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from app.errors import NotAllowed
from app.identity import MACHINE, Actor, local_actor
from app.services import four_eyes, reply
from app.services.runtime import SNAPSHOT_KEY, Runtime, snapshot_id, use_runtime
from app.workspace import NewDraft, StoredDraft
from tests.app.pages.desk_marketplace import ANN, BEN, PAGES, desk, desk_warehouse, drafted

__all__ = ["desk", "desk_warehouse"]

CLEO = Actor("oidc|cleo", "Cleo", "oidc")
PROMISE = "We will refund you USD 20 for order o0."


def promised(actor: Actor = ANN) -> tuple[StoredDraft, reply.IssueBrief]:
    draft, asked = drafted("t-en", actor)
    return reply.replace_text(draft, f"{draft.text}\n\n{PROMISE}", asked, actor), asked


def test_who_wrote_it_signs_and_another_approves(desk: Runtime) -> None:
    drafted("t-zh", BEN)
    draft, asked = promised()
    signed = reply.approve(draft, draft.text, asked, ANN)
    assert (signed.status, signed.signed_by, signed.approved_by) == ("second", "Ann", None)
    assert reply.draft_statuses() == {"t-en": "second", "t-zh": "draft"}
    with pytest.raises(NotAllowed, match="second"):
        reply.approve(signed, signed.text, asked, ANN)
    with pytest.raises(NotAllowed):
        reply.send(signed, "copy", "Lotus", "", ANN)
    approved = reply.approve(signed, signed.text, asked, BEN)
    assert (approved.status, approved.signed_by, approved.approved_by) == ("approved", "Ann", "Ben")
    assert reply.send(approved, "copy", "Lotus", "", ANN).payload.decode() == draft.text
    steps = [(step.actor_name, step.action) for step in desk.workspace.audit.entries(subject=f"draft:{draft.draft_id}")]
    assert ("Ann", "draft.signed") in steps
    assert ("Ben", "draft.approved") in steps
    (entry,) = (e for e in desk.workspace.audit.entries() if e.action == "draft.approved")
    assert (entry.detail["money"], entry.detail["first"]) == (1, [ANN.actor_id])


def test_an_edit_takes_the_signature_away_and_makes_its_writer_the_first(desk: Runtime) -> None:
    draft, asked = promised()
    signed = reply.approve(draft, draft.text, asked, ANN)
    raised = reply.approve(signed, signed.text.replace("USD 20", "USD 40"), asked, BEN)
    assert (raised.status, raised.signed_by) == ("second", "Ben")
    assert reply.approve(raised, raised.text, asked, ANN).status == "approved"


def test_what_the_machine_wrote_takes_two_people_and_it_approves_nothing(desk: Runtime) -> None:
    new = NewDraft("t-en", "a", snapshot_id(), "macro", "en", PROMISE)
    draft = desk.workspace.drafts.create(new, MACHINE)
    with pytest.raises(NotAllowed, match="machine"):
        desk.workspace.drafts.approve(draft.draft_id, 1, MACHINE, money=1)
    signed = reply.approve(draft, draft.text, None, BEN)
    assert signed.status == "second"
    assert reply.approve(signed, signed.text, None, CLEO).status == "approved"


def test_where_nobody_else_acts_the_local_person_signs_and_then_approves_alone_on_record(desk: Runtime) -> None:
    only = local_actor()
    draft, asked = promised(only)
    signed = reply.approve(draft, draft.text, asked, only)
    assert signed.status == "second"
    eyes = four_eyes.two_people(signed, asked, only)
    assert eyes is not None
    assert eyes.is_alone
    approved = reply.approve(signed, signed.text, asked, only)
    assert approved.status == "approved"
    (entry,) = (e for e in desk.workspace.audit.entries() if e.action == "draft.approved")
    assert entry.detail["is_alone"] is True

    drafted("t-zh", BEN)  # somebody else works here after all
    again, asked = promised(only)
    signed = reply.approve(again, again.text, asked, only)
    with pytest.raises(NotAllowed, match="second"):
        reply.approve(signed, signed.text, asked, only)


def test_up_to_the_setting_one_person_is_enough(desk: Runtime) -> None:
    draft, asked = promised()
    with use_runtime(Runtime(replace(desk.settings, four_eyes_above=20))) as lenient:
        assert four_eyes.two_people(draft, asked, ANN) is None
        assert len(four_eyes.decisions(PROMISE.replace("20", "21"))) == 1
        assert len(four_eyes.decisions("Your penalty has been lifted.")) == 1
        assert reply.approve(draft, draft.text, asked, ANN).status == "approved"
        lenient.close()


def test_other_replies_take_one_person_as_before(desk: Runtime) -> None:
    for ticket in ("t-en", "t-zh"):
        draft, asked = drafted(ticket)
        assert reply.approve(draft, draft.text, asked, ANN).status == "approved"


def test_the_page_says_what_takes_two_people_and_who_is_asked(desk: Runtime) -> None:
    elsewhere, asked = drafted("t-zh", BEN)
    reply.approve(elsewhere, elsewhere.text, asked, BEN)
    _, asked = promised()
    page = AppTest.from_file(str(PAGES / "reply_desk.py"), default_timeout=120)
    page.session_state[SNAPSHOT_KEY] = snapshot_id()
    page.query_params["ticket"] = "t-en"
    page.run()
    assert not page.exception
    assert page.button(key="reply.approve").label.startswith("Approve despite")
    assert "Ann wrote or signed it" in " ".join(item.value for item in page.caption)
    page.text_area[0].set_value(f"{PROMISE} Kind regards.").run()
    assert page.button(key="reply.approve").label == "Sign and ask a second person"
    said = " ".join(item.value for item in (*page.caption, *page.markdown))
    assert "refund you USD 20" in said
    assert "Asked: Ann" in said
    assert "Ben." in said
    page.button(key="reply.approve").click().run()
    assert not page.exception
    assert page.button(key="reply.approve").disabled
    current = reply.current_draft("t-en")
    assert current is not None
    assert current.status == "second"
    assert reply.approve(current, current.text, asked, BEN).approved_by == "Ben"
