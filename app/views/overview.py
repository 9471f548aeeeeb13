"""Overview: is anything wrong? Six cards, the map of merchants, what changed, leaderboards, what is unusual."""

from __future__ import annotations

import streamlit as st

from app.components.changes import change_list
from app.components.empty import empty_state
from app.components.header import page_header
from app.components.leaderboards import leaderboards
from app.components.merchant_map import merchant_map
from app.components.metric_card import card_row
from app.components.on_demand import is_asked
from app.components.themes import growing_themes_row
from app.components.unusual import unusual
from app.components.words import base_words
from app.filter_bar import current_filters
from app.filters import Filters
from app.i18n import _, language
from app.page_errors import page_errors
from app.services import overview, trust
from app.services import themes as issue_themes
from app.services.figures import Number
from app.services.runtime import snapshot_id


def draw_cards(snapshot: str, filters: Filters) -> None:
    cards = overview.overview_cards(snapshot, filters.scope(), filters.compare)
    numbers = [Number(card.metric_id, filters.scope(), card.currency) for card in cards]
    card_row(cards, numbers, key="overview")


def draw_changes(snapshot: str, filters: Filters) -> None:
    with st.container(border=True, height="stretch"):
        st.markdown("**" + _("What changed") + "**")
        st.caption(
            _("Strongest movements {base}, where the 95% interval leaves out zero", base=base_words(filters.compare))
        )
        changes = overview.what_changed(snapshot, filters.scope(), filters.compare)
        if changes is None:
            empty_state(
                _("Nothing to compare with"), _("The data starts later. Choose a later window or another comparison.")
            )
        elif not changes:
            empty_state(
                _("No movement beyond chance"),
                _("Every metric's change lies within its uncertainty."),
                icon=":material/check_circle:",
            )
        else:
            change_list(changes, [Number(c.metric_id, filters.scope(), c.currency) for c in changes])


@st.fragment(parallel=True)
def draw_themes() -> None:
    with page_errors():
        snapshot, scope = snapshot_id(), current_filters().scope()
        key, why = (
            f"overview.themes.asked.{snapshot}",
            _("Reading and grouping so many threads takes up to some minutes."),
        )
        if not issue_themes.is_quick(snapshot, scope) and not is_asked(
            key, _("Find the issue themes growing fastest"), why
        ):
            return
        themes = issue_themes.growing_themes(snapshot, scope, language())
        if themes:
            st.markdown("**" + _("Issue themes growing fastest") + "**")
            growing_themes_row(themes, {name: _(label) for name, label in trust.component_labels().items()})


page_header(_("Overview"))
SNAPSHOT, FILTERS = snapshot_id(), current_filters()
draw_cards(SNAPSHOT, FILTERS)
grid = st.grid(3, min_column_width=310, gap="small")
with grid.cell(column_span=2):
    merchant_map()
with grid.cell():
    draw_changes(SNAPSHOT, FILTERS)
leaderboards()
unusual()
draw_themes()
