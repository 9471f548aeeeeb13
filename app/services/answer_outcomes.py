"""What became of what the machine answered, from the workspace's decisions and the warehouse's threads. Definitions: `analytics.answered`.

Every function that reads data takes a snapshot id first. Knows no page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from app.identity import MACHINE
from app.services import issues
from app.services.runtime import cached, get_runtime
from app.services.warehouse import cursor, window

if TYPE_CHECKING:
    from analytics.answered import AnsweredThread, Decision, Estimate, Outcomes
    from app.workspace import KeptAnswer
    from app.workspace.answers import Kind

WINDOW_DAYS = 90
Subject = tuple["Kind", str]


@dataclass(frozen=True)
class Measured:
    """The outcomes of the last `WINDOW_DAYS` days, with the satisfaction of those whom the machine alone answered and of those whom a person
    did: the latter from tickets that were opened in as many days of the data."""

    outcomes: Outcomes
    thread_count: int
    machine_score: Estimate
    human_score: Estimate


def measured(snapshot_id: str, now: datetime | None = None) -> Measured:
    """As of `now`, which only tests name."""
    from analytics.answered import mean_score, outcomes

    now = now or datetime.now(UTC)
    decided = by_subject(get_runtime().workspace.answers.since(now - timedelta(days=WINDOW_DAYS)))
    threads = [*_chats(decided), *_tickets(snapshot_id, decided)]
    alone, with_person = scores(snapshot_id, decided)
    return Measured(
        outcomes=outcomes(threads, now),
        thread_count=len(threads),
        machine_score=mean_score(alone),
        human_score=mean_score(with_person),
    )


def by_subject(answers: Sequence[KeptAnswer]) -> dict[Subject, list[KeptAnswer]]:
    """Decisions by the conversation or ticket that they are about."""
    found: dict[Subject, list[KeptAnswer]] = {}
    for answer in answers:
        found.setdefault((answer.kind, answer.subject_id), []).append(answer)
    return found


def scores(snapshot_id: str, decided: dict[Subject, list[KeptAnswer]]) -> tuple[list[float], list[float]]:
    """What merchants said, 1 to 5, of conversations and tickets that the machine alone answered, and of tickets that a person answered."""
    alone = [subject for subject, answers in decided.items() if _is_alone(answers)]
    chats = get_runtime().workspace.conversations.many([one for kind, one in alone if kind == "chat"])
    said = [float(found.score) for found in chats.values() if found.score is not None]
    rated = _rated_tickets(snapshot_id)
    is_alone = rated["ticket_id"].isin([one for kind, one in alone if kind == "ticket"]) & ~rated["is_of_person"]
    return [*said, *rated.loc[is_alone, "csat_score"]], list(rated.loc[rated["is_of_person"], "csat_score"])


def latest(limit: int = 200) -> pd.DataFrame:
    """Decisions of the last `WINDOW_DAYS` days, newest first: at (UTC), kind, subject_id, merchant_id, action, reason, language, status.

    `status`: of its draft; `sent` for what was said in a chat, `noted` for a hand-over that is a note alone.
    """
    since = datetime.now(UTC) - timedelta(days=WINDOW_DAYS)
    found = get_runtime().workspace.answers.since(since)[:limit]
    drafts = get_runtime().workspace.drafts.statuses([one.draft_id for one in found if one.draft_id is not None])
    columns = ["at", "kind", "subject_id", "merchant_id", "action", "reason", "language", "status"]
    rows = [
        (
            *(getattr(answer, name) for name in columns[:-1]),
            "sent" if answer.kind == "chat" else drafts.get(answer.draft_id or "", "noted"),
        )
        for answer in found
    ]
    return pd.DataFrame(rows, columns=columns)


@cached
def _rated_tickets(snapshot_id: str) -> pd.DataFrame:
    """ticket_id, csat_score and is_of_person of the merchants' tickets of the window that were rated."""
    from analytics.metrics import Scope
    from analytics.threads import tickets

    last = window(snapshot_id)[1]
    with cursor(snapshot_id) as opened:
        rows = tickets(opened, Scope(last - timedelta(days=WINDOW_DAYS - 1), last), limit=100_000)
    rows = rows[rows["csat_score"].notna() & (rows["opened_by"] == "merchant")]
    return rows[["ticket_id", "csat_score"]].assign(is_of_person=rows["first_desk_reply_at"].notna())


def _is_alone(answers: Sequence[KeptAnswer]) -> bool:
    actions = {answer.action for answer in answers}
    return "answer" in actions and "hand_over" not in actions


def _chats(decided: dict[Subject, list[KeptAnswer]]) -> list[AnsweredThread]:
    from analytics.answered import AnsweredThread

    ids = [one for kind, one in decided if kind == "chat"]
    turns = get_runtime().workspace.conversations.turns_of(ids)
    return [
        AnsweredThread(
            tuple(_decision(answer, answer.at) for answer in decided["chat", one]),
            tuple(turn.at for turn in turns.get(one, ()) if turn.author == "merchant"),
            tuple(turn.at for turn in turns.get(one, ()) if turn.author == "agent"),
        )
        for one in ids
    ]


def _tickets(snapshot_id: str, decided: dict[Subject, list[KeptAnswer]]) -> list[AnsweredThread]:
    """An answer has reached the merchant when the machine itself sent it."""
    from analytics.answered import AnsweredThread

    ids = [one for kind, one in decided if kind == "ticket"]
    held = {thread.ticket_id: thread.messages for thread in issues.threads_of(snapshot_id, ids)}
    drafts = get_runtime().workspace.drafts.of_tickets(ids)
    found = []
    for one in ids:
        of_ticket = {draft.draft_id: draft for draft in drafts.get(one, ())}
        sent = {
            key: d.updated_at for key, d in of_ticket.items() if d.status == "sent" and d.approved_by == MACHINE.name
        }
        by_people = [d.updated_at for key, d in of_ticket.items() if d.status == "sent" and key not in sent]
        messages = [message for message in held.get(one, ()) if message.sent_at is not None]
        found.append(
            AnsweredThread(
                tuple(_decision(answer, sent.get(answer.draft_id or "")) for answer in decided["ticket", one]),
                tuple(m.sent_at for m in messages if m.author == "merchant" and m.sent_at is not None),
                (*by_people, *(m.sent_at for m in messages if m.author == "agent" and m.sent_at is not None)),
            )
        )
    return found


def _decision(answer: KeptAnswer, delivered_at: datetime | None) -> Decision:
    from analytics.answered import Decision

    return Decision(delivered_at or answer.at, answer.action, answer.reason, delivered_at is not None)
