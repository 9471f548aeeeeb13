"""Bad orders to expect of each merchant in the next 60 days: one computation for whoever asks. Knows no page."""

from __future__ import annotations

import numpy as np

from app.errors import NoData
from app.i18n import N_
from app.services.runtime import cached
from app.services.warehouse import cursor

Row = dict[str, object]
YEAR, FEWEST_ORDERS = 365, 20
TOO_FEW = N_("In the year up to {day} there are {n} orders; what to expect takes {fewest}: choose another day.")


@cached
def outlook_rows(snapshot_id: str, limit: float | None = None) -> tuple[Row, ...]:
    """One row a merchant, by merchant id, as of the end of the reading's day; with a limit (0–1), how likely the share is over it.

    `n` counts the merchant's orders of the last 365 days. Raises NoData where the marketplace has too few of them.
    """
    from analytics.trust import score_day
    from analytics.trust.outlook import MARTS, outlook, read_orders

    with cursor(snapshot_id, marts=MARTS) as opened:
        day, history = score_day(opened), read_orders(opened)
    recent = history.merchant[history.known_at - history.ordered <= YEAR]
    if len(recent) < FEWEST_ORDERS:
        raise NoData(TOO_FEW, day=day, n=len(recent), fewest=FEWEST_ORDERS)
    found = outlook(history)
    low, high = found.interval()
    columns: dict[str, list[object]] = {
        "merchant_id": list(found.merchant_ids),
        "expected_bad_rate": found.expected.tolist(),
        "ci_low": low.tolist(),
        "ci_high": high.tolist(),
        "n": np.bincount(recent, minlength=len(found.merchant_ids)).tolist(),
    }
    if limit is not None:
        columns["probability_over_limit"] = found.probability_over(limit).tolist()
    shared: Row = {"as_of": day, **({} if limit is None else {"limit": limit}), "left_out": history.left_out}
    return tuple({**dict(zip(columns, row, strict=True)), **shared} for row in zip(*columns.values(), strict=True))
