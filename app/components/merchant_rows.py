"""One merchant in tabs: what changed, its level and the path to the next, what was not its fault, who rates it, orders, reviews, issues, penalties, timeline, seller programmes, cases. Only the open tab is computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import streamlit as st

from app.components.cases import merchant_cases
from app.components.credibility import draw_credibility
from app.components.empty import empty_state
from app.components.merchant_changes import merchant_changes
from app.components.merchant_level import merchant_level
from app.components.merchant_path import draw_accountable, draw_path
from app.components.programmes import merchant_programmes
from app.components.recurring import recurring_matters
from app.components.table import Column, table
from app.components.words import code_name, window_words
from app.filter_bar import current_filters
from app.i18n import N_, _, joined
from app.page_errors import page_errors
from app.services import merchant, recurring
from app.services.figures import time_zone
from app.services.merchant import ROWS_SHOWN
from app.services.runtime import snapshot_id

TABS = {
    "orders": N_("Orders"),
    "changes": N_("What changed"),
    "level": N_("Level"),
    "path": N_("Path to the next level"),
    "faults": N_("Not its fault"),
    "raters": N_("Who rates this merchant"),
    "reviews": N_("Reviews"),
    "issues": N_("Issues"),
    "penalties": N_("Penalties"),
    "timeline": N_("Timeline"),
    "programmes": N_("Programmes"),
    "cases": N_("Cases"),
}


@st.fragment
def merchant_rows(merchant_id: str) -> None:
    """Draw the tabs for the page's window."""
    with page_errors(), st.container(border=True):
        tabs = st.tabs([_(name) for name in TABS.values()], on_change="rerun", key="merchant.tabs")
        for tab, name in zip(tabs, TABS, strict=True):
            if tab.open:
                with tab:
                    _DRAWN[name](merchant_id)


def _show(frame: pd.DataFrame, columns: list[Column], name: str, merchant_id: str) -> None:
    filters = current_filters()
    if frame.empty:
        empty_state(
            _("Nothing here in this window"),
            _("Choose a longer window in the sidebar, or check on the Data page whether the source holds such rows."),
            height=200,
        )
        return
    caption = window_words(filters, time_zone(snapshot_id()))
    if len(frame) >= ROWS_SHOWN:
        caption += " · " + _("the newest {n}", n=ROWS_SHOWN)
    st.caption(caption)
    table(frame, columns, key=f"merchant.{name}", title=_(TABS[name]), file_name=f"{name}-{merchant_id}")


def _of(merchant_id: str, metric_id: str) -> pd.DataFrame:
    scope = replace(current_filters().scope(), categories=(), regions=(), tiers=(), merchants=(merchant_id,))
    if metric_id == "orders":
        return merchant.orders(snapshot_id(), scope)
    return merchant.happened(snapshot_id(), scope, metric_id)


def _orders(merchant_id: str) -> None:
    frame = _of(merchant_id, "orders")
    if not frame.empty:
        frame["trouble"] = [joined([_(text) for text in texts]) for texts in frame["trouble"]]
    columns = [
        Column("order_id", _("Order"), pinned=True),
        Column("ordered_at", _("Placed"), "moment"),
        Column("amount", _("Amount"), "money"),
        Column("currency", _("Currency")),
        Column("delivered_at", _("Delivered"), "moment"),
        Column("carrier", _("Carrier")),
        Column("first_review_score", _("Stars"), "count"),
        Column("trouble", _("What went wrong")),
    ]
    _show(frame, columns, "orders", merchant_id)


def _reviews(merchant_id: str) -> None:
    columns = [
        Column("order_id", _("Order"), pinned=True),
        Column("reviewed_at", _("Posted"), "moment"),
        Column("score", _("Stars"), "count"),
        Column("event_id", _("Review")),
    ]
    _show(_of(merchant_id, "rating_mean"), columns, "reviews", merchant_id)


def _issues(merchant_id: str) -> None:
    with st.skeleton(height=200):
        matters = recurring.of_merchant(snapshot_id(), current_filters().scope(), merchant_id)
    recurring_matters(matters)
    columns = [
        Column("ticket_id", _("Ticket"), pinned=True),
        Column("opened_at", _("Opened"), "moment"),
        Column("opened_by", _("Opened by")),
        Column("channel", _("Channel")),
        Column("status", _("Status")),
        Column("priority", _("Priority")),
        Column("resolved_at", _("Resolved"), "moment"),
        Column("order_id", _("Order")),
    ]
    frame = _of(merchant_id, "tickets")
    named = {
        column: [code_name(column, code) for code in frame[column]]
        for column in ("opened_by", "channel", "status", "priority")
        if column in frame
    }
    _show(frame.assign(**named), columns, "issues", merchant_id)


def _penalties(merchant_id: str) -> None:
    columns = [
        Column("clause", _("Clause"), pinned=True),
        Column("issued_at", _("Issued"), "moment"),
        Column("penalty_points", _("Points"), "count"),
        Column("expires_at", _("Expires"), "moment"),
        Column("appealed_at", _("Appealed"), "moment"),
        Column("lifted_at", _("Lifted"), "moment"),
        Column("order_id", _("Order")),
    ]
    _show(_of(merchant_id, "penalty_points"), columns, "penalties", merchant_id)


def _timeline(merchant_id: str) -> None:
    scope = replace(current_filters().scope(), categories=(), regions=(), tiers=(), merchants=(merchant_id,))
    frame = merchant.timeline(snapshot_id(), scope)
    columns = [
        Column("at", _("When"), "moment", pinned=True),
        Column("what", _("What")),
        Column("subject", _("Order, ticket or penalty")),
        Column("detail", _("Detail")),
    ]
    frame = frame.assign(
        what=[_(text) for text in frame["what"]], detail=[code_name("detail", code) for code in frame["detail"]]
    )
    _show(frame, columns, "timeline", merchant_id)


_DRAWN: dict[str, Callable[[str], None]] = {
    "changes": merchant_changes,
    "level": merchant_level,
    "path": draw_path,
    "faults": draw_accountable,
    "raters": draw_credibility,
    "orders": _orders,
    "reviews": _reviews,
    "issues": _issues,
    "penalties": _penalties,
    "timeline": _timeline,
    "programmes": merchant_programmes,
    "cases": merchant_cases,
}
