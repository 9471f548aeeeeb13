"""The dictionary: every metric and every table with what it means, searched by any of its words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from app.components.card import card_title
from app.components.empty import empty_state
from app.components.table import Column, table
from app.filter_bar import STATE_KEY, current_filters
from app.i18n import N_, _, number
from app.page_errors import page_errors
from app.services import data, figures
from app.services.figures import Number
from app.services.runtime import SNAPSHOT_KEY

if TYPE_CHECKING:
    from analytics.dictionary import TableDoc

UNITS = {
    "count": N_("count"),
    "rate": N_("rate"),
    "money": N_("money"),
    "seconds": N_("duration"),
    "stars": N_("stars (1–5)"),
    "nps": N_("NPS (−100 to 100)"),
    "points": N_("points"),
}
DIRECTIONS = {"higher": N_("higher"), "lower": N_("lower"), "neutral": N_("neither")}


@st.fragment
def draw_dictionary() -> None:
    """A search over metrics and tables, and both lists; a click opens one."""
    with page_errors():
        text = st.text_input(
            _("Search the dictionary"),
            placeholder=_("a metric, a table, a column, a word"),
            key="dictionary.text",
            persist_state="session",
            icon=":material/search:",
        )
        _draw_metrics(text)
        _draw_tables(text)


def _draw_metrics(text: str) -> None:
    frame = data.metric_table()
    frame = frame.assign(title=[_(name) for name in frame["name"]], said=[_(words) for words in frame["description"]])
    keep = [
        data.holds(text, metric_id, title, name, said)
        for metric_id, title, name, said in zip(
            frame["metric_id"], frame["title"], frame["name"], frame["said"], strict=True
        )
    ]
    found = frame[keep].reset_index(drop=True)
    with st.container(border=True):
        card_title(_("Metrics"))
        if found.empty:
            empty_state(_("No metric holds this"), _("Search for another word, or look among the tables."), height=110)
            return
        st.caption(
            _("{n} of {all}. Click one for its definition and SQL.", n=number(len(found)), all=number(len(frame)))
        )
        row = table(
            found.assign(
                unit=[_(UNITS[unit]) for unit in found["unit"]],
                direction=[_(DIRECTIONS[direction]) for direction in found["direction"]],
            ),
            [
                Column("title", _("Metric"), pinned=True, width=250),
                Column("said", _("Definition"), width=400),
                Column("unit", _("Unit")),
                Column("direction", _("Better is")),
                Column("min_n", _("Needed for a figure"), "count"),
                Column("metric_id", _("Name in commands"), width=210),
            ],
            key="dictionary.metrics",
            title=_("Metrics"),
            is_clickable=True,
            file_name="metrics",
        )
    if row is not None:
        st.dialog(str(found["title"].iloc[row]), width="large", icon=":material/query_stats:")(_metric)(found.iloc[row])


def _metric(spec: pd.Series[str]) -> None:
    with page_errors():
        st.markdown(spec["said"])
        facts = {
            _("Numerator"): spec["numerator"],
            _("Denominator"): spec["denominator"] if spec["denominator"] != "none" else "–",
            _("Unit"): _(UNITS[spec["unit"]]),
            _("Better is"): _(DIRECTIONS[spec["direction"]]),
            _("Needed for a figure"): number(int(spec["min_n"])),
            _("Name in commands"): f"`trustdesk metrics --metric {spec['metric_id']}`",
        }
        for name, value in facts.items():
            left, right = st.columns([1, 3])
            left.caption(name)
            right.markdown(_(value))
        snapshot = st.session_state.get(SNAPSHOT_KEY)
        if not isinstance(snapshot, str) or STATE_KEY not in st.session_state:
            st.caption(_("Its SQL is shown once there is data."))
            return
        shown = Number(str(spec["metric_id"]), current_filters().scope())
        st.code(figures.sql(snapshot, shown), language="sql", height=320)
        st.caption(_("Read-only, with the desk's window and filters written out."))


def _draw_tables(text: str) -> None:
    docs = data.table_docs()
    found = [doc for doc in docs if data.holds(text, *_words(doc))]
    with st.container(border=True):
        card_title(_("Tables and marts"))
        if not found:
            empty_state(_("No table holds this"), _("Search for another word."), height=110)
            return
        frame = pd.DataFrame(
            {
                "name": [doc.name for doc in found],
                "kind": [_("mart") if doc.is_mart else _("table") for doc in found],
                "said": [_(doc.description) for doc in found],
                "grain": [", ".join(doc.grain) for doc in found],
                "columns": [len(doc.columns) for doc in found],
            }
        )
        st.caption(_("Tables are what you load; marts are computed from them. Click one for its columns."))
        row = table(
            frame,
            [
                Column("name", _("Name"), pinned=True, width=180),
                Column("kind", _("Kind")),
                Column("said", _("What it holds"), width=480),
                Column("grain", _("One row is one")),
                Column("columns", _("Columns"), "count"),
            ],
            key="dictionary.tables",
            title=_("Tables and marts"),
            is_clickable=True,
        )
    if row is not None:
        st.dialog(found[row].name, width="large", icon=":material/table:")(_table)(found[row])


def _words(doc: TableDoc) -> list[str]:
    columns = [part for column in doc.columns for part in (column.name, column.doc, _(column.doc))]
    return [doc.name, doc.description, _(doc.description), *columns]


def _table(doc: TableDoc) -> None:
    with page_errors():
        st.markdown(_(doc.description))
        st.caption(_("One row is one: {grain}", grain=", ".join(doc.grain)))
        frame = pd.DataFrame(
            [{"name": column.name, "said": _(column.doc), "rule": column.rule} for column in doc.columns]
        )
        columns = [Column("name", _("Column"), pinned=True, width=190), Column("said", _("Meaning"), width=420)]
        if not doc.is_mart:
            columns.append(Column("rule", _("Type and rule"), width=280))
        table(frame, columns, key=f"dictionary.{doc.name}", title=doc.name, file_name=doc.name)
        if doc.invariants:
            st.caption(_("Holds for every row"))
            st.code("\n".join(doc.invariants), language="sql")
        if doc.sql:
            with st.expander(_("SQL"), icon=":material/code:"):
                st.code(doc.sql, language="sql", height=320)
