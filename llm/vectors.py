"""How texts become comparable: MiniLM vectors for English where there is an encoder, character and word n-grams for everything else.

Knows no taxonomy and no thread; what it returns is only ever compared within one call or one fitted index.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.pipeline import FeatureUnion

from llm.errors import EngineError, NotEncodableError

Matrix = NDArray[np.float32]


class SentenceEncoder(Protocol):
    """Unit vectors of English texts, and whether a text is English enough for them; `llm.encoder.Encoder` is one."""

    def encode(self, texts: Sequence[str]) -> Matrix: ...

    def is_encodable(self, text: str) -> bool: ...


def encode_english(texts: Sequence[str], encoder: SentenceEncoder | None) -> Matrix | None:
    """Unit vectors (n, d); rows of texts that the encoder does not know are zero. None without an encoder, or when it can't serve now."""
    if encoder is None or not texts:
        return None
    known = [i for i, text in enumerate(texts) if encoder.is_encodable(text)]
    if not known:
        return None
    try:
        vectors = encoder.encode([texts[i] for i in known])
    except (EngineError, NotEncodableError):
        return None  # the desk goes on with n-grams; the engine has reported its own failure
    placed = np.zeros((len(texts), vectors.shape[1]), dtype=np.float32)
    placed[known] = vectors
    return placed


_KINDS: Mapping[bool, Sequence[tuple[str, tuple[int, int]]]] = {
    True: (("char", (1, 3)),),
    False: (("word", (1, 2)), ("char_wb", (3, 5))),
}
"""The n-grams that work for Chinese: characters; and for the rest: words and word parts, which forgive typos."""


def ngrams(language_is_chinese: bool) -> FeatureUnion:
    """TF-IDF of the n-grams that work for the language."""
    return FeatureUnion(
        [
            (kind, TfidfVectorizer(**_settings(kind, sizes), sublinear_tf=True, dtype=np.float32))
            for kind, sizes in _KINDS[language_is_chinese]
        ]
    )


def counters(language_is_chinese: bool) -> list[CountVectorizer]:
    """Counts of the same n-grams, a kind each, for who weighs sums of them."""
    return [CountVectorizer(**_settings(kind, sizes), dtype=np.float32) for kind, sizes in _KINDS[language_is_chinese]]


def _settings(kind: str, sizes: tuple[int, int]) -> dict[str, Any]:
    words = {"token_pattern": r"(?u)\b\w+\b"} if kind == "word" else {}
    return {"analyzer": kind, "ngram_range": sizes, **words}


def similarities(texts: Sequence[str], *, chinese: bool) -> Matrix:
    """Cosine of n-gram TF-IDF between all pairs of `texts`, (n, n)."""
    try:
        matrix: csr_matrix = ngrams(chinese).fit_transform(texts)
    except ValueError:  # no text holds a single n-gram
        return np.eye(len(texts), dtype=np.float32)
    return cosine(matrix, matrix)


def cosine(left: csr_matrix, right: csr_matrix) -> Matrix:
    """Cosine of each row of `left` with each of `right`, (rows left, rows right)."""
    product = (left @ right.T).toarray()
    norms = np.outer(_norms(left), _norms(right))
    scores: Matrix = np.divide(product, norms, out=np.zeros_like(product), where=norms > 0).astype(np.float32)
    return scores


def _norms(matrix: csr_matrix) -> Matrix:
    return np.asarray(np.sqrt(matrix.multiply(matrix).sum(axis=1)), dtype=np.float32).ravel()
