"""The ad-hoc page's right side: the question in SQL, running and stopping it, and its answer as rows and as a chart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from app.charts.adhoc import plotted
from app.charts.theme import CONFIG
from app.components.chart import card_head
from app.components.empty import empty_state
from app.components.export import export_button
from app.components.thread import plain
from app.i18n import N_, _, ngettext, number
from app.page_errors import page_errors, sentence
from app.services import adhoc
from app.services.adhoc import Plot
from app.services.runtime import snapshot_id

if TYPE_CHECKING:
    from analytics.adhoc.door import Question

SQL_KEY, RUNNING_KEY, SHOWN_KEY, PLOT_KEY = "adhoc.sql", "adhoc.running", "adhoc.shown", "adhoc.plot"
POLL_SECONDS = 1.0
HEIGHT = 380
KIND_NAMES = {"bar": N_("Bars"), "line": N_("Line"), "points": N_("Points")}


@dataclass(frozen=True)
class Shown:
    """The last answer of this session, or why there is none (a sentence in its language)."""

    frame: pd.DataFrame | None
    more: str | None
    problem: str | None


def write_question(sql: str, plot: Plot | None) -> None:
    """Puts a question into the editor, before it is drawn."""
    st.session_state[SQL_KEY] = sql
    st.session_state[PLOT_KEY] = plot


def question_panel() -> None:
    """The editor with its button."""
    st.session_state.setdefault(SQL_KEY, adhoc.example())
    with st.container(border=True):
        st.text_area(
            _("Question in SQL"),
            key=SQL_KEY,
            height=150,
            persist_state="session",
            help=_(
                "One SELECT over the served tables. Nothing can be changed from here, and no private data is served."
            ),
        )
        limits = adhoc.limits()
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                _("Run"),
                on_click=_run,
                type="primary",
                icon=":material/play_arrow:",
                disabled=RUNNING_KEY in st.session_state,
                key="adhoc.run",
            )
            st.caption(
                _(
                    "At most {rows} rows, {seconds} s and {memory} of memory.",
                    rows=number(limits.rows),
                    seconds=number(limits.seconds),
                    memory=limits.memory,
                ),
                width="content",
            )


def answer_panel() -> None:
    """The answer, or that it is awaited: then this part looks again by itself, and can stop it."""
    running = st.session_state.get(RUNNING_KEY)
    st.fragment(_answer_panel, run_every=POLL_SECONDS if running else None)()


def _run() -> None:
    st.session_state.pop(SHOWN_KEY, None)
    _told(lambda: st.session_state.update({RUNNING_KEY: adhoc.start(snapshot_id(), st.session_state[SQL_KEY])}))


def _told(step: Callable[[], None]) -> None:
    """Takes a step that may refuse the question, and keeps what it says for the page."""
    from analytics.errors import AnalyticsError

    try:
        step()
    except AnalyticsError as error:
        st.session_state[SHOWN_KEY] = Shown(None, None, sentence(error))


def _answer_panel() -> None:
    with page_errors():
        running: Question | None = st.session_state.get(RUNNING_KEY)
        if running is not None:
            _await(running)
            return
        found: Shown | None = st.session_state.get(SHOWN_KEY)
        if found is None:
            empty_state(_("Nothing asked yet"), _("Write a SELECT and run it; its rows appear here."), height=HEIGHT)
        elif found.frame is None:
            st.warning(plain(found.problem or "", 1_000), icon=":material/error:")
        elif found.frame.empty:
            empty_state(_("No rows"), _("The question was answered, and nothing fits it."), height=HEIGHT)
        else:
            _rows(found.frame, found.more)


def _await(running: Question) -> None:
    if running.is_done(POLL_SECONDS / 2):
        del st.session_state[RUNNING_KEY]
        _told(lambda: _keep(running))
        st.rerun()
    with st.container(border=True, height=HEIGHT, horizontal_alignment="center", vertical_alignment="center"):
        st.markdown(":material/hourglass_top: **" + _("Being answered …") + "**", width="content")
        st.button(_("Stop"), on_click=running.cancel, icon=":material/stop:", key="adhoc.stop")


def _keep(running: Question) -> None:
    answer = running.answer()
    st.session_state[SHOWN_KEY] = Shown(adhoc.shown(answer.frame), answer.more, None)


def _rows(frame: pd.DataFrame, more: str | None) -> None:
    with st.container(border=True):
        view = card_head(_("Result"), _counted(len(frame), more), key="adhoc.answer", default="table")
        if view == "chart":
            _chart(frame)
        else:
            st.dataframe(frame, hide_index=True, height=HEIGHT, placeholder="–", alt=_("Result"), key="adhoc.rows")
        export_button(lambda: frame, "query", key="adhoc")


def _counted(count: int, more: str | None) -> str:
    if more == "rows":
        return _("The first {n} rows of more.", n=number(count))
    if more == "bytes":
        return _("The first {n} rows of more: the rest is too large to send.", n=number(count))
    return ngettext("{n} row", "{n} rows", count)


def _chart(frame: pd.DataFrame) -> None:
    columns, numbers = adhoc.plottable(frame)
    chosen = st.session_state.get(PLOT_KEY)
    if chosen is None or chosen.x not in columns or chosen.y not in numbers:
        chosen = adhoc.first_plot(frame)
    if chosen is None:
        empty_state(_("Nothing to draw"), _("A chart needs a column of numbers and another one."), height=HEIGHT)
        return
    left, middle, right = st.columns(3)
    kind = left.selectbox(
        _("Chart"), adhoc.KINDS, adhoc.KINDS.index(chosen.kind), format_func=lambda name: _(KIND_NAMES[name])
    )
    x = middle.selectbox(_("Across"), columns, columns.index(chosen.x))
    y = right.selectbox(_("Upward"), numbers, numbers.index(chosen.y))
    st.session_state[PLOT_KEY] = Plot(kind, x, y)
    st.plotly_chart(
        plotted(frame, kind=kind, x=x, y=y, height=HEIGHT), key="adhoc.figure", config=CONFIG, alt=f"{y}, {x}"
    )
