"""What a clause may count: the names that a programme file uses, where each is read, and what the source must record for it.

Knows no value and no SQL text. `requires` are kinds of event, or kind.field, as in the metric catalogue (dsr_rated.DIMENSION: its ratings): all of `requires` and one of
`requires_any`; where the source has none of them, a clause is `not_in_source` rather than zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Place = Literal["days", "orders", "scans", "questions", "ratings"]


@dataclass(frozen=True)
class Measure:
    """One count per merchant and window. `days`: a column of merchant_day; the others are read from fct_order (scans: and events), fct_question, fct_survey."""

    place: Place
    requires: tuple[str, ...] = ()
    requires_any: tuple[str, ...] = ()

    def is_recorded(self, counts: Mapping[str, int]) -> bool:
        """Whether a source with these counts of events (see `analytics.metrics.extent`) holds what the measure needs."""
        has_all = all(counts.get(item, 0) > 0 for item in self.requires)
        return has_all and (not self.requires_any or any(counts.get(item, 0) > 0 for item in self.requires_any))


_SHIPPING = ("order_shipped", "order_placed.ship_by")
_DELIVERY = ("order_delivered", "order_placed.deliver_by")

MEASURES: Mapping[str, Measure] = {
    "order_count": Measure("days", ("order_placed",)),
    "cancelled_count": Measure("days", ("order_cancelled",)),
    "seller_cancelled_count": Measure("days", ("order_cancelled.fault",)),
    "shipped_count": Measure("days", ("order_shipped",)),
    "ship_due_count": Measure("days", _SHIPPING),
    "shipped_late_count": Measure("days", _SHIPPING),
    "shipped_on_time_count": Measure("days", _SHIPPING),
    "tracked_count": Measure("days", ("order_shipped.tracking",)),
    "valid_tracking_count": Measure("days", ("order_shipped.tracking",)),
    "delivered_count": Measure("days", ("order_delivered",)),
    "delivery_due_count": Measure("days", _DELIVERY),
    "delivered_late_count": Measure("days", _DELIVERY),
    "delivered_on_time_count": Measure("days", _DELIVERY),
    "late_seller_count": Measure("days", _DELIVERY, ("order_delivered.fault", "order_placed.ship_by")),
    "returned_count": Measure("days", ("return_requested",)),
    "seller_returned_count": Measure("days", ("return_requested.fault",)),
    "refunded_count": Measure("days", ("refund_paid",)),
    "disputed_count": Measure("days", ("dispute_opened",)),
    "upheld_dispute_count": Measure("days", ("dispute_closed",)),
    "chargeback_count": Measure("days", ("chargeback",)),
    "review_count": Measure("days", ("review_posted",)),
    "review_score_sum": Measure("days", ("review_posted",)),
    "review_positive_count": Measure("days", ("review_posted",)),
    "review_1_count": Measure("days", ("review_posted",)),
    "review_2_count": Measure("days", ("review_posted",)),
    "review_3_count": Measure("days", ("review_posted",)),
    "question_count": Measure("days", ("question_asked",)),
    "question_replied_24h_count": Measure("days", ("question_asked",)),
    # orders with at least one of: a lowest review of 1 or 2, a dispute not denied or withdrawn, a chargeback
    "order_defect_count": Measure("orders", ("order_placed",), ("review_posted", "dispute_opened", "chargeback")),
    # orders cancelled by the merchant's fault, or with a case decided against it
    "transaction_defect_count": Measure("orders", (), ("order_cancelled.fault", "dispute_closed")),
    # orders whose case ended upheld or refunded
    "case_refunded_count": Measure("orders", ("dispute_closed",)),
    # shipped, or unshipped after the limit; those that were late among them are shipped_late_count
    "shipped_or_overdue_count": Measure("orders", _SHIPPING),
    # shipped by the limit, whether or not it has passed
    "shipped_by_limit_count": Measure("orders", _SHIPPING),
    # delivered orders with a promise, and those of them delivered by it, whether or not it has passed
    "delivered_promised_count": Measure("orders", _DELIVERY),
    "delivered_by_promise_count": Measure("orders", _DELIVERY),
    # delivered after the promise, and no carrier's scan by the shipping limit
    "delivered_late_unscanned_count": Measure("scans", (*_SHIPPING, *_DELIVERY, "tracking_scanned")),
    # shipped orders of which limit and tracking are known, and those of them shipped in time with valid tracking
    "shipped_known_count": Measure("orders", (*_SHIPPING, "order_shipped.tracking")),
    "shipped_on_time_tracked_count": Measure("orders", (*_SHIPPING, "order_shipped.tracking")),
    "question_replied_48h_count": Measure("questions", ("question_asked",)),
    # ratings that count: the first three of a dimension by one buyer of one merchant in a calendar month
    "dsr_description_pair_count": Measure("ratings", ("dsr_rated.description",)),
    "dsr_description_pair_sum": Measure("ratings", ("dsr_rated.description",)),
    "dsr_service_pair_count": Measure("ratings", ("dsr_rated.service",)),
    "dsr_service_pair_sum": Measure("ratings", ("dsr_rated.service",)),
    "dsr_logistics_pair_count": Measure("ratings", ("dsr_rated.logistics",)),
    "dsr_logistics_pair_sum": Measure("ratings", ("dsr_rated.logistics",)),
}

PENALTIES = Measure("days", ("penalty_issued",))
MONEY = Measure("days", ("order_placed.amount",))
BUYERS = Measure("orders", ("order_placed.buyer",))
# Counts of orders that a distinct-buyer cap may look at.
BUYER_CAPPED = ("transaction_defect_count", "order_defect_count")
# Denominators of orders that must first have had their time: none of them among orders is immature, not too few.
DUE = ("ship_due_count", "delivery_due_count", "shipped_or_overdue_count", "delivered_promised_count")
