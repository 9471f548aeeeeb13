"""Who rates a merchant: how much of it comes from credible raters, and the mean plain, by credibility and by value."""

from __future__ import annotations

import streamlit as st

from app.components.empty import empty_state
from app.filter_bar import current_filters
from app.i18n import _, day, figure, number
from app.page_errors import page_errors
from app.services import attacks
from app.services.runtime import snapshot_id


@st.fragment
def draw_credibility(merchant_id: str) -> None:
    """The card of one merchant's raters."""
    with page_errors():
        last = current_filters().date_to
        st.caption(
            _(
                "Orders of the year up to {day}. A rating weighs what its rater's other ratings support; facts (late, cancelled, disputed) are not weighed.",
                day=day(last),
            )
        )
        found = attacks.rater_standing(snapshot_id(), last, merchant_id)
        if found is None:
            empty_state(_("No orders here"), _("The merchant has no order in the year up to this day."), height=96)
            return
        with st.container(horizontal=True):
            for label, text, told in (
                (_("Ratings by credible raters"), _share(found.credible_share), _("of {n}", n=number(found.rating_count))),
                (_("Mean rating"), _stars(found.rating_mean), _("every rating alike")),
                (_("By credibility"), _stars(found.credible_mean if found.credible_share else None), _("a rating weighs as its rater is believed")),
                (_("By value"), _stars(found.value_mean), _("a rating weighs as its order is worth")),
                (_("Good orders"), _share(found.score), _("95% interval: {low} to {high}", low=_share(found.ci_low), high=_share(found.ci_high))),
                (_("Good orders by value"), _share(found.value_score), _("each order by its value")),
            ):  # fmt: skip
                with st.container(gap=None, width=148):
                    st.metric(label, text)
                    st.caption(told)
        if found.is_imbalanced:
            st.warning(_("Its dear orders fail more often than its cheap ones."), icon=":material/warning:")
        if found.is_on_probation:
            st.caption(_("A newcomer: it stands no higher than its peers until its orders show that it is better."))


def _share(value: float | None) -> str:
    return "–" if value is None else figure(value, "rate")


def _stars(value: float | None) -> str:
    return "–" if value is None else number(value, digits=2)
