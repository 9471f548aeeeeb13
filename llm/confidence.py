"""How likely the passage found first is one that answers: a logistic regression on how near it is and how far ahead of the others.

Its coefficients and the threshold below which the desk doesn't answer are data (`data/models/answering.json`), with the run that made them.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from llm.errors import KnowledgeError
from llm.knowledge import Hit
from llm.language import ENGLISH

Coefficients = tuple[float, float, float, float]
"""Intercept, then one for each of `Signals`."""


@dataclass(frozen=True)
class Signals:
    """Of a search: the best score, its lead over the best of another article, its ratio to the mean of all found."""

    best: float
    lead: float
    ratio: float

    @classmethod
    def of(cls, hits: Sequence[Hit]) -> "Signals":
        """All 0 where nothing was found."""
        if not hits:
            return cls(0.0, 0.0, 0.0)
        others = [hit.score for hit in hits if hit.passage.article_id != hits[0].passage.article_id]
        mean = sum(hit.score for hit in hits) / len(hits)
        return cls(hits[0].score, hits[0].score - max(others, default=0.0), hits[0].score / mean - 1)

    def values(self) -> tuple[float, float, float]:
        """As the regression takes them."""
        return self.best, self.lead, self.ratio


@dataclass(frozen=True)
class Calibration:
    """Coefficients by index (`en+vectors`, `en`, `zh-Hans`), and the least chance at which the desk answers."""

    coefficients: Mapping[str, Coefficients]
    threshold: float

    def chance(self, signals: Signals, language: str, *, has_vectors: bool) -> float:
        """0–1; 0 where nothing was found."""
        if signals.best <= 0:
            return 0.0
        intercept, *weights = self.coefficients[index_name(language, has_vectors=has_vectors)]
        total = intercept + sum(w * value for w, value in zip(weights, signals.values(), strict=True))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def index_name(language: str, *, has_vectors: bool) -> str:
    """Scores of different searches don't compare: each has its own coefficients."""
    return f"{language}+vectors" if has_vectors and language == ENGLISH else language


def read_calibration(path: Path) -> Calibration:
    """Raises KnowledgeError naming the file where it is absent or broken."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        found = {
            name: (float(c[0]), float(c[1]), float(c[2]), float(c[3])) for name, c in table["coefficients"].items()
        }
        return Calibration(found, float(table["threshold"]))
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise KnowledgeError(
            f"{path}: holds no calibration ({error}). Make it anew: python -m app.bench.calibrate."
        ) from error
