"""Cases and the watch-list as pages show them. Words stay msgids. Knows no page; what is written is written by `app.workspace`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pandas as pd

from app.errors import InputFileError
from app.i18n import N_, undirected
from app.identity import Actor
from app.services import attacks, trust
from app.services.runtime import get_runtime
from app.services.scores import scores
from app.services.warehouse import filter_options, snapshot
from app.workspace.cases import UNCLOSED, Case, CaseStatus, NewCase, SubjectKind

if TYPE_CHECKING:
    from analytics.metrics import Scope

STATUSES: dict[CaseStatus, str] = {
    "open": N_("open"),
    "in_progress": N_("in progress"),
    "waiting": N_("waiting"),
    "closed": N_("closed"),
}
SUBJECTS: dict[SubjectKind, str] = {"merchant": N_("Merchant"), "alert": N_("Alert"), "ring": N_("Ring")}
CHECKLIST = (
    N_("Read the facts and the orders behind them"),
    N_("Hear the merchant"),
    N_("Decide, and say why"),
    N_("Tell the merchant"),
)
RINGS_NAMED = 20  # of those found, in a refusal
VIEWS = {"unclosed": N_("Not closed"), "overdue": N_("Overdue"), "closed": N_("Closed cases"), "all": N_("All")}


def today(snapshot_id: str) -> date:
    """The day that it is in the reporting time zone."""
    return datetime.now(ZoneInfo(snapshot(snapshot_id).time_zone)).date()


def open_case(snapshot_id: str, new: NewCase, actor: Actor, day: date | None = None) -> Case:
    """Opens a case about a merchant, alert or ring that there is: rings are those of all that is known, and of the end of `day`.

    Raises InputFileError, UnknownMetric or InputError for one that there is not, else as `Cases.open`.
    """
    if new.merchant_id and new.merchant_id not in filter_options(snapshot_id).merchants:
        raise InputFileError(
            "There is no merchant '{merchant}' in the warehouse: check the spelling.", merchant=new.merchant_id
        )
    if new.subject_kind == "alert" and new.subject_id.strip():
        _check_alert(snapshot_id, new.subject_id.strip())
    if new.subject_kind == "ring" and new.subject_id.strip():
        _check_ring(new.subject_id.strip(), attacks.ring_ids(snapshot_id, day))
    return get_runtime().workspace.cases.open(new, actor)


def _check_alert(snapshot_id: str, alert: str) -> None:
    """An alert is a metric that is watched, on a day that the data cover. Whether chance explains that day depends on the window looked at."""
    from analytics.watch.panel import watched_spec

    metric, _, written = alert.partition("@")
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise InputFileError(
            "'{alert}' is no alert: write METRIC@DAY, such as orders@2026-10-12.", alert=alert
        ) from None
    watched_spec(metric)
    options = filter_options(snapshot_id)
    if not options.data_from <= day <= options.data_up_to:
        raise InputFileError(
            "There is no alert of {day}: the data go from {first} to {last}.",
            day=day,
            first=options.data_from,
            last=options.data_up_to,
        )


def _check_ring(ring: str, known: Iterable[str]) -> None:
    rings = sorted(known)
    if ring in rings:
        return
    if not rings:
        raise InputFileError("There is no ring '{ring}': none was found.", ring=ring)
    close = get_close_matches(ring, rings, n=1)
    if close:
        raise InputFileError("There is no ring '{ring}': did you mean '{close}'?", ring=ring, close=close[0])
    raise InputFileError("There is no ring '{ring}'. Found: {known}.", ring=ring, known=", ".join(rings[:RINGS_NAMED]))


def found(
    snapshot_id: str, *, view: str = "unclosed", owner: str | None = None, merchant_id: str | None = None
) -> list[Case]:
    """Cases of a view of VIEWS, those due first on top."""
    statuses: Sequence[CaseStatus] = {"unclosed": UNCLOSED, "closed": ("closed",)}.get(view, ())
    return get_runtime().workspace.cases.all(
        statuses=statuses,
        owner=owner,
        merchant_id=merchant_id,
        overdue_on=today(snapshot_id) if view == "overdue" else None,
    )


def listed(
    snapshot_id: str,
    *,
    view: str = "unclosed",
    owner: str | None = None,
    merchant_id: str | None = None,
    scope: Scope | None = None,
) -> pd.DataFrame:
    """`found` as a table, of a scope with filters those about its merchants or about no single one: case_id, title, subject (kind, a msgid), subject_id, name (of the merchant, or ""),
    status, owner, due_on, is_overdue, done (such as 1/4), updated_at."""
    now, names = today(snapshot_id), filter_options(snapshot_id).merchants
    rows = [
        _row(case, names.get(case.merchant_id, case.merchant_id), now)
        for case in found(snapshot_id, view=view, owner=owner, merchant_id=merchant_id)
        if not case.merchant_id or _is_within(snapshot_id, scope, case.merchant_id)
    ]
    columns = [
        *("case_id", "title", "subject", "subject_id", "name", "status", "owner", "due_on", "is_overdue", "done"),
        "updated_at",
    ]
    return pd.DataFrame(rows, columns=columns)


def watched(snapshot_id: str, scope: Scope) -> pd.DataFrame:
    """The watch-list of a scope at the end of its window, last added first: merchant_id, name, score, level (or the reason why there is none), reason, actor_name, at."""
    names = filter_options(snapshot_id).merchants
    known = {score.merchant_id: score for score in scores(snapshot_id, trust.as_of_day(snapshot_id, scope.date_to))}
    rows = []
    for item in get_runtime().workspace.watch_list.all():
        if not _is_within(snapshot_id, scope, item.merchant_id):
            continue
        score = known.get(item.merchant_id)
        level = "too_few" if score is None else score.level or score.status
        name = names.get(item.merchant_id, item.merchant_id)
        points = None if score is None else score.score
        rows.append((item.merchant_id, name, points, level, undirected(item.reason), item.actor_name, item.at))
    return pd.DataFrame(rows, columns=["merchant_id", "name", "score", "level", "reason", "actor_name", "at"])


def is_watched(merchant_id: str) -> bool:
    """Whether a merchant is on the watch-list."""
    return any(item.merchant_id == merchant_id for item in get_runtime().workspace.watch_list.all())


def _is_within(snapshot_id: str, scope: Scope | None, merchant_id: str) -> bool:
    """Without filters everybody is, one that the snapshot doesn't know included."""
    return scope is None or not scope.has_filter or merchant_id in trust.scope_merchants(snapshot_id, scope)


def _row(case: Case, name: str, now: date) -> tuple[object, ...]:
    return (
        case.case_id,
        undirected(case.title),
        SUBJECTS[case.subject_kind],
        case.subject_id,
        name,
        case.status,
        undirected(case.owner),
        case.due_on,
        case.is_overdue(now),
        f"{case.done_count}/{len(case.checklist)}",
        case.updated_at,
    )
