"""One merchant's score: the 0–100 bar with its interval, why it is so, and the rows behind each rate."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import streamlit as st

from app.charts.bars import contributions as contributions_figure
from app.charts.bars import score_bar
from app.components.chart import chart_card, empty_card
from app.components.empty import empty_state
from app.components.figure_menu import MENU_WIDTH, figure_menu, raw_rows
from app.components.levels import level_badge
from app.components.missing import why_missing
from app.components.table import Column, table
from app.components.target import target_words
from app.components.thread import plain
from app.components.words import base_words
from app.filter_bar import current_filters
from app.i18n import _, day, difference, joined, ngettext, number, span
from app.page_errors import page_errors
from app.services import merchant, trust
from app.services.figures import Number, time_zone
from app.services.merchant import Profile, Standing
from app.services.runtime import snapshot_id

if TYPE_CHECKING:
    from app.filters import Compare


def draw_profile(profile: Profile) -> None:
    """Name, category, region, tier and since when."""
    said = [part for part in (profile.category, profile.region, profile.tier) if part]
    if profile.since is not None:
        said.append(_("since {day}", day=day(profile.since)))
    said.append(ngettext("{n} order in all", "{n} orders in all", profile.order_count))
    with st.container(gap=None):
        st.header(plain(profile.name), anchor=False)
        st.caption(plain(" · ".join([*said, profile.merchant_id])))


def draw_standing(standing: Standing, shown: Number) -> None:
    """The score with level, interval, peers and change; below min_n how many orders are missing."""
    filters = current_filters()
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
                score = standing.now.score
                st.markdown(f"## {'–' if score is None else number(score, digits=1)}", width="content")
                st.markdown(level_badge(standing.now.level or standing.now.status), width="content")
                for words in _facts(standing, filters.compare):
                    st.caption(words, width="content")
            with st.container(width=MENU_WIDTH):
                figure_menu(shown, key="merchant.score")
        if standing.now.score is None or standing.now.ci_low is None or standing.now.ci_high is None:
            empty_state(
                why_missing(standing.now.status, standing.now.n, standing.min_n, "order"),
                _not_in_source()
                if standing.now.status == "not_in_source"
                else _("The score needs more orders of this merchant. What is known of its rates stands below."),
                height=96,
            )
            return
        st.plotly_chart(
            score_bar(
                standing.now.score,
                (standing.now.ci_low, standing.now.ci_high),
                [(band.level, band.low, band.high) for band in trust.bands()],
                peer=standing.peers.median,
                peer_label=_("peers"),
            ),
            key="merchant.bar",
            config={"displayModeBar": False},
            alt=_("Trust score on the bar of levels"),
        )


def say_later(last: date) -> None:
    """Said in place of everything else when the window ends before the merchant's first event."""
    empty_state(
        _("This merchant came later"),
        _("Nothing of it had happened by {day}. Choose a later window in the sidebar.", day=day(last)),
        height=320,
    )


def _facts(standing: Standing, compare: Compare) -> list[str]:
    now, said = standing.now, []
    if now.ci_low is not None and now.ci_high is not None:
        said.append(
            _("95% interval: {low} to {high}", low=number(now.ci_low, digits=1), high=number(now.ci_high, digits=1))
        )
    if standing.change is not None:
        said.append(f"{difference(standing.change, 'points')} {base_words(compare)}")
    if standing.peers.median is not None:
        said.append(
            _(
                "median of {n} peers {score}",
                n=number(standing.peers.peer_count),
                score=number(standing.peers.median, digits=1),
            )
        )
    if words := target_words(trust.METRIC_ID, now.score):
        said.append(words)
    said.append(ngettext("{n} order looked at", "{n} orders looked at", now.n))
    return said


def _not_in_source() -> str:
    """What a source lacks that gives no score at all."""
    wanted = joined([_(label) for label in trust.component_labels().values()])
    return _(
        "The source holds nothing of what the score looks at ({components}). Load events of one of them.",
        components=wanted,
    )


def draw_contributions(merchant_id: str, *, status: str) -> None:
    """What each component gives, beside the most that it could and what peers get; nothing where the score's status is not `ok`."""
    filters, snapshot = current_filters(), snapshot_id()
    if status != "ok":
        empty_card(
            _("Why: points by component"),
            "",
            _("No score to explain yet"),
            _not_in_source()
            if status == "not_in_source"
            else _("Below the least number of orders, points would only repeat what peers get."),
            height=300,
        )
        return
    parts = merchant.contributions(snapshot, filters.date_to, merchant_id)
    names = [_(part.label) for part in parts]
    chart_card(
        _("Why: points by component"),
        f"{day(filters.date_to)} · {time_zone(snapshot)} · "
        + _("the points add up to {score}", score=number(sum(part.points for part in parts), digits=1)),
        contributions_figure(
            names,
            [part.points for part in parts],
            [part.most for part in parts],
            [part.peer for part in parts],
            title="",
            x_title=_("Score points"),
            full_label=_("Most possible"),
            points_label=_("Earned"),
            peer_label=_("Peers"),
            height=300,
        ),
        merchant.contribution_table(parts, names),
        [
            Column("name", _("Component"), pinned=True),
            Column("points", _("Earned"), "points"),
            Column("most", _("Most possible"), "points"),
            Column("peer", _("Peers"), "points"),
        ],
        key="merchant.contributions",
    )


@st.fragment
def draw_rates(merchant_id: str) -> None:
    """Every rate of the score with counts, interval, peers and points; a click opens the rows that it counts."""
    with page_errors(), st.container(border=True):
        filters, snapshot = current_filters(), snapshot_id()
        st.markdown("**" + _("Rates behind the score") + "**")
        frame = merchant.rates(snapshot, filters.date_to, merchant_id)
        if frame.empty:
            empty_state(_("Not in this source"), _not_in_source(), height=120)
            return
        st.caption(_("Most points lost first; rates after shrinking towards the peers. Click a row for its orders."))
        for sentence in merchant.bounded(snapshot, filters.date_to, merchant_id):
            st.caption(plain(sentence, 500))
        row = table(
            frame.assign(label=[_(label) for label in frame["label"]]),
            [
                Column("label", _("Rate"), pinned=True, width=270),
                Column("numerator", _("Counted"), "count"),
                Column("denominator", _("of"), "count"),
                Column(
                    "posterior_mean", _("Estimate"), "rate", help=_("From the orders of this rate and its peers alone")
                ),
                Column(
                    "ci_low",
                    _("from"),
                    "rate",
                    help=_("Lower end of the estimate's 95% interval, from the orders of this rate alone"),
                ),
                Column(
                    "ci_high",
                    _("to"),
                    "rate",
                    help=_("Upper end of the estimate's 95% interval, from the orders of this rate alone"),
                ),
                Column("peer_mean", _("Peers"), "rate"),
                Column("limit", _("Limit"), "rate"),
                Column(
                    "probability_over_limit",
                    _("Beyond limit"),
                    "rate",
                    help=_(
                        "How likely the true rate is worse than the limit (below it where higher is better), given all of the merchant's orders, also those that other rates count: it may differ from what the interval suggests"
                    ),
                ),
                Column("points", _("Earned"), "points"),
                Column("max_points", _("Most possible"), "points"),
            ],
            key="merchant.rates",
            title=_("Rates behind the score"),
            is_clickable=True,
            file_name=f"rates-{merchant_id}",
        )
        if row is not None:
            label, rate_id = str(frame["label"].iloc[row]), str(frame["rate_id"].iloc[row])
            st.dialog(_(label), width="large", icon=":material/table_rows:")(_rate_rows)(merchant_id, rate_id)


def _rate_rows(merchant_id: str, rate_id: str) -> None:
    with page_errors():
        found = merchant.rate_rows(snapshot_id(), current_filters().date_to, merchant_id, rate_id)
        counted = number(found.numerator)
        st.markdown(
            _("**{numerator}** of **{denominator}**", numerator=counted, denominator=number(found.denominator))
            if found.denominator is not None
            else ngettext("**{n}** row", "**{n}** rows", found.numerator)
        )
        st.caption(f"{span(found.date_from, found.date_to)} · {time_zone(snapshot_id())}")
        if found.rows.empty:
            empty_state(_("No rows"), _("Nothing of this kind happened in the window. Choose a longer one."))
        else:
            raw_rows(found.rows, height=420)
