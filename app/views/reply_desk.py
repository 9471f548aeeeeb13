"""Reply desk: what should I answer? The queue, the thread with the facts that matter, the draft, and what was sent."""

from __future__ import annotations

import streamlit as st

from app.components.answer_outcomes import machine_panel
from app.components.draft_editor import draft_panel
from app.components.draft_steps import sent_table, status_badge
from app.components.empty import empty_state
from app.components.handover import handover_badges, ticket_note
from app.components.header import page_header
from app.components.matter import matter_panel
from app.components.preparing import summaries_line
from app.components.private import screened_thread
from app.components.scroll import show_from_top
from app.components.thread import chosen_ticket, message_list, newest_of, summary_card, thread_head, ticket_list
from app.components.timers import timer_line
from app.i18n import N_, _, ngettext, number
from app.page_errors import page_errors
from app.services import issues, reply, tickets
from app.services.figures import time_zone
from app.services.matter import matter
from app.services.runtime import snapshot_id

COLUMN_HEIGHT = 720
THREAD_HEAD = "desk-thread-head"
QUEUES = {
    "open": N_("To answer"),
    "soon": N_("Due soon"),
    "overdue": N_("Overdue"),
    "draft": N_("Drafts"),
    "second": N_("For a second person"),
    "approved": N_("Approved"),
    "sent": N_("Sent"),
}
WAITING = ("open", "soon", "overdue")


def draw_queue(snapshot: str) -> None:
    chosen = st.selectbox(
        _("Queue"),
        tuple(QUEUES),
        format_func=lambda name: _(QUEUES[name]),
        label_visibility="collapsed",
        key="desk.queue",
    )
    with st.skeleton(height=COLUMN_HEIGHT):
        statuses = reply.draft_statuses()
        if chosen in WAITING:
            shown = [t for t in tickets.open_tickets(snapshot) if statuses.get(t.ticket_id) not in ("approved", "sent")]
            shown = [t for t in shown if chosen in ("open", t.clock.state)]
        else:
            shown = tickets.named_tickets(snapshot, [t for t, status in statuses.items() if status == chosen])
    with st.container(height=COLUMN_HEIGHT, border=False, gap="xsmall"):
        st.caption(_("{n} threads, by urgency and clock", n=number(len(shown))))
        if chosen in WAITING:
            _tell_unsent(sum(status == "approved" for status in statuses.values()))
            newest_of(tickets.MOST_OPEN, tickets.total_of(snapshot, None, tickets.MOST_OPEN))
        if chosen == "open":
            ids = [ticket.ticket_id for ticket in shown]
            summaries_line(lambda: issues.prepare_summaries(snapshot, ids), issues.summary_writer())
        if not shown:
            empty_state(_("Nothing here"), _("Choose another queue above, or open a thread on the Issues page."))
        badges = {ticket_id: status_badge(status) for ticket_id, status in statuses.items()}
        notes = handover_badges() | badges if chosen in WAITING else {}
        ticket_list(shown, tickets.intent_names(), tickets.urgency_names(), key=f"desk-{chosen}", notes=notes)


def _tell_unsent(count: int) -> None:
    if count:
        words = ngettext(
            "{n} approved reply waits to be sent: queue “{queue}”.",
            "{n} approved replies wait to be sent: queue “{queue}”.",
            count,
            queue=_(QUEUES["approved"]),
        )
        st.caption(":material/outgoing_mail: " + words)


@st.fragment
def draw_thread(ticket: tickets.Ticket) -> None:
    with page_errors():
        snapshot = snapshot_id()
        zone = time_zone(snapshot)
        with st.container(height=COLUMN_HEIGHT + 40, border=False, gap="small"):
            head = st.container(key=THREAD_HEAD)
            shown = screened_thread(snapshot, ticket)
            with head:
                thread_head(ticket, shown.text(ticket.subject), zone)
            timer_line(ticket)
            ticket_note(ticket.ticket_id, zone)
            with st.container(border=True, gap="xsmall"):
                st.markdown(":material/fact_check: **" + _("Facts that matter") + "**")
                with st.spinner(_("Reading the records of this thread …")):
                    found = matter(snapshot, ticket.ticket_id)
                if found is not None:
                    matter_panel(ticket, found)
            slot = st.container()  # the messages do not wait for their summary
            message_list(shown.messages, zone, key="desk-thread")
            with slot, st.skeleton(height=160):
                summarised = shown.summary(issues.summary(snapshot, ticket.ticket_id))
                summary_card(summarised, shown.messages, tickets.intent_name(ticket), issues.summary_writer())
            show_from_top(THREAD_HEAD, ticket.ticket_id)


def draw_desk(snapshot: str) -> None:
    ticket_id = chosen_ticket()
    ticket = tickets.ticket(snapshot, ticket_id) if ticket_id else None
    if ticket is None:
        title = _("No thread is open") if ticket_id is None else _("There is no such thread")
        empty_state(title, _("Choose one from the queue; its facts and your draft appear here."), height=300)
        return
    middle, right = st.columns([1, 1], gap="small")
    with right:
        st.markdown(":material/edit_note: **" + _("Reply") + "**")
        with st.spinner(_("Opening the thread …")), middle:
            draw_thread(ticket)
        places = {message.cite: n for n, message in enumerate(issues.messages(snapshot, ticket.ticket_id), start=1)}
        draft_panel(ticket, places)


page_header(_("Reply desk"), shows_filters=False)
SNAPSHOT = snapshot_id()
with st.spinner(_("Getting the desk ready …")):
    issues.warm_models()
left, rest = st.columns([3, 10], gap="small")
with left:
    draw_queue(SNAPSHOT)
with rest:
    draw_desk(SNAPSHOT)
with st.expander(_("Sent replies: what went out, and by whom"), icon=":material/outbox:"):
    sent_table(time_zone(SNAPSHOT))
machine_panel(SNAPSHOT, time_zone(SNAPSHOT))
