"""The what-if page's lever of a seller programme's clause: which limit moves, and who is hit by it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import streamlit as st

from app.components import lever_start
from app.components.empty import empty_state
from app.components.lever_start import slide
from app.components.more_levers import share_words
from app.components.programmes import level_words
from app.components.table import Column, table
from app.filter_bar import open_merchant
from app.i18n import _, ngettext
from app.services import programmes, scenarios
from app.services.lever_sliders import Slider, slider_of
from app.services.lever_words import clause_words, lever_figure, lever_label, lever_unit
from app.services.runtime import snapshot_id

if TYPE_CHECKING:
    from analytics.whatif import Lever, Scenario, Segment, WhatifResult

KIND: Final = "clause_limit"


def clause_lever(segment: Segment, as_of: date | None) -> list[Lever]:
    """The lever once a programme and a clause that can be judged are chosen. At its own limit it changes exactly nothing."""
    infos, start = programmes.infos(), lever_start.current()
    begin = start.lever_of(KIND)
    programme = st.selectbox(
        _("Seller programme"),
        list(infos),
        index=list(infos).index(named) if (named := str(begin and begin.of).partition("/")[0]) in infos else None,
        format_func=lambda name: _(infos[name].name),
        placeholder=_("Choose a programme"),
        key=start.key("whatif.programme"),
    )
    if programme is None:
        return []
    judged = scenarios.judged_clauses(snapshot_id(), segment, programme, as_of)
    if not judged:
        st.caption(_("No merchant can be judged by a clause of this programme."))
        return []
    spans = {str(found.of): found for found in judged}
    of = st.selectbox(
        _("Clause whose limit moves"),
        list(spans),
        index=list(spans).index(str(begin.of)) if begin and begin.of in spans else 0,
        format_func=lambda name: _(infos[programme].clause_labels[name.partition("/")[2]]),
        key=start.key(f"whatif.clause.{programme}"),
    )
    slider = slider_of(spans[of])
    position = _slide(slider)
    now, then = (lever_figure(KIND, value, of) for value in (slider.found.baseline, slider.value(position)))
    st.caption(_("now {now}, then {then}", now=now, then=then))
    return [slider.lever(position)]


def _slide(slider: Slider) -> float:
    found, label = slider.found, lever_label(KIND, slider.found.of, None)
    if lever_unit(KIND, found.of) == "rate":
        return slide(slider, share_words(label), f"whatif.share.{found.name}", "%+.1f")
    return slide(slider, label, f"whatif.value.{found.name}", "%g")


def hit_table(scenario: Scenario, result: WhatifResult) -> None:
    """Whose verdict on the clause changes; a click opens the merchant. Nothing without a lever of a clause."""
    of = next((str(lever.of) for lever in scenario.levers if lever.kind == KIND), None)
    if of is None:
        return
    (hits,) = result.clause_hits
    info, unit = programmes.infos()[of.partition("/")[0]], lever_unit(KIND, of)
    words = {"hit": _("newly failing"), "spared": _("no longer failing")}
    with st.container(border=True):
        title = ngettext("{n} merchant is judged otherwise", "{n} merchants are judged otherwise", len(hits))
        st.markdown(f"**{title}** · {clause_words(of)}")
        if hits.empty:
            empty_state(_("Nobody is judged otherwise"), _("Move the clause's limit to see who would."), height=110)
            return
        shown = hits.assign(
            direction=hits["direction"].map(words),
            is_in_segment=hits["is_in_segment"].map({True: _("yes"), False: _("no")}),
            **{name: [level_words(info, each) for each in hits[name]] for name in ("level_before", "level_after")},
        )
        row = table(
            shown,
            [
                Column("name", _("Merchant"), pinned=True, width=190),
                Column("value", _("Value"), unit),
                Column("n", _("Counted over"), "count"),
                Column("direction", _("Verdict")),
                Column("level_before", _("before")),
                Column("level_after", _("after")),
                Column("is_in_segment", _("In the segment")),
            ],
            key="whatif.clause.hits",
            title=_("Merchants judged otherwise"),
            is_clickable=True,
            file_name="clause",
        )
        if row is not None:
            open_merchant(str(hits["merchant_id"].iloc[row]))
