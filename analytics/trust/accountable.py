"""What was not the merchant's fault: its score with such events counted too, and the orders that the score leaves out, each with the reason.

Knows the score and the warehouse's order rows; knows no page.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from analytics.errors import InputError
from analytics.trust.counts import daily_counts, score_day, sql_text
from analytics.trust.prior import fit_model
from analytics.trust.programme import Programme, default_programme
from analytics.trust.score import score_from_counts

if TYPE_CHECKING:
    from analytics.warehouse import Cursor


@dataclass(frozen=True)
class Accountable:
    """A merchant's score as it is, and as it would be if late, cancelled, returned and disputed orders counted whoever was at fault (its
    peers' too). Both None where it has no score. `excluded`: order_id, order_date, rate_id, label (of the rate), fault (carrier, buyer,
    platform, unknown), the newest first."""

    score: float | None
    with_all_faults: float | None
    excluded: pd.DataFrame

    @property
    def difference(self) -> float | None:
        """What counting all faults would add to the score, in points (mostly below zero)."""
        if self.score is None or self.with_all_faults is None:
            return None
        return self.with_all_faults - self.score


def with_all_faults(programme: Programme) -> Programme:
    """The definition with each rate's numerator counting all faults (`all_faults` of the file), on the same scale of points."""
    components = tuple(
        replace(
            component,
            rates=tuple(replace(rate, numerator=rate.all_faults) for rate in component.rates),
        )
        for component in programme.components
    )
    return replace(programme, components=components)


def accountable(cursor: Cursor, merchant_id: str, *, programme: Programme | None = None) -> Accountable:
    """With and without events that were not the merchant's fault, as of the cursor's day. Raises InputError for an unknown merchant."""
    programme = programme or default_programme()
    scores = [_score(cursor, merchant_id, each) for each in (programme, with_all_faults(programme))]
    return Accountable(scores[0], scores[1], excluded_orders(cursor, merchant_id, programme=programme))


def excluded_orders(cursor: Cursor, merchant_id: str, *, programme: Programme | None = None) -> pd.DataFrame:
    """The orders of the score's window that it leaves out because of who was at fault; columns as in `Accountable`."""
    programme = programme or default_programme()
    day = score_day(cursor)
    first = day - timedelta(days=programme.window_days - 1)
    found = cursor.df(sql_text("excluded_orders"), {"merchant_id": merchant_id, "date_from": first, "date_to": day})
    rates = {rate.numerator: rate for rate in programme.rates if rate.all_faults != rate.numerator}
    last = {name: pd.Timestamp(day - timedelta(days=rate.maturity_days)) for name, rate in rates.items()}
    judged = found["numerator"].isin(list(rates)) & (
        pd.to_datetime(found["order_date"]) <= pd.to_datetime(found["numerator"].map(last))
    )
    kept = found[judged].reset_index(drop=True)
    kept["rate_id"] = [rates[name].rate_id for name in kept["numerator"]]
    kept["label"] = [rates[name].label for name in kept["numerator"]]
    return kept[["order_id", "order_date", "rate_id", "label", "fault"]]


def _score(cursor: Cursor, merchant_id: str, programme: Programme) -> float | None:
    counts = daily_counts(cursor, programme, has_plain=False)
    own = counts[counts["merchant_id"] == merchant_id]
    if own.empty:
        raise InputError(f"merchant '{merchant_id}' is not in the warehouse.")
    score = float(score_from_counts(own, fit_model(counts, programme))["score"].iloc[0])
    return None if math.isnan(score) else score
