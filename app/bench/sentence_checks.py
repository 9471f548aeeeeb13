"""How well the desk's checks tell good sentences from bad: precision and recall on the labelled sentences, by check and language.

Each labelled sentence goes the way of a writer's: its ticket, facts and passages are the brief, its cites its sources, its actions those that
were taken. The half to develop on and the half to report by are told apart by a hash of the ticket, and intervals resample tickets, since
sentences of one ticket are not independent.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.bench.language import numbers
from app.settings import project_root

if TYPE_CHECKING:
    from llm.knowledge import Knowledge
    from llm.types import Check, IssueBrief, Sentence

Case = Mapping[str, Any]
Verdict = Callable[["Labelled"], bool]
"""A sentence → whether it is let through."""
FILE = project_root() / "data" / "labelled" / "checks.jsonl"
HALVES = ("report", "develop", "all")
LANGUAGES = ("en", "zh-Hans")
RESAMPLES = 2_000
SEED = 6
JUDGES: Mapping[str, tuple[str, ...]] = {
    "figures": ("figures_in_evidence", "names_in_evidence"),
    "source": ("has_source", "figures_in_evidence"),
    "promise": ("no_unbacked_promise",),
    "compensation": ("within_compensation_limits",),
    "privacy": ("no_private_data", "nobody_given_away"),
    "blame": ("no_blame",),
    "language": ("right_language",),
    "merchant": ("right_merchant",),
}
"""Labelled check → the desk's checks of which each may withhold the sentence for it."""


@dataclass(frozen=True)
class Labelled:
    """A labelled sentence with the brief that it was written from; `passes` is the label of its `check`."""

    case_id: str
    check: str
    sentence: Sentence
    brief: IssueBrief
    actions: tuple[str, ...]
    passes: bool


@dataclass(frozen=True)
class CheckScore:
    """Of one check and language, by `by` (the desk's checks, or the plainest baseline). A sentence that is withheld counts as found.

    Precision is the share of those withheld that are bad, recall the share of the bad that are withheld, accuracy the share judged rightly:
    0–1, with 95 % intervals of a bootstrap over tickets; None where nothing was withheld.
    """

    record: str
    check: str
    language: str
    by: str
    sentences: int
    tickets: int
    precision: float | None
    precision_low: float | None
    precision_high: float | None
    recall: float | None
    recall_low: float | None
    recall_high: float | None
    accuracy: float
    cpu_ms: float

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def measure(knowledge: Knowledge, half: str = "report", path: Path = FILE) -> Iterator[CheckScore]:
    """A row a check, language and judge, on the `half` that is asked for. cpu_ms is process time a sentence."""
    labelled = list(read(knowledge, half, path))
    for case in labelled[:1]:
        passes(case)  # loads the models, which is not counted
    for check in JUDGES:
        for language in LANGUAGES:
            chosen = [case for case in labelled if case.check == check and case.brief.language == language]
            yield _row(chosen, "checks", passes)
            yield _row(chosen, *BASELINES.get(check, ("always pass", lambda _: True)))


def read(knowledge: Knowledge, half: str = "all", path: Path = FILE) -> Iterator[Labelled]:
    """The labelled sentences of a half (`report`, `develop`, or `all`), in the file's order."""
    passages = {(passage.cite, passage.language): passage for a in knowledge.articles for passage in a.passages}
    for line in path.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        if half in ("all", half_of(case["ticket"]["ticket_id"])):
            yield _labelled(case, passages)


def half_of(ticket_id: str) -> str:
    """`develop` or `report`, by the parity of the ticket's SHA-256."""
    return "report" if int(hashlib.sha256(ticket_id.encode()).hexdigest(), 16) % 2 else "develop"


def _labelled(case: Case, passages: Mapping[tuple[str, str], Any]) -> Labelled:
    from llm.types import IssueBrief, Sentence, facts_from_json, thread_from_json

    brief = IssueBrief(
        thread=thread_from_json(case["ticket"]),
        facts=facts_from_json(case["facts"]),
        passages=tuple(passages[cite, case["language"]] for cite in case["articles"]),
        language=case["language"],
    )
    sentence = Sentence(case["sentence"], tuple(case["cites"]))
    return Labelled(case["id"], case["check"], sentence, brief, tuple(case["actions"]), case["passes"])


def checks_of(case: Labelled) -> list[Check]:
    """What the desk's checks say of the sentence, as they would while it is being drafted."""
    from llm.grounding import EvidenceBook, check_sentence

    return check_sentence(
        case.sentence,
        EvidenceBook.of(case.brief),
        language=case.brief.language,
        allowed_actions=case.actions,
        common=[passage.title for passage in case.brief.passages],
    )


def passes(case: Labelled) -> bool:
    """Whether none of the desk's checks that answer for the case's label withholds the sentence."""
    return all(check.passed for check in checks_of(case) if check.name in JUDGES[case.check])


def _has_only_known_numbers(case: Labelled) -> bool:
    """The baseline for figures: every bare number of the sentence stands in a source that it cites."""
    from llm.grounding import EvidenceBook

    known = {
        value for source in EvidenceBook.of(case.brief).cited(case.sentence.cites) for value in numbers(source.text)
    }
    return numbers(case.sentence.text) <= known


def _is_detected(case: Labelled) -> bool:
    """The baseline for the language: what most of the sentence is in."""
    from llm.language import detect

    return detect(case.sentence.text) == case.brief.language


BASELINES: Mapping[str, tuple[str, Verdict]] = {
    "figures": ("plain number match", _has_only_known_numbers),
    "language": ("language of the most", _is_detected),
}


def _row(cases: Sequence[Labelled], by: str, verdict: Verdict) -> CheckScore:
    began = time.process_time()
    judged = [(case, verdict(case)) for case in cases]
    spent = time.process_time() - began
    counts: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(3))
    for case, passed in judged:
        counts[case.brief.thread.ticket_id] += (
            not passed and not case.passes,
            not passed and case.passes,
            passed and not case.passes,
        )
    table = np.array(list(counts.values()))
    precision, recall = _shares(table, 1), _shares(table, 2)
    first = cases[0]
    return CheckScore(
        "checks", first.check, first.brief.language, by, len(cases), len(counts), *precision, *recall,
        accuracy=sum(case.passes == passed for case, passed in judged) / len(judged),
        cpu_ms=spent * 1000 / len(cases),
    )  # fmt: skip


def _shares(table: np.ndarray, against: int) -> tuple[float | None, float | None, float | None]:
    """Found bad sentences over those and the ones counted in column `against`; and the 95 % percentile interval over tickets."""
    found, wrong = table[:, 0].sum(), table[:, against].sum()
    if found + wrong == 0:
        return None, None, None
    drawn = np.random.default_rng(SEED).multinomial(len(table), np.full(len(table), 1 / len(table)), RESAMPLES)
    hits, misses = drawn @ table[:, 0], drawn @ table[:, against]
    shares = (hits / np.where(hits + misses, hits + misses, np.nan))[hits + misses > 0]
    low, high = np.quantile(shares, (0.025, 0.975))
    return float(found / (found + wrong)), float(low), float(high)
