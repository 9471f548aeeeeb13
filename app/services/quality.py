"""Data quality of a snapshot for pages and the command, and the rows behind a check. Sentences stay msgids with their words. Knows no page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from app.services.figures import in_zone
from app.services.private import masked_rows
from app.services.runtime import cached, get_runtime
from app.services.warehouse import snapshot

if TYPE_CHECKING:
    from analytics.quality import Check

ROWS_SHOWN = 200


@cached
def checks(snapshot_id: str) -> tuple[Check, ...]:
    """Every check, worst first."""
    from analytics.quality import check_quality

    return check_quality(get_runtime().warehouse, snapshot_id)


@cached
def failing_rows(snapshot_id: str, check_id: str) -> pd.DataFrame:
    """Some of the rows behind a check (the check's count is exact), instants in the reporting zone, private data masked; empty where
    it has none."""
    from analytics.quality import failing_rows as find

    frame = find(get_runtime().warehouse, check_id, snapshot_id, ROWS_SHOWN)
    return masked_rows(in_zone(frame, snapshot(snapshot_id).time_zone))


def check_rows(snapshot_id: str) -> list[dict[str, Any]]:
    """The checks in English for the command: check_id, name, table, column, count, total, share, status, sentence."""
    from analytics.quality import as_rows

    return as_rows(checks(snapshot_id))
