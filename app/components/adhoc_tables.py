"""The ad-hoc page's left side: which tables and columns there are, and the questions that people saved."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from app.components.adhoc import PLOT_KEY, SQL_KEY, write_question
from app.components.card import card_title
from app.components.empty import empty_state
from app.components.table import Column, table
from app.components.thread import plain
from app.errors import AppError
from app.i18n import _
from app.identity import current_actor
from app.page_errors import page_errors, sentence
from app.services import adhoc
from app.services.adhoc import SavedQuery
from app.services.runtime import get_runtime

PARAM = "query"
OPENED_KEY, NAME_KEY, PROBLEM_KEY = "adhoc.opened", "adhoc.name", "adhoc.problem"


def open_link() -> None:
    """Puts the saved question that the address names into the editor, once; before the editor is drawn."""
    asked = st.query_params.get(PARAM)
    if asked is None or asked == st.session_state.get(OPENED_KEY):
        return
    st.session_state[OPENED_KEY] = asked
    _told(lambda: _write(adhoc.opened(asked)))


@st.fragment
def schema_panel() -> None:
    """The served tables; one of them with its columns."""
    with page_errors(), st.container(border=True):
        card_title(_("Tables"))
        served = {found.name: found for found in adhoc.tables()}
        name = st.selectbox(_("Table"), list(served), label_visibility="collapsed", key="adhoc.table")
        found = served[name]
        st.caption(_(found.description))
        if found.grain:
            st.caption(_("One row is one: {grain}", grain=", ".join(found.grain)))
        table(
            pd.DataFrame([{"name": column.name, "said": _(column.doc)} for column in found.columns]),
            [Column("name", _("Column"), pinned=True, width=150), Column("said", _("Meaning"), width=230)],
            key=f"adhoc.columns.{name}",
            title=name,
            height=260,
        )


def saved_panel() -> None:
    """Keep this question, and open one that was kept; the address then is a link to it."""
    with st.container(border=True):
        card_title(_("Saved queries"))
        if problem := st.session_state.pop(PROBLEM_KEY, None):
            st.warning(plain(problem, 500), icon=":material/warning:")
        kept = adhoc.saved()
        if kept:
            _open_one(kept)
        else:
            empty_state(_("None yet"), _("Name a question and save it to share it."), height=90)
        st.text_input(_("Save this question as"), max_chars=200, key=NAME_KEY)
        st.button(
            _("Save"),
            on_click=_save,
            icon=":material/bookmark_add:",
            disabled=not str(st.session_state.get(NAME_KEY) or "").strip(),
            key="adhoc.save",
        )


def _open_one(kept: list[SavedQuery]) -> None:
    names = {query.query_id: query for query in kept}
    opened = names.get(str(st.session_state.get(OPENED_KEY)))
    st.selectbox(
        _("Open"),
        list(names),
        index=list(names).index(opened.query_id) if opened else None,
        format_func=lambda query_id: f"{names[query_id].name} · {names[query_id].author}",
        placeholder=_("Choose a saved query"),
        key=f"adhoc.open.{len(kept)}.{opened.query_id if opened else ''}",
        on_change=_open,
        args=(f"adhoc.open.{len(kept)}.{opened.query_id if opened else ''}",),
    )
    if opened is None:
        return
    st.caption(_("The address of this page is a link to “{name}”.", name=plain(opened.name)))
    if opened.author_id != current_actor(get_runtime().settings).actor_id:
        st.caption(_("Only {author} renames or removes it.", author=plain(opened.author)))
        return
    st.button(
        _("Remove"),
        on_click=_remove,
        args=(opened.query_id,),
        type="tertiary",
        icon=":material/delete:",
        key="adhoc.remove",
    )


def _open(key: str) -> None:
    query_id = st.session_state[key]
    if query_id is not None:
        _told(lambda: _show(adhoc.opened(query_id)))


def _show(query: SavedQuery) -> None:
    _write(query)
    _link_to(query.query_id)


def _write(query: SavedQuery) -> None:
    write_question(query.sql, query.plot)


def _link_to(query_id: str) -> None:
    st.session_state[OPENED_KEY] = st.query_params[PARAM] = query_id


def _save() -> None:
    state = st.session_state
    actor = current_actor(get_runtime().settings)

    def step() -> None:
        _link_to(adhoc.save(state[NAME_KEY], state[SQL_KEY], state.get(PLOT_KEY), actor).query_id)
        state[NAME_KEY] = ""

    _told(step)


def _remove(query_id: str) -> None:
    _told(lambda: adhoc.remove(query_id, current_actor(get_runtime().settings)))
    st.session_state.pop(OPENED_KEY, None)
    st.query_params.pop(PARAM, None)


def _told(step: Callable[[], None]) -> None:
    """Takes a step that may be refused, and keeps what it says for the next drawing."""
    try:
        step()
    except AppError as error:
        st.session_state[PROBLEM_KEY] = sentence(error)
