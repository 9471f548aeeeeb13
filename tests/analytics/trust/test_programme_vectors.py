"""Every clause of the eight programmes says of the held-out cases what was worked out by hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from functools import cache

import numpy as np
import pytest

from analytics.engines.days import end_of_day
from analytics.ingest import load
from analytics.trust.programmes import ClauseResult, evaluate, presets
from analytics.warehouse import Warehouse
from tests.analytics.trust.vectors import PROGRAMMES, Case, Expectation, cases, side_by_side, write_canonical

ALL = [case for programme in PROGRAMMES for case in cases(programme)]
Source = tuple[date, str, bool, str]
Found = dict[tuple[str, str], tuple[float | None, float, int, bool | None, float | None, str]]


def source_of(case: Case) -> Source:
    """What cases must have in common to stand side by side: day, zone, whether a witness is there, and the last thing known."""
    end = f"{end_of_day(case.as_of, case.time_zone):%Y-%m-%dT%H:%M:%SZ}"
    known = max(row["occurred_at"] for row in case.events if row["occurred_at"] < end)
    return case.as_of, case.time_zone, any(row["merchant_id"] == "witness" for row in case.merchants), known


@cache
def sources() -> dict[Source, list[Case]]:
    found: dict[Source, list[Case]] = defaultdict(list)
    for case in ALL:
        found[source_of(case)].append(case)
    return found


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Case], Found]:
    """What a case's programme says of it: (merchant, clause) → value, limit, n, passed, distance and status."""

    @cache
    def evaluated(source: Source) -> dict[str, Found]:
        beside, folder = sources()[source], tmp_path_factory.mktemp("source")
        case = side_by_side(beside)
        warehouse = Warehouse(folder / "warehouse", threads=1)
        load(warehouse, "canonical", write_canonical(case, folder / "in"), reporting_time_zone=case.time_zone)
        programmes = sorted({case.programme for case in beside})
        with warehouse.cursor(as_of=case.as_of) as cursor:
            evaluation = evaluate(cursor, [presets()[name] for name in programmes])
        merchants = [str(merchant) for merchant in evaluation.merchants["merchant_id"]]
        return {
            name: found_in(one.clauses, merchants) for name, one in zip(programmes, evaluation.programmes, strict=True)
        }

    def found(case: Case) -> Found:
        source = source_of(case)
        prefix = f"{sources()[source].index(case)}-"
        by_merchant = evaluated(source)[case.programme]
        return {
            (merchant.removeprefix(prefix), clause): said
            for (merchant, clause), said in by_merchant.items()
            if merchant.startswith(prefix)
        }

    return found


def found_in(clauses: Sequence[ClauseResult], merchants: list[str]) -> Found:
    found: Found = {}
    for result in clauses:
        for row, merchant in enumerate(merchants):
            status = str(result.status[row])
            passed = bool(result.passed[row]) if status == "ok" else None
            value, distance = (None if np.isnan(x) else float(x) for x in (result.value[row], result.distance[row]))
            found[merchant, result.clause.clause_id] = (
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
def test_a_case_is_judged_as_by_hand(judged: Callable[[Case], Found], case: Case) -> None:
    found = judged(case)
    wrong = [(one, found[one.merchant_id, one.clause]) for one in case.expect if not agrees(one, found)]
    assert not wrong, case.why
