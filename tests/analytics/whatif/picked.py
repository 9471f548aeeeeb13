"""One outcome of a result, for tests."""

from __future__ import annotations

from analytics.whatif import Outcome, WhatifResult


def pick(result: WhatifResult, outcome: str, **group: str) -> Outcome:
    (found,) = [
        o
        for o in result.outcomes
        if o.outcome == outcome and o.group["merchants"] == "segment" and group.items() <= o.group.items()
    ]
    return found
