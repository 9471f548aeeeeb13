"""The filters as sidebar widgets: seeded from the URL on a session's first run and on back and forward, then kept for the session.

Widgets carry a version in their key: giving them new values (a click on a chart, a link, a new snapshot) draws new widgets
with new defaults, so that no value is ever set behind a widget's back. For main.py and, to change filters, for pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import cast
from zoneinfo import ZoneInfo

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.filters import (
    COMPARISONS,
    URL_KEYS,
    AsOf,
    Compare,
    FilterOptions,
    Filters,
    NamedBase,
    asked_as_of,
    changed,
    default_filters,
    own_window,
    parse_params,
    valid,
)
from app.i18n import N_, _, language

STATE_KEY = "trustdesk.filters"
LANGUAGE_IN_URL = "trustdesk.language_in_url"
MERCHANTS_LISTED = 2000
ON_A_DAY = "day"
KNOWN: Mapping[str, str] = {
    "latest": N_("latest: all that is loaded"),
    "now": N_("now"),
    ON_A_DAY: N_("at the end of a day"),
}
OWN_WINDOW, OWN_NAME = "own", N_("two dates of your own")  # the choice beside COMPARISONS


@dataclass(frozen=True)
class FilterState:
    """What the session remembers: the filters, those that the widgets were drawn with, the widgets' version, and the page.

    carried: pages that were entered by a link without parameters, to which the filters were then written.
    is_refused: whether the address asked for a comparison that there is not, and no other was chosen since.
    """

    filters: Filters
    seed: Filters
    version: int
    snapshot_id: str
    is_shown: bool
    page: str
    carried: frozenset[str] = frozenset()
    is_refused: bool = False


def current_filters() -> Filters:
    """The filters of this page run. Raises KeyError before main.py has set them (there is no data)."""
    state: FilterState = st.session_state[STATE_KEY]
    return state.filters


def change_filters(**changes: object) -> None:
    """Replaces some of the filters (date_from, date_to, categories, regions, tiers, merchants, compare) from the next run on.

    Call it in a callback, or before st.rerun() or st.switch_page().
    """
    state: FilterState = st.session_state[STATE_KEY]
    filters = changed(state.filters, changes)
    st.session_state[STATE_KEY] = replace(
        state, filters=filters, seed=filters, version=state.version + 1, is_refused=False
    )


def open_merchant(merchant_id: str) -> None:
    """Goes to the Merchant page with this merchant chosen. Not in a callback of a fragment."""
    change_filters(merchants=(merchant_id,))
    st.switch_page("views/merchant.py")


def what_is_known(page: str) -> AsOf:
    """As of when this page run reads the data; asked before `restore_filters`, whose options depend on it."""
    state: FilterState | None = st.session_state.get(STATE_KEY)
    if state is None or (_is_history_navigation() and not _is_bare(page, state)):
        return asked_as_of({"as_of": st.query_params.get_all("as_of")})
    return state.filters.as_of


def restore_filters(options: FilterOptions, snapshot: str, *, page: str, is_shown: bool) -> Filters:
    """The session's filters, checked against this run's snapshot. First thing of a page run."""
    if "lang" in st.query_params:
        st.session_state[LANGUAGE_IN_URL] = True
    state: FilterState | None = st.session_state.get(STATE_KEY)
    if state is None or (_is_history_navigation() and not _is_bare(page, state)):
        filters = parse_params({key: st.query_params.get_all(key) for key in URL_KEYS}, options)
        version, carried = (0, frozenset[str]()) if state is None else (state.version + 1, state.carried)
        asked = st.query_params.get("compare")
        is_refused = asked is not None and isinstance(filters.compare, str) and filters.compare != asked
        state = FilterState(filters, filters, version, snapshot, is_shown, page, carried, is_refused)
    else:
        filters = valid(state.filters, options)
        # A widget that was not drawn has lost its value, one whose options changed would: draw it anew.
        is_new = filters != state.filters or snapshot != state.snapshot_id or (is_shown and not state.is_shown)
        seed, version = (filters, state.version + 1) if is_new else (state.seed, state.version)
        arrived = page != state.page and not _is_history_navigation() and not _own_params()
        carried = state.carried | {page} if arrived else state.carried
        state = FilterState(filters, seed, version, snapshot, is_shown, page, carried, state.is_refused)
    st.session_state[STATE_KEY] = state
    return state.filters


def draw_filters(options: FilterOptions) -> Filters:
    """Draws the widgets in the sidebar, after `restore_filters`; returns and remembers what is chosen."""
    state: FilterState = st.session_state[STATE_KEY]
    seed, version = state.seed, state.version
    with st.sidebar:
        dates = st.date_input(
            _("Dates ({zone})", zone=options.time_zone),
            (seed.date_from, seed.date_to),
            min_value=options.data_from,
            max_value=options.data_up_to,
            format="YYYY-MM-DD",
            key=f"filters.dates.{version}",
        )
        compare = _choose_base(state, options)
        categories = _choose(_("Category"), options.categories, seed.categories, f"filters.category.{version}")
        regions = _choose(_("Region"), options.regions, seed.regions, f"filters.region.{version}")
        tiers = _choose(_("Tier"), options.tiers, seed.tiers, f"filters.tier.{version}")
        merchants = _choose(
            _("Merchant"),
            _listed(options.merchants, seed.merchants),
            seed.merchants,
            f"filters.merchant.{version}",
            names=options.merchants,
        )
        _choose_known(state, options)
        st.button(_("Reset filters"), on_click=_reset, args=(options,), icon=":material/restart_alt:", width="stretch")
    first, last = _range(dates, state.filters)
    chosen = Filters(first, last, categories, regions, tiers, merchants, compare, state.filters.as_of)
    filters = valid(chosen, options)
    is_refused = state.is_refused and filters.compare == seed.compare
    st.session_state[STATE_KEY] = replace(state, filters=filters, is_refused=is_refused)
    return filters


def write_url(filters: Filters, options: FilterOptions) -> None:
    """Makes the address a link to what is seen; a page's own parameters stay."""
    state: FilterState = st.session_state[STATE_KEY]
    if _is_history_navigation() and _is_bare(state.page, state):
        return  # writing here would add an entry to the history, and the way back would never end
    wanted = filters.to_params(default_filters(options))
    others = {key: st.query_params.get_all(key) for key in st.query_params if key not in URL_KEYS}
    if st.session_state.get(LANGUAGE_IN_URL):
        others["lang"] = [language()]  # navigation drops it, and a reload would fall back to the browser's language
    if {**others, **wanted} == {key: st.query_params.get_all(key) for key in st.query_params}:
        return
    st.query_params.from_dict({**others, **wanted})


def _own_params() -> dict[str, list[str]]:
    return {key: values for key in URL_KEYS if (values := st.query_params.get_all(key))}


def _is_bare(page: str, state: FilterState) -> bool:
    """Whether the address is the one that a navigation link left before the filters were written to it."""
    return page in state.carried and not _own_params()


def _choose_base(state: FilterState, options: FilterOptions) -> Compare:
    """The window to compare with: a named one, or two days of one's own."""
    seed = state.seed
    offered = (*COMPARISONS, OWN_WINDOW)
    compare = st.selectbox(
        _("Compared with"),
        offered,
        index=offered.index(seed.compare if isinstance(seed.compare, str) else OWN_WINDOW),
        format_func=lambda key: _(COMPARISONS.get(key, OWN_NAME)),
        help=_(
            "Rates, means and scores are compared as they are. Where the windows differ in length, the change of a count or an "
            "amount is that of its daily mean."
        ),
        key=f"filters.compare.{state.version}",
    )
    if state.is_refused and compare == seed.compare:
        st.caption(
            ":orange["
            + _(
                "The comparison in the address is not one that the data has: choose one here, or write {example}.",
                example="compare=2026-01-01..2026-01-31",
            )
            + "]"
        )
    if compare != OWN_WINDOW:
        return cast(NamedBase, compare)
    days = st.date_input(
        _("Dates compared with"),
        own_window(seed, options),
        min_value=options.data_from,
        max_value=options.data_up_to,
        format="YYYY-MM-DD",
        key=f"filters.base.{state.version}",
    )
    if isinstance(days, tuple) and len(days) == 2:
        return days[0], days[1]
    return own_window(state.filters, options)


def _choose_known(state: FilterState, options: FilterOptions) -> None:
    """As of when the data is read: the choice holds from the next run on, because the other filters depend on it."""
    asked = state.filters.as_of
    key, day_key = f"filters.known.{state.version}", f"filters.known_on.{state.version}"
    offered = ("latest", "now", ON_A_DAY)
    st.selectbox(
        _("Data as known"),
        offered,
        index=offered.index(asked if isinstance(asked, str) else ON_A_DAY),
        format_func=lambda name: _(KNOWN[name]),
        help=_(
            "Every figure as it was at the end of a day: what happened or was found out later is left out. Now leaves out what bears "
            "a later date than today, and lets scores age up to today."
        ),
        key=key,
        on_change=_know,
        args=(key, options.data_up_to),
    )
    if not isinstance(asked, str):
        today = datetime.now(ZoneInfo(options.time_zone)).date()
        st.date_input(
            _("Known at the end of"),
            asked,
            min_value=min(asked, options.data_from),
            max_value=max(asked, today, options.data_up_to),
            format="YYYY-MM-DD",
            key=day_key,
            on_change=_know,
            args=(day_key, asked),
        )


def _know(key: str, otherwise: date) -> None:
    chosen = st.session_state[key]
    change_filters(as_of=otherwise if chosen in (ON_A_DAY, None) else chosen)


def _choose(
    label: str,
    offered: Sequence[str],
    chosen: tuple[str, ...],
    key: str,
    names: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    if not offered:
        return ()
    known = names or {}
    values = st.multiselect(
        label, offered, default=chosen, format_func=lambda value: known.get(value, value), key=key, placeholder=_("All")
    )
    return tuple(values)


def _listed(merchants: Mapping[str, str], chosen: tuple[str, ...]) -> tuple[str, ...]:
    """The largest merchants, and those chosen: a browser can't hold a list of every one of a large marketplace."""
    return tuple(dict.fromkeys((*chosen, *list(merchants)[:MERCHANTS_LISTED])))


def _range(dates: object, before: Filters) -> tuple[date, date]:
    """While only the first day of a range is picked the window stays as it was."""
    if isinstance(dates, tuple) and len(dates) == 2:
        return dates[0], dates[1]
    return before.date_from, before.date_to


def _reset(options: FilterOptions) -> None:
    default = default_filters(options)
    state: FilterState = st.session_state[STATE_KEY]
    st.session_state[STATE_KEY] = replace(
        state, filters=default, seed=default, version=state.version + 1, is_refused=False
    )


def _is_history_navigation() -> bool:
    """Whether the browser's back or forward led here: then the address, not the session, says what to show."""
    context = get_script_run_ctx(suppress_warning=True)
    return bool(context and context.is_history_navigation)
