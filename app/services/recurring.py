"""One merchant's many threads together: what recurs, since when, what changed, and what it costs. Every statement cites its threads.

What a message says is read once ever, by content hash, as for themes: a new message adds its own reading and a sum. Knows no page.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from app.i18n import _, day, joined, money, ngettext, number
from app.services import merchant, taught
from app.services.runtime import cached, get_runtime
from app.services.themes import message_items, text_reader
from app.services.tickets import intent_names
from app.services.warehouse import cursor, local_day, snapshot

if TYPE_CHECKING:
    from analytics.metrics import Scope
    from llm.theme_reading import ReadText, ThemeItem

RECURS_FROM = 2
FIRST_DAY = date(1970, 1, 1)
OTHER = "other"


@dataclass(frozen=True)
class Costs:
    """What the records say of the orders that threads name: of `orders` those late, refunded and charged back, and the penalty points on them.

    `refunded` is in major units by currency.
    """

    orders: tuple[str, ...]
    late: int
    refunded_count: int
    charged_back: int
    refunded: tuple[tuple[str, float], ...]
    penalty_points: int


@dataclass(frozen=True)
class Recurring:
    """A matter of at least two of a merchant's threads. `now` and `before` are those begun in the window and in the equally long period before.

    `ratio` is how many times as often it came as before, with its exact 95 % interval; None where it never came before, or came in neither. `names` are
    carriers and clauses, each with the threads that name it. Component points are those of the trust score at the window's end, and what became of
    them since the day before it.
    """

    merchant_id: str
    intent: str
    ticket_ids: tuple[str, ...]
    first_on: date
    last_on: date
    now: tuple[str, ...]
    before: tuple[str, ...]
    open: tuple[str, ...]
    ratio: float | None
    ci_low: float | None
    ci_high: float | None
    names: tuple[tuple[str, tuple[str, ...]], ...]
    with_orders: tuple[str, ...]
    costs: Costs
    component: str
    component_points: float | None
    component_most: float | None
    component_change: float | None
    level: str

    @property
    def is_changed(self) -> bool:
        """Whether it comes more or less often by more than chance."""
        return self.ci_low is not None and (self.ci_low > 1 or (self.ci_high is not None and self.ci_high < 1))


@dataclass(frozen=True)
class Statement:
    """A sentence in the reader's language with the threads that it rests on, oldest first."""

    text: str
    ticket_ids: tuple[str, ...]


@dataclass(frozen=True)
class _Read:
    """A thread as it was read: its matter, what it names (orders, and carriers and clauses with how they are written), and the day on which it began."""

    ticket_id: str
    intent: str
    orders: frozenset[str]
    names: Mapping[str, str]
    began_on: date
    is_open: bool


@dataclass(frozen=True)
class _Standing:
    """A merchant's trust level at the window's end, or why there is none, and per component its points, the most there are, and its points on the day
    before the window."""

    merchant_id: str
    level: str
    parts: Mapping[str, tuple[float, float, float | None]]


@cached
def recurring(snapshot_id: str, scope: Scope, merchant_id: str, newest: str) -> tuple[Recurring, ...]:
    """A merchant's matters up to the end of the window, what comes most often now first. `newest` is the newest correction, in the key only."""
    threads = _threads(snapshot_id, scope, merchant_id)
    by_intent: dict[str, list[_Read]] = defaultdict(list)
    for thread in threads:
        by_intent[thread.intent].append(thread)
    standing = _standing(snapshot_id, scope, merchant_id)
    found = [
        _matter(snapshot_id, scope, standing, intent, held)
        for intent, held in by_intent.items()
        if len(held) >= RECURS_FROM and intent != OTHER
    ]
    return tuple(sorted(found, key=lambda one: (-len(one.now), -len(one.ticket_ids), one.intent)))


def of_merchant(snapshot_id: str, scope: Scope, merchant_id: str) -> tuple[Recurring, ...]:
    """`recurring`, with what people corrected up to now."""
    own = replace(scope, categories=(), regions=(), tiers=(), merchants=(merchant_id,))
    return recurring(snapshot_id, own, merchant_id, taught.newest())


def _threads(snapshot_id: str, scope: Scope, merchant_id: str) -> list[_Read]:
    from analytics import threads

    with cursor(snapshot_id) as opened:
        tickets = threads.tickets(opened, replace(scope, date_from=FIRST_DAY))
        written = threads.messages(opened, list(tickets["ticket_id"]))
    asked = written[written["author"].isin(["merchant", "buyer"]) & written["text"].notna()]
    items = message_items(asked)
    read = text_reader().read(items)
    matters = _matters(items, read)
    orders: dict[str, set[str]] = defaultdict(set)
    names: dict[str, dict[str, str]] = defaultdict(dict)
    for item, own in zip(items, read, strict=True):
        for kind, value, said in own.names:
            if kind == "order":
                orders[str(item.thread_id)].add(said)
            else:
                names[str(item.thread_id)].setdefault(value, said)
    zone, said_of = snapshot(snapshot_id).time_zone, taught.said()
    found = []
    for row in tickets.iloc[::-1].to_dict(orient="records"):
        ticket_id = str(row["ticket_id"])
        if isinstance(row["order_id"], str):
            orders[ticket_id].add(row["order_id"])
        intent = said_of.get((ticket_id, "intent"), matters.get(ticket_id, OTHER))
        is_open = pd.isna(row["resolved_at"]) and row["status"] not in ("resolved", "closed")
        began_on = local_day(row["opened_at"].to_pydatetime(), zone)
        found.append(_Read(ticket_id, intent, frozenset(orders[ticket_id]), names[ticket_id], began_on, is_open))
    return found


def _matters(items: Sequence[ThemeItem], read: Sequence[ReadText]) -> dict[str, str]:
    """Ticket → what it is about: the first matter that it comes to."""
    from llm.theme_groups import intents_told

    told = intents_told(range(len(items)), items, read)
    found: dict[str, str] = {}
    for place, intent in told.items():
        found.setdefault(str(items[place].thread_id), intent)
    return found


def _matter(snapshot_id: str, scope: Scope, standing: _Standing, intent: str, held: Sequence[_Read]) -> Recurring:
    from llm.theme_news import rate_change

    days = (scope.date_to - scope.date_from).days + 1
    now = tuple(one.ticket_id for one in held if one.began_on >= scope.date_from)
    earliest = scope.date_from - timedelta(days=days)
    before = tuple(one.ticket_id for one in held if earliest <= one.began_on < scope.date_from)
    ratio, low, high = rate_change(len(now), len(before)) if now or before else (None, None, None)
    component = next((one.component for one in get_runtime().desk.taxonomy.intents if one.intent_id == intent), "none")
    points, most, then = standing.parts.get(component, (None, None, None))
    orders = tuple(dict.fromkeys(order for one in held for order in sorted(one.orders)))
    costs = _costs(snapshot_id, scope, standing.merchant_id, orders)
    return Recurring(
        merchant_id=standing.merchant_id,
        intent=intent,
        ticket_ids=tuple(one.ticket_id for one in held),
        first_on=min(one.began_on for one in held),
        last_on=max(one.began_on for one in held),
        now=now,
        before=before,
        open=tuple(one.ticket_id for one in held if one.is_open),
        ratio=ratio,
        ci_low=low,
        ci_high=high,
        names=_named(held),
        with_orders=tuple(one.ticket_id for one in held if one.orders & set(costs.orders)),
        costs=costs,
        component=component,
        component_points=points,
        component_most=most,
        component_change=None if points is None or then is None else points - then,
        level=standing.level,
    )


def _named(held: Sequence[_Read]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Carriers and clauses that at least two threads name, and half of them."""
    counts: dict[str, list[str]] = defaultdict(list)
    written: dict[str, str] = {}
    for one in held:
        for value, said in one.names.items():
            counts[value].append(one.ticket_id)
            written.setdefault(value, said)
    enough = max(RECURS_FROM, len(held) / 2)
    return tuple((written[value], tuple(ids)) for value, ids in sorted(counts.items()) if len(ids) >= enough)


def _costs(snapshot_id: str, scope: Scope, merchant_id: str, named: Sequence[str]) -> Costs:
    """Of this merchant's own orders among those named; penalties that were not lifted, issued up to the window's end."""
    from analytics.desk import orders_named, penalties_of

    with cursor(snapshot_id) as opened:
        rows = orders_named(opened, merchant_id, list(named))
        issued = penalties_of(opened, merchant_id)
    on_them = issued[issued["order_id"].isin(rows["order_id"]) & issued["lifted_on"].isna()]
    on_them = on_them[pd.to_datetime(on_them["issued_on"]) <= pd.Timestamp(scope.date_to)]
    paid: Counter[str] = Counter()
    for currency, minor in zip(rows["currency"], rows["refunded_minor"], strict=True):
        if pd.notna(minor) and minor and isinstance(currency, str):
            paid[currency] += minor / 100
    return Costs(
        orders=tuple(rows["order_id"].astype(str)),
        late=int(rows["is_delivered_late"].fillna(0).astype(bool).sum()),
        refunded_count=int(rows["refunded_on"].notna().sum()),
        charged_back=int(rows["charged_back_on"].notna().sum()),
        refunded=tuple(sorted((currency, round(amount, 2)) for currency, amount in paid.items())),
        penalty_points=int(on_them["points"].fillna(0).sum()),
    )


def _standing(snapshot_id: str, scope: Scope, merchant_id: str) -> _Standing:
    from app.services.scores import scores
    from app.services.trust import as_of_day

    known = scores(snapshot_id, as_of_day(snapshot_id, scope.date_to))
    own = next((score for score in known if score.merchant_id == merchant_id), None)
    level = "" if own is None else own.level or own.status
    if own is None or own.score is None:
        return _Standing(merchant_id, level, {})
    before = merchant.contributions(snapshot_id, scope.date_from - timedelta(days=1), merchant_id)
    then = {part.component: part.points for part in before}
    now = merchant.contributions(snapshot_id, scope.date_to, merchant_id)
    return _Standing(
        merchant_id, level, {part.component: (part.points, part.most, then.get(part.component)) for part in now}
    )


def label(found: Recurring) -> str:
    """The matter in the reader's language."""
    return intent_names().get(found.intent, found.intent)


def statements(found: Recurring) -> list[Statement]:
    """What there is to say of a matter: that it recurs, what changed, what it names, what it costs."""
    return [Statement(text, ids) for text, ids in _statements(found) if text]


def _statements(found: Recurring) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield (
        ngettext("{n} thread since {day}", "{n} threads since {day}", len(found.ticket_ids), day=day(found.first_on))
        + _(", the last on {day}.", day=day(found.last_on)),
        found.ticket_ids,
    )
    if found.open:
        yield ngettext("{n} of them is open.", "{n} of them are open.", len(found.open)), found.open
    yield _change(found), (*found.before, *found.now) or found.ticket_ids
    for name, ids in found.names:
        yield ngettext("{n} of them names {name}.", "{n} of them name {name}.", len(ids), name=name), ids
    yield _orders(found.costs), found.with_orders
    if found.costs.penalty_points:
        yield (
            ngettext(
                "{n} penalty point stands on these orders.",
                "{n} penalty points stand on these orders.",
                found.costs.penalty_points,
            ),
            found.with_orders,
        )
    yield _trust(found), found.ticket_ids


def _change(found: Recurring) -> str:
    now, before = len(found.now), len(found.before)
    if not now and not before:
        return _("None in this window nor in the one before.")
    counts = _("{now} in this window, {before} in the one before", now=number(now), before=number(before))
    if found.ci_low is None:
        return counts + "."
    high = "∞" if found.ci_high is None else number(found.ci_high, digits=1)
    interval = f"{number(found.ci_low, digits=1)}–{high}"
    if not found.is_changed:
        return _("{counts}: no more than chance (× {interval}).", counts=counts, interval=interval)
    return (
        _("{counts}: more often than before (× {interval}).", counts=counts, interval=interval)
        if now > before
        else _("{counts}: less often than before (× {interval}).", counts=counts, interval=interval)
    )


def _orders(costs: Costs) -> str:
    if not costs.orders:
        return ""
    told = [
        ngettext("{n} was late", "{n} were late", costs.late) if costs.late else "",
        ngettext("{n} was refunded", "{n} were refunded", costs.refunded_count) if costs.refunded_count else "",
        ngettext("{n} was charged back", "{n} were charged back", costs.charged_back) if costs.charged_back else "",
    ]
    paid = joined([money(amount, currency) for currency, amount in costs.refunded])
    said = ngettext("{n} order is named", "{n} orders are named", len(costs.orders))
    details = joined([text for text in told if text])
    details = _("{details} ({amount} in all)", details=details, amount=paid) if paid else details
    return _("{orders}: {details}.", orders=said, details=details) if details else _("{orders}.", orders=said)


def _trust(found: Recurring) -> str:
    from app.services.trust import component_labels, level_labels

    name = component_labels().get(found.component)
    if name is None or found.component_points is None or found.component_most is None:
        return ""
    told = _(
        "It touches {component}, which gives {points} of {most} points of the trust score",
        component=_(name),
        points=number(found.component_points, digits=1),
        most=number(found.component_most, digits=1),
    )
    if found.component_change is not None:
        change = f"{found.component_change:+.1f}".replace("-", "−")
        told += _(" ({change} since the day before this window)", change=change)
    level = level_labels().get(found.level)
    return told + (_("; the trust level is {level}.", level=_(level)) if level else ".")


def to_json(found: Recurring) -> dict[str, object]:
    """One line of `trustdesk recurring`."""
    costs = found.costs
    return {
        "merchant_id": found.merchant_id,
        "intent": found.intent,
        "label": label(found),
        "count": len(found.ticket_ids),
        "first_on": found.first_on.isoformat(),
        "last_on": found.last_on.isoformat(),
        "count_now": len(found.now),
        "count_before": len(found.before),
        "ratio": found.ratio,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "open": len(found.open),
        "orders": list(costs.orders),
        "late": costs.late,
        "refunded": dict(costs.refunded),
        "charged_back": costs.charged_back,
        "penalty_points": costs.penalty_points,
        "component": found.component,
        "component_points": found.component_points,
        "component_most": found.component_most,
        "component_change": found.component_change,
        "level": found.level,
        "ticket_ids": list(found.ticket_ids),
        "sentences": [
            {"text": one.text, "cites": [f"ticket:{ticket_id}" for ticket_id in one.ticket_ids]}
            for one in statements(found)
        ],
    }
