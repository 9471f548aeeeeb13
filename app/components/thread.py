"""A queue of tickets and one thread: who wants what, how long they wait, what was written, and the summary that cites it.

What people wrote is shown as it is, never read as Markdown or HTML. Knows no warehouse and no workspace.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import streamlit as st

from app.components.empty import empty_state
from app.components.levels import level_badge
from app.components.scroll import scroll_to
from app.components.timers import time_of
from app.i18n import N_, _, duration, isolated, moment, ngettext, number, undirected
from app.services.private import masked_words
from app.services.tickets import Ticket

if TYPE_CHECKING:
    from analytics.sla import Timer
    from llm.types import Message, Sentence, Summary

MARKED_KEY, MARKS_KEY = "thread.marked", "thread.marks"
TICKET_PARAM = "ticket"
PAGE_SIZE = 12
SHOWN_CHARACTERS = 3_000
# What makes a renderer take plain text for a link, escaped or not: a joiner that is not seen is put before its last character.
_ADDRESS = re.compile(r"[a-z]:/|www\.|\w@", re.IGNORECASE)
_JOINER = "\u2060"
_MARKUP = frozenset("!\"#$%&'()*+-./:;<=>?@[\\]^_`{|}~")

_AUTHORS: Mapping[str, tuple[str, str]] = {
    "merchant": (N_("Merchant"), ":material/storefront:"),
    "buyer": (N_("Buyer"), ":material/person:"),
    "agent": (N_("Desk"), ":material/support_agent:"),
    "bot": (N_("Bot"), ":material/smart_toy:"),
    "system": (N_("System"), ":material/settings:"),
}
_URGENCY: Mapping[str, tuple[Literal["red", "orange", "blue", "gray"], str]] = {
    "critical": ("red", ":material/priority_high:"),
    "high": ("orange", ":material/keyboard_double_arrow_up:"),
    "normal": ("blue", ":material/drag_handle:"),
    "low": ("gray", ":material/keyboard_arrow_down:"),
}
_CLOCKS: Mapping[str, tuple[Literal["red", "orange", "blue", "green", "gray"], str, str]] = {
    "due": ("blue", ":material/timer:", N_("due in {time}")),
    "soon": ("orange", ":material/notification_important:", N_("due in {time}")),
    "overdue": ("red", ":material/alarm:", N_("overdue by {time}")),
    "paused": ("gray", ":material/pause:", N_("waits for the merchant")),
    "met": ("green", ":material/check:", N_("replied in {time}")),
    "missed": ("gray", ":material/history:", N_("replied late, in {time}")),
    "none": ("gray", ":material/remove:", N_("closed without a reply")),
}
_SOLUTION_CLOCKS: Mapping[str, str] = {
    "due": N_("solution due in {time}"),
    "soon": N_("solution due in {time}"),
    "overdue": N_("solution overdue by {time}"),
}
_STATUSES: Mapping[str, str] = {
    "open": N_("open"),
    "pending": N_("pending"),
    "resolved": N_("resolved"),
    "closed": N_("closed"),
}
_CHANNELS: Mapping[str, str] = {
    "email": N_("e-mail"),
    "portal": N_("portal"),
    "chat": N_("chat"),
    "phone": N_("phone"),
}
_LANGUAGES: Mapping[str, str] = {"en": "English", "zh-Hans": "中文"}


def plain(text: str, limit: int = 200) -> str:
    """Somebody's words for a place that reads Markdown: every mark escaped, on one line, cut at `limit`; addresses stay text, no links; the line
    around them keeps its direction."""
    flat = " ".join(undirected(text).split())
    flat = flat if len(flat) <= limit else flat[: limit - 1] + "…"
    flat = _ADDRESS.sub(lambda found: found[0][:-1] + _JOINER + found[0][-1], flat)
    return isolated("".join(f"\\{character}" if character in _MARKUP else character for character in flat))


def clock_words(clock: Timer) -> str:
    """The clock in words."""
    text = _CLOCKS[clock.state][2]
    if clock.kind == "solution":
        text = _SOLUTION_CLOCKS.get(clock.state, text)
    return _(text, time=time_of(clock))


def clock_badge(clock: Timer) -> str:
    """The clock as Markdown, word and icon on its colour."""
    colour, icon, _text = _CLOCKS[clock.state]
    return f":{colour}-badge[{icon} {clock_words(clock)}]"


def clock_line(clock: Timer) -> str:
    """The clock as coloured text, which wraps where a badge would be cut."""
    colour, icon, _text = _CLOCKS[clock.state]
    return f":small[:{colour}[{icon} {clock_words(clock)}]]"


def urgency_badge(urgency: str, name: str) -> str:
    """An urgency as Markdown."""
    colour, icon = _URGENCY.get(urgency, ("gray", ":material/label:"))
    return f":{colour}-badge[{icon} {plain(name)}]"


def mood_words(sentiment: float) -> str:
    """A sentiment of −1 to 1 in a word, with an icon."""
    if sentiment <= -0.25:
        return ":material/sentiment_dissatisfied: " + _("upset")
    if sentiment >= 0.25:
        return ":material/sentiment_satisfied: " + _("content")
    return ":material/sentiment_neutral: " + _("neutral")


def language_name(tag: str) -> str:
    """A language by its own name; an unknown tag as it is."""
    return _LANGUAGES.get(tag, tag if tag != "und" else "–")


def chosen_ticket() -> str | None:
    """The ticket in the address."""
    return st.query_params.get(TICKET_PARAM) or None


def choose_ticket(ticket_id: str) -> None:
    """Puts a ticket into the address; for callbacks."""
    st.query_params[TICKET_PARAM] = ticket_id
    st.session_state.pop(MARKED_KEY, None)


def mark_message(message_id: str) -> None:
    """Marks a message from the next run on; for callbacks."""
    st.session_state[MARKED_KEY] = message_id
    st.session_state[MARKS_KEY] = st.session_state.get(MARKS_KEY, 0) + 1


def newest_of(shown: int, total: int) -> None:
    """Say that only the newest are shown or measured, where there are more."""
    if total > shown:
        st.caption(f":material/filter_list: {_('The newest {n} of {total}.', n=number(shown), total=number(total))}")


def ticket_list(
    tickets: Sequence[Ticket],
    intents: Mapping[str, str],
    urgencies: Mapping[str, str],
    *,
    key: str,
    notes: Mapping[str, str] | None = None,
) -> None:
    """Draw a queue, a page of it at a time; a click puts the ticket into the address. `notes` are Markdown per ticket id."""
    pages = max(1, -(-len(tickets) // PAGE_SIZE))
    first = st.session_state.get(f"{key}.page", 1) if pages > 1 else 1
    start = (min(int(first), pages) - 1) * PAGE_SIZE
    chosen = chosen_ticket()
    for ticket in tickets[start : start + PAGE_SIZE]:
        with st.container(border=True, gap=None, key=f"{key}-{_class(ticket.ticket_id)}"):
            is_chosen = ticket.ticket_id == chosen
            st.button(
                ("**" + plain(ticket.merchant_name, 60) + "**") if not is_chosen else plain(ticket.merchant_name, 60),
                key=f"{key}.open.{ticket.ticket_id}",
                type="primary" if is_chosen else "tertiary",
                icon=":material/chevron_right:" if is_chosen else None,
                help=plain(f"{ticket.ticket_id} · {masked_words(ticket.subject)}", 120),
                on_click=choose_ticket,
                args=(ticket.ticket_id,),
                wrap=True,
            )
            badges = [urgency_badge(ticket.urgency, urgencies.get(ticket.urgency, ticket.urgency))]
            badges.append(clock_line(ticket.clock))
            if notes and ticket.ticket_id in notes:
                badges.append(notes[ticket.ticket_id])
            st.markdown(" ".join(badges))
            st.caption(
                " · ".join(
                    (
                        plain(intents.get(ticket.intent, ticket.intent)),
                        mood_words(ticket.sentiment),
                        _("{time} old", time=duration(ticket.age_seconds)),
                        language_name(ticket.language),
                    )
                )
            )
    if pages > 1:
        st.pagination(pages, max_visible_pages=5, key=f"{key}.page")


def thread_head(ticket: Ticket, subject: str, time_zone: str) -> None:
    """Draw who writes and about what: merchant, level, clock, the subject as it may be shown, and where it came from."""
    st.markdown(f"#### {plain(ticket.merchant_name, 80)}")
    score = f" {number(ticket.score)}" if ticket.score is not None else ""
    st.markdown(f"{level_badge(ticket.level)}{score} {clock_badge(ticket.clock)}")
    st.text(subject or _("(no subject)"))
    st.caption(
        " · ".join(
            (
                plain(ticket.ticket_id),
                _("opened {at}", at=moment(ticket.opened_at, time_zone, length="short")),
                _(_CHANNELS[ticket.channel]) if ticket.channel in _CHANNELS else plain(ticket.channel or "–"),
                _(_STATUSES[ticket.status]) if ticket.status in _STATUSES else plain(ticket.status),
                language_name(ticket.language),
                ngettext("{n} message", "{n} messages", ticket.message_count),
            )
        )
    )


def label_editor(
    ticket: Ticket,
    intents: Mapping[str, str],
    urgencies: Mapping[str, str],
    on_label: Callable[[str, str, str], None],
    *,
    key: str,
) -> None:
    """Draw intent and urgency as choices; a change is told as (ticket id, kind, value)."""
    shown: tuple[tuple[str, str, str, Mapping[str, str]], ...] = (
        ("intent", _("Intent"), ticket.intent, intents),
        ("urgency", _("Urgency"), ticket.urgency, urgencies),
    )
    for column, (kind, label, value, names) in zip(st.columns([3, 2]), shown, strict=True):
        ids: list[str] = list(names)
        widget_key = f"{key}.{kind}.{ticket.ticket_id}.{value}"
        source = _("set by a person") if kind in ticket.corrected else _("read from the text; correct it here")
        column.selectbox(
            label,
            ids,
            index=ids.index(value) if value in ids else 0,
            format_func=names.__getitem__,
            key=widget_key,
            help=source,
            on_change=_labelled,
            args=(on_label, ticket.ticket_id, kind, widget_key),
        )


def summary_card(summary: Summary | None, messages: Sequence[Message], intent: str, writer: str = "") -> None:
    """Draw the summary in its fixed slots, under each sentence the messages that it comes from; `intent` is the name that the queue
    shows, so that a thread is never said to be about two things. `writer` names the model that is set to write it, '' for none."""
    with st.container(border=True, gap="xsmall"):
        st.markdown(":material/summarize: **" + _("Summary") + "**")
        if summary is None:
            st.caption(_("There is no text to summarise."))
            return
        places = {message.cite: place for place, message in enumerate(messages, start=1)}
        for n, sentence in enumerate(summary.sentences):
            cited_sentence(sentence, places, key=f"summary.{summary.ticket_id}.{n}")
        slots = (
            (_("Intent"), intent),
            (_("Open questions"), " / ".join(summary.open_questions) or "–"),
            (_("Next event"), summary.next_event or "–"),
        )
        for label, value in slots:
            with st.container(horizontal=True, gap="xsmall", wrap=False):
                st.caption(label, width=110)
                st.text(value, width="stretch")
        st.caption(_summary_origin(summary, writer))


def _summary_origin(summary: Summary, writer: str) -> str:
    if summary.engine != "extractive":
        return _("Written by {name}, each sentence checked against the messages it cites.", name=plain(summary.engine))
    if writer:
        return _("Word for word from the messages: {name} can't write this one, or not yet.", name=plain(writer))
    return _("Word for word from the messages; no model wrote it.")


def cited_sentence(sentence: Sentence, places: Mapping[str, int], *, key: str) -> None:
    """Draw a sentence and a chip for each message that it cites."""
    with st.container(gap=None):
        st.text(sentence.text)
        with st.container(horizontal=True, gap="xsmall"):
            for cite in sentence.cites:
                if cite in places:
                    message_chip(cite, places[cite], key=f"{key}.{cite}")


def message_chip(cite: str, place: int, *, key: str) -> None:
    """Draw the chip of a cited message; a click marks it."""
    message_id = cite.removeprefix("message:")
    st.button(
        _("Message {n}", n=number(place)),
        key=key,
        icon=":material/format_quote:",
        type="tertiary",
        help=_("Show it in the thread"),
        on_click=mark_message,
        args=(message_id,),
    )


def message_list(messages: Sequence[Message], time_zone: str, *, key: str, height: int | None = None) -> None:
    """Draw the messages, oldest first; the marked one is framed and scrolled to."""
    if not messages:
        empty_state(_("No messages"), _("The source has this ticket without any message."), height=160)
        return
    marked = st.session_state.get(MARKED_KEY)
    with st.container(height=height or "content", border=False, gap="xsmall"):
        for place, message in enumerate(messages, start=1):
            _message(message, place, time_zone, is_marked=message.message_id == marked, key=key)
    if any(message.message_id == marked for message in messages):
        scroll_to(f"{key}-{_class(str(marked))}", st.session_state[MARKS_KEY], key=f"{key}.scroll")


def _message(message: Message, place: int, time_zone: str, *, is_marked: bool, key: str) -> None:
    name, icon = _AUTHORS[message.author]
    with st.container(border=is_marked, gap=None, key=f"{key}-{_class(message.message_id)}"):
        at = moment(message.sent_at, time_zone, length="short") if message.sent_at else "–"
        said = f"{icon} **{_(name)}** :gray[{number(place)} · {plain(at)}]"
        st.markdown(f"{said} :blue-badge[{_('cited')}]" if is_marked else said)
        is_long = len(message.text) > SHOWN_CHARACTERS
        toggle = f"{key}.whole.{message.message_id}"
        is_whole = is_long and st.session_state.get(toggle, False)
        st.text(message.text if is_whole or not is_long else message.text[:SHOWN_CHARACTERS] + "…", width="stretch")
        if is_long:
            st.toggle(_("Show all {n} characters", n=number(len(message.text))), key=toggle)


def _labelled(on_label: Callable[[str, str, str], None], ticket_id: str, kind: str, widget_key: str) -> None:
    on_label(ticket_id, kind, str(st.session_state[widget_key]))


def _class(identifier: str) -> str:
    """An id as part of a CSS class: ids of any source hold any character."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else f"_{ord(c):x}_" for c in identifier)
