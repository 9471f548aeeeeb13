"""A figure as a card: value, change coloured by the metric's direction, sparkline, peers' median and n.

Shows what a service computed; knows no warehouse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from app.i18n import _, compact, difference, figure

Direction = Literal["higher", "lower", "neutral"]


@dataclass(frozen=True)
class Card:
    """What one card shows. ``value`` is None unless ``status`` is ``ok``; ``name`` is a msgid.

    change: value minus base, in the metric's unit; None without a comparison.
    is_significant: whether the interval of the change excludes zero. Without that the change has no colour.
    base: the comparison in words, already translated; shown beside the change.
    sparkline: the values of the window's periods in time order; periods without a value are left out.
    """

    metric_id: str
    name: str
    unit: str
    direction: Direction
    status: str
    value: float | None
    n: int
    min_n: int
    currency: str | None = None
    change: float | None = None
    is_significant: bool = False
    base: str = ""
    sparkline: tuple[float, ...] = ()
    peer_median: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None


def why_missing(status: str, n: int, min_n: int) -> str:
    """The words that stand where a value would, so that nothing missing looks like zero."""
    if status == "too_few":
        return _("{n} of {min_n} needed", n=compact(n), min_n=compact(min_n))
    if status == "immature":
        return _("Too recent to judge")
    if status == "not_in_source":
        return _("Not in this source")
    return _("Does not apply")


def metric_card(card: Card) -> None:
    """Draw the card; its height is the same whether or not there is a value."""
    with st.container(border=True, height=188):
        if card.value is None:
            st.metric(_(card.name), "–")
            st.caption(why_missing(card.status, card.n, card.min_n))
            return
        st.metric(
            _(card.name),
            figure(card.value, card.unit, currency=card.currency, short=True),
            None if card.change is None else difference(card.change, card.unit, currency=card.currency),
            delta_color=_colour(card),
            delta_arrow=_arrow(card.change),
            chart_data=card.sparkline if len(card.sparkline) > 1 else None,
            chart_type="line",
            help=_interval(card),
        )
        st.caption(_foot(card))


def _colour(card: Card) -> Literal["normal", "inverse", "off"]:
    if not card.is_significant or card.direction == "neutral":
        return "off"
    return "normal" if card.direction == "higher" else "inverse"


def _arrow(change: float | None) -> Literal["up", "down", "off"]:
    if not change:
        return "off"
    return "up" if change > 0 else "down"


def _interval(card: Card) -> str | None:
    if card.ci_low is None or card.ci_high is None:
        return None
    low, high = (figure(v, card.unit, currency=card.currency) for v in (card.ci_low, card.ci_high))
    return _("95% interval: {low} to {high}", low=low, high=high)


def _foot(card: Card) -> str:
    parts = [_("n = {n}", n=compact(card.n))]
    if card.base and card.change is not None:
        parts.append(card.base)
    if card.peer_median is not None:
        parts.append(_("peers {median}", median=figure(card.peer_median, card.unit, currency=card.currency, short=True)))
    return " · ".join(parts)
