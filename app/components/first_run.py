"""What the Data page says while there is no data: three ways in."""

from __future__ import annotations

import streamlit as st

from app.components.card import card_title
from app.components.loads import JOB_KEY, job_is_running
from app.i18n import _
from app.identity import current_actor
from app.services import uploads
from app.services.runtime import get_runtime


def invite() -> None:
    """A demo at one click, one's own file below, or a command."""
    settings = get_runtime().settings
    st.markdown(_("There is no data yet. Choose a way in: everything stays on this machine."))
    demo, own, command = st.columns(3, gap="small")
    with demo, st.container(border=True, height="stretch"):
        card_title(
            _("Look around first"),
            _(
                "A simulated marketplace: 200 merchants, 200,000 events, tickets in English and Chinese. Your own data replaces it later."
            ),
            icon=":material/storefront:",
        )
        if st.button(
            _("Load the demo"), type="primary", icon=":material/play_arrow:", disabled=job_is_running(), key="demo.load"
        ):
            st.session_state[JOB_KEY] = uploads.start_demo(current_actor(settings))
            st.rerun()
    with own, st.container(border=True, height="stretch"):
        card_title(
            _("Load your own file"),
            _(
                "Upload CSV, Parquet or JSON lines below. Columns are guessed, you correct them, and you see what would be set aside before anything is loaded."
            ),
            icon=":material/upload_file:",
        )
    with command, st.container(border=True, height="stretch"):
        card_title(_("From the command line"), icon=":material/terminal:")
        st.code(
            "trustdesk demo\ntrustdesk ingest olist FOLDER",
            language="sh",
            wrap_lines=True,
        )
        st.caption(_("Warehouse: {folder}", folder=settings.warehouse))
