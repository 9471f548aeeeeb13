"""`trustdesk cases`: the team's cases; opens one, or takes one a step further."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from app.commands.plumbing import Day, json_option, one_line_errors, print_rows, runtime, warehouse_option
from app.identity import local_actor
from app.services.runtime import snapshot_id

if TYPE_CHECKING:
    from app.workspace.cases import Case, CaseStatus, SubjectKind

VIEWS = ("unclosed", "overdue", "closed", "all")
STATUSES: tuple[CaseStatus, ...] = ("open", "in_progress", "waiting", "closed")
FOUND = ("alert", "ring")
KEYS = (
    "case_id",
    "title",
    "status",
    "owner",
    "due_on",
    "is_overdue",
    "done",
    "subject_kind",
    "subject_id",
    "merchant_id",
)


@click.command()
@click.option("--view", type=click.Choice(VIEWS), help="Which to list (default: unclosed).")
@click.option("--owner", help="Only this person's; with --open, who sees to it.")
@click.option("--merchant", help="Only this merchant's; with --open, whom it is about.")
@click.option("--open", "title", help="Open a case with this title, about --merchant or --about.")
@click.option(
    "--about",
    help="With --open: alert:METRIC@DAY or ring:ID (of `trustdesk rings`), beside or in place of the merchant.",
)
@click.option("--due", type=Day(), help="With --open: the day by which it should be closed.")
@click.option("--case", "case_id", help="The id of a case to take further, with --to.")
@click.option("--to", "status", type=click.Choice(STATUSES), help="With --case: its next status; open reopens it.")
@json_option
@warehouse_option
@one_line_errors
def cases(
    view: str | None,
    owner: str | None,
    merchant: str | None,
    title: str | None,
    about: str | None,
    due: date | None,
    case_id: str | None,
    status: CaseStatus | None,
    as_json: bool,
    warehouse: Path | None,
) -> None:
    """List cases: what somebody has to see to about a merchant, an alert or a ring, those due first on top.

    With --open TITLE, open one; with --case ID --to STATUS, take one further.
    """
    from app.services import cases as services

    if (case_id is None) != (status is None):
        raise click.UsageError("--case and --to go together: say which case, and what it becomes.")
    if title is None and (about is not None or due):
        raise click.UsageError("--about and --due go with --open only.")
    if case_id is not None and any(each is not None for each in (title, owner, merchant)):
        raise click.UsageError("--case takes --to alone: leave out --open, --owner and --merchant.")
    if view is not None and (title is not None or case_id is not None):
        raise click.UsageError("--view chooses what is listed: leave it out with --open and --case.")
    if title is not None and not (about or merchant):
        raise click.UsageError("--open needs --merchant ID, or --about alert:ID or ring:ID.")
    with runtime(warehouse) as opened:
        if title is not None:
            found = [_opened(title, merchant, about, owner, due)]
        elif case_id is not None and status is not None:
            doors = opened.workspace.cases
            found = [doors.move(case_id, doors.get(case_id).version, status, local_actor())]
        else:
            found = services.found(snapshot_id(), view=view or "unclosed", owner=owner, merchant_id=merchant)
            if not found:
                _check_known(merchant)
        now = services.today(snapshot_id())
        print_rows([_shown(case, now) for case in found], as_json=as_json, columns=KEYS)


def _opened(title: str, merchant: str | None, about: str | None, owner: str | None, due: date | None) -> Case:
    from app.services import cases as services
    from app.workspace.cases import NewCase

    kind, _, subject = about.partition(":") if about else ("merchant", "", merchant or "")
    if about and (kind not in FOUND or not subject):
        raise click.UsageError(f"--about {about}: write alert:ID or ring:ID.")
    new = NewCase(cast("SubjectKind", kind), subject, merchant or "", title, owner or "", due)
    return services.open_case(snapshot_id(), new, local_actor())


def _check_known(merchant: str | None) -> None:
    from app.services.warehouse import filter_options

    if merchant and merchant not in filter_options(snapshot_id()).merchants:
        raise click.ClickException(f"There is no merchant '{merchant}' in the warehouse: check the spelling.")


def _shown(case: Case, now: date) -> Mapping[str, object]:
    shown: dict[str, object] = {part.name: getattr(case, part.name) for part in fields(case)}
    shown["checklist"] = [{"text": item.text, "is_done": item.is_done} for item in case.checklist]
    shown["done"] = f"{case.done_count}/{len(case.checklist)}"
    return shown | {"is_overdue": case.is_overdue(now)}
