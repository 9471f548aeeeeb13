"""How people ask about a policy passage, and how writers have put it: words by which it is found beside its own.

Read from `phrasings.jsonl` of the knowledge folder, which `python -m llm.desk.phrasings` makes from the written corpus. Knows no search.
"""

import base64
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np

from llm.errors import KnowledgeError
from llm.types import Passage
from llm.vectors import Matrix

FILE = "phrasings.jsonl"
_Key = tuple[str, str]  # language, cite
T = TypeVar("T")


@dataclass(frozen=True)
class Asking:
    """A question in a merchant's words; `vector` (d,) is its MiniLM vector, None where it is not English."""

    text: str
    vector: Matrix | None


@dataclass(frozen=True)
class Phrasings:
    """By language and cite: sentences that `told` the passage, messages that `asked` for it, the mean MiniLM vector of the former, and single
    questions (`askings`) written for it.

    A passage whose text is no longer the one that they were written for has none.
    """

    digests: Mapping[_Key, str] = field(default_factory=dict)
    told: Mapping[_Key, tuple[str, ...]] = field(default_factory=dict)
    asked: Mapping[_Key, tuple[str, ...]] = field(default_factory=dict)
    means: Mapping[_Key, Matrix] = field(default_factory=dict)
    askings: Mapping[_Key, tuple[Asking, ...]] = field(default_factory=dict)

    def told_of(self, passage: Passage) -> tuple[str, ...]:
        """Sentences in which writers have said the passage."""
        return self.told.get(self._key(passage), ())

    def asked_of(self, passage: Passage) -> tuple[str, ...]:
        """Messages that were answered with the passage."""
        return self.asked.get(self._key(passage), ())

    def mean_of(self, passage: Passage) -> Matrix | None:
        """The mean vector (d,) of `told_of`, not of unit length; None where there is none."""
        return self.means.get(self._key(passage))

    def askings_of(self, passage: Passage) -> tuple[Asking, ...]:
        """Questions that merchants would ask for the passage."""
        return self.askings.get(self._key(passage), ())

    def _key(self, passage: Passage) -> _Key:
        key = (passage.language, passage.cite)
        return key if self.digests.get(key) == digest(passage) else ("", "")


NONE = Phrasings()


def digest(passage: Passage) -> str:
    """By which a passage is known to be unchanged."""
    return hashlib.sha256(passage.text.encode()).hexdigest()[:16]


def read_phrasings(path: Path) -> Phrasings:
    """Reads the file; without one nobody has phrased anything. Raises KnowledgeError naming file and line."""
    if not path.is_file():
        return NONE
    digests: dict[_Key, str] = {}
    told: dict[_Key, list[str]] = defaultdict(list)
    asked: dict[_Key, list[str]] = defaultdict(list)
    means: dict[_Key, Matrix] = {}
    askings: dict[_Key, list[Asking]] = defaultdict(list)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            keys = [(row["language"], cite) for cite in row["cites"]]
            if row["kind"] == "passage":
                digests[keys[0]] = row["digest"]
                if (mean := _vector(row["mean"])) is not None:
                    means[keys[0]] = mean
            elif row["kind"] == "asking":
                asking = Asking(str(row["text"]), _vector(row["vector"]))
                for key in keys:
                    askings[key].append(asking)
            else:
                kept = {"told": told, "asked": asked}[row["kind"]]
                for key in keys:
                    kept[key].append(str(row["text"]))
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise KnowledgeError(
                f"{path}, line {number}: is no phrasing ({error}). Make the file anew: python -m llm.desk.phrasings."
            ) from error
    return Phrasings(digests, _frozen(told), _frozen(asked), means, _frozen(askings))


def _vector(written: str) -> Matrix | None:
    """Of base64 over half floats; None of an empty string."""
    return np.frombuffer(base64.b64decode(written), dtype="<f2").astype(np.float32) if written else None


def _frozen(lists: Mapping[_Key, Iterable[T]]) -> dict[_Key, tuple[T, ...]]:
    return {key: tuple(texts) for key, texts in lists.items()}
