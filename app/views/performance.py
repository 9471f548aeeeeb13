"""Desk performance: how soon did we answer, and how well do the writers write?"""

from __future__ import annotations

import streamlit as st

from app.components.header import page_header
from app.components.sla_rates import sla_card
from app.components.writing_quality import quality_card
from app.filter_bar import current_filters
from app.i18n import _
from app.page_errors import page_errors
from app.services.runtime import snapshot_id


@st.fragment
def draw_rates() -> None:
    with page_errors():
        sla_card(snapshot_id(), current_filters().scope())


@st.fragment
def draw_quality() -> None:
    with page_errors():
        quality_card(snapshot_id())


page_header(_("Desk performance"))
snapshot_id()
draw_rates()
draw_quality()
