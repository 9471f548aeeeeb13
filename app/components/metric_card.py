"""A figure as a card: value, change coloured by the metric's direction, sparkline, peers' median, n and its menu.

Shows what a service computed; knows no warehouse.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from app.components.figure_menu import MENU_WIDTH, figure_menu
from app.components.missing import why_missing
from app.components.target import target_words
from app.i18n import _, compact, difference, figure, joined, rate
from app.services.figures import Card, Number

CARD_HEIGHT = 204
TARGET_HEIGHT = 24


def card_row(
    cards: Sequence[Card], numbers: Sequence[Number], *, key: str, columns: int = 6, notes: Sequence[str] = ()
) -> None:
    """Draw cards side by side, as many a row as fit; `numbers` are what their menus explain, `notes` stand beside n."""
    aims = [target_words(card.metric_id, card.value) for card in cards]
    height = CARD_HEIGHT + (TARGET_HEIGHT if any(aims) else 0)
    with st.grid(columns, min_column_width=146, gap="xsmall"):
        for position, (card, shown, aim) in enumerate(zip(cards, numbers, aims, strict=True)):
            note = notes[position] if notes else ""
            metric_card(card, shown, key=f"{key}.{card.metric_id}", height=height, note=note, aim=aim)


def metric_card(
    card: Card, shown: Number, *, key: str, height: int = CARD_HEIGHT, note: str = "", aim: str = ""
) -> None:
    """Draw the card; its height is the same whether or not there is a value. `key` must be unique on the page, `aim` says how it
    stands to its target.

    What the change compares with stands in the page's header.
    """
    with st.container(border=True, height=height, gap=None, vertical_alignment="distribute"):
        if card.value is None:
            st.metric(_(card.name), "–")
        else:
            st.metric(
                _(card.name),
                figure(card.value, card.unit, currency=card.currency, short=True),
                change_words(card),
                delta_color=change_colour(card),
                delta_arrow=_arrow(card.change),
                chart_data=card.sparkline if len(card.sparkline) > 1 else None,
                chart_type="line",
            )
        if aim:
            st.markdown(f":small[{aim}]")
        with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap=None):
            st.caption(_foot(card, note))
            with st.container(width=MENU_WIDTH):
                figure_menu(shown, key=key)


def change_words(card: Card) -> str | None:
    """The change as a card says it: counts and money in per cent of the base, everything else in its unit."""
    if card.change is None:
        return None
    if card.unit in ("count", "money"):
        if card.change_share is None:
            return difference(card.change, card.unit, currency=card.currency)
        sign = "+" if card.change_share > 0 else "−" if card.change_share < 0 else "±"
        return sign + rate(abs(card.change_share))
    return difference(card.change, card.unit, currency=card.currency)


def change_colour(card: Card) -> Literal["green", "red", "gray"]:
    """Green for a change to the better, red for one to the worse by the metric's direction, grey when it may be chance."""
    if not card.is_significant or not card.change or card.direction == "neutral":
        return "gray"
    return "green" if (card.change > 0) == (card.direction == "higher") else "red"


def _arrow(change: float | None) -> Literal["up", "down", "off"]:
    if not change:
        return "off"
    return "up" if change > 0 else "down"


def _foot(card: Card, note: str) -> str:
    if card.value is None:
        return why_missing(card.status, card.n, card.min_n, card.grain)
    parts = [_("n = {n}", n=compact(card.n))]
    if note:
        parts.append(note)
    if card.peer_median is not None:
        parts.append(
            _("peers {median}", median=figure(card.peer_median, card.unit, currency=card.currency, short=True))
        )
    if card.other_currencies:
        parts.append(_("+ {currencies}", currencies=joined(list(card.other_currencies))))
    return " · ".join(parts)
