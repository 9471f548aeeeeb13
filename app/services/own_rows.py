"""A merchant's own rows behind a sentence of the machine's: the order, the penalty or the figure that it cites, as the records have it now.

Labels stay msgids. Knows no page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd

from app.i18n import N_
from app.services.matter import merchant_facts, merchant_records, named_orders

if TYPE_CHECKING:
    from llm.types import Fact, Thread

ORDER: Mapping[str, str] = {
    "order_id": N_("Order"),
    "placed_on": N_("Placed"),
    "ship_by": N_("Ship by"),
    "shipped_on": N_("Shipped"),
    "carrier": N_("Carrier"),
    "deliver_by": N_("Deliver by"),
    "delivered_on": N_("Delivered"),
    "late_fault": N_("Late"),
    "cancelled_on": N_("Cancelled"),
    "refunded_on": N_("Refunded on"),
    "charged_back_on": N_("Charged back on"),
}
PENALTY: Mapping[str, str] = {
    "penalty_id": N_("Penalty"),
    "clause": N_("Clause"),
    "points": N_("Points"),
    "issued_on": N_("Issued"),
    "expires_on": N_("Expires"),
    "appealed_on": N_("Appealed"),
    "lifted_on": N_("Lifted"),
}
_OF_ORDER = frozenset({"order_id", "order_placed_date", "carrier", "refund_amount", "refund_date", "chargeback_date"})
_TOGETHER = {"score": ("score", "score_level", "score_date"), "late_rate": ("late_rate", "late_rate_limit")}


def own_rows(snapshot_id: str, merchant_id: str, thread: Thread, cite: str) -> tuple[tuple[str, Fact], ...]:
    """The record behind a cite of a fact (`fact:order.ID`, `fact:penalty_points`, `fact:late_rate`) of a thread's answer, a line each: a label
    ('' where the fact's own name says it) and the value. Empty where the records hold it no more."""
    name = cite.removeprefix("fact:")
    orders, penalties = merchant_records(snapshot_id, merchant_id, named_orders(thread))
    facts = {fact.fact_id: fact for fact in merchant_facts(snapshot_id, merchant_id, thread)}
    if name in _OF_ORDER and (main := facts.get("order_id")):
        name = f"order.{main.value}"
    if name.startswith("order."):
        rows = orders[orders["order_id"] == name.removeprefix("order.")].to_dict(orient="records")
        return tuple(_listed(ORDER, rows[0])) if rows else ()
    if name.startswith("penalty_"):
        told = [facts[part].value for part in ("penalty_date", "penalty_clause") if part in facts]
        found = (p for p in penalties if told == [str(p.issued_on), p.clause])
        return next((tuple(_listed(PENALTY, vars(penalty))) for penalty in found), ())
    return tuple(("", facts[part]) for part in _TOGETHER.get(name, (name,)) if part in facts)


def _listed(labels: Mapping[str, str], row: Mapping[Any, Any]) -> Iterator[tuple[str, Fact]]:
    from llm.types import Fact

    for column, label in labels.items():
        value = row[column]
        if value is None or pd.isna(value):
            continue
        if isinstance(value, date):
            yield label, Fact(column, "day_on", value.strftime("%Y-%m-%d"))
        else:
            yield label, Fact(column, column, value, "points" if column == "points" else "")
