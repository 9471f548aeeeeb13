"""How a ticket goes on once it is opened: who writes when, what the desk decides, and how content the opener is.

Plans turns, not words; knows intents only as far as they change the course.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from analytics.demo.tickets import Act, Author, Mood, Opener, Priority, Resolution, Status, Turn
from analytics.demo.world import DAY, HOUR

_FIRST_REPLY_HOURS: dict[Priority, float] = {"critical": 0.8, "high": 3.2, "normal": 8.0, "low": 17.0}
_NEEDS_EVIDENCE = frozenset(
    [
        "penalty_appeal",
        "late_delivery_dispute",
        "carrier_outage",
        "tracking_invalid",
        "return_dispute",
        "refund_recovery",
        "chargeback_dispute",
        "case_dispute",
        "review_removal",
        "review_manipulation_report",
        "listing_rejected",
        "listing_suppressed",
        "account_suspended",
        "identity_verification",
        "counterfeit_complaint",
        "shipping_label",
        "technical_bug",
        "stock_sync",
        "item_not_as_described",
        "item_not_received",
    ]
)
# Outcomes that the desk may reach: favourable to the opener first.
_OUTCOMES: dict[str, tuple[Resolution, Resolution]] = {
    "penalty_appeal": ("penalty_lifted", "penalty_kept"),
    "late_delivery_dispute": ("orders_excluded", "orders_kept"),
    "carrier_outage": ("orders_excluded", "forwarded"),
    "tracking_invalid": ("orders_excluded", "orders_kept"),
    "return_dispute": ("money_recovered", "refund_refused"),
    "refund_recovery": ("money_recovered", "refund_refused"),
    "chargeback_dispute": ("money_recovered", "forwarded"),
    "case_dispute": ("dispute_reversed", "dispute_kept"),
    "review_removal": ("review_removed", "review_kept"),
    "review_manipulation_report": ("review_removed", "forwarded"),
    "payout_delay": ("payout_sent", "payout_explained"),
    "listing_rejected": ("listing_restored", "listing_kept_down"),
    "listing_suppressed": ("listing_restored", "listing_kept_down"),
    "account_suspended": ("account_restored", "forwarded"),
    "account_access": ("account_restored", "forwarded"),
    "identity_verification": ("account_restored", "forwarded"),
    "refund_status": ("refund_paid", "explained"),
    "item_not_received": ("refund_paid", "forwarded"),
    "item_not_as_described": ("refund_paid", "refund_refused"),
}
_CALMER: dict[Mood, float] = {
    "friendly": 0.9,
    "calm": 0.5,
    "worried": 0.2,
    "annoyed": -0.3,
    "angry": -0.9,
    "desperate": -0.6,
}


@dataclass(frozen=True)
class Course:
    """The planned conversation and what it ends in; resolved_offset in seconds since the opening."""

    turns: tuple[Turn, ...]
    status: Status
    resolved_offset: int | None
    csat_score: int | None
    csat_offset: int | None
    resolution: Resolution | None


def outcome(intent: str, is_favourable: bool) -> Resolution:
    """What the desk decides; matters that need no decision are explained."""
    return _OUTCOMES.get(intent, ("explained", "explained"))[0 if is_favourable else 1]


def plan_course(
    intent: str,
    opener: Opener,
    priority: Priority,
    mood: Mood,
    is_favourable: bool,
    decided_offset: int | None,
    left: int,
    chance: random.Random,
) -> Course:
    """Plan a conversation; decided_offset fixes when the desk decides (an appeal), left is the seconds of history."""
    author: Author = "buyer" if opener == "buyer" else "merchant"
    plan: list[tuple[Author, Act, int]] = [(author, "open", 0)]
    if chance.random() < 0.55:
        plan.append(("bot", "auto_reply", chance.randint(5, 45)))
    at = 90 + int(_FIRST_REPLY_HOURS[priority] * HOUR * math.exp(chance.gauss(0.0, 0.85)))
    if at > 20 * HOUR and chance.random() < 0.6:
        plan.append((author, "chase", at - chance.randint(1, 8) * HOUR))
    pending_from = None
    if intent in _NEEDS_EVIDENCE and chance.random() < 0.55:
        plan.append(("agent", "ask", at))
        if chance.random() < 0.88:
            at += int(HOUR * math.exp(chance.gauss(1.6, 1.0)))
            plan.append((author, "provide", at))
        else:
            pending_from = at
    elif intent in _NEEDS_EVIDENCE or chance.random() < 0.35:
        plan.append(("agent", "acknowledge", at))
        if chance.random() < 0.3:
            at += int(DAY * chance.uniform(0.8, 2.5))
            plan.append((author, "chase", at))
    elif chance.random() < 0.35:
        plan.append(("agent", "answer", at))
        at += int(HOUR * math.exp(chance.gauss(1.2, 1.0)))
        plan.append((author, "push_back", at))
    else:
        at -= 60
    resolved: int | None = None
    if pending_from is None:
        wait = HOUR * math.exp(chance.gauss(2.6 if intent in _NEEDS_EVIDENCE else 1.2, 0.9))
        resolved = max(at + 60 + int(wait if len(plan) > 1 else 0), decided_offset or 0)
        plan.append(("agent", "decide", resolved))
        if chance.random() < 0.42:
            plan.append((author, "thank", resolved + int(HOUR * math.exp(chance.gauss(0.8, 1.1))) + 60))
    return _cut(plan, resolved, intent, mood, is_favourable, left, chance)


def _cut(
    plan: list[tuple[Author, Act, int]],
    resolved: int | None,
    intent: str,
    mood: Mood,
    is_favourable: bool,
    left: int,
    chance: random.Random,
) -> Course:
    """Drop what lies after the end of history and read the status off what is left."""
    turns: list[Turn] = []
    for author, act, offset in sorted(plan, key=lambda step: step[2]):
        earliest = turns[-1].offset_seconds + 1 if turns else 0
        if max(offset, earliest) < left:
            turns.append(Turn(author, act, max(offset, earliest)))
    decided = next((turn.offset_seconds for turn in turns if turn.act == "decide"), None)
    if decided is None:
        status: Status = "pending" if turns[-1].act in ("ask", "answer", "acknowledge") else "open"
        return Course(tuple(turns), status, None, None, None, None)
    level = 3.4 + _CALMER[mood] + (0.9 if is_favourable else -1.0) - 0.9 * (1.0 - math.exp(-decided / (3.0 * DAY)))
    score = min(5, max(1, round(level + chance.gauss(0.0, 0.8))))
    answered = decided + int(HOUR * math.exp(chance.gauss(2.0, 1.0)))
    is_answered = chance.random() < 0.48 and answered < left
    return Course(
        turns=tuple(turns),
        status="resolved",
        resolved_offset=decided,
        csat_score=score if is_answered else None,
        csat_offset=answered if is_answered else None,
        resolution=outcome(intent, is_favourable),
    )
