"""Themes as cards: what merchants write about, how much of it, and whether it grows. Knows no warehouse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from app.components.thread import language_name, plain
from app.i18n import N_, _, joined, ngettext, number, rate
from app.services.issues import ALL_THREADS, ThemeCard
from app.services.private import worded

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


def growth_words(theme: Theme) -> str:
    """The growth of a theme's share with its interval, as Markdown; coloured only when the interval leaves out zero."""
    if theme.growth is None or theme.ci_low is None or theme.ci_high is None:
        return f":gray[{_('nothing earlier to compare with')}]"
    text = _(
        "share × {ratio} ({low}–{high})",
        ratio=number(1 + theme.growth, digits=1),
        low=number(1 + theme.ci_low, digits=1),
        high=number(1 + theme.ci_high, digits=1),
    )
    if theme.ci_low > 0:
        return f":red[:material/trending_up: {text}]"
    if theme.ci_high < 0:
        return f":green[:material/trending_down: {text}]"
    return f":gray[:material/trending_flat: {text}]"


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


def _figures(card: ThemeCard, components: Mapping[str, str]) -> None:
    theme = card.theme
    counted = ngettext("{n} message", "{n} messages", theme.count)
    st.caption(f"{counted} · {rate(theme.share)} · " + ngettext("{n} merchant", "{n} merchants", len(theme.merchants)))
    st.markdown(f":small[{growth_words(theme)}]")
    touched = (
        _("touches {component}", component=components[card.component]) if card.component in components else _(_NONE)
    )
    tongues = joined([language_name(tongue) for tongue in card.languages])
    st.caption(f"{touched} · {tongues}" if tongues else touched)


def _choice(label: str, theme_id: str, *, is_chosen: bool) -> None:
    st.button(
        label if is_chosen else f"**{label}**",
        key=f"theme.{theme_id or 'all'}",
        type="primary" if is_chosen else "tertiary",
        on_click=choose_theme,
        args=(theme_id,),
        wrap=True,
    )
