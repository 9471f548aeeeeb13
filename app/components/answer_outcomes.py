"""What the machine answered and what became of it: the figures with n and interval, the reasons for hand-overs, and the decisions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from app.components.chat_queue import waiting_chats
from app.components.handover import reason_name
from app.components.table import Column, table
from app.i18n import N_, _, ngettext, number, rate, stars
from app.services import answer_outcomes, chat
from app.services.warehouse import filter_options

if TYPE_CHECKING:
    from analytics.answered import Estimate

ACTIONS: Mapping[str, str] = {
    "answer": N_("answered"),
    "ask": N_("asked back"),
    "hand_over": N_("handed over"),
}
KINDS: Mapping[str, str] = {"chat": N_("chat"), "ticket": N_("thread")}
STATUSES: Mapping[str, str] = {
    "draft": N_("draft"),
    "second": N_("for a second person"),
    "approved": N_("approved"),
    "sent": N_("sent"),
    "discarded": N_("discarded"),
    "noted": N_("note for a person"),
}


def machine_panel(snapshot: str, time_zone: str) -> None:
    """Draw, closed at first, what the machine did and who waits for a person; what is in it is read when it is opened."""
    if waiting := chat.waiting():
        words = ngettext("{n} chat waits for a person", "{n} chats wait for a person", len(waiting))
        st.markdown(f":orange-badge[:material/support_agent: {words}]")
    panel = st.expander(
        _("Answered by the machine: who waits for a person, outcomes, decisions"),
        icon=":material/smart_toy:",
        on_change="rerun",
        key="desk.machine",
    )
    if panel.open:
        with panel:
            _machine_tabs(snapshot, time_zone)


def _machine_tabs(snapshot: str, time_zone: str) -> None:
    names = (_("Waiting for a person"), _("Outcomes"), _("Decisions"))
    waiting, outcomes, decisions = st.tabs(names, on_change="rerun", key="desk.machine.tabs")
    with waiting:
        if waiting.open:
            waiting_chats(time_zone)
    with outcomes:
        if outcomes.open:
            outcome_tables(snapshot)
    with decisions:
        if decisions.open:
            answer_table(snapshot, time_zone)


def outcome_tables(snapshot: str) -> None:
    """Draw the outcomes of the machine's answers, each figure with n and interval, and the reasons for its hand-overs."""
    from analytics.answered import SETTLED_AFTER, TENTATIVE_BELOW

    found = answer_outcomes.measured(snapshot)
    made, days = found.outcomes, number(answer_outcomes.WINDOW_DAYS)
    settled = number(SETTLED_AFTER.days)
    few = number(TENTATIVE_BELOW)
    told = _(
        "Decisions of the last {days} days; 95 % intervals; under {n} counted, a figure is tentative.", days=days, n=few
    )
    st.caption(told if found.thread_count else _nothing_yet())
    answered = _(
        "nobody wrote again within {days} days of its first answer, of threads it answered by itself", days=settled
    )
    back = _("the merchant came back after an hour, within {days} days, of the same threads", days=settled)
    rated = _("mean of 1 to 5 of merchants' tickets that a person answered, last {days} days of the data", days=days)
    rows = [
        _row(_("Coverage"), made.coverage, rate, _("threads in which it answered, of those it decided on")),
        _row(_("Handed over"), made.handed_over, rate, _("threads given to a person, of those it decided on")),
        _row(_("Settled for good"), made.durable, rate, answered),
        _row(_("Reopened"), made.reopened, rate, back),
        _row(
            _("Satisfaction, machine alone"), found.machine_score, stars, _("mean of 1 to 5 where no person was needed")
        ),
        _row(_("Satisfaction, people"), found.human_score, stars, rated),
    ]
    columns = [
        Column("name", _("Metric"), pinned=True),
        Column("value", _("Value")),
        Column("interval", _("95 % interval")),
        Column("n", _("n"), "count"),
        Column("meaning", _("What is counted")),
    ]
    title = _("Outcomes of the machine's answers")
    table(
        pd.DataFrame(rows, columns=_COLUMNS), columns, key="answers.outcomes", title=title, file_name="answer-outcomes"
    )
    if made.immature:
        words = ngettext(
            "{n} thread was answered too recently to be judged.",
            "{n} threads were answered too recently to be judged.",
            made.immature,
        )
        st.caption(words)
    if made.reasons:
        _reason_table(made.reasons)


def _reason_table(reasons: Sequence[tuple[str, Estimate]]) -> None:
    rows = [_row(reason_name(reason), share, rate, "") for reason, share in reasons]
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    frame["count"] = [round(share.n * (share.value or 0.0)) for _reason, share in reasons]
    columns = [
        Column("name", _("Reason for the hand-over"), pinned=True),
        Column("count", _("Threads"), "count"),
        Column("value", _("Share")),
        Column("interval", _("95 % interval")),
        Column("n", _("n"), "count"),
    ]
    table(frame, columns, key="answers.reasons", title=_("Reasons for hand-overs"), file_name="hand-over-reasons")


def answer_table(snapshot: str, time_zone: str) -> None:
    """Draw the machine's decisions, newest first."""
    frame = answer_outcomes.latest()
    if frame.empty:
        st.caption(_nothing_yet())
        return
    names = filter_options(snapshot).merchants
    frame = frame.assign(
        merchant_id=[names.get(merchant_id, merchant_id) or "–" for merchant_id in frame["merchant_id"]],
        at=frame["at"].dt.tz_convert(time_zone),
        subject_id=[_shown(*pair) for pair in zip(frame["kind"], frame["subject_id"], strict=True)],
        kind=[_(KINDS[kind]) for kind in frame["kind"]],
        action=[_(ACTIONS[action]) for action in frame["action"]],
        reason=[reason_name(reason) for reason in frame["reason"]],
        status=[_(STATUSES[status]) for status in frame["status"]],
    )
    columns = [
        Column("at", _("At"), "moment", pinned=True),
        Column("kind", _("Where")),
        Column("subject_id", _("Thread")),
        Column("merchant_id", _("Merchant")),
        Column("action", _("Decision")),
        Column("reason", _("Reason")),
        Column("language", _("Language")),
        Column("status", _("Status")),
    ]
    table(frame, columns, key="answers.latest", title=_("Decisions of the machine"), file_name="machine-answers")


def _nothing_yet() -> str:
    return _(
        "The machine has decided on nothing yet: `trustdesk answer --new` answers open threads, and merchants ask on the Chat page."
    )


_COLUMNS = ["name", "value", "interval", "n", "meaning"]


def _row(name: str, estimate: Estimate, write: Callable[[float], str], meaning: str) -> tuple[str, str, str, int, str]:
    if estimate.value is None:
        return name, "–", "–", 0, meaning
    value = write(estimate.value)
    if estimate.is_tentative:
        value = _("{value} (tentative)", value=value)
    interval = "–"
    if estimate.ci_low is not None and estimate.ci_high is not None:
        interval = f"{write(estimate.ci_low)} – {write(estimate.ci_high)}"
    return name, value, interval, estimate.n, meaning


def _shown(kind: str, subject_id: str) -> str:
    """A conversation's whole id is the key to it."""
    return f"{subject_id[:8]}…" if kind == "chat" else subject_id
