"""How often the desk met its targets: a row a group with n and interval; a click on one shows the threads behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import streamlit as st

from app.components.card import card_title
from app.components.empty import empty_state
from app.components.table import Column, table
from app.components.thread import TICKET_PARAM, language_name, newest_of, plain
from app.i18n import _, ngettext, number, rate
from app.services import performance, tickets
from app.services.figures import in_zone, time_zone
from app.services.timers import TIMER_NAMES

if TYPE_CHECKING:
    import pandas as pd

    from analytics.metrics import Scope
    from analytics.sla import TimerKind

CHOSEN_KEY = "performance.group"


def sla_card(snapshot_id: str, scope: Scope) -> None:
    """Draw the rates of one timer by one property, and the threads of the chosen row."""
    with st.container(border=True):
        card_title(
            _("Targets met"),
            _("Threads opened in the window whose target is decided. A share of fewer than 30 threads is tentative; click a row for its threads."),
            icon=":material/timer:",
        )  # fmt: skip
        with st.container(horizontal=True):
            timer = st.segmented_control(
                _("Timer"),
                list(TIMER_NAMES),
                default="first_reply",
                required=True,
                format_func=lambda name: _(TIMER_NAMES[name]),
                key="performance.timer",
                on_change=_forget,
            )
            by = st.selectbox(
                _("By"),
                list(performance.GROUPINGS),
                format_func=lambda name: _(performance.GROUPINGS[name]),
                key="performance.by",
                on_change=_forget,
                width=220,
            )
        newest_of(tickets.MOST_TICKETS, performance.total(snapshot_id, scope))
        kind = cast("TimerKind", timer)
        found = performance.rates(snapshot_id, scope, kind, by)
        if found.empty:
            empty_state(
                _("No target is decided here"),
                _("No thread opened in this window has met or missed this target. Choose a longer window."),
            )
            return
        row = _rates_table(found, by)
        if row is not None:
            st.session_state[CHOSEN_KEY] = str(found["group"].iloc[row])
        chosen: str | None = st.session_state.get(CHOSEN_KEY)
        if chosen is not None and chosen in set(found["group"]):
            line = found.set_index("group").loc[chosen]
            _threads(performance.behind(snapshot_id, scope, kind, by, chosen), str(line["shown"]), snapshot_id)


def _forget() -> None:
    st.session_state.pop(CHOSEN_KEY, None)


def _rates_table(found: pd.DataFrame, by: str) -> int | None:
    found["shown"] = found["name"].map(language_name) if by == "language" else found["name"]
    if by == performance.ALL:
        found["shown"] = _(performance.GROUPINGS[by])
    found["interval"] = [
        f"{rate(low)} – {rate(high)}" for low, high in zip(found["ci_low"], found["ci_high"], strict=True)
    ]
    found["note"] = [_("tentative") if is_tentative else "" for is_tentative in found["is_tentative"]]
    return table(
        found,
        [
            Column("shown", _(performance.GROUPINGS[by]), pinned=True),
            Column("rate", _("Met"), "rate"),
            Column("interval", _("95% interval")),
            Column("met", _("Threads that met it"), "count"),
            Column("n", _("Threads"), "count"),
            Column("note", _("Note")),
        ],
        key=f"performance.rates.{by}",
        title=_("Targets met"),
        is_clickable=True,
        file_name="targets-met",
    )


def _threads(rows: pd.DataFrame, name: str, snapshot_id: str) -> None:
    values = {"name": plain(name), "met": number(int(rows["is_met"].sum()))}
    said = ngettext("{name}: {met} of {n} thread met it", "{name}: {met} of {n} threads met it", len(rows), **values)
    st.markdown(f"**{said}**")
    intents, urgencies = tickets.intent_names(), tickets.urgency_names()
    shown = in_zone(rows, time_zone(snapshot_id)).assign(
        took=rows["took"] / 3600,
        allowed=rows["target_seconds"] / 3600,
        intent=rows["intent"].map(intents),
        urgency=rows["urgency"].map(urgencies),
        language=rows["language"].map(language_name),
        verdict=[_("met") if is_met else _("missed") for is_met in rows["is_met"]],
    )
    row = table(
        shown,
        [
            Column("ticket_id", _("Thread"), pinned=True),
            Column("verdict", _("Target")),
            Column("took", _("Took, in working hours"), "points"),
            Column("allowed", _("Allowed"), "points"),
            Column("merchant_name", _("Merchant")),
            Column("intent", _("Intent")),
            Column("urgency", _("Urgency")),
            Column("language", _("Language")),
            Column("opened_at", _("Opened"), "moment"),
        ],
        key="performance.threads",
        title=_("Threads behind the share"),
        is_clickable=True,
        file_name="targets-met-threads",
    )
    if row is not None:
        st.switch_page("views/issues.py", query_params={TICKET_PARAM: str(rows["ticket_id"].iloc[row])})
