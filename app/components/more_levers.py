"""The what-if page's further levers: chosen by name, each with a slider between its bounds that begins at its live baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.components import lever_start
from app.components.lever_start import slide
from app.components.whatif_words import Levers
from app.i18n import _
from app.services.lever_sliders import MOST, slider_of
from app.services.lever_words import lever_unit

if TYPE_CHECKING:
    from analytics.whatif import Lever, LeverRange


def further_levers(ranges: tuple[LeverRange, ...], label: str, key: str) -> list[Lever]:
    """Sliders for the levers that are chosen; a lever at its baseline changes exactly nothing."""
    if not ranges:
        return []
    words, spans, start = Levers(ranges), {found.name: found for found in ranges}, lever_start.current()
    names = st.multiselect(
        label,
        words.names,
        default=[name for name in words.names if name in start.positions],
        format_func=words.label,
        max_selections=MOST,
        placeholder=_("Choose levers"),
        key=start.key(f"whatif.more.{key}"),
    )
    return [_slider(spans[name], words, name) for name in names if name in spans]


def _slider(found: LeverRange, words: Levers, name: str) -> Lever:
    slider = slider_of(found)
    if lever_unit(found.kind) == "rate":
        position = slide(slider, share_words(words.label(name)), f"whatif.share.{name}", "%+.1f")
    else:
        position = slide(slider, words.label(name), f"whatif.value.{name}", "%g")
    st.caption(
        _(
            "now {now}, then {then}; from {low} to {high}",
            now=words.figure(name, found.baseline),
            then=words.figure(name, slider.value(position)),
            low=words.figure(name, found.low),
            high=words.figure(name, found.high),
        )
    )
    return slider.lever(position)


def share_words(label: str) -> str:
    """What the slider of a share is called."""
    return _("{lever}, change in percentage points", lever=label)
