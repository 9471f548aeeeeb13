"""How an approved reply leaves: the choice of a channel, the click that sends, and the file or text that is handed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.components.draft_steps import CHANNELS, attempt
from app.components.thread import plain
from app.i18n import _, ngettext
from app.identity import Actor
from app.services import reply
from app.services.runtime import get_runtime
from app.services.tickets import Ticket

if TYPE_CHECKING:
    from app.workspace import Sent, StoredDraft
    from app.workspace.channels import Channel


def send_form(ticket: Ticket, draft: StoredDraft) -> None:
    settings = get_runtime().settings
    offered = [name for name in CHANNELS if name != "webhook" or settings.webhook_allow]
    st.caption(_("Approved by {name}. It leaves only when you send it.", name=plain(draft.approved_by or "–")))
    failed = sum(not check["passed"] for check in draft.checks)
    if failed:
        words = ngettext(
            "{n} check failed: look at it below before it leaves.",
            "{n} checks failed: look at them below before it leaves.",
            failed,
        )
        st.markdown(f":orange[:material/warning: {words}]")
    channel = st.segmented_control(
        _("Send as"),
        offered,
        default="copy",
        required=True,
        format_func=lambda name: f"{CHANNELS[name][1]} {_(CHANNELS[name][0])}",
        help=_("A copy and the files hand the text to you and count as sent; a webhook takes it at once."),
        key="reply.channel",
    )
    if channel == "webhook":
        recipient = st.selectbox(_("Address"), settings.webhook_allow, key="reply.webhook")
    elif channel == "eml":
        recipient = st.text_input(_("E-mail address"), key=f"reply.address.{draft.draft_id}", type="email")
    else:
        recipient = ticket.merchant_name
    st.button(
        _("Send"),
        type="primary",
        icon=":material/send:",
        shortcut="Alt+S",
        key="reply.send",
        disabled=channel == "eml" and not recipient,
        on_click=_sent,
        args=(ticket, draft, channel, recipient or ""),
    )


def _sent(ticket: Ticket, draft: StoredDraft, channel: Channel, recipient: str) -> None:
    subject = f"Re: {ticket.subject} [{ticket.ticket_id}]" if ticket.subject else ""

    def step(actor: Actor) -> None:
        sent = reply.send(draft, channel, recipient, subject, actor)
        st.session_state[f"reply.sent.{draft.draft_id}"] = sent

    attempt(ticket, step)


def handed_over(draft: StoredDraft) -> bool:
    """Draw what this session's sending gave, to take along; False when there is nothing of it."""
    sent: Sent | None = st.session_state.get(f"reply.sent.{draft.draft_id}")
    if sent is None or not sent.payload:
        return False
    if sent.file_name:
        st.download_button(
            _("Save {name}", name=sent.file_name),
            sent.payload,
            file_name=sent.file_name,
            icon=":material/download:",
            on_click="ignore",
            key="reply.download",
        )
        return False
    st.caption(_("Sent; copy the text from here."))
    st.code(draft.text, language=None, wrap_lines=True)
    return True
