"""Levels, what changed, statements and cases on the Trust and Merchant pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analytics.warehouse import Warehouse
from app.identity import Actor
from app.services import levels
from app.services import runtime as runtimes
from app.services.runtime import get_runtime
from app.services.warehouse import filter_options
from app.settings import load_settings
from app.workspace import Case, Item, NewCase
from tests.app.conftest import OnWarehouse

MAIN = Path(__file__).parents[3] / "app" / "main.py"
BEN = Actor("header:ben", "Ben", "header")
ON = date(2026, 10, 31)


@pytest.fixture
def snapshot(opened_demo: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    settings = {
        "warehouse": str(opened_demo.root),
        "workspace_url": f"sqlite:///{tmp_path}/workspace.sqlite",
        "operator_name": "Harbour",
        "terms_clause": "7.2",
        "appeal_address": "appeals@harbour.example",
    }
    runtime = OnWarehouse(load_settings(overrides=settings), opened_demo)
    monkeypatch.setattr(runtimes, "_runtime", runtime)
    yield runtime.warehouse.snapshot().snapshot_id
    runtime.close()


@pytest.fixture
def moved(snapshot: str) -> str:
    """A merchant whose level changed at the last evaluation."""
    found = levels.history(snapshot, ON, 1)
    return str(found[found["change"].isin(["up", "down"])]["merchant_id"].iloc[0])


def opened(page: str, tab: str, **state: str) -> AppTest:
    at = AppTest.from_file(str(MAIN), default_timeout=90)
    for key, value in state.items():
        at.query_params[key] = value
    at.session_state[f"{page}.tabs"] = tab
    at.run()
    at.switch_page(f"views/{page}.py").run()
    assert not at.exception
    return at


def texts(at: AppTest) -> str:
    return "\n".join([item.value for item in at.markdown] + [item.value for item in at.caption])


def test_the_trust_page_names_who_changed_level(snapshot: str, moved: str) -> None:
    at = opened("trust", "Levels")
    assert "At the evaluation of Oct 1, 2026, falls first." in texts(at)
    assert "clears its border by 3.0 points, or stays beyond it in 2 evaluations in a row" in texts(at)
    assert moved in levels.history(snapshot, ON, 1)["merchant_id"].tolist()


def test_a_merchant_shows_its_levels_and_offers_the_statement(snapshot: str, moved: str) -> None:
    at = opened("merchant", "Level", merchant=moved)
    assert "since the evaluation of Oct 1, 2026; the next is on Nov 1, 2026" in texts(at)
    assert "For the change of Oct 1, 2026, from" in texts(at)
    at.segmented_control(key="merchant.level.known").set_value("now").run()
    assert not at.exception
    assert "For the change of" not in texts(at)


def test_a_merchant_shows_what_changed(snapshot: str, moved: str) -> None:
    at = opened("merchant", "What changed", merchant=moved)
    assert "points from Oct 1, 2026" in texts(at)
    assert "**The orders behind it**" in texts(at)
    at.segmented_control(key="merchant.changes.since").set_value("comparison").run()
    assert not at.exception
    assert "points from Oct 1, 2026" in texts(at)


def a_case(merchant_id: str) -> Case:
    return get_runtime().workspace.cases.open(NewCase("merchant", merchant_id, merchant_id, "Late again", "Ben"), BEN)


def test_of_two_people_the_second_is_told_and_may_save_over_it(snapshot: str, moved: str) -> None:
    case, doors = a_case(moved), get_runtime().workspace.cases
    at = opened("merchant", "Cases", merchant=moved)
    at.session_state["cases.chosen"] = case.case_id
    at.run()
    title = next(item for item in at.text_input if item.label == "Title")
    title.set_value("Mine")
    doors.change(case.case_id, 1, BEN, title="Theirs", owner="Ben", due_on=None, checklist=[Item("Ask")])
    save = next(item for item in at.button if item.label == "Save")
    save.click().run()
    assert "version 2, yours is 1" in at.warning[0].value
    assert any("Now: Theirs" in info.value for info in at.info)
    assert next(item for item in at.text_input if item.label == "Title").value == "Mine"
    assert doors.get(case.case_id).title == "Theirs"
    at.button(key="cases.newer._keep_mine").click().run()
    next(item for item in at.button if item.label == "Save").click().run()
    assert not at.exception
    assert (doors.get(case.case_id).title, doors.get(case.case_id).version) == ("Mine", 3)


def test_steps_notes_and_the_watch_list(snapshot: str, moved: str) -> None:
    case, workspace = a_case(moved), get_runtime().workspace
    at = opened("merchant", "Cases", merchant=moved)
    at.session_state["cases.chosen"] = case.case_id
    at.run()
    at.button(key="cases.move.in_progress").click().run()
    assert workspace.cases.get(case.case_id).status == "in_progress"
    at.text_area[0].set_value("Called *them*.")
    next(item for item in at.button if item.label == "Add the note").click().run()
    assert [note.text for note in workspace.cases.notes(case.case_id)] == ["Called *them*."]
    assert at.text_area[0].value in (None, "")
    assert "Called *them*." in [item.value for item in at.text]
    at.text_input(key="cases.watch.reason").set_value("Slow")
    at.button(key="cases.watch").click().run()
    assert [item.merchant_id for item in workspace.watch_list.all()] == [moved]
    board = opened("trust", "Cases")
    assert "**Watch-list**" in texts(board)
    assert "Nobody is watched" not in texts(board)
    at.button(key="cases.unwatch").click().run()
    assert workspace.watch_list.all() == []
    assert not at.exception


def test_cases_follow_the_filters(snapshot: str, moved: str) -> None:
    other = next(name for name in filter_options(snapshot).merchants if name != moved)
    workspace = get_runtime().workspace
    a_case(moved), a_case(other)
    workspace.cases.open(NewCase("ring", "ring-1", "", "Shared \u202ereviewers"), BEN)
    workspace.watch_list.add(other, "Slow", BEN)
    at = opened("trust", "Cases", merchant=moved)
    assert "Cases about the filters' merchants" in texts(at)
    assert "None of the filters' merchants is watched." in texts(at)
    (shown,) = at.dataframe
    assert sorted(shown.value["title"]) == ["Late again", "Shared reviewers"]
    every = opened("trust", "Cases")
    assert "Cases about the filters' merchants" not in texts(every)
    assert len(every.dataframe[0].value) == 3
