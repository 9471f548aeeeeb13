"""What changed: a merchant's score since its last evaluation, or since the comparison, by rate and cause, and the orders behind it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import streamlit as st

from app.components.empty import empty_state
from app.components.table import Column, table
from app.filter_bar import current_filters
from app.i18n import N_, _, day, difference, number
from app.services import changes, levels
from app.services.bounded import change_sentence
from app.services.figures import time_zone
from app.services.runtime import snapshot_id

if TYPE_CHECKING:
    from analytics.trust.changes import ScoreChange

CHOICES = {"evaluation": N_("Since the last evaluation"), "comparison": N_("Since the comparison")}
CAUSE_HELP = {
    "entered": N_("Placed since, or old enough to be judged since"),
    "left": N_("Older than the score's window"),
    "faded": N_("Counts less the older it is"),
    "known": N_("Delivered, reviewed, returned or disputed since"),
    "peers": N_("What merchants of the category reach, towards which few orders are drawn"),
    "bounded": N_(
        "What reviews say beyond the merchant's disputes, returns, lateness and cancellations counts up to a bound: what that takes or gives is another than before. The other columns believe every review"
    ),
    "other": N_("What no single order holds, such as more penalties than orders"),
}


def merchant_changes(merchant_id: str) -> None:
    """Draw the split of the score's change up to the window's end."""
    snapshot, last = snapshot_id(), current_filters().date_to
    chosen = st.segmented_control(
        _("Since"),
        list(CHOICES),
        default="evaluation",
        required=True,
        format_func=lambda name: _(CHOICES[name]),
        label_visibility="collapsed",
        key="merchant.changes.since",
    )
    since = _since(chosen, snapshot, last)
    if since is None:
        empty_state(_("No evaluation before"), _("The data cover no evaluation day before this one."), height=200)
        return
    with st.skeleton(height=400):
        found = changes.between_scores(snapshot, since, last, merchant_id)
    if found is None:
        empty_state(
            _("No score to compare with"),
            _("The merchant has no score on {first} or on {last}.", first=day(since), last=day(last)),
            height=200,
        )
        return
    st.markdown(
        _(
            "**{change}** points from {first} ({before}) to {last} ({after})",
            change=difference(found.change, "points"),
            first=day(found.since),
            before=number(found.before, digits=1),
            last=day(found.as_of),
            after=number(found.after, digits=1),
        )
    )
    st.caption(_("Score points; the columns of causes add up to the change, and the rates to that of the score."))
    rates = found.rates
    causes = [cause for cause in changes.CAUSES if rates[cause].abs().max() >= 0.0005]
    order = rates["change"].abs().sort_values(ascending=False, kind="stable").index
    table(
        rates.loc[order].assign(label=[_(label) for label in rates.loc[order, "label"]]),
        [
            Column("label", _("Rate"), pinned=True, width=270),
            Column("change", _("Change"), "change:fine"),
            *(Column(cause, _(changes.CAUSES[cause]), "change:fine", help=_(CAUSE_HELP[cause])) for cause in causes),
        ],
        key="merchant.changes.rates",
        title=_("What changed"),
        file_name=f"changes-{merchant_id}",
    )
    if sentence := change_sentence(found):
        st.caption(sentence)
    _draw_rows(found, merchant_id)


def _draw_rows(found: ScoreChange, merchant_id: str) -> None:
    frame = changes.behind(found)
    if frame.empty:
        return
    st.markdown("**" + _("The orders behind it") + "**")
    st.caption(
        _("Most moved first, over all rates; share of all that single orders moved, up or down.")
        + f" {time_zone(snapshot_id())}"
    )
    table(
        frame.assign(
            source=[_(changes.SOURCES[source]) for source in frame["source"]],
            label=[_(label) for label in frame["label"]],
            cause=[_(changes.CAUSES[cause]) for cause in frame["cause"]],
        ),
        [
            Column("row_id", _("Id"), pinned=True),
            Column("source", _("What")),
            Column("day", _("Day"), "date"),
            Column("change", _("Change"), "change:fine"),
            Column("share", _("Share"), "share"),
            Column("label", _("Rate"), width=270, help=_("The rate in which it moved most")),
            Column("cause", _("Cause")),
        ],
        key="merchant.changes.rows",
        title=_("The orders behind it"),
        file_name=f"changes-orders-{merchant_id}",
    )


def _since(chosen: str, snapshot: str, last: date) -> date | None:
    if chosen == "comparison":
        filters = current_filters()
        return levels.comparison_end(filters.scope(), filters.compare)
    return levels.last_day(snapshot, last - timedelta(days=1))
