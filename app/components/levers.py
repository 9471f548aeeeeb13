"""The what-if page's left side: levers with their live baselines, and keeping the scenario that they ask."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import streamlit as st

from app.components import lever_start
from app.components.clause_lever import clause_lever
from app.components.levels import level_name
from app.components.lever_start import slide
from app.components.mix_lever import mix_lever
from app.components.more_levers import further_levers
from app.components.whatif_words import open_scenario
from app.i18n import _, figure, rate
from app.identity import current_actor
from app.services import scenarios, trust
from app.services.lever_sliders import SIZE_BANDS, slider_of
from app.services.runtime import get_runtime, snapshot_id

if TYPE_CHECKING:
    from analytics.whatif import Lever, LeverRange, Scenario
    from app.filters import Filters


def lever_panel(filters: Filters) -> Scenario | None:
    """Draw the levers for the merchants that the filters leave; returns the scenario that they ask, None without a scored merchant."""
    start = lever_start.current()
    bands = st.pills(
        _("Merchants by orders of the last 90 days"),
        SIZE_BANDS,
        selection_mode="multi",
        default=[band for band in start.segment.size_bands if band in SIZE_BANDS],
        key=start.key("whatif.bands"),
    )
    segment = scenarios.segment_of(filters, tuple(bands))
    if not scenarios.has_scores(snapshot_id(), filters, segment.size_bands):
        return None
    as_of = trust.as_of_day(snapshot_id(), filters.date_to)
    ranges = scenarios.levers(snapshot_id(), segment, as_of)
    st.caption("**" + _("What merchants do") + "**")
    chosen = [*_late_rate(ranges.late_rate), *further_levers(ranges.behaviour, _("More of what they do"), "behaviour")]
    chosen += mix_lever(ranges.mix, segment, as_of)
    st.caption("**" + _("The rules") + "**")
    chosen.append(border := _score_limit(ranges.borders))
    others = tuple(found for found in ranges.borders if found.level != border.level)
    chosen += further_levers((*others, *ranges.policy), _("More rules"), "policy")
    chosen += clause_lever(segment, as_of)
    seed = st.number_input(
        _("Seed"),
        0,
        None,
        start.seed,
        key=start.key("whatif.seed"),
        help=_("The same seed gives the same intervals."),
    )
    actor = current_actor(get_runtime().settings)
    return scenarios.make_scenario(_("Unnamed"), actor, segment, chosen, int(seed))


def _late_rate(found: LeverRange | None) -> list[Lever]:
    """The late rate's lever; the slider counts in tenths of a percentage point around the baseline."""
    if found is None:
        st.caption(_("Late rate: not in this source"))
        return []
    slider = slider_of(found)
    position = slide(
        slider,
        _("Late rate by the merchant's fault, change in percentage points"),
        "whatif.late",
        "%+.1f",
    )
    st.caption(_("now {now}, then {then}", now=rate(found.baseline), then=rate(slider.value(position))))
    return [slider.lever(position)]


def _score_limit(ranges: tuple[LeverRange, ...]) -> Lever:
    """The lever of the level whose border moves and where crossings are counted, in score points."""
    borders = {found.level: found for found in ranges if found.level}
    start = lever_start.current()
    level = st.segmented_control(
        _("Limit to move: where this level begins"),
        list(borders),
        default=start.level if start.level in borders else list(borders)[1],
        required=True,
        format_func=level_name,
        key=start.key("whatif.level"),
    )
    slider = slider_of(borders[str(level)])
    border = slide(slider, _("Score limit, in points"), f"whatif.border.{level}", "%.1f")
    now = slider.found.baseline
    st.caption(_("now {now}, then {then}", now=figure(now, "points"), then=figure(border, "points")))
    return slider.lever(border)


def keep_panel(scenario: Scenario, as_of: date | None) -> None:
    """Name and keep the scenario with its author's own assumptions, or take it along as a file for `trustdesk whatif`."""
    start = lever_start.current()
    name = st.text_input(_("Keep this scenario as"), max_chars=200, key=start.key("whatif.name")).strip()
    own = st.text_area(
        _("Your own assumptions, one a line"),
        start.assumptions,
        height=68,
        max_chars=max(2000, len(start.assumptions)),
        key=start.key("whatif.own"),
    )
    asked = scenarios.named(scenario, name, own, start.parent)
    is_taken = name in {document.name for document in scenarios.saved()}
    with st.container(horizontal=True):
        is_saved = st.button(
            _("Save scenario"), icon=":material/bookmark_add:", disabled=not name or is_taken, key="whatif.save"
        )
        st.download_button(
            _("Download as TOML"),
            scenarios.to_toml(asked, snapshot_id(), as_of),
            file_name="scenario.toml",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
        )
    if is_taken:
        st.caption(_("There is a scenario of this name: choose another one to keep both."))
    if is_saved:
        document = scenarios.save(asked, snapshot_id(), current_actor(get_runtime().settings), as_of)
        open_scenario(document.document_id)
