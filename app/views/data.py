"""Data: what was loaded, how fresh it is, what was set aside, one's own files, the snapshots, and what every word means."""

from __future__ import annotations

import streamlit as st

from app.components.dictionary import draw_dictionary
from app.components.first_run import invite
from app.components.header import page_header
from app.components.loads import UPLOAD_KEY, draw_freshness, draw_loads, draw_snapshots, draw_totals, watch_job
from app.components.quality import draw_quality
from app.components.quarantine import draw_quarantine
from app.components.upload import folder_panel, upload_panel
from app.i18n import _, language
from app.page_errors import page_errors
from app.services.runtime import get_runtime, snapshot_id

SECTION_PARAM = "section"


def sections() -> dict[str, str]:
    """Section of the page, as its address names it → its tab."""
    return {
        "loads": ":material/input: " + _("Loads"),
        "upload": ":material/upload_file: " + _("Upload"),
        "quality": ":material/fact_check: " + _("Data quality"),
        "quarantine": ":material/rule: " + _("Quarantine"),
        "snapshots": ":material/history: " + _("Snapshots"),
        "dictionary": ":material/menu_book: " + _("Dictionary"),
    }


def remember_section(key: str) -> None:
    """Write the chosen tab to the address."""
    names = {label: name for name, label in sections().items()}
    st.query_params[SECTION_PARAM] = names.get(st.session_state[key], "loads")


def draw_sections() -> None:
    current, labels = snapshot_id(), sections()
    key = f"data.section.{language()}"
    tabs = dict(
        zip(
            labels,
            st.tabs(
                list(labels.values()),
                default=labels.get(st.query_params.get(SECTION_PARAM, ""), labels["loads"]),
                key=key,
                on_change=remember_section,
                args=(key,),
            ),
            strict=True,
        )
    )
    if tabs["loads"].open:
        with tabs["loads"], page_errors():
            draw_freshness(current)
            draw_loads(current)
    # A form that is being filled in stays drawn while another tab is looked at: its fields would be lost.
    if tabs["upload"].open or UPLOAD_KEY in st.session_state:
        with tabs["upload"]:
            upload_panel()
            folder_panel()
    if tabs["quality"].open:
        with tabs["quality"]:
            draw_quality()
    if tabs["quarantine"].open:
        with tabs["quarantine"]:
            draw_quarantine()
    if tabs["snapshots"].open:
        with tabs["snapshots"], page_errors():
            draw_snapshots(current)
    if tabs["dictionary"].open:
        with tabs["dictionary"]:
            draw_dictionary()


def draw_first_run() -> None:
    """While nothing was ever loaded."""
    invite()
    upload_panel()
    folder_panel()
    with st.expander(_("Dictionary"), icon=":material/menu_book:"):
        draw_dictionary()


page_header(_("Data"), shows_filters=False, links_to_data=False)
watch_job()
if get_runtime().warehouse.exists():
    draw_totals(snapshot_id())
    draw_sections()
else:
    draw_first_run()
