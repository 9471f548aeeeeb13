"""What a scenario would change: cards with intervals, scores before and after, who crosses, and the assumptions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from app.charts.bars import score_distribution
from app.components.chart import chart_card
from app.components.empty import empty_state
from app.components.table import Column, table
from app.components.whatif_words import assumption_list
from app.filter_bar import open_merchant
from app.i18n import _, day, difference, figure, ngettext
from app.services import scenarios
from app.services.lever_words import lever_label
from app.services.scenario_export import MIXED, assumption_words, outcome_cells

if TYPE_CHECKING:
    from analytics.whatif import Outcome, Segment, WhatifResult

CARD_HEIGHT = 150


def outcome_cards(result: WhatifResult) -> None:
    """One card an outcome: its value under the scenario, the change and the change's interval.

    Uncoloured: whether more merchants below a limit is good is for the reader to say.
    """
    with st.grid(4, min_column_width=150, gap="xsmall"):
        for outcome in scenarios.shown_outcomes(result):
            if outcome.outcome != "mean_score" and not _is_of_the_mix(outcome):
                _card(outcome)


def _is_of_the_mix(outcome: Outcome) -> bool:
    """A rate that changes with the mix of orders: many rates at once, which a table holds."""
    return "rate" in outcome.group and any(key in outcome.group for key in MIXED)


def mix_table(result: WhatifResult) -> None:
    """What orders that go elsewhere bring with them, rate by rate; nothing where none does."""
    told = [outcome for outcome in scenarios.shown_outcomes(result) if _is_of_the_mix(outcome)]
    if not told:
        return
    rows = [
        (lever_label("rate", one.group["rate"], None), _(scenarios.OUTCOMES[one.outcome][0]), *outcome_cells(one))
        for one in told
    ]
    names = ("rate", "figure", "now", "then", "change")
    title = _("What the moved orders bring, rate by rate")
    with st.container(border=True):
        st.markdown("**" + title + "**")
        table(
            pd.DataFrame(rows, columns=names),
            [
                Column("rate", _("Rate"), pinned=True, width=185),
                Column("figure", _("Figure"), width=130),
                Column("now", _("now")),
                Column("then", _("then")),
                Column("change", _("Change (95% interval)"), width=300),
            ],
            key="whatif.mix",
            title=title,
            file_name="mix",
        )


def _card(outcome: Outcome) -> None:
    unit = scenarios.OUTCOMES[outcome.outcome][1]
    currency = outcome.group.get("currency")
    expected = outcome.outcome in scenarios.EXPECTED
    digits = {"count": 1 if expected else 0, "money": 2}.get(
        unit, 6
    )  # of counted ones: a merchant or an order is no fraction
    value, change, low, high = (
        round(number, digits) for number in (outcome.value, outcome.change, outcome.ci_low, outcome.ci_high)
    )
    with st.container(border=True, height=CARD_HEIGHT, gap=None, vertical_alignment="distribute"):
        st.metric(
            _card_name(outcome),
            figure(value, unit, currency=currency, short=True),
            difference(change, unit, currency=currency),
            delta_color="off",
            delta_arrow="up" if change > 0 else "down" if change < 0 else "off",
            help=_("Of the merchants that cross the limit") if outcome.outcome in scenarios.TOUCHED else None,
        )
        if low == high == 0:
            st.caption(_("No change"))
        elif outcome.ci_low == outcome.ci_high:
            st.caption(_("Set by the lever"))
        else:
            ends = [difference(end, unit, currency=currency) for end in (low, high)]
            st.caption(_("95% interval {low} to {high}", low=ends[0], high=ends[1]), help=_parts(outcome, unit))


def _parts(outcome: Outcome, unit: str) -> str:
    """Where an interval comes from: what is not known of merchants' true rates, and what is not known of an effect."""
    currency = outcome.group.get("currency")
    ends = [
        difference(round(end, 6), unit, currency=currency)
        for end in (outcome.sampling_low, outcome.sampling_high, outcome.effect_low, outcome.effect_high)
    ]
    if outcome.effect_low == outcome.effect_high:
        return _("All of it comes from what is not known of merchants' true rates.")
    return _(
        "True rates alone: {low} to {high}. The effect alone: {least} to {most}.",
        low=ends[0],
        high=ends[1],
        least=ends[2],
        most=ends[3],
    )


def _card_name(outcome: Outcome) -> str:
    """The outcome's name; what a lever sets itself is named by the rate, the carrier or the group that it counts for."""
    name = _(scenarios.OUTCOMES[outcome.outcome][0])
    if outcome.outcome == "carrier_orders":
        return _("Orders with {carrier}", carrier=outcome.group["carrier"])
    mixed = next((outcome.group[key] for key in MIXED if key in outcome.group), "")
    of = lever_label("rate", outcome.group["rate"], None) if "rate" in outcome.group else mixed
    return f"{name}: {of}" if of else name


def assumption_box(result: WhatifResult, segment: Segment) -> None:
    """“Simulated under these assumptions”, with what kind of answer it is; a click shows the assumptions. What the data don't bear out is said at once."""
    label = result.outcomes[0].label
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(_(scenarios.LABELS[label]), icon=":material/science:", color="green" if label == "exact" else "orange")
        assumption_list(result, segment)
    for sentence in assumption_words(replace(result, assumptions=result.warnings), segment):
        st.warning(sentence, icon=":material/warning:")


def score_change(result: WhatifResult) -> None:
    """Scores of the segment's merchants before and after, with the limit."""
    scored = scenarios.segment_scores(result)
    chart_card(
        _("Scores before and after"),
        _("Merchants of the segment with a score · as of {day}", day=day(result.as_of)),
        score_distribution(
            list(scored["score_after"]),
            [result.limit_after],
            title="",
            x_title=_("Trust score (0–100)"),
            y_title=_("Merchants"),
            compared=list(scored["score_before"]),
            name=_("after"),
            compared_name=_("before"),
            height=250,
        ),
        scored,
        [
            Column("name", _("Merchant"), pinned=True),
            Column("score_before", _("before"), "score"),
            Column("score_after", _("after"), "score"),
            Column("level_after", _("Level"), "level"),
        ],
        key="whatif.scores",
    )


def crossing_list(result: WhatifResult) -> None:
    """Who crosses the limit; a click opens the merchant."""
    crossing = scenarios.crossing_table(result)
    with st.container(border=True):
        st.markdown(
            "**" + ngettext("{n} merchant crosses the limit", "{n} merchants cross the limit", len(crossing)) + "**"
        )
        if crossing.empty:
            empty_state(_("Nobody crosses"), _("Move a lever to see who would."), height=110)
            return
        row = table(
            crossing,
            [
                Column("name", _("Merchant"), pinned=True, width=190),
                Column("score_before", _("before"), "score"),
                Column("score_after", _("after"), "score"),
                Column("change", _("Change"), "change:score"),
                Column("level_after", _("Level"), "level"),
                Column("n", _("Orders"), "count"),
            ],
            key="whatif.crossing",
            title=_("Merchants that cross the limit"),
            is_clickable=True,
            file_name="crossings",
        )
        if row is not None:
            open_merchant(str(crossing["merchant_id"].iloc[row]))
