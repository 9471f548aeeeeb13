"""The what-if page's further levers: chosen by name, each with a slider between its bounds that begins at its live baseline."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import streamlit as st

from app.components.whatif_words import Levers
from app.i18n import _
from app.services.lever_words import lever_unit

if TYPE_CHECKING:
    from analytics.whatif import Lever, LeverRange

MOST = 6  # at once: more sliders than fit beside the outcomes
STEPS = {"score_limit": 0.5, "half_life_days": 1.0, "window_days": 1.0, "min_n": 1.0, "weight": 0.5}
HIGHEST = {"weight": 60.0, "min_n": 500.0}  # of a slider; a scenario's file may ask for more


def further_levers(ranges: tuple[LeverRange, ...], label: str, key: str) -> list[Lever]:
    """Sliders for the levers that are chosen; a lever at its baseline changes exactly nothing."""
    if not ranges:
        return []
    words, spans = Levers(ranges), {found.name: found for found in ranges}
    names = st.multiselect(
        label,
        words.names,
        format_func=words.label,
        max_selections=MOST,
        placeholder=_("Choose levers"),
        key=f"whatif.more.{key}",
    )
    return [_slider(spans[name], words, name) for name in names if name in spans]


def _slider(found: LeverRange, words: Levers, name: str) -> Lever:
    from analytics.whatif import Lever

    is_share = lever_unit(found.kind) == "rate"
    target = changed_share(found, words.label(name), name) if is_share else _set_value(found, words, name)
    st.caption(
        _(
            "now {now}, then {then}; from {low} to {high}",
            now=words.figure(name, found.baseline),
            then=words.figure(name, target),
            low=words.figure(name, found.low),
            high=words.figure(name, found.high),
        )
    )
    if target == found.baseline:
        return Lever(found.kind, change=0.0, level=found.level, of=found.of)
    return Lever(found.kind, target=target, level=found.level, of=found.of)


def changed_share(found: LeverRange, label: str, name: str) -> float:
    """A share's target; the slider counts in tenths of a percentage point around the baseline."""
    down, up = (
        math.floor((found.low - found.baseline) * 1000) / 10,
        math.ceil((found.high - found.baseline) * 1000) / 10,
    )
    points = st.slider(
        _("{lever}, change in percentage points", lever=label),
        min_value=min(down, -0.1),
        max_value=max(up, 0.1),
        value=0.0,
        step=0.1,
        format="%+.1f",
        key=f"whatif.share.{name}",
    )
    return found.baseline if points == 0 else min(max(found.baseline + points / 100, found.low), found.high)


def _set_value(found: LeverRange, words: Levers, name: str) -> float:
    """A rule's new value: days, orders or points."""
    step = STEPS[found.kind]
    low, high = (
        math.ceil(found.low / step) * step,
        math.floor(min(found.high, HIGHEST.get(found.kind, found.high)) / step) * step,
    )
    return float(
        st.slider(
            words.label(name),
            low,
            max(high, found.baseline),
            found.baseline,
            step,
            format="%g",
            key=f"whatif.value.{name}",
        )
    )
