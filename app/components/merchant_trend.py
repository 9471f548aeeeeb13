"""One metric of a merchant over time, with its peers, its penalties and the days that were unusual for it."""

from __future__ import annotations

import streamlit as st

from app.charts.series import trend
from app.components.chart import chart_card, empty_card
from app.components.table import Column
from app.components.target import target_words
from app.components.words import period_name
from app.filter_bar import current_filters
from app.i18n import _, figure, number, rate, span
from app.page_errors import page_errors
from app.services import merchant, overview, watch
from app.services.figures import Number, definition, time_zone
from app.services.runtime import snapshot_id


@st.fragment
def merchant_trend(merchant_id: str) -> None:
    """One metric of the merchant by week, with the peers' median, its penalties and its unusual days."""
    with page_errors():
        filters, snapshot = current_filters(), snapshot_id()
        metric_id = st.selectbox(
            _("Metric"),
            merchant.TREND_METRICS,
            index=merchant.TREND_METRICS.index(merchant.first_trend(snapshot, filters.scope(), merchant_id)),
            format_func=lambda name: _(definition(Number(name, filters.scope())).name),
            label_visibility="collapsed",
            key="merchant.metric",
        )
        spec = definition(Number(metric_id, filters.scope()))
        found = merchant.trend(snapshot, filters.scope(), merchant_id, metric_id)
        title = _("{metric} by {period}, with 95% band", metric=_(spec.name), period=period_name(found.period))
        if not any(point.value is not None for point in found.points):
            is_held = overview.board_status(snapshot, found.scope, metric_id) != "not_in_source"
            reason = _("No period has enough data") if is_held else _("Not in this source")
            empty_card(title, "", reason, _("Choose another metric or a longer window."), height=262)
            return
        said = [span(found.scope.date_from, found.scope.date_to), time_zone(snapshot)]
        if found.penalties:
            said.append(_("dashed: penalties"))
        if found.peer_share is not None:
            share, count = rate(found.peer_share), number(found.peer_count)
            said.append(_("in the page's window better than {share} of {n} peers", share=share, n=count))
        if words := target_words(metric_id, found.value):
            said.append(_("in the page's window {value}", value=figure(found.value, spec.unit)) + " " + words)
        labels = _("unusually high"), _("unusually low")
        unusual = watch.marked(watch.marks(snapshot, found.scope, merchant_id, metric_id), *labels)
        chart_card(
            title,
            " · ".join(said),
            trend(
                found.points,
                title="",
                unit=spec.unit,
                y_title=_(spec.name),
                x_title="",
                peer=found.peer_median,
                peer_label=_("peers"),
                incomplete_label=_("incomplete"),
                annotations=(*found.penalties, *unusual),
                height=248,
            ),
            merchant.trend_table(found),
            [
                Column("day", _("From"), "date", pinned=True),
                Column("value", _(spec.name), spec.unit),
                Column("ci_low", _("from"), spec.unit, help=_("Lower end of the 95% interval")),
                Column("ci_high", _("to"), spec.unit, help=_("Upper end of the 95% interval")),
                Column("n", _("n"), "count"),
            ],
            key=f"merchant.trend.{metric_id}",
        )
