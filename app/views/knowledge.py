"""Knowledge: what may be said? Articles and macros with their proposals and history, and the gaps that merchants' questions show."""

from __future__ import annotations

import streamlit as st

from app.components.empty import empty_state
from app.components.header import page_header
from app.components.knowledge_edit import item_panel
from app.components.knowledge_gaps import gaps_panel
from app.components.knowledge_items import item_list, unreadable_note
from app.components.knowledge_steps import VIEW_KEY, chosen_item
from app.i18n import N_, _
from app.page_errors import page_errors
from app.services import knowledge

VIEWS = {"items": N_("Articles and macros"), "gaps": N_("Gaps")}


def draw_items() -> None:
    unreadable_note()
    items = knowledge.items()
    left, right = st.columns([6, 8], gap="medium")
    with left, page_errors():
        item_list(items)
    with right, page_errors():
        item = next((item for item in items if (item.kind, item.item_id) == chosen_item()), None)
        if item is None:
            empty_state(
                _("Nothing is open") if chosen_item() is None else _("There is no such article or macro"),
                _("Choose one from the list; its text, proposals and history appear here."),
                height=300,
            )
            return
        item_panel(item)


page_header(_("Knowledge"), shows_filters=False)
st.session_state.setdefault(VIEW_KEY, "items")
view = st.segmented_control(
    _("View"),
    tuple(VIEWS),
    required=True,
    format_func=lambda name: _(VIEWS[name]),
    label_visibility="collapsed",
    key=VIEW_KEY,
)
if view == "gaps":
    gaps_panel()
else:
    draw_items()
