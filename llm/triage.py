"""What a message wants, how it feels, how urgent it is and what it names: each with a confidence, deterministic, on this machine.

Intents are learnt from the taxonomy's own examples and keywords; nothing else is trained. Knows no warehouse and no labels of people.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from itertools import pairwise
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion

from llm.language import CHINESE, ENGLISH, WRITTEN, body, detect, is_chinese, sentences
from llm.spans import extract, texts_of
from llm.taxonomy import OTHER, URGENCIES, Taxonomy, WordsByLanguage
from llm.types import AspectConfidence, Classification, Confidence, ExtractedFields, Polarity
from llm.vectors import SentenceEncoder, cosine, encode_english, ngrams

READ_CHARACTERS = 6_000
READ_SENTENCES = 12
REGULARISATION = 30.0
SHARPNESS = 1.75
"""Exponent that makes the mean confidence equal the accuracy in 4-fold cross-validation on the taxonomy's examples (both 0.83)."""
SHORTEST_SENTENCE = 6
BORNE_OUT_FROM = 0.05
"""A single sentence speaks for a matter fully only when the whole text gives that matter at least this probability."""

FAMILIAR_FROM = 0.25
"""Cosine to the nearest example from which a text counts as familiar: nine in ten of the demo's messages, three in ten of other trades'."""

UNSURE_BELOW = 0.35
UNSURE_BELOW_IF_SHORT = 0.75
"""A word or two (fewer than 3 words, 4 Han characters) must be plain: the taxonomy's own single words reach .94, "one" .74."""
_WORD = re.compile(r"[^\W\d_\u4e00-\u9fff]+")
_HAN = re.compile(r"[\u4e00-\u9fff]")
SECOND_INTENT_FROM = 0.2
MAX_ASKS = 8

# Order and other numbers say nothing of what is wanted, and a pasted list of them would drown what does.
_LONG_NUMBER = re.compile(r"[A-Za-z]{0,5}[-_]?\d[\d-]{4,}[、,，;；]?")
_NEGATION = re.compile(
    r"(?:\b(?:not|no|never|isn'?t|wasn'?t|aren'?t|don'?t|doesn'?t|didn'?t|hardly|without)\b[^.!?,;]{0,16}|[不没未别无][^。！？，]{0,2})$",
    re.I,
)
_ASK = re.compile(
    r"\b(?:please|pls|plz|kindly|can you|could you|could someone|can someone|would you|we (?:request|ask|demand)|i (?:request|want|demand|need)|we (?:want|need)"
    r"|let me know|tell me)\b|请|麻烦|能否|能不能|可否|希望|要求|帮我|帮忙|烦请",
    re.I,
)
_QUESTION = re.compile(
    r"[?？]|[吗呢么][。！!\s]*$|^(?:why|how|when|what|where|which|who|is|are|do|does|did|can|could|will|would)\b|为什么|怎么|什么时候|多久",
    re.I,
)
_Probabilities = NDArray[np.float64]


class Triage:
    """The classifiers of one taxonomy; they are fitted on first use (about a second) and then only read."""

    def __init__(self, taxonomy: Taxonomy, encoder: SentenceEncoder | None = None) -> None:
        self._taxonomy = taxonomy
        self._encoder = encoder
        self._names = sorted(intent.intent_id for intent in taxonomy.intents)
        self._lock = Lock()

    def classify(self, text: str, text_id: str = "") -> Classification:
        """All of DESIGN's `classify` for one text; an empty text is `other`, neutral, low."""
        clean = body(text[:READ_CHARACTERS])
        language = detect(clean)
        intents = self._ranked(self._probabilities([text])[0], text) if clean.strip() else (Confidence(OTHER, 1.0),)
        sentiment = self._sentiment(clean)
        spans = extract(text)
        return Classification(
            id=text_id,
            intents=intents,
            aspects=self._aspects(clean),
            sentiment=sentiment,
            urgency=self._urgency(clean, intents[0], sentiment),
            language=language,
            fields=ExtractedFields(
                orders=texts_of(spans, "order"),
                amounts=texts_of(spans, "amount"),
                dates=texts_of(spans, "date"),
                carriers=texts_of(spans, "carrier"),
                asks=asks_of(text),
            ),
        )

    def intents_of(self, texts: Sequence[str], among: Collection[str] | None = None) -> list[tuple[Confidence, ...]]:
        """The intents of many texts at once, each best first; with `among`, of these intents (and `other`) only."""
        rows = self._probabilities(texts)
        if among is not None:
            rows[:, [name not in among and name != OTHER for name in self._names]] = 0.0
        return [self._ranked(row, text) for row, text in zip(rows, texts, strict=True)]

    def _ranked(self, row: _Probabilities, text: str) -> tuple[Confidence, ...]:
        order = np.argsort(-row, kind="stable")
        best = order[0]
        if row[best] < (UNSURE_BELOW_IF_SHORT if _is_very_short(text) else UNSURE_BELOW):
            return (Confidence(OTHER, round(1 - float(row[best]), 3)),)
        chosen = [i for n, i in enumerate(order[:3]) if n == 0 or row[i] >= SECOND_INTENT_FROM]
        return tuple(Confidence(self._names[i], round(float(row[i]), 3)) for i in chosen)

    def _probabilities(self, texts: Sequence[str]) -> _Probabilities:
        """(texts, intents): half from the whole text, half from its most telling sentence for each intent, so that a rant still shows
        its ask and two matters in one message both show; rows may add up to more than one."""
        parts: list[str] = []
        bounds = [0]
        for text in texts:
            clean = _LONG_NUMBER.sub(" ", body(text[:READ_CHARACTERS]))
            found = [_LONG_NUMBER.sub(" ", piece.text) for piece in sentences(text[:READ_CHARACTERS])]
            pieces = [piece for piece in found if len(piece) >= SHORTEST_SENTENCE][:READ_SENTENCES]
            parts += [clean, *(pieces if len(pieces) > 1 else [])]
            bounds.append(len(parts))
        raw, familiarity = self._part_probabilities(parts)
        raw **= SHARPNESS
        raw *= (familiarity / raw.sum(axis=1))[:, np.newaxis]
        other = self._names.index(OTHER)
        rows = np.empty((len(texts), len(self._names)))
        for i, (start, stop) in enumerate(pairwise(bounds)):
            whole, by_sentence = raw[start], raw[start + 1 : stop]
            borne_out = np.minimum(1.0, whole / BORNE_OUT_FROM)
            rows[i] = 0.5 * whole + 0.5 * by_sentence.max(axis=0) * borne_out if len(by_sentence) else whole
            rows[i, other] = whole[other]  # a greeting in its own sentence is no matter of its own
        return rows

    def _part_probabilities(self, parts: Sequence[str]) -> tuple[_Probabilities, _Probabilities]:
        """(parts, intents), and (parts,) how far each part is like anything in the taxonomy: what is not has no business being sure."""
        found, familiarity = np.empty((len(parts), len(self._names))), np.ones(len(parts))
        chinese = np.array([is_chinese(part) for part in parts], dtype=bool)
        for language, chosen in ((CHINESE, chinese), (ENGLISH, ~chinese)):
            places = np.flatnonzero(chosen)
            if not len(places):
                continue
            index, examples, model = self._models[language]
            texts = [parts[int(i)] for i in places]
            matrix = index.transform(texts)
            found[places] = model.predict_proba(matrix)
            familiarity[places] = np.minimum(1.0, cosine(matrix, examples).max(axis=1) / FAMILIAR_FROM)
            if language == ENGLISH and (near := self._by_vectors(texts)) is not None:
                found[places] = np.sqrt(found[places] * near)
        return found, familiarity

    def _by_vectors(self, texts: Sequence[str]) -> _Probabilities | None:
        model = self._vector_model
        vectors = encode_english(texts, self._encoder) if model is not None else None
        if model is None or vectors is None:
            return None
        probabilities: _Probabilities = model.predict_proba(vectors)
        probabilities[~vectors.any(axis=1)] = 1 / len(self._names)
        return probabilities

    def _examples(self, language: str) -> tuple[list[str], list[str]]:
        texts, labels = [], []
        for intent in self._taxonomy.intents:
            written = (
                *intent.examples.get(language, ()),
                *intent.keywords.get(language, ()),
                intent.name.get(language, ""),
                intent.description.get(language, ""),
            )
            texts += [text for text in written if text]
            labels += [intent.intent_id for text in written if text]
        return texts, labels

    @cached_property
    def _models(self) -> dict[str, tuple[FeatureUnion, csr_matrix, LogisticRegression]]:
        """Per language: how texts become n-grams, the examples in them, and the intents learnt from those; vectors change nothing of it."""
        if self._encoder is not None:
            return triage_of(self._taxonomy)._models
        with self._lock:
            models = {}
            for language in WRITTEN:
                texts, labels = self._examples(language)
                index = ngrams(language == CHINESE)
                matrix = index.fit_transform(texts)
                models[language] = (
                    index,
                    matrix,
                    LogisticRegression(C=REGULARISATION, max_iter=200).fit(matrix, labels),
                )
            return models

    @cached_property
    def _vector_model(self) -> LogisticRegression | None:
        texts, labels = self._examples(ENGLISH)
        vectors = encode_english(texts, self._encoder)
        return None if vectors is None else LogisticRegression(C=REGULARISATION, max_iter=200).fit(vectors, labels)

    def sentiment(self, text: str) -> float:
        """−1 (hostile) … 1 (delighted), from the taxonomy's words with negation, intensifiers, capitals and exclamation marks."""
        return self._sentiment(body(text[:READ_CHARACTERS]))

    def _sentiment(self, text: str) -> float:
        positive, denied_positive = _count(text, self._taxonomy.positive)
        negative, denied_negative = _count(text, self._taxonomy.negative)
        balance = (positive + 0.5 * denied_negative) - (negative + denied_positive)
        intensified, calmed = _count(text, self._taxonomy.intensifiers)
        strength = 1 + 0.2 * min(3, intensified + calmed)
        shouted = len(re.findall(r"[!！]{2,}|\b[A-Z]{4,}\b", text))
        balance = balance * strength - 0.5 * min(2, shouted) * (balance <= 0)
        return round(float(np.tanh(balance / 2.5)), 3)

    def _aspects(self, text: str) -> tuple[AspectConfidence, ...]:
        found = []
        for aspect in self._taxonomy.aspects:
            praised, denied_praise = _count(text, aspect.positive)
            blamed, denied_blame = _count(text, aspect.negative)
            good, bad = praised + denied_blame, blamed + denied_praise
            if good + bad:
                polarity: Polarity = "positive" if good > bad else "negative" if bad > good else "neutral"
                confidence = round((max(good, bad) + 0.5) / (good + bad + 1.0), 3)
                found.append(AspectConfidence(aspect.aspect_id, polarity, confidence))
        return tuple(sorted(found, key=lambda aspect: -aspect.confidence))

    def _urgency(self, text: str, intent: Confidence, sentiment: float) -> Confidence:
        """The intent's own level, moved by words of urgency; strong anger raises a low or normal matter by one level."""
        usual = URGENCIES.index(self._taxonomy.intent(intent.name).urgency)
        named = [
            URGENCIES.index(level.urgency_id)
            for level in self._taxonomy.urgencies
            if level.urgency_id != "normal" and any(_count(text, level.keywords))
        ]
        level = max([usual, *named]) if max(named, default=0) > 0 else (min(usual, 1) if named else usual)
        if sentiment <= -0.7 and level < 2:
            level += 1
        confidence = min(0.95, 0.5 + 0.4 * intent.confidence * (level == usual) + 0.2 * len(named))
        return Confidence(URGENCIES[level], round(confidence, 3))


def _is_very_short(text: str) -> bool:
    start = body(text[:READ_CHARACTERS])
    return len(_WORD.findall(start)) < 3 and len(_HAN.findall(start)) < 4


def _count(text: str, words: WordsByLanguage) -> tuple[int, int]:
    """How often the words of either language stand in the text: as said, and denied."""
    said = denied = 0
    folded = text.casefold()
    for language, phrases in words.items():
        for phrase in phrases:
            for match in _phrase(language, phrase.casefold()).finditer(folded):
                if _NEGATION.search(folded[max(0, match.start() - 24) : match.start()]):
                    denied += 1
                else:
                    said += 1
    return said, denied


_PHRASES: dict[tuple[str, str], re.Pattern[str]] = {}


def _phrase(language: str, phrase: str) -> re.Pattern[str]:
    key = (language, phrase)
    if key not in _PHRASES:
        _PHRASES[key] = re.compile(
            re.escape(phrase) if language == CHINESE else rf"\b{re.escape(phrase)}(?:s|ed|d|ing)?\b"
        )
    return _PHRASES[key]


def asks_of(text: str) -> tuple[str, ...]:
    """The sentences that ask for something, as written, in order; at most eight."""
    pieces = (piece.text for piece in sentences(text[:READ_CHARACTERS]))
    return tuple(dict.fromkeys(piece[:300] for piece in pieces if is_question(piece) or _ASK.search(piece)))[:MAX_ASKS]


def is_question(sentence: str) -> bool:
    """Whether a sentence asks for an answer."""
    return _QUESTION.search(sentence) is not None


_SHARED: "WeakKeyDictionary[Taxonomy, Triage]" = WeakKeyDictionary()


def classify(
    text: str, taxonomy: Taxonomy, encoder: SentenceEncoder | None = None, *, text_id: str = ""
) -> Classification:
    """`Triage(taxonomy, encoder).classify(text)`; without an encoder the fitted classifier is shared between calls."""
    return triage_of(taxonomy, encoder).classify(text, text_id)


def triage_of(taxonomy: Taxonomy, encoder: SentenceEncoder | None = None) -> Triage:
    """The classifiers of this taxonomy, fitted once for all callers without an encoder."""
    if encoder is not None:
        return Triage(taxonomy, encoder)
    return _SHARED.setdefault(taxonomy, Triage(taxonomy))


def classify_all(
    items: Iterable[tuple[str, str]], taxonomy: Taxonomy, encoder: SentenceEncoder | None = None
) -> list[Classification]:
    """Classifies `(id, text)` pairs, in order."""
    triage = triage_of(taxonomy, encoder)
    return [triage.classify(text, text_id) for text_id, text in items]
