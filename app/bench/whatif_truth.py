"""`trustdesk bench whatif --only truth`: do the intervals of the effects hold the true effect, on small marketplaces that are lived with and
without each cause; and how far off the raw difference and plain regression are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analytics.bench.effect_markets import Replicate, make_replicate
from analytics.metrics.intervals import wilson
from analytics.whatif.double_ml import cross_fit, effect_of, problem_of, raw_difference
from analytics.whatif.effect_frame import BEHAVIOURS, LEVERS, Study, prepare, study_of

CONFOUNDING = {"as in the demo": 0.0, "strong": 1.0}


@dataclass
class _Held:
    """What was found in each replicate of a lever and outcome where an effect could be told."""

    truth: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    raw: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    is_held: list[bool] = field(default_factory=list)
    width: list[float] = field(default_factory=list)
    untold: int = 0


def measure(
    replicates: int, seed: int, levers: tuple[str, ...] = LEVERS, progress: Callable[[str], None] | None = None
) -> Iterator[dict[str, object]]:
    """A row a strength of confounding, lever and outcome: replicates told and not, coverage of 95 % intervals with Wilson's bounds, root mean square
    errors of ours, the raw difference and plain regression, and the mean share of the true effect by which the raw difference is off."""
    for strength, confounding in CONFOUNDING.items():
        found: dict[tuple[str, str], _Held] = defaultdict(_Held)
        for replicate in range(replicates):
            _judge(make_replicate(seed + replicate, confounding), levers, found)
            if progress and (replicate + 1) % 20 == 0:
                progress(f"confounding {strength}: {replicate + 1} of {replicates}")
        for (lever, outcome), held in found.items():
            yield {"confounding": strength, "lever": lever, "outcome": outcome, **_row(held)}


def plain_regression(study: Study) -> float:
    """The coefficient of the treatment by least squares on it and the confounders, categories as dummies."""
    dummies = [study.x[:, [i]] == np.unique(study.x[:, i])[1:] for i in range(study.coded)]
    columns = np.column_stack([study.t, np.ones(len(study)), *dummies, study.x[:, study.coded :]])
    return float(np.linalg.lstsq(columns, study.y, rcond=None)[0][0])


def true_effect(truth: pd.Series[float], study: Study) -> float:
    """The mean true effect on the concerned orders of merchants that have others, too: what the study can tell."""
    concerned, others = (np.bincount(study.merchant[study.t == t], minlength=len(study.names)) for t in (1, 0))
    effect = truth.reindex(study.names).to_numpy(dtype=float)
    weight = np.where((others > 0) & ~np.isnan(effect), concerned, 0)
    return float((weight * np.nan_to_num(effect)).sum() / weight.sum())


def _judge(made: Replicate, levers: tuple[str, ...], found: dict[tuple[str, str], _Held]) -> None:
    frame = prepare(made.orders)
    for behaviour in BEHAVIOURS:
        if behaviour.lever not in levers:
            continue
        for outcome in behaviour.outcomes:
            study, held = study_of(frame, behaviour, outcome), found[behaviour.lever, outcome]
            estimate = effect_of(cross_fit(study)) if problem_of(study) is None else None
            if estimate is None:
                held.untold += 1
                continue
            truth = true_effect(made.truth[behaviour.lever, outcome], study)
            held.truth.append(truth)
            held.ours.append(estimate.value)
            held.raw.append(raw_difference(study)[0])
            held.plain.append(plain_regression(study))
            held.is_held.append(estimate.ci_low <= truth <= estimate.ci_high)
            held.width.append(estimate.ci_high - estimate.ci_low)


def _row(held: _Held) -> dict[str, object]:
    n = len(held.truth)
    if n == 0:
        return {"replicates": 0, "untold": held.untold}
    truth = np.array(held.truth)
    low, high = wilson(np.array([float(sum(held.is_held))]), np.array([float(n)]))
    errors = {
        name: float(np.sqrt(np.mean((np.array(values) - truth) ** 2)))
        for name, values in (("rmse", held.ours), ("raw_rmse", held.raw), ("plain_rmse", held.plain))
    }
    return {
        "replicates": n,
        "untold": held.untold,
        "true_effect": float(truth.mean()),
        "bias": float((np.array(held.ours) - truth).mean()),
        "raw_off": abs(float((np.array(held.raw) - truth).mean() / truth.mean())),
        "covered": sum(held.is_held) / n,
        "ci_low": float(low[0]),
        "ci_high": float(high[0]),
        "width": float(np.mean(held.width)),
        **errors,
    }
