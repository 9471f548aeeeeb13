"""Whether the passages that answer a question are found: the knowledge's search beside plain BM25 and plain TF-IDF, on labelled questions.

recall@5 is the share of a question's relevant passages among the first five; the reciprocal rank is that of the first relevant one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from app.bench.labelled import Case, Half, cases, interval
from app.services.runtime import get_runtime

if TYPE_CHECKING:
    from llm.types import Passage

K = 5
BM25_K1, BM25_B = 1.2, 0.75  # the usual ones: Robertson and Zaragoza 2009
_WORDS = re.compile(r"[\u4e00-\u9fff]+|[^\W_\u4e00-\u9fff]+")
Ranker = Callable[[str], Sequence[str]]
"""A question → the cites of all passages, best first."""


@dataclass(frozen=True)
class RetrievalRow:
    """Of `questions` with an answer in the knowledge, by one ranker. Intervals: 95 %, bootstrap over questions."""

    record: str
    ranker: str
    language: str
    questions: int
    recall_at_5: float
    recall_ci_low: float
    recall_ci_high: float
    mrr: float
    mrr_ci_low: float
    mrr_ci_high: float

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def measure(half: Half = "report") -> Iterator[RetrievalRow]:
    """The three rankers in both languages."""
    desk = get_runtime().desk
    for language in ("en", "zh-Hans"):
        asked = [case for case in cases("questions", half) if case["language"] == language and case["relevant"]]
        passages = desk.knowledge.passages(language)
        rankers = {"search": _search(language, len(passages)), "bm25": bm25(passages), "tfidf": tfidf(passages)}
        for name, ranker in rankers.items():
            yield row(name, language, asked, ranker)


def _search(language: str, count: int) -> Ranker:
    desk = get_runtime().desk
    return lambda text: [hit.passage.cite for hit in desk.knowledge.search(text, language, count, desk.encoder)]


def row(name: str, language: str, asked: Sequence[Case], ranker: Ranker) -> RetrievalRow:
    """What the ranker finds of the questions."""
    ranked = [list(ranker(case["text"])) for case in asked]
    recall = [
        len(set(cites[:K]) & set(case["relevant"])) / len(case["relevant"])
        for case, cites in zip(asked, ranked, strict=True)
    ]
    reciprocal = [
        max((1 / (cites.index(cite) + 1) for cite in case["relevant"] if cite in cites), default=0.0)
        for case, cites in zip(asked, ranked, strict=True)
    ]
    return RetrievalRow("retrieval", name, language, len(asked), *interval(recall), *interval(reciprocal))


def tokens(text: str) -> list[str]:
    """Words in lower case; of Chinese, characters and pairs of them."""
    found: list[str] = []
    for run in _WORDS.findall(text.casefold()):
        if "\u4e00" <= run[0] <= "\u9fff":
            found += [*run, *(run[at : at + 2] for at in range(len(run) - 1))]
        else:
            found.append(run)
    return found


def bm25(passages: Sequence[Passage]) -> Ranker:
    """Okapi BM25 over the passages' own text."""
    from sklearn.feature_extraction.text import CountVectorizer

    index = CountVectorizer(analyzer=tokens)
    counts = index.fit_transform([passage.text for passage in passages]).toarray().astype(float)
    held = (counts > 0).sum(axis=0)
    rarity = np.log1p((len(passages) - held + 0.5) / (held + 0.5))
    length = counts.sum(axis=1, keepdims=True) / counts.sum(axis=1).mean()
    weights = rarity * counts * (BM25_K1 + 1) / (counts + BM25_K1 * (1 - BM25_B + BM25_B * length))
    return lambda text: _best(passages, weights @ (index.transform([text]).toarray()[0] > 0))


def tfidf(passages: Sequence[Passage]) -> Ranker:
    """Cosine of TF-IDF over the passages' own text."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    index = TfidfVectorizer(analyzer=tokens)
    matrix = index.fit_transform([passage.text for passage in passages])
    return lambda text: _best(passages, (matrix @ index.transform([text]).T).toarray()[:, 0])


def _best(passages: Sequence[Passage], scores: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[str]:
    return [passages[i].cite for i in np.argsort(-scores, kind="stable")]
