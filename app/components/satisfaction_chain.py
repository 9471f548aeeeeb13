"""The Chain tab: trust of a past day against what its merchants' later buyers experienced and did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.charts.shapes import Estimate
from app.charts.studies import raw_and_adjusted
from app.components.chart import chart_card, empty_card
from app.components.levels import level_name
from app.components.study_words import OBSERVATIONAL, OUTCOMES, between, window_of
from app.components.table import Column
from app.filter_bar import current_filters
from app.i18n import _, day, joined, ngettext, number, sentences
from app.page_errors import page_errors
from app.services import satisfaction_studies as studies
from app.services.figures import time_zone
from app.services.runtime import snapshot_id

if TYPE_CHECKING:
    from analytics.satisfaction.chain import Chain, Link
    from analytics.satisfaction.regression import Slope

CHOICES = ("rating", "effective", "bad", "repeat", "merchant_repeat")


@st.fragment
def chain_tab() -> None:
    """Draw the tab."""
    with page_errors():
        snapshot, scope = snapshot_id(), current_filters().scope()
        with st.skeleton(height=420):
            found = studies.chain(snapshot, scope)
        title = _("Trust → satisfaction → loyalty")
        if found.day is None or found.orders_from is None or found.orders_to is None:
            advice = _(
                "A score of a past day, 60 days of orders after it and 90 more days to come back are needed: choose a later window."
            )
            empty_card(title, "", _("The data is too short for it"), advice, height=420)
            return
        with st.container(border=True):
            st.markdown(f"**{title}**")
            for sentence in _sentences(found):
                st.markdown("- " + sentence)
        outcome = st.segmented_control(
            _("Outcome"),
            CHOICES,
            default=CHOICES[0],
            required=True,
            format_func=lambda name: _(OUTCOMES[name]),
            label_visibility="collapsed",
            key="satisfaction.chain.outcome",
        )
        _bands(found, outcome, snapshot)
        st.caption(
            sentences(
                _(
                    "Levels are those of {day}, before any of these orders. Adjusted: at the same category, month, price and number of earlier orders; intervals clustered by merchant.",
                    day=day(found.day),
                ),
                _(OBSERVATIONAL),
            )
        )


def _slope(slope: Slope | None, unit: str) -> str:
    return "–" if slope is None else between(slope.value, slope.ci_low, slope.ci_high, unit)


def _sentences(found: Chain) -> list[str]:
    links = {link.outcome: link for link in found.links}
    return [
        _(
            "Trust → satisfaction: with ten points more the stars of an order differ by {stars}, and the share of orders that went badly by {bad}.",
            stars=_slope(links["rating"].adjusted, "stars"),
            bad=_slope(links["bad"].adjusted, "rate"),
        )
        if links["rating"].adjusted and links["bad"].adjusted
        else _("Trust → satisfaction: too few orders to tell."),
        _satisfaction_to_loyalty(found.experience),
        _trust_to_loyalty(links["repeat"]),
    ]


def _satisfaction_to_loyalty(link: Link | None) -> str:
    if link is None or link.adjusted is None:
        return _("Satisfaction → loyalty: too few buyers came back to tell.")
    return _(
        "Satisfaction → loyalty: after a bad experience the share of buyers back within 90 days differs by {gap}.",
        gap=_slope(link.adjusted, link.unit),
    )


def _trust_to_loyalty(link: Link) -> str:
    if link.adjusted is None:
        return _("Trust → loyalty: too few buyers came back to tell.")
    said = _(
        "Trust → loyalty: with ten points more the share of buyers back within 90 days differs by {change}.",
        change=_slope(link.adjusted, link.unit),
    )
    if link.given_experience is not None:
        said = sentences(
            said, _("With the same experience, by {change}.", change=_slope(link.given_experience, link.unit))
        )
    return said


def _bands(found: Chain, outcome: str, snapshot: str) -> None:
    assert found.orders_from is not None and found.orders_to is not None  # noqa: PT018
    bands = [one for one in found.bands if one.outcome == outcome]
    told = [one for one in bands if one.adjusted is not None]
    title = _("{outcome}, by trust level before", outcome=_(OUTCOMES[outcome]))
    caption = " · ".join(
        (
            window_of((found.orders_from, found.orders_to), time_zone(snapshot)),
            ngettext("{n} order", "{n} orders", sum(one.n for one in bands)),
        )
    )
    if not told:
        advice = _("A level needs 50 orders of ten merchants, and enough of either outcome.")
        empty_card(title, caption, _("Too few orders to tell"), advice, height=320)
        return
    unit = told[0].unit
    frame = studies.band_table(found, outcome)
    frame["name"] = [_band_name(band) for band in frame["band"]]
    chart_card(
        title,
        caption,
        raw_and_adjusted(
            [f"{_band_name(one.band)} (n = {number(one.n)})" for one in bands],
            [Estimate.of(one.raw, one.n) for one in bands],
            [Estimate.of(one.adjusted, one.n) for one in bands],
            labels=(_("Raw"), _("Adjusted")),
            unit=unit,
            x_title=_(OUTCOMES[outcome]),
            has_zero=False,
            height=320,
        ),
        frame,
        [
            Column("name", _("Level"), pinned=True),
            Column("n", _("Orders"), "count"),
            Column("merchants", _("Merchants"), "count"),
            Column("raw", _("Raw"), unit),
            Column("adjusted", _("Adjusted"), unit),
            Column("adjusted_low", _("from"), unit, help=_("Lower end of the 95% interval")),
            Column("adjusted_high", _("to"), unit, help=_("Upper end of the 95% interval")),
        ],
        key=f"satisfaction.chain.{outcome}",
    )
    missing = [_band_name(one.band) for one in bands if one.adjusted is None]
    if missing:
        st.caption(
            _("Not shown: {names}", names=joined(missing))
            + " · "
            + _("A level needs 50 orders of ten merchants, and enough of either outcome.")
        )


def _band_name(band: str) -> str:
    return _("No score") if band == "no_score" else level_name(band)
