"""`trustdesk metrics`: any metric, window and dimension, the same figures as on the pages."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from app.commands.plumbing import (
    as_of_option,
    json_option,
    one_line_errors,
    print_rows,
    runtime,
    warehouse_option,
    window_options,
)
from app.services.runtime import snapshot_id

COLUMNS = ("metric", "group", "value", "unit", "currency", "ci_low", "ci_high", "n", "status")


@click.command()
@click.option("--metric", "metric_ids", multiple=True, help="Metric id; may be given more than once (default: all).")
@click.option("--by", multiple=True, help="Dimension: merchant, category, region, tier, size_band, day, week, month …")
@click.option("--category", multiple=True, help="Only this category; may be given more than once.")
@click.option("--region", multiple=True, help="Only this region; may be given more than once.")
@click.option("--tier", multiple=True, help="Only this tier; may be given more than once.")
@click.option("--merchant", multiple=True, help="Only this merchant's id; may be given more than once.")
@window_options
@as_of_option
@json_option
@warehouse_option
@one_line_errors
def metrics(
    metric_ids: tuple[str, ...],
    by: tuple[str, ...],
    category: tuple[str, ...],
    region: tuple[str, ...],
    tier: tuple[str, ...],
    merchant: tuple[str, ...],
    date_from: date | None,
    date_to: date | None,
    as_of: date | None,
    as_json: bool,
    warehouse: Path | None,
) -> None:
    """Print metrics with their numerator, denominator, n and 95 % interval."""
    from analytics.metrics import Scope
    from app.services.metrics import all_metric_ids, figures, metric_row
    from app.services.warehouse import check_scope, window

    with runtime(warehouse):
        snapshot = snapshot_id()
        first, last = window(snapshot, date_from, date_to, as_of)
        scope = Scope(first, last, category, region, tier, merchant)
        check_scope(snapshot, scope)
        results = figures(snapshot, metric_ids or all_metric_ids(), scope, by=by, as_of=as_of)
    rows = [metric_row(result) for name in metric_ids or all_metric_ids() for result in results[name]]
    print_rows(rows, as_json=as_json, columns=COLUMNS)
