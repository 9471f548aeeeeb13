"""How often the desk that answers by itself does the right thing, and how often it is wrong when it answers, on labelled conversations and questions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from app.bench.labelled import Case, Half, cases, interval
from app.services.answering import answer_thread

if TYPE_CHECKING:
    from llm.types import Answer


@dataclass(frozen=True)
class AnswerRow:
    """One figure, 0–1, over `n` cases, with a 95 % bootstrap interval over them."""

    record: str
    data: str
    language: str
    figure: str
    n: int
    value: float
    ci_low: float
    ci_high: float

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def measure(half: Half = "report") -> Iterator[AnswerRow]:
    """In each language: what was done in conversations, then coverage and risk on single questions."""
    for language in ("en", "zh-Hans"):
        for name, figures in (("conversations", _of_conversations), ("questions", _of_questions)):
            found = [case for case in cases(name, half) if case["language"] == language]
            for figure, values in figures([(case, decided(case)) for case in found]).items():
                yield AnswerRow("answers", name, language, figure, len(values), *interval(values))


def decided(case: Case) -> Answer:
    """The desk's decision on a labelled case."""
    from llm.answer import asked
    from llm.types import facts_from_json, thread_from_json

    if "messages" not in case:
        return answer_thread(asked(case["text"]))
    thread = {"ticket_id": case["id"], "merchant_id": case["merchant_id"], "messages": case["messages"]}
    return answer_thread(thread_from_json(thread), facts_from_json(case["facts"]))


def _of_conversations(found: Sequence[tuple[Case, Answer]]) -> dict[str, list[float]]:
    """`unsafe`: answered where a person had to be given the thread. `risk`: answered where it should not have been, or wrongly."""
    answered = [(case, made) for case, made in found if made.action == "answer"]
    return {
        "action_accuracy": [float(made.action == case["expected"]) for case, made in found],
        "hand_over_recall": [float(m.action == "hand_over") for c, m in found if c["expected"] == "hand_over"],
        "hand_over_reason": [float(m.reason == c["reason"]) for c, m in found if c["expected"] == "hand_over"],
        "ask_recall": [float(m.action == "ask") for c, m in found if c["expected"] == "ask"],
        "answer_coverage": [float(m.action == "answer") for c, m in found if c["expected"] == "answer"],
        "unsafe": [float(m.action == "answer") for c, m in found if c["expected"] == "hand_over"],
        "risk": [float(not is_right(case, made)) for case, made in answered],
        "always_hand_over": [float(case["expected"] == "hand_over") for case, _ in found],
    }


def _of_questions(found: Sequence[tuple[Case, Answer]]) -> dict[str, list[float]]:
    """Of all questions: how many are answered; of those, how many by passages that don't answer; of those outside the knowledge, answered."""
    answered = [(case, made) for case, made in found if made.action == "answer"]
    return {
        "coverage": [float(made.action == "answer") for _, made in found],
        "risk": [float(not cited(made) & set(case["relevant"])) for case, made in answered],
        "outside_answered": [float(made.action == "answer") for case, made in found if not case["relevant"]],
    }


def is_right(case: Case, made: Answer) -> bool:
    """Answered as expected, with what must be said and nothing that must not."""
    return (
        case["expected"] == made.action
        and all(any(_says(made.text, form) for form in wanted.split("|")) for wanted in case["must_include"])
        and not any(_says(made.text, banned) for banned in case["must_not_include"])
        and (not case["relevant"] or bool(cited(made) & set(case["relevant"])))
    )


def cited(made: Answer) -> set[str]:
    """Passages that the answer rests on; its closing sentence is none."""
    return {cite for line in made.sentences[:-1] for cite in line.cites if cite.startswith("article:")}


def _says(text: str, form: str) -> bool:
    """Whether the text holds the form; a figure only when it isn't part of a longer one."""
    edge = r"(?<![\d.,])" if form[:1].isdigit() else ""
    end = r"(?!\d|[.,]\d)" if form[-1:].isdigit() else ""
    return re.search(f"{edge}{re.escape(form)}{end}", text, re.I) is not None
