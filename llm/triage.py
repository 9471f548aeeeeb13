"""What a message wants, how it feels, how urgent it is and what it names: each with a confidence, deterministic, on this machine.

Learnt once from the written corpus and the taxonomy's examples (`llm.triage_weights`); what people corrected stands beside it
(`llm.taught`). Knows no warehouse.
"""

import re
from collections.abc import Collection, Sequence
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from llm.aspects import aspects_of
from llm.fields import fields_of
from llm.intents import READ_CHARACTERS, Chances, Intents, readable_part, softmax
from llm.language import CHINESE, WRITTEN, body, detect, is_chinese
from llm.said import counted
from llm.taught import Correction, blended, likeness
from llm.taxonomy import OTHER, URGENCIES, Taxonomy
from llm.triage_weights import TriageWeights, shipped
from llm.types import Classification, Confidence, Thread

UNSURE_BELOW = 0.25
UNSURE_BELOW_IF_SHORT = 0.75
"""A word or two (fewer than 3 words, 4 Han characters) must be plain."""

_WORD = re.compile(r"[^\W\d_\u4e00-\u9fff]+")
_HAN = re.compile(r"[\u4e00-\u9fff]")
SECOND_INTENT_FROM = 0.2
WORDS_SHARE = 0.5
"""How much the taxonomy's words of praise and blame add to what the weights say of the mood."""

CALM = 0.1
"""A calm report of something bad is no bad mood: threads were labelled a little lower than that."""

UNUSUAL = 0.05
"""What a level of urgency has that is no intent's usual one."""

OPENING_MESSAGES = 3
"""What a thread is about is read from its subject and the first so many messages of those who ask."""


class Triage:
    """The classifiers of one taxonomy, with what people corrected; the weights are read on first use."""

    def __init__(
        self,
        taxonomy: Taxonomy,
        corrections: Sequence[Correction] = (),
        weights: TriageWeights | None = None,
    ) -> None:
        self._taxonomy = taxonomy
        self._weights = weights or shipped()
        self._intents = Intents(taxonomy, self._weights)
        self._corrections = tuple(corrections)

    def classify(self, text: str, text_id: str = "") -> Classification:
        """All of DESIGN's `classify` for one text; an empty text is `other`, neutral, low."""
        clean = body(text[:READ_CHARACTERS])
        language = detect(clean)
        chances = self._chances([text])
        intents = self._ranked(chances[0], text) if clean.strip() else (Confidence(OTHER, 1.0),)
        return Classification(
            id=text_id,
            intents=intents,
            aspects=aspects_of(clean, self._taxonomy),
            sentiment=self._felt(clean, language),
            urgency=self._urgency(clean, chances) if clean.strip() else Confidence(URGENCIES[0], 1.0),
            language=language,
            fields=fields_of(text),
        )

    def intents_of(self, texts: Sequence[str], among: Collection[str] | None = None) -> list[tuple[Confidence, ...]]:
        """The intents of many texts at once, each best first; with `among`, of these intents (and `other`) only."""
        rows = self._chances(texts)
        if among is not None:
            rows[:, [name not in among and name != OTHER for name in self._intents.names]] = 0.0
        return [self._ranked(row, text) for row, text in zip(rows, texts, strict=True)]

    def _ranked(self, row: Chances, text: str) -> tuple[Confidence, ...]:
        order = np.argsort(-row, kind="stable")
        best, names = order[0], self._intents.names
        if row[best] < (UNSURE_BELOW_IF_SHORT if _is_very_short(text) else UNSURE_BELOW):
            return (Confidence(OTHER, round(1 - float(row[best]), 3)),)
        chosen = [i for n, i in enumerate(order[:3]) if n == 0 or row[i] >= SECOND_INTENT_FROM]
        return tuple(Confidence(names[i], round(float(row[i]), 3)) for i in chosen)

    def _chances(self, texts: Sequence[str]) -> Chances:
        """(texts, intents): how likely it is that a text is of each intent; a text may be of several."""
        found = self._intents.chances(texts)
        chinese = np.array([is_chinese(text) for text in texts], dtype=bool)
        for is_han in (True, False):
            rows = np.flatnonzero(chinese == is_han)
            found[rows] = calibrated(found[rows], self._weights.of(chinese=is_han).numbers["intents"])
            if len(rows):
                own = [texts[int(n)] for n in rows]
                found[rows] = self._corrected(found[rows], own, "intent", self._intents.names, is_han)
        return found

    def _corrected(
        self, chances: Chances, texts: Sequence[str], kind: str, names: Sequence[str], is_han: bool
    ) -> Chances:
        """The chances after the corrections of this kind in the texts' language."""
        taught = self._taught[is_han]
        if taught is None:
            return chances
        said, rows = taught
        labels = [names.index(value) if (value := getattr(one, kind)) in names else -1 for one in said]
        own = self._weights.of(chinese=is_han).index.transform([readable_part(text) for text in texts])
        return blended(chances, likeness(own, rows), labels)

    @cached_property
    def _taught(self) -> dict[bool, tuple[list[Correction], csr_matrix] | None]:
        """By whether they are Chinese: the corrections and their n-grams."""
        found: dict[bool, tuple[list[Correction], csr_matrix] | None] = {}
        for is_han in (True, False):
            said = [one for one in self._corrections if is_chinese(one.text) == is_han]
            index = self._weights.of(chinese=is_han).index
            found[is_han] = (said, index.transform([readable_part(one.text) for one in said])) if said else None
        return found

    def sentiment(self, text: str) -> float:
        """−1 (hostile) … 1 (delighted), from the taxonomy's words with negation, intensifiers, capitals and exclamation marks."""
        return self._sentiment(body(text[:READ_CHARACTERS]))

    def _felt(self, clean: str, language: str) -> float:
        """By the weights and by words, where somebody taught the weights the language; else by words alone."""
        by_words = self._sentiment(clean)
        if language not in WRITTEN or not clean.strip():
            return by_words
        own = self._weights.of(chinese=language == CHINESE)
        score = own.heads["sentiment"].scores(own.index.transform([readable_part(clean)]))[0, 0]
        return round(float(np.clip(score + WORDS_SHARE * by_words + CALM, -1.0, 1.0)), 3)

    def _sentiment(self, text: str) -> float:
        positive, denied_positive = counted(text, self._taxonomy.positive)
        negative, denied_negative = counted(text, self._taxonomy.negative)
        balance = (positive + 0.5 * denied_negative) - (negative + denied_positive)
        intensified, calmed = counted(text, self._taxonomy.intensifiers)
        strength = 1 + 0.2 * min(3, intensified + calmed)
        shouted = len(re.findall(r"[!！]{2,}|\b[A-Z]{4,}\b", text))
        balance = balance * strength - 0.5 * min(2, shouted) * (balance <= 0)
        return round(float(np.tanh(balance / 2.5)), 3)

    def _urgency(self, text: str, chances: Chances) -> Confidence:
        is_han = is_chinese(text)
        own = self._weights.of(chinese=is_han)
        scores = own.heads["urgency"].scores(own.index.transform([readable_part(text)])) + self.usual(chances)
        told = self._corrected(softmax(scores / own.numbers["urgency"][0]), [text], "urgency", URGENCIES, is_han)[0]
        best = int(told.argmax())
        return Confidence(URGENCIES[best], round(float(told[best]), 3))

    def usual(self, chances: Chances) -> Chances:
        """(texts, urgencies): the log of how likely each level is by the usual ones of the intents; none is ruled out."""
        levels = np.zeros((len(self._intents.names), len(URGENCIES)))
        for row, name in enumerate(self._intents.names):
            levels[row, URGENCIES.index(self._taxonomy.intent(name).urgency)] = 1.0
        shares = chances @ levels
        found: Chances = np.log(shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-9) + UNUSUAL)
        return found


def calibrated(chances: NDArray[np.float64], line: tuple[float, ...]) -> Chances:
    """Platt's line (slope, offset) over the log odds: how often what has such a chance is so."""
    held = np.clip(chances, 1e-6, 1 - 1e-6)
    found: Chances = 1 / (1 + np.exp(-(line[0] * np.log(held / (1 - held)) + line[1])))
    return found


def opening_of(thread: Thread, subject: str = "") -> str:
    """What a thread is classified by: its subject and the first messages of those who ask; '' where nobody asked."""
    asked = [m.text for m in thread.messages if m.author in {"merchant", "buyer"}][:OPENING_MESSAGES]
    return "\n\n".join(text[:READ_CHARACTERS] for text in [subject, *asked] if text.strip()) if asked else ""


def _is_very_short(text: str) -> bool:
    start = body(text[:READ_CHARACTERS])
    return len(_WORD.findall(start)) < 3 and len(_HAN.findall(start)) < 4


_SHARED: "WeakKeyDictionary[Taxonomy, dict[tuple[Correction, ...], Triage]]" = WeakKeyDictionary()
SHARED_AT_ONCE = 8


def triage_of(taxonomy: Taxonomy, corrections: tuple[Correction, ...] = ()) -> Triage:
    """The classifiers of this taxonomy with these corrections, made once for all callers."""
    held = _SHARED.setdefault(taxonomy, {})
    if corrections not in held:
        while len(held) >= SHARED_AT_ONCE:
            held.pop(next(iter(held)), None)
        held[corrections] = Triage(taxonomy, corrections)
    return held.get(corrections) or Triage(taxonomy, corrections)


def classify(text: str, taxonomy: Taxonomy, *, text_id: str = "") -> Classification:
    """`Triage(taxonomy).classify(text)`; the classifier is shared between calls."""
    return triage_of(taxonomy).classify(text, text_id)
