"""What a ticket of the demo is about, before anyone has put it into words.

A `TicketSpec` grows out of events that were simulated: every order, penalty, amount and date in it exists in the
event stream. `analytics.demo.voices` turns specs into messages; this module must not know any wording.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

Language = Literal["en", "zh-Hans"]
Mood = Literal["friendly", "calm", "worried", "annoyed", "angry", "desperate"]
Author = Literal["merchant", "agent", "buyer", "bot", "system"]
Opener = Literal["merchant", "buyer", "platform"]
Priority = Literal["critical", "high", "normal", "low"]
Status = Literal["open", "pending", "resolved"]
Channel = Literal["portal", "email", "chat"]
Act = Literal[
    "open",  # the opener states the matter; always the first turn
    "auto_reply",  # bot: received, reference number, opening hours
    "acknowledge",  # agent: seen, will look, says by when
    "ask",  # agent: asks for evidence or a detail
    "provide",  # opener: sends what was asked for (scan, receipt, order list …)
    "chase",  # opener: asks again, usually in a worse mood
    "answer",  # agent: explains, with the facts of the spec
    "push_back",  # opener: does not accept the answer
    "decide",  # agent: states `resolution`; only in resolved tickets
    "thank",  # opener: accepts, thanks or grumbles according to csat_score
    "note",  # system: a status line (assigned, reopened, closed without answer)
]
Resolution = Literal[
    "penalty_lifted",
    "penalty_reduced",
    "penalty_kept",
    "orders_excluded",  # late orders recognised as another's fault
    "orders_kept",
    "dispute_reversed",
    "dispute_kept",
    "refund_paid",
    "refund_refused",
    "money_recovered",
    "payout_sent",
    "payout_explained",
    "review_removed",
    "review_kept",
    "listing_restored",
    "listing_kept_down",
    "account_restored",
    "explained",
    "forwarded",
]


@dataclass(frozen=True)
class Turn:
    """One message of a ticket, still without words.

    author: who writes it; act: what it does; offset_seconds: seconds since `TicketSpec.opened_at`, 0 for the first
    turn, strictly increasing afterwards.
    """

    author: Author
    act: Act
    offset_seconds: int


@dataclass(frozen=True)
class OrderFact:
    """An order that a ticket names, as the events tell it; times are aware UTC, None when it has not happened.

    amount is the order's total (all its lines) in `currency`, major units with two places.
    fault is 'seller', 'carrier', 'buyer', 'platform' or None: whose fault the lateness, cancellation, return or
    dispute truly was. The writer of the ticket need not know or admit it.
    """

    order_id: str
    product_title: str
    quantity: int
    amount: Decimal
    currency: str
    placed_at: datetime
    ship_by_at: datetime
    deliver_by_at: datetime
    shipped_at: datetime | None
    delivered_at: datetime | None
    carrier: str | None
    fault: str | None


@dataclass(frozen=True)
class TicketSpec:
    """Everything that the messages of one ticket may say.

    ticket_id, merchant_id: ids of the canonical tables; merchant_name as in `merchants.name`.
    opened_by: 'merchant', 'buyer' or 'platform'; buyer_id is set when opened_by is 'buyer', and when one order's buyer
        is the other side of the matter (a dispute, a return, a review); else None.
    intent, secondary_intent: ids of `data/knowledge/taxonomy.toml`; the second is a topic mixed into the same
        thread, or None.
    language: of the opener's messages; the desk answers in the same language.
    voice_seed: 32-bit seed of this ticket's wording; the same spec gives the same text, whatever else is rendered.
    mood: of the opener at the start.
    orders: the orders that the opener may name, 0 to 60, oldest first; all of `merchant_id`.
    amount, currency: the money at stake (refund, payout, chargeback …), major units with two places, or None.
    penalty_id, clause, points, penalty_at: the penalty at stake, else None; clause is an id of
        `data/knowledge/clauses.toml`, penalty_at aware UTC.
    carrier, region: the carrier and the merchant's region concerned, where that matters; region is always set.
    event_from, event_to: aware UTC bounds of what happened (an outage, the judged month, the wait), or None.
    review_score, review_text: the review at stake (review intents), else None.
    product_title: the product at stake (listing, review and return intents), else None.
    opened_at: aware UTC; channel, priority, status as in the canonical table.
    resolved_at: aware UTC when status is 'resolved', else None; csat_score 1–5 only when the merchant answered.
    resolution: what the desk decided; set exactly when status is 'resolved'.
    turns: the conversation's plan, at least one turn; `voices.render` writes exactly one message a turn, in order.
    written: name of the written thread whose opening this ticket's first message is, or None: then phrases make it.
    """

    ticket_id: str
    merchant_id: str
    merchant_name: str
    opened_by: Opener
    buyer_id: str | None
    intent: str
    secondary_intent: str | None
    language: Language
    voice_seed: int
    mood: Mood
    orders: tuple[OrderFact, ...]
    amount: Decimal | None
    currency: str
    penalty_id: str | None
    clause: str | None
    points: int | None
    penalty_at: datetime | None
    carrier: str | None
    region: str
    event_from: datetime | None
    event_to: datetime | None
    review_score: int | None
    review_text: str | None
    product_title: str | None
    opened_at: datetime
    channel: Channel
    priority: Priority
    status: Status
    resolved_at: datetime | None
    csat_score: int | None
    resolution: Resolution | None
    turns: tuple[Turn, ...]
    written: str | None = None

    @property
    def order_ids(self) -> tuple[str, ...]:
        """Ids of `orders`, same order."""
        return tuple(order.order_id for order in self.orders)

    @property
    def n_turns(self) -> int:
        """Number of messages that `voices.render` writes for this ticket."""
        return len(self.turns)
