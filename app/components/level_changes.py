"""Who changed level at the last evaluation: a click opens the merchant."""

from __future__ import annotations

import streamlit as st

from app.components.empty import empty_state
from app.components.merchant_level import CHANGES, rule_words
from app.components.table import Column, table
from app.filter_bar import current_filters, open_merchant
from app.i18n import _, day, ngettext, sentences
from app.page_errors import page_errors
from app.services import levels
from app.services.figures import time_zone
from app.services.runtime import snapshot_id


@st.fragment
def level_changes() -> None:
    """Draw the list for the page's filters."""
    with page_errors(), st.container(border=True):
        snapshot, filters = snapshot_id(), current_filters()
        st.markdown("**" + _("Who changed level") + "**")
        evaluated = levels.last_day(snapshot, filters.date_to)
        if evaluated is None:
            empty_state(_("No evaluation yet"), _("The data cover no evaluation day before this one."), height=200)
            return
        with st.spinner(_("Evaluating what nobody asked for yet: once for each evaluation day …"), show_time=True):
            frame = levels.changed(snapshot, filters.scope())
        st.caption(
            f"{ngettext('{n} merchant', '{n} merchants', len(frame))} · {time_zone(snapshot)} · "
            + sentences(_("At the evaluation of {day}, falls first.", day=day(evaluated)), rule_words())
        )
        if frame.empty:
            empty_state(_("Nobody changed level"), _("Every merchant kept its level at this evaluation."), height=200)
            return
        row = table(
            frame.assign(change=[_(CHANGES[change]) for change in frame["change"]]),
            [
                Column("name", _("Merchant"), pinned=True),
                Column("previous_level", _("Level before"), "level"),
                Column("level", _("Level"), "level"),
                Column("change", _("Change")),
                Column("score", _("Score"), "score"),
                Column("ci_low", _("from"), "score", help=_("Lower end of the 95% interval")),
                Column("ci_high", _("to"), "score", help=_("Upper end of the 95% interval")),
                Column("n", _("Orders"), "count", help=_("Orders that the score looks at")),
            ],
            key="trust.levels",
            title=_("Who changed level"),
            is_clickable=True,
            file_name="level-changes",
        )
        if row is not None:
            open_merchant(str(frame["merchant_id"].iloc[row]))
