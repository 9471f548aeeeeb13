"""The labelled sets of questions, conversations and single messages, split into a half to develop on and a half to report by; intervals of shares.

The half is told by a hash, so that it never depends on what was measured. Counterparts in the other language lie on one side.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from app.settings import project_root

Half = Literal["develop", "report"]
Case = Mapping[str, Any]
FOLDER = project_root() / "data" / "labelled"
RESAMPLES = 2_000
SEED = 20_260_901


def cases(name: str, half: Half) -> list[Case]:
    """The cases of `questions`, `conversations` or `triage` that lie in that half, in the file's order."""
    rows = map(json.loads, (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())
    return [row for row in rows if half_of(row) == half]


def half_of(case: Case) -> Half:
    """By the SHA-256 of what counterparts share."""
    return "report" if hashlib.sha256(_shared(case).encode()).digest()[0] % 2 else "develop"


def _shared(case: Case) -> str:
    """Conversations and messages: their number. Questions, whose numbers tell nothing: the passage that answers, else their own id."""
    for kind, of in (("conversation", "messages"), ("triage", "urgency")):
        if of in case:
            return f"{kind}-{case['id'].rsplit('-', 1)[-1]}"
    return str(case["relevant"][0] if case["relevant"] else case["id"])


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean and its 95 % percentile bootstrap interval over cases; NaN for none."""
    if not values:
        return float("nan"), float("nan"), float("nan")
    drawn = np.random.default_rng(SEED).choice(np.asarray(values, dtype=float), (RESAMPLES, len(values)))
    low, high = np.quantile(drawn.mean(axis=1), (0.025, 0.975))
    return float(np.mean(values)), float(low), float(high)


@dataclass(frozen=True)
class Share:
    """Precision or recall (0–1) in one language, by one judge, of the set `record`: `n` found (precision) or there (recall), with Wilson's 95 % interval; None of none."""

    record: str
    language: str
    figure: str
    by: str
    n: int
    value: float | None
    ci_low: float | None
    ci_high: float | None

    def to_json(self) -> dict[str, object]:
        return {key: round(value, 3) if isinstance(value, float) else value for key, value in asdict(self).items()}


def share(record: str, language: str, figure: str, by: str, right: int, n: int) -> Share:
    """`right` of `n`."""
    from analytics.metrics.intervals import wilson

    if not n:
        return Share(record, language, figure, by, 0, None, None, None)
    low, high = wilson(np.array([float(right)]), np.array([float(n)]))
    return Share(record, language, figure, by, n, right / n, float(low[0]), float(high[0]))
