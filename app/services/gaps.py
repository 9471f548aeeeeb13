"""Gaps of the knowledge: what open and recent threads ask and no article answers, and the proposal of an article that begins with what was asked.

Every function that reads data takes a snapshot id first. Knows no page.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from app.i18n import _
from app.services import issues
from app.services.answering import answering
from app.services.runtime import cached, get_runtime
from app.services.warehouse import cursor, filter_options

if TYPE_CHECKING:
    from app.identity import Actor
    from app.workspace import Proposal
    from llm.types import Gap

RECENT_DAYS = 30
MOST_THREADS = 500
SHOWN_REPLIES = 5
QUOTED = 400
TO_WRITE = {
    "en": "[Write the rule here, one paragraph for each. What was asked, and what colleagues have answered, stands above as comments.]",
    "zh-Hans": "[请在此写明规则，每条一段。商家的提问和同事的回复以注释列在上方。]",
}


def gaps(snapshot_id: str) -> list[Gap]:
    """What the open threads and those of the last RECENT_DAYS ask and the knowledge in force doesn't answer; uncovered matters first.

    Private data in labels and examples is masked.
    """
    return list(_gaps(snapshot_id, get_runtime().workspace.proposals.approved_count()))


@cached
def _gaps(snapshot_id: str, approved_count: int) -> tuple[Gap, ...]:
    from analytics import threads
    from analytics.metrics import Scope
    from llm.gaps import find_gaps, unanswered
    from llm.privacy import mask

    last = filter_options(snapshot_id).default_to
    with cursor(snapshot_id) as opened:
        waiting = threads.open_tickets(opened, limit=MOST_THREADS)["ticket_id"]
        recent = threads.tickets(opened, Scope(last - timedelta(days=RECENT_DAYS - 1), last), limit=MOST_THREADS)[
            "ticket_id"
        ]
    chosen = list(dict.fromkeys([*waiting, *recent]))[:MOST_THREADS]
    desk = answering()
    found = find_gaps(unanswered(issues.threads_of(snapshot_id, chosen), desk), desk, get_runtime().desk.triage)
    return tuple(
        replace(
            gap, label=mask(gap.label), examples=tuple(replace(each, text=mask(each.text)) for each in gap.examples)
        )
        for gap in found
    )


def propose_article(snapshot_id: str, gap: Gap, article_id: str, title: str, audience: str, actor: Actor) -> Proposal:
    """Puts up an article that is to be written: its head, and as comments what was asked and what agents have answered, private data masked.

    Raises KnowledgeError, NotAllowed for an id or title that can't be, StaleProposal for an id that is taken.
    """
    from app.services import knowledge

    item_id = f"{article_id}.{gap.language}"
    text = outline(snapshot_id, gap, article_id, title, audience)
    return knowledge.propose(
        "article", item_id, text, _("Asked in {n} threads, answered by no article", n=gap.count), 0, actor
    )


def outline(snapshot_id: str, gap: Gap, article_id: str, title: str, audience: str) -> str:
    """The text that the writing of an article on the gap begins with."""
    import tomli_w

    from llm.privacy import mask

    threads = issues.threads_of(snapshot_id, gap.ticket_ids)
    replies = [m for thread in threads for m in thread.messages if m.author == "agent" and m.text.strip()]
    asked = [(sentence.text, sentence.cites[0]) for sentence in gap.examples]
    told = [(mask(message.text), message.cite) for message in replies[:SHOWN_REPLIES]]
    quoted = [
        line
        for heading, lines in ((f"Asked in {gap.count} threads:", asked), ("Agents have answered:", told))
        if lines
        for line in (heading, *(f"- {' '.join(said.split())[:QUOTED]} [{cite}]" for said, cite in lines))
    ]
    head = {
        "id": article_id,
        "language": gap.language,
        "title": title,
        "intents": ["other"],
        "version": 1,
        "audience": audience,
    }
    comments = "".join(f"# {line}\n" for line in quoted)
    return f"+++\n{tomli_w.dumps(head)}{comments}+++\n\n{TO_WRITE[gap.language]}\n"
