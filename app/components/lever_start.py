"""Where the what-if page's levers begin: at the live baselines, or where a saved scenario puts them, until they are put back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import streamlit as st

from app.components.thread import plain
from app.filter_bar import change_filters
from app.i18n import _, language
from app.services import scenario_fit
from app.services.kept_scenarios import PARAM, Kept
from app.services.runtime import snapshot_id

if TYPE_CHECKING:
    from analytics.whatif import Lever, Segment
    from app.services.lever_sliders import Slider

KEY = "whatif.start"


def _everyone() -> Segment:
    from analytics.whatif import Segment

    return Segment()


@dataclass(frozen=True)
class Start:
    """Where widgets begin, and the name of the scenario that put them there ("" at the baselines). `times` counts how often they were put somewhere: widgets of
    another time are others, so that they begin anew."""

    times: int = 0
    parent: str = ""
    segment: Segment = field(default_factory=_everyone)
    positions: Mapping[str, float] = field(default_factory=dict)
    levers: tuple[Lever, ...] = ()
    level: str | None = None
    seed: int = 1
    assumptions: str = ""
    said: tuple[str, ...] = ()

    def key(self, name: str) -> str:
        """A widget's key at this start."""
        return f"{name}.{self.times}" if self.times else name

    def lever_of(self, *kinds: str) -> Lever | None:
        """The scenario's first lever of kinds that the page has one slider for."""
        return next((lever for lever in self.levers if lever.kind in kinds), None)

    def draw(self) -> None:
        """Say which scenario stands on the levers and what of it they can't hold; a click puts them back."""
        if not self.parent:
            return
        opened = _("From “{name}”.", name=plain(self.parent))
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            with st.container():
                if self.said:
                    lost = _("Not as it was saved: {what}", what=" ".join(plain(each, 500) for each in self.said))
                    st.warning(f"{opened} {lost}", icon=":material/tune:")
                else:
                    st.info(opened, icon=":material/tune:")
            st.button(_("Put the levers back"), on_click=_put_back, icon=":material/restart_alt:", type="tertiary")


def current() -> Start:
    """Where the levers of this session begin."""
    found: Start = st.session_state.get(KEY) or Start()
    return found


def tabs_key(linked: str | None) -> str:
    """The key of the page's tabs, whose value is the name of the open one: others for every scenario in the address, and once one is put onto the levers."""
    return current().key(f"whatif.tabs.{language()}.{linked}")


def slide(slider: Slider, label: str, key: str, written: str) -> float:
    """Draw a lever's slider; returns its position."""
    start = current()
    begin = min(max(start.positions.get(slider.found.name, slider.rest), slider.low), slider.high)
    return float(st.slider(label, slider.low, slider.high, begin, slider.step, format=written, key=start.key(key)))


def open_in_levers(kept: Kept, as_of: date | None) -> None:
    """Puts a saved scenario onto the levers, its segment into the filters, and opens the levers, with the next run. Raises as `scenario_fit.taken`."""
    found = scenario_fit.taken(kept, (snapshot_id(), as_of))
    segment = found.segment
    st.session_state[KEY] = Start(
        current().times + 1,
        found.name,
        segment,
        found.positions,
        found.levers,
        found.level,
        found.seed,
        "\n".join(found.assumptions),
        found.said,
    )
    change_filters(
        categories=segment.categories, regions=segment.regions, tiers=segment.tiers, merchants=segment.merchants
    )
    st.query_params.pop(PARAM, None)


def _put_back() -> None:
    st.session_state[KEY] = Start(current().times + 1)
