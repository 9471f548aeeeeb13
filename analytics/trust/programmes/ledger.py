"""The penalty ledger: which points count against a merchant on a day, what they rest on, and when they lapse.

Pure over the frame of penalties (`sql/trust/programme_penalties.sql`); what a clause of points counts is the sum of its active rows.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics.trust.counts import score_day, sql_text
from analytics.trust.programmes.definition import Clause, SellerProgramme

if TYPE_CHECKING:
    from analytics.warehouse import Cursor

COLUMNS = (
    *(
        "merchant_id",
        "programme",
        "event_id",
        "clause",
        "points",
        "order_id",
        "issued",
        "expires",
        "appealed",
        "lifted",
    ),
    "active",
)


def penalty_ledger(cursor: Cursor, programme: SellerProgramme, merchant_id: str | None = None) -> pd.DataFrame:
    """Every penalty issued up to the cursor's day, of all merchants or one, newest first within a merchant.

    Columns: merchant_id, programme, event_id (the evidence), clause (the rule broken), points (as the programme counts them), order_id,
    issued, expires, appealed, lifted (local days, None where there is none), active (counts on the day). `expires` is the earlier of the
    penalty's own expiry and the programme's: from that day on the points no longer count.
    """
    day = score_day(cursor)
    penalties = cursor.df(sql_text("programme_penalties"), {"time_zone": cursor.time_zone, "day": day})
    if merchant_id is not None:
        penalties = penalties[penalties["merchant_id"] == merchant_id].reset_index(drop=True)
    clause = next((c for c in programme.clauses if c.form in ("points", "rating")), None)
    expires = expiry(penalties, clause)
    frame = pd.DataFrame(
        {
            "merchant_id": penalties["merchant_id"],
            "programme": programme.programme_id,
            "event_id": penalties["event_id"],
            "clause": penalties["clause"],
            "points": cost(penalties, clause),
            "order_id": penalties["order_id"],
            "issued": penalties["issued_on"],
            "expires": expires,
            "appealed": penalties["appealed_on"],
            "lifted": penalties["lifted_on"],
        }
    )
    for column in ("issued", "expires", "appealed", "lifted"):
        frame[column] = [None if pd.isna(value) else pd.Timestamp(value).date() for value in frame[column]]
    for column in ("clause", "order_id"):
        frame[column] = frame[column].astype(object).where(frame[column].notna(), None)
    frame["active"] = is_active(penalties, clause, day)
    return frame


def cost(penalties: pd.DataFrame, clause: Clause | None) -> pd.Series[int]:
    """Points of each penalty: its own, unless the clause's rating names what one of its kind costs."""
    points = penalties["points"].astype("int64")
    if clause is None or clause.rating is None or not clause.rating.severity:
        return points
    named = penalties["clause"].map(dict(clause.rating.severity))
    return named.fillna(points).astype("int64")


def expiry(penalties: pd.DataFrame, clause: Clause | None) -> pd.Series[pd.Timestamp]:
    """The first day on which each penalty no longer counts; NaT where nothing ends it."""
    own = pd.to_datetime(penalties["expires_on"]).astype("datetime64[s]")
    if clause is None:
        return own
    issued = pd.to_datetime(penalties["issued_on"]).astype("datetime64[s]")
    if clause.window.is_quarter:
        ends = (issued.dt.to_period("Q").dt.end_time.dt.normalize() + pd.Timedelta(days=1)).astype("datetime64[s]")
    else:
        ends = issued + timedelta(days=clause.window.days + clause.window.lag_days)
    return ends.where(own.isna() | (ends < own), own)


def is_active(penalties: pd.DataFrame, clause: Clause | None, day: date) -> pd.Series[bool]:
    """Whether each penalty's points count on a day: issued, inside the clause's window, not lifted and not expired."""
    today = pd.Timestamp(day)
    lifted, expires = pd.to_datetime(penalties["lifted_on"]), expiry(penalties, clause)
    active = ~(lifted <= today) & ~(expires <= today) & (pd.to_datetime(penalties["issued_on"]) <= today)
    if clause is not None:
        for first, last in clause.window.spans(day):
            active &= pd.to_datetime(penalties["issued_on"]).between(pd.Timestamp(first), pd.Timestamp(last))
    return active


def points_on(penalties: pd.DataFrame, clause: Clause, day: date, ids: pd.Index[str]) -> np.ndarray:
    """Points that count against each merchant on a day, shape (merchants,)."""
    active = is_active(penalties, clause, day)
    places = ids.get_indexer(pd.Index(penalties.loc[active, "merchant_id"], dtype="object"))
    points = cost(penalties, clause)[active].to_numpy()
    found = np.bincount(places[places >= 0], weights=points[places >= 0], minlength=len(ids))
    return found.astype(np.int64)
