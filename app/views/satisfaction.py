"""Satisfaction: how buyers feel, how many of them said so, where it comes from, and whether they come back."""

from __future__ import annotations

import streamlit as st

from app.charts.bars import paired
from app.charts.series import trend_with_coverage
from app.components.chart import chart_card, empty_card
from app.components.estimates import ranked_card
from app.components.header import page_header
from app.components.metric_card import card_row
from app.components.table import Column
from app.components.words import period_name, window_words
from app.filter_bar import current_filters
from app.filters import Filters
from app.i18n import _, number
from app.page_errors import page_errors
from app.services import satisfaction
from app.services.figures import Number, definition, time_zone
from app.services.runtime import snapshot_id


def draw_cards(snapshot: str, filters: Filters) -> None:
    found = satisfaction.cards(snapshot, filters.scope(), filters.compare)
    notes = [
        "" if one.per_order is None else _("{n} per 100 orders", n=number(one.per_order * 100, digits=0))
        for one in found
    ]
    numbers = [Number(one.card.metric_id, filters.scope()) for one in found]
    card_row([one.card for one in found], numbers, key="satisfaction", columns=4, notes=notes)


@st.fragment
def draw_trend() -> None:
    with page_errors():
        filters, snapshot = current_filters(), snapshot_id()
        metric_id = st.segmented_control(
            _("Metric"),
            satisfaction.TREND_METRICS,
            default=satisfaction.TREND_METRICS[0],
            required=True,
            format_func=lambda name: _(definition(Number(name, filters.scope())).name),
            label_visibility="collapsed",
            key="satisfaction.metric",
        )
        spec = definition(Number(metric_id, filters.scope()))
        found = satisfaction.trend(snapshot, filters.scope(), metric_id)
        title = _("{metric} by {period}, with 95% band", metric=_(spec.name), period=period_name(found.period))
        if not any(point.value is not None for point in found.points):
            advice = _("Choose a longer window, or load a source that has these answers.")
            empty_card(title, "", _("No period of this window has enough answers"), advice, height=380)
            return
        chart_card(
            title,
            window_words(filters, time_zone(snapshot))
            + " · "
            + (
                _("below: share of delivered orders that was reviewed")
                if metric_id in satisfaction.REVIEWED
                else _("below: answers per order placed")
            ),
            trend_with_coverage(
                found.points,
                found.coverage,
                unit=spec.unit,
                y_title=_(spec.name),
                coverage_title=_("Coverage"),
                incomplete_label=_("incomplete"),
            ),
            satisfaction.trend_table(found),
            [
                Column("day", _("From"), "date", pinned=True),
                Column("value", _(spec.name), spec.unit),
                Column("ci_low", _("from"), spec.unit, help=_("Lower end of the 95% interval")),
                Column("ci_high", _("to"), spec.unit, help=_("Upper end of the 95% interval")),
                Column("n", _("n"), "count"),
                Column("coverage", _("Coverage"), "rate"),
            ],
            key=f"satisfaction.trend.{metric_id}",
        )


def draw_shares(snapshot: str, filters: Filters) -> None:
    title = _("Positive reviews against effective positive share")
    found = satisfaction.shares(snapshot, filters.scope())
    names = [pair.name or _("All") for pair in found]
    if not found:
        empty_card(title, "", _("Not enough reviews"), _("Choose a longer window or fewer filters."))
        return
    chart_card(
        title,
        window_words(filters, time_zone(snapshot)) + " · " + _("effective counts silence as not positive"),
        paired(
            names,
            [pair.plain for pair in found],
            [pair.effective for pair in found],
            labels=(_("Positive, of reviews"), _("Positive, of delivered orders")),
            x_title=_("Share"),
            height=120 + 30 * len(found),
        ),
        satisfaction.share_table(found, _("All")),
        [
            Column("name", _("Category"), pinned=True),
            Column("plain", _("Positive, of reviews"), "rate"),
            Column("effective", _("Positive, of delivered orders"), "rate"),
            Column("reviews", _("Reviews"), "count"),
            Column("delivered", _("Delivered"), "count"),
        ],
        key="satisfaction.shares",
    )


page_header(_("Satisfaction"))
SNAPSHOT, FILTERS = snapshot_id(), current_filters()
draw_cards(SNAPSHOT, FILTERS)
draw_trend()
grid = st.grid(2, min_column_width=420, gap="small")
with grid.cell():
    ranked_card(
        satisfaction.touchpoints(SNAPSHOT, FILTERS.scope()),
        SNAPSHOT,
        title=_("Stars by touchpoint"),
        unit="stars",
        x_title=_("Stars (1–5)"),
        key="satisfaction.touchpoints",
    )
with grid.cell():
    ranked_card(
        satisfaction.repeats(SNAPSHOT, FILTERS.scope()),
        SNAPSHOT,
        title=_("Buyers who come back within 90 days"),
        unit="rate",
        x_title=_("Share of orders"),
        key="satisfaction.repeats",
    )
draw_shares(SNAPSHOT, FILTERS)
