"""The three timers of a thread, each with how it stands to its target. Knows no warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from app.i18n import N_, _, duration, number
from app.services.timers import TIMER_NAMES

if TYPE_CHECKING:
    from analytics.sla import Timer
    from app.services.tickets import Ticket

_STANDING: Mapping[str, tuple[str, str]] = {
    "due": ("blue", N_("due in {time}")),
    "soon": ("orange", N_("due in {time}")),
    "overdue": ("red", N_("overdue by {time}")),
    "paused": ("gray", N_("rests, {time} left")),
    "met": ("green", N_("met, took {time}")),
    "missed": ("red", N_("missed, took {time}")),
    "none": ("gray", N_("nothing owed")),
}


def timer_line(ticket: Ticket) -> None:
    """Draw first reply, next reply and solution on one line."""
    parts = [f"{_(TIMER_NAMES[timer.kind])} :{_STANDING[timer.state][0]}[{_words(timer)}]" for timer in ticket.timers]
    help_text = _("In the desk's working hours; the solution rests while the thread waits for the merchant.")
    st.markdown(":small[" + " · ".join(parts) + "]", help=help_text)


def time_of(timer: Timer) -> str:
    """How long, in words: by the wall clock until it is due; else what passed or is left, in working hours where the desk's clock stops at night."""
    if timer.due_in is not None:
        return duration(timer.due_in)
    if timer.is_always:
        return duration(timer.seconds)
    return _("{n} working hours", n=number(timer.seconds / 3600, digits=1))


def _words(timer: Timer) -> str:
    if timer.state == "paused" and timer.is_met is False:
        return _("rests, over by {time}", time=time_of(timer))
    return _(_STANDING[timer.state][1], time=time_of(timer))
