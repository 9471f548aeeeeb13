"""Trust scores of all merchants on a day: one computation for the command and the pages. Knows no page.

Scores of a past day are kept beside the snapshots (`analytics.trust.kept`), those of all that is known are computed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from app.services.reading import base_id
from app.services.runtime import get_runtime, shared
from app.services.warehouse import cursor, earlier_day, last_complete_day, local_day, snapshot

if TYPE_CHECKING:
    from analytics.trust import TrustScore


@shared
def scores(snapshot_id: str, as_of: date | None = None) -> tuple[TrustScore, ...]:
    """One score a merchant, by merchant id; as of the end of a day of the reporting zone, or of all that is known.

    Every session reads the same objects: a caller changes none of them, contributions included.
    """
    from analytics.trust import MARTS, score_merchants
    from analytics.trust.kept import KeptScores

    day = earlier_day(snapshot_id, as_of)
    if day is not None:
        return KeptScores.of(get_runtime().warehouse, base_id(snapshot_id)).on(day).scores
    with cursor(snapshot_id, None, MARTS) as opened:
        return tuple(score_merchants(opened))


def tried(snapshot_id: str, path: Path) -> tuple[TrustScore, ...]:
    """The scores that a copy of the score's definition would give, of all that a reading knows; nothing is kept. Raises InputError for a wrong file."""
    from analytics.trust import MARTS, load_programme, score_merchants

    programme = load_programme(path)
    with cursor(snapshot_id, None, MARTS) as opened:
        return tuple(score_merchants(opened, programme=programme))


def prepare(snapshot_id: str, days: int) -> Iterator[tuple[date, bool]]:
    """Keeps the scores of each of the last whole days that the data cover, newest first: the day, and whether that was still to do.

    Of a reading as of a day, those of the whole snapshot. Raises WarehouseError where scores can't be kept.
    """
    from analytics.trust.kept import KeptScores

    found = snapshot(base_id(snapshot_id))
    if found.data_from is None or found.data_up_to is None:
        return
    kept = KeptScores.of(get_runtime().warehouse, found.snapshot_id)
    first = local_day(found.data_from, found.time_zone)
    last = last_complete_day(found.data_up_to, found.time_zone, first=found.data_from)
    for back in range(min(days, (last - first).days + 1)):
        day = last - timedelta(days=back)
        yield day, kept.prepare(day)
