"""`trustdesk bench language --only triage`: intent, urgency, sentiment, language, fields and satisfaction of labelled messages and threads.

Beside what the desk says stand the commonest label of the written corpus and the labels of the most alike text there (TF-IDF). The labelled
messages are split by `app.bench.labelled`; the corpus' threads judge where they are held out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from app.bench import agreement
from app.bench.agreement import Statistic, Values, with_interval
from app.bench.labelled import Case, Half, cases
from app.bench.triage_baselines import commonest, nearest
from app.bench.triage_cases import Labelled, Told, held_out, messages
from app.services.runtime import get_runtime

if TYPE_CHECKING:
    from llm.types import ExtractedFields

LANGUAGES = ("en", "zh-Hans")
FIELDS = ("orders", "amounts", "dates", "carriers", "asks")
NEUTRAL = 0.2
"""A sentiment nearer to 0 than this counts as neither good nor bad."""

_PLAIN: Mapping[str, re.Pattern[str]] = {
    "orders": re.compile(r"#?\b[A-Z]{1,4}-?\d{2,}\b"),
    "amounts": re.compile(r"[$€£¥]\s?\d[\d.,]*\d|\d[\d.,]*\s?(?:USD|EUR|dollars|euros|元|美元)"),
    "dates": re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December)|\d{1,2}月\d{1,2}日"),
    "carriers": re.compile(r"\b(?:DHL|UPS|FedEx|USPS|EMS)\b|顺丰|圆通|中通|申通|韵达"),
    "asks": re.compile(r"[^.!?。！？]*[?？]"),
}  # fmt: skip


@dataclass(frozen=True)
class TriageRow:
    """One figure of one language by one judge, over `n` cases (for fields: stretches), with a 95 % bootstrap interval over cases.

    Shares and correlations are 0–1 and −1–1; `satisfaction_error` and `satisfaction_width` are points of 1–5. None: it can't be said.
    """

    record: str
    data: str
    language: str
    figure: str
    by: str
    n: int
    value: float | None
    ci_low: float | None
    ci_high: float | None

    def to_json(self) -> dict[str, object]:
        """The fields, figures to three places."""
        return {key: round(value, 3) if isinstance(value, float) else value for key, value in asdict(self).items()}


def measure(half: Half = "report") -> Iterator[TriageRow]:
    """Labelled messages of a half, then the corpus' held-out threads; of each the desk, then the two baselines."""
    judges: dict[str, Callable[[Sequence[Labelled]], list[Told]]] = {
        "trustdesk": told_by_desk,
        "commonest label": commonest,
        "nearest example": nearest,
    }
    for data, found in (("messages", messages(half)), ("held-out threads", held_out())):
        for language in LANGUAGES:
            chosen = [case for case in found if case.language == language]
            for name, judge in judges.items():
                yield from rows(data, language, name, chosen, judge(chosen))
    for language in LANGUAGES:
        yield from _field_rows(language, [case for case in cases("triage", half) if case["language"] == language])


def told_by_desk(found: Sequence[Labelled]) -> list[Told]:
    """As the commands say it: `classify` of the text, `satisfaction` of the thread."""
    from app.services.language import satisfaction_of

    triage, told = get_runtime().desk.triage, []
    for case in found:
        said, felt = triage.classify(case.text), satisfaction_of(case.thread)
        told.append(
            Told(
                intents=tuple(intent.name for intent in said.intents),
                confidence=said.intents[0].confidence,
                urgency=said.urgency.name,
                urgency_confidence=said.urgency.confidence,
                sentiment=said.sentiment,
                language=said.language,
                satisfaction=felt.score,
                satisfaction_low=felt.ci_low,
                satisfaction_high=felt.ci_high,
            )
        )
    return told


def rows(data: str, language: str, by: str, found: Sequence[Labelled], told: Sequence[Told]) -> Iterator[TriageRow]:
    """A row a figure."""
    for figure, (statistic, *arrays) in _figures(found, told).items():
        value, low, high = (None if np.isnan(v) else v for v in with_interval(statistic, *arrays))
        yield TriageRow("triage", data, language, figure, by, len(found), value, low, high)


def _figures(found: Sequence[Labelled], told: Sequence[Told]) -> dict[str, tuple[Statistic, *tuple[Values, ...]]]:
    """Each figure's statistic with its arrays."""
    codes = {name: place for place, name in enumerate(_names(found, told))}
    main = np.array([codes[case.intents[0]] for case in found])
    first = np.array([codes[one.intents[0]] for one in told])
    among = np.array([float(one.intents[0] in case.intents) for case, one in zip(found, told, strict=True)])
    recalled = np.array([len({*case.intents} & {*one.intents}) for case, one in zip(found, told, strict=True)])
    urgent = np.array([float(case.urgency == one.urgency) for case, one in zip(found, told, strict=True)])
    mood, felt = np.array([case.sentiment for case in found]), np.array([one.sentiment for one in told])
    surveyed, score = np.array([case.satisfaction for case in found]), np.array([one.satisfaction for one in told])
    low, high = (np.array([getattr(one, f"satisfaction_{end}") for one in told]) for end in ("low", "high"))
    share, rank = agreement.share, agreement.rank_correlation
    return {
        "intent_accuracy": (share, (main == first).astype(float)),
        "intent_among": (share, among),
        "intent_macro_f1": (agreement.macro_f1, main, first),
        "intent_recall": (agreement.ratio, recalled, np.array([len(case.intents) for case in found])),
        "intent_ece": (agreement.calibration_error, np.array([one.confidence for one in told]), among),
        "urgency_accuracy": (share, urgent),
        "urgency_ece": (agreement.calibration_error, np.array([one.urgency_confidence for one in told]), urgent),
        "sentiment_sign": (share, (_sign(mood) == _sign(felt)).astype(float)),
        "sentiment_rank": (rank, mood, felt),
        "language": (share, np.array([float(a.language == b.language) for a, b in zip(found, told, strict=True)])),
        "satisfaction_error": (share, np.abs(surveyed - score)),
        "satisfaction_rank": (rank, surveyed, score),
        "satisfaction_covered": (share, ((low <= surveyed) & (surveyed <= high)).astype(float)),
        "satisfaction_width": (share, high - low),
    }


def _names(found: Sequence[Labelled], told: Sequence[Told]) -> list[str]:
    return sorted({case.intents[0] for case in found} | {one.intents[0] for one in told})


def _sign(mood: Values) -> Values:
    return np.where(np.abs(mood) < NEUTRAL, 0, np.sign(mood))


def _field_rows(language: str, found: Sequence[Case]) -> Iterator[TriageRow]:
    """Precision and recall of each field by exact stretch, the desk's and those of a pattern a field."""
    triage = get_runtime().desk.triage
    told = [triage.classify(case["text"]).fields for case in found]
    for field in FIELDS:
        for by, said in (("trustdesk", [_of(one, field) for one in told]), ("plain pattern", _plain(field, found))):
            labels = [set(case["fields"][field]) for case in found]
            hits = np.array([len(said[n] & labels[n]) for n in range(len(found))])
            for name, of in (("precision", said), ("recall", labels)):
                counts = np.array([len(one) for one in of])
                value, low, high = with_interval(agreement.ratio, hits, counts)
                ends = (None if np.isnan(v) else v for v in (value, low, high))
                yield TriageRow("triage", "messages", language, f"{field}_{name}", by, int(counts.sum()), *ends)


def _of(fields: ExtractedFields, field: str) -> set[str]:
    return set(getattr(fields, field))


def _plain(field: str, found: Sequence[Case]) -> list[set[str]]:
    return [{match.strip() for match in _PLAIN[field].findall(case["text"])} for case in found]
