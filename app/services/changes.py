"""Why a merchant's score is another than on an earlier day: by rate and cause, and the orders behind it. Words stay msgids. Knows no page."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from app.i18n import N_
from app.services import trust
from app.services.runtime import cached
from app.services.warehouse import cursor

if TYPE_CHECKING:
    from analytics.trust.changes import ScoreChange

CAUSES = {
    "entered": N_("Came into view"),
    "left": N_("Left the window"),
    "faded": N_("Faded with age"),
    "known": N_("Outcome became known"),
    "peers": N_("Peers moved"),
    "bounded": N_("Bound on reviews"),
    "other": N_("Other"),
}
SOURCES = {
    "orders": N_("Order"),
    "surveys": N_("Survey answer"),
    "questions": N_("Question"),
    "penalties": N_("Penalty"),
}


def between(snapshot_id: str, since: date, day: date | None, merchant_id: str) -> ScoreChange:
    """The split of a merchant's change between the ends of two days (None: of all that is known). Raises InputError, in one line."""
    return _between(snapshot_id, since, day if day is None else trust.as_of_day(snapshot_id, day), merchant_id)


def between_scores(snapshot_id: str, since: date, day: date, merchant_id: str) -> ScoreChange | None:
    """`between`; None where the merchant has no score on one of the days, or the days are not in order."""
    from analytics.errors import InputError

    try:
        return between(snapshot_id, since, day, merchant_id)
    except InputError:
        return None


@cached
def _between(snapshot_id: str, since: date, as_of: date | None, merchant_id: str) -> ScoreChange:
    from analytics.trust.changes import CHANGE_MARTS, score_change

    with ExitStack() as stack:
        before = stack.enter_context(cursor(snapshot_id, since, CHANGE_MARTS))
        after = stack.enter_context(cursor(snapshot_id, as_of, CHANGE_MARTS))
        return score_change(before, after, merchant_id)


def beside_peers(snapshot_id: str, day: date, merchant_id: str) -> ScoreChange:
    """What a merchant's own rows make of its peers' score at the end of a day. Raises InputError, in one line."""
    return _beside_peers(snapshot_id, trust.as_of_day(snapshot_id, day), merchant_id)


@cached
def _beside_peers(snapshot_id: str, as_of: date | None, merchant_id: str) -> ScoreChange:
    from analytics.trust.changes import CHANGE_MARTS, score_beside_peers

    with cursor(snapshot_id, as_of, CHANGE_MARTS) as opened:
        return score_beside_peers(opened, merchant_id)


def behind(found: ScoreChange) -> pd.DataFrame:
    """The rows behind a change, each once, the largest part first: source, row_id, day, change, rate_id, label (a msgid), cause, share
    (of all that rows moved, up or down, 0–1)."""
    from analytics.trust.changes import by_row

    frame = by_row(found.rows)
    labels = dict(zip(found.rates["rate_id"], found.rates["label"], strict=True))
    return frame.assign(label=[labels[rate_id] for rate_id in frame["rate_id"]], share=_shares(frame["change"]))


def _shares(change: pd.Series[float]) -> pd.Series[float]:
    """Of all that was moved, up or down: 0–1."""
    moved = float(change.abs().sum())
    return change.abs() / moved if moved else change * 0.0


def records(found: ScoreChange) -> list[dict[str, object]]:
    """A split under the keys of the command's contract: the score, its rates, then the rows; `share` is of all that rates, or rows, moved."""
    shared: dict[str, object] = {"merchant_id": found.merchant_id, "since": found.since, "as_of": found.as_of}
    score = {"record": "score", **shared, "before": found.before, "after": found.after, "change": found.change}
    table = found.rates.drop(columns="label").assign(share=_shares(found.rates["change"]))
    rates = [{"record": "rate", **shared, **row} for row in table.to_dict("records")]
    rows = found.rows.assign(day=[day.date() for day in found.rows["day"]], share=_shares(found.rows["change"]))
    return [score, *rates, *({"record": "row", **shared, **row} for row in rows.to_dict("records"))]
