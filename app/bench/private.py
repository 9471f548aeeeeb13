"""Private data found in the labelled messages: recall and precision by language and type, with bootstrap intervals, beside plain patterns.

Half of the messages are for developing, half for reporting, by a hash of their id. A span counts as found when one of the same type shares
with it at least half of what the two cover together.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from app.errors import NoData
from app.i18n import N_

LABELLED = Path(__file__).resolve().parents[2] / "data" / "labelled" / "pii.jsonl"
HALVES = ("report", "develop", "all")
SHARED = 0.5
RESAMPLES = 1_000
SEED = 6

Span = tuple[int, int, str]
Finder = Callable[[str], Iterable[Span]]


@dataclass(frozen=True)
class Labelled:
    """A message with its private data: (start, end, type), code points, end exclusive."""

    message_id: str
    language: str
    text: str
    spans: tuple[Span, ...]

    @property
    def reports(self) -> bool:
        """Whether the message is of the half that figures are reported by."""
        return int(sha256(self.message_id.encode()).hexdigest(), 16) % 2 == 1


@dataclass(frozen=True)
class PrivateScore:
    """Of one language and type (or `all`): shares 0–1 with the 95 % interval of a bootstrap over messages; `in_clear` is the share of
    labelled spans of which a letter or digit stays readable under whatever type."""

    finder: str
    language: str
    type: str
    spans: int
    recall: float | None
    recall_low: float | None
    recall_high: float | None
    found: int
    precision: float | None
    precision_low: float | None
    precision_high: float | None
    exact: float | None
    in_clear: float | None

    def to_json(self) -> dict[str, object]:
        """The fields, shares to three places."""
        return {"record": "private"} | {k: round(v, 3) if isinstance(v, float) else v for k, v in self.__dict__.items()}


def labelled(half: str = "all", path: Path = LABELLED) -> tuple[Labelled, ...]:
    """The messages of a half. Raises NoData where the set isn't there."""
    if not path.is_file():
        raise NoData(N_("The labelled messages are not here: run from a clone that holds data/labelled/pii.jsonl."))
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    messages = (
        Labelled(r["id"], r["language"], r["text"], tuple((s["start"], s["end"], s["type"]) for s in r["spans"]))
        for r in rows
    )
    return tuple(m for m in messages if half == "all" or m.reports == (half == "report"))


def measure(half: str = "report") -> Iterator[PrivateScore]:
    """The product's finder and the plain patterns on a half: over all, by language, by type, and by both."""
    from llm.privacy import find

    messages = labelled(half)
    yield from scores("trustdesk", messages, lambda text: [(s.start, s.end, s.type) for s in find(text)])
    yield from scores("plain patterns", messages, plain_patterns)


def scores(name: str, messages: Sequence[Labelled], finder: Finder) -> Iterator[PrivateScore]:
    """A row for all, then one a language, a type, and a language and type that any span has."""
    counts: dict[tuple[str, str], dict[int, np.ndarray]] = defaultdict(dict)
    for place, message in enumerate(messages):
        for type_, row in _counts(message, list(finder(message.text))).items():
            for key in ((message.language, type_), (message.language, "all"), ("all", type_), ("all", "all")):
                counts[key][place] = counts[key].get(place, np.zeros(6)) + row
    for language, type_ in sorted(counts, key=lambda key: (key[0] != "all", key[0], key[1] != "all", key[1])):
        of = [n for n, m in enumerate(messages) if language in ("all", m.language)]
        rows = np.array([counts[language, type_].get(n, np.zeros(6)) for n in of])
        yield score(name, language, type_, rows)


def _counts(message: Labelled, found: Sequence[Span]) -> dict[str, np.ndarray]:
    """By type: labelled, of these found, found, of these labelled, exact, left in clear."""
    masked = {n for start, end, _ in found for n in range(start, end)}
    counts: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(6))
    for span in message.spans:
        clear = any(message.text[n].isalnum() and n not in masked for n in range(span[0], span[1]))
        counts[span[2]] += (1, any(same(span, other) for other in found), 0, 0, span in found, clear)
    for span in found:
        counts[span[2]] += (0, 0, 1, any(same(span, other) for other in message.spans), 0, 0)
    return counts


def same(one: Span, other: Span) -> bool:
    """Whether two spans have one type, and share at least SHARED of what they cover together."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    together = max(one[1], other[1]) - min(one[0], other[0])
    return one[2] == other[2] and shared >= SHARED * together


def score(name: str, language: str, type_: str, rows: np.ndarray) -> PrivateScore:
    """The shares of `rows` (messages, 6), each: labelled, of these found, found, of these labelled, exact, left in clear."""
    deal = np.random.default_rng(SEED)
    drawn = rows[deal.integers(0, len(rows), (RESAMPLES, len(rows)))].sum(axis=1)
    total = rows.sum(axis=0)
    recall, precision = _interval(total, drawn, 0, 1), _interval(total, drawn, 2, 3)
    of = total[0] or np.nan
    return PrivateScore(
        name, language, type_, int(total[0]), *recall, int(total[2]), *precision,
        _share(total[4] / of), _share(total[5] / of),
    )  # fmt: skip


def _interval(
    total: np.ndarray, drawn: np.ndarray, of: int, right: int
) -> tuple[float | None, float | None, float | None]:
    if not total[of]:
        return None, None, None
    held = drawn[drawn[:, of] > 0]
    low, high = np.quantile(held[:, right] / held[:, of], (0.025, 0.975))
    return float(total[right] / total[of]), float(low), float(high)


def _share(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


_PLAIN = (
    ("EMAIL", r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    ("URL", r"(?:https?://|www\.)\S+"),
    ("IP", r"\b\d{1,3}(?:\.\d{1,3}){3}\b"),
    ("CARD", r"\b\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}\b"),
    ("BANK_ACCOUNT", r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}\b"),
    ("NATIONAL_ID", r"\b\d{17}[\dXx]\b|\b\d{3}-\d{2}-\d{4}\b|\b\d{3}\.\d{3}\.\d{3}-\d{2}\b"),
    ("PHONE", r"\+?\d[\d ().-]{8,16}\d"),
    ("ADDRESS", r"\b\d+[A-Za-z]? [A-Z][\w']+ (?:Street|St|Road|Rd|Avenue|Ave|Lane|Drive)\b"),
    ("PERSON", r"\b[A-Z][a-z]+ [A-Z][a-z]+\b|[王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗][\u4e00-\u9fff]{1,2}(?=先生|女士)"),
)  # fmt: skip


def plain_patterns(text: str) -> list[Span]:
    """What a page of regular expressions finds, without checksums, context or learning: the baseline."""
    found: list[Span] = []
    for type_, pattern in _PLAIN:
        for match in re.finditer(pattern, text):
            start, end = match.span()
            if all(end <= span[0] or span[1] <= start for span in found):
                found.append((start, end, type_))
    return sorted(found)
