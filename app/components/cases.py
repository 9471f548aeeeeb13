"""Cases on a page: the list, the form that opens one, and one case with its steps, checklist and notes; and the watch-list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pandas as pd
import streamlit as st

from app.components.empty import empty_state
from app.components.table import Column, table
from app.components.thread import plain
from app.errors import AppError
from app.filter_bar import current_filters, open_merchant
from app.i18n import N_, _, day, moment
from app.identity import Actor, current_actor
from app.page_errors import page_errors, sentence
from app.services import cases
from app.services.figures import time_zone
from app.services.runtime import get_runtime, snapshot_id
from app.workspace.cases import STEPS, Case, Cases, CaseStatus, Item, NewCase, SubjectKind

DAYS_TO_DO = 14
BADGES: dict[CaseStatus, tuple[str, str]] = {
    "open": ("blue", ":material/inbox:"),
    "in_progress": ("orange", ":material/pending:"),
    "waiting": ("gray", ":material/hourglass_empty:"),
    "closed": ("green", ":material/check_circle:"),
}
MOVES: dict[CaseStatus, tuple[str, str]] = {
    "open": (N_("Reopen"), ":material/undo:"),
    "in_progress": (N_("Work on it"), ":material/play_arrow:"),
    "waiting": (N_("Wait for an answer"), ":material/hourglass_empty:"),
    "closed": (N_("Close"), ":material/check:"),
}
_CHOSEN, _PROBLEM = "cases.chosen", "cases.problem"


@st.fragment
def cases_board() -> None:
    """Everybody's cases, filtered by view and owner, then the watch-list."""
    with page_errors():
        with st.container(border=True):
            with st.container(horizontal=True, vertical_alignment="bottom"):
                view = st.segmented_control(
                    _("Show"),
                    list(cases.VIEWS),
                    default="unclosed",
                    required=True,
                    format_func=lambda name: _(cases.VIEWS[name]),
                    key="cases.view",
                )
                owner = st.selectbox(
                    _("Owner"),
                    get_runtime().workspace.cases.owners(),
                    index=None,
                    placeholder=_("Everybody"),
                    width=220,
                    key="cases.owner",
                )
                _open_button("", key="cases.board.open")
            scope = current_filters().scope()
            if scope.has_filter:
                st.caption(_("Cases about the filters' merchants, and those about no single merchant."))
            _draw_list(cases.listed(snapshot_id(), view=view, owner=owner, scope=scope), key="cases.board")
        _draw_watched()


def merchant_cases(merchant_id: str) -> None:
    """One merchant's cases, and whether it is watched."""
    with st.container(horizontal=True, vertical_alignment="center"):
        _open_button(merchant_id, key="cases.merchant.open")
        _watch_button(merchant_id)
    _draw_list(cases.listed(snapshot_id(), view="all", merchant_id=merchant_id), key="cases.merchant")


def open_case(merchant_id: str, kind: SubjectKind = "merchant", subject_id: str = "") -> None:
    """Show the dialog that opens a case about a merchant, an alert or a ring."""
    st.dialog(_("Open a case"), icon=":material/assignment_add:")(_form)(merchant_id, kind, subject_id)


def _open_button(merchant_id: str, *, key: str) -> None:
    if st.button(_("Open a case"), icon=":material/assignment_add:", key=key):
        open_case(merchant_id, "merchant" if merchant_id else "ring")


def _form(merchant_id: str, kind: SubjectKind, subject_id: str) -> None:
    with page_errors(), st.form("cases.new", border=False):
        title = st.text_input(_("Title"), max_chars=200, key="cases.new.title")
        about: SubjectKind = st.segmented_control(
            _("Concerns"),
            [name for name in cases.SUBJECTS if merchant_id or name != "merchant"],
            default=kind,
            required=True,
            format_func=lambda name: _(cases.SUBJECTS[name]),
            key=f"cases.new.kind.{kind}",
        )
        named = st.text_input(
            _("Id of the alert or ring"),
            subject_id,
            max_chars=200,
            help=_("Of a ring: as on the tab Rings. Of an alert: METRIC@DAY, such as orders@2026-10-12."),
            key=f"cases.new.subject.{subject_id}",
        )
        actor = current_actor(get_runtime().settings)
        owner = _owner(actor.name, key="cases.new.owner")
        due = st.date_input(
            _("Due"), cases.today(snapshot_id()) + timedelta(days=DAYS_TO_DO), format="YYYY-MM-DD", key="cases.new.due"
        )
        if not st.form_submit_button(_("Open the case"), type="primary"):
            return
        checklist = tuple(Item(_(text)) for text in cases.CHECKLIST)
        subject = merchant_id if about == "merchant" else named
        new = NewCase(about, subject, merchant_id, title, owner or "", due, checklist)
        opened = cases.open_case(snapshot_id(), new, actor, current_filters().date_to)
        st.session_state[_CHOSEN] = opened.case_id
        st.rerun()


def _owner(current: str, *, key: str) -> str | None:
    """Somebody who owns a case already, or a new name."""
    known = get_runtime().workspace.cases.owners()
    options = list(dict.fromkeys([*([current] if current else []), *known]))
    found: str | None = st.selectbox(
        _("Owner"), options, index=0 if current else None, accept_new_options=True, placeholder=_("Nobody"), key=key
    )
    return found


def _draw_list(frame: pd.DataFrame, *, key: str) -> None:
    if frame.empty:
        empty_state(_("No case here"), _("Open one for what somebody has to see to."), height=160)
        return
    row = table(
        frame.assign(
            subject=[_(kind) for kind in frame["subject"]],
            status=[_(cases.STATUSES[status]) for status in frame["status"]],
            overdue=[_("overdue") if is_overdue else "" for is_overdue in frame["is_overdue"]],
            due_on=pd.to_datetime(frame["due_on"]),
        ),
        [
            Column("title", _("Case"), pinned=True, width=260),
            Column("status", _("Status"), width=110),
            Column("owner", _("Owner")),
            Column("due_on", _("Due"), "date"),
            Column("overdue", _("Overdue")),
            Column("done", _("Checklist")),
            Column("name", _("Merchant")),
            Column("subject", _("Concerns")),
            Column("subject_id", _("Id")),
        ],
        key=key,
        title=_("Cases"),
        is_clickable=True,
        file_name="cases",
    )
    if row is not None:
        st.session_state[_CHOSEN] = str(frame["case_id"].iloc[row])
    chosen = st.session_state.get(_CHOSEN)
    if chosen in set(frame["case_id"]):
        _draw_case(str(chosen))


def _draw_case(case_id: str) -> None:
    """One case. What is edited belongs to the version that was drawn first: if somebody else saves meanwhile, this person is told."""
    case, drawn = _opened(case_id)
    colour, icon = BADGES[case.status]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(case.title)}**", width="content")
            st.markdown(f":{colour}-badge[{icon} {_(cases.STATUSES[case.status])}]", width="content")
            for status in STEPS[case.status]:
                label, symbol = MOVES[status]
                st.button(
                    _(label),
                    icon=symbol,
                    key=f"cases.move.{status}",
                    on_click=_attempt,
                    args=(case_id, lambda actor, to=status: _cases().move(case_id, case.version, to, actor)),
                )
        _show_problem(case_id)
        if case.status != "closed":
            _draw_fields(case, f"{case_id}.{drawn}")
        _draw_notes(case_id)


def _draw_fields(case: Case, key: str) -> None:
    with st.form(f"cases.edit.{key}", border=False):
        title = st.text_input(_("Title"), case.title, max_chars=200, key=f"cases.edit.title.{key}")
        left, right = st.columns(2)
        with left:
            owner = _owner(case.owner, key=f"cases.edit.owner.{key}")
        due = right.date_input(_("Due"), case.due_on, format="YYYY-MM-DD", key=f"cases.edit.due.{key}")
        items = st.data_editor(
            pd.DataFrame([(item.is_done, item.text) for item in case.checklist], columns=["is_done", "text"]),
            num_rows="dynamic",
            hide_index=True,
            column_config={
                "is_done": st.column_config.CheckboxColumn(_("Done"), default=False, width="small"),
                "text": st.column_config.TextColumn(_("Checklist"), max_chars=500, width="large"),
            },
            key=f"cases.edit.items.{key}",
        )
        if st.form_submit_button(_("Save"), icon=":material/save:"):
            checklist = [Item(str(row["text"] or ""), bool(row["is_done"])) for row in items.to_dict("records")]
            step = _cases().change
            _attempt(
                case.case_id,
                lambda actor: step(
                    case.case_id,
                    case.version,
                    actor,
                    title=title,
                    owner=owner or "",
                    due_on=due,
                    checklist=checklist,
                ),
            )
            st.rerun()


def _draw_notes(case_id: str) -> None:
    zone = time_zone(snapshot_id())
    notes = _cases().notes(case_id)
    for note in notes:
        st.caption(f"{plain(moment(note.at, zone, length='short'))} {zone} · {plain(note.actor_name)}")
        st.text(note.text)
    with st.form(f"cases.note.{case_id}", border=False):
        # Once the note is kept there is one more, and the field is a new, empty one.
        text = st.text_area(_("Your note"), max_chars=10_000, height=80, key=f"cases.note.{case_id}.{len(notes)}")
        if st.form_submit_button(_("Add the note"), icon=":material/add_comment:"):
            _attempt(case_id, lambda actor: _cases().note(case_id, text, actor), is_change=False)
            st.rerun()


def _draw_watched() -> None:
    with st.container(border=True):
        st.markdown("**" + _("Watch-list") + "**")
        scope = current_filters().scope()
        frame = cases.watched(snapshot_id(), scope)
        if frame.empty and scope.has_filter:
            st.caption(_("None of the filters' merchants is watched."))
            return
        if frame.empty:
            st.caption(_("Nobody is watched. A merchant's page, tab Cases, puts it here."))
            return
        st.caption(_("Scores at the end of {day}. Click opens.", day=day(scope.date_to)))
        row = table(
            frame,
            [
                Column("name", _("Merchant"), pinned=True),
                Column("score", _("Score"), "score"),
                Column("level", _("Level"), "level"),
                Column("reason", _("Why"), width=300),
                Column("actor_name", _("Added by")),
                Column("at", _("Since (UTC)"), "moment"),
            ],
            key="cases.watched",
            title=_("Watch-list"),
            is_clickable=True,
        )
        if row is not None:
            open_merchant(str(frame["merchant_id"].iloc[row]))


def _watch_button(merchant_id: str) -> None:
    watch_list, actor = get_runtime().workspace.watch_list, current_actor(get_runtime().settings)
    if cases.is_watched(merchant_id):
        st.button(
            _("Stop watching"),
            icon=":material/visibility_off:",
            on_click=lambda: watch_list.remove(merchant_id, actor),
            key="cases.unwatch",
        )
        return
    with st.popover(_("Watch this merchant"), icon=":material/visibility:"):
        reason = st.text_input(_("Why"), max_chars=500, key="cases.watch.reason")
        st.button(
            _("Put on the watch-list"),
            on_click=lambda: watch_list.add(merchant_id, reason, actor),
            key="cases.watch",
        )


def _cases() -> Cases:
    return get_runtime().workspace.cases


def _opened(case_id: str) -> tuple[Case, int]:
    """The case as this person has it before them, and how often it was drawn anew: what is typed belongs to one drawing."""
    key = f"cases.seen.{case_id}"
    if key not in st.session_state:
        drawn = st.session_state[f"cases.drawn.{case_id}"] = st.session_state.get(f"cases.drawn.{case_id}", 0) + 1
        st.session_state[key] = (_cases().get(case_id), drawn)
    found: tuple[Case, int] = st.session_state[key]
    return found


def _draw_anew(case_id: str) -> None:
    st.session_state.pop(f"cases.seen.{case_id}", None)


def _keep_mine(case_id: str) -> None:
    """What was typed stays, and now counts as a change of the newer version."""
    _, drawn = _opened(case_id)
    st.session_state[f"cases.seen.{case_id}"] = (_cases().get(case_id), drawn)


def _attempt(case_id: str, step: Callable[[Actor], object], *, is_change: bool = True) -> None:
    """Takes a step as the person of this session; what stands in its way is said with the next run, and what was written stays."""
    try:
        step(current_actor(get_runtime().settings))
    except AppError as error:
        st.session_state[_PROBLEM] = (case_id, sentence(error))
    else:
        if is_change:
            _draw_anew(case_id)


def _show_problem(case_id: str) -> None:
    about, words = st.session_state.pop(_PROBLEM, (None, None))
    if about == case_id and words:
        st.warning(words, icon=":material/warning:")
    (seen, _drawn), now = _opened(case_id), _cases().get(case_id)
    if now.version == seen.version:
        return
    st.info(
        _(
            "Now: {title} · {status} · {owner} · due {due} · checklist {done} of {n}",
            title=plain(now.title),
            status=_(cases.STATUSES[now.status]),
            owner=plain(now.owner) or _("Nobody"),
            due=day(now.due_on) if now.due_on else "–",
            done=now.done_count,
            n=len(now.checklist),
        ),
        icon=":material/history:",
    )
    with st.container(horizontal=True):
        for label, icon, step in (
            (_("Take over the newer version"), ":material/refresh:", _draw_anew),
            (_("Keep mine, to save over it"), ":material/edit:", _keep_mine),
        ):
            st.button(label, icon=icon, on_click=step, args=(case_id,), key=f"cases.newer.{step.__name__}")
