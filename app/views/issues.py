"""Issues: what do the merchants say? Themes, the queue of their threads, and one thread with its summary."""

from __future__ import annotations

from typing import cast

import streamlit as st

from app.components.aspects import aspect_trends
from app.components.empty import empty_state
from app.components.header import page_header
from app.components.private import screened_thread
from app.components.themes import chosen_theme, review_list, theme_list, theme_news
from app.components.thread import (
    TICKET_PARAM,
    chosen_ticket,
    label_editor,
    message_list,
    newest_of,
    summary_card,
    thread_head,
    ticket_list,
)
from app.components.timers import timer_line
from app.filter_bar import current_filters
from app.i18n import _, language, number
from app.identity import current_actor
from app.page_errors import page_errors
from app.services import issues, themes, tickets, trust
from app.services.figures import time_zone
from app.services.runtime import get_runtime, snapshot_id

COLUMN_HEIGHT = 690
LABELLED_KEY = "issues.labelled"


def component_names() -> dict[str, str]:
    return {name: _(label) for name, label in trust.component_labels().items()}


def label_ticket(ticket_id: str, kind: str, value: str) -> None:
    actor = current_actor(get_runtime().settings)
    tickets.correct(ticket_id, cast(tickets.Kind, kind), value, actor)
    st.session_state[LABELLED_KEY] = True
    st.toast(_("Kept as a correction by {name}", name=actor.name), icon=":material/label:")


def draw_themes() -> None:
    snapshot, scope = snapshot_id(), current_filters().scope()
    st.markdown(":material/category: **" + _("Themes") + "**")
    with st.skeleton(height=COLUMN_HEIGHT):
        cards = themes.theme_cards(snapshot, scope, language())
        count = tickets.total_of(snapshot, scope, tickets.QUEUE_LIMIT)
    with NEWS:
        theme_news(cards)
    with st.container(height=COLUMN_HEIGHT, border=False, gap="xsmall"):
        theme_list(cards, component_names(), thread_count=count)
        if not cards:
            st.caption(_("No theme has five messages in this window."))


def draw_queue() -> None:
    snapshot, scope = snapshot_id(), current_filters().scope()
    with st.skeleton(height=COLUMN_HEIGHT):
        shown = themes.theme_tickets(snapshot, scope, chosen_theme(), language())
        reviews = themes.theme_reviews(snapshot, scope, chosen_theme(), language())
    if reviews:
        st.markdown(":material/reviews: **" + _("Reviews") + "** " + f":gray[{number(len(reviews))}]")
        with st.container(height=COLUMN_HEIGHT, border=False, gap="xsmall"):
            review_list(reviews)
        return
    st.markdown(":material/inbox: **" + _("Threads") + "** " + f":gray[{number(len(shown))}]")
    with st.container(height=COLUMN_HEIGHT, border=False, gap="xsmall"):
        if not shown:
            empty_state(
                _("No thread here"), _("Nobody wrote in this window under these filters. Choose a longer window.")
            )
            return
        ticket_list(shown, tickets.intent_names(), tickets.urgency_names(), key="issues-queue")
        newest_of(len(shown), themes.theme_total(snapshot, scope, chosen_theme(), language()))


@st.fragment
def draw_thread() -> None:
    if st.session_state.pop(LABELLED_KEY, False):
        st.rerun()  # the queue shows the correction too
    with page_errors():
        snapshot, ticket_id = snapshot_id(), chosen_ticket()
        st.markdown(":material/forum: **" + _("Thread") + "**")
        if ticket_id is None:
            empty_state(_("No thread is open"), _("Choose one from the list; its summary appears here."), height=300)
            return
        ticket = tickets.ticket(snapshot, ticket_id)
        if ticket is None:
            empty_state(
                _("There is no such thread"),
                _("The address names a ticket that this snapshot does not hold. Choose one from the list."),
                icon=":material/search_off:",
                height=300,
            )
            return
        with st.container(height=COLUMN_HEIGHT, border=False):
            zone = time_zone(snapshot)
            head = st.container()
            shown = screened_thread(snapshot, ticket)
            with head:
                thread_head(ticket, shown.text(ticket.subject), zone)
            timer_line(ticket)
            st.page_link(
                "views/reply_desk.py",
                label=_("Answer at the reply desk"),
                icon=":material/edit_note:",
                query_params={TICKET_PARAM: ticket_id},
            )
            label_editor(ticket, tickets.intent_names(), tickets.urgency_names(), label_ticket, key="issues.label")
            slot = st.container()  # the messages do not wait for their summary
            message_list(shown.messages, zone, key="issues-thread")
            with slot, st.skeleton(height=160):
                summarised = shown.summary(issues.summary(snapshot, ticket_id))
                summary_card(summarised, shown.messages, tickets.intent_name(ticket), issues.summary_writer())


page_header(_("Issues"))
snapshot_id()
current_filters()
issues.warm_models()
NEWS = st.container()
left, middle, right = st.columns([5, 7, 9], gap="small")
with left:
    draw_themes()
with middle:
    draw_queue()
with right:
    draw_thread()
aspect_trends()
