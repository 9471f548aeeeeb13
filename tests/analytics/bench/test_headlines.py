"""The plain ways to the headline figures give what the marts give, so that their times are those of the same work."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from analytics.bench.headlines import from_events, from_frame, from_marts, read_frame
from analytics.metrics import Scope
from analytics.warehouse import Warehouse

LAST = date(2026, 10, 31)  # of the demo


@pytest.mark.parametrize(("back", "length"), [(20, 7), (200, 90)])
def test_three_ways_one_answer(demo_warehouse: Path, back: int, length: int) -> None:
    last = LAST - timedelta(days=back)
    scope = Scope(last - timedelta(days=length - 1), last)
    with Warehouse(demo_warehouse).cursor() as cursor:
        marts = from_marts(cursor, scope)
        assert marts.orders > 100
        assert marts.late > 0
        assert from_events(cursor, scope) == replace(marts, gmv=pytest.approx(marts.gmv))
        frame = read_frame(cursor)
        assert from_frame(frame, scope, cursor.data_up_to) == replace(marts, gmv=pytest.approx(marts.gmv))
        longer = from_marts(cursor, replace(scope, date_from=scope.date_from - timedelta(days=3)))
    assert not marts.is_like(longer)
    assert marts.is_like(replace(marts, gmv=marts.gmv + 0.001))
