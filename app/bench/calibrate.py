"""`python -m app.bench.calibrate`: when the desk is sure enough to answer by itself, from the half of the labelled sets that is for developing.

Writes `data/models/answering.json`: coefficients, the risk–coverage curve by cross-validation, and the threshold chosen on it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from app.bench.labelled import SEED, cases
from app.commands.plumbing import runtime
from app.services.answering import CALIBRATION_FILE
from app.services.desk import load_knowledge
from app.services.runtime import get_runtime

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llm.confidence import Signals

MOST_RISK = 0.1
"""Wrong among the answered, at most, in cross-validation: above it a person answers."""
FEWEST = 15
"""A point of the curve with fewer answers than this is not chosen."""
FOLDS = 5
STRENGTH = 1.0


@dataclass(frozen=True)
class Asked:
    """A question: what its search looked like, and whether what would be told answers it."""

    index: str
    signals: Signals
    is_right: bool


def main() -> None:
    """Fits, draws the curve, chooses, writes."""
    with runtime():
        by_index = {
            name: _asked(language, has_vectors)
            for name, language, has_vectors in (
                ("en+vectors", "en", True),
                ("en", "en", False),
                ("zh-Hans", "zh-Hans", False),
            )
        }
    table = calibration(by_index)
    CALIBRATION_FILE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(table))


def _asked(language: str, has_vectors: bool) -> list[Asked]:
    from llm.answer import SEARCHED, told
    from llm.confidence import Signals, index_name

    desk = get_runtime().desk
    encoder = desk.encoder if has_vectors else None
    found = []
    for text, relevant in questions(language):
        hits = load_knowledge().for_audience("merchant").search(text, language, SEARCHED, encoder)
        cites = {hit.passage.cite for hit in told(hits)}
        found.append(
            Asked(index_name(language, has_vectors=has_vectors), Signals.of(hits), bool(cites & set(relevant)))
        )
    return found


def questions(language: str) -> list[tuple[str, list[str]]]:
    """Text and relevant passages of all that is to be answered, or is outside the knowledge."""
    single = [(c["text"], c["relevant"]) for c in cases("questions", "develop") if c["language"] == language]
    talks = [
        (c["messages"][-1]["text"], c["relevant"] if c["reason"] == "known" else [])
        for c in cases("conversations", "develop")
        if c["language"] == language and c["reason"] in ("known", "unsure") and len(c["messages"]) == 1
    ]
    return single + talks


def calibration(by_index: dict[str, list[Asked]]) -> dict[str, object]:
    """What the file holds."""
    coefficients = {name: _fit(asked) for name, asked in by_index.items()}
    shipped = [asked for name in ("en+vectors", "zh-Hans") for asked in by_index[name]]
    chances = np.concatenate([_held_out(by_index[name]) for name in ("en+vectors", "zh-Hans")])
    right = np.array([asked.is_right for asked in shipped])
    points = curve(chances, right)
    fitting = [p for p in points if p["risk"] <= MOST_RISK and p["answered"] >= FEWEST]
    chosen = max(fitting, key=lambda point: point["answered"], default=points[0])
    return {
        "made_by": "python -m app.bench.calibrate",
        "data": f"{len(shipped)} questions of the developing half of data/labelled (questions, conversations)",
        "rule": f"widest coverage with a cross-validated risk of at most {MOST_RISK} and at least {FEWEST} answers",
        "coefficients": coefficients,
        "threshold": chosen["threshold"],
        "chosen": chosen,
        "curve": [point for place, point in enumerate(points) if place % 5 == 4 or point is chosen],
    }


def _fit(asked: list[Asked]) -> list[float]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    values = np.array([a.signals.values() for a in asked])
    scaler = StandardScaler().fit(values)
    model = LogisticRegression(C=STRENGTH).fit(scaler.transform(values), [a.is_right for a in asked])
    weights = model.coef_[0] / scaler.scale_
    return [round(float(x), 4) for x in (model.intercept_[0] - weights @ scaler.mean_, *weights)]


def _held_out(asked: list[Asked]) -> NDArray[np.float64]:
    """Each question's chance by a regression that has not seen its fold."""
    from llm.confidence import Calibration

    folds = np.random.default_rng(SEED).permutation(len(asked)) % FOLDS
    chances = np.empty(len(asked))
    for fold in range(FOLDS):
        fitted = _fit([a for a, at in zip(asked, folds, strict=True) if at != fold])
        model = Calibration({"en": (fitted[0], fitted[1], fitted[2], fitted[3])}, 0.0)
        for place in np.flatnonzero(folds == fold):
            chances[place] = model.chance(asked[place].signals, "en", has_vectors=False)
    return chances


def curve(chances: NDArray[np.float64], right: NDArray[np.bool_]) -> list[dict[str, float]]:
    """Risk (wrong among the answered) and coverage (answered among all) at each threshold, from the surest down."""
    order = np.argsort(-chances, kind="stable")
    wrong = np.cumsum(~right[order])
    return [
        {
            "threshold": round(float(chances[order[n]]), 3),
            "answered": n + 1,
            "coverage": round((n + 1) / len(order), 3),
            "risk": round(float(wrong[n]) / (n + 1), 3),
        }
        for n in range(len(order))
    ]


if __name__ == "__main__":
    main()
