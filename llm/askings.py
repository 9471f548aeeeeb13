"""Single questions that people ask a passage for: it is as near to a new question as the nearest few of them.

Knows no file and no search; the questions come from `llm.phrasings`.
"""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix

from llm.phrasings import Asking
from llm.vectors import Matrix

NEAREST = 3
"""A passage's nearest questions whose mean counts: one alone may be near by chance."""


class Askings:
    """The questions of passages, one after the other, with their MiniLM vectors where they have some."""

    def __init__(self, of_each: Sequence[Sequence[Asking]]) -> None:
        """`of_each` passage its questions. `texts`: all of them; `vectors` (n, d) unit rows, zero where a question has none, None without any."""
        self._of_each = of_each
        self.texts: tuple[str, ...] = tuple(asking.text for askings in of_each for asking in askings)
        vectors = [asking.vector for askings in of_each for asking in askings]
        known = next((vector for vector in vectors if vector is not None), None)
        self.vectors: Matrix | None = None
        if known is not None:
            self.vectors = np.array([np.zeros_like(known) if vector is None else vector for vector in vectors])
        counts = np.array([len(askings) for askings in of_each], dtype=int)
        places = np.arange(max(counts, default=0))
        self._is_one = places[None, :] < counts[:, None]
        self._rows = np.where(self._is_one, (np.cumsum(counts) - counts)[:, None] + places, 0)
        self._few = np.maximum(np.minimum(counts, NEAREST), 1)

    @property
    def owners(self) -> csr_matrix:
        """Which passage (p rows) each of `texts` (n columns) belongs to, 1 or 0."""
        rows = np.repeat(np.arange(len(self._of_each)), [len(askings) for askings in self._of_each])
        return csr_matrix((np.ones(len(rows)), (rows, np.arange(len(rows)))), shape=(len(self._of_each), len(rows)))

    def part(self, places: Sequence[int]) -> tuple["Askings", list[int]]:
        """The questions of some passages, and their places in `texts`."""
        rows = [int(row) for place in places for row in self._rows[place][self._is_one[place]]]
        return Askings([self._of_each[place] for place in places]), rows

    def nearest(self, similarities: Matrix) -> Matrix:
        """From the similarity of a question with each of `texts` (n,): with each passage (p,), 0 where nobody asked for it."""
        if not self.texts:
            return np.zeros(len(self._few), dtype=np.float32)
        theirs = np.where(self._is_one, similarities[self._rows], 0)
        best = -np.sort(-theirs, axis=1)[:, :NEAREST]
        near: Matrix = (best.sum(axis=1) / self._few).astype(np.float32)
        return near
