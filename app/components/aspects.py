"""What reviews complain of, by aspect, with its trend. Knows no warehouse."""

from __future__ import annotations

import streamlit as st

from app.charts.series import trend
from app.components.chart import chart_card
from app.components.table import Column, table
from app.components.words import window_words
from app.filter_bar import current_filters
from app.i18n import _
from app.page_errors import page_errors
from app.services import aspects
from app.services.figures import time_zone
from app.services.runtime import snapshot_id


@st.fragment
def aspect_trends() -> None:
    """Draw the aspects as a table, and by month the complaints of the chosen one; nothing where no review has words."""
    with page_errors():
        snapshot, filters = snapshot_id(), current_filters()
        found = aspects.aspect_trends(snapshot, filters.scope())
        if not found:
            return
        names = aspects.aspect_names()
        st.markdown(":material/reviews: **" + _("What reviews speak of") + "**")
        st.caption(
            window_words(filters, time_zone(snapshot))
            + " · "
            + _(
                "Read from words: of labelled reviews, more than half of what is said is missed. Share of all reviews with words."
            )
        )
        _aspect_table(found, names)
        with st.container(gap="xsmall"):
            chosen = st.segmented_control(
                _("Aspect"),
                list(names),
                default=found[0].aspect_id,
                required=True,
                format_func=names.__getitem__,
                label_visibility="collapsed",
                key="issues.aspect",
            )
            one = next((own for own in found if own.aspect_id == chosen), found[0])
            chart_card(
                _("Reviews that complain of: {aspect}, by month, with 95% band", aspect=names[one.aspect_id]),
                time_zone(snapshot),
                trend(
                    one.months,
                    title="",
                    unit="rate",
                    y_title=_("Complaints"),
                    x_title="",
                    incomplete_label=_("incomplete"),
                    height=230,
                ),
                aspects.month_table(one),
                [
                    Column("day", _("From"), "date", pinned=True),
                    Column("value", _("Complaints"), "rate"),
                    Column("ci_low", _("from"), "rate", help=_("Lower end of the 95% interval")),
                    Column("ci_high", _("to"), "rate", help=_("Upper end of the 95% interval")),
                    Column("n", _("n"), "count"),
                ],
                key=f"issues.aspect.{one.aspect_id}",
            )


def _aspect_table(found: tuple[aspects.AspectTrend, ...], names: dict[str, str]) -> None:
    table(
        aspects.table_of(found, names),
        [
            Column("name", _("Aspect"), pinned=True),
            Column("complaints", _("Complaints"), "count"),
            Column("praise", _("Praise"), "count"),
            Column("share", _("Share that complains"), "rate"),
            Column("ci_low", _("from"), "rate", help=_("Lower end of the 95% interval")),
            Column("ci_high", _("to"), "rate", help=_("Upper end of the 95% interval")),
            Column("change", _("Change"), "change:rate", help=_("Since the equally long window before")),
            Column("change_low", _("from"), "change:rate", help=_("Lower end of the 95% interval")),
            Column("change_high", _("to"), "change:rate", help=_("Upper end of the 95% interval")),
            Column("months", _("12 months"), "line"),
            Column("n", _("Reviews"), "count", help=_("Reviews with words in the window")),
        ],
        key="issues.aspects",
        title=_("What reviews speak of"),
        file_name="aspects",
        height=210,
    )
