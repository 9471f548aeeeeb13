"""What was not the merchant's fault: left out of the score, counted in the other, and listed with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from analytics.errors import InputError
from analytics.trust import accountable, daily_counts, default_programme, fit_model, score_from_counts
from analytics.trust.accountable import with_all_faults
from analytics.warehouse import Warehouse

PROGRAMME = default_programme()


def test_all_faults_count_in_the_other_score_alone() -> None:
    other = with_all_faults(PROGRAMME)
    changed = {
        rate.rate_id: (rate.numerator, also.numerator)
        for rate, also in zip(PROGRAMME.rates, other.rates, strict=True)
        if rate != also
    }
    assert changed == {
        "late_seller_rate": ("late_seller_count", "delivered_late_count"),
        "seller_cancellation_rate": ("seller_cancelled_count", "cancelled_count"),
        "seller_return_rate": ("seller_returned_count", "returned_count"),
        "seller_dispute_rate": ("seller_disputed_count", "disputed_count"),
    }


def test_excluded_orders_make_up_the_difference_and_carry_a_reason(demo_warehouse: Path) -> None:
    warehouse = Warehouse(demo_warehouse)
    with warehouse.cursor() as cursor:
        plain, every = daily_counts(cursor, PROGRAMME), daily_counts(cursor, with_all_faults(PROGRAMME))
        merchant_id = str(plain.loc[plain["n"].idxmax(), "merchant_id"])
        found = accountable(cursor, merchant_id)
        with pytest.raises(InputError, match="no-one"):
            accountable(cursor, "no-one")
    own, other = (frame[frame["merchant_id"] == merchant_id].iloc[0] for frame in (plain, every))
    for rate in PROGRAMME.rates:
        more = other[f"{rate.rate_id}.numerator"] - own[f"{rate.rate_id}.numerator"]
        assert (found.excluded["rate_id"] == rate.rate_id).sum() == more
    assert len(found.excluded) > 5
    assert set(found.excluded["fault"]) <= {"carrier", "buyer", "platform", "unknown"}
    model = fit_model(plain, PROGRAMME)
    assert found.score == score_from_counts(plain[plain["merchant_id"] == merchant_id], model)["score"].iloc[0]
    assert found.with_all_faults is not None
    assert found.difference is not None
    assert found.score is not None
    assert found.difference == found.with_all_faults - found.score
    assert found.with_all_faults < found.score
