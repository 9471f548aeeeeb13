"""The weights that triage and inferred satisfaction read with, as they lie in `data/models/triage.npz` (`trustdesk model train-triage`).

A linear model for each question over the n-grams of one language, and the numbers that make its confidence honest. Knows no taxonomy.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from llm.errors import CheckpointError
from llm.language import CHINESE, ENGLISH, WRITTEN
from llm.text_index import TextIndex

WEIGHTS = Path(__file__).resolve().parents[1] / "data" / "models" / "triage.npz"
HEADS = ("intents", "urgency", "sentiment", "satisfaction")
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Head:
    """`scores` of rows (n, features): rows @ weights + bias, (n, labels)."""

    weights: Floats
    bias: Floats

    def scores(self, rows: csr_matrix | Floats) -> Floats:
        """Before any softmax."""
        found: Floats = np.asarray(rows @ self.weights, dtype=np.float64) + self.bias
        return found


@dataclass(frozen=True)
class LanguageWeights:
    """One language's n-grams, its heads by name, and its numbers by name (see the modules that read them)."""

    index: TextIndex
    heads: Mapping[str, Head]
    numbers: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class TriageWeights:
    """`languages` by BCP-47 tag; `intents` in the order of the intent heads' labels.

    `wordless` tells satisfaction from a thread's course alone, for languages that nobody taught it.
    """

    intents: tuple[str, ...]
    languages: Mapping[str, LanguageWeights]
    wordless: Head
    wordless_interval: tuple[float, float]

    def save(self, path: Path) -> None:
        """Half precision, compressed, without pickles."""
        said: dict[str, Any] = {"intents": self.intents, "wordless_interval": self.wordless_interval, "numbers": {}}
        arrays: dict[str, NDArray[Any]] = {}
        for language, held in self.languages.items():
            said["numbers"][language] = dict(held.numbers)
            arrays |= held.index.arrays(language)
            for name, head in held.heads.items():
                arrays |= _arrays(f"{language}.{name}", head)
        arrays |= _arrays("wordless", self.wordless)
        path.parent.mkdir(parents=True, exist_ok=True)
        arrays["said"] = np.frombuffer(json.dumps(said).encode(), np.uint8)
        np.savez_compressed(path, **arrays)  # type: ignore[arg-type]  # numpy's stub takes every name for its own

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> "TriageWeights":
        """Raises CheckpointError for a file that is absent or is none of ours; pickles are refused."""
        try:
            with np.load(path, allow_pickle=False) as held:
                said = json.loads(held["said"].tobytes())
                low, high = said["wordless_interval"]
                return cls(
                    intents=tuple(said["intents"]),
                    languages={language: _language(held, language, said["numbers"][language]) for language in WRITTEN},
                    wordless=_head(held, "wordless"),
                    wordless_interval=(low, high),
                )
        except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
            raise CheckpointError(f"{path}: holds no triage weights; run `trustdesk model train-triage`.") from error

    def of(self, *, chinese: bool) -> LanguageWeights:
        """The weights for a text that is Chinese, or for any other."""
        return self.languages[CHINESE if chinese else ENGLISH]


def _arrays(prefix: str, head: Head) -> dict[str, NDArray[Any]]:
    return {f"{prefix}.weights": head.weights.astype(np.float16), f"{prefix}.bias": head.bias.astype(np.float32)}


def _head(held: Mapping[str, NDArray[Any]], prefix: str) -> Head:
    return Head(held[f"{prefix}.weights"].astype(np.float32), held[f"{prefix}.bias"].astype(np.float32))


def _language(held: Mapping[str, NDArray[Any]], language: str, numbers: Mapping[str, Any]) -> LanguageWeights:
    index = TextIndex.of(held, language, chinese=language == CHINESE)
    heads = {name: _head(held, f"{language}.{name}") for name in HEADS}
    if len(heads["intents"].weights) != index.size:
        raise ValueError(f"{language}: {len(heads['intents'].weights)} rows of weights for {index.size} n-grams")
    return LanguageWeights(index, heads, {name: tuple(values) for name, values in numbers.items()})


@cache
def shipped() -> TriageWeights:
    """The weights in `data/models`. Raises CheckpointError where they are missing."""
    return TriageWeights.load()
