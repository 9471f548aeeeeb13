"""Private data of a thread on the screen: masked until a person says why they read it, which the audit log keeps. For one thread and one session."""

from __future__ import annotations

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
    shown = private.screened(snapshot_id, ticket.ticket_id, is_revealed=ticket.ticket_id in _revealed())
    if not shown.count:
        return shown
    if problem := st.session_state.pop(PROBLEM_KEY, None):
        st.warning(plain(problem, 500), icon=":material/warning:")
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="private-bar"):
        if shown.is_revealed:
            st.caption(":material/visibility: " + _("Private data is shown to you in this session."), width="content")
            st.button(
                _("Mask it again"),
                icon=":material/visibility_off:",
                type="tertiary",
                key="private.mask",
                on_click=_revealed().discard,
                args=(ticket.ticket_id,),
            )
            return shown
        said = ngettext("{n} piece of private data is masked", "{n} pieces of private data are masked", shown.count)
        st.caption(f":material/shield_lock: {said}", width="content")
        with st.popover(_("Show it"), icon=":material/visibility:", type="tertiary", key="private.popover"):
            key = f"private.reason.{ticket.ticket_id}"
            st.text_input(_("Why do you need it?"), key=key, max_chars=private.REASON_LETTERS[1])
            st.caption(_("Your name, the thread and this reason go into the audit log, never the data itself."))
            st.button(
                _("Show private data"),
                type="primary",
                key="private.show",
                on_click=_reveal,
                args=(ticket.ticket_id, key),
            )
    return shown


def _revealed() -> set[str]:
    found: set[str] = st.session_state.setdefault(REVEALED_KEY, set())
    return found


def _reveal(ticket_id: str, key: str) -> None:
    try:
        private.reveal(ticket_id, str(st.session_state.get(key) or ""), current_actor(get_runtime().settings))
    except AppError as error:
        st.session_state[PROBLEM_KEY] = sentence(error)
        return
    _revealed().add(ticket_id)
