"""Two who write the same thing at the same moment, as PostgreSQL lets them: one wins, the other goes on or is told in a line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from app.errors import StaleDocument, StaleProposal
from app.identity import MACHINE, Actor
from app.workspace import NewAnswer, NewProposal, Workspace
from app.workspace.generations import VoteRow
from app.workspace.schema import (
    AnswerRow,
    Base,
    DocumentRow,
    ProposalRow,
    SummaryRow,
    TurnRow,
    VectorRow,
    WatchedRow,
)
from tests.app.test_generations import MADE

ANN, BEN = Actor("oidc|ann", "Ann", "oidc"), Actor("oidc|ben", "Ben", "oidc")
ANSWER = NewAnswer(
    kind="ticket",
    subject_id="t",
    message_id="m",
    merchant_id="a",
    asked_at=datetime(2026, 3, 1, tzinfo=UTC),
    action="answer",
    reason="found",
    confidence=0.9,
    language="en",
    engine="policy",
    note="",
    is_automatic=False,
)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace.open(f"sqlite:///{tmp_path}/workspace.sqlite")
    yield opened
    opened.close()


@contextmanager
def another_first(kind: type[Base], step: str = "before_insert", **changes: object) -> Iterator[list[object]]:
    """Just before the next row of a kind is written, after every look at what is there, another has written the same."""
    written: list[object] = []

    def write(mapper: Any, connection: Connection, target: object) -> None:
        if not written:
            written.append(target)
            values = {column.key: getattr(target, column.key) for column in mapper.column_attrs}
            connection.execute(mapper.local_table.insert().values(values | changes))

    event.listen(kind, step, write)
    try:
        yield written
    finally:
        event.remove(kind, step, write)


def test_a_message_is_decided_on_once_and_the_second_worker_goes_on(workspace: Workspace) -> None:
    with another_first(AnswerRow, answer_id="other") as written:
        assert workspace.answers.keep(ANSWER, None, MACHINE) is None
    assert written
    assert workspace.answers.keep(replace(ANSWER, message_id="next"), None, MACHINE) is not None
    assert workspace.audit.verify().passed


def test_of_two_who_save_one_name_the_second_is_told(workspace: Workspace) -> None:
    with another_first(DocumentRow, document_id="other") as written, pytest.raises(StaleDocument, match="mine"):
        workspace.scenarios.save("mine", "a = 1", ANN)
    assert written
    assert workspace.scenarios.save("mine", "a = 1", ANN).version == 1


def test_a_merchant_is_watched_once(workspace: Workspace) -> None:
    with another_first(WatchedRow) as written:
        workspace.watch_list.add("a", "late", ANN)
    assert written
    workspace.watch_list.add("a", "late", ANN)
    workspace.watch_list.add("a", "later", BEN)
    assert [(each.reason, each.actor_name) for each in workspace.watch_list.all()] == [("late", "Ann")]


def test_two_turns_at_once_both_stand(workspace: Workspace) -> None:
    conversation = workspace.conversations.start(ANN).conversation_id
    with another_first(TurnRow) as written:
        workspace.conversations.add(conversation, "merchant", "Hello", ANN)
    assert written
    workspace.conversations.add(conversation, "merchant", "Hello?", ANN)
    assert [turn.n for turn in workspace.conversations.turns(conversation)] == [1, 2]


def test_of_two_approvals_the_second_is_told(workspace: Workspace) -> None:
    proposal = workspace.proposals.create(NewProposal("article", "a.en", "Text", "why"), ANN)
    other = {"proposal_id": "other", "edition": 1}
    with (
        another_first(ProposalRow, "before_update", **other) as written,
        pytest.raises(StaleProposal, match=r"a\.en"),
    ):
        workspace.proposals.approve(proposal.proposal_id, 1, BEN)
    assert written
    assert workspace.proposals.approve(proposal.proposal_id, 1, BEN).edition == 1


def test_what_is_put_over_needs_no_look(workspace: Workspace) -> None:
    generation = workspace.generations.add(MADE)
    with another_first(SummaryRow), another_first(VectorRow), another_first(VoteRow):
        workspace.summaries.store({"k": "old"})
        workspace.summaries.store({"k": "new"})
        workspace.vectors["k"] = b"old"
        workspace.vectors.store({"k": b"new", "l": b"l"})
        workspace.generations.vote(generation, True, "", ANN)
        workspace.generations.vote(generation, False, "worse", ANN)
    assert workspace.summaries.many(["k"]) == {"k": "new"}
    assert dict(workspace.vectors) == {"k": b"new", "l": b"l"}
    assert [(vote.is_good, vote.comment) for vote in workspace.generations.votes()] == [(False, "worse")]
