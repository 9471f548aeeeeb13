"""Words for the demo's tickets: one message per planned turn, in the opener's language, from the spec's facts only."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from analytics.demo.tickets import TicketSpec, Turn
from analytics.demo.voices.phrases import ACTS, DECISIONS, MATTERS, MOODS, SUBJECTS

Message = tuple[str, int, str, int, str]


def render(specs: Sequence[TicketSpec], rng: np.random.Generator) -> list[Message]:
    """(ticket_id, seq from 0, author, seconds since opening, text) of every turn, in the order of specs and turns.

    The wording of a ticket hangs on its `voice_seed` alone, so rng is not drawn from.
    """
    del rng
    return [
        (spec.ticket_id, seq, turn.author, turn.offset_seconds, text)
        for spec in specs
        for seq, (turn, text) in enumerate(zip(spec.turns, _texts(spec), strict=True))
    ]


def subject(spec: TicketSpec) -> str:
    """The ticket's subject line, in the opener's language."""
    chance = random.Random(spec.voice_seed ^ 1)
    lines = SUBJECTS[spec.language]
    return chance.choice(lines.get(spec.intent, lines["other"])).format_map(_facts(spec))


def _texts(spec: TicketSpec) -> list[str]:
    chance = random.Random(spec.voice_seed ^ 2)
    return [_text(spec, turn, chance) for turn in spec.turns]


def _text(spec: TicketSpec, turn: Turn, chance: random.Random) -> str:
    facts, zh = _facts(spec), spec.language == "zh-Hans"
    matters = MATTERS[spec.language]
    if turn.act == "open":
        parts = [
            chance.choice(MOODS[spec.language][spec.mood]),
            chance.choice(matters.get(spec.intent, matters["other"])),
        ]
        if spec.secondary_intent in matters:
            parts += ["另外，" if zh else "One more thing:", chance.choice(matters[spec.secondary_intent])]
        if len(spec.orders) > 1:
            parts.append(("订单：" if zh else "Orders: ") + ("、" if zh else ", ").join(spec.order_ids))
        parts.append(spec.merchant_name if spec.opened_by == "merchant" else "")
    elif turn.act == "decide" and spec.resolution:
        parts = [chance.choice(ACTS[spec.language]["answer"]), DECISIONS[spec.language][spec.resolution]]
    else:
        parts = [chance.choice(ACTS[spec.language][turn.act])]
    return ("" if zh else " ").join(part for part in parts if part).format_map(facts)


def _facts(spec: TicketSpec) -> dict[str, str]:
    """The values that a phrase may name; a missing one reads as a plain word."""
    zh = spec.language == "zh-Hans"
    order = spec.orders[0] if spec.orders else None
    return {
        "ticket": spec.ticket_id,
        "order": order.order_id if order else ("相关订单" if zh else "the order"),
        "orders": str(len(spec.orders)) if spec.orders else ("多" if zh else "several"),
        "product": spec.product_title or (order.product_title if order else ("商品" if zh else "the item")),
        "amount": f"{spec.currency} {spec.amount}" if spec.amount is not None else ("这笔款" if zh else "the money"),
        "clause": spec.clause or ("该条款" if zh else "the clause"),
        "points": str(spec.points) if spec.points is not None else ("若干" if zh else "some"),
        "penalty": spec.penalty_id or ("处罚" if zh else "the penalty"),
        "carrier": spec.carrier or ("承运商" if zh else "the carrier"),
        "region": spec.region,
        "since": f"{spec.event_from:%Y-%m-%d}" if spec.event_from else ("最近" if zh else "recently"),
        "review": spec.review_text or "",
    }
