"""“What changed”: the strongest movements as sentences, each with its number's menu and the page that looks into it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.components.figure_menu import MENU_WIDTH, figure_menu
from app.components.thread import plain
from app.components.words import dimension_name
from app.i18n import N_, _, difference, figure
from app.services.figures import Number
from app.services.overview import Change

PAGES = {
    "trust": ("views/trust.py", N_("Trust")),
    "satisfaction": ("views/satisfaction.py", N_("Satisfaction")),
    "issues": ("views/issues.py", N_("Issues")),
}


def change_sentence(change: Change) -> str:
    """“Dispute rate rose by +0.42 pp, from 1.9% to 2.3%.”"""
    values = {
        "name": _(change.name),
        "change": difference(change.change, change.unit, currency=change.currency),
        "before": figure(change.before, change.unit, currency=change.currency, short=True),
        "after": figure(change.after, change.unit, currency=change.currency, short=True),
    }
    if change.change > 0:
        return _("**{name}** rose from {before} to {after} ({change})", **values)
    return _("**{name}** fell from {before} to {after} ({change})", **values)


def cause_sentence(change: Change) -> str:
    """“Mostly Toys (category): its own figure changed, +0.31 pp of it.” "" when all groups moved alike."""
    if change.lead is None:
        return ""
    values = {
        "dimension": dimension_name(change.lead.dimension),
        "group": plain(change.lead_name),
        "part": difference(change.lead.part.change, change.unit, currency=change.currency),
    }
    return {
        "rate": _("{dimension} {group} moved it most for its size ({part}): its own figure changed", **values),
        "mix": _("{dimension} {group} moved it most for its size ({part}): its share of the whole changed", **values),
        "volume": _(
            "{dimension} {group} moved it most for its size ({part}): there was more or less of everything", **values
        ),
    }[change.lead.effect]


def change_list(changes: Sequence[Change], scope_number: Sequence[Number]) -> None:
    """Draw the sentences, one a line; `scope_number` are the numbers that their menus explain."""
    for change, shown in zip(changes, scope_number, strict=True):
        with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="xsmall"):
            with st.container(gap=None):
                st.markdown(f"{_icon(change)} {change_sentence(change)}")
                if cause := cause_sentence(change):
                    st.caption(cause)
            path, label = PAGES[change.page]
            st.page_link(path, label="", icon=":material/arrow_forward:", help=_(label), width="content")
            with st.container(width=MENU_WIDTH):
                figure_menu(shown, key=f"changed.{change.metric_id}")


def _icon(change: Change) -> str:
    arrow = "trending_up" if change.change > 0 else "trending_down"
    colour = {True: "green", False: "red", None: "gray"}[change.is_good]
    return f":{colour}[:material/{arrow}:]"
