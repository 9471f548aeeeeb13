"""Ad-hoc analysis: what else do the figures say? One question in SQL over the served marts; read-only, and without private data."""

from __future__ import annotations

import streamlit as st

from app.components.adhoc import answer_panel, question_panel
from app.components.adhoc_tables import open_link, saved_panel, schema_panel
from app.components.header import page_header
from app.i18n import _
from app.page_errors import page_errors
from app.services.runtime import snapshot_id

page_header(_("Ad-hoc analysis"), shows_filters=False)
snapshot_id()
open_link()
left, right = st.columns([3, 7], gap="small")
with right, page_errors():
    question_panel()
    answer_panel()
with left, page_errors():
    saved_panel()
    schema_panel()
