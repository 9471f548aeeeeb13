"""The labelled sets of questions, conversations and single messages, split into a half to develop on and a half to report by; and bootstrap intervals.

The half is told by a hash, so that it never depends on what was measured. Counterparts in the other language lie on one side.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
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
