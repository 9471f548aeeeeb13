"""How triage is measured: statistics by hand, halves that are apart, and figures that stay above the baselines'."""

from __future__ import annotations

import math

import numpy as np
import pytest

from app.bench.agreement import calibration_error, macro_f1, rank_correlation, ratio, with_interval
from app.bench.labelled import cases
from app.bench.triage import rows, told_by_desk
from app.bench.triage_baselines import commonest
from app.bench.triage_cases import messages
from app.services.runtime import Runtime, use_runtime
from app.settings import load_settings


def test_statistics_are_those_made_by_hand() -> None:
    labels, told = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0])
    assert macro_f1(labels, told) == pytest.approx((0.5 + 2 / 3 + 0.0) / 3)
    assert rank_correlation(np.array([1, 2, 3]), np.array([10.0, 30.0, 20.0])) == pytest.approx(0.5)
    assert math.isnan(rank_correlation(np.array([1, 1]), np.array([1.0, 2.0])))
    assert ratio(np.array([1, 0]), np.array([2, 2])) == 0.25
    assert calibration_error(np.array([0.95, 0.95, 0.15]), np.array([1.0, 0.0, 0.0])) == pytest.approx((0.9 + 0.15) / 3)
    value, low, high = with_interval(ratio, np.ones(20), np.full(20, 2.0))
    assert (value, low, high) == (0.5, 0.5, 0.5)


def test_the_halves_are_apart_and_counterparts_lie_together() -> None:
    numbers = [{case["id"].rsplit("-", 1)[-1] for case in cases("triage", half)} for half in ("develop", "report")]
    assert not numbers[0] & numbers[1]
    assert (len(cases("triage", "develop")), len(cases("triage", "report"))) == (122, 112)


def test_the_desk_beats_the_commonest_label_on_the_developing_half() -> None:
    found = messages("develop")
    with use_runtime(Runtime(load_settings({}, overrides={"encoder": False, "workspace_url": "sqlite://"}))):
        ours = {row.figure: row for row in rows("messages", "en", "trustdesk", found, told_by_desk(found))}
        plain = {row.figure: row for row in rows("messages", "en", "commonest label", found, commonest(found))}
    for figure, least in {"intent_accuracy": 0.55, "urgency_accuracy": 0.6, "sentiment_rank": 0.4}.items():
        assert (ours[figure].value or 0) > max(least, plain[figure].value or 0), figure
    assert (ours["satisfaction_covered"].value or 0) > 0.85
