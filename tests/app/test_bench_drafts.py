"""The recount of drafts sees a sentence without a source and a figure that its sources do not hold, and nothing else."""

from __future__ import annotations

from collections import defaultdict
from types import SimpleNamespace

import pytest

from app.bench import drafts
from app.bench.language import numbers
from llm.types import Draft, Fact, IssueBrief, Message, Sentence, Thread


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1,234.50 of 1234.5", {1234.5}),
        ("on 2026-11-03", {2026, 11, 3}),
        ("TD-10017538,2026-09-13", {10017538, 2026, 9, 13}),
        ("12,345,678 and 12,20260", {12345678, 12, 20260}),
    ],
)
def test_bare_numbers(text: str, found: set[float]) -> None:
    assert numbers(text) == found


def test_each_sentence_is_held_against_the_sources_that_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = IssueBrief(
        Thread("t", "m", (Message("1", None, "merchant", "Order o77 is late by 3 days."),)),
        facts=(Fact("late_rate", "late_rate", 0.0733, "rate"), Fact("score", "score", 64)),
    )
    said = (
        Sentence("Order o77 came 3 days late.", ("message:1",)),
        Sentence("Your late rate is 7.3 %.", ("fact:late_rate",)),
        Sentence("Order o77 came 4 days late.", ("message:1",)),
        Sentence("Your score is 64.", ("message:1",)),  # true, but not of this source
        Sentence("We will look into it.", ()),
        Sentence("We will look into it.", ("article:gone#1",)),
    )
    made = Draft("t", "", said, (), "en", "macro", 1)
    monkeypatch.setattr(drafts, "start_draft", lambda _: SimpleNamespace(draft=lambda: made))
    found: dict[str, drafts.DraftCount] = defaultdict(lambda: drafts.DraftCount(""))
    drafts._count(asked, found)
    row = found["en"]
    assert (row.drafts, row.sentences, row.without_source, row.wrong_figures) == (1, 6, 2, 2)
    assert len(row.examples) == 3
