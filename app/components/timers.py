"""The three timers of a thread, each with how it stands to its target. Knows no warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from app.i18n import N_, _, duration
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
    """Draw first reply, next reply and solution on one line; times are working time, but what is due is due by the clock on the wall."""
    parts = [f"{_(TIMER_NAMES[timer.kind])} :{_STANDING[timer.state][0]}[{_words(timer)}]" for timer in ticket.timers]
    help_text = _("In the desk's working hours; the solution rests while the thread waits for the merchant.")
    st.markdown(":small[" + " · ".join(parts) + "]", help=help_text)


def _words(timer: Timer) -> str:
    if timer.state == "paused" and timer.is_met is False:
        return _("rests, over by {time}", time=duration(timer.seconds))
    return _(_STANDING[timer.state][1], time=duration(timer.seconds if timer.due_in is None else timer.due_in))
