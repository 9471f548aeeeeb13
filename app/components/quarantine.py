"""Rows that loads set aside: how many for which reason, each with its file, line and raw content; they are corrected below."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.components.card import card_title
from app.components.corrections import draw_corrections
from app.components.empty import empty_state
from app.components.table import Column, table
from app.i18n import _, ngettext, number
from app.page_errors import page_errors
from app.services import data
from app.services.private import masked_rows
from app.services.runtime import snapshot_id


def reason_name(kind: str) -> str:
    """A kind of reason in the reader's language."""
    return _(data.REASONS.get(kind, data.OTHER_REASON))


@st.fragment
def draw_quarantine() -> None:
    """Counts by reason, then the rows; a click on a reason shows its rows only."""
    with page_errors():
        counted = data.reason_counts(snapshot_id())
        if counted.empty:
            empty_state(
                _("No row was set aside"),
                _("Every row of every load kept the rules of its table."),
                icon=":material/task_alt:",
                height=160,
            )
            return
        _draw_reasons(counted)
        _draw_rows(counted)


def _draw_reasons(counted: pd.DataFrame) -> None:
    with st.container(border=True):
        card_title(
            _("Why rows were set aside"),
            _(
                "Click a reason for its rows; correct them below, or in your file and load it again: what is loaded stays as it is."
            ),
        )
        row = table(
            counted.assign(said=[reason_name(kind) for kind in counted["kind"]]),
            [
                Column("said", _("Reason"), pinned=True),
                Column("row_count", _("Row count"), "count"),
                Column("table", _("Table")),
                Column("column", _("Column")),
                Column("example", _("For example")),
            ],
            key="quarantine.reasons",
            title=_("Why rows were set aside"),
            is_clickable=True,
        )
    if row is not None:
        st.session_state["quarantine.kind"] = str(counted["kind"].iloc[row])
        st.session_state["quarantine.table"] = str(counted["table"].iloc[row])


def _draw_rows(counted: pd.DataFrame) -> None:
    with st.container(border=True):
        card_title(_("Rows"))
        kinds, tables = sorted(set(counted["kind"])), sorted(set(counted["table"]))
        left, middle, right = st.columns(3)
        kind = left.selectbox(
            _("Reason"), kinds, index=None, format_func=reason_name, placeholder=_("All"), key="quarantine.kind"
        )
        chosen = middle.selectbox(_("Table"), tables, index=None, placeholder=_("All"), key="quarantine.table")
        text = right.text_input(_("File, column or content holds"), key="quarantine.text")
        total = data.count_rejects(snapshot_id(), kind=kind, table=chosen, text=text)
        if not total:
            empty_state(_("No such row"), _("Choose another reason, or search for less."), height=120)
            return
        pages = -(-total // data.PAGE_ROWS)
        searched = f"{snapshot_id()}.{kind}.{chosen}.{text}"
        page = 1
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.caption(ngettext("{n} row found", "{n} rows found", total), width="content")
            if pages > 1:
                page = st.pagination(pages, key=f"quarantine.page.{searched}")
        found = data.reject_page(snapshot_id(), kind=kind, table=chosen, text=text, page=page)
        if pages > 1:
            first = (page - 1) * data.PAGE_ROWS + 1
            st.caption(
                _(
                    "Rows {first} to {last}, the last load first.",
                    first=number(first),
                    last=number(first + len(found) - 1),
                )
            )
        table(
            masked_rows(found),
            [
                Column("file", _("File"), pinned=True),
                Column("line", _("Line"), "count"),
                Column("column", _("Column")),
                Column("reason", _("Reason"), width=360),
                Column("raw", _("Raw content"), width=420),
                Column("table", _("Table")),
                Column("source", _("Source")),
                Column("load_id", _("Load id")),
            ],
            key="quarantine.rows",
            title=_("Rows"),
            file_name="quarantine",
        )
    draw_corrections(found, key=f"{searched}.{page}", is_part=pages > 1)
