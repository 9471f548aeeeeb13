"""The map of merchants, trust against satisfaction: a click opens a merchant, a lasso filters the page."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.charts.merchants import trust_map
from app.components.chart import card_head, pick_points
from app.components.empty import empty_state
from app.components.levels import level_names
from app.components.table import Column, table
from app.components.words import window_words
from app.filter_bar import change_filters, current_filters, open_merchant
from app.i18n import _, ngettext, number
from app.page_errors import page_errors
from app.services import overview
from app.services.figures import time_zone
from app.services.runtime import snapshot_id

HEIGHT = 430


@st.fragment
def merchant_map() -> None:
    """Draw the map of the page's merchants as a card."""
    with page_errors(), st.container(border=True, height="stretch"):
        filters, snapshot = current_filters(), snapshot_id()
        found = overview.merchant_map(snapshot, filters.scope())
        caption = _(
            "Size: orders of the window; rating and score over {n} days. Click opens, the lasso tool filters.",
            n=number(found.days),
        )
        view = card_head(
            _("Trust against satisfaction, one point a merchant"),
            f"{window_words(filters, time_zone(snapshot))} · {caption}",
            key="map",
        )
        if found.merchants.empty:
            empty_state(
                _("No merchant can be placed yet"),
                _(
                    "A place needs a trust score and enough ratings in the window. Choose a longer window or fewer filters."
                ),
                height=HEIGHT,
            )
        elif view == "table":
            _as_table(found.merchants, _(found.height_name), found.height_unit)
        else:
            _as_map(found)
        if found.left_out:
            st.caption(
                ngettext(
                    "{n} merchant with orders is not on the map: too few orders or ratings",
                    "{n} merchants with orders are not on the map: too few orders or ratings",
                    found.left_out,
                )
            )


def _as_map(found: overview.MerchantMap) -> None:
    title = _("Trust against satisfaction, one point a merchant")
    figure = trust_map(
        found.merchants,
        level_names(),
        title="",
        x_title=_("Trust score (0–100)"),
        y_title=_(found.height_name),
        split=found.split,
        quadrants=(_("Protect"), _("Watch"), _("Act"), _("Coach")),
        orders_label=_("Orders"),
        height=HEIGHT,
    )
    picked = pick_points(figure, key="map.figure", title=title)
    if len(picked) == 1:
        open_merchant(picked[0])
    elif picked:
        change_filters(merchants=picked)
        st.rerun()


def _as_table(frame: pd.DataFrame, height_name: str, height_unit: str) -> None:
    row = table(
        frame,
        [
            Column("name", _("Merchant"), pinned=True),
            Column("trust", _("Trust score"), "score"),
            Column("rating", height_name, height_unit),
            Column("orders", _("Orders"), "count"),
            Column("level", _("Level"), "level"),
        ],
        key="map.table",
        title=_("Trust and satisfaction of merchants"),
        is_clickable=True,
        height=HEIGHT,
    )
    if row is not None:
        open_merchant(str(frame["merchant_id"].iloc[row]))
