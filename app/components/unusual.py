"""“Unusual”: merchants' days outside what was to be expected of them; a click opens the merchant in that window."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from app.components.cases import open_case
from app.components.empty import empty_state
from app.components.on_demand import is_asked
from app.components.table import Column, table
from app.components.words import window_words
from app.filter_bar import change_filters, current_filters
from app.i18n import _, figure, ngettext
from app.page_errors import page_errors
from app.services import watch
from app.services.figures import time_zone
from app.services.runtime import snapshot_id


@st.fragment(parallel=True)
def unusual() -> None:
    """Draw the list for the page's filters; drawn beside the rest of the page, which does not wait for it."""
    with page_errors(), st.container(border=True):
        filters, snapshot = current_filters(), snapshot_id()
        st.markdown("**" + _("Unusual") + "**")
        st.caption(
            window_words(filters, time_zone(snapshot))
            + " · "
            + _("Days outside a merchant's own past and the marketplace's day; at most 5% of them by chance")
        )
        why = _("Judging all merchants of a marketplace of this size takes up to some minutes.")
        key = f"overview.unusual.asked.{snapshot}"
        if not watch.is_quick(snapshot) and not is_asked(key, _("Look for unusual days"), why):
            return
        frame = watch.unusual(snapshot, filters.scope())
        if frame.empty:
            empty_state(
                _("Nothing unusual"),
                _("No merchant with enough volume strays further than chance explains."),
                icon=":material/check_circle:",
                height=120,
            )
            return
        row = table(
            _in_words(frame).assign(case=":material/assignment_add:"),
            [
                Column("name", _("Merchant"), pinned=True),
                Column("metric", _("Metric")),
                Column("verdict", _("What it means")),
                Column("day", _("Last day"), "date"),
                Column("length", _("Length")),
                Column("seen", _("Value")),
                Column("due", _("Expected")),
                Column("case", _("Case"), "button", help=_("Opens a case about it")),
            ],
            key="overview.unusual",
            title=_("Unusual"),
            is_clickable=True,
            on_button=lambda place: _open_case(frame.iloc[place]),
        )
        if row is not None:
            chosen = frame.iloc[row]
            change_filters(merchants=(str(chosen["merchant_id"]),), date_from=chosen["first"], date_to=chosen["last"])
            st.switch_page("views/merchant.py")


def _open_case(alert: pd.Series[Any]) -> None:
    open_case(str(alert["merchant_id"]), "alert", f"{alert['metric_id']}@{alert['day']}")


def _in_words(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(
        metric=[_(name) for name in frame["metric"]],
        verdict=[_verdict(is_bad) for is_bad in frame["is_bad"]],
        length=[ngettext("{n} day", "{n} days", int(days)) for days in frame["run_days"]],
        seen=[figure(value, unit) for value, unit in zip(frame["value"], frame["unit"], strict=True)],
        due=[figure(value, unit) for value, unit in zip(frame["expected"], frame["unit"], strict=True)],
    )


def _verdict(is_bad: bool | None) -> str:
    if is_bad is None:
        return _("neither")
    return _("worse") if is_bad else _("better")
