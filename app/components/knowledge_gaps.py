"""Gaps of the knowledge as cards: what is asked, how often, what is nearest, and the article that is begun with it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from app.components.empty import empty_state
from app.components.knowledge_items import AUDIENCES
from app.components.knowledge_steps import VIEW_KEY, attempt, choose_item, show_outcome
from app.components.on_demand import is_asked
from app.components.thread import TICKET_PARAM, language_name, plain
from app.i18n import _, ngettext, number, rate
from app.services import gaps as services
from app.services import knowledge
from app.services.runtime import snapshot_id

if TYPE_CHECKING:
    from llm.types import Gap


def gaps_panel() -> None:
    """Draw the gaps once they are asked for: what no article covers first."""
    st.caption(
        _(
            "Questions of open threads and of the last {n} days on which the desk would not answer by itself, those of one matter together.",
            n=number(services.RECENT_DAYS),
        )
    )
    show_outcome()
    read = _(
        "Reads the newest open threads, then recent ones, {n} at most; takes a moment.", n=number(services.MOST_THREADS)
    )
    if not is_asked("knowledge.gaps", _("Look for gaps"), read):
        return
    with st.skeleton(height=400):
        found = services.gaps(snapshot_id())
    if not found:
        empty_state(
            _("No gap"), _("No matter is asked about in five threads that the knowledge leaves open."), height=200
        )
    for gap in found:
        with st.container(border=True, gap="xsmall"):
            _card(gap)


def _card(gap: Gap) -> None:
    threads = ngettext("{n} thread", "{n} threads", gap.count)
    merchants = ngettext("{n} merchant", "{n} merchants", len(gap.merchants))
    badge = (
        f":gray-badge[:material/menu_book: {_('an article is near')}]"
        if gap.is_covered
        else f":orange-badge[:material/help: {_('no article covers it')}]"
    )
    st.markdown(f"**{plain(gap.label)}** {badge}")
    st.caption(f"{threads} · {merchants} · {language_name(gap.language)}")
    if gap.nearest:
        st.caption(
            _(
                "Nearest: {title} ({cite}), similarity {similarity}, answers with a chance of {chance}",
                title=plain(gap.nearest_title),
                cite=plain(gap.nearest),
                similarity=number(gap.similarity, digits=2),
                chance=rate(gap.chance, digits=0),
            )
        )
    for sentence in gap.examples:
        st.text(f"“{sentence.text}”")
    with st.container(horizontal=True):
        if gap.nearest:
            st.button(
                _("Edit the nearest article"),
                icon=":material/edit:",
                type="primary" if gap.is_covered else "secondary",
                on_click=_open,
                args=(knowledge.item_of(gap.nearest, gap.language), "edit"),
                key=f"knowledge.gap.edit.{gap.gap_id}",
            )
        with st.popover(_("Draft an article"), icon=":material/note_add:"):
            _form(gap)
        st.page_link(
            "views/reply_desk.py",
            label=_("Open a thread"),
            icon=":material/forum:",
            query_params={TICKET_PARAM: gap.ticket_ids[0]},
        )


def _form(gap: Gap) -> None:
    if gap.is_covered:
        st.warning(
            _(
                "“{title}” is about this already: a second article would compete with it.",
                title=plain(gap.nearest_title),
            ),
            icon=":material/content_copy:",
        )
    key = f"knowledge.gap.{gap.gap_id}"
    with st.form(key, border=False):
        st.text_input(_("Title"), max_chars=120, key=f"{key}.title")
        hint = _("Small letters, digits and _; it is cited.")
        st.text_input(_("Id"), max_chars=60, placeholder="gift_cards", help=hint, key=f"{key}.id")
        st.selectbox(
            _("Whom it is for"), tuple(AUDIENCES), format_func=lambda name: _(AUDIENCES[name]), key=f"{key}.audience"
        )
        st.form_submit_button(
            _("Put up the draft"), type="primary", on_click=_draft, args=(gap, key), key=f"{key}.draft"
        )


def _draft(gap: Gap, key: str) -> None:
    title, article_id, audience = (st.session_state[f"{key}.{name}"] for name in ("title", "id", "audience"))
    step = partial(services.propose_article, snapshot_id(), gap, article_id.strip(), title.strip(), audience)
    done = _("Put up as a proposal: write the rule, then a second person approves it.")
    if attempt(step, done):
        _open(f"{article_id.strip()}.{gap.language}", "proposals")


def _open(item_id: str, tab: str) -> None:
    st.session_state[VIEW_KEY] = "items"
    choose_item("article", item_id, tab)
