"""Which themes grew, came up or went away, and which only seem to have: exact tests, and all themes of a day judged together.

Threads are counted, not messages: a long talk about one matter is one matter. Knows no text.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import binomtest, false_discovery_control

FALSE_NEWS = 0.05
"""Of what is told as news, at most this share is chance, on average (Benjamini and Hochberg 1995)."""
_Z95 = 1.959963984540054

NEW, VANISHED, GROWING, SHRINKING, STEADY = "new", "vanished", "growing", "shrinking", "steady"


@dataclass(frozen=True)
class Counted:
    """Threads of a theme and of all, in the window and in the period before."""

    now: int
    total: int
    before: int
    total_before: int


def told(counts: Sequence[Counted], smallest: int) -> list[str]:
    """For each theme what is told of it. new: it was no theme before, and its share rose by more than chance; vanished: the other way round."""
    chances = [_chance(one) for one in counts]
    adjusted = false_discovery_control(chances) if chances else []
    return [
        _status(one, smallest) if chance <= FALSE_NEWS else STEADY for one, chance in zip(counts, adjusted, strict=True)
    ]


def _chance(one: Counted) -> float:
    """How likely so uneven a split of its threads is if their share did not change: binomial, given their sum, two-sided."""
    if not (one.total and one.total_before and one.now + one.before):
        return 1.0
    expected = one.total / (one.total + one.total_before)
    return float(binomtest(one.now, one.now + one.before, expected).pvalue)


def _status(one: Counted, smallest: int) -> str:
    if one.now * one.total_before > one.before * one.total:
        return NEW if one.before < smallest else GROWING
    return VANISHED if one.now < smallest else SHRINKING


def share_growth(
    count: int, total: int, count_before: int, total_before: int
) -> tuple[float | None, float | None, float | None]:
    """Relative change of a share with its 95 % interval, from the log of the ratio of two shares (Katz et al. 1978); None where undefined."""
    if not (count and total and count_before and total_before):
        return None, None, None
    ratio = (count / total) / (count_before / total_before)
    spread = _Z95 * math.sqrt(1 / count - 1 / total + 1 / count_before - 1 / total_before)
    return ratio - 1, ratio * math.exp(-spread) - 1, ratio * math.exp(spread) - 1


def rate_change(now: int, before: int) -> tuple[float | None, float, float | None]:
    """How many times as often something happened as in an equally long period before, with its exact 95 % interval (Clopper-Pearson, given the sum);
    None without a bound. Raises ValueError where it happened in neither."""
    if not now + before:
        raise ValueError("nothing happened in either period: there is no change to tell")
    share = binomtest(now, now + before).proportion_ci(method="exact")
    low, high = float(share.low), float(share.high)
    return now / before if before else None, low / (1 - low), high / (1 - high) if high < 1 else None
