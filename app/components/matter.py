"""The facts that matter to a ticket: its orders with dates and fault, the merchant's penalties, score and late rate, as records have them."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from app.components.draft_evidence import fact_name
from app.components.levels import level_badge
from app.components.table import Column, table
from app.components.thread import plain
from app.i18n import N_, _, day, joined, ngettext, number, rate
from app.services.matter import Matter, Penalty, clause_title
from app.services.tickets import Ticket

PENALTIES_SHOWN = 2
FAULTS: Mapping[str, str] = {
    "seller": N_("merchant's fault"),
    "carrier": N_("carrier's fault"),
    "buyer": N_("buyer's fault"),
    "platform": N_("platform's fault"),
    "unknown": N_("fault unknown"),
}


def matter_panel(ticket: Ticket, found: Matter) -> None:
    """Draw the records behind a ticket."""
    facts = {fact.fact_id: fact.value for fact in found.facts}
    said = [level_badge(ticket.level)]
    if isinstance(facts.get("score"), float | int):
        said.append(_("trust score {score}", score=number(float(facts["score"]), digits=1)))
    if isinstance(facts.get("late_rate"), float):
        late = _("{name} {value}", name=fact_name("late_rate"), value=rate(float(facts["late_rate"])))
        limit = facts.get("late_rate_limit")
        said.append(f"{late} ({_('limit {limit}', limit=rate(float(limit) / 100))})" if limit is not None else late)
    st.markdown(" · ".join(said))
    _orders(found)
    _penalties(found.penalties)


def _orders(found: Matter) -> None:
    if len(found.orders):
        frame = found.orders.assign(
            amount=found.orders["amount_minor"] / 100,
            fault=[
                _late(bool(late), fault)
                for late, fault in zip(
                    found.orders["is_delivered_late"].fillna(False), found.orders["late_fault"], strict=True
                )
            ],
        )
        table(
            frame,
            [
                Column("order_id", _("Order"), pinned=True, width=84),
                Column("fault", _("Late"), width=100),
                Column("deliver_by", _("Deliver by"), "date", width=79),
                Column("delivered_on", _("Delivered"), "date", width=79),
                Column("placed_on", _("Placed"), "date", width=79),
                Column("shipped_on", _("Shipped"), "date", width=79),
                Column("carrier", _("Carrier")),
                Column("amount", _("Amount"), "money"),
                Column("currency", _("Currency")),
            ],
            key="matter.orders",
            title=_("Orders of this thread"),
        )
        st.caption(f":small[:material/swap_horiz: {_('To the right: placed, shipped, carrier, amount')}]")
    else:
        st.caption(_("The thread names no order of this merchant."))
        if possible := [str(fact.value).partition(":")[0] for fact in found.facts if fact.name == "order_possible"]:
            st.caption(_("It may be about: {orders}", orders=joined([plain(order_id) for order_id in possible])))
    if found.unknown_orders:
        named = joined([plain(order_id) for order_id in found.unknown_orders])
        st.markdown(f":orange[:material/help: {_('Named, but not an order of this merchant: {orders}', orders=named)}]")


def _late(is_late: bool, fault: object) -> str:
    if not is_late:
        return _("on time or open")
    return _(FAULTS.get(str(fault), FAULTS["unknown"]))


def _penalties(penalties: tuple[Penalty, ...]) -> None:
    if not penalties:
        st.caption(_("No penalty on record."))
        return
    for penalty in penalties[:PENALTIES_SHOWN]:
        parts = [f"**{plain(penalty.clause)}** {plain(clause_title(penalty))}"]
        if penalty.points is not None:
            parts.append(ngettext("{n} point", "{n} points", penalty.points))
        dates = (
            (N_("issued {day}"), penalty.issued_on),
            (N_("expires {day}"), penalty.expires_on),
            (N_("appealed {day}"), penalty.appealed_on),
            (N_("lifted {day}"), penalty.lifted_on),
        )
        parts += [_(text, day=day(value)) for text, value in dates if value is not None]
        st.caption(":material/gavel: " + " · ".join(parts))
    if len(penalties) > PENALTIES_SHOWN:
        left = len(penalties) - PENALTIES_SHOWN
        st.caption(ngettext("and {n} older penalty", "and {n} older penalties", left))
