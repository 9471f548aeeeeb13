"""How soon the desk answers: working hours, targets by urgency, timers of threads, and the share that is met.

Pure: knows no warehouse, no model and no page.
"""

from __future__ import annotations

from analytics.sla.hours import Calendar
from analytics.sla.rates import MIN_N, shares
from analytics.sla.targets import TIMERS, DeskHours, Target, TimerKind, read_desk_hours
from analytics.sla.timers import Span, Timer, spans, timer_of

__all__ = [
    "MIN_N",
    "TIMERS",
    "Calendar",
    "DeskHours",
    "Span",
    "Target",
    "Timer",
    "TimerKind",
    "read_desk_hours",
    "shares",
    "spans",
    "timer_of",
]
