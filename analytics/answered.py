"""What becomes of threads that a machine answers: how many it covers, settles for good and hands over, with intervals.

Definitions, each a share of threads with Wilson's 95 % interval:
- coverage: of the threads that the machine decided on, those that it answered (rather than only asked back or handed over).
- handed over: of the same threads, those that it gave to a person.
- durable: of the threads in which an answer reached the merchant without a person, at least `SETTLED_AFTER` ago, those in which for that
  long after the first such answer nobody wrote again, merchant or person, and nothing was handed over. A word of thanks counts as writing
  again, so it is a lower bound.
- reopened: of the same threads, those in which the merchant wrote again after more than `SITTING` within `SETTLED_AFTER`.
Pure; knows neither where the threads come from nor any page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from analytics.metrics.intervals import mean_of_sums, wilson

SETTLED_AFTER = timedelta(days=7)
SITTING = timedelta(hours=1)
"""Within it a further message goes on with the same talk; after it the merchant came back."""
TENTATIVE_BELOW = 30


@dataclass(frozen=True)
class Decision:
    """What the machine decided at an instant (UTC): `answer`, `ask` or `hand_over`; is_delivered: it reached the merchant without a person."""

    at: datetime
    action: str
    reason: str
    is_delivered: bool


@dataclass(frozen=True)
class AnsweredThread:
    """A thread with at least one decision, and when the merchant and when a person of the desk wrote (UTC), all in any order."""

    decisions: tuple[Decision, ...]
    merchant_at: tuple[datetime, ...] = ()
    person_at: tuple[datetime, ...] = ()


@dataclass(frozen=True)
class Estimate:
    """A share (0–1) or a mean with its 95 % interval over `n`; the value is None where n is 0, the bounds where it can't be told."""

    value: float | None
    ci_low: float | None
    ci_high: float | None
    n: int

    @property
    def is_tentative(self) -> bool:
        """Whether too few are counted to build on it."""
        return self.n < TENTATIVE_BELOW


@dataclass(frozen=True)
class Outcomes:
    """`reasons`: of the threads handed over, the share of each first reason, most frequent first. `immature`: threads answered too recently."""

    coverage: Estimate
    handed_over: Estimate
    durable: Estimate
    reopened: Estimate
    immature: int
    reasons: tuple[tuple[str, Estimate], ...]


def outcomes(threads: Iterable[AnsweredThread], now: datetime) -> Outcomes:
    """The figures as of `now` (UTC)."""
    decided = list(threads)
    given = [thread for thread in decided if _handed_over_at(thread) is not None]
    answered = [thread for thread in decided if any(step.action == "answer" for step in thread.decisions)]
    delivered = [(thread, at) for thread in answered if (at := _delivered_at(thread)) is not None]
    mature = [(thread, at) for thread, at in delivered if at + SETTLED_AFTER <= now]
    reasons = Counter(_first_reason(thread) for thread in given)
    return Outcomes(
        coverage=share(len(answered), len(decided)),
        handed_over=share(len(given), len(decided)),
        durable=share(sum(_is_durable(thread, at) for thread, at in mature), len(mature)),
        reopened=share(sum(_is_reopened(thread, at) for thread, at in mature), len(mature)),
        immature=len(delivered) - len(mature),
        reasons=tuple((reason, share(count, len(given))) for reason, count in reasons.most_common()),
    )


def share(count: int, n: int) -> Estimate:
    """count of n, with Wilson's interval."""
    if n == 0:
        return Estimate(None, None, None, 0)
    low, high = wilson(np.array([float(count)]), np.array([float(n)]))
    return Estimate(count / n, float(low[0]), float(high[0]), n)


def mean_score(scores: Sequence[float]) -> Estimate:
    """The mean of scores 1 to 5 with its interval."""
    values = np.asarray(scores, dtype=float)
    if not len(values):
        return Estimate(None, None, None, 0)
    low, high = mean_of_sums(*(np.array([float(x)]) for x in (values.sum(), (values**2).sum(), len(values))))
    bounds = [float(bound[0]) if np.isfinite(bound[0]) else None for bound in (low, high)]
    return Estimate(float(values.mean()), bounds[0], bounds[1], len(values))


def _delivered_at(thread: AnsweredThread) -> datetime | None:
    return min((step.at for step in thread.decisions if step.action == "answer" and step.is_delivered), default=None)


def _handed_over_at(thread: AnsweredThread) -> datetime | None:
    return min((step.at for step in thread.decisions if step.action == "hand_over"), default=None)


def _first_reason(thread: AnsweredThread) -> str:
    return min((step.at, step.reason) for step in thread.decisions if step.action == "hand_over")[1]


def _is_durable(thread: AnsweredThread, at: datetime) -> bool:
    given = _handed_over_at(thread)
    later = [*thread.merchant_at, *thread.person_at, *([given] if given is not None else [])]
    return not any(at < other <= at + SETTLED_AFTER for other in later)


def _is_reopened(thread: AnsweredThread, at: datetime) -> bool:
    return any(at + SITTING < other <= at + SETTLED_AFTER for other in thread.merchant_at)
