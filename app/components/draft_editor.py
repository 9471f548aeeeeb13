"""A draft at the reply desk: written or being written, edited, rewritten, checked, approved, and handed to a channel.

Every step goes through app.services.reply with the actor's name; a step that can't be done is said in one line and loses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from app.components.draft_evidence import check_list, marked_changes, sources
from app.components.draft_feedback import feedback
from app.components.draft_sending import handed_over, send_form
from app.components.draft_steps import attempt, history, show_problem, status_badge
from app.components.empty import empty_state
from app.components.thread import language_name, plain
from app.components.two_people import approve_label, money_note
from app.i18n import N_, _, ngettext, number
from app.identity import Actor, current_actor
from app.page_errors import page_errors
from app.services import four_eyes, reply
from app.services.runtime import get_runtime, snapshot_id
from app.services.tickets import Ticket
from app.services.writing import redraw_seconds

if TYPE_CHECKING:
    from app.services.writing import Writing
    from app.workspace import StoredDraft
    from llm.types import Draft, IssueBrief

TONES: Mapping[str, str] = {"neutral": N_("Neutral"), "warm": N_("Warm"), "formal": N_("Formal")}
LENGTHS: Mapping[str, str] = {"short": N_("Short"), "normal": N_("Medium"), "long": N_("Long")}
REWRITES: tuple[tuple[str, str, str, str], ...] = (
    ("shorter", N_("Shorter"), "neutral", "short"),
    ("warmer", N_("Warmer"), "warm", "normal"),
    ("formal", N_("More formal"), "formal", "normal"),
    ("longer", N_("Longer"), "neutral", "long"),
)
EDITOR_HEIGHT = 320


def draft_panel(ticket: Ticket, places: Mapping[str, int]) -> None:
    """Draw the answer to a ticket: the choice of how to write it while there is none, then its editor. `places` are those of messages by cite."""
    show_problem(ticket.ticket_id)
    writing: Writing | None = st.session_state.get(_writing_key(ticket.ticket_id))
    if writing is not None:
        # The interval is chosen when the text begins to grow, and anew whenever the page is drawn.
        st.fragment(_while_writing, run_every=redraw_seconds())(ticket)
        return
    draft = reply.current_draft(ticket.ticket_id)
    if draft is None:
        _start(ticket)
    else:
        _editor(ticket, draft, places)


def _start(ticket: Ticket) -> None:
    with st.spinner(_("Looking for the policy and macros that fit this thread …")):
        asked = reply.brief(snapshot_id(), ticket.ticket_id)
    if asked is None:
        empty_state(_("Nothing to answer"), _("The thread has no message. Choose another one."), height=160)
        return
    st.segmented_control(
        _("Tone"),
        tuple(TONES),
        default="neutral",
        required=True,
        format_func=lambda name: _(TONES[name]),
        key="reply.tone",
    )
    st.segmented_control(
        _("Length"),
        tuple(LENGTHS),
        default="normal",
        required=True,
        format_func=lambda name: _(LENGTHS[name]),
        key="reply.length",
    )
    st.caption(_who_writes() + " · " + _("in {language}", language=language_name(asked.language)))
    st.button(
        _("Draft a reply"),
        type="primary",
        icon=":material/edit_note:",
        shortcut="Alt+W",
        key="reply.start",
        on_click=_begin,
        args=(ticket,),
    )


def _who_writes() -> str:
    if reply.has_writer():
        return _("Written by {name}, every sentence checked", name=get_runtime().desk.engine.name)
    reason = reply.why_no_writer()
    text = _("Written from policy macros; no model")
    return f"{text} ({plain(reason)})" if reason else text


def _begin(ticket: Ticket) -> None:
    tone, length = st.session_state.get("reply.tone", "neutral"), st.session_state.get("reply.length", "normal")
    asked = reply.brief(snapshot_id(), ticket.ticket_id, tone, length)
    if asked is None:
        return
    if reply.has_writer():
        st.session_state[_writing_key(ticket.ticket_id)] = reply.begin_writing(asked)
    else:
        attempt(ticket, lambda actor: _keep(ticket, asked, reply.write_now(asked), actor))


def _keep(ticket: Ticket, asked: IssueBrief, made: Draft, actor: Actor) -> None:
    reply.keep(snapshot_id(), ticket.merchant_id, asked, made, actor)


def _while_writing(ticket: Ticket) -> None:
    with page_errors():
        writing: Writing | None = st.session_state.get(_writing_key(ticket.ticket_id))
        if writing is None:
            return
        if writing.is_done:
            del st.session_state[_writing_key(ticket.ticket_id)]
            attempt(ticket, lambda actor: _keep(ticket, writing.brief, writing.result(), actor))
            st.rerun()
        if writing.position:
            said = _("Waiting for the model, place {n} in the queue", n=number(writing.position))
        else:
            said = _("Writing; each sentence appears once it is checked")
        limit = _("{seconds} of at most {limit} s", seconds=number(writing.elapsed_s), limit=number(writing.timeout_s))
        st.progress(min(1.0, writing.elapsed_s / writing.timeout_s), text=f":shimmer[{said}] · {limit}")
        for part in writing.sentences:
            st.text(part.text)
        st.button(_("Cancel"), icon=":material/stop:", key="reply.cancel", on_click=writing.cancel, shortcut="Esc")


def _editor(ticket: Ticket, draft: StoredDraft, places: Mapping[str, int]) -> None:
    asked = reply.brief(snapshot_id(), ticket.ticket_id)
    is_open = draft.status in ("draft", "second", "approved")
    key = f"reply.text.{draft.draft_id}.{draft.version}"
    written = _("policy macros, no model") if draft.engine == "macro" else draft.engine
    st.markdown(
        f"{status_badge(draft.status)} :gray-badge[:material/language: {plain(language_name(draft.language))}] "
        f":gray-badge[:material/smart_toy: {plain(written)}]"
    )
    if is_open and asked is not None:
        _rewrite_tools(ticket, draft, asked)
        st.text_area(
            _("Reply"),
            draft.text,
            height=EDITOR_HEIGHT,
            key=key,
            label_visibility="collapsed",
            on_change=_edited,
            args=(ticket, draft, key),
        )
    elif not handed_over(draft):
        with st.container(border=True):
            st.text(draft.text)
    if draft.status in ("draft", "second"):
        _draft_buttons(ticket, draft, key, asked)
    elif draft.status == "approved":
        send_form(ticket, draft)
    elif draft.status == "sent":
        st.button(
            _("Draft another reply"), icon=":material/edit_note:", key="reply.again", on_click=_begin, args=(ticket,)
        )
    check_list(draft)
    sources(draft, asked, places)
    feedback(draft)
    history(draft)


def _draft_buttons(ticket: Ticket, draft: StoredDraft, key: str, asked: IssueBrief | None) -> None:
    failed = sum(not check["passed"] for check in draft.checks)
    eyes = four_eyes.two_people(draft, asked, current_actor(get_runtime().settings))
    label = _("Approve")
    if eyes is not None and (eyes.is_first or not failed):
        label = approve_label(eyes)
    elif failed:
        label = ngettext("Approve despite {n} failed check", "Approve despite {n} failed checks", failed)
    if eyes is not None:
        money_note(eyes)
    with st.container(horizontal=True, gap="xsmall"):
        st.button(
            label,
            type="secondary" if failed else "primary",
            icon=":material/verified:",
            shortcut="Alt+A",
            key="reply.approve",
            disabled=eyes is not None and eyes.is_signed and not eyes.is_alone,
            on_click=_approved,
            args=(ticket, draft, key),
        )
        st.button(
            _("Discard"),
            icon=":material/delete:",
            key="reply.discard",
            on_click=attempt,
            args=(ticket, lambda actor: reply.discard(draft, actor)),
        )
        if failed:
            st.markdown(f":orange-badge[:material/warning: {_('a check needs your eye')}]")


def _edited(ticket: Ticket, draft: StoredDraft, key: str) -> None:
    text = str(st.session_state[key] or "")
    asked = reply.brief(snapshot_id(), ticket.ticket_id)
    if asked is not None and text != draft.text:
        attempt(ticket, lambda actor: reply.replace_text(draft, text, asked, actor), mine=text)


def _approved(ticket: Ticket, draft: StoredDraft, key: str) -> None:
    text = str(st.session_state.get(key) or "")
    newest = reply.current_draft(ticket.ticket_id)
    # The text box keeps what was typed just before this click; it is then a version further.
    mine = newest if newest is not None and newest.draft_id == draft.draft_id and newest.text == text else draft
    asked = reply.brief(snapshot_id(), ticket.ticket_id)
    attempt(ticket, lambda actor: reply.approve(mine, text, asked, actor), mine=text)


def _rewrite_tools(ticket: Ticket, draft: StoredDraft, asked: IssueBrief) -> None:
    with st.container(horizontal=True, gap="xsmall"):
        for name, label, tone, length in REWRITES:
            st.button(
                _(label),
                key=f"reply.rewrite.{name}",
                type="tertiary",
                help=_("Proposes the reply anew; before and after are shown first"),
                on_click=_propose,
                args=(ticket, tone, length),
            )
        with st.popover(_("Macro"), type="tertiary", key="reply.macros", on_change="rerun") as macros:
            if macros.open:  # filling every macro of a thread takes a moment
                _macro_chooser(ticket, draft, asked)
    proposal: tuple[Draft, str] | None = st.session_state.get(_proposal_key(ticket.ticket_id))
    if proposal is None:
        return
    proposed, generation_id = proposal
    with st.container(border=True, gap="xsmall"):
        st.markdown(":material/difference: **" + _("Before and after") + "**")
        st.markdown(marked_changes(draft.text, proposed.reply))
        with st.container(horizontal=True, gap="xsmall"):
            st.button(
                _("Use it"),
                type="primary",
                key="reply.use",
                on_click=_take_proposal,
                args=(ticket, draft, proposed, generation_id),
            )
            st.button(_("Keep mine"), key="reply.keep", on_click=_drop_proposal, args=(ticket,))


def _macro_chooser(ticket: Ticket, draft: StoredDraft, asked: IssueBrief) -> None:
    texts = reply.macro_texts(snapshot_id(), ticket.ticket_id)
    if not texts:
        st.caption(_("No macro fits this thread."))
        return
    chosen = st.selectbox(
        _("Macro, best fit first"),
        list(texts),
        format_func=lambda macro_id: texts[macro_id][:90],
        key=f"reply.macro.{ticket.ticket_id}",
    )
    text = texts[chosen]
    st.text(text)
    st.button(
        _("Add to the reply"),
        icon=":material/add:",
        key="reply.macro.add",
        on_click=attempt,
        args=(ticket, lambda actor: reply.replace_text(draft, f"{draft.text}\n\n{text}".strip(), asked, actor)),
    )


def _propose(ticket: Ticket, tone: str, length: str) -> None:
    asked = reply.brief(snapshot_id(), ticket.ticket_id, tone, length)
    if asked is not None:
        attempt(ticket, lambda actor: _keep_proposal(ticket, reply.rewrite(snapshot_id(), asked, actor)))


def _keep_proposal(ticket: Ticket, proposal: tuple[Draft, str]) -> None:
    st.session_state[_proposal_key(ticket.ticket_id)] = proposal


def _take_proposal(ticket: Ticket, draft: StoredDraft, proposed: Draft, generation_id: str) -> None:
    _drop_proposal(ticket)
    attempt(ticket, lambda actor: reply.replace_draft(draft, proposed, generation_id, actor), mine=proposed.reply)


def _drop_proposal(ticket: Ticket) -> None:
    st.session_state.pop(_proposal_key(ticket.ticket_id), None)


def _writing_key(ticket_id: str) -> str:
    return f"reply.writing.{ticket_id}"


def _proposal_key(ticket_id: str) -> str:
    return f"reply.proposal.{ticket_id}"
