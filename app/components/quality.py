"""Data quality: what is missing, doubled, orphaned or out of range, worst first, in words and as a table; a click shows the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from app.components.card import card_title
from app.components.empty import empty_state
from app.components.table import Column, table
from app.components.words import code_name
from app.i18n import N_, _, ngettext, number
from app.page_errors import page_errors
from app.services import quality
from app.services.data import TABLE_NAMES
from app.services.runtime import snapshot_id

if TYPE_CHECKING:
    from analytics.quality import Check

SAID_AT_ONCE = 8
CHOSEN_KEY = "quality.chosen"
STATUSES = {
    "fail": N_("fails"),
    "warn": N_("worth a look"),
    "ok": N_("all right"),
    "not_in_source": N_("Not in this source"),
}
MARKS = {"fail": ":red[:material/error:]", "warn": ":orange[:material/warning:]"}
MART_NAMES = {"fct_order": N_("Orders"), "fct_marketplace_order": N_("Orders")}


@st.fragment
def draw_quality() -> None:
    """The sentences of what fails, all checks, and the rows of the one that was clicked."""
    with page_errors():
        with st.spinner(_("Counting")):
            found = quality.checks(snapshot_id())
        chosen = _draw_checks(found)
        if chosen is not None:
            _draw_rows(chosen)


def sentence(check: Check) -> str:
    """What a check found, in the reader's language, with its table and counts."""
    words = dict(check.values)
    if "kind" in words:
        words["kind"] = code_name("kind", words["kind"])
    said = _(check.sentence, **words)
    if check.count is not None and check.total is not None:
        said += " · " + _("{count} of {total}", count=number(check.count), total=number(check.total))
    return f"{_(name)}: {said}" if (name := table_title(check.table)) else said


def table_title(name: str) -> str:
    """The msgid of a checked table's name; "" for what concerns no single table."""
    return TABLE_NAMES.get(name) or MART_NAMES.get(name, "")


def _draw_checks(found: tuple[Check, ...]) -> Check | None:
    bad = [check for check in found if check.status in ("fail", "warn")]
    with st.container(border=True):
        card_title(
            _("Data quality"),
            _("Rows that a table's rules refused are counted among those read. Click a check for its rows."),
        )
        if not bad:
            st.markdown(
                ":green[:material/task_alt:] "
                + ngettext("{n} check, and nothing to report", "{n} checks, and nothing to report", len(found))
            )
        st.markdown("  \n".join(f"{MARKS[check.status]} {sentence(check)}" for check in bad[:SAID_AT_ONCE]))
        shown = list(found)
        if bad and not st.toggle(_("Show what is all right too"), key="quality.all"):
            shown = bad
        row = table(
            pd.DataFrame([_cells(check) for check in shown]),
            [
                Column("state", _("State"), pinned=True),
                Column("name", _("Check")),
                Column("table", _("Table")),
                Column("column", _("Column")),
                Column("count", _("Row count"), "count"),
                Column("total", _("Of"), "count"),
                Column("share", _("Share"), "rate"),
                Column("said", _("What was found"), width=520),
            ],
            key="quality.checks",
            title=_("Data quality"),
            is_clickable=True,
            file_name="data-quality",
        )
    if row is not None:
        st.session_state[CHOSEN_KEY] = shown[row].check_id
    return next((check for check in found if check.check_id == st.session_state.get(CHOSEN_KEY)), None)


def _cells(check: Check) -> dict[str, object]:
    name = table_title(check.table)
    return {
        "state": _(STATUSES[check.status]),
        "name": _(check.name),
        "table": _(name) if name else "",
        "column": check.column,
        "count": check.count,
        "total": check.total,
        "share": check.share,
        "said": sentence(check),
    }


def _draw_rows(check: Check) -> None:
    with st.container(border=True):
        card_title(_("Rows behind it"), sentence(check))
        frame = quality.failing_rows(snapshot_id(), check.check_id) if check.count else pd.DataFrame()
        if frame.empty:
            empty_state(_("No such row"), _("This check counts; it has no rows to show."), height=120)
            return
        if check.count and len(frame) < check.count:
            st.caption(_("The first {shown} of {all} rows.", shown=number(len(frame)), all=number(check.count)))
        if "kind" in frame:
            frame = frame.assign(kind=[f"{code_name('kind', code)} ({code})" for code in frame["kind"]])
        columns = [Column(str(name), str(name), "moment" if str(name).endswith("_at") else "text") for name in frame]
        table(frame, columns, key=f"quality.rows.{check.check_id}", title=_("Rows behind it"), file_name="quality-rows")
