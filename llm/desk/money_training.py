"""Training of `llm.checks.commitments`: which sentences commit money. A minute of one core; no chance enters.

Learnt from written replies (`data/developing/money.jsonl`) and acts in plain frames; and, as what commits nothing, from the written corpus, policy
and macros.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from llm.checks.commitments import Line, rows
from llm.checks.money import sentences_of
from llm.desk.corpus import CorpusThread
from llm.desk.money_frames import plain_sentences
from llm.knowledge import Knowledge
from llm.language import WRITTEN

EXAMPLES = Path(__file__).resolve().parents[2] / "data" / "developing" / "money.jsonl"
FOLDS = 5
REGULARISATION = 10.0
STOPPED = 0.01
"""The share of the corpus's sentences that may be stopped. More of them would find more commitments, and make a second person look for nothing."""

_WEIGHTS = {"written": 10.0, "framed": 0.2, "corpus": 5.0, "policy": 1.0, "macro": 10.0}
_FILLED = {"amount": "USD 30.00", "date": "4 May 2026", "due_date": "4 May 2026"}
_FILLED_ELSE = "K-1042"

Flags = NDArray[np.bool_]
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Example:
    """A sentence. `kind` is a key of `_WEIGHTS`; `group` numbers the written reply or the thread that it is of, `fold` tells which are left out together (-1 elsewhere)."""

    text: str
    commits: bool
    kind: str
    group: int = -1
    fold: int = -1


def train_money(
    threads: Sequence[CorpusThread], knowledge: Knowledge
) -> tuple[dict[str, Line], list[Mapping[str, object]]]:
    """The line of each language, and what it finds of replies and sentences whose authors and threads the line at hand had not seen (five folds)."""
    lines: dict[str, Line] = {}
    told: list[Mapping[str, object]] = []
    for language in WRITTEN:
        examples = examples_of(language, threads, knowledge)
        matrix = rows([example.text for example in examples], language)
        unseen = _unseen(examples, matrix)
        least = float(np.quantile(unseen[_of_kind(examples, "corpus")], 1 - STOPPED))
        line = _fitted(examples, matrix, np.ones(len(examples), bool))
        lines[language] = replace(line, bias=line.bias - least)
        told.append({"language": language, **_found(examples, unseen > least)})
    return lines, told


def examples_of(language: str, threads: Sequence[CorpusThread], knowledge: Knowledge) -> list[Example]:
    """All that one language is learnt from; threads that are held out are left out."""
    found = [*_written(language), *(Example(text, commits, "framed") for text, commits in plain_sentences(language))]
    known = {example.text for example in found}
    for n, thread in enumerate(threads):
        if thread.language == language and not thread.is_held_out:
            said = (sentence.marked.text for reply in thread.replies for sentence in reply.sentences)
            found += [Example(text, False, "corpus", n, n % FOLDS) for text in said if text not in known]
    texts = (passage.text for passage in knowledge.passages(language))
    found += [Example(sentence, False, "policy") for text in texts for sentence in sentences_of(text)]
    own = [macro.text for macro in knowledge.macros if macro.language == language]
    macros = [*own, *map(_filled, own)]
    return found + [Example(sentence, False, "macro") for text in macros for sentence in sentences_of(text)]


def _written(language: str) -> Iterator[Example]:
    """Sources by name are dealt to the folds in runs, so that nobody's replies are judged by what was learnt from others of theirs."""
    records = [json.loads(line) for line in EXAMPLES.read_text(encoding="utf-8").splitlines()]
    sources = sorted({record["source"] for record in records})
    fold = {source: place * FOLDS // len(sources) for place, source in enumerate(sources)}
    for n, record in enumerate(record for record in records if record["language"] == language):
        for text in sentences_of(record["reply"]):
            yield Example(text, record["commits_money"], "written", n, fold[record["source"]])


def _filled(macro: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: _FILLED.get(match[1], _FILLED_ELSE), macro)


def _of_kind(examples: Sequence[Example], kind: str) -> Flags:
    return np.array([example.kind == kind for example in examples])


def _unseen(examples: Sequence[Example], matrix: csr_matrix) -> Floats:
    """The score of each written and corpus sentence by a line that saw nothing of its author or thread; 0 for the others."""
    fold = np.array([example.fold for example in examples])
    found = np.zeros(len(examples))
    for n in range(FOLDS):
        line = _fitted(examples, matrix, fold != n)
        found[fold == n] = line.scores(matrix[fold == n])
    return found


def _fitted(examples: Sequence[Example], matrix: csr_matrix, used: Flags) -> Line:
    """Fitted on the `used` ones. Of a reply that commits in one of several sentences, the one that sounds most like it is taken to."""
    commits = np.array([example.commits for example in examples])
    sizes = Counter(example.group for example in examples if example.kind == "written" and example.commits)
    is_unclear = np.array([e.kind == "written" and e.commits and sizes[e.group] > 1 for e in examples])
    line = _line(examples, matrix, commits, used & ~is_unclear)
    scores = matrix @ line.weights + line.bias
    for group, size in sizes.items():
        if size > 1:
            own = np.flatnonzero([e.kind == "written" and e.group == group for e in examples])
            commits[own] = own == own[scores[own].argmax()]
    return _line(examples, matrix, commits, used)


def _line(examples: Sequence[Example], matrix: csr_matrix, commits: Flags, used: Flags) -> Line:
    weight = np.array([_WEIGHTS[example.kind] for example in examples])
    model = LogisticRegression(C=REGULARISATION, max_iter=2_000)
    model.fit(matrix[used], commits[used], sample_weight=weight[used])
    return Line(model.coef_[0], float(model.intercept_[0]))


def _found(examples: Sequence[Example], stopped: Flags) -> dict[str, object]:
    """How many of the written replies that commit are found, of those that don't are stopped, and of the corpus's sentences."""
    replies: dict[int, tuple[bool, bool]] = {}
    for example, is_stopped in zip(examples, stopped, strict=True):
        if example.kind == "written":
            _, before = replies.get(example.group, (False, False))
            replies[example.group] = (example.commits, before or bool(is_stopped))
    corpus = stopped[_of_kind(examples, "corpus")]
    return {
        "commit": sum(commits for commits, _ in replies.values()),
        "found": sum(commits and is_found for commits, is_found in replies.values()),
        "do_not": sum(not commits for commits, _ in replies.values()),
        "stopped": sum(is_found and not commits for commits, is_found in replies.values()),
        "corpus_sentences": len(corpus),
        "corpus_stopped": int(corpus.sum()),
    }
