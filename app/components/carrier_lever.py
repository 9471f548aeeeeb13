"""The what-if page's lever of the carriers: whose share of shipped orders changes, and who gives or takes them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import streamlit as st

from app.components import lever_start
from app.components.lever_start import slide
from app.components.more_levers import share_words
from app.i18n import _, rate
from app.services import scenarios
from app.services.lever_sliders import slider_of
from app.services.lever_words import lever_label
from app.services.runtime import snapshot_id

if TYPE_CHECKING:
    from analytics.whatif import Lever, LeverRange, Segment


def carrier_lever(ranges: tuple[LeverRange, ...], segment: Segment, as_of: date | None) -> list[Lever]:
    """The lever once a carrier is chosen; nothing where the source has none. At its baseline it changes exactly nothing."""
    from analytics.whatif import Lever

    if not ranges:
        return []
    names, start = [str(found.of) for found in ranges], lever_start.current()
    begin = start.lever_of("carrier_share")
    carrier = st.selectbox(
        _("Carrier whose share changes"),
        names,
        index=names.index(str(begin.of)) if begin and begin.of in names else None,
        placeholder=_("Choose a carrier"),
        key=start.key("whatif.carrier"),
    )
    if carrier is None:
        return []
    others = [name for name in names if name != carrier]
    other = st.selectbox(
        _("Orders come from, or go to"),
        others,
        index=others.index(begin.instead_of) if begin and begin.of == carrier and begin.instead_of in others else None,
        placeholder=_("All other carriers, in proportion"),
        key=start.key(f"whatif.carrier.other.{carrier}"),
    )
    asked = Lever("carrier_share", change=0.0, of=carrier, instead_of=other)
    found = scenarios.lever_range(snapshot_id(), segment, asked, as_of)
    slider = slider_of(found)
    position = slide(slider, share_words(lever_label(asked.kind, carrier, None)), f"whatif.share.{found.name}", "%+.1f")
    st.caption(_("now {now}, then {then}", now=rate(found.baseline), then=rate(slider.value(position))))
    return [slider.lever(position)]
