"""The likeliest labels of a row of words, where an inside (I-x) follows its beginning (B-x) or another inside alone. Knows no text."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


def likeliest(logs: Floats, labels: Sequence[str]) -> list[int]:
    """The path of labels (as positions) of the greatest sum of `logs` (n ≥ 1, labels), by Viterbi's algorithm (1967); before the first stands `labels[0]`."""
    steps = _steps(tuple(labels))
    alone = logs.argmax(axis=1)
    is_allowed = np.isfinite(steps[np.r_[0, alone[:-1]], alone])
    if is_allowed.all():  # as of most rows: nothing better can be found
        return [int(label) for label in alone]
    best = logs[0] + steps[0]
    back = []
    for row in logs[1:]:
        through = best[:, None] + steps
        back.append(through.argmax(axis=0))
        best = through.max(axis=0) + row
    path = [int(best.argmax())]
    for before in reversed(back):
        path.append(int(before[path[-1]]))
    return path[::-1]


@cache
def _steps(labels: tuple[str, ...]) -> Floats:
    """0 where a label may follow another, else minus infinity: (labels, labels)."""
    steps = np.zeros((len(labels), len(labels)), np.float32)
    for n, label in enumerate(labels):
        if label.startswith("I-"):
            steps[:, n] = [0.0 if before[2:] == label[2:] else -np.inf for before in labels]
    return steps
