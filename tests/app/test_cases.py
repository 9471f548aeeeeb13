"""Cases: the state machine, two people at once, and what the log keeps; the watch-list."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import date
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from app.errors import NotAllowed, NotFound, StaleCase
from app.identity import Actor
from app.services.runtime import Runtime, snapshot_id, use_runtime
from app.services.warehouse import filter_options
from app.settings import load_settings
from app.workspace import Case, Item, NewCase, Workspace
from app.workspace.cases import STEPS, CaseStatus
from app.workspace.database import migrate
from tests.app.conftest import Invoke, write_source

ANN, BEN = Actor("local:ann", "Ann", "local"), Actor("header:ben", "Ben", "header")
NEW = NewCase("merchant", "m1", "m1", "Late again", "Ann", date(2026, 11, 20), (Item("Read the facts"), Item("Decide")))
TODAY = date(2026, 11, 21)
STATUSES: tuple[CaseStatus, ...] = ("open", "in_progress", "waiting", "closed")
ALLOWED = {
    ("open", "in_progress"),
    ("open", "waiting"),
    ("open", "closed"),
    ("in_progress", "waiting"),
    ("in_progress", "closed"),
    ("waiting", "in_progress"),
    ("waiting", "closed"),
    ("closed", "open"),
}


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace.open(f"sqlite:///{tmp_path}/workspace.sqlite")
    yield opened
    opened.close()


def at_status(workspace: Workspace, status: CaseStatus) -> Case:
    """A case without a checklist, brought to a status."""
    case = workspace.cases.open(NewCase("ring", "ring-7", "", "Shared reviewers"), ANN)
    ways: dict[CaseStatus, tuple[CaseStatus, ...]] = {
        "open": (),
        "in_progress": ("in_progress",),
        "waiting": ("waiting",),
        "closed": ("closed",),
    }
    for step in ways[status]:
        case = workspace.cases.move(case.case_id, case.version, step, ANN)
    return case


@pytest.mark.parametrize(("before", "after"), list(product(STATUSES, STATUSES)))
def test_the_state_machine(workspace: Workspace, before: CaseStatus, after: CaseStatus) -> None:
    case = at_status(workspace, before)
    entries = len(workspace.audit.entries())
    if (before, after) in ALLOWED:
        moved = workspace.cases.move(case.case_id, case.version, after, BEN)
        assert (moved.status, moved.version) == (after, case.version + 1)
        entry = workspace.audit.entries(subject=f"case:{case.case_id}")[0]
        assert (entry.action, entry.actor_name) == (f"case.{after}", "Ben")
    else:
        with pytest.raises(NotAllowed, match=f"The case is {before}; this step needs"):
            workspace.cases.move(case.case_id, case.version, after, BEN)
        assert workspace.cases.get(case.case_id) == case
        assert len(workspace.audit.entries()) == entries


def test_every_status_can_be_left() -> None:
    assert set(STEPS) == set(STATUSES)
    assert all(STEPS.values())


def test_a_case_closes_once_its_checklist_is_done(workspace: Workspace) -> None:
    case = workspace.cases.open(NEW, ANN)
    with pytest.raises(NotAllowed, match="2 items of the checklist are open"):
        workspace.cases.move(case.case_id, 1, "closed", ANN)
    assert workspace.cases.get(case.case_id) == case
    done = [Item(item.text, is_done=True) for item in case.checklist]
    case = workspace.cases.change(case.case_id, 1, BEN, title=case.title, owner="Ben", due_on=None, checklist=done)
    assert (case.done_count, case.owner, case.due_on) == (2, "Ben", None)
    closed = workspace.cases.move(case.case_id, case.version, "closed", BEN)
    with pytest.raises(NotAllowed, match="The case is closed; this step needs open or in_progress or waiting"):
        workspace.cases.change(case.case_id, closed.version, ANN, title="x", owner="", due_on=None, checklist=())
    workspace.cases.note(case.case_id, "The merchant thanked us.", ANN)
    again = workspace.cases.move(case.case_id, closed.version, "open", ANN)
    assert again.checklist == closed.checklist


def test_the_second_writer_is_told_and_nothing_is_lost(workspace: Workspace) -> None:
    case = workspace.cases.open(NEW, ANN)
    workspace.cases.change(case.case_id, 1, ANN, title="Ann's", owner="Ann", due_on=None, checklist=())
    with pytest.raises(StaleCase, match=r"since you opened it \(version 2, yours is 1\)"):
        workspace.cases.change(case.case_id, 1, BEN, title="Ben's", owner="Ben", due_on=None, checklist=())
    with pytest.raises(StaleCase):
        workspace.cases.move(case.case_id, 1, "in_progress", BEN)
    found = workspace.cases.get(case.case_id)
    assert (found.title, found.version, found.status) == ("Ann's", 2, "open")


def test_of_twenty_at_once_one_wins_and_every_note_stays(workspace: Workspace) -> None:
    case = workspace.cases.open(NEW, ANN)
    stale: list[StaleCase] = []

    def both(number: int) -> None:
        workspace.cases.note(case.case_id, f"note {number}", BEN)
        try:
            workspace.cases.change(case.case_id, 1, BEN, title=f"title {number}", owner="", due_on=None, checklist=())
        except StaleCase as error:
            stale.append(error)

    threads = [threading.Thread(target=both, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stale) == 19
    assert workspace.cases.get(case.case_id).version == 2
    assert sorted(note.text for note in workspace.cases.notes(case.case_id)) == sorted(f"note {n}" for n in range(20))
    check = workspace.audit.verify()
    assert (check.passed, check.entry_count) == (True, 22)


def test_the_list_is_filtered_and_what_is_due_comes_first(workspace: Workspace) -> None:
    late = workspace.cases.open(NEW, ANN)
    later = workspace.cases.open(NewCase("alert", "late_rate@2026-11-01", "m2", "Alert", "Ben", TODAY), ANN)
    loose = workspace.cases.open(NewCase("ring", "r1", "", "Ring"), ANN)
    gone = at_status(workspace, "closed")
    assert [case.case_id for case in workspace.cases.all()[:2]] == [late.case_id, later.case_id]
    assert {case.case_id for case in workspace.cases.all(statuses=("open",))} == {
        late.case_id,
        later.case_id,
        loose.case_id,
    }
    assert [case.case_id for case in workspace.cases.all(overdue_on=TODAY)] == [late.case_id]
    assert [case.case_id for case in workspace.cases.all(owner="Ben")] == [later.case_id]
    assert [case.case_id for case in workspace.cases.all(merchant_id="m1")] == [late.case_id]
    assert workspace.cases.owners() == ["Ann", "Ben"]
    assert (late.is_overdue(TODAY), later.is_overdue(TODAY), loose.is_overdue(TODAY), gone.is_overdue(TODAY)) == (
        True,
        False,
        False,
        False,
    )


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda w: w.cases.open(NewCase("merchant", "m1", "m1", "  "), ANN), "title has 1 to 200 characters"),
        (lambda w: w.cases.open(NewCase("ring", "", "", "x"), ANN), "id of a case's subject has 1 to 200"),
        (lambda w: w.cases.open(NewCase("ring", "r", "", "x", checklist=[Item("a")] * 101), ANN), "at most 100 items"),
        (lambda w: w.cases.note(w.cases.open(NEW, ANN).case_id, " ", ANN), "note has 1 to 10000"),
    ],
)
def test_a_wrong_text_is_one_line(workspace: Workspace, wrong: Callable[[Workspace], object], message: str) -> None:
    with pytest.raises(NotAllowed, match=message):
        wrong(workspace)


def test_an_unknown_case(workspace: Workspace) -> None:
    for call in (
        lambda: workspace.cases.get("nope"),
        lambda: workspace.cases.move("nope", 1, "closed", ANN),
        lambda: workspace.cases.note("nope", "x", ANN),
    ):
        with pytest.raises(NotFound, match="no case nope"):
            call()


def test_the_log_holds_no_note_and_no_reason(workspace: Workspace) -> None:
    case = workspace.cases.open(NEW, ANN)
    workspace.cases.note(case.case_id, "Mrs Wong called", ANN)
    workspace.watch_list.add("m1", "Mrs Wong called", ANN)
    assert "Wong" not in str([dict(entry.detail) for entry in workspace.audit.entries()])


def test_a_merchant_is_watched_once(workspace: Workspace) -> None:
    workspace.watch_list.add("m1", "Slow", ANN)
    workspace.watch_list.add("m1", "Other", BEN)
    (found,) = workspace.watch_list.all()
    assert (found.merchant_id, found.reason, found.actor_name) == ("m1", "Slow", "Ann")
    workspace.watch_list.remove("m1", BEN)
    workspace.watch_list.remove("m1", BEN)
    assert workspace.watch_list.all() == []
    assert [entry.action for entry in workspace.audit.entries()] == ["watch.removed", "watch.added"]


def test_a_workspace_of_the_first_version_is_brought_up(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/old.sqlite"
    migrate(create_engine(url), "0001")
    again = Workspace.open(url)
    assert again.cases.open(NEW, ANN).version == 1
    again.close()


def test_the_command_opens_lists_and_moves(invoke: Invoke, warehouse: Path) -> None:
    folder = ("--warehouse", warehouse)
    opened = invoke(
        "cases", "--open", "Late", "--merchant", "a", "--owner", "Ann", "--due", "2026-01-05", "--json", *folder
    )
    assert opened.exit_code == 0, opened.stderr
    case = json.loads(opened.stdout)
    assert (case["subject_kind"], case["subject_id"], case["status"]) == ("merchant", "a", "open")
    invoke("cases", "--open", "Alert", "--about", "alert:orders@2026-01-12", *folder)
    listed = [json.loads(line) for line in invoke("cases", "--json", *folder).stdout.splitlines()]
    assert [(row["title"], row["is_overdue"]) for row in listed] == [("Late", True), ("Alert", False)]
    moved = invoke("cases", "--case", case["case_id"], "--to", "closed", "--json", *folder)
    assert json.loads(moved.stdout)["status"] == "closed"
    assert "Late" not in invoke("cases", *folder).stdout
    refused = invoke("cases", "--case", case["case_id"], "--to", "waiting", *folder)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == "Error: The case is closed; this step needs open or in_progress.\n"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--open", "x"), 2, "--open needs --merchant ID, or --about"),
        (("--open", "x", "--about", "planet:mars"), 2, "write alert:ID or ring:ID"),
        (("--open", "x", "--about", "merchant:M-1"), 2, "write alert:ID or ring:ID"),
        (("--case", "x", "--to", "closed", "--open", "y"), 2, "--case takes --to alone"),
        (("--case", "x", "--to", "closed", "--view", "closed"), 2, "--view chooses what is listed"),
        (("--open", "x", "--merchant", "m", "--view", "closed"), 2, "--view chooses what is listed"),
        (("--about", ""), 2, "go with --open only"),
        (("--merchant", "nobody"), 1, "no merchant 'nobody'"),
        (("--open", "x", "--merchant", "nobody"), 1, "no merchant 'nobody'"),
        (("--open", "x", "--about", "ring:r-7"), 1, "Error: There is no ring 'r-7': none was found.\n"),
        (("--open", "x", "--about", "alert:orders"), 1, "'orders' is no alert: write METRIC@DAY"),
        (("--open", "x", "--about", "alert:ordrs@2026-01-12"), 1, "Did you mean orders?"),
        (("--open", "x", "--about", "alert:orders@2031-01-12"), 1, "There is no alert of 2031-01-12: the data go from"),
        (("--case", "x"), 2, "--case and --to go together"),
        (("--due", "2026-01-01"), 2, "go with --open only"),
        (("--case", "x", "--to", "closed"), 1, "There is no case x."),
    ],
)
def test_a_wrong_call_is_one_line(
    invoke: Invoke, warehouse: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    result = invoke("cases", *arguments, "--warehouse", warehouse)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr


def test_a_name_or_title_that_turns_its_line_round_does_not(invoke: Invoke, tmp_path: Path) -> None:
    source = write_source(tmp_path / "source")
    file = source / "merchants.jsonl"
    file.write_text(file.read_text(encoding="utf-8").replace("Lotus", "Lo\u202etus"), encoding="utf-8")
    folder = tmp_path / "warehouse"
    assert invoke("ingest", "canonical", source, "--warehouse", folder).exit_code == 0
    with use_runtime(Runtime(load_settings({}, overrides={"warehouse": str(folder)}))):
        assert filter_options(snapshot_id()).merchants["a"] == "Lotus"
    shown = invoke("cases", "--open", "Pay\u202e10", "--merchant", "a", "--warehouse", folder)
    assert "Pay\ufffd10" in shown.stdout
