"""Rows set aside, corrected on the page or in a file and loaded again: an editor, the buttons, and the file both ways."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from app.components.card import card_title
from app.components.loads import JOB_KEY, job_is_running
from app.components.table import ROW_HEIGHT
from app.i18n import _, ngettext
from app.identity import current_actor
from app.services import quarantine
from app.services.data import TABLE_NAMES
from app.services.runtime import get_runtime, snapshot_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics.ingest import Correction

FILE_NAME = "quarantine-to-correct.csv"


def draw_corrections(found: pd.DataFrame, *, key: str, is_part: bool) -> None:
    """The rows of the page above, to be corrected and loaded; and all that are set aside as a file.

    key: names the page, whose edits are kept apart from another's. is_part: whether there are more pages.
    """
    with st.container(border=True):
        card_title(
            _("Correct and load again"),
            _(
                "Change the cells that are wrong. A row that then keeps the rules of its table is loaded and leaves this list; "
                "one that does not stays with its reason. Times without a zone are read as in the row's file."
            ),
        )
        edited = _draw_editor(found, key)
        if is_part:
            st.caption(
                _(
                    "These are the rows of the page above: load what you corrected before you turn it, or correct more in a file."
                )
            )
        with st.container(horizontal=True):
            is_asked = st.button(
                ngettext("Load {n} corrected row", "Load {n} corrected rows", len(edited)),
                type="primary",
                icon=":material/replay:",
                disabled=not edited or job_is_running(),
                key="corrections.load",
            )
            is_all_asked = st.button(
                _("Try all rows again as they are"),
                help=_("For reasons that are gone: a rule that was widened, or a date that was in the future."),
                disabled=job_is_running(),
                key="corrections.all",
            )
            st.download_button(
                _("Download all to correct"),
                quarantine.correction_file,
                file_name=FILE_NAME,
                mime="text/csv",
                icon=":material/download:",
                type="tertiary",
                on_click="ignore",
                key="corrections.download",
            )
        given = st.file_uploader(_("A corrected file"), type=["csv"], key=f"corrections.file.{snapshot_id()}")
        is_file_asked = given is not None and st.button(
            _("Load {name}", name=given.name), disabled=job_is_running(), key="corrections.file.load"
        )
    if is_asked:
        _start(quarantine.corrected(edited), "quarantine")
    elif is_all_asked:
        _start(None, "quarantine")
    elif given is not None and is_file_asked:
        _start(quarantine.read_corrections(io.BytesIO(given.getvalue()), given.name), given.name)


def _draw_editor(found: pd.DataFrame, key: str) -> list[dict[str, Any]]:
    """The rows of one table in an editor; returns those that were changed."""
    tables = [name for name in TABLE_NAMES if name in set(found["table"])]
    if set(found["table"]) - set(TABLE_NAMES):
        st.caption(_("Lines that belong to no known table are corrected in a file, which has a column for it."))
    if not tables:
        return []
    table = tables[0]
    if len(tables) > 1:
        table = st.segmented_control(
            _("Table"),
            tables,
            default=tables[0],
            required=True,
            format_func=lambda name: _(TABLE_NAMES[name]),
            key="corrections.table",
        )
    rows = found[found["table"] == table]
    shown = quarantine.editable(rows)
    if shown["raw_line"].isna().all():
        shown = shown.drop(columns="raw_line")
    kind = st.column_config
    configured: dict[str, Any] = {
        "row_id": None,
        "table": None,
        "from_file": kind.TextColumn(_("File"), disabled=True),
        "from_line": kind.NumberColumn(_("Line"), disabled=True, format="localized"),
        "why": kind.TextColumn(_("Reason"), disabled=True, width=280, pinned=True),
        "raw_line": kind.TextColumn(_("Raw content"), disabled=True, width=160),
    }
    for name in (str(name) for name in shown if name not in quarantine.ORIGIN):
        shown[name] = shown[name].astype("str").where(shown[name].notna(), None)
        configured[name] = kind.TextColumn(name)
    edited = st.data_editor(
        shown,
        hide_index=True,
        height=ROW_HEIGHT * (1 + min(len(shown), 10)) + 3,
        row_height=ROW_HEIGHT,
        column_config=configured,
        placeholder="–",
        alt=_("Correct and load again"),
        key=f"corrections.rows.{key}.{table}",
    )
    is_changed = (edited.fillna("") != shown.fillna("")).any(axis=1)
    return [{str(name): cell for name, cell in row.items()} for row in edited[is_changed].to_dict("records")]


def _start(corrections: Sequence[Correction] | None, called: str) -> None:
    st.session_state[JOB_KEY] = quarantine.start_replay(corrections, called, current_actor(get_runtime().settings))
    st.rerun()
