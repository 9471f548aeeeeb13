"""Settings and about: language, who acts, the models, the score's programme, settings, versions and the audit log."""

from __future__ import annotations

import streamlit as st

from app.components.about import (
    audit_card,
    language_card,
    model_card,
    person_card,
    programme_card,
    settings_card,
    versions_card,
)
from app.components.header import page_header
from app.i18n import _
from app.page_errors import page_errors

page_header(_("Settings"), shows_filters=False)
left, right = st.columns(2, gap="small")
for place, draw in ((left, language_card), (left, person_card), (right, model_card)):
    with place, page_errors():
        draw()
for draw in (audit_card, programme_card, settings_card, versions_card):
    with page_errors():
        draw()
