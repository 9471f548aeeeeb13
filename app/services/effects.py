"""Effects of merchants' behaviour: fitted once a snapshot, in the background of the app or by `trustdesk effects`, and read from then on.

Of a reading as of a day, those of the whole snapshot. Knows no page; words stay msgids.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from app.errors import AppError
from app.i18n import N_
from app.services.reading import base_id, known_on
from app.services.runtime import get_runtime

if TYPE_CHECKING:
    from analytics.warehouse import Warehouse
    from analytics.whatif.effect_types import Effect, Untold
    from analytics.whatif.effects import FittedEffect
    from analytics.whatif.effects_kept import SnapshotEffects

# lever of analytics.whatif.effects → its name, and what an order that it concerns is like
LEVERS = {
    "late_seller_rate": (N_("Late by the merchant"), N_("an order delivered late by the merchant")),
    "slow_reply_rate": (N_("Slow reply"), N_("an order whose question waited over 24 hours or for ever")),
    "slow_refund_rate": (N_("Slow refund"), N_("a return that was not refunded within five days")),
    "seller_cancellation_rate": (N_("Cancelled by the merchant"), N_("an order that the merchant cancelled")),
}
OUTCOMES = {
    "stars": (N_("Stars of the review"), "stars"),
    "dispute": (N_("Dispute opened"), "rate"),
    "repeat": (N_("Back within 60 days"), "rate"),
}
PROBLEMS = {
    "no_concerned": N_("no such order in the data"),
    "all_concerned": N_("every order is like this: there is nothing to compare with"),
    "no_variation": N_("the outcome is the same for every order"),
    "too_few": N_("too few orders to tell"),
}
LABELS = {
    "experiment": N_("Experiment"),
    "observational": N_("Observational"),
    "assumption": N_("Assumption"),
}
log = logging.getLogger("trustdesk")


@dataclass(frozen=True)
class Progress:
    """How far the fit of a snapshot is; `total` is 0 before it has begun. `fault` says in one line why there will be none."""

    done: int = 0
    total: int = 0
    is_working: bool = False
    fault: str = ""


class Fitting:
    """One background thread at a time for a process; it leaves a core to the pages."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._progress: dict[tuple[object, str], Progress] = {}

    def want(self, warehouse: Warehouse, snapshot_id: str) -> Progress:
        """Begins the fit unless it was begun; returns at once."""
        key = (warehouse.root, snapshot_id)
        with self._lock:
            known = self._progress.get(key)
            if known is not None:
                return known
            if any(one.is_working for one in self._progress.values()):
                return Progress(is_working=True)
            self._progress[key] = Progress(is_working=True)
        threading.Thread(target=self._run, args=(warehouse, snapshot_id), name="effects", daemon=True).start()
        return Progress(is_working=True)

    def _run(self, warehouse: Warehouse, snapshot_id: str) -> None:
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        from analytics.errors import AnalyticsError
        from analytics.whatif.effects_kept import make_effects

        key = (warehouse.root, snapshot_id)
        fault = N_("The fit stopped.")
        try:
            with threadpool_limits(1):
                make_effects(warehouse, snapshot_id, progress=lambda done, total: self._say(key, done, total))
            fault = ""
        except (AnalyticsError, AppError, OSError) as error:
            fault = str(error)
            log.warning("effects of %s: %s", snapshot_id, fault)
        finally:
            with self._lock:
                self._progress[key] = replace(self._progress[key], is_working=False, fault=fault)

    def _say(self, key: tuple[object, str], done: int, total: int) -> None:
        with self._lock:
            self._progress[key] = Progress(done, total, is_working=True)


_fitting = Fitting()


def effects(snapshot_id: str) -> SnapshotEffects | None:
    """What is kept; None while nothing is: then `prepare` says how far it is."""
    from analytics.whatif.effects_kept import read_effects

    return read_effects(get_runtime().warehouse, base_id(snapshot_id))


def of_score(snapshot_id: str) -> tuple[Effect, ...]:
    """What a scenario may go by: the kept effects of the score's rates. None of a reading as of a day: what came later is in them."""
    from analytics.whatif.effects import score_effects

    found = effects(snapshot_id) if known_on(snapshot_id) is None else None
    return score_effects(found.effects) if found else ()


def untold_of_score(snapshot_id: str) -> tuple[Untold, ...]:
    """Which effects of the score's rates the data can't tell, and why."""
    from analytics.whatif.effect_types import Untold
    from analytics.whatif.effects import score_problems

    found = effects(snapshot_id) if known_on(snapshot_id) is None else None
    problems = score_problems(found.effects) if found else ()
    return tuple(Untold(rate, outcome, PROBLEMS[problem]) for rate, outcome, problem in problems)


def prepare(snapshot_id: str) -> Progress:
    """Begins to fit a snapshot's effects in the background, or says how far that is."""
    return _fitting.want(get_runtime().warehouse, base_id(snapshot_id))


def fit(snapshot_id: str, seed: int, progress: Callable[[int, int], None] | None = None) -> SnapshotEffects:
    """What is kept, or fitted now and kept. Raises InputError and WarehouseError."""
    from analytics.whatif.effects_kept import make_effects

    return make_effects(get_runtime().warehouse, base_id(snapshot_id), seed, progress)


def effect_rows(found: SnapshotEffects) -> Iterator[dict[str, object]]:
    """One row a lever and outcome, then its segments' ones (with `segment`), as the command prints them."""
    for one in found.effects:
        told = one.effect
        raw = one.raw or (None, None, None)
        yield {
            "lever": one.lever,
            "outcome": one.outcome,
            "segment": {},
            "effect": told and told.per_unit,
            "ci_low": told and told.ci_low,
            "ci_high": told and told.ci_high,
            "label": told and told.label,
            "raw": raw[0],
            "raw_ci_low": raw[1],
            "raw_ci_high": raw[2],
            "status": one.problem or "ok",
            "n": one.orders,
            "concerned": one.concerned,
            "merchants": one.merchants,
            "outside": one.outside,
            "is_widened": one.is_outside,
            "refuters": {refuter.name: {"value": refuter.value, "passed": refuter.passed} for refuter in one.refuters},
            "differs_by": list(one.differs),
            "seed": found.seed,
            "snapshot_id": found.snapshot_id,
        }
        for segment in one.segments:
            yield {
                "lever": one.lever,
                "outcome": one.outcome,
                "segment": {segment.kind: segment.name},
                "effect": segment.value,
                "ci_low": segment.ci_low,
                "ci_high": segment.ci_high,
                "label": told and told.label,
                "status": "ok",
                "concerned": segment.n,
                "seed": found.seed,
                "snapshot_id": found.snapshot_id,
            }


def effect_table(told: list[FittedEffect]) -> pd.DataFrame:
    """Effects that were told as a table: lever, concerned, raw, effect with bounds, outside, and what each refuter found and whether it passed."""
    rows = []
    for one in told:
        assert one.effect is not None and one.raw is not None  # noqa: PT018
        refuters = {refuter.name: refuter for refuter in one.refuters}
        values: dict[str, object] = {name: refuter.value for name, refuter in refuters.items()}
        passed: dict[str, object] = {f"{name}_passed": refuter.passed for name, refuter in refuters.items()}
        rows.append(
            {
                "lever": one.lever,
                "concerned": one.concerned,
                "merchants": one.merchants,
                "raw": one.raw[0],
                "effect": one.effect.per_unit,
                "ci_low": one.effect.ci_low,
                "ci_high": one.effect.ci_high,
                "label": one.effect.label,
                "outside": one.outside,
                **values,
                **passed,
            }
        )
    return pd.DataFrame(rows)
