"""Replies that decide over money take two people: which ones do, who is one of the two already, and who may be asked. Knows no page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.services.runtime import get_runtime

if TYPE_CHECKING:
    from app.identity import Actor
    from app.workspace import StoredDraft
    from llm.checks.money import MoneyDecision
    from llm.types import Fact, IssueBrief, Message


@dataclass(frozen=True)
class TwoPeople:
    """Where a draft stands for the person who looks at it.

    decisions: the sentences that take two people. first: who wrote or signed this text. is_first: an approval of this person's only signs it.
    is_signed: this person has signed it. is_alone: nobody else can sign in here, so that who signed it may approve it alone. asked: who else there is to approve it, as far as anybody else has worked here.
    """

    decisions: tuple[str, ...]
    first: tuple[str, ...]
    is_first: bool
    is_signed: bool
    is_alone: bool
    asked: tuple[str, ...]


def decisions(text: str, messages: Iterable[Message] = (), facts: Iterable[Fact] = ()) -> tuple[MoneyDecision, ...]:
    """The sentences of a reply that decide over money; none where they come to no more than the setting lets one person promise."""
    from llm.checks.money import money_decisions, total
    from llm.grounding import EvidenceBook
    from llm.language import WRITTEN

    runtime = get_runtime()
    knowledge = runtime.desk.knowledge
    policy = [passage.text for language in WRITTEN for passage in knowledge.passages(language)]
    found = money_decisions(text, policy, EvidenceBook(messages, facts).records)
    amount = total(found)
    return () if amount is not None and amount <= runtime.settings.four_eyes_above else found


def of_draft(draft: StoredDraft, asked: IssueBrief | None) -> tuple[MoneyDecision, ...]:
    """The same for a draft, what the records of its thread hold known to be done."""
    return decisions(draft.text, asked.thread.messages, asked.facts) if asked is not None else decisions(draft.text)


def two_people(draft: StoredDraft, asked: IssueBrief | None, actor: Actor) -> TwoPeople | None:
    """Where it stands for the actor; None where one person is enough."""
    found = of_draft(draft, asked)
    if not found:
        return None
    drafts = get_runtime().workspace.drafts
    first = drafts.first_people(draft.draft_id)
    others = {who: name for who, name in first.items() if who != actor.actor_id}
    names = tuple(name for who, name in drafts.colleagues().items() if who != actor.actor_id)
    is_signed = draft.status == "second" and not others
    return TwoPeople(
        decisions=tuple(decision.sentence for decision in found),
        first=tuple(others.values()),
        is_first=not others,
        is_signed=is_signed,
        is_alone=is_signed and actor.source == "local" and not names,
        asked=names,
    )
