"""From matters to `TicketSpec`s: the orders, money, penalty and dates that each ticket may name, as of its opening."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np

from analytics.demo import events as ev
from analytics.demo.casebook import Cases
from analytics.demo.conversation import Course, plan_course
from analytics.demo.delivery import SELLER
from analytics.demo.market import Market
from analytics.demo.penalties import CLAUSES, Penalties
from analytics.demo.planning import Matter
from analytics.demo.stream import FAULTS
from analytics.demo.tickets import Channel, Language, Mood, OrderFact, Priority, TicketSpec
from analytics.demo.world import CARRIERS, DAY, REGIONS, Bools, Ints

_MAX_ORDERS = 60
_CRITICAL = frozenset({"account_suspended"})
_HIGH = frozenset({"penalty_appeal", "chargeback_dispute", "carrier_outage", "account_access", "data_privacy_request"})
_LOW = frozenset({"policy_question", "tax_invoice", "score_question", "other", "fee_question", "campaign_enrolment"})
SECOND = {
    "penalty_appeal": "score_question",
    "penalty_explanation": "score_question",
    "late_delivery_dispute": "tracking_invalid",
    "carrier_outage": "late_delivery_dispute",
    "case_dispute": "buyer_abuse",
    "return_dispute": "refund_recovery",
    "review_removal": "score_question",
    "payout_delay": "fee_question",
    "chargeback_dispute": "payout_delay",
    "stock_sync": "order_cancellation",
    "listing_suppressed": "technical_bug",
    "order_status": "refund_status",
    "item_not_as_described": "refund_status",
    "account_suspended": "payout_delay",
}
_TENSE = frozenset(
    {"penalty_appeal", "chargeback_dispute", "account_suspended", "payout_delay", "case_dispute", "item_not_received"}
)


def instant(seconds: int) -> datetime:
    """Aware UTC datetime of epoch seconds."""
    return datetime.fromtimestamp(seconds, UTC)


def major(minor: int) -> Decimal:
    """Money in major units with two places."""
    return Decimal(minor) / 100


class SpecWriter:
    """Turns matters into specs; each ticket has its own chance, drawn from its voice seed."""

    def __init__(self, market: Market, cases: Cases, penalties: Penalties, texts: list[str]) -> None:
        self._market, self._cases, self._penalties, self._texts = market, cases, penalties, texts
        self._by_merchant = np.argsort(cases.orders.merchant, kind="stable")
        self._sorted = cases.orders.merchant[self._by_merchant]

    def write(self, matters: list[Matter], rng: np.random.Generator) -> list[tuple[TicketSpec, Course]]:
        """One spec (and the course behind it) per matter; numbers follow the order given."""
        seeds = rng.integers(0, 1 << 32, size=len(matters)).tolist()
        return [self._spec(i + 1, matter, seed) for i, (matter, seed) in enumerate(zip(matters, seeds, strict=True))]

    def _spec(self, number: int, matter: Matter, voice_seed: int) -> tuple[TicketSpec, Course]:
        chance = random.Random(voice_seed)
        merchants = self._market.merchants
        region = REGIONS[int(merchants.region[matter.merchant])]
        rows = self._named_orders(matter, chance)
        orders = tuple(self._order_fact(row, matter.at) for row in rows)
        penalty = matter.penalty
        has_penalty = penalty >= 0
        clause = CLAUSES[int(self._penalties.clause[penalty])] if has_penalty else None
        mood = _mood(matter, chance)
        priority = _priority(matter, mood, chance)
        decided = int(self._penalties.decided[penalty]) - matter.at if has_penalty else -1
        course = plan_course(
            matter.intent,
            "buyer" if matter.is_buyer else "merchant",
            priority,
            mood,
            _is_favourable(matter, chance),
            decided if decided > 0 else None,
            self._market.calendar.end - matter.at,
            chance,
        )
        is_reviewed = (
            matter.intent in ("review_removal", "buyer_abuse", "review_manipulation_report") and matter.case >= 0
        )
        event_from, event_to = self._bounds(matter)
        opened = instant(matter.at)
        spec = TicketSpec(
            ticket_id=ev.one_id(ev.TICKET, number),
            merchant_id=ev.one_id(ev.MERCHANT, matter.merchant),
            merchant_name=merchants.name[matter.merchant],
            opened_by="buyer" if matter.is_buyer else "merchant",
            buyer_id=self._buyer(matter),
            intent=matter.intent,
            secondary_intent=SECOND.get(matter.intent) if chance.random() < 0.22 else None,
            language=self._language(matter, chance),
            voice_seed=voice_seed,
            mood=mood,
            orders=orders,
            amount=self._amount(matter, rows),
            currency=region.currency,
            penalty_id=ev.one_id(ev.PENALTY, int(self._penalties.number[penalty])) if has_penalty else None,
            clause=clause[0] if clause else None,
            points=clause[1] if clause else None,
            penalty_at=instant(int(self._penalties.issued[penalty])) if has_penalty else None,
            carrier=orders[0].carrier if orders else CARRIERS[int(merchants.carrier[matter.merchant])].name,
            region=region.name,
            event_from=event_from,
            event_to=event_to,
            review_score=int(self._cases.orders.score[matter.case]) if is_reviewed else None,
            review_text=self._texts[int(self._cases.text[matter.case])] if is_reviewed else None,
            product_title=self._product(matter, chance),
            opened_at=opened,
            channel=_channel(chance),
            priority=priority,
            status=course.status,
            resolved_at=instant(matter.at + course.resolved_offset) if course.resolved_offset is not None else None,
            csat_score=course.csat_score,
            resolution=course.resolution,
            turns=course.turns,
        )
        return spec, course

    def _rows_of(self, merchant: int) -> Ints:
        first, last = np.searchsorted(self._sorted, [merchant, merchant + 1])
        return self._by_merchant[first:last]

    def _named_orders(self, matter: Matter, chance: random.Random) -> list[int]:
        """Positions in the casebook of the orders that the ticket names, oldest first."""
        o = self._cases.orders
        rows = self._rows_of(matter.merchant)
        rows = rows[o.placed[rows] < matter.at]
        if matter.penalty >= 0:
            chosen = rows[self._counted(matter.penalty, rows)]
            chosen = chosen if matter.intent == "penalty_appeal" else chosen[:0]
        elif (
            matter.intent in ("carrier_outage", "late_delivery_dispute")
            and matter.case >= 0
            and o.is_outage[matter.case]
        ):
            chosen = rows[o.is_outage[rows] & (o.shipped[rows] < matter.at)]
        elif matter.case >= 0:
            chosen = self._with_similar(matter, rows, chance)
        elif matter.intent == "payout_delay":
            arrived = rows[(o.delivered[rows] >= 0) & (o.delivered[rows] < matter.at - 7 * DAY)]
            chosen = arrived[-chance.randint(1, 6) :]
        elif matter.intent in ("shipping_label", "fee_question", "tax_invoice"):
            chosen = rows[-1:] if chance.random() < 0.6 else rows[:0]
        else:
            chosen = rows[:0]
        recent = sorted(chosen.tolist(), key=lambda row: (int(o.placed[row]), int(self._cases.number[row])))
        return recent[-_MAX_ORDERS:]

    def _with_similar(self, matter: Matter, rows: Ints, chance: random.Random) -> Ints:
        """The order at issue, and now and then up to four late ones of the same fortnight beside it."""
        o = self._cases.orders
        if matter.intent != "late_delivery_dispute" or chance.random() < 0.5:
            return np.array([matter.case])
        near = np.abs(o.placed[rows] - o.placed[matter.case]) < 14 * DAY
        similar = rows[near & (o.days_late[rows] > 0) & (rows != matter.case) & (o.delivered[rows] < matter.at)]
        return np.concatenate([[matter.case], similar[:4]])

    def _counted(self, penalty: int, rows: Ints) -> Bools:
        """Which of a merchant's orders the rule counted for a penalty in its month."""
        o, calendar = self._cases.orders, self._market.calendar
        clause = CLAUSES[int(self._penalties.clause[penalty])][0]
        month = int(self._penalties.month[penalty])
        start, end = calendar.month_starts[month], calendar.month_starts[month + 1]
        is_late = (o.days_late[rows] > 0) & ((o.late_fault[rows] == SELLER) | o.is_outage[rows])
        facts = {
            "F-1.1": (o.shipped[rows], (o.shipped[rows] > o.ship_by[rows])),
            "F-1.2": (o.cancelled[rows], o.cancel_fault[rows] == SELLER),
            "F-2.1": (o.delivered[rows], is_late),
            "F-2.2": (o.shipped[rows], o.tracking[rows] == 0),
            "Q-1.2": (o.dispute_closed[rows], (o.outcome[rows] == 0) & (o.dispute_fault[rows] == SELLER)),
        }
        if clause not in facts:
            return np.zeros(len(rows), dtype=bool)
        when, where = facts[clause]
        return np.asarray(where & (when >= start) & (when < end))

    def _order_fact(self, row: int, at: int) -> OrderFact:
        o = self._cases.orders
        first = int(o.product[row, 0])
        faults = (int(o.late_fault[row]), int(o.cancel_fault[row]), int(o.return_fault[row]), int(o.dispute_fault[row]))
        fault = next((f for f in faults if f >= 0), -1)
        shipped, delivered = int(o.shipped[row]), int(o.delivered[row])
        is_shipped = 0 <= shipped <= at
        region = REGIONS[int(self._market.merchants.region[int(o.merchant[row])])]
        return OrderFact(
            order_id=ev.one_id(ev.ORDER, int(self._cases.number[row])),
            product_title=self._market.products.title[first],
            quantity=int(o.quantity[row].sum()),
            amount=major(int(o.line_amount[row].sum())),
            currency=region.currency,
            placed_at=instant(int(o.placed[row])),
            ship_by_at=instant(int(o.ship_by[row])),
            deliver_by_at=instant(int(o.deliver_by[row])),
            shipped_at=instant(shipped) if is_shipped else None,
            delivered_at=instant(delivered) if 0 <= delivered <= at else None,
            carrier=CARRIERS[int(o.carrier[row])].name if is_shipped else None,
            fault=FAULTS[fault] if fault >= 0 else None,
        )

    def _bounds(self, matter: Matter) -> tuple[datetime | None, datetime | None]:
        calendar, o = self._market.calendar, self._cases.orders
        if matter.penalty >= 0:
            month = int(self._penalties.month[matter.penalty])
            return instant(int(calendar.month_starts[month])), instant(int(calendar.month_starts[month + 1]))
        if matter.case >= 0 and o.is_outage[matter.case]:
            start, end = calendar.outage
            return instant(start), instant(end) if matter.at > end else None
        if matter.intent == "campaign_enrolment":
            return instant(calendar.campaign[0]), instant(calendar.campaign[1])
        if matter.intent == "payout_delay":
            return instant(matter.at - 9 * DAY), None
        return None, None

    def _amount(self, matter: Matter, rows: list[int]) -> Decimal | None:
        about_money = [
            "payout_delay",
            "chargeback_dispute",
            "refund_recovery",
            "return_dispute",
            "refund_status",
            "case_dispute",
            "fee_question",
            "item_not_received",
            "item_not_as_described",
        ]
        if matter.intent not in about_money or not rows:
            return None
        total = int(self._cases.orders.line_amount[rows].sum())
        # Payouts come after 8 % commission and 2 % payment fee; a fee question is about the commission.
        share = {"payout_delay": 90, "fee_question": 8}.get(matter.intent, 100)
        return major(round(total * share / 100))

    def _buyer(self, matter: Matter) -> str | None:
        alone = matter.case >= 0 and not self._cases.orders.is_outage[matter.case]
        if not (matter.is_buyer or alone):
            return None
        return ev.one_id(ev.BUYER, int(self._cases.orders.buyer[matter.case]))

    def _product(self, matter: Matter, chance: random.Random) -> str | None:
        if matter.case >= 0:
            return self._market.products.title[int(self._cases.orders.product[matter.case, 0])]
        if matter.intent not in ("listing_rejected", "listing_suppressed", "counterfeit_complaint", "stock_sync"):
            return None
        merchants = self._market.merchants
        place = chance.randrange(int(merchants.product_count[matter.merchant]))
        return self._market.products.title[int(merchants.first_product[matter.merchant]) + place]

    def _language(self, matter: Matter, chance: random.Random) -> Language:
        region = int(self._market.merchants.region[matter.merchant])
        if matter.is_buyer:
            region = int(self._market.buyers.region_of(self._cases.orders.buyer[[matter.case]])[0])
        chinese = 0.90 if REGIONS[region].country == "CN" else 0.04
        return "zh-Hans" if chance.random() < chinese else "en"


def _mood(matter: Matter, chance: random.Random) -> Mood:
    moods: tuple[Mood, ...] = ("friendly", "calm", "worried", "annoyed", "angry", "desperate")
    weights = (5, 15, 22, 28, 20, 10) if matter.intent in _TENSE else (20, 38, 18, 17, 5, 2)
    return chance.choices(moods, weights)[0]


def _priority(matter: Matter, mood: Mood, chance: random.Random) -> Priority:
    if matter.intent in _CRITICAL:
        return "critical"
    if matter.intent in _HIGH or mood == "desperate":
        return "high"
    return "low" if matter.intent in _LOW and chance.random() < 0.7 else "normal"


def _is_favourable(matter: Matter, chance: random.Random) -> bool:
    """An appeal ends as the events say; other matters mostly, not always, as they deserve."""
    if matter.intent == "penalty_appeal":
        return matter.is_justified
    return chance.random() < (0.82 if matter.is_justified else 0.18)


def _channel(chance: random.Random) -> Channel:
    channels: tuple[Channel, ...] = ("portal", "email", "chat")
    return chance.choices(channels, (58, 27, 15))[0]
