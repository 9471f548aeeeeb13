"""How near a question is to each policy passage by n-grams: TF-IDF of what the passage says, of how it was told and asked for, and of single questions.

Knows no vectors of sentences and no file.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

from llm.askings import Askings
from llm.language import CHINESE
from llm.phrasings import Phrasings
from llm.types import Passage
from llm.vectors import Matrix, cosine, counters

Grams = tuple[tuple[CountVectorizer, TfidfTransformer], ...]
"""One pair for each kind of n-gram."""


@dataclass(frozen=True)
class PassageIndex:
    """Passages in up to three views: as told, also with what was asked, by all their single questions (`askings`, which `singles` has one by one)."""

    grams: Grams
    passages: tuple[Passage, ...]
    views: tuple[csr_matrix, ...]
    askings: Askings
    singles: csr_matrix

    @classmethod
    def of(cls, passages: tuple[Passage, ...], language: str, phrasings: Phrasings) -> "PassageIndex":
        """Counts each text once; joined texts are sums."""
        told = ["\n".join((p.title, p.text, *phrasings.told_of(p))) for p in passages]
        asked = ["\n".join(phrasings.asked_of(p)) for p in passages]
        askings = Askings([phrasings.askings_of(passage) for passage in passages])
        grams, parts = [], []
        for counter in counters(language == CHINESE):
            counts = counter.fit_transform([*told, *asked, *askings.texts]).tocsr()
            first, second, singles = np.split(np.arange(counts.shape[0]), [len(told), 2 * len(told)])
            whole = counts[first] + counts[second]
            own = askings.owners @ counts[singles]
            weights = TfidfTransformer(sublinear_tf=True).fit(whole + own)
            grams.append((counter, weights))
            parts.append([weights.transform(part) for part in (counts[singles], counts[first], whole, own)])
        one_by_one, *views = (csr_matrix(sparse.hstack(part)) for part in zip(*parts, strict=True))
        return cls(tuple(grams), passages, tuple(view for view in views if view.nnz), askings, one_by_one)

    def part(self, passages: Sequence[Passage]) -> "PassageIndex":
        """The index of some of the passages."""
        at = {passage: place for place, passage in enumerate(self.passages)}
        places = [at[passage] for passage in passages]
        askings, rows = self.askings.part(places)
        views = tuple(view[places] for view in self.views)
        return PassageIndex(self.grams, tuple(passages), views, askings, self.singles[rows])

    def scores(self, query: str) -> Matrix:
        """How near the query is to each passage (p,), 0–1."""
        asked = csr_matrix(
            sparse.hstack([weights.transform(counter.transform([query])) for counter, weights in self.grams])
        )
        views = np.mean([cosine(asked, view)[0] for view in self.views], axis=0)
        scores: Matrix = np.asarray(views, dtype=np.float32)
        if self.askings.texts:
            scores = (scores + self.askings.nearest(cosine(asked, self.singles)[0])) / np.float32(2)
        return scores
