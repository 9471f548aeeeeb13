"""What the parts of the knowledge page share: the item in the address, steps taken in the actor's name, and what a text changes."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from itertools import zip_longest
from typing import TypeVar

import streamlit as st

from app.components.draft_evidence import marked_changes
from app.components.thread import plain
from app.errors import AppError
from app.i18n import _
from app.identity import Actor, current_actor
from app.page_errors import sentence
from app.services.runtime import get_runtime
from app.workspace import ItemKind

ITEM_PARAM, TAB_KEY, VIEW_KEY = "item", "knowledge.tab", "knowledge.view"
T = TypeVar("T")
KINDS: tuple[ItemKind, ...] = ("article", "macro")
_PROBLEM, _DONE = "knowledge.problem", "knowledge.done"


def chosen_item() -> tuple[ItemKind, str] | None:
    """The article or macro in the address."""
    kind, _colon, item_id = st.query_params.get(ITEM_PARAM, "").partition(":")
    return next(((known, item_id) for known in KINDS if known == kind and item_id), None)


def choose_item(kind: str, item_id: str, tab: str = "text") -> None:
    """Puts an item into the address and opens one of its tabs; for callbacks and for a click in the body."""
    st.query_params[ITEM_PARAM] = f"{kind}:{item_id}"
    st.session_state[TAB_KEY] = tab


def attempt(step: Callable[[Actor], object], done: str) -> bool:
    """Takes a step as the person of this session; what came of it is said with the next run. Whether it was taken."""
    from analytics.errors import AnalyticsError
    from llm.errors import LlmError

    try:
        step(current_actor(get_runtime().settings))
    except (AppError, AnalyticsError, LlmError) as error:
        st.session_state[_PROBLEM] = sentence(error)
        return False
    st.session_state[_DONE] = done
    return True


def show_outcome() -> None:
    """Say what came of the last step, once."""
    if problem := st.session_state.pop(_PROBLEM, None):
        kept = _("Nothing was changed; what you wrote is kept.")
        st.warning(f"{plain(problem, 1_000)}  \n{kept}", icon=":material/warning:")
    if done := st.session_state.pop(_DONE, None):
        st.success(done, icon=":material/check:")


def decision(
    key: str, *, is_own: bool, is_behind: bool, on_approve: Callable[[], None], on_reject: Callable[[], None]
) -> None:
    """Draw what decides on a proposal: a reason (kept under `KEY.reason`), approve and reject. Its own writer approves only where nobody else can act."""
    is_local = current_actor(get_runtime().settings).source == "local"
    if is_own:
        st.caption(
            _("You wrote this, and nobody else can sign in here: approve it alone, and it is put on record so.")
            if is_local
            else _("You wrote in this proposal: a second person approves it.")
        )
    st.text_input(_("Reason of the decision"), max_chars=500, key=f"{key}.reason")
    with st.container(horizontal=True):
        st.button(
            _("Approve alone") if is_own and is_local else _("Approve"),
            type="primary",
            icon=":material/verified:",
            disabled=is_behind or (is_own and not is_local),
            on_click=on_approve,
            key=f"{key}.approve",
        )
        st.button(_("Reject"), icon=":material/block:", on_click=on_reject, key=f"{key}.reject")


def opened(key: str, now: T) -> tuple[T, int]:
    """What this person has before them since it was opened, and how often it was opened: what is typed belongs to one opening."""
    if key not in st.session_state:
        st.session_state[f"{key}.times"] = st.session_state.get(f"{key}.times", 0) + 1
        st.session_state[key] = now
    found: T = st.session_state[key]
    return found, st.session_state[f"{key}.times"]


def forget(key: str) -> None:
    """Opens anew with the next run: what was typed is gone."""
    st.session_state.pop(key, None)


def newer(key: str, now: object) -> None:
    """Draw the choice of one who wrote over what is no longer the newest; what they typed stays until they choose."""
    with st.container(horizontal=True):
        st.button(
            _("Take over the newer version"), icon=":material/refresh:", on_click=forget, args=(key,), key=f"{key}.take"
        )
        st.button(
            _("Keep mine, to save over it"),
            icon=":material/edit:",
            on_click=st.session_state.__setitem__,
            args=(key, now),
            key=f"{key}.keep",
        )


def changes(before: str, after: str) -> None:
    """Draw the lines that differ (a paragraph is one), word by word: taken out in red, put in in green."""
    old, new = ([line for line in text.splitlines() if line.strip()] for text in (before, after))
    steps = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    changed = [
        pair for kind, a, b, c, d in steps if kind != "equal" for pair in zip_longest(old[a:b], new[c:d], fillvalue="")
    ]
    if not changed:
        st.caption(_("No change."))
    for gone, come in changed:
        st.markdown(marked_changes(gone, come))
