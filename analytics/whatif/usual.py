"""What merchants usually do: beyond that the data say nothing, and a what-if extrapolates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NARROWEST = 0.01  # of a usual range: what all merchants do alike tells no scale of its own
_ENDS = (0.05, 0.95)  # quantiles of merchants' own values
_FEWEST = 10  # merchants of a segment that tell what is usual there; with fewer, all merchants do


def usual_of(values: NDArray[np.float64], inside: NDArray[np.bool_]) -> tuple[float, float] | None:
    """The middle nine tenths of merchants' own values, (merchants,): of those of the segment, or of all where they are too few; None without any."""
    told = values[inside] if inside.sum() >= _FEWEST else values
    if not len(told):
        return None
    low, high = np.quantile(told, _ENDS)
    return float(low), float(high)
