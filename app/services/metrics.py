"""Metrics as the command prints them; pages read the same figures through their own shapes. Knows no page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.services.runtime import cached
from app.services.warehouse import cursor

if TYPE_CHECKING:
    from analytics.metrics import Explanation, MetricResult, Scope
    from analytics.metrics.types import Base


def all_metric_ids() -> tuple[str, ...]:
    """Every metric of the catalogue, in its order."""
    from analytics.metrics import CATALOGUE

    return tuple(CATALOGUE)


@cached
def figures(
    snapshot_id: str, metric_ids: tuple[str, ...], scope: Scope, by: tuple[str, ...] = ()
) -> dict[str, list[MetricResult]]:
    """Several metrics over one scope in one query. Raises UnknownMetric and UnknownDimension, with what was meant."""
    from analytics.metrics import compute_many

    with cursor(snapshot_id) as opened:
        return compute_many(opened, metric_ids, scope, by=by)


def figures_with_totals(
    snapshot_id: str, metric_ids: tuple[str, ...], scope: Scope, by: tuple[str, ...]
) -> dict[tuple[str, ...], dict[str, list[MetricResult]]]:
    """The figures by all of the dimensions and by every subset of them: totals that no sum of parts gives."""
    from analytics.metrics import compute_with_totals

    with cursor(snapshot_id) as opened:
        return compute_with_totals(opened, metric_ids, scope, by=by)


@cached
def explanations(snapshot_id: str, metric_id: str, scope: Scope, base: Base, by: str) -> list[Explanation]:
    """What a metric's change against the base window is made of, one explanation a currency. Raises InputError in one line."""
    from analytics.metrics import explain

    with cursor(snapshot_id) as opened:
        return explain(opened, metric_id, scope, base=base, by=by)


def explanation_rows(explanation: Explanation) -> list[dict[str, object]]:
    """An explanation under the keys of the command's contract: its parts, largest first, then the whole."""
    from analytics.metrics import explanation_records

    return explanation_records(explanation)


def explained_rows(snapshot_id: str, metric_id: str, scope: Scope, base: Base, by: str) -> list[dict[str, object]]:
    """The rows of a metric's every explanation, one a currency."""
    return [
        row
        for explanation in explanations(snapshot_id, metric_id, scope, base, by)
        for row in explanation_rows(explanation)
    ]


def metric_row(result: MetricResult) -> dict[str, object]:
    """A figure under the keys of the command's contract."""
    from analytics.metrics import result_record

    return result_record(result)


def rows_with_totals(
    snapshot_id: str, metric_ids: tuple[str, ...], scope: Scope, by: tuple[str, ...]
) -> list[dict[str, object]]:
    """The rows of `figures_with_totals`, metric by metric; `is_total` marks those whose group lacks a dimension of `by`."""
    found = figures_with_totals(snapshot_id, metric_ids, scope, by)
    finest = next(iter(found))
    return [
        metric_row(result) | {"is_total": subset != finest}
        for metric_id in metric_ids
        for subset, results in found.items()
        for result in results[metric_id]
    ]
