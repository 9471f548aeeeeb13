"""How sure it is that a sentence of a reply commits the marketplace's money: a linear model over its words and their kinds, learnt by `llm.desk.money_training`.

Commitments have more turns than a list of patterns holds, so their words are weighed against those of what agents say otherwise. Knows no policy,
no records and no draft.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction import FeatureHasher
from sklearn.preprocessing import normalize

from llm.checks.clauses import without_quotations
from llm.checks.money_words import turns
from llm.errors import CheckpointError
from llm.language import CHINESE, WRITTEN

WEIGHTS = Path(__file__).resolve().parents[2] / "data" / "models" / "money.npz"
BUCKETS = 2**16
LONGEST_SENTENCE = 1_000
"""Characters of a sentence that are read."""

Floats = NDArray[np.floating[Any]]
_HAN = re.compile(r"[\u4e00-\u9fff]")
_NUMBER = re.compile(r"\d[\d.,]*")
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[^\w\s]")
_PART = 4
"""Letters of a part of a word."""
_TURNS = 0.5
"""What the kinds of a sentence's words weigh beside the words."""
_hasher = FeatureHasher(BUCKETS, input_type="string")


@dataclass(frozen=True)
class Line:
    """`weights` (BUCKETS,) and `bias` of one language; a row whose score is above 0 commits."""

    weights: Floats
    bias: float

    def scores(self, rows: csr_matrix) -> Floats:
        """(n,) from rows (n, BUCKETS)."""
        return np.asarray(rows @ self.weights) + self.bias


def rows(sentences: Sequence[str], language: str) -> csr_matrix:
    """(n, BUCKETS): of each sentence the hashed n-grams, of unit length, and those of its kinds of words, of length `_TURNS`."""
    grams = _chinese if language == CHINESE else _english
    texts = [_plain(sentence) for sentence in sentences]
    return _hashed(map(grams, texts)) + _TURNS * _hashed(turns(text, language) for text in texts)


def scores(sentences: Sequence[str]) -> list[float]:
    """For each sentence how far it is above what counts as a commitment; below 0 for none. Raises CheckpointError without weights."""
    found = np.zeros(len(sentences))
    for language in WRITTEN:
        own = [
            i for i, sentence in enumerate(sentences) if (_HAN.search(sentence) is not None) == (language == CHINESE)
        ]
        if own:
            found[own] = _shipped()[language].scores(rows([sentences[i] for i in own], language))
    return found.tolist()


def save(lines: dict[str, Line], path: Path) -> None:
    """Half precision, compressed, without pickles."""
    arrays: dict[str, NDArray[Any]] = {
        f"{name}.weights": line.weights.astype(np.float16) for name, line in lines.items()
    }
    arrays |= {f"{name}.bias": np.array(line.bias, np.float32) for name, line in lines.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]  # numpy's stub takes every name for its own


def load(path: Path) -> dict[str, Line]:
    """Raises CheckpointError for a file that is absent or is none of ours."""
    try:
        with np.load(path, allow_pickle=False) as held:
            return {
                language: Line(held[f"{language}.weights"].astype(np.float32), float(held[f"{language}.bias"]))
                for language in WRITTEN
            }
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise CheckpointError(f"{path}: holds no weights for money; run `trustdesk model train-money`.") from error


@cache
def _shipped() -> dict[str, Line]:
    return load(WEIGHTS)


def _hashed(grams: Iterable[Iterator[str]]) -> csr_matrix:
    return normalize(_hasher.transform(grams))


def _plain(sentence: str) -> str:
    return _NUMBER.sub("0", without_quotations(sentence[:LONGEST_SENTENCE]).lower()).replace("’", "'")


def _english(text: str) -> Iterator[str]:
    """Up to three words in a row, two with any word between them, and parts of words."""
    words = ["<", *_TOKEN.findall(text), ">"]
    for n in (1, 2, 3):
        yield from (" ".join(words[i : i + n]) for i in range(len(words) - n + 1))
    yield from (f"{first} * {third}" for first, third in zip(words, words[2:], strict=False))
    for word in words:
        edged = f"_{word}_"
        yield from (f"#{edged[i : i + _PART]}" for i in range(max(1, len(edged) - _PART + 1)))


def _chinese(text: str) -> Iterator[str]:
    """Up to three characters in a row."""
    edged = f"<{''.join(text.split())}>"
    for n in (1, 2, 3):
        yield from (edged[i : i + n] for i in range(len(edged) - n + 1))
