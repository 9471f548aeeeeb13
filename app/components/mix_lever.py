"""The what-if page's lever of the mix of orders: whose share changes (a carrier's, a category's, a region's), and who gives or takes the orders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

import streamlit as st

from app.components import lever_start
from app.components.lever_start import slide
from app.components.more_levers import share_words
from app.i18n import N_, _, rate
from app.services import scenarios
from app.services.lever_sliders import slider_of
from app.services.lever_words import lever_label
from app.services.runtime import snapshot_id

if TYPE_CHECKING:
    from analytics.whatif import Lever, LeverRange, Segment

# kind of lever → what it is called in short, what is chosen, before anything is, and who gives or takes unless somebody is named
_WORDS: Mapping[str, tuple[str, str, str, str]] = {
    "carrier_share": (
        N_("Carrier"),
        N_("Carrier whose share changes"),
        N_("Choose a carrier"),
        N_("All other carriers, in proportion"),
    ),
    "category_share": (
        N_("Category"),
        N_("Category whose merchants' share of orders changes"),
        N_("Choose a category"),
        N_("All other categories, in proportion"),
    ),
    "region_share": (
        N_("Region"),
        N_("Region whose merchants' share of orders changes"),
        N_("Choose a region"),
        N_("All other regions, in proportion"),
    ),
}


def mix_lever(ranges: tuple[LeverRange, ...], segment: Segment, as_of: date | None) -> list[Lever]:
    """The lever once something is chosen; nothing where the segment has none. At its baseline it changes exactly nothing."""
    from analytics.whatif import Lever

    kinds = list(dict.fromkeys(found.kind for found in ranges))
    if not kinds:
        return []
    start = lever_start.current()
    begin = start.lever_of(*_WORDS)
    kind = st.segmented_control(
        _("Mix of orders: by"),
        kinds,
        default=begin.kind if begin and begin.kind in kinds else kinds[0],
        required=True,
        format_func=lambda each: _(_WORDS[each][0]),
        key=start.key("whatif.mix"),
    )
    _short, label, nothing, everyone = _WORDS[kind]
    begin = begin if begin and begin.kind == kind else None
    names = [str(found.of) for found in ranges if found.kind == kind]
    of = st.selectbox(
        _(label),
        names,
        index=names.index(str(begin.of)) if begin and begin.of in names else None,
        placeholder=_(nothing),
        key=start.key(f"whatif.mix.{kind}"),
    )
    if of is None:
        return []
    others = [name for name in names if name != of]
    other = st.selectbox(
        _("Orders come from, or go to"),
        others,
        index=others.index(begin.instead_of) if begin and begin.of == of and begin.instead_of in others else None,
        placeholder=_(everyone),
        key=start.key(f"whatif.mix.{kind}.other.{of}"),
    )
    asked = Lever(kind, change=0.0, of=of, instead_of=other)
    found = scenarios.lever_range(snapshot_id(), segment, asked, as_of)
    slider = slider_of(found)
    position = slide(slider, share_words(lever_label(asked.kind, of, None)), f"whatif.share.{found.name}", "%+.1f")
    st.caption(_("now {now}, then {then}", now=rate(found.baseline), then=rate(slider.value(position))))
    return [slider.lever(position)]
