"""Training of triage and inferred satisfaction: linear models over n-grams of the written corpus and the taxonomy's examples. Minutes on one core.

Whatever makes a confidence or an interval honest is fitted on threads that the model at hand had not seen: five folds over whole scenarios.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold

from llm.desk.corpus import CorpusThread
from llm.intents import Intents, examples_of, readable_part, softmax
from llm.language import CHINESE, ENGLISH, WRITTEN
from llm.satisfaction import course, features
from llm.taxonomy import URGENCIES, Taxonomy
from llm.text_index import TextIndex
from llm.triage import Triage, opening_of
from llm.triage_weights import HEADS, Head, LanguageWeights, TriageWeights
from llm.vectors import SentenceEncoder, encode_english

FOLDS = 5
MAIN_SHARE = 0.65
"""What the first of several intents weighs; the others share the rest."""

REGULARISATION = {"intents": 30.0, "vectors": 30.0, "urgency": 3.0}
RIDGE = {"sentiment": 1.0, "satisfaction": 3.0}
COVERED = 0.95
ROUNDS = 200
Rows = Any  # scipy's sparse rows or numpy's: scikit-learn takes both


@dataclass(frozen=True)
class Example:
    """A text with the intents it has, the main one first."""

    text: str
    intents: tuple[str, ...]


def train_triage(
    threads: Sequence[CorpusThread], taxonomy: Taxonomy, encoder: SentenceEncoder | None = None
) -> TriageWeights:
    """All heads from the threads that are not held out, and from the taxonomy's examples."""
    known = [thread for thread in threads if not thread.is_held_out]
    blank = _blank(known, taxonomy)
    weights = _with_intents(blank, known, taxonomy, encoder)
    return _with_the_rest(weights, _unseen_chances(blank, known, taxonomy, encoder), known, taxonomy)


def examples(threads: Sequence[CorpusThread], taxonomy: Taxonomy, language: str) -> list[Example]:
    """The taxonomy's examples, and each thread's questions together and the first of them alone."""
    found = [Example(text, (intent,)) for text, intent in examples_of(taxonomy, language)]
    for thread in threads:
        if thread.language == language:
            said = [message.text for message in thread.plain.messages if message.author in {"merchant", "buyer"}]
            texts = dict.fromkeys(("\n\n".join(said), *said[:1]))
            found += [Example(readable_part(text), thread.intents) for text in texts if text]
    return found


def _blank(threads: Sequence[CorpusThread], taxonomy: Taxonomy) -> TriageWeights:
    """The n-grams of both languages, without any head; an n-gram says nothing of what it means."""
    languages = {}
    for language in WRITTEN:
        texts = [example.text for example in examples(threads, taxonomy, language)]
        texts += [m.text for t in threads if t.language == language for m in t.plain.messages if m.author == "agent"]
        languages[language] = LanguageWeights(TextIndex.learnt(texts, chinese=language == CHINESE), {}, {})
    names = tuple(sorted(intent.intent_id for intent in taxonomy.intents))
    return TriageWeights(names, languages, Head(np.zeros((1, 1)), np.zeros(1)), (0.0, 0.0))


def _with_intents(
    weights: TriageWeights, threads: Sequence[CorpusThread], taxonomy: Taxonomy, encoder: SentenceEncoder | None
) -> TriageWeights:
    languages = {}
    for language, own in weights.languages.items():
        taught = examples(threads, taxonomy, language)
        rows = own.index.transform([example.text for example in taught])
        head = _classifier(rows, taught, weights.intents, REGULARISATION["intents"])
        languages[language] = replace(own, heads={**own.heads, "intents": head})
    english = examples(threads, taxonomy, ENGLISH)
    vectors = encode_english([example.text for example in english], encoder)
    head = _classifier(vectors, english, weights.intents, REGULARISATION["vectors"]) if vectors is not None else None
    return replace(weights, languages=languages, vectors=head)


def _classifier(rows: Rows, taught: Sequence[Example], names: Sequence[str], regularisation: float) -> Head:
    """A softmax regression; a text of several intents stands once for each, with its share."""
    places, labels, shares = [], [], []
    for place, example in enumerate(taught):
        others = len(example.intents) - 1
        for rank, intent in enumerate(example.intents):
            places.append(place)
            labels.append(names.index(intent))
            shares.append(1.0 if not others else MAIN_SHARE if rank == 0 else (1 - MAIN_SHARE) / others)
    return _softmax_head(rows[places], np.array(labels), len(names), regularisation, np.array(shares))


def _softmax_head(
    rows: Rows, labels: NDArray[np.int64], count: int, regularisation: float, shares: NDArray[np.float64] | None = None
) -> Head:
    fitted = LogisticRegression(C=regularisation, max_iter=ROUNDS).fit(rows, labels, sample_weight=shares)
    weights, bias = np.zeros((rows.shape[1], count)), np.full(count, -20.0)
    weights[:, fitted.classes_] = fitted.coef_.T
    bias[fitted.classes_] = fitted.intercept_
    return Head(weights, bias)


def _unseen_chances(
    blank: TriageWeights, threads: Sequence[CorpusThread], taxonomy: Taxonomy, encoder: SentenceEncoder | None
) -> Mapping[bool, NDArray[np.float64]]:
    """By whether vectors help: each thread's chances of intents before calibration, from weights that had not seen its scenario."""
    found = {False: np.zeros((len(threads), len(blank.intents)))}
    if encoder is not None:
        found[True] = found[False].copy()
    for taught, judged in _folds(threads):
        weights = _with_intents(blank, [threads[n] for n in taught], taxonomy, encoder)
        texts = [opening_of(threads[n].plain) for n in judged]
        for has_vectors in found:
            found[has_vectors][judged] = Intents(taxonomy, weights, encoder if has_vectors else None).chances(texts)
    return found


def _folds(threads: Sequence[CorpusThread]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    yield from GroupKFold(FOLDS).split(threads, groups=[thread.scenario for thread in threads])


def _with_the_rest(
    weights: TriageWeights, unseen: Mapping[bool, NDArray[np.float64]], threads: Sequence[CorpusThread], taxonomy: Taxonomy
) -> TriageWeights:
    triage = Triage(taxonomy, weights=weights)
    courses = np.array([course(thread.plain, triage.sentiment) for thread in threads])
    languages = {}
    for language, own in weights.languages.items():
        places = np.array([n for n, thread in enumerate(threads) if thread.language == language])
        chosen = [threads[n] for n in places]
        lines = {
            "intents_with_vectors" if has_vectors else "intents": _platt(chances[places], chosen, weights.intents)
            for has_vectors, chances in unseen.items()
        }
        languages[language] = replace(
            own, numbers=lines
        )
        languages[language] = _with_moods(languages[language], triage, chosen, unseen[False][places], courses[places])
    wordless, errors = _regression(courses, np.array([float(t.satisfaction) for t in threads]), threads, RIDGE["satisfaction"])
    return replace(weights, languages=languages, wordless=wordless, wordless_interval=errors)


def _with_moods(
    own: LanguageWeights,
    triage: Triage,
    threads: Sequence[CorpusThread],
    chances: NDArray[np.float64],
    courses: NDArray[np.float64],
) -> LanguageWeights:
    """Urgency, sentiment and satisfaction of one language."""
    texts = [opening_of(thread.plain) for thread in threads]
    levels = np.array([URGENCIES.index(thread.urgency) for thread in threads])
    urgent = triage.urgency_features(texts, chances, own)
    urgency = _softmax_head(urgent, levels, len(URGENCIES), REGULARISATION["urgency"])
    scores = np.zeros((len(threads), len(URGENCIES)))
    for taught, judged in _folds(threads):
        head = _softmax_head(urgent[taught], levels[taught], len(URGENCIES), REGULARISATION["urgency"])
        scores[judged] = head.scores(urgent[judged])
    moods = np.array([thread.sentiment for thread in threads])
    sentiment, _ = _regression(triage.mood_features(texts, own), moods, threads, RIDGE["sentiment"])
    surveyed = np.array([float(thread.satisfaction) for thread in threads])
    rows = features([thread.plain for thread in threads], courses, own.index)
    satisfaction, errors = _regression(rows, surveyed, threads, RIDGE["satisfaction"])
    heads = {**own.heads, **dict(zip(HEADS[1:], (urgency, sentiment, satisfaction), strict=True))}
    numbers = {**own.numbers, "urgency": (_temperature(scores, levels),), "satisfaction": errors}
    return replace(own, heads=heads, numbers=numbers)


def _regression(
    rows: Rows, labels: NDArray[np.float64], threads: Sequence[CorpusThread], penalty: float
) -> tuple[Head, tuple[float, float]]:
    """A ridge regression, and between which errors COVERED of the threads lie that it had not seen (split conformal, both ends)."""
    unseen = np.zeros(len(labels))
    for taught, judged in _folds(threads):
        unseen[judged] = Ridge(alpha=penalty).fit(rows[taught], labels[taught]).predict(rows[judged])
    tail = (1 - COVERED) / 2
    low = float(np.quantile(labels - unseen, tail, method="lower"))
    high = float(np.quantile(labels - unseen, 1 - tail, method="higher"))
    fitted = Ridge(alpha=penalty).fit(rows, labels)
    return Head(fitted.coef_.reshape(-1, 1), np.array([fitted.intercept_])), (low, high)


def _platt(chances: NDArray[np.float64], threads: Sequence[CorpusThread], names: Sequence[str]) -> tuple[float, float]:
    """(slope, offset) over the log odds of the likeliest three intents: whether each is one of the thread's."""
    best = np.argsort(-chances, axis=1)[:, :3]
    held = np.clip(np.take_along_axis(chances, best, axis=1), 1e-6, 1 - 1e-6)
    right = np.array([[names[n] in t.intents for n in row] for row, t in zip(best, threads, strict=True)])
    odds = np.log(held / (1 - held)).reshape(-1, 1)
    fitted = LogisticRegression(C=1e6).fit(odds, right.ravel())
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def _temperature(scores: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """The one at which the labels are likeliest (Guo et al. 2017)."""

    def surprise(temperature: float) -> float:
        told = softmax(scores / temperature)[np.arange(len(labels)), labels]
        return -float(np.log(np.maximum(told, 1e-9)).mean())

    return float(minimize_scalar(surprise, bounds=(0.3, 10.0), method="bounded").x)
