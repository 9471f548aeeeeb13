"""The path of labels is the best of all allowed ones, found by trying each."""

from itertools import pairwise, product

import numpy as np

from llm.labelling import likeliest

LABELS = ("O", "B-P", "I-P", "B-A", "I-A")


def _is_allowed(path: tuple[int, ...]) -> bool:
    names = ["O", *(LABELS[n] for n in path)]
    return all(not now.startswith("I-") or before[2:] == now[2:] for before, now in pairwise(names))


def test_the_path_is_the_best_allowed_one() -> None:
    deal = np.random.default_rng(4)
    for _ in range(30):
        logs = deal.normal(size=(4, len(LABELS)))
        paths = [path for path in product(range(len(LABELS)), repeat=4) if _is_allowed(path)]
        best = max(paths, key=lambda path: sum(logs[n, label] for n, label in enumerate(path)))
        assert likeliest(logs, LABELS) == list(best)


def test_an_inside_alone_is_never_told() -> None:
    logs = np.array([[0.0, -9.0, 5.0, -9.0, -9.0]])
    assert likeliest(logs, LABELS) == [0]
