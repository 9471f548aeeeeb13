"""What the records say of a ticket's matter: its orders, the merchant's penalties, score and late rate, as rows and as llm's facts.

Facts are named as the macros name their variables. Every function that reads data takes a snapshot id first. Knows no page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from app.i18n import language
from app.services import issues, terms, tickets
from app.services.desk import KNOWLEDGE_FOLDER
from app.services.metrics import figures
from app.services.runtime import cached
from app.services.scores import scores
from app.services.warehouse import cursor, desk_day, filter_options, local_day, merchants, snapshot

if TYPE_CHECKING:
    from llm.types import Fact, Thread

ORDERS_SHOWN = 8
RATE_DAYS = 30
PENALTY_DAYS = 60
LATE_RATE = "late_seller_rate"


@dataclass(frozen=True)
class Penalty:
    """A penalty; days are those of the reporting zone. `title` holds the clause's wording by language."""

    penalty_id: str
    clause: str
    title: Mapping[str, str]
    points: int | None
    issued_on: date | None
    expires_on: date | None
    appealed_on: date | None
    lifted_on: date | None


@dataclass(frozen=True)
class Matter:
    """What the records say of a ticket's matter. `orders` has the columns of `analytics.desk.orders_named`, `unknown_orders` those that
    the thread names and this merchant does not have; `facts` are the same as a writer may state them."""

    orders: pd.DataFrame
    unknown_orders: tuple[str, ...]
    penalties: tuple[Penalty, ...]
    facts: tuple[Fact, ...]


def matter(snapshot_id: str, ticket_id: str, on: date | None = None) -> Matter | None:
    """The records behind a ticket, its terms counted from the day `on`, else from the desk's today; None when there is no such ticket."""
    return _matter(snapshot_id, ticket_id, on or desk_day(snapshot_id))


@cached
def _matter(snapshot_id: str, ticket_id: str, today: date) -> Matter | None:
    found = tickets.read_tickets(snapshot_id, None, (ticket_id,))
    thread = issues.thread(snapshot_id, ticket_id)
    if not found or thread is None:
        return None
    ticket = found[0]
    named = named_orders(thread, ticket.order_id)
    orders, penalties = merchant_records(snapshot_id, ticket.merchant_id, named)
    order = {order_id: place for place, order_id in enumerate(named)}
    orders = orders.sort_values("order_id", key=lambda ids: ids.map(order)).reset_index(drop=True)
    known = set(orders["order_id"])
    unknown = tuple(o for o in named if o not in known)
    zone = snapshot(snapshot_id).time_zone
    opened_on = local_day(ticket.opened_at, zone)
    facts = [
        *_merchant_facts(snapshot_id, ticket.merchant_id),
        *_order_facts(orders, zone),
        *_penalty_facts(penalties, thread, opened_on),
    ]
    due = _terms(snapshot_id, ticket.merchant_id, orders, facts, opened_on, today)
    return Matter(orders, unknown, penalties, (*facts, *due, *_bounds(unknown)))


def _terms(
    snapshot_id: str, merchant_id: str, orders: pd.DataFrame, facts: Sequence[Fact], opened_on: date, today: date
) -> Iterator[Fact]:
    """What policy's periods make of the records: each order's refund, chargeback and settlement, the appeal, the desk's next answer."""
    from llm.types import Fact

    limits, profiles = _limits(), merchants(snapshot_id)
    joined = next(iter(profiles.loc[profiles["merchant_id"] == merchant_id, "joined_at"]), None)
    main = next((fact.value for fact in facts if fact.name == "order_id"), None)
    for row in orders.to_dict(orient="records"):
        order_id = str(row["order_id"])
        if (refunded := _day(row["refunded_on"])) and row["refunded_minor"]:
            currency = row["currency"] if isinstance(row["currency"], str) else ""
            amount = f"{currency} {row['refunded_minor'] / 100:,.2f}".strip()
            yield Fact(f"order.{order_id}.refund", "order_refund", f"{order_id}: {amount} on {refunded.isoformat()}")
        if charged_back := _day(row["charged_back_on"]):
            for fact in terms.chargeback_terms(order_id, charged_back, today, limits):
                if fact.name != "evidence_due_date" or order_id == main:  # a macro names the one beside the other
                    yield fact
        if delivered := _day(row["delivered_on"]):
            yield from terms.settlement_term(order_id, delivered, _day(joined), limits)
    penalty = {fact.name: fact for fact in facts}
    if "penalty_date" in penalty and "penalty_lifted_on" not in penalty:
        issued_on = date.fromisoformat(str(penalty["penalty_date"].value))
        yield from terms.appeal_terms(issued_on, opened_on, today, limits)
    yield from terms.answer_terms(today, limits)


def _bounds(unknown: Sequence[str]) -> Iterator[Fact]:
    """What the records do not hold: payouts, and orders that are named and are not this merchant's."""
    from llm.types import Fact

    yield Fact("records_hold", "records_hold", "orders, refunds, penalties, scores; no payouts")
    if unknown:
        yield Fact("orders_unknown", "orders_unknown", ", ".join(unknown))


def merchant_facts(snapshot_id: str, merchant_id: str, thread: Thread) -> tuple[Fact, ...]:
    """What the records say of this merchant alone: its score and late rate, the orders of its own that the thread names, its penalty."""
    orders, penalties = merchant_records(snapshot_id, merchant_id, named_orders(thread))
    return (
        *_merchant_facts(snapshot_id, merchant_id),
        *_order_facts(orders, snapshot(snapshot_id).time_zone),
        *_penalty_facts(penalties, thread, desk_day(snapshot_id)),
    )


@cached
def merchant_records(
    snapshot_id: str, merchant_id: str, order_ids: tuple[str, ...]
) -> tuple[pd.DataFrame, tuple[Penalty, ...]]:
    """Those of the orders that are this merchant's, as `analytics.desk.orders_named` gives them, and its penalties, newest first."""
    from analytics.desk import orders_named, penalties_of

    with cursor(snapshot_id) as opened:
        rows = penalties_of(opened, merchant_id).to_dict(orient="records")
        return orders_named(opened, merchant_id, order_ids), tuple(_penalty(row) for row in rows)


def named_orders(thread: Thread, order_id: str | None = None) -> tuple[str, ...]:
    """The order of the ticket, then those that merchants and buyers name in it, each once; `ORDERS_SHOWN` at most."""
    from llm.spans import extract, texts_of

    named = [order_id] if order_id else []
    for message in thread.messages:
        if message.author in {"merchant", "buyer"}:
            named += texts_of(extract(message.text), "order")
    return tuple(dict.fromkeys(named))[:ORDERS_SHOWN]


def clause_title(penalty: Penalty) -> str:
    """The clause's wording in the reader's language."""
    return penalty.title.get(language()) or penalty.title.get("en") or ""


def _merchant_facts(snapshot_id: str, merchant_id: str) -> Iterator[Fact]:
    from llm.types import Fact

    profiles = merchants(snapshot_id)
    name = next(iter(profiles.loc[profiles["merchant_id"] == merchant_id, "name"]), None)
    if isinstance(name, str) and name:
        yield Fact("merchant_name", "merchant_name", name)
    score = next((s for s in scores(snapshot_id) if s.merchant_id == merchant_id and s.score is not None), None)
    if score is not None and score.score is not None:
        yield Fact("score", "trust_score", round(score.score, 1), "points")
        yield Fact("score_level", "score_level", str(score.level))
        yield Fact("score_date", "score_date", score.as_of.isoformat())
    yield from _late_rate_facts(snapshot_id, merchant_id)


def _late_rate_facts(snapshot_id: str, merchant_id: str) -> Iterator[Fact]:
    from analytics.metrics import Scope
    from llm.types import Fact

    last = filter_options(snapshot_id).default_to
    scope = Scope(last - timedelta(days=RATE_DAYS - 1), last, merchants=(merchant_id,))
    result = next(iter(figures(snapshot_id, (LATE_RATE,), scope)[LATE_RATE]), None)
    limit = _limits().get("late_rate_max")
    if result is not None and result.status == "ok" and result.value is not None:
        yield Fact("late_rate", "late_rate", round(result.value, 4), "rate")
        if limit is not None:
            yield Fact("late_rate_limit", "late_rate_limit", limit, "percent")


def _order_facts(orders: pd.DataFrame, zone: str) -> Iterator[Fact]:
    """One fact an order with all its dates; of the first with a chargeback, else with a refund, also these, in the macros' terms."""
    from llm.types import Fact

    rows = orders.to_dict(orient="records")
    for row in rows:
        yield Fact(f"order.{row['order_id']}", "order_record", _order_record(row, zone))
    if not rows:
        return
    main = max(rows, key=lambda row: (_day(row["charged_back_on"]) is not None, _day(row["refunded_on"]) is not None))
    yield Fact("order_id", "order_id", str(main["order_id"]))
    if placed := _day(main["placed_on"]):
        yield Fact("order_placed_date", "order_placed_date", placed.isoformat())
    if isinstance(main["carrier"], str):
        yield Fact("carrier", "order_carrier", main["carrier"])
    if (refunded := _day(main["refunded_on"])) and main["refunded_minor"]:
        currency = main["currency"] if isinstance(main["currency"], str) else ""
        yield Fact("refund_amount", "refund_amount", main["refunded_minor"] / 100, currency)
        yield Fact("refund_date", "refund_date", refunded.isoformat())
    if charged_back := _day(main["charged_back_on"]):
        yield Fact("chargeback_date", "chargeback_date", charged_back.isoformat())


_RECORD = (
    ("placed", "placed_on"),
    ("ship by", "ship_by"),
    ("shipped", "shipped_on"),
    ("deliver by", "deliver_by"),
    ("delivered", "delivered_on"),
    ("cancelled", "cancelled_on"),
)


def _order_record(row: Mapping[Any, Any], zone: str) -> str:
    parts = [f"{name} {day.isoformat()}" for name, column in _RECORD if (day := _day(row[column]))]
    if row["is_delivered_late"] is True and row["deliver_by"] == row["delivered_on"]:
        by, at = row["deliver_by_time"], row["delivered_time"]
        clock = "%H:%M:%S" if at - by < timedelta(minutes=1) else "%H:%M"
        parts.append(f"delivered at {at.strftime(clock)} instead of {by.strftime(clock)} ({zone})")
    if isinstance(row["carrier"], str):
        parts.append(f"carrier {row['carrier']}")
    if row["is_delivered_late"] is True:
        parts.append(f"late, recorded as the fault of: {row['late_fault'] or 'unknown'}")
    return f"{row['order_id']}: {', '.join(parts)}"


def _penalty_facts(penalties: Sequence[Penalty], thread: Thread, opened_on: date) -> Iterator[Fact]:
    """The penalty that the thread is about: the one that it names, else of the clause that it names, else the newest of the 60 days before the
    ticket. One that was lifted is told with that day alone, and only where the thread names it."""
    from llm.spans import extract, texts_of
    from llm.types import Fact

    named = {c.upper() for m in thread.messages for c in texts_of(extract(m.text), "clause")}
    known = [p for p in penalties if p.issued_on is not None and p.issued_on <= opened_on]
    standing = [p for p in known if p.lifted_on is None]
    recent = [p for p in standing if p.issued_on is not None and (opened_on - p.issued_on).days <= PENALTY_DAYS]
    of_id = [p for p in known if any(p.penalty_id in m.text for m in thread.messages)]
    of_clause = [p for p in (*standing, *known) if p.clause in named]
    chosen = next(iter((*of_id, *of_clause, *(recent if not named else ()))), None)
    if chosen is None or chosen.issued_on is None:
        return
    yield Fact("penalty_date", "penalty_date", chosen.issued_on.isoformat())
    yield Fact("penalty_clause", "penalty_clause", chosen.clause)
    if chosen.lifted_on is not None:
        yield Fact("penalty_lifted_on", "penalty_lifted_on", chosen.lifted_on.isoformat())
        return
    if chosen.points is not None:
        yield Fact("penalty_points", "penalty_points", chosen.points, "points")
    if chosen.expires_on is not None:
        yield Fact("penalty_expires_on", "penalty_expires_on", chosen.expires_on.isoformat())


def _penalty(row: Mapping[Any, Any]) -> Penalty:
    clause = str(row["clause"])
    return Penalty(
        penalty_id=str(row["penalty_id"]),
        clause=clause,
        title=_clauses().get(clause, {}),
        points=None if pd.isna(row["points"]) else int(row["points"]),
        issued_on=_day(row["issued_on"]),
        expires_on=_day(row["expires_on"]),
        appealed_on=_day(row["appealed_on"]),
        lifted_on=_day(row["lifted_on"]),
    )


@cache
def _clauses() -> dict[str, dict[str, str]]:
    from llm.taxonomy import read_toml

    table = read_toml(KNOWLEDGE_FOLDER / "clauses.toml")
    return {str(clause["id"]): dict(clause["title"]) for clause in table["clause"]}


@cache
def _limits() -> dict[str, float]:
    from llm.taxonomy import read_toml

    table = read_toml(KNOWLEDGE_FOLDER / "limits.toml")
    return {str(limit["id"]): limit["value"] for limit in table["limit"]}


def _day(value: object) -> date | None:
    if isinstance(value, pd.Timestamp):
        return value.date()
    return value if isinstance(value, date) and not pd.isna(value) else None
