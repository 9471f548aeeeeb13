"""The first lines of a page: its title, the filters in words, and how fresh the data is. Computes no figure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import streamlit as st

from app.components.thread import plain
from app.filter_bar import STATE_KEY, current_filters
from app.i18n import _, moment, ngettext
from app.services.runtime import SNAPSHOT_KEY, get_runtime
from app.services.warehouse import filter_options, is_outdated, rows_set_aside, snapshot

if TYPE_CHECKING:
    from analytics.warehouse import Snapshot

MOST_WORDS = 2_000


def page_header(title: str, *, shows_filters: bool = True, links_to_data: bool = True) -> None:
    """Draw title, filters in words and stamp; below them one amber line when the data is stale or was partly rejected.

    Args:
        title: translated.
        shows_filters: False on pages that the filters do not touch.
        links_to_data: False on the Data page itself, which the amber line opens.

    While there is no data it draws the title alone.
    """
    snapshot_id = st.session_state.get(SNAPSHOT_KEY)
    if not isinstance(snapshot_id, str):
        st.title(title, anchor=False)
        return
    found = snapshot(snapshot_id)
    with st.container(gap=None):
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            st.title(title, anchor=False, width="content")
            if shows_filters and STATE_KEY in st.session_state:
                words = current_filters().describe(filter_options(snapshot_id).merchants)
                st.markdown(f":gray[{plain(words, MOST_WORDS)}]", width="content")
        st.caption(stamp(found))
        days = get_runtime().settings.stale_after_days
        for warning in warnings(
            found, rejected=rows_set_aside(snapshot_id), stale_after_days=days, is_outdated=is_outdated(snapshot_id)
        ):
            if links_to_data:
                st.page_link("views/data.py", label=f":orange[{warning}]", icon=":material/warning:")
            else:
                st.markdown(f":orange[:material/warning: {warning}]")


def stamp(found: Snapshot) -> str:
    """Data up to, loaded at, time zone and snapshot, in words."""
    parts = []
    if found.data_up_to is not None:
        parts.append(_("Data up to {at}", at=moment(found.data_up_to, found.time_zone, length="short")))
    parts.append(_("loaded {at}", at=moment(found.created_at, found.time_zone, length="short")))
    parts.append(_("time zone {zone}", zone=found.time_zone))
    parts.append(_("snapshot {id}", id=found.snapshot_id))
    if found.is_demo:
        parts.append(_("simulated data"))
    return " · ".join(parts)


def warnings(
    found: Snapshot, *, rejected: int, stale_after_days: int, is_outdated: bool = False, now: datetime | None = None
) -> list[str]:
    """Sentences about data that is old, has `rejected` rows set aside, or marts of another version; simulated data does not age."""
    said = []
    now = now or datetime.now(UTC)
    if found.data_up_to is not None and not found.is_demo and now - found.data_up_to > timedelta(days=stale_after_days):
        said.append(
            ngettext(
                "The newest event is {n} day old",
                "The newest event is {n} days old",
                (now - found.data_up_to).days,
            )
        )
    if rejected:
        said.append(ngettext("{n} row was set aside at loading", "{n} rows were set aside at loading", rejected))
    if is_outdated:
        said.append(_("The figures were built by another version of TrustDesk: run `trustdesk build`"))
    return said
