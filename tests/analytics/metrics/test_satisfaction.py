"""The satisfaction overview on a few orders, worked out by hand."""

from __future__ import annotations

from datetime import date

import pytest

from analytics.metrics import Scope
from analytics.satisfaction import TOUCHPOINTS, satisfaction_overview
from tests.analytics.metrics.marketplace import build, event, order


def test_silent_buyers_lower_the_effective_positive_share() -> None:
    events = [event("view", "2024-12-31")]
    for i in range(40):
        reviews = [("review_posted", "2024-03-09", {"score": 5 if i < 18 else 1})] if i < 20 else []
        events += order(f"o{i}", "2024-03-01", buyer_id=f"b{i}", then=[("order_delivered", "2024-03-05"), *reviews])
    for i in range(10):
        events.append(event("nps_answered", "2024-03-10", score=10 if i < 7 else 3))
        events += order(f"again{i}", "2024-04-01", buyer_id=f"b{i}")
    overview = satisfaction_overview(build({"events": events}), Scope(date(2024, 1, 1), date(2024, 12, 31)))
    assert overview.figure("positive_share").result.value == pytest.approx(18 / 20)
    assert overview.figure("effective_positive_share").result.value == pytest.approx(18 / 40)
    assert overview.figure("positive_share").coverage == pytest.approx(0.5)
    assert overview.figure("nps").result.value == pytest.approx(40)
    assert overview.figure("nps").coverage == pytest.approx(10 / 40)
    assert overview.figure("dsr_service").result.status == "not_in_source"
    assert overview.figure("dsr_service").coverage is None
    assert {figure.touchpoint for figure in overview.figures} == set(TOUCHPOINTS)
    # 50 orders, of which 2 are defects: 10 of the 48 good ones were followed by another within 90 days
    assert overview.after_experience.current.numerator == 10
    assert overview.after_experience.current.denominator == 48
    assert overview.after_experience.base is not None
    assert overview.after_experience.base.status == "too_few"
    assert overview.after_experience.change is None
    with pytest.raises(KeyError):
        overview.figure("orders")
