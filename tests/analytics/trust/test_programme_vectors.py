"""Every clause of the eight programmes says of the held-out cases what was worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analytics.ingest import load
from analytics.trust.programmes import evaluate, presets
from analytics.warehouse import Warehouse
from tests.analytics.trust.vectors import PROGRAMMES, Case, Expectation, cases, write_canonical

ALL = [case for programme in PROGRAMMES for case in cases(programme)]
Found = dict[tuple[str, str], tuple[float | None, float, int, bool | None, float | None, str]]


def found_in(tmp_path: Path, case: Case) -> Found:
    """(merchant, clause) → value, limit, n, passed, distance and status."""
    warehouse = Warehouse(tmp_path / "warehouse")
    load(warehouse, "canonical", write_canonical(case, tmp_path / "in"), reporting_time_zone=case.time_zone)
    with warehouse.cursor(as_of=case.as_of) as cursor:
        evaluation = evaluate(cursor, [presets()[case.programme]])
    found: Found = {}
    for result in evaluation.programmes[0].clauses:
        for row, merchant in enumerate(evaluation.merchants["merchant_id"]):
            status = str(result.status[row])
            passed = bool(result.passed[row]) if status == "ok" else None
            value, distance = (None if np.isnan(x) else float(x) for x in (result.value[row], result.distance[row]))
            found[str(merchant), result.clause.clause_id] = (
                value,
                result.clause.limit,
                int(result.n[row]),
                passed,
                distance,
                status,
            )
    return found


def agrees(one: Expectation, found: Found) -> bool:
    value, limit, n, passed, distance, status = found[one.merchant_id, one.clause]
    if one.may_be_missing and status == "not_in_source":
        return value is None and passed is None and distance is None
    return (
        (value, distance, limit) == pytest.approx((one.value, one.distance, one.limit), abs=1e-12)
        and (passed, status) == (one.passed, one.status)
        and one.n in (None, n)
    )


@pytest.mark.parametrize("case", ALL, ids=lambda case: f"{case.programme}: {case.case}")
def test_a_case_is_judged_as_by_hand(tmp_path: Path, case: Case) -> None:
    found = found_in(tmp_path, case)
    wrong = [(one, found[one.merchant_id, one.clause]) for one in case.expect if not agrees(one, found)]
    assert not wrong, case.why
