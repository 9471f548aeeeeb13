"""Which of many texts are nearly the same: MinHash of their characters (Broder 1997), so that nothing is compared pair by pair.

Figures, case and signs don't count: a text sent again with another order number is the same text. Knows no theme.
"""

import re
import zlib
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

HASHES = 32
BANDS = 8
ALIKE = 0.75
"""Estimated Jaccard likeness of the characters' runs from which on two texts are nearly the same."""
RUN = 4
_PRIME = (1 << 31) - 1
_DRAWN = np.random.default_rng(0)  # the same at every start, for signatures are kept
_FACTORS = _DRAWN.integers(1, _PRIME, HASHES, dtype=np.int64)
_OFFSETS = _DRAWN.integers(0, _PRIME, HASHES, dtype=np.int64)
_LETTERS = re.compile(r"[^\W\d_]+")
Signature = tuple[int, ...]


def signature(text: str) -> Signature:
    """HASHES numbers below 2³¹; texts that share most of their runs of RUN letters share most of them."""
    letters = "".join(_LETTERS.findall(text.casefold())) or text.strip()
    runs = {letters[i : i + RUN] for i in range(max(1, len(letters) - RUN + 1))}
    codes = np.fromiter((zlib.crc32(run.encode()) % _PRIME for run in runs), dtype=np.int64, count=len(runs))
    lowest = ((codes[:, None] * _FACTORS + _OFFSETS) % _PRIME).min(axis=0)
    return tuple(int(value) for value in lowest)


def same_texts(signatures: Sequence[Signature]) -> list[int]:
    """For each text the number of its group; texts that are nearly the same, also by way of others, have the same number."""
    if not signatures:
        return []
    rows: NDArray[np.int64] = np.array(signatures, dtype=np.int64)
    width = HASHES // BANDS
    first: list[int] = []
    second: list[int] = []
    for band in range(BANDS):
        held: dict[bytes, list[int]] = defaultdict(list)
        for place, part in enumerate(rows[:, band * width : (band + 1) * width]):
            held[part.tobytes()].append(place)
        for places in held.values():
            alike = (rows[places] == rows[places[0]]).mean(axis=1) >= ALIKE
            first += [places[0]] * int(alike.sum())
            second += [place for place, is_alike in zip(places, alike, strict=True) if is_alike]
    graph = coo_matrix((np.ones(len(first)), (first, second)), shape=(len(rows), len(rows)))
    return [int(label) for label in connected_components(graph, directed=False)[1]]
