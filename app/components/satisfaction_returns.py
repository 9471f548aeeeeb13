"""The Loyalty tab: who comes back after a good and after a bad experience, with intervals."""

from __future__ import annotations

import streamlit as st

from app.charts.studies import returns as curves_figure
from app.components.chart import chart_card, empty_card
from app.components.estimates import ranked_card
from app.components.study_words import OBSERVATIONAL, between, sample_words, window_of
from app.components.table import Column
from app.filter_bar import current_filters
from app.i18n import _, ngettext, number, sentences
from app.services import satisfaction
from app.services import satisfaction_studies as studies
from app.services.figures import time_zone
from app.services.runtime import snapshot_id

SURE = 0.001


def returns_tab() -> None:
    """Draw the tab."""
    snapshot, scope = snapshot_id(), current_filters().scope()
    with st.skeleton(height=420):
        found = studies.returns(snapshot, scope)
    _curves(found, snapshot)
    ranked_card(
        satisfaction.repeats(snapshot, scope),
        snapshot,
        title=_("Buyers who come back within 90 days"),
        unit="rate",
        x_title=_("Share of orders"),
        key="satisfaction.repeats",
    )


def _curves(found: studies.Returned, snapshot: str) -> None:
    cohorts = found.cohorts
    title = _("Buyers back after their first order of the window, by experience")
    caption = window_of(found.window, time_zone(snapshot)) + sample_words(found.every)
    if cohorts.status != "ok":
        reason = _(
            "{returns} of {buyers} buyers came back", returns=number(cohorts.returns), buyers=number(cohorts.buyers)
        )
        advice = _(
            "Each curve needs ten buyers who came back: this source has hardly any buyer who orders twice, or the window is too short."
        )
        empty_card(title, caption, reason, advice, height=380)
        return
    chart_card(
        title,
        caption + " · " + ngettext("{n} buyer", "{n} buyers", cohorts.buyers),
        curves_figure(
            studies.curve_table(cohorts),
            {"good": _("No bad experience"), "bad": _("Bad experience")},
            x_title=_("Days since the order ended"),
            y_title=_("Share back, with 95% band"),
            height=380,
        ),
        studies.curve_table(cohorts).assign(
            experience=lambda rows: [
                _("Bad experience") if name == "bad" else _("No bad experience") for name in rows["experience"]
            ]
        ),
        [
            Column("experience", _("Experience"), pinned=True),
            Column("day", _("Days after"), "count"),
            Column("back", _("Share back"), "rate"),
            Column("ci_low", _("from"), "rate", help=_("Lower end of the 95% interval")),
            Column("ci_high", _("to"), "rate", help=_("Upper end of the 95% interval")),
            Column("at_risk", _("Still observed"), "count"),
        ],
        key="satisfaction.returns",
    )
    if cohorts.difference is not None and cohorts.p_value is not None:
        chance = (
            _("below {p}", p=number(SURE, digits=3)) if cohorts.p_value < SURE else number(cohorts.p_value, digits=3)
        )
        st.markdown(
            _(
                "After {day} days, good less bad: {gap}. Log-rank test: p {p}.",
                day=number(cohorts.difference_day),
                gap=between(cohorts.difference, cohorts.difference_low, cohorts.difference_high, "rate"),
                p=chance,
            )
        )
    st.caption(
        sentences(
            _(
                "Bad: late through the merchant, cancelled not by the buyer, a review of 1 or 2, a dispute; it counts from the moment it was known. Who has not come back by the data's end is not "
                "counted as lost. Left out: {unfinished} orders that have not ended and {early} buyers who ordered again before.",
                unfinished=number(cohorts.unfinished),
                early=number(cohorts.back_before_end),
            ),
            _(OBSERVATIONAL),
        )
    )
