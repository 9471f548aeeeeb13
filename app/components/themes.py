"""Themes as cards: what merchants and buyers write about, how much of it, whether it grows, and what is news. Knows no warehouse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import streamlit as st

from app.components.thread import language_name, plain
from app.i18n import N_, _, day, joined, ngettext, number, rate
from app.services.private import worded
from app.services.themes import ALL_THREADS, Review, ThemeCard, news

if TYPE_CHECKING:
    from llm.types import Theme

THEME_PARAM = "theme"
_NONE = N_("outside the trust score")


def chosen_theme() -> str:
    """The theme in the address; `ALL_THREADS` for all of them."""
    return st.query_params.get(THEME_PARAM) or ALL_THREADS


def choose_theme(theme_id: str) -> None:
    """Puts a theme into the address; for callbacks."""
    if theme_id:
        st.query_params[THEME_PARAM] = theme_id
    else:
        st.query_params.pop(THEME_PARAM, None)


_NEWS = {
    "new": (":red[:material/fiber_new:]", N_("New")),
    "growing": (":red[:material/trending_up:]", N_("Growing")),
    "vanished": (":green[:material/done_all:]", N_("Gone")),
    "shrinking": (":green[:material/trending_down:]", N_("Shrinking")),
}
_FLAT = ":material/trending_flat:"


def growth_words(theme: Theme) -> str:
    """What became of a theme's share, with its interval, as Markdown; coloured only where it is more than chance among all themes."""
    if theme.growth is None or theme.ci_low is None or theme.ci_high is None:
        text = (
            ngettext(
                "{n} thread, none in the period before", "{n} threads, none in the period before", theme.thread_count
            )
            if theme.status == "new"
            else _("nothing earlier to compare with")
        )
    else:
        text = _(
            "share × {ratio} ({low}–{high})",
            ratio=number(1 + theme.growth, digits=1),
            low=number(1 + theme.ci_low, digits=1),
            high=number(1 + theme.ci_high, digits=1),
        )
    if theme.status not in _NEWS:
        return f":gray[{_FLAT} {text}]"
    icon, label = _NEWS[theme.status]
    return f"{icon} **{_(label)}** · {text}"


def theme_news(cards: Sequence[ThemeCard]) -> None:
    """Draw what is new, gone, growing, shrinking, split or merged, a line each; that nothing is, where nothing is."""
    names = {card.theme.theme_id: card.theme.label for card in cards}
    with st.container(border=True, gap="xxsmall"):
        found = news(cards)
        if not found:
            st.caption(_("No theme came, went or changed its share by more than chance since the period before."))
        for status, themes in found.items():
            if status == "moved":
                for theme in themes:
                    st.markdown(f":small[{_moved_words(theme, names)}]")
                continue
            icon, label = _NEWS[status]
            st.markdown(f":small[{icon} **{_(label)}:** {joined([_news_words(theme) for theme in themes])}]")


def _news_words(theme: Theme) -> str:
    """Its name, and by how much its share changed; its threads where there is no ratio."""
    if theme.growth is not None:
        return f"{plain(theme.label)} (× {number(1 + theme.growth, digits=1)})"
    return f"{plain(theme.label)} ({theme.thread_count_before} → {theme.thread_count})"


def _moved_words(theme: Theme, names: Mapping[str, str]) -> str:
    label = plain(theme.label)
    if theme.split_from:
        source = names.get(theme.split_from, theme.split_from)
        return ":material/call_split: " + _("{theme} came out of {source}", theme=label, source=plain(source))
    gone = joined([plain(names.get(theme_id, theme_id)) for theme_id in theme.merged])
    return ":material/merge: " + _("{gone} went into {theme}", gone=gone, theme=label)


def review_list(reviews: Sequence[Review]) -> None:
    """Draw reviews, the newest first; their private data is masked already."""
    for review in reviews:
        with st.container(border=True, gap=None):
            rated = "" if review.stars is None else f"{number(review.stars)} ★ · "
            review_id = review.event_id.partition("|")[0]  # without the order and merchant that a copy is for
            st.caption(f"{rated}{day(review.posted_on)} · {plain(review.merchant_id)} · {plain(review_id)}")
            st.text(review.text)


def theme_list(cards: Sequence[ThemeCard], components: Mapping[str, str], *, thread_count: int) -> None:
    """Draw one card a theme, above them all threads; a click puts the theme into the address. `components` are names by id."""
    chosen = chosen_theme()
    with st.container(border=True, gap=None):
        _choice(_("All threads"), ALL_THREADS, is_chosen=chosen == ALL_THREADS)
        st.caption(ngettext("{n} thread", "{n} threads", thread_count))
    for card in cards:
        _theme_card(card, components, is_chosen=chosen == card.theme.theme_id)


def growing_themes_row(cards: Sequence[ThemeCard], components: Mapping[str, str]) -> None:
    """Draw the themes that grow fastest side by side, each with its link to the Issues page."""
    with st.grid(max(1, len(cards)), min_column_width=260, gap="xsmall"):
        for card in cards:
            with st.container(border=True, gap=None, height="stretch"):
                st.markdown("**" + plain(card.theme.label) + "**")
                _figures(card, components)
                st.text(worded(card.theme.summary.rsplit(" [", 1)[0]))
                st.page_link(
                    "views/issues.py",
                    label=_("Read the threads"),
                    icon=":material/arrow_forward:",
                    query_params={THEME_PARAM: card.theme.theme_id},
                )


def _theme_card(card: ThemeCard, components: Mapping[str, str], *, is_chosen: bool) -> None:
    with st.container(border=True, gap=None):
        _choice(plain(card.theme.label), card.theme.theme_id, is_chosen=is_chosen)
        _figures(card, components)
        if is_chosen:
            _examples(card.theme)


def _figures(card: ThemeCard, components: Mapping[str, str]) -> None:
    theme = card.theme
    counted = (
        ngettext("{n} review", "{n} reviews", theme.count)
        if theme.kind == "review"
        else ngettext("{n} message", "{n} messages", theme.count)
    )
    st.caption(f"{counted} · {rate(theme.share)} · " + ngettext("{n} merchant", "{n} merchants", len(theme.merchants)))
    st.markdown(f":small[{growth_words(theme)}]")
    touched = (
        _("touches {component}", component=components[theme.component]) if theme.component in components else _(_NONE)
    )
    tongues = joined([language_name(tongue) for tongue in theme.languages])
    st.caption(f"{touched} · {tongues}" if tongues else touched)


def _examples(theme: Theme) -> None:
    """What is typical and what is extreme in a theme, and how much of it is nearly the same text again."""
    if theme.first_on:
        st.caption(_("since {day} or earlier", day=day(date.fromisoformat(theme.first_on))))
    if theme.distinct_count < theme.count:
        folded = theme.count - theme.distinct_count
        st.caption(ngettext("{n} is nearly the same as another", "{n} are nearly the same as others", folded))
    for label, examples in ((_("Typical"), theme.typical), (_("Angriest"), theme.extreme)):
        if examples:
            st.markdown(f":small[**{label}**]")
        for example in examples:
            st.text("“" + worded(example.text) + "”")


def _choice(label: str, theme_id: str, *, is_chosen: bool) -> None:
    st.button(
        label if is_chosen else f"**{label}**",
        key=f"theme.{theme_id or 'all'}",
        type="primary" if is_chosen else "tertiary",
        on_click=choose_theme,
        args=(theme_id,),
        wrap=True,
    )
