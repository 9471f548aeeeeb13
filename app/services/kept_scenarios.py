"""Scenarios that people keep: opened by a link, copied, asked again for the same numbers, and compared side by side. Knows no page.

A scenario is asked of the snapshot and day that it was kept with, as long as they are there; of the data that are shown only when that is wanted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

import pandas as pd

from app.errors import AppError, WorkspaceError
from app.i18n import N_
from app.services import scenarios
from app.services.reading import base_id
from app.services.runtime import get_runtime

if TYPE_CHECKING:
    from analytics.whatif import Scenario, WhatifResult
    from app.identity import Actor
    from app.workspace import Document

COMPARED = 4
PARAM = "scenario"  # of the address; its value is the document's id, which names nobody


@dataclass(frozen=True)
class Kept:
    """A saved scenario: what it asks, or why it can't be read (`fault`, an error whose sentence a page shows)."""

    document: Document
    scenario: Scenario | None
    fault: Exception | None

    @property
    def document_id(self) -> str:
        return self.document.document_id

    @property
    def name(self) -> str:
        return self.document.name

    @property
    def author(self) -> str:
        return self.document.author_name

    @property
    def saved_at(self) -> datetime:
        return self.document.updated_at

    @property
    def is_archived(self) -> bool:
        return self.document.archived_at is not None


@dataclass(frozen=True)
class Answer:
    """A kept scenario and what came of it: a result, or the error in its place."""

    kept: Kept
    result: WhatifResult | None
    fault: Exception | None
    is_gone: bool = False


def all_kept() -> list[Kept]:
    """Every saved scenario, last changed first; one that can't be read is among them, with its fault."""
    return [_kept(document) for document in scenarios.saved()]


def fork(kept: Kept, name: str, actor: Actor) -> Document:
    """A copy under a name and an author of its own, that says where it comes from. Raises WorkspaceError for one that can't be read,
    StaleDocument for a taken name, NotAllowed for a bad one."""
    from analytics.whatif import dump_scenario

    if kept.scenario is None:
        raise WorkspaceError(N_("{name} can't be read, so it can't be copied."), name=kept.name)
    copy = replace(kept.scenario, name=name.strip(), author=actor.name, parent=kept.name)
    return get_runtime().workspace.scenarios.save(copy.name, dump_scenario(copy), actor)


def is_authors(kept: Kept, actor: Actor) -> bool:
    """Whether somebody may rename or remove a scenario: who saved it may. Anybody may archive it and bring it back, since nothing is lost by that."""
    return kept.document.author_id == actor.actor_id


def rename(kept: Kept, name: str, actor: Actor) -> Document:
    """The scenario under another name; copies keep the name that they were copied under. Raises NotAllowed for another person's scenario and for a bad or taken
    name, StaleDocument and NotFound where it has changed or is gone."""
    from analytics.whatif import dump_scenario

    named = kept.scenario and dump_scenario(replace(kept.scenario, name=name.strip()))
    document = kept.document
    store = get_runtime().workspace.scenarios
    return store.rename(document.document_id, name, named or document.body, actor, version=document.version)


def archive(kept: Kept, actor: Actor) -> Document:
    """Out of the list, with its link, numbers and name kept. Raises NotFound."""
    return get_runtime().workspace.scenarios.archive(kept.document_id, actor)


def bring_back(kept: Kept, actor: Actor) -> Document:
    """Into the list again. Raises NotFound."""
    return get_runtime().workspace.scenarios.archive(kept.document_id, actor, is_archived=False)


def remove(kept: Kept, actor: Actor) -> None:
    """Gone with its link; the audit log keeps who did it and when. Raises NotAllowed for another person's scenario, NotFound."""
    get_runtime().workspace.scenarios.remove(kept.document_id, actor)


def is_gone(scenario: Scenario) -> bool:
    """Whether the snapshot that a scenario was kept with has been removed."""
    wanted = scenario.snapshot_id
    return wanted is not None and wanted not in {one.snapshot_id for one in get_runtime().warehouse.snapshots()}


def ask_again(kept: Kept, shown: tuple[str, date | None], *, of_shown: bool = False) -> Answer:
    """The scenario's numbers: those that it was kept with, from its own snapshot, day and seed; with `of_shown`, those of the data `shown` (snapshot
    and day). An error that the product raises on purpose (a removed snapshot, a lever that no longer fits) takes the result's place."""
    from analytics.errors import AnalyticsError

    if kept.scenario is None:
        return Answer(kept, None, kept.fault)
    if not of_shown and is_gone(kept.scenario):
        gone = AppError(
            N_(
                "Snapshot {snapshot} of {name} has been removed: its numbers can't be had again. Ask it of the data shown."
            ),
            snapshot=kept.scenario.snapshot_id,
            name=kept.name,
        )
        return Answer(kept, None, gone, is_gone=True)
    own = kept.scenario.snapshot_id or base_id(shown[0]), kept.scenario.as_of
    snapshot, day = shown if of_shown else own
    asked = replace(kept.scenario, snapshot_id=None, as_of=None)
    try:
        return Answer(kept, scenarios.run_scenario(snapshot, asked, day), None)
    except (AppError, AnalyticsError) as error:
        return Answer(kept, None, error)


def compared(answers: list[Answer]) -> pd.DataFrame:
    """All outcomes of the answers that have a result, one row each: document_id, scenario, outcome, merchants, currency, baseline, value, change,
    ci_low, ci_high, label."""
    rows = [
        {
            "document_id": answer.kept.document_id,
            "scenario": answer.kept.name,
            "outcome": outcome.outcome,
            "merchants": outcome.group.get("merchants", ""),
            "currency": outcome.group.get("currency", ""),
            "baseline": outcome.baseline,
            "value": outcome.value,
            "change": outcome.change,
            "ci_low": outcome.ci_low,
            "ci_high": outcome.ci_high,
            "label": outcome.label,
        }
        for answer in answers
        if answer.result is not None
        for outcome in answer.result.outcomes
    ]
    return pd.DataFrame(rows)


def _kept(document: Document) -> Kept:
    from analytics.errors import AnalyticsError
    from analytics.whatif import scenario_from_toml

    scenario, fault = None, None
    try:
        scenario = scenario_from_toml(document.body, document.name)
    except AnalyticsError as error:
        fault = error
    return Kept(document, scenario, fault)
