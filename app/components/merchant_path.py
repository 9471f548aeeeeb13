"""One merchant's way to the next level, and its score with and without what was not its fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.components.empty import empty_state
from app.components.levels import level_name
from app.components.table import Column, table
from app.filter_bar import current_filters
from app.i18n import _, day, difference, figure, ngettext, number
from app.page_errors import page_errors
from app.services import levels, trust
from app.services import path as ways
from app.services.runtime import snapshot_id

if TYPE_CHECKING:
    from datetime import date

    from analytics.trust import Path


@st.fragment
def draw_path(merchant_id: str) -> None:
    """The smallest change that lifts the level with 80 % probability: each rate alone, else few together."""
    with page_errors():
        as_of = trust.as_of_day(snapshot_id(), current_filters().date_to)
        found = ways.path(snapshot_id(), as_of, merchant_id)
        if found is not None:
            _say_held(found, as_of, merchant_id)
        if found is None:
            empty_state(_("No score yet"), _("A path starts from a score, and this merchant has none."), height=120)
        elif found.next_level is None or found.minimum is None or found.given_from is None:
            st.caption(_("This is the highest level: there is none above {level}.", level=level_name(found.level)))
        else:
            st.caption(
                _(
                    "{level} starts at {minimum} points and is given at one evaluation from {given_from}, below that after {n} in a row; the score is {score}. In {days} days, for the evaluation of {day}, going on as now: {probability} likely.",
                    level=level_name(found.next_level),
                    minimum=number(found.minimum),
                    given_from=number(found.given_from),
                    score=number(found.score, digits=1),
                    n=levels.rules().in_a_row,
                    days=found.days,
                    day=day(found.evaluated_on) if found.evaluated_on else "–",
                    probability=figure(found.unchanged, "rate"),
                )
            )
            st.markdown(_verdict(found))
            _draw_levers(found, merchant_id)


def _say_held(found: Path, as_of: date | None, merchant_id: str) -> None:
    """Where the level held is not that of the score: from which evaluation on it would be."""
    with st.spinner(_("Evaluating what nobody asked for yet: once for each evaluation day …"), show_time=True):
        awaited = levels.awaited(snapshot_id(), as_of, merchant_id, found.level, found.score)
    if awaited is None:
        return
    names = {"level": level_name(found.level), "held": level_name(awaited.level)}
    if awaited.given_on is None:
        st.caption(_("The level held is still {held}; by the score of the day it is {level}.", **names))
    else:
        st.caption(
            _(
                "By the score of the day it is {level}, the level held is {held}: if the score stays, {level} is given at the evaluation of {day}.",
                **names,
                day=day(awaited.given_on),
            )
        )


def _verdict(found: Path) -> str:
    values = {"days": found.days, "confidence": figure(found.confidence, "rate", short=True)}
    if found.unchanged >= found.confidence:
        return _("Nothing needs to change: old orders fade, and that is enough.")
    if any(step.is_reachable for step in found.alone):
        return _("Each of these alone is enough with {confidence} probability, the smallest change first:", **values)
    if found.together is not None and found.together.is_reachable:
        return _("No single rate is enough. These together are, with {confidence} probability:", **values)
    if ways.levers(found).empty:
        return _(
            "It can't be reached within {days} days: none of its rates has orders to come and something to gain.",
            **values,
        )
    return _("It can't be reached within {days} days, not even with orders as good as the best merchants':", **values)


def _draw_levers(found: Path, merchant_id: str) -> None:
    frame = ways.levers(found)
    if frame.empty or found.unchanged >= found.confidence:
        return
    table(
        frame.assign(label=[_(label) for label in frame["label"]]),
        [
            Column("label", _("Rate of new orders"), pinned=True, width=260),
            Column(
                "now",
                _("Now"),
                "rate",
                help=_("Estimate given all of the merchant's orders, also those that other rates count"),
            ),
            Column("target", _("Needed"), "rate"),
            Column("best", _("Best merchants"), "rate", help=_("What the best twentieth of merchants keeps")),
            Column("orders", _("Expected"), "count", help=_("Orders, reviews or questions expected in these days")),
        ],
        key="merchant.path",
        title=_("Path to the next level"),
        file_name=f"path-{merchant_id}",
    )


@st.fragment
def draw_accountable(merchant_id: str) -> None:
    """The score, the score with all faults counted, and the orders left out with who was at fault."""
    with page_errors():
        as_of = trust.as_of_day(snapshot_id(), current_filters().date_to)
        found = ways.accountable(snapshot_id(), as_of, merchant_id)
        if found.score is None or found.with_all_faults is None:
            st.caption(_("There is no score yet; these orders would not count against it."))
        else:
            st.markdown(
                _(
                    "Score **{score}**; with all faults counted, for its peers too, **{other}** ({change}).",
                    score=number(found.score, digits=1),
                    other=number(found.with_all_faults, digits=1),
                    change=difference(found.difference, "points"),
                )
            )
        if found.excluded.empty:
            return
        st.caption(
            ngettext("{n} event left out of the score:", "{n} events left out of the score:", len(found.excluded))
        )
        rows = found.excluded
        table(
            rows.assign(
                label=[_(label) for label in rows["label"]], fault=[_(ways.FAULTS[fault]) for fault in rows["fault"]]
            ),
            [
                Column("order_date", _("Placed"), "date"),
                Column("order_id", _("Order"), pinned=True),
                Column("label", _("Would count as"), width=205),
                Column("fault", _("At fault")),
            ],
            key="merchant.excluded",
            title=_("What was not the merchant's fault"),
            height=240,
            file_name=f"left-out-{merchant_id}",
        )
