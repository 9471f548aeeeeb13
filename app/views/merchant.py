"""Merchant: one merchant whole. Score and why, trends, and what happened; without a merchant, a list to pick from."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from app.components.empty import empty_state
from app.components.header import page_header
from app.components.merchant_rows import merchant_rows
from app.components.merchant_trend import merchant_trend
from app.components.standing import draw_contributions, draw_profile, draw_rates, draw_standing, say_later
from app.components.table import Column, table
from app.filter_bar import change_filters, current_filters, open_merchant
from app.i18n import _, ngettext
from app.page_errors import page_errors
from app.services import merchant, trust
from app.services.figures import Number
from app.services.runtime import snapshot_id


@st.fragment
def draw_list() -> None:
    """Merchants of the filters; typing narrows the list, a click opens."""
    with page_errors(), st.container(border=True):
        wanted = st.text_input(
            _("Find a merchant"),
            placeholder=_("Name or id"),
            icon=":material/search:",
            label_visibility="collapsed",
            key="merchant.search",
        )
        board = trust.board(snapshot_id(), current_filters().scope())
        if board.empty:
            empty_state(_("No merchant here"), _("The filters leave no merchant. Reset them in the sidebar."))
            return
        frame = trust.find(board, wanted)
        if frame.empty:
            empty_state(
                _("No merchant by this name"), _("Try a part of the name, or reset the filters in the sidebar.")
            )
            return
        st.caption(ngettext("{n} merchant. Click opens.", "{n} merchants. Click opens.", len(frame)))
        row = table(
            frame,
            [
                Column("name", _("Merchant"), pinned=True),
                Column("category", _("Category")),
                Column("region", _("Region")),
                Column("tier", _("Tier")),
                Column("score", _("Score"), "score"),
                Column("level", _("Level"), "level"),
                Column("n", _("Orders"), "count", help=_("Orders that the score looks at")),
                Column("merchant_id", _("Id")),
            ],
            key="merchant.list",
            title=_("Merchants"),
            is_clickable=True,
            height=560,
        )
        if row is not None:
            open_merchant(str(frame["merchant_id"].iloc[row]))


def draw_merchant(merchant_id: str) -> None:
    snapshot, filters = snapshot_id(), current_filters()
    with st.container(horizontal=True, vertical_alignment="bottom", wrap=False):
        draw_profile(merchant.profile(snapshot, merchant_id))
        st.button(
            _("All merchants"),
            icon=":material/arrow_back:",
            type="tertiary",
            on_click=change_filters,
            kwargs={"merchants": ()},
        )
    own = replace(filters.scope(), categories=(), regions=(), tiers=(), merchants=(merchant_id,))
    standing = merchant.standing(snapshot, filters.scope(), filters.compare, merchant_id)
    if standing is None:
        say_later(filters.date_to)
        return
    draw_standing(standing, Number(trust.METRIC_ID, own))
    grid = st.grid(2, min_column_width=420, gap="small")
    with grid.cell():
        draw_contributions(merchant_id, status=standing.now.status)
    with grid.cell():
        merchant_trend(merchant_id)
    draw_rates(merchant_id)
    merchant_rows(merchant_id)


page_header(_("Merchant"))
snapshot_id()
chosen = current_filters().merchants
if len(chosen) == 1:
    draw_merchant(chosen[0])
else:
    draw_list()
