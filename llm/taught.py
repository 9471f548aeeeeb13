"""What people said of texts, as examples beside the weights: a text that is like those that were corrected is told as they were.

A prediction counts as so many examples itself (PRIOR), each corrected text as one weighed by how alike it is: the mean of a Dirichlet posterior
under a kernel. It needs no fitting, so that a correction tells at once, and it can't reach texts that are unlike any that was corrected.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Floats = NDArray[np.float64]
PRIOR = 1.0
UNLIKE_BELOW = 0.15
"""Cosine of two texts under which they have nothing to do with each other: what they share then is how people write."""


@dataclass(frozen=True)
class Correction:
    """What a person says that a text is: intent, urgency, or both; '' where nothing was said."""

    text: str
    intent: str = ""
    urgency: str = ""


def likeness(rows: csr_matrix, taught: csr_matrix) -> Floats:
    """How much each taught text counts for each row, 0–1, (rows, taught): both as an index gives them, of unit length in each of its parts."""
    cosines = np.asarray((rows @ taught.T).toarray(), dtype=np.float64)
    norms = np.sqrt(np.outer(_squares(rows), _squares(taught)))
    cosines = np.divide(cosines, norms, out=np.zeros_like(cosines), where=norms > 0)
    near: Floats = np.clip((cosines - UNLIKE_BELOW) / (1 - UNLIKE_BELOW), 0.0, 1.0)
    return near


def blended(chances: Floats, likeness: Floats, labels: Sequence[int]) -> Floats:
    """`chances` (texts, labels) after the taught texts, whose labels these are; a negative label says nothing."""
    said = np.zeros((len(labels), chances.shape[1]))
    for row, label in enumerate(labels):
        if label >= 0:
            said[row, label] = 1.0
    known = likeness * said.any(axis=1)
    found: Floats = (PRIOR * chances + known @ said) / (PRIOR + known.sum(axis=1, keepdims=True))
    return found


def _squares(rows: csr_matrix) -> Floats:
    return np.asarray(rows.multiply(rows).sum(axis=1), dtype=np.float64).ravel()
