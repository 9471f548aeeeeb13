"""The steps of a draft: taken in the actor's name, told in words, and when one can't be taken said in one line that loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import streamlit as st

from app.components.table import Column, table
from app.components.thread import newest_of, plain
from app.errors import AppError
from app.i18n import N_, _, moment
from app.identity import Actor, current_actor
from app.page_errors import sentence
from app.services.figures import time_zone
from app.services.reply import sent_replies, sent_total
from app.services.runtime import get_runtime, snapshot_id

if TYPE_CHECKING:
    from app.services.tickets import Ticket
    from app.workspace import StoredDraft

_PROBLEM, _MINE = "reply.problem", "reply.mine"
CHANNELS: Mapping[str, tuple[str, str]] = {
    "copy": (N_("Copy"), ":material/content_copy:"),
    "eml": (N_("E-mail file"), ":material/mail:"),
    "csv": (N_("CSV"), ":material/table:"),
    "webhook": (N_("Webhook"), ":material/webhook:"),
}
SENDINGS: Mapping[str, str] = {"queued": N_("on its way"), "sent": N_("sent"), "failed": N_("failed")}
STATUSES: Mapping[str, tuple[str, str, str]] = {
    "draft": ("blue", ":material/edit:", N_("draft")),
    "second": ("orange", ":material/group:", N_("for a second person")),
    "approved": ("green", ":material/verified:", N_("approved")),
    "sent": ("gray", ":material/send:", N_("sent")),
    "discarded": ("gray", ":material/delete:", N_("discarded")),
}
STEPS: Mapping[str, str] = {
    "draft.created": N_("had it drafted"),
    "draft.edited": N_("changed the text"),
    "draft.signed": N_("signed it, for a second person"),
    "draft.approved": N_("approved it"),
    "draft.discarded": N_("discarded it"),
    "reply.queued": N_("sent it"),
    "reply.sent": N_("it left"),
    "reply.failed": N_("sending failed"),
}


def status_badge(status: str) -> str:
    """A draft's status as Markdown."""
    colour, icon, name = STATUSES[status]
    return f":{colour}-badge[{icon} {_(name)}]"


def history(draft: StoredDraft) -> None:
    workspace, zone = get_runtime().workspace, time_zone(snapshot_id())
    with st.expander(_("History"), icon=":material/history:"):
        for entry in workspace.audit.entries(subject=f"draft:{draft.draft_id}"):
            at = moment(entry.at, zone, length="short")
            words = _(STEPS[entry.action]) if entry.action in STEPS else entry.action
            st.caption(f"{plain(at)} {zone} · {plain(entry.actor_name)} · {words}")


def attempt(ticket: Ticket, step: Callable[[Actor], object], mine: str | None = None) -> None:
    """Takes a step as the person of this session; what stands in its way is shown with the next run, with the person's text."""
    from llm.errors import LlmError

    try:
        step(current_actor(get_runtime().settings))
    except (AppError, LlmError) as error:
        st.session_state[_PROBLEM] = (ticket.ticket_id, sentence(error))
        st.session_state[_MINE] = mine


def show_problem(ticket_id: str) -> None:
    about, text = st.session_state.pop(_PROBLEM, (None, None))
    mine = st.session_state.pop(_MINE, None)
    if about != ticket_id or not text:
        return
    st.warning(plain(text, 500), icon=":material/warning:")
    if mine:
        st.caption(_("Your text, to copy:"))
        st.code(mine, language=None, wrap_lines=True)


def sent_table(time_zone: str) -> None:
    """Draw everything that was sent or failed to leave, newest first."""
    frame = sent_replies()
    if frame.empty:
        st.caption(_("Nothing has been sent yet."))
        return
    newest_of(len(frame), sent_total())
    frame["channel"] = [_(CHANNELS[name][0]) for name in frame["channel"]]
    frame["status"] = [_(SENDINGS[name]) for name in frame["status"]]
    frame["at"] = frame["at"].dt.tz_convert(time_zone)
    table(
        frame,
        [
            Column("ticket_id", _("Thread"), pinned=True),
            Column("at", _("At"), "moment"),
            Column("channel", _("Channel")),
            Column("recipient", _("Recipient")),
            Column("status", _("Status")),
            Column("actor_name", _("Sent by")),
            Column("approved_by", _("Approved by")),
            Column("detail", _("Answer of the channel")),
        ],
        key="desk.sent",
        title=_("Sent replies"),
        file_name="sent-replies",
    )
