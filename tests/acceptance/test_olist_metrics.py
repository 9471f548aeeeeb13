"""Olist through ingest, marts and catalogue gives the published figures exactly, whichever way they are asked for."""

from __future__ import annotations

import pytest

from analytics.metrics import CATALOGUE, MetricResult, compute, compute_many, drill, sql_text
from analytics.warehouse import Cursor
from tests.acceptance.conftest import EVER, NEEDS_OLIST

pytestmark = NEEDS_OLIST


def one(cursor: Cursor, metric_id: str) -> MetricResult:
    (result,) = compute(cursor, metric_id, EVER)
    return result


def test_orders_and_value(cursor: Cursor) -> None:
    assert one(cursor, "orders").value == 10_669
    assert sum(result.value or 0 for result in compute(cursor, "orders", EVER, by=("merchant",))) == 10_720
    assert one(cursor, "delivered_orders").value == 10_493
    gmv = one(cursor, "gmv")
    assert (gmv.value, gmv.currency, gmv.time_zone) == (1_395_637.30, "BRL", "America/Sao_Paulo")
    cancelled = one(cursor, "cancellation_rate")
    assert (cancelled.numerator, cancelled.denominator) == (40, 10_669)


def test_late_share_of_delivered_orders(cursor: Cursor) -> None:
    late = one(cursor, "late_delivery_rate")
    assert late.value == pytest.approx(0.0773, abs=5e-5)
    assert late.n == 10_493
    assert late.ci_low is not None
    assert late.ci_high is not None
    assert late.ci_low < 0.0773 < late.ci_high


def test_mean_review_score(cursor: Cursor) -> None:
    rating = one(cursor, "rating_mean")
    assert (rating.value, rating.n) == (pytest.approx(4.076, abs=5e-4), 7_696)


def test_what_olist_does_not_hold_is_said_so(cursor: Cursor) -> None:
    absent = (
        "dispute_rate",
        "chargeback_rate",
        "nps",
        "merchant_csat",
        "valid_tracking_rate",
        "seller_cancellation_rate",
    )
    assert {one(cursor, metric_id).status for metric_id in absent} == {"not_in_source"}


def test_rows_and_sql_of_every_metric_agree_with_its_figure(cursor: Cursor) -> None:
    for metric_id, (result,) in compute_many(cursor, list(CATALOGUE), EVER).items():
        if result.status != "ok":
            continue
        rows = drill(cursor, metric_id, EVER, limit=1)
        assert (rows.numerator, rows.denominator, rows.n) == (result.numerator, result.denominator, result.n), metric_id
        (pasted,) = cursor.df(sql_text(cursor, metric_id, EVER))["value"]
        assert pasted == pytest.approx(result.value), metric_id
