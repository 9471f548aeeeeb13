"""The satisfaction studies on real orders: what they can tell they tell, and where hardly anybody buys twice they say so."""

from __future__ import annotations

import pytest

from analytics.satisfaction import source
from analytics.satisfaction.cohorts import cohorts_of
from analytics.satisfaction.drift import drift_of
from analytics.satisfaction.drivers import drivers_of
from analytics.satisfaction.index import index_of, silence_of
from analytics.satisfaction.segments import segment_buyers
from analytics.warehouse import Cursor
from tests.acceptance.conftest import EVER, NEEDS_OLIST

pytestmark = NEEDS_OLIST


def test_the_index_is_of_stars_alone_and_silence_is_bounded(cursor: Cursor) -> None:
    sums = source.answers(cursor, EVER)
    index = index_of(sums)
    assert index.value == pytest.approx(100 * (4.076 - 1) / 4, abs=0.3)  # reviews of several merchants count for each
    assert len(index.left_out) == 6
    silence = silence_of(sums)
    assert silence.effective is not None
    assert silence.plain is not None
    assert silence.upper is not None
    assert silence.effective < silence.plain < silence.upper


def test_lateness_costs_the_published_stars(cursor: Cursor) -> None:
    """Published: 2.461 stars of late orders, 4.266 of those on time."""
    orders = source.orders(cursor, EVER).rows
    orders["late_seller"] = orders["late_seller"] + orders["late_other"]
    found = {
        d.cause: d for d in drivers_of(orders.assign(late_other=0), "rating", in_source=source.recorded(cursor)).drivers
    }
    late = found["late_seller"]
    assert late.raw is not None
    assert late.adjusted is not None
    assert late.raw.ci_low < 2.461 - 4.266 < late.raw.ci_high
    assert late.adjusted.ci_high < -1.4
    for cause in ("slow_reply", "returned", "disputed"):
        assert (found[cause].status, found[cause].adjusted) == ("not_in_source", None)


def test_hardly_anybody_comes_back_and_nothing_is_made_of_it(cursor: Cursor) -> None:
    assert cursor.data_up_to is not None
    cohorts = cohorts_of(source.first_orders(cursor, EVER).rows, cursor.data_up_to)
    assert cohorts.buyers > 10_000
    assert cohorts.returns < 150
    orders = source.orders(cursor, EVER).rows
    late = next(d for d in drivers_of(orders, "repeat").drivers if d.cause == "late_seller")
    assert (late.status, late.raw) == ("too_few", None)
    assert drift_of(source.ratings(cursor, EVER).rows).verdict == "too_few"


def test_buyers_fall_into_stable_segments(cursor: Cursor) -> None:
    sample = source.buyers(cursor, EVER, limit=20_000)
    found = segment_buyers(sample.rows, sample.total, sample.every)
    assert found.status == "ok"
    assert "claim_share" in found.left_out
