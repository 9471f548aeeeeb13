"""Merchant: one merchant whole. Score and why, trends, and what happened; without a merchant, a list to pick from."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from app.charts.series import trend
from app.components.chart import chart_card, empty_card
from app.components.empty import empty_state
from app.components.header import page_header
from app.components.merchant_rows import merchant_rows
from app.components.standing import draw_contributions, draw_profile, draw_rates, draw_standing, say_later
from app.components.table import Column, table
from app.components.words import period_name
from app.filter_bar import change_filters, current_filters, open_merchant
from app.i18n import _, ngettext, span
from app.page_errors import page_errors
from app.services import merchant, trust
from app.services.figures import Number, definition, time_zone
from app.services.runtime import snapshot_id


@st.fragment
def draw_list() -> None:
    """Merchants of the filters; typing narrows the list, a click opens."""
    with page_errors(), st.container(border=True):
        wanted = st.text_input(
            _("Find a merchant"),
            placeholder=_("Name or id"),
            icon=":material/search:",
            label_visibility="collapsed",
            key="merchant.search",
        )
        board = trust.board(snapshot_id(), current_filters().scope())
        if board.empty:
            empty_state(_("No merchant here"), _("The filters leave no merchant. Reset them in the sidebar."))
            return
        frame = trust.find(board, wanted)
        if frame.empty:
            empty_state(
                _("No merchant by this name"), _("Try a part of the name, or reset the filters in the sidebar.")
            )
            return
        st.caption(ngettext("{n} merchant. Click opens.", "{n} merchants. Click opens.", len(frame)))
        row = table(
            frame,
            [
                Column("name", _("Merchant"), pinned=True),
                Column("category", _("Category")),
                Column("region", _("Region")),
                Column("tier", _("Tier")),
                Column("score", _("Score"), "score"),
                Column("level", _("Level"), "level"),
                Column("n", _("Orders"), "count", help=_("Orders that the score looks at")),
                Column("merchant_id", _("Id")),
            ],
            key="merchant.list",
            title=_("Merchants"),
            is_clickable=True,
            height=560,
        )
        if row is not None:
            open_merchant(str(frame["merchant_id"].iloc[row]))


@st.fragment
def draw_trend(merchant_id: str) -> None:
    """One metric of the merchant by week, with the peers' median and its penalties."""
    with page_errors():
        filters, snapshot = current_filters(), snapshot_id()
        metric_id = st.selectbox(
            _("Metric"),
            merchant.TREND_METRICS,
            index=1,
            format_func=lambda name: _(definition(Number(name, filters.scope())).name),
            label_visibility="collapsed",
            key="merchant.metric",
        )
        spec = definition(Number(metric_id, filters.scope()))
        found = merchant.trend(snapshot, filters.scope(), merchant_id, metric_id)
        title = _("{metric} by {period}, with 95% band", metric=_(spec.name), period=period_name(found.period))
        if not any(point.value is not None for point in found.points):
            advice = _("Choose another metric or a longer window.")
            empty_card(title, "", _("No period has enough data"), advice, height=262)
            return
        said = [span(found.scope.date_from, found.scope.date_to), time_zone(snapshot)]
        if found.penalties:
            said.append(_("dashed: penalties"))
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
                annotations=found.penalties,
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


def draw_merchant(merchant_id: str) -> None:
    snapshot, filters = snapshot_id(), current_filters()
    with st.container(horizontal=True, vertical_alignment="bottom", wrap=False):
        draw_profile(merchant.profile(snapshot, merchant_id))
        st.button(
            _("All merchants"),
            icon=":material/arrow_back:",
            type="tertiary",
            on_click=change_filters,
            kwargs={"merchants": ()},
        )
    own = replace(filters.scope(), categories=(), regions=(), tiers=(), merchants=(merchant_id,))
    standing = merchant.standing(snapshot, filters.scope(), filters.compare, merchant_id)
    if standing is None:
        say_later(filters.date_to)
        return
    draw_standing(standing, Number(trust.METRIC_ID, own))
    grid = st.grid(2, min_column_width=420, gap="small")
    with grid.cell():
        draw_contributions(merchant_id, has_score=standing.now.score is not None)
    with grid.cell():
        draw_trend(merchant_id)
    draw_rates(merchant_id)
    merchant_rows(merchant_id)


page_header(_("Merchant"))
snapshot_id()
chosen = current_filters().merchants
if len(chosen) == 1:
    draw_merchant(chosen[0])
else:
    draw_list()
