"""What becomes of threads that a machine answers: every definition on threads of one's own making."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from analytics.answered import AnsweredThread, Decision, mean_score, outcomes, share

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOW = START + timedelta(days=10)


def after(**passed: float) -> datetime:
    return START + timedelta(**passed)


def decided(action: str = "answer", reason: str = "known", *, at: datetime = START, delivered: bool = True) -> Decision:
    return Decision(at, action, reason, delivered)


SETTLED = AnsweredThread((decided(),), merchant_at=(after(minutes=-1),))


def test_coverage_counts_threads_that_were_answered_of_those_decided_on() -> None:
    asked, given = AnsweredThread((decided("ask"),)), AnsweredThread((decided("hand_over", "money"),))
    draft = AnsweredThread((decided(delivered=False),))
    found = outcomes([SETTLED, SETTLED, draft, asked, given], NOW)
    assert (found.coverage.value, found.coverage.n) == (0.6, 5)
    assert (found.handed_over.value, found.handed_over.n) == (0.2, 5)
    assert (found.durable.value, found.durable.n) == (1.0, 2), "a draft that nobody sent has settled nothing"


@pytest.mark.parametrize(
    ("thread", "durable", "reopened"),
    [
        (SETTLED, 1.0, 0.0),
        (AnsweredThread((decided(),), merchant_at=(after(minutes=5),)), 0.0, 0.0),
        (AnsweredThread((decided(),), merchant_at=(after(hours=1),)), 0.0, 0.0),
        (AnsweredThread((decided(),), merchant_at=(after(hours=1, seconds=1),)), 0.0, 1.0),
        (AnsweredThread((decided(),), merchant_at=(after(days=7),)), 0.0, 1.0),
        (AnsweredThread((decided(),), merchant_at=(after(days=7, seconds=1),)), 1.0, 0.0),
        (AnsweredThread((decided(),), person_at=(after(days=1),)), 0.0, 0.0),
        (AnsweredThread((decided(), decided("hand_over", "repeated", at=after(days=2)))), 0.0, 0.0),
        (AnsweredThread((decided(), decided("hand_over", "repeated", at=after(days=8)))), 1.0, 0.0),
        (AnsweredThread((decided("ask", at=after(minutes=-9)), decided()), merchant_at=(after(minutes=-8),)), 1.0, 0.0),
    ],
)
def test_settled_for_good_and_reopened(thread: AnsweredThread, durable: float, reopened: float) -> None:
    found = outcomes([thread], NOW)
    assert (found.durable.value, found.reopened.value) == (durable, reopened)
    assert found.durable.n == found.reopened.n == 1


def test_a_fresh_answer_is_not_judged_yet() -> None:
    found = outcomes([SETTLED], START + timedelta(days=7) - timedelta(seconds=1))
    assert (found.durable.value, found.durable.n, found.immature) == (None, 0, 1)
    assert outcomes([SETTLED], START + timedelta(days=7)).immature == 0


def test_a_thread_has_one_reason_its_first() -> None:
    threads = [
        AnsweredThread((decided("hand_over", "money"), decided("hand_over", "legal", at=after(days=1)))),
        AnsweredThread((decided("hand_over", "money"),)),
        AnsweredThread((decided("hand_over", "unsure"),)),
        SETTLED,
    ]
    found = outcomes(threads, NOW).reasons
    assert [(reason, round(part.n * (part.value or 0))) for reason, part in found] == [("money", 2), ("unsure", 1)]
    assert all(part.n == 3 for _, part in found)


def test_few_are_tentative_and_none_is_no_zero() -> None:
    assert (share(1, 29).is_tentative, share(1, 30).is_tentative) == (True, False)
    nothing = outcomes([], NOW)
    assert (nothing.coverage.value, nothing.coverage.n, nothing.reasons) == (None, 0, ())
    low, high = share(3, 10).ci_low, share(3, 10).ci_high
    assert low is not None
    assert high is not None
    assert (round(low, 3), round(high, 3)) == (0.108, 0.603), "Wilson 1927 for 3 of 10"


def test_a_mean_of_one_score_has_no_interval() -> None:
    assert mean_score([]).value is None
    one, many = mean_score([4.0]), mean_score([4.0, 5.0, 3.0])
    assert (one.value, one.ci_low, one.n) == (4.0, None, 1)
    assert many.value == 4.0
    assert many.ci_low is not None
    assert many.ci_low < 4.0
