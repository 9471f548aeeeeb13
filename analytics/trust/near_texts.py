"""Near-duplicate texts among the reviews of suspects, weighed by how rare such words are among everybody's. Knows no ring.

Exact repeats are common among honest reviews ("good", "好评"), so a likeness counts only where hardly anybody else writes that. Character n-grams, which serve
languages without spaces as well (TF-IDF, cosine; cf. shingles, Broder 1997).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

ALIKE = 0.6  # cosine from which on two texts are near-duplicates
RARE = 0.01  # share of the others' texts that may be as alike
OTHERS = 3_000  # texts of other reviews, drawn evenly, that tell what is common
MOST_TEXTS = 2_000
PAIRS = 20
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SimilarTexts:
    """pairs: (order_id, other order_id, text, other text, likeness 0–1), most alike first, at most 20. share: of the suspects' texts that
    resemble another's and are rare; usual_share: the same among as many texts of others; n: texts compared."""

    pairs: tuple[tuple[str, str, str, str, float], ...]
    share: float
    usual_share: float
    n: int


NONE = SimilarTexts((), 0.0, 0.0, 0)


def similar_texts(suspects: pd.DataFrame, everybody: pd.DataFrame) -> SimilarTexts:
    """Both with order_id, buyer_id and text (None where there is none). A buyer's likeness to their own texts is none."""
    told = suspects[suspects["text"].notna() & (suspects["text"].astype(str).str.strip() != "")].head(MOST_TEXTS)
    others = everybody[everybody["text"].notna() & ~everybody["order_id"].isin(suspects["order_id"])]
    others = (
        others.iloc[np.linspace(0, len(others) - 1, min(OTHERS, len(others))).astype(int)] if len(others) else others
    )
    if len(told) < 2:
        return NONE
    texts = [*told["text"].astype(str), *others["text"].astype(str)]
    try:
        matrix = TfidfVectorizer(analyzer="char", ngram_range=(3, 5), sublinear_tf=True).fit_transform(texts)
    except ValueError:  # no text has three characters
        return NONE
    own, rest = matrix[: len(told)], matrix[len(told) :]
    alike = (own @ own.T).toarray()
    buyer = told["buyer_id"].to_numpy()
    alike[buyer[:, None] == buyer[None, :]] = 0.0
    near = _rare_likeness(alike, own, rest, spare=0)
    i, k = np.nonzero(np.triu(near, 1))
    order = np.lexsort((k, i, -alike[i, k]))[:PAIRS]
    ids, words = told["order_id"].astype(str).tolist(), told["text"].astype(str).tolist()
    pairs = tuple(
        (ids[a], ids[b], words[a], words[b], float(min(alike[a, b], 1.0)))
        for a, b in zip(i[order], k[order], strict=True)
    )
    usual = rest[: len(told)]
    like = (usual @ usual.T).toarray()
    np.fill_diagonal(like, 0.0)
    usual_share = float(_rare_likeness(like, usual, rest, spare=1).any(axis=1).mean()) if len(like) else 0.0
    return SimilarTexts(pairs, float(near.any(axis=1).mean()), usual_share, len(told))


def _rare_likeness(
    alike: Floats, texts: sparse.csr_matrix, rest: sparse.csr_matrix, *, spare: int
) -> NDArray[np.bool_]:
    """Which pairs are alike in words that hardly anybody of the rest uses; spare: how often each text stands among the rest itself."""
    if not rest.shape[0]:
        return np.asarray(alike >= ALIKE)
    common = np.asarray((texts @ rest.T >= ALIKE).sum(axis=1)).ravel() - spare
    is_rare = common <= RARE * rest.shape[0]
    return np.asarray((alike >= ALIKE) & is_rare[:, None] & is_rare[None, :])
