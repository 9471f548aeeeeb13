"""The days that policy sets for a matter, worked out from what the records hold: settlements, evidence, appeals, the desk's own next answer.

`today` is the day that a reply counts from: what ran out before it is told as passed, never as open.

Business days are Monday to Friday. Knows no warehouse and no page; what can't be worked out is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from llm.types import Fact

NEW_SHOP_DAYS = 60
"""Shops younger than this settle later, by a rule that no limit of the knowledge gives in figures: nothing is said of their settlement."""


def answer_terms(today: date, limits: Mapping[str, float]) -> Iterator[Fact]:
    """By when the desk writes again: the time that policy gives a person to decide, from `today`, which is a fact itself."""
    from llm.types import Fact

    yield Fact("today", "today", today.isoformat())
    if days := limits.get("appeal_decision"):
        yield Fact("answer_due_date", "answer_due_date", business_days_after(today, int(days)).isoformat())


def appeal_terms(issued_on: date, opened_on: date, today: date, limits: Mapping[str, float]) -> Iterator[Fact]:
    """Until when a penalty can be appealed; once that is past, whether the ticket came in time, and by when it is decided."""
    from llm.types import Fact

    if not (window := limits.get("appeal_window")):
        return
    until = issued_on + timedelta(days=int(window))
    if until >= today:
        yield Fact("appeal_until", "appeal_until", until.isoformat())
    else:
        yield Fact("appeal_period_end", "appeal_period_end", until.isoformat())
        yield Fact("appeal_first_message", "appeal_first_message", opened_on.isoformat())
    if opened_on <= until and (days := limits.get("appeal_decision")):
        yield Fact("review_due_date", "review_due_date", business_days_after(today, int(days)).isoformat())


def settlement_term(
    order_id: str, delivered_on: date, joined_on: date | None, limits: Mapping[str, float]
) -> Iterator[Fact]:
    """When an order's money settles and by when it has been transferred; nothing for a young shop or one of unknown age."""
    from llm.types import Fact

    after, transfer = limits.get("settlement_after_delivery"), limits.get("payout_transfer")
    if not after or not transfer or joined_on is None or (delivered_on - joined_on).days < NEW_SHOP_DAYS:
        return
    settled = delivered_on + timedelta(days=int(after))
    value = f"{order_id}: settlement {settled.isoformat()}, transfer until {business_days_after(settled, int(transfer)).isoformat()}"
    yield Fact(f"order.{order_id}.settlement", "order_settlement", value)


def chargeback_terms(order_id: str, notified_on: date, today: date, limits: Mapping[str, float]) -> Iterator[Fact]:
    """The chargeback of an order, and until when evidence can, or could, be sent."""
    from llm.types import Fact

    yield Fact(f"order.{order_id}.chargeback", "order_chargeback", f"{order_id}: {notified_on.isoformat()}")
    if not (days := limits.get("chargeback_evidence")):
        return
    until = notified_on + timedelta(days=int(days))
    name = "evidence_due_date" if until >= today else "evidence_period_end"
    yield Fact(f"order.{order_id}.{name}", name, until.isoformat())


def business_days_after(day: date, count: int) -> date:
    """The `count`th business day after `day`."""
    moved: date = np.busday_offset(np.datetime64(day, "D"), count, roll="backward").astype(object)
    return moved
