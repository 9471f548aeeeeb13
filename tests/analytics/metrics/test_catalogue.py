"""The catalogue is complete, every definition names measures that exist, and a wrong definition is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from analytics.errors import InputError
from analytics.metrics import CATALOGUE
from analytics.metrics.catalogue import load_catalogue, read_spec
from analytics.metrics.plan import COLUMN_FAMILIES
from tests.analytics.metrics.marketplace import build, order

PUBLISHED = [
    "orders",
    "gmv",
    "cancellation_rate",
    "seller_cancellation_rate",
    "on_time_shipping_rate",
    "on_time_delivery_rate",
    "late_delivery_rate",
    "late_seller_rate",
    "late_carrier_rate",
    "valid_tracking_rate",
    "return_rate",
    "refund_rate",
    "dispute_rate",
    "chargeback_rate",
    "order_defect_rate",
    "merchant_first_reply_seconds",
    "reply_within_24h_rate",
    "rating_mean",
    "positive_share",
    "effective_positive_share",
    "nps",
    "buyer_csat",
    "merchant_csat",
    "dsr_description",
    "dsr_service",
    "dsr_logistics",
    "repeat_purchase_rate",
    "review_coverage",
    "ticket_rate",
    "desk_first_reply_seconds",
    "resolution_seconds",
    "penalty_points",
    "buyer_concentration",
]


def test_every_published_metric_is_there() -> None:
    assert set(PUBLISHED) <= set(CATALOGUE)
    assert len({spec.name for spec in CATALOGUE.values()}) == len(CATALOGUE)


def test_every_definition_names_measures_of_both_grains() -> None:
    cursor = build({"events": order("o1", "2024-03-01")})
    known = {
        mart: {row["column_name"] for row in cursor.rows(f"describe {mart}")}
        for mart in ("merchant_day", "merchant_month", "marketplace_day", "merchant_day_amount")
    }
    kinds = {"order", "review", "ticket", "question", "penalty"}
    for spec in CATALOGUE.values():
        columns = {spec.numerator_column, spec.subtracted_column, spec.denominator_column, spec.sumsq_column} - {None}
        marts = (
            ("merchant_day", "merchant_month", "marketplace_day")
            if spec.family in COLUMN_FAMILIES
            else ("merchant_day_amount",)
        )
        assert all(columns <= known[mart] for mart in marts), spec.metric_id
        assert spec.description.endswith(".")
        assert spec.grain.split()[0] in kinds | {"survey", "refund", "pair"}, spec.grain
        assert spec.requires
        assert (spec.family == "duration") == (spec.measure is not None)


def test_a_wrong_definition_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Did you mean maturity_days"):
        read_spec("orders", {"maturity_day": 3})
    with pytest.raises(InputError, match="incomplete"):
        read_spec("orders", {"name": "Orders"})
    source = (Path(__file__).parents[3] / "analytics/metrics/catalogue/1_orders.toml").read_text(encoding="utf-8")
    (tmp_path / "a.toml").write_text(source, encoding="utf-8")
    (tmp_path / "b.toml").write_text(source, encoding="utf-8")
    with pytest.raises(InputError, match="defined twice"):
        load_catalogue(tmp_path)
