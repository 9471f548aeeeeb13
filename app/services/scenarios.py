"""What-if scenarios: one run for the command and the page. Knows no page."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from app.services.runtime import cached
from app.services.warehouse import cursor

if TYPE_CHECKING:
    from analytics.whatif import Scenario, WhatifResult


@cached
def run_scenario(snapshot_id: str, scenario: Scenario) -> WhatifResult:
    """The scenario on a snapshot. Raises InputError for a segment without merchants or a lever out of its bounds."""
    from analytics.whatif import simulate

    with cursor(snapshot_id) as opened:
        return simulate(opened, scenario)


def outcome_rows(result: WhatifResult) -> list[dict[str, object]]:
    """The outcomes under the keys of the command's contract."""
    return [{**asdict(outcome), "seed": result.seed, "snapshot_id": result.snapshot_id} for outcome in result.outcomes]
