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
_BACKLOG_DAYS = 24
_SILENCE_DAYS = 10
_Step = tuple[Author, Act, int]  # who, what, seconds since the opening
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
    """Plan a conversation; decided_offset fixes when the desk decides (an appeal), left is the seconds of history.

    In the last twenty-four days the desk falls behind: replies take up to thirty times as long.
    """
    author: Author = "buyer" if opener == "buyer" else "merchant"
    plan: list[_Step] = [(author, "open", 0)]
    if chance.random() < 0.55:
        plan.append(("bot", "auto_reply", chance.randint(5, 45)))
    pace = 1.0 + 30.0 * max(0.0, 1.0 - left / (_BACKLOG_DAYS * DAY))
    first = 90 + int(pace * _FIRST_REPLY_HOURS[priority] * HOUR * math.exp(chance.gauss(0.0, 0.85)))
    if first > 20 * HOUR and chance.random() < 0.6:
        plan.append((author, "chase", first - chance.randint(1, 8) * HOUR))
    needs_evidence = intent in _NEEDS_EVIDENCE
    exchange = _exchange(author, needs_evidence, first, chance)
    plan += exchange
    is_silent = bool(exchange) and exchange[-1][1] == "ask" and decided_offset is None
    if is_silent:  # the opener never sends what was asked for: decided without it
        resolved = exchange[-1][2] + _SILENCE_DAYS * DAY
    else:
        wait = int(pace * HOUR * math.exp(chance.gauss(2.6 if needs_evidence else 1.2, 0.9))) if exchange else 0
        resolved = max((exchange[-1][2] if exchange else first) + 60 + wait, decided_offset or 0)
    plan.append(("agent", "decide", resolved))
    if chance.random() < 0.42 and not is_silent:
        plan.append((author, "thank", resolved + int(HOUR * math.exp(chance.gauss(0.8, 1.1))) + 60))
    return _cut(plan, intent, mood, is_favourable and not is_silent, left, chance)


def _exchange(author: Author, needs_evidence: bool, first: int, chance: random.Random) -> list[_Step]:
    """What is said between the desk's first reply and its decision; nothing when the first reply decides."""
    if needs_evidence and chance.random() < 0.55:
        asked: list[_Step] = [("agent", "ask", first)]
        if chance.random() < 0.88:
            asked.append((author, "provide", first + 60 + int(HOUR * math.exp(chance.gauss(1.6, 1.0)))))
        return asked
    if needs_evidence or chance.random() < 0.35:
        steps: list[_Step] = [("agent", "acknowledge", first)]
        if chance.random() < 0.3:
            steps.append((author, "chase", first + int(DAY * chance.uniform(0.8, 2.5))))
        return steps
    if chance.random() < 0.35:
        push_back = first + 60 + int(HOUR * math.exp(chance.gauss(1.2, 1.0)))
        return [("agent", "answer", first), (author, "push_back", push_back)]
    return []


def _cut(
    plan: list[_Step],
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
