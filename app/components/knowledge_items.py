"""The list of articles and macros, and one of them as it is in force: its text, how often it is cited, and what a search finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from app.components.knowledge_steps import KINDS, choose_item
from app.components.table import Column, table
from app.components.thread import language_name, plain
from app.i18n import N_, _, joined, ngettext, number, sentences
from app.services import knowledge
from app.services.knowledge import Item
from app.services.tickets import intent_names

if TYPE_CHECKING:
    from llm.knowledge import Article, Hit
    from llm.types import Macro

AUDIENCES = {"merchant": N_("Merchants"), "buyer": N_("Buyers"), "both": N_("Merchants and buyers")}
KIND_NAMES = {"article": N_("Article"), "macro": N_("Macro")}
ALL = "all"
SNIPPET = 240


def item_list(items: list[Item]) -> None:
    """Draw the list under its filters; a click opens an item."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            _("Show"),
            (ALL, *KINDS),
            default=ALL,
            required=True,
            format_func=lambda name: _("All") if name == ALL else _(KIND_NAMES[name]),
            label_visibility="collapsed",
            key="knowledge.kind",
        )
        language = st.selectbox(
            _("Language"),
            knowledge.LANGUAGES,
            index=None,
            format_func=language_name,
            placeholder=_("Every language"),
            label_visibility="collapsed",
            width=150,
            key="knowledge.language",
        )
    words = st.text_input(
        _("Search"), placeholder=_("Words of a title or id"), label_visibility="collapsed", key="knowledge.words"
    )
    shown = [
        item
        for item in items
        if kind in (ALL, item.kind)
        and (language is None or language in item.language)
        and words.strip().casefold() in f"{item.title} {item.item_id}".casefold()
    ]
    st.caption(_("{n} of {total}", n=number(len(shown)), total=number(len(items))))
    if not shown:
        st.caption(_("Nothing here: search for other words, or show every kind and language."))
        return
    row = table(
        pd.DataFrame([(i.title, language_names(i), status(i), i.cited, i.item_id) for i in shown]).set_axis(
            ["title", "language", "status", "cited", "item_id"], axis=1
        ),
        [
            Column("title", _("Title"), pinned=True, width=165),
            Column("language", _("Language"), width=70),
            Column("status", _("Status"), width=120),
            Column("cited", _("Cited"), "count", help=_("Drafts that cite the article, in either language."), width=55),
            Column("item_id", _("Id")),
        ],
        key="knowledge.items",
        title=_("Articles and macros"),
        is_clickable=True,
        height=620,
    )
    if row is not None:
        choose_item(shown[row].kind, shown[row].item_id)
        st.rerun()


def unreadable_note() -> None:
    """Draw a line for every approved text that can't be read: which, why, and what is said instead."""
    for broken in knowledge.unreadable():
        said = (
            _("Nothing of it is said until a text that can be read is approved.")
            if broken.instead is None
            else _("In its place stays: {edition}.", edition=edition_name(broken.instead))
        )
        told = _(
            "{item}, {edition}, can't be read: {fault} Propose a mended text on its tab Edit.",
            item=plain(broken.item_id),
            edition=edition_name(broken.edition),
            fault=plain(broken.fault, 300),
        )
        st.warning(sentences(told, said), icon=":material/warning:")


def language_names(item: Item) -> str:
    """The languages that an item is written in, by their own names."""
    return joined([language_name(tag) for tag in item.language.split(", ")])


def status(item: Item) -> str:
    """What of an item wants attention, in words; else what is in force."""
    if item.is_unreadable:
        return _("can't be read")
    if item.proposal_count:
        return ngettext("{n} proposal", "{n} proposals", item.proposal_count)
    return _("may be out of date") if item.is_outdated else edition_name(item.edition)


def edition_name(edition: int | None) -> str:
    """An edition in words."""
    if edition is None:
        return _("not in force yet")
    return _("edition {n}", n=number(edition)) if edition else _("as delivered")


def item_head(item: Item) -> None:
    """Draw an item's title and badges, and what is to be said of its other language."""
    st.markdown(f"**{plain(item.title)}**")
    badges = [f":gray-badge[{_(KIND_NAMES[item.kind])}]", f":blue-badge[:material/translate: {language_names(item)}]"]
    colour, icon = ("gray", "edit_note") if item.edition is None else ("green", "verified")
    name = edition_name(item.edition)
    if item.is_unreadable:
        colour, icon, name = "orange", "warning", f"{name} · " + _("can't be read")
    badges.append(f":{colour}-badge[:material/{icon}: {name}]")
    if item.proposal_count:
        waiting = ngettext("{n} proposal", "{n} proposals", item.proposal_count)
        badges.append(f":orange-badge[:material/pending: {waiting}]")
    st.markdown(" ".join(badges))
    if item.kind != "article":
        st.caption(plain(item.item_id))
        return
    st.caption(f"{plain(item.item_id)} · " + ngettext("cited in {n} draft", "cited in {n} drafts", item.cited))
    other = knowledge.other_language(item.item_id)
    if item.is_outdated:
        st.markdown(
            f":orange[:material/history: {_('The other language was changed since: this text may be out of date.')}]"
        )
    if item.is_alone:
        st.markdown(f":orange[:material/translate: {_('There is no article in the other language yet.')}]")
    else:
        st.button(
            _("Open in {language}", language=language_name(other.rpartition(".")[2])),
            icon=":material/translate:",
            type="tertiary",
            on_click=choose_item,
            args=("article", other),
            key="knowledge.other",
        )


def read(made: Article | list[Macro]) -> None:
    """Draw a text as those who are answered read it, never as Markdown or HTML."""
    if isinstance(made, list):
        for macro in made:
            st.caption(f"{language_name(macro.language)} · {macro.kind} · {macro.tone}")
            st.text(macro.text)
        return
    names = intent_names()
    intents = joined([names.get(intent, intent) for intent in made.intents])
    st.caption(_("For {audience} · {intents}", audience=_(AUDIENCES[made.audience]), intents=plain(intents, 500)))
    for passage in made.passages:
        with st.container(gap=None):
            st.caption(f"¶ {passage.n}")
            st.text(passage.text)


def hits(found: list[Hit], heading: str) -> None:
    """Draw what a search gives, best first."""
    st.markdown(f"**{heading}**")
    if not found:
        st.caption(_("Nothing is near."))
    for place, hit in enumerate(found, start=1):
        with st.container(gap=None):
            st.caption(f"{place} · {plain(hit.passage.cite)} · {number(hit.score, digits=2)}")
            st.text(hit.passage.text[:SNIPPET])
