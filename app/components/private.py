"""Private data of a thread or chat on the screen: masked until a person says why they read it, which the audit log keeps. For one of them and one session."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from app.components.thread import plain
from app.errors import AppError
from app.i18n import _, ngettext
from app.identity import current_actor
from app.page_errors import sentence
from app.services import private
from app.services.private import Screened
from app.services.runtime import get_runtime
from app.services.tickets import Ticket

REVEALED_KEY, PROBLEM_KEY = "private.revealed", "private.problem"


def screened_thread(snapshot_id: str, ticket: Ticket) -> Screened:
    """Draw how much of a thread is masked and the way to read it; returns the thread as it may be drawn."""
    shown = private.screened(snapshot_id, ticket.ticket_id, is_revealed=is_revealed(ticket.ticket_id))
    private_bar(ticket.ticket_id, shown.count)
    return shown


def is_revealed(subject_id: str) -> bool:
    """Whether this session's person has said why they read the private data of a thread or chat."""
    return subject_id in _revealed()


def private_bar(subject_id: str, count: int, kind: Literal["ticket", "chat"] = "ticket") -> None:
    """Draw how much of a thread or chat is masked and the way to read it; nothing where that is nothing."""
    if not count:
        return
    prefix = "private" if kind == "ticket" else f"private.{kind}"
    if problem := st.session_state.pop(f"{PROBLEM_KEY}.{kind}", None):
        st.warning(plain(problem, 500), icon=":material/warning:")
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"{prefix}-bar"):
        if is_revealed(subject_id):
            st.caption(":material/visibility: " + _("Private data is shown to you in this session."), width="content")
            st.button(
                _("Mask it again"),
                icon=":material/visibility_off:",
                type="tertiary",
                key=f"{prefix}.mask",
                on_click=_revealed().discard,
                args=(subject_id,),
            )
            return
        said = ngettext("{n} piece of private data is masked", "{n} pieces of private data are masked", count)
        st.caption(f":material/shield_lock: {said}", width="content")
        with st.popover(_("Show it"), icon=":material/visibility:", type="tertiary", key=f"{prefix}.popover"):
            key = f"{prefix}.reason.{subject_id}"
            st.text_input(_("Why do you need it?"), key=key, max_chars=private.REASON_LETTERS[1])
            st.caption(_("Your name, the thread and this reason go into the audit log, never the data itself."))
            st.button(
                _("Show private data"),
                type="primary",
                key=f"{prefix}.show",
                on_click=_reveal,
                args=(subject_id, key, kind),
            )


def _revealed() -> set[str]:
    found: set[str] = st.session_state.setdefault(REVEALED_KEY, set())
    return found


def _reveal(subject_id: str, key: str, kind: Literal["ticket", "chat"]) -> None:
    reason = str(st.session_state.get(key) or "")
    try:
        private.reveal(subject_id, reason, current_actor(get_runtime().settings), kind)
    except AppError as error:
        st.session_state[f"{PROBLEM_KEY}.{kind}"] = sentence(error)
        return
    _revealed().add(subject_id)
