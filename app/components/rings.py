"""Merchants that share reviewers more than chance explains, with the evidence; a click opens a merchant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from app.components.empty import empty_state
from app.components.table import Column, table
from app.filter_bar import current_filters, open_merchant
from app.i18n import _, day, figure, joined, ngettext, number
from app.page_errors import page_errors
from app.services import attacks
from app.services.runtime import snapshot_id

if TYPE_CHECKING:
    from analytics.trust.rings import Ring


@st.fragment
def rings_board() -> None:
    """The rings found at the end of the window, and the chosen one's members, links, bursts, words and orders."""
    with page_errors():
        snapshot, last = snapshot_id(), current_filters().date_to
        with st.skeleton(height=320):
            found = attacks.rings(snapshot, last)
        if not found:
            empty_state(
                _("No ring found"),
                _("No merchants share reviewers more than their popularity and category explain, in the year up to {day}.", day=day(last)),
            )  # fmt: skip
            return
        with st.container(border=True):
            st.markdown("**" + _("Merchants that share reviewers") + "**")
            st.caption(
                _(
                    "In the year up to {day}, least likely by chance first. A finding for a person to judge, not a verdict. Click one for its evidence.",
                    day=day(last),
                )
            )
            frame = attacks.ring_table(found)
            row = table(
                frame,
                _ring_columns(),
                key="trust.rings",
                title=_("Merchants that share reviewers"),
                is_clickable=True,
                file_name="rings",
            )
        if row is not None:
            st.session_state["trust.ring"] = found[row].ring_id
        chosen = next((ring for ring in found if ring.ring_id == st.session_state.get("trust.ring")), found[0])
        _draw_ring(snapshot, chosen)


def _ring_columns() -> list[Column]:
    return [
        Column("ring_id", _("Ring"), pinned=True),
        Column("members", _("Members"), "count"),
        Column("reviewers", _("Reviewers"), "count", help=_("Buyers who praised two fifths of the members or more")),
        Column("shared", _("Shared"), "count", help=_("Reviewers that two members share, summed over the linked pairs")),
        Column("expected", _("Expected"), "points", help=_("By chance, popularity, category and region")),
        Column("p_value", _("Chance"), help=_("How likely so many are by chance")),
        Column("texts", _("Near-duplicates"), "rate", help=_("Share of the ring's texts that nearly repeat another in rare words")),
        Column("usual_texts", _("Usual"), "rate", help=_("The same among as many other reviews")),
        Column("bursts", _("Bursts"), "count", help=_("Stretches of four days in which the reviews pile up")),
        Column("orders", _("Orders"), "count"),
    ]  # fmt: skip


def _draw_ring(snapshot: str, ring: Ring) -> None:
    with st.container(border=True):
        st.markdown(f"**{_('Evidence: {ring}', ring=ring.ring_id)}**")
        st.caption(
            _(
                "{shared} shared reviewers where chance explains {expected}. Click a member to open it.",
                shared=number(ring.shared),
                expected=number(ring.expected, digits=1),
            )
        )
        if ring.burst_days:
            bursts = joined(
                [
                    _("{day} ({n})", day=day(first), n=figure(float(n), "count"))
                    for first, n, _expected in ring.burst_days[:6]
                ]
            )
            st.caption(_("Reviews pile up within four days from: {bursts}", bursts=bursts))
        members = attacks.ring_members(snapshot, current_filters().date_to, ring)
        row = table(
            members,
            [
                Column("name", _("Merchant"), pinned=True),
                Column("score", _("Score"), "score"),
                Column("level", _("Level"), "level"),
                Column("shared", _("Shared"), "count"),
                Column("merchant_id", _("Id")),
            ],
            key=f"trust.ring.members.{ring.ring_id}",
            title=_("Members"),
            is_clickable=True,
            file_name=f"{ring.ring_id}-members",
        )
        if row is not None:
            open_merchant(str(members["merchant_id"].iloc[row]))
        _draw_evidence(snapshot, ring)


def _draw_evidence(snapshot: str, ring: Ring) -> None:
    links, reviewers, texts, orders = st.tabs([_("Shared reviewers"), _("Reviewers"), _("Similar texts"), _("Orders")])
    with links:
        table(
            attacks.ring_links(snapshot, ring),
            [
                Column("name", _("Merchant"), pinned=True),
                Column("other", _("Merchant")),
                Column("shared", _("Shared"), "count"),
                Column("expected", _("Expected"), "points"),
                Column("p_value", _("Chance")),
            ],
            key=f"trust.ring.links.{ring.ring_id}",
            title=_("Shared reviewers"),
            file_name=f"{ring.ring_id}-links",
        )
    with reviewers:
        table(
            attacks.ring_reviewers(ring),
            [Column("buyer_id", _("Buyer"), pinned=True), Column("members", _("Members"), "count")],
            key=f"trust.ring.reviewers.{ring.ring_id}",
            title=_("Reviewers"),
            file_name=f"{ring.ring_id}-reviewers",
        )
    with texts:
        frame = attacks.ring_texts(ring)
        if frame.empty:
            empty_state(
                _("No texts to compare"), _("Hardly any of these reviews have words, or theirs are everybody's.")
            )
        else:
            table(
                frame,
                [
                    Column("text", _("Text"), pinned=True, width=360),
                    Column("other", _("Nearly the same"), width=360),
                    Column("likeness", _("Likeness"), "rate"),
                    Column("order_id", _("Order")),
                    Column("other_id", _("Order")),
                ],
                key=f"trust.ring.texts.{ring.ring_id}",
                title=_("Similar texts"),
                file_name=f"{ring.ring_id}-texts",
            )
    with orders:
        st.caption(ngettext("{n} order", "{n} orders", len(ring.order_ids)))
        table(
            pd.DataFrame({"order_id": list(ring.order_ids)}),
            [Column("order_id", _("Order"))],
            key=f"trust.ring.orders.{ring.ring_id}",
            title=_("Orders"),
            file_name=f"{ring.ring_id}-orders",
        )
