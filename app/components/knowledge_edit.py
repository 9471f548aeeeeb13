"""One article or macro: read, edited and proposed, with what a search would find; its other tabs are in knowledge_proposals."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from app.components.empty import empty_state
from app.components.knowledge_items import edition_name, hits, item_head, read
from app.components.knowledge_proposals import history_tab, proposals_tab
from app.components.knowledge_steps import TAB_KEY, attempt, changes, choose_item, forget, newer, opened, show_outcome
from app.i18n import N_, _
from app.services import knowledge
from app.services.knowledge import Edition, Item

if TYPE_CHECKING:
    from app.workspace import ItemKind

TABS = {
    "text": N_("Text"),
    "edit": N_("Edit"),
    "proposals": N_("Proposals"),
    "history": N_("History"),
    "search": N_("Try a question"),
}
EDITOR_HEIGHT = 420


def item_panel(item: Item) -> None:
    """Draw an item with its tabs."""
    item_head(item)
    show_outcome()
    tabs = tuple(name for name in TABS if item.kind == "article" or name != "search")
    if st.session_state.get(TAB_KEY) not in tabs:
        st.session_state[TAB_KEY] = "text"
    tab = st.segmented_control(
        _("View"),
        tabs,
        required=True,
        format_func=lambda name: _(TABS[name]),
        label_visibility="collapsed",
        key=TAB_KEY,
    )
    draw = {
        "text": _text_tab,
        "edit": _edit_tab,
        "proposals": proposals_tab,
        "history": history_tab,
        "search": _search_tab,
    }
    draw[tab or "text"](item.kind, item.item_id)


def _text_tab(kind: ItemKind, item_id: str) -> None:
    text = knowledge.read_in_force(kind, item_id).text
    if text:
        read(knowledge.parsed(kind, item_id, text))
    else:
        empty_state(_("Not in force yet"), _("This is only proposed: read it on the tab Proposals."), height=160)


def _edit_tab(kind: ItemKind, item_id: str) -> None:
    now, key = knowledge.in_force(kind, item_id), f"knowledge.edit.{kind}.{item_id}"
    seen, times = opened(key, now)
    st.caption(
        _(
            "Paragraphs are cited by number: change their words, add new ones at the end. The figures of limits.toml stay."
        )
        if kind == "article"
        else _("Variables stand in braces; all languages of a macro are edited together.")
    )
    if now.edition != seen.edition:
        st.info(
            _(
                "In force by now: {edition}. You are writing over: {yours}. What you wrote is kept; this is what changed:",
                edition=edition_name(now.edition),
                yours=edition_name(seen.edition),
            ),
            icon=":material/history:",
        )
        changes(seen.text, now.text)
        newer(key, now)
    text_key, why_key = f"{key}.text.{times}", f"{key}.why.{times}"
    text = st.text_area(_("Text"), seen.text, height=EDITOR_HEIGHT, key=text_key)
    st.text_input(_("Why"), max_chars=500, key=why_key)
    st.button(
        _("Propose"),
        type="primary",
        icon=":material/send:",
        on_click=_propose,
        args=(kind, item_id, seen, key, text_key, why_key),
        key=f"{key}.propose",
    )
    if text.strip() != seen.text.strip():
        with st.container(border=True):
            changes(seen.text, text)


def _propose(kind: ItemKind, item_id: str, seen: Edition, key: str, text_key: str, why_key: str) -> None:
    text, why = st.session_state[text_key], st.session_state[why_key]
    if attempt(
        partial(knowledge.propose, kind, item_id, text, why, seen.edition),
        _("Proposed: a second person approves it below."),
    ):
        forget(key)
        choose_item(kind, item_id, "proposals")


def _search_tab(kind: ItemKind, item_id: str) -> None:
    waiting, language = knowledge.waiting(kind, item_id), item_id.rpartition(".")[2]
    question = st.text_input(
        _("A question"),
        placeholder=_("As a merchant asks it, in the language of the article"),
        key=f"knowledge.question.{language}",
    )
    if not question.strip():
        return
    before, after = st.columns(2)
    with before:
        hits(knowledge.found(question, language), _("As it is in force"))
    with after:
        if waiting:
            hits(knowledge.found(question, language, (kind, item_id, waiting[0].text)), _("With the newest proposal"))
        else:
            st.caption(_("Nothing is proposed: what a proposal would change is shown here."))
