"""The log of generations: what a draft took, how much of it was kept, thumbs and their reset, and that the audit log holds no text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import NotFound
from app.identity import MACHINE, Actor
from app.services.writing_quality import _outcome
from app.workspace import NewDraft, NewGeneration, Workspace
from app.workspace.audit import text_hash
from app.workspace.generations import kept_share

ANN = Actor("local:ann", "Ann", "local")
BEN = Actor("header:ben", "Ben", "header")
WRITTEN = "We looked into order o1. It was handed over in time."
DRAFT = NewDraft("t1", "m1", "s1", "macro", "en", WRITTEN)
MADE = NewGeneration(
    kind="draft",
    ticket_id="t1",
    merchant_id="m1",
    snapshot_id="s1",
    actor_name="Ann",
    engine="macro",
    version="v1",
    prompt_version="",
    language="en",
    inputs_sha256="0" * 64,
    evidence=["message:1", "fact:2"],
    output=WRITTEN,
    checks=[{"name": "has_source", "passed": True}],
    latency_ms=12,
    options={"tone": "neutral", "length": "normal"},
)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace.open(f"sqlite:///{tmp_path}/workspace.sqlite")
    yield opened
    opened.close()


def test_the_machines_own_approval_is_no_praise(workspace: Workspace) -> None:
    draft = workspace.drafts.create(DRAFT, MACHINE, MADE)
    workspace.drafts.approve(draft.draft_id, 1, MACHINE)
    (made,) = workspace.generations.all()
    assert (made.kept_share, made.draft_status, _outcome(made)) == (None, "approved", "sent")


def test_an_approval_says_how_much_was_kept_of_what_was_written(workspace: Workspace) -> None:
    draft = workspace.drafts.create(DRAFT, ANN, MADE)
    (before,) = workspace.generations.all()
    assert (before.kept_share, before.draft_status, before.draft_version) == (None, "draft", 1)
    assert (before.output_sha256, before.evidence) == (text_hash(WRITTEN), ["message:1", "fact:2"])
    workspace.drafts.approve(draft.draft_id, 1, BEN)
    assert workspace.generations.get(before.generation_id).kept_share == 1.0
    edited = workspace.drafts.edit(draft.draft_id, 2, ANN, text="We looked into order o1.")
    workspace.drafts.approve(draft.draft_id, edited.version, BEN)
    after = workspace.generations.get(before.generation_id)
    assert after.kept_share == pytest.approx(2 * 5 / (11 + 5))
    assert after.draft_status == "approved"


def test_a_rewriting_counts_for_a_draft_once_the_draft_took_it(workspace: Workspace) -> None:
    draft = workspace.drafts.create(DRAFT, ANN, MADE)
    log = workspace.generations
    dropped = log.add(replace(MADE, kind="rewrite", output="Short."))
    used = log.add(replace(MADE, kind="rewrite", output="Order o1 was in time."))
    draft = workspace.drafts.edit(draft.draft_id, 1, ANN, text="Order o1 was in time.", generation_id=used)
    assert log.of_draft(draft.draft_id, draft.version) == log.get(used)
    workspace.drafts.approve(draft.draft_id, draft.version, BEN)
    assert log.get(used).kept_share == 1.0
    assert log.get(dropped).draft_id is None
    first = next(one for one in log.all() if one.kind == "draft")
    assert 0 < (first.kept_share or 0) < 1


def test_thumbs_are_one_a_person_and_a_reset_begins_anew_but_keeps_them(workspace: Workspace) -> None:
    log = workspace.generations
    ours, other = log.add(MADE), log.add(replace(MADE, version="v2"))
    log.vote(ours, True, "", ANN)
    log.vote(ours, False, "The date was missing", ANN)
    log.vote(ours, True, "", BEN)
    log.vote(other, False, "", BEN)
    assert sorted((vote.actor_name, vote.is_good) for vote in log.votes()) == [
        ("Ann", False),
        ("Ben", False),
        ("Ben", True),
    ]
    log.vote(ours, None, "", BEN)
    assert log.reset_votes("draft", "macro", "v1", ANN) == 1
    assert [(vote.generation_id, vote.is_good) for vote in log.votes()] == [(other, False)]
    assert log.vote_of(ours, ANN) is None
    with pytest.raises(NotFound):
        log.vote("nothing", True, "", ANN)


def test_the_audit_log_holds_neither_texts_nor_comments(workspace: Workspace) -> None:
    draft = workspace.drafts.create(DRAFT, ANN, MADE)
    found = workspace.generations.of_draft(draft.draft_id, 1)
    assert found is not None
    workspace.generations.vote(found.generation_id, False, "Mr Miller's number is in it", ANN)
    entries = workspace.audit.entries()
    assert {entry.action for entry in entries} == {"draft.created", "generation.voted"}
    said = json.dumps([[entry.subject, dict(entry.detail)] for entry in entries])
    assert "Miller" not in said
    assert "order o1" not in said


@given(st.text(max_size=60), st.text(max_size=60))
def test_what_is_kept_is_a_share(one: str, other: str) -> None:
    assert 0.0 <= kept_share(one, other) <= 1.0
    assert kept_share(one, one) == 1.0


def test_chinese_is_compared_character_by_character() -> None:
    assert kept_share("订单按时交付", "订单没有按时交付") == pytest.approx(12 / 14)
    assert kept_share("订单", "退款") == 0.0
