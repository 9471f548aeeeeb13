"""The held-out vectors are valid input: every row loads, ids are unique, and no expectation contradicts itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from math import log
from pathlib import Path

import pytest
from scipy import stats

from analytics.ingest import load
from tests.analytics.ingest.folders import make_warehouse
from tests.analytics.trust.vectors import (
    PROGRAMMES,
    Case,
    Expectation,
    FunctionVector,
    cases,
    function_vectors,
    write_canonical,
)
from tests.analytics.trust.vectors.groups import expand

ALL = [case for programme in PROGRAMMES for case in cases(programme)]
STATUSES = {"ok", "too_few", "not_in_source", "not_applicable"}


def sample(programme: str) -> list[Case]:
    """The programme's first case, its widest one and the one without anything but orders."""
    own = cases(programme)
    kinds = [len({row["kind"] for row in case.events}) * 1000 + len(case.events) for case in own]
    return [own[number] for number in sorted({0, kinds.index(max(kinds)), kinds.index(min(kinds))})]


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_every_row_of_a_case_loads(tmp_path: Path, programme: str) -> None:
    for number, case in enumerate(sample(programme)):
        folder = tmp_path / str(number)
        warehouse = make_warehouse(folder)
        result = load(warehouse, "canonical", write_canonical(case, folder / "in"))
        assert (result.duplicate, result.conflict, result.quarantined) == (0, 0, 0), warehouse.quarantine()
        assert result.read == result.loaded == len(case.events) + len(case.merchants)
        with warehouse.cursor() as cursor:
            stored = cursor.rows("select kind, count(*) as n from events group by kind")
        assert {str(row["kind"]): row["n"] for row in stored} == Counter(row["kind"] for row in case.events), case.case


@pytest.mark.parametrize("case", ALL, ids=lambda case: f"{case.programme}: {case.case}")
def test_a_case_is_sound(case: Case) -> None:
    ids = [row["event_id"] for row in case.events]
    assert len(ids) == len(set(ids))
    assert {one.merchant_id for one in case.expect} <= {row["merchant_id"] for row in case.merchants}
    assert {one.programme for one in case.expect} == {case.programme}
    assert case.why


@pytest.mark.parametrize("case", ALL, ids=lambda case: f"{case.programme}: {case.case}")
def test_no_expectation_contradicts_itself(case: Case) -> None:
    assert [one for one in case.expect if not is_consistent(one)] == []


def is_consistent(one: Expectation) -> bool:
    """A verdict comes with a value, a distance of its sign, and only with the status ok."""
    if one.status not in STATUSES or (one.status == "ok") != (one.passed is not None):
        return False
    if one.status in ("not_in_source", "not_applicable") and one.value is not None:
        return False
    if one.passed is None:
        return one.distance is None
    if one.value is None:
        return False
    return one.distance is None or (one.distance >= 0) == one.passed


def test_readings_are_explained_in_the_readme() -> None:
    text = (Path(__file__).parent / "vectors" / "README.md").read_text(encoding="utf-8")
    used = {one.reading for case in ALL for one in case.expect if one.reading}
    assert {reading for reading in used if f"**{reading}**" not in text} == set()


def test_every_member_of_a_group_comes_later_under_its_own_id() -> None:
    group = {"of": "orders", "merchant_id": "m1", "tag": "late", "at": "D-2T08:00:00Z", "count": 2, "step_hours": 3}
    rows = expand(group | {"shipped": 60, "delivered": None}, date(2025, 6, 30))
    assert [(row["order_id"], row["kind"], row["occurred_at"]) for row in rows] == [
        ("m1-late-0001", "order_placed", "2025-06-28T08:00:00Z"),
        ("m1-late-0001", "order_shipped", "2025-06-30T20:00:00Z"),
        ("m1-late-0001", "tracking_scanned", "2025-06-30T20:00:00Z"),
        ("m1-late-0002", "order_placed", "2025-06-28T11:00:00Z"),
        ("m1-late-0002", "order_shipped", "2025-06-30T23:00:00Z"),
        ("m1-late-0002", "tracking_scanned", "2025-06-30T23:00:00Z"),
    ]
    assert (rows[3]["ship_by_at"], rows[3]["deliver_by_at"]) == ("2025-06-30T11:00:00Z", "2025-07-05T11:00:00Z")


@pytest.mark.parametrize(
    ("group", "said"), [({"of": "views"}, "a group is of orders"), ({"of": "orders", "late": 1}, "no late")]
)
def test_a_group_with_a_slip_is_refused(group: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        expand(group, date(2025, 6, 30))


def test_cases_of_a_programme_have_names_of_their_own() -> None:
    names = Counter((case.programme, case.case) for case in ALL)
    assert [name for name, count in names.items() if count > 1] == []


def score_interval(count: int, n: int, confidence: float) -> tuple[float, float]:
    interval = stats.binomtest(count, n).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def over_limit(prior_mean: float, prior_strength: float, bad: int, n: int, limit: float) -> float:
    good = prior_strength * (1 - prior_mean) + n - bad
    return float(stats.beta.sf(limit, prior_strength * prior_mean + bad, good))


FORMULAS: dict[str, Callable[..., object]] = {
    "probability_over_limit": over_limit,
    "wilson_low": lambda **given: score_interval(**given)[0],
    "wilson_interval": lambda **given: list(score_interval(**given)),
    "exact_upper": lambda bad, n, one_sided_confidence: stats.beta.ppf(one_sided_confidence, bad + 1, n - bad),
    "beta_reputation": lambda good, bad: (good + 1) / (good + bad + 2),
    "half_life": lambda decay: log(0.5) / log(decay),
}


@pytest.mark.parametrize("vector", function_vectors(), ids=lambda vector: f"{vector.function} {vector.arguments}")
def test_a_function_vector_is_what_scipy_gives(vector: FunctionVector) -> None:
    found = FORMULAS[vector.function](**vector.arguments)
    assert found == pytest.approx(vector.expected, abs=5.000001e-7, rel=0)
