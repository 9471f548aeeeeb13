"""The values that phrases may name, written the way one person writes dates and money. Every value is the spec's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from analytics.demo.tickets import Language, OrderFact, TicketSpec
from analytics.demo.world import CARRIERS

Facts = dict[str, str]
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]  # fmt: skip
_REGIONS_ZH = {
    "US East": "美东",
    "US Central": "美国中部",
    "US West": "美西",
    "East China": "华东",
    "South China": "华南",
}
_CARRIERS_ZH = {carrier.name: carrier.name_zh for carrier in CARRIERS}
_EN_DATES: dict[str, Callable[[datetime], str]] = {
    "iso": lambda d: f"{d:%Y-%m-%d}",
    "long": lambda d: f"{d.day} {_MONTHS[d.month - 1]} {d.year}",
    "us_long": lambda d: f"{_MONTHS[d.month - 1]} {d.day}, {d.year}",
    "short": lambda d: f"{d.day} {_MONTHS[d.month - 1][:3]}",
    "us_short": lambda d: f"{_MONTHS[d.month - 1][:3]} {d.day}",
    "dots": lambda d: f"{d:%d.%m.%Y}",
}
_ZH_DATES: dict[str, Callable[[datetime], str]] = {
    "iso": lambda d: f"{d:%Y-%m-%d}",
    "long": lambda d: f"{d.year}年{d.month}月{d.day}日",
    "us_long": lambda d: f"{d.year} 年 {d.month} 月 {d.day} 日",
    "short": lambda d: f"{d.month}月{d.day}号",
    "us_short": lambda d: f"{d.month}/{d.day}",
    "dots": lambda d: f"{d:%Y.%m.%d}",
}
_SYMBOLS = {"USD": "$", "CNY": "¥"}
_WORDS_ZH = {"USD": "美元", "CNY": "元"}
MONEY_STYLES = 4
_NOT_OUTAGES = ("payout_delay", "campaign_enrolment")


def write_date(when: datetime, language: Language, style: str) -> str:
    """The UTC day of an instant."""
    return (_EN_DATES if language == "en" else _ZH_DATES)[style](when)


def write_money(amount: Decimal, currency: str, language: Language, style: int) -> str:
    """Two decimals; style chooses code, symbol, word and thousands separator."""
    plain, grouped = f"{amount:.2f}", f"{amount:,.2f}"
    if language == "en":
        forms = (
            f"{currency} {plain}",
            f"{_SYMBOLS[currency]}{grouped}",
            f"{grouped} {currency}",
            f"{currency} {grouped}",
        )
    else:
        forms = (
            f"{plain}{_WORDS_ZH[currency]}",
            f"{_SYMBOLS[currency]}{plain}",
            f"{plain} {_WORDS_ZH[currency]}",
            f"{currency} {grouped}",
        )
    return forms[style]


def product_name(title: str) -> str:
    """A title inside a sentence: without its variant, not capitalised."""
    if title.isascii():
        name = title.split(",")[0]
        return name[0].lower() + name[1:]
    name, _, variant = title.rpartition(" ")
    return name if name and variant[-1] in "号装色" else title


def facts_of(spec: TicketSpec, dates: str, money: int, native_carrier: bool = True) -> Facts:
    """Facts by name; names that begin with '?' are conditions, which write nothing."""
    language = spec.language
    zh = language == "zh-Hans"
    carrier = _CARRIERS_ZH[spec.carrier] if spec.carrier and zh and native_carrier else spec.carrier
    title = spec.product_title or (spec.orders[0].product_title if spec.orders else None)
    known: dict[str, str | None] = {
        "ticket": spec.ticket_id,
        "merchant": spec.merchant_id,
        "shop": spec.merchant_name,
        "region": _REGIONS_ZH[spec.region] if zh else spec.region,
        "carrier": carrier,
        "penalty": spec.penalty_id,
        "clause": spec.clause,
        "points": None if spec.points is None else str(spec.points),
        "review": spec.review_text,
        "stars": None if spec.review_score is None else str(spec.review_score),
        "product": product_name(title) if title else None,
        "title": (f"“{title}”" if zh else f'"{title}"') if title else None,
        "amount": write_money(spec.amount, spec.currency, language, money) if spec.amount is not None else None,
        f"?{spec.clause}": "" if spec.clause else None,
        "?parcels": "" if spec.clause in ("F-1.1", "F-2.1", "F-2.2") else None,
        "?amount": "" if spec.amount is not None else None,
    }
    instants = _instants(spec) | (_order_instants(spec.orders[0]) if spec.orders else {})
    known |= {name: write_date(when, language, dates) for name, when in instants.items() if when}
    if spec.penalty_id and spec.event_from:
        start = spec.event_from
        known["month"] = f"{start.year}年{start.month}月" if zh else f"{_MONTHS[start.month - 1]} {start.year}"
    if spec.orders:
        known |= _order_words(spec.orders, language, money)
    known |= dict.fromkeys(_conditions(spec), "")
    return {name: value for name, value in known.items() if value is not None}


def _instants(spec: TicketSpec) -> dict[str, datetime | None]:
    issued, points = spec.penalty_at, spec.points or 0
    days = 90 if points <= 4 else 180 if points <= 12 else 365
    return {
        "from": spec.event_from,
        "to": spec.event_to,
        "opened": spec.opened_at,
        "pdate": issued,
        "expires": issued + timedelta(days=days) if issued else None,
        "appeal_by": issued + timedelta(days=14) if issued else None,
    }


def _order_instants(order: OrderFact) -> dict[str, datetime | None]:
    return {
        "placed": order.placed_at,
        "shipby": order.ship_by_at,
        "promised": order.deliver_by_at,
        "shipped": order.shipped_at,
        "delivered": order.delivered_at,
    }


def _order_words(orders: tuple[OrderFact, ...], language: Language, money: int) -> dict[str, str | None]:
    first = orders[0]
    return {
        "order": first.order_id,
        "n": str(len(orders)) if len(orders) > 1 else None,
        "paid": write_money(first.amount, first.currency, language, money),
    }


def _conditions(spec: TicketSpec) -> list[str]:
    """What is true of the orders: of all of them for being on time, of the first for the rest; lateness in days."""
    if not spec.orders:
        return []
    first = spec.orders[0]
    in_time = [order.shipped_at is not None and order.shipped_at <= order.ship_by_at for order in spec.orders]
    faults = {order.fault for order in spec.orders}
    truths = {
        "?one": len(spec.orders) == 1,
        "?many": len(spec.orders) > 1,
        "?ontime": all(in_time),
        "?lateship": first.shipped_at is not None and first.shipped_at.date() > first.ship_by_at.date(),
        "?unsent": first.shipped_at is None,
        "?moving": first.shipped_at is not None and first.delivered_at is None,
        "?arrived": first.delivered_at is not None,
        "?open": first.delivered_at is None,
        "?late": first.delivered_at is not None and first.delivered_at.date() > first.deliver_by_at.date(),
        "?outage": bool(spec.event_from) and not spec.penalty_id and spec.intent not in _NOT_OUTAGES,
        "?past": spec.event_to is not None,
        f"?{first.fault}fault": first.fault is not None and len(faults) == 1,
    }
    return [name for name, is_true in truths.items() if is_true]


def business_days_later(when: datetime, days: int) -> datetime:
    """The same time `days` business days on (Saturday and Sunday do not count)."""
    while days:
        when += timedelta(days=1)
        days -= when.weekday() < 5
    return when
