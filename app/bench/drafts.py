"""`trustdesk bench language --only drafts`: many drafts of the warehouse's threads, each sentence counted anew against the sources that it names.

The count knows nothing of the writers' checks: it reads the sources' texts, and compares bare numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from app.bench.language import numbers, rates_in_per_cent
from app.errors import NoData
from app.i18n import N_
from app.services import reply, tickets
from app.services.language import start_draft
from app.services.runtime import remembering, snapshot_id
from app.services.warehouse import filter_options

if TYPE_CHECKING:
    from llm.types import IssueBrief


@dataclass
class DraftCount:
    """Sentences of the drafts in one language. Intervals are Wilson's 95 %, shares of the sentences; `examples` of what is wrong, three at most."""

    language: str
    drafts: int = 0
    sentences: int = 0
    without_source: int = 0
    without_source_high: float = 0.0
    wrong_figures: int = 0
    wrong_figures_high: float = 0.0
    engines: list[str] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        return {"record": "drafts", **asdict(self)}


def measure(count: int) -> Iterator[DraftCount]:
    """Drafts the newest `count` threads that have a message, of any state; yields a row a language. Raises NoData without one."""
    from analytics.metrics import Scope

    snapshot = snapshot_id()
    found: dict[str, DraftCount] = defaultdict(lambda: DraftCount(""))
    with remembering({}):
        options = filter_options(snapshot)
        threads = tickets.in_scope(snapshot, Scope(options.data_from, options.data_up_to))
        briefs = (reply.brief(snapshot, ticket.ticket_id) for ticket in threads)
        for asked in islice((brief for brief in briefs if brief is not None), count):
            _count(asked, found)
    if not found:
        raise NoData(N_("The snapshot holds no tickets with messages, so there is nothing to answer."))
    for language, row in sorted(found.items()):
        row.language = language
        row.without_source_high, row.wrong_figures_high = _high(row.without_source, row), _high(row.wrong_figures, row)
        yield row


def _count(asked: IssueBrief, found: dict[str, DraftCount]) -> None:
    made = start_draft(asked).draft()
    row = found[made.language]
    row.drafts += 1
    row.engines = sorted({*row.engines, made.engine})
    shown = rates_in_per_cent(asked)
    for sentence in made.sentences:
        texts = [text for cite in sentence.cites if (text := " ".join(reply.source_text(cite, asked)).strip())]
        known = {value for text in texts for value in numbers(text)} | shown
        is_bare, is_wrong = not texts, bool(numbers(sentence.text) - known)
        row.sentences += 1
        row.without_source += is_bare
        row.wrong_figures += is_wrong
        if (is_bare or is_wrong) and len(row.examples) < 3:
            row.examples.append(f"{made.ticket_id}: {sentence.text}")


def _high(wrong: int, row: DraftCount) -> float:
    import numpy as np

    from analytics.metrics.intervals import wilson

    return float(wilson(np.array([float(wrong)]), np.array([float(row.sentences)]))[1][0])
