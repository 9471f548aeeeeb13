"""Texts as TF-IDF of n-grams under a vocabulary that was learnt once and is kept with the weights that rest on it. Knows no label.

Chinese by characters, all else by words and word parts, as `llm.vectors.ngrams` has them; here nothing is fitted when the desk starts.
"""

import json
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.preprocessing import normalize

Arrays = Mapping[str, NDArray[np.generic]]
_WAYS: dict[bool, tuple[tuple[str, tuple[int, int], int], ...]] = {
    True: (("char", (1, 3), 16_000),),
    False: (("word", (1, 2), 8_000), ("char_wb", (3, 5), 12_000)),
}
"""By whether it is Chinese: analyzer, lengths, and the most n-grams that are kept."""

LEAST_TEXTS = 2
"""An n-gram of a single text says nothing of another."""


class TextIndex:
    """`transform` gives rows of unit length for each way of cutting, side by side: (texts, n-grams)."""

    def __init__(
        self, *, chinese: bool, vocabularies: Sequence[Sequence[str]], idfs: Sequence[NDArray[np.float32]]
    ) -> None:
        self.chinese = chinese
        self._vocabularies = [list(vocabulary) for vocabulary in vocabularies]
        self._idfs = list(idfs)
        self._counters = [
            _counter(analyzer, lengths, vocabulary=vocabulary)
            for (analyzer, lengths, _), vocabulary in zip(_WAYS[chinese], self._vocabularies, strict=True)
        ]

    @classmethod
    def learnt(cls, texts: Sequence[str], *, chinese: bool) -> "TextIndex":
        """The commonest n-grams of the texts and how rare each is."""
        vocabularies, idfs = [], []
        for analyzer, lengths, most in _WAYS[chinese]:
            counter = _counter(analyzer, lengths, max_features=most, min_df=LEAST_TEXTS)
            counts = counter.fit_transform(_clean(texts))
            vocabularies.append(counter.get_feature_names_out().tolist())
            idfs.append(TfidfTransformer().fit(counts).idf_.astype(np.float32))
        return cls(chinese=chinese, vocabularies=vocabularies, idfs=idfs)

    @property
    def size(self) -> int:
        """How many n-grams it tells apart."""
        return sum(map(len, self._vocabularies))

    def transform(self, texts: Sequence[str]) -> csr_matrix:
        """(texts, size), float32; a text without a known n-gram is a row of zeros."""
        parts, cleaned = [], _clean(texts)
        for counter, idf in zip(self._counters, self._idfs, strict=True):
            counts: csr_matrix = counter.transform(cleaned)
            counts.data = (1 + np.log(counts.data)) * idf[counts.indices]
            parts.append(normalize(counts, copy=False))
        return hstack(parts, format="csr")

    def arrays(self, prefix: str) -> dict[str, NDArray[np.generic]]:
        """What `of` reads."""
        words = json.dumps(self._vocabularies, ensure_ascii=False).encode()
        return {
            f"{prefix}.ngrams": np.frombuffer(words, np.uint8),
            f"{prefix}.idf": np.concatenate(self._idfs).astype(np.float16),
        }

    @classmethod
    def of(cls, held: Arrays, prefix: str, *, chinese: bool) -> "TextIndex":
        """As it was kept. Raises KeyError or ValueError for arrays that aren't its own."""
        vocabularies = json.loads(held[f"{prefix}.ngrams"].tobytes())
        idf = held[f"{prefix}.idf"].astype(np.float32)
        if len(idf) != sum(map(len, vocabularies)):
            raise ValueError(f"{prefix}: {len(idf)} weights for {sum(map(len, vocabularies))} n-grams")
        bounds = np.cumsum([len(vocabulary) for vocabulary in vocabularies])[:-1]
        return cls(chinese=chinese, vocabularies=vocabularies, idfs=np.split(idf, bounds))


def _counter(analyzer: str, lengths: tuple[int, int], **rest: object) -> CountVectorizer:
    words = {"token_pattern": r"(?u)\b\w+\b"} if analyzer == "word" else {}
    return CountVectorizer(analyzer=analyzer, ngram_range=lengths, dtype=np.float32, **words, **rest)


def _clean(texts: Sequence[str]) -> list[str]:
    """Without line ends, which only say how a text was laid out."""
    return [" ".join(text.split()) for text in texts]
