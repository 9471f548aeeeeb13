"""Training of triage and inferred satisfaction: linear models over n-grams of the written corpus and the taxonomy's examples. Minutes on one core.

Whatever makes a confidence or an interval honest is fitted on threads that the model at hand had not seen: five folds over whole scenarios.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import vstack
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold

from llm.desk.corpus import CorpusThread
from llm.intents import Intents, examples_of, readable_part, softmax
from llm.language import CHINESE, WRITTEN
from llm.satisfaction import course, features
from llm.taxonomy import URGENCIES, Taxonomy
from llm.text_index import TextIndex
from llm.triage import Triage, calibrated, opening_of
from llm.triage_weights import Head, LanguageWeights, TriageWeights

FOLDS = 5
MAIN_SHARE = 0.65
"""What the first of several intents weighs; the others share the rest."""

EXAMPLE_SHARE = 0.6
"""What an example of the taxonomy weighs beside a thread where urgency is learnt: it has only its intent's usual one."""

REGULARISATION = {"intents": 30.0, "urgency": 5.0}
RIDGE = {"sentiment": 0.5, "satisfaction": 1.0}
COVERED = 0.95
ROUNDS = 200
Rows = Any  # scipy's sparse rows or numpy's: scikit-learn takes both


@dataclass(frozen=True)
class Example:
    """A text with the intents it has, the main one first."""

    text: str
    intents: tuple[str, ...]


def train_triage(threads: Sequence[CorpusThread], taxonomy: Taxonomy) -> TriageWeights:
    """All heads from the threads that are not held out, and from the taxonomy's examples."""
    known = [thread for thread in threads if not thread.is_held_out]
    blank = _blank(known, taxonomy)
    weights = _with_intents(blank, known, taxonomy)
    return _with_the_rest(weights, _unseen_chances(blank, known, taxonomy), known, taxonomy)


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


def _with_intents(weights: TriageWeights, threads: Sequence[CorpusThread], taxonomy: Taxonomy) -> TriageWeights:
    languages = {}
    for language, own in weights.languages.items():
        taught = examples(threads, taxonomy, language)
        rows = own.index.transform([example.text for example in taught])
        head = _classifier(rows, taught, weights.intents)
        languages[language] = replace(own, heads={**own.heads, "intents": head})
    return replace(weights, languages=languages)


def _classifier(rows: Rows, taught: Sequence[Example], names: Sequence[str]) -> Head:
    """A softmax regression; a text of several intents stands once for each, with its share."""
    places, labels, shares = [], [], []
    for place, example in enumerate(taught):
        others = len(example.intents) - 1
        for rank, intent in enumerate(example.intents):
            places.append(place)
            labels.append(names.index(intent))
            shares.append(1.0 if not others else MAIN_SHARE if rank == 0 else (1 - MAIN_SHARE) / others)
    return _softmax_head(rows[places], np.array(labels), len(names), REGULARISATION["intents"], np.array(shares))


def _softmax_head(
    rows: Rows, labels: NDArray[np.int64], count: int, regularisation: float, shares: NDArray[np.float64] | None = None
) -> Head:
    fitted = LogisticRegression(C=regularisation, max_iter=ROUNDS).fit(rows, labels, sample_weight=shares)
    weights, bias = np.zeros((rows.shape[1], count)), np.full(count, -20.0)
    weights[:, fitted.classes_] = fitted.coef_.T
    bias[fitted.classes_] = fitted.intercept_
    return Head(weights, bias)


def _unseen_chances(blank: TriageWeights, threads: Sequence[CorpusThread], taxonomy: Taxonomy) -> NDArray[np.float64]:
    """Each thread's chances of intents before calibration, from weights that had not seen its scenario."""
    found = np.zeros((len(threads), len(blank.intents)))
    for taught, judged in _folds(threads):
        weights = _with_intents(blank, [threads[n] for n in taught], taxonomy)
        found[judged] = Intents(taxonomy, weights).chances([opening_of(threads[n].plain) for n in judged])
    return found


def _folds(threads: Sequence[CorpusThread]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    yield from GroupKFold(FOLDS).split(threads, groups=[thread.scenario for thread in threads])


def _with_the_rest(
    weights: TriageWeights,
    unseen: NDArray[np.float64],
    threads: Sequence[CorpusThread],
    taxonomy: Taxonomy,
) -> TriageWeights:
    triage = Triage(taxonomy, weights=weights)
    courses = np.array([course(thread.plain, triage.sentiment) for thread in threads])
    languages = {}
    for language, own in weights.languages.items():
        places = np.array([n for n, thread in enumerate(threads) if thread.language == language])
        chosen = [threads[n] for n in places]
        numbers: dict[str, tuple[float, ...]] = {"intents": _platt(unseen[places], chosen, weights.intents)}
        texts = own.index.transform([readable_part(opening_of(thread.plain)) for thread in chosen])
        urgency, numbers["urgency"] = _urgency(
            own.index, texts, chosen, taxonomy, language, triage.usual(calibrated(unseen[places], numbers["intents"]))
        )
        sentiment, _ = _regression(texts, [thread.sentiment for thread in chosen], chosen, RIDGE["sentiment"])
        rows = features([thread.plain for thread in chosen], courses[places], own.index)
        felt = [float(thread.satisfaction) for thread in chosen]
        satisfaction, numbers["satisfaction"] = _regression(rows, felt, chosen, RIDGE["satisfaction"])
        heads = {
            "intents": own.heads["intents"],
            "urgency": urgency,
            "sentiment": sentiment,
            "satisfaction": satisfaction,
        }
        languages[language] = replace(own, heads=heads, numbers=numbers)
    felt = [float(thread.satisfaction) for thread in threads]
    wordless, interval = _regression(courses, felt, threads, RIDGE["satisfaction"])
    return replace(weights, languages=languages, wordless=wordless, wordless_interval=interval)


def _urgency(
    index: TextIndex,
    texts: Rows,
    threads: Sequence[CorpusThread],
    taxonomy: Taxonomy,
    language: str,
    by_intents: NDArray[np.float64],
) -> tuple[Head, tuple[float]]:
    """From the threads and the taxonomy's examples; and the temperature at which, with what the intents say, unseen threads' levels are likeliest."""
    usual = [(text, intent.urgency) for intent in taxonomy.intents for text in intent.examples.get(language, ())]
    examples = index.transform([readable_part(text) for text, _ in usual])
    levels = np.array([URGENCIES.index(thread.urgency) for thread in threads])
    others = np.array([URGENCIES.index(level) for _, level in usual])

    def fitted(chosen: NDArray[np.int64]) -> Head:
        shares = np.r_[np.ones(len(chosen)), np.full(len(others), EXAMPLE_SHARE)]
        labels = np.r_[levels[chosen], others]
        return _softmax_head(
            vstack([texts[chosen], examples]), labels, len(URGENCIES), REGULARISATION["urgency"], shares
        )

    scores = np.zeros((len(threads), len(URGENCIES)))
    for taught, judged in _folds(threads):
        scores[judged] = fitted(taught).scores(texts[judged])
    return fitted(np.arange(len(threads))), (_temperature(scores + by_intents, levels),)


def _regression(
    rows: Rows, said: Sequence[float], threads: Sequence[CorpusThread], penalty: float
) -> tuple[Head, tuple[float, float]]:
    """A ridge regression, drawn out to the line on which unseen threads lie; and between which errors COVERED of these lie (split conformal)."""
    labels, unseen = np.array(said), np.zeros(len(said))
    for taught, judged in _folds(threads):
        unseen[judged] = Ridge(alpha=penalty).fit(rows[taught], labels[taught]).predict(rows[judged])
    slope, offset = np.polyfit(unseen, labels, 1)
    errors, tail = labels - slope * unseen - offset, (1 - COVERED) / 2
    ends = float(np.quantile(errors, tail, method="lower")), float(np.quantile(errors, 1 - tail, method="higher"))
    fitted = Ridge(alpha=penalty).fit(rows, labels)
    return Head(slope * fitted.coef_.reshape(-1, 1), np.array([slope * fitted.intercept_ + offset])), ends


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
