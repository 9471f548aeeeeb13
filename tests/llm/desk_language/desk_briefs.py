"""Briefs and drafts for the tests of replies."""

from desk_threads import PENALTY_FACTS, thread_of

from llm.briefing import build_brief
from llm.knowledge import Knowledge
from llm.types import Draft, Fact, IssueBrief

LATE_EN = "My order 12345678 is late, 3 days! refund 50 USD?"


def brief_of(
    knowledge: Knowledge,
    *messages: tuple[str, str],
    facts: tuple[Fact, ...] = PENALTY_FACTS,
    tone: str = "neutral",
    length: str = "normal",
) -> IssueBrief:
    return build_brief(thread_of(*messages), knowledge, facts, tone=tone, length=length)


def failed(result: Draft) -> dict[str, str]:
    return {check.name: check.detail for check in result.checks if not check.passed}


def source(brief: IssueBrief, cite: str) -> str:
    """The number under which the prompt shows that source, e.g. [S3]."""
    cites = [
        *(m.cite for m in brief.thread.messages),
        *(f.cite for f in brief.facts),
        *(p.cite for p in brief.passages),
    ]
    return f"[S{cites.index(cite) + 1}]"
