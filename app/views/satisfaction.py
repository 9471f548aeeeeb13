"""Satisfaction: how buyers feel, how many of them said so, what drives it, whether they come back, and who they are. Only the open tab is computed."""

from __future__ import annotations

import streamlit as st

from app.charts.series import trend_with_coverage
from app.components.chart import chart_card, empty_card
from app.components.estimates import ranked_card
from app.components.header import page_header
from app.components.metric_card import card_row
from app.components.positive_shares import positive_shares
from app.components.satisfaction_chain import chain_tab
from app.components.satisfaction_coverage import coverage_tab
from app.components.satisfaction_drivers import drivers_tab
from app.components.satisfaction_inferred import inferred_tab
from app.components.satisfaction_returns import returns_tab
from app.components.satisfaction_segments import segments_tab
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


page_header(_("Satisfaction"))
SNAPSHOT, FILTERS = snapshot_id(), current_filters()
names = (_("Trend"), _("Coverage"), _("Drivers"), _("Loyalty"), _("Segments"), _("Chain"), _("Inferred"))
trend_tab, *others = st.tabs(list(names), on_change="rerun", key="satisfaction.tabs")
drawers = (coverage_tab, drivers_tab, returns_tab, segments_tab, chain_tab, inferred_tab)
opened = next((place for place, tab in enumerate(others) if tab.open), None)
if opened is not None:
    with others[opened]:
        drawers[opened]()
else:
    with trend_tab:
        draw_cards(SNAPSHOT, FILTERS)
        draw_trend()
        ranked_card(
            satisfaction.touchpoints(SNAPSHOT, FILTERS.scope()),
            SNAPSHOT,
            title=_("Stars by touchpoint"),
            unit="stars",
            x_title=_("Stars (1–5)"),
            key="satisfaction.touchpoints",
        )
        positive_shares(SNAPSHOT, FILTERS)
