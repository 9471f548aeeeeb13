"""The Drivers tab: what goes with stars, positive reviews and returns, raw beside adjusted."""

from __future__ import annotations

import streamlit as st

from app.charts.shapes import Estimate
from app.charts.studies import raw_and_adjusted
from app.components.chart import chart_card, empty_card
from app.components.study_words import CAUSES, MISSING, OBSERVATIONAL, OUTCOMES, between, sample_words, window_of
from app.components.table import Column
from app.filter_bar import current_filters
from app.i18n import _, joined, ngettext, number
from app.page_errors import page_errors
from app.services import satisfaction_studies as studies
from app.services.figures import time_zone
from app.services.runtime import snapshot_id

CHOICES = ("rating", "positive", "repeat")


@st.fragment
def drivers_tab() -> None:
    """Draw the tab."""
    with page_errors():
        snapshot, scope = snapshot_id(), current_filters().scope()
        outcome = st.segmented_control(
            _("Outcome"),
            CHOICES,
            default=CHOICES[0],
            required=True,
            format_func=lambda name: _(OUTCOMES[name]),
            label_visibility="collapsed",
            key="satisfaction.drivers.outcome",
        )
        with st.skeleton(height=420):
            found = studies.drivers(snapshot, scope, outcome)
        _draw(found, snapshot)


def _draw(found: studies.Driven, snapshot: str) -> None:
    drivers = found.drivers
    title = _("What goes with: {outcome}", outcome=_(OUTCOMES[drivers.outcome]))
    told = sorted(
        (one for one in drivers.drivers if one.adjusted is not None),
        key=lambda one: one.adjusted.value if one.adjusted else 0.0,
    )
    missing = [
        _("{name}: {why}", name=_(CAUSES[one.cause]), why=_(MISSING[one.status]))
        for one in drivers.drivers
        if one.status in MISSING
    ]
    caption = window_of(found.window, time_zone(snapshot)) + sample_words(found.every)
    if not told:
        reason = _("Too few orders to tell") if drivers.status != "ok" else joined(missing)
        empty_card(title, caption, reason, _("Choose a longer window or fewer filters."), height=420)
        return
    unit = drivers.unit
    frame = studies.driver_table(drivers)
    frame["name"] = [_(CAUSES[cause]) for cause in frame["cause"]]
    frame["why"] = [_(MISSING[status]) if status in MISSING else "" for status in frame["status"]]
    counted = (
        ngettext("{n} order", "{n} orders", drivers.orders)
        + " · "
        + ngettext("{n} merchant", "{n} merchants", drivers.merchants)
    )
    chart_card(
        title,
        f"{caption} · {counted}",
        raw_and_adjusted(
            [f"{_(CAUSES[one.cause])} (n = {number(one.n)})" for one in told],
            [
                Estimate("", one.raw.value, one.raw.ci_low, one.raw.ci_high, one.n) if one.raw else Estimate("", None)
                for one in told
            ],
            [
                Estimate("", one.adjusted.value, one.adjusted.ci_low, one.adjusted.ci_high, one.n)
                if one.adjusted
                else Estimate("", None)
                for one in told
            ],
            labels=(_("Raw"), _("Adjusted")),
            unit=unit,
            x_title=_("Difference in stars") if unit == "stars" else _("Difference in percentage points"),
            has_zero=True,
            height=420,
        ),
        frame,
        [
            Column("name", _("Cause"), pinned=True),
            Column("n", _("Orders"), "count"),
            Column("share", _("Share of orders"), "rate"),
            Column("raw", _("Raw"), f"change:{unit}"),
            Column("adjusted", _("Adjusted"), f"change:{unit}"),
            Column("adjusted_low", _("from"), f"change:{unit}", help=_("Lower end of the 95% interval")),
            Column("adjusted_high", _("to"), f"change:{unit}", help=_("Upper end of the 95% interval")),
            Column(
                "moves",
                _("Moves the whole by"),
                f"change:{unit}",
                help=_("Adjusted difference times the share of orders"),
            ),
            Column("why", _("Note")),
        ],
        key=f"satisfaction.drivers.{drivers.outcome}",
    )
    weightiest = min((one for one in told if one.moves is not None), key=lambda one: one.moves or 0.0, default=None)
    if weightiest is not None and weightiest.adjusted is not None and (weightiest.moves or 0.0) < 0:
        slope = weightiest.adjusted
        st.markdown(
            _(
                "Weighs most: {cause}. An order with it has {change}; over all orders that makes {moves}.",
                cause=_(CAUSES[weightiest.cause]),
                change=between(slope.value, slope.ci_low, slope.ci_high, unit),
                moves=between(
                    weightiest.moves,
                    slope.ci_low * (weightiest.share or 0.0),
                    slope.ci_high * (weightiest.share or 0.0),
                    unit,
                ),
            )
        )
    if missing:
        st.caption(_("Not shown: {names}", names=joined(missing)))
    st.caption(
        _(
            "Adjusted: the same merchant in the same month, at a like price, the other causes held constant; intervals clustered by merchant."
        )
        + " "
        + _(OBSERVATIONAL)
    )
