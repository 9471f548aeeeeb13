"""Trust scores of all merchants on a day: one computation for the command and the pages. Knows no page."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from app.services.runtime import cached
from app.services.warehouse import cursor

if TYPE_CHECKING:
    from analytics.trust import TrustScore


@cached
def scores(snapshot_id: str, as_of: date | None = None) -> tuple[TrustScore, ...]:
    """One score a merchant, by merchant id; as of the end of a day of the reporting zone, or of all that is known."""
    from analytics.trust import MARTS, score_merchants

    with cursor(snapshot_id, as_of, MARTS) as opened:
        return tuple(score_merchants(opened))
