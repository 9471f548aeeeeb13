"""The chance of each intent of the taxonomy in a text, by the weights of `llm.triage_weights`. Knows no labels of people and no threshold.

Half speaks the whole text, half its most telling sentence for each intent, so that a rant still shows its ask and two matters both show.
"""

import re
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from llm.language import body, is_chinese, sentences
from llm.taxonomy import OTHER, Taxonomy
from llm.triage_weights import LanguageWeights, TriageWeights
from llm.vectors import cosine

READ_CHARACTERS = 6_000
READ_SENTENCES = 12
SHORTEST_SENTENCE = 6
BORNE_OUT_FROM = 0.05
"""A single sentence speaks for a matter fully only when the whole text gives that matter at least this probability."""

FAMILIAR_FROM = 0.25
"""Cosine to the nearest of the taxonomy's examples from which a text counts as familiar."""

# Order and other numbers say nothing of what is wanted, and a pasted list of them would drown what does.
_LONG_NUMBER = re.compile(r"[A-Za-z]{0,5}[-_]?\d[\d-]{4,}[、,，;；]?")
Chances = NDArray[np.float64]


def readable_part(text: str) -> str:
    """What of a text is read for its matter."""
    return _LONG_NUMBER.sub(" ", body(text[:READ_CHARACTERS]))


def examples_of(taxonomy: Taxonomy, language: str) -> list[tuple[str, str]]:
    """(text, intent) of the taxonomy's examples, keywords, names and descriptions in a language."""
    found = []
    for intent in taxonomy.intents:
        written = (
            *intent.examples.get(language, ()),
            *intent.keywords.get(language, ()),
            intent.name.get(language, ""),
            intent.description.get(language, ""),
        )
        found += [(text, intent.intent_id) for text in written if text]
    return found


class Intents:
    """The chances of one taxonomy's intents, in the order of `names`; an intent that the weights don't know has none."""

    def __init__(self, taxonomy: Taxonomy, weights: TriageWeights) -> None:
        self.names = sorted(intent.intent_id for intent in taxonomy.intents)
        self._taxonomy, self._weights = taxonomy, weights
        self._columns = [weights.intents.index(name) if name in weights.intents else -1 for name in self.names]
        self._lock = Lock()

    def chances(self, texts: Sequence[str]) -> Chances:
        """(texts, names), before any calibration; rows may add up to more than one, and to less where nothing is familiar."""
        parts: list[str] = []
        bounds = [0]
        for text in texts:
            found = [_LONG_NUMBER.sub(" ", piece.text) for piece in sentences(text[:READ_CHARACTERS])]
            pieces = [piece for piece in found if len(piece) >= SHORTEST_SENTENCE][:READ_SENTENCES]
            parts += [readable_part(text), *(pieces if len(pieces) > 1 else [])]
            bounds.append(len(parts))
        raw = self._of_parts(parts)
        other = self.names.index(OTHER)
        rows = np.empty((len(texts), len(self.names)))
        for i, (start, stop) in enumerate(pairwise(bounds)):
            whole, by_sentence = raw[start], raw[start + 1 : stop]
            borne_out = np.minimum(1.0, whole / BORNE_OUT_FROM)
            rows[i] = 0.5 * whole + 0.5 * by_sentence.max(axis=0) * borne_out if len(by_sentence) else whole
            rows[i, other] = whole[other]  # a greeting in its own sentence is no matter of its own
        return rows

    def _of_parts(self, parts: Sequence[str]) -> Chances:
        found = np.zeros((len(parts), len(self.names)))
        chinese = np.array([is_chinese(part) for part in parts], dtype=bool)
        for is_han in (True, False):
            places = np.flatnonzero(chinese == is_han)
            if len(places):
                found[places] = self._of_language([parts[int(n)] for n in places], self._weights.of(chinese=is_han))
        return found

    def _of_language(self, texts: Sequence[str], own: LanguageWeights) -> Chances:
        rows = own.index.transform(texts)
        told = softmax(own.heads["intents"].scores(rows))
        told = np.hstack([told, np.zeros((len(texts), 1))])[:, self._columns]
        familiar = np.minimum(1.0, cosine(rows, self._examples[own.index.chinese]).max(axis=1) / FAMILIAR_FROM)
        found: Chances = told * familiar[:, np.newaxis]
        return found

    @cached_property
    def _examples(self) -> dict[bool, csr_matrix]:
        with self._lock:
            return {
                own.index.chinese: own.index.transform([text for text, _ in examples_of(self._taxonomy, language)])
                for language, own in self._weights.languages.items()
            }


def softmax(scores: NDArray[np.floating]) -> Chances:
    """Of each row."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: Chances = raised / raised.sum(axis=1, keepdims=True)
    return found
