"""The Drivers tab: what goes with stars, positive reviews and returns, raw beside adjusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.charts.shapes import Estimate
from app.charts.studies import raw_and_adjusted
from app.components.chart import chart_card, empty_card
from app.components.study_words import CAUSES, MISSING, OBSERVATIONAL, OUTCOMES, between, sample_words, window_of
from app.components.table import Column
from app.filter_bar import current_filters
from app.i18n import _, difference, figure, joined, ngettext, number, sentences
from app.page_errors import page_errors
from app.services import satisfaction_studies as studies
from app.services.figures import time_zone
from app.services.runtime import snapshot_id

if TYPE_CHECKING:
    from analytics.satisfaction.drivers import Drivers

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


def _say_weightiest(drivers: Drivers) -> None:
    """The cause that takes most from the whole, in a sentence."""
    told = [one for one in drivers.drivers if one.adjusted is not None and one.moves is not None and one.moves < 0]
    if not told:
        return
    most = min(told, key=lambda one: one.moves or 0.0)
    slope = most.adjusted
    assert slope is not None
    st.markdown(
        _(
            "Weighs most: {cause}. With it an order differs by {change}; spread over all orders that is {moves} of a mean of {mean}.",
            cause=_(CAUSES[most.cause]),
            change=between(slope.value, slope.ci_low, slope.ci_high, drivers.unit),
            moves=difference(most.moves, drivers.unit),
            mean=figure(drivers.mean, drivers.unit),
        )
    )


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
            [Estimate.of(one.raw, one.n) for one in told],
            [Estimate.of(one.adjusted, one.n) for one in told],
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
    _say_weightiest(drivers)
    if missing:
        st.caption(_("Not shown: {names}", names=joined(missing)))
    st.caption(
        sentences(
            _(
                "Adjusted: the same merchant in the same month, at a like price, the other causes held constant; intervals clustered by merchant."
            ),
            _(OBSERVATIONAL),
        )
    )
