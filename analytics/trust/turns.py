"""When a merchant's conduct turns bad: a running test of its orders against its own good times. Knows a stream of outcomes alone.

Bernoulli cumulative sums (Page 1954; Reynolds and Stoumbos 1999): each outcome adds the logarithm of how much likelier it is under a much worse rate than under the
usual one; the sum never falls below zero, and above ALARM it says so. What comes while it is raised is not learnt as usual, so who is bad a
quarter of the time is held against the other three.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

ALARM = 5.0  # e^5: a hundred and fifty times likelier
WORSE = 0.25  # added to the usual rate
PRIOR_ORDERS = 20.0  # that the marketplace's rate weighs as, before a merchant's own


@dataclass
class _Watch:
    bad: float
    n: float
    sum: float = 0.0
    is_raised: bool = False

    def take(self, is_bad: bool) -> bool:
        """Take one outcome; whether it raises the alarm."""
        usual = min(self.bad / self.n, 0.7)
        worse = usual + WORSE
        self.sum = max(0.0, self.sum + (math.log(worse / usual) if is_bad else math.log((1 - worse) / (1 - usual))))
        if self.is_raised or self.sum >= ALARM:
            raised = not self.is_raised
            self.is_raised = self.sum > 0
            self.sum = min(self.sum, ALARM)
            return raised
        if self.sum < ALARM / 2:
            self.bad, self.n = self.bad + is_bad, self.n + 1
        return False


def turns(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Alarms: merchant_id, at; sorted by time. outcomes: merchant_id, known_at (when it was seen), is_bad; any order. Ties go by merchant and outcome."""
    told = outcomes.sort_values(["known_at", "merchant_id", "is_bad"])
    rate = min(max(float(told["is_bad"].mean()) if len(told) else 0.0, 0.005), 0.5)
    watches: dict[object, _Watch] = {}
    found = []
    for merchant, at, is_bad in zip(told["merchant_id"], told["known_at"], told["is_bad"].astype(bool), strict=True):
        watch = watches.setdefault(merchant, _Watch(rate * PRIOR_ORDERS, PRIOR_ORDERS))
        if watch.take(is_bad):
            found.append((merchant, at))
    return pd.DataFrame(found, columns=["merchant_id", "at"])
