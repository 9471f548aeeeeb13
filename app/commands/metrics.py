"""`trustdesk metrics`: any metric, window and dimension, the same figures as on the pages."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal

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
PART_COLUMNS = (
    "metric",
    "group",
    "before",
    "after",
    "unit",
    "currency",
    "change",
    "volume",
    "mix",
    "rate",
    "overlap",
    "n",
)


@click.command()
@click.option("--metric", "metric_ids", multiple=True, help="Metric id; may be given more than once (default: all).")
@click.option("--by", multiple=True, help="Dimension: merchant, category, region, tier, size_band, day, week, month …")
@click.option("--category", multiple=True, help="Only this category; may be given more than once.")
@click.option("--region", multiple=True, help="Only this region; may be given more than once.")
@click.option("--tier", multiple=True, help="Only this tier; may be given more than once.")
@click.option("--merchant", multiple=True, help="Only this merchant's id; may be given more than once.")
@click.option("--explain", "is_explained", is_flag=True, help="Split each metric's change by one dimension (--by).")
@click.option(
    "--compare",
    type=click.Choice(["previous", "week", "year"]),
    help="With --explain: the window to compare with (default: the one just before).",
)
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
    is_explained: bool,
    compare: Literal["previous", "week", "year"] | None,
    date_from: date | None,
    date_to: date | None,
    as_of: date | None,
    as_json: bool,
    warehouse: Path | None,
) -> None:
    """Print metrics with their numerator, denominator, n and 95 % interval; or with --explain what their change is made of."""
    from analytics.metrics import Scope
    from app.services.metrics import all_metric_ids, explanation_rows, explanations, figures, metric_row
    from app.services.warehouse import check_scope, window

    if compare and not is_explained:
        raise click.UsageError("--compare goes with --explain only: leave it out, or add --explain.")
    if is_explained and (not metric_ids or len(by) > 1):
        raise click.UsageError("--explain needs --metric, and one --by at most (default: category).")
    with runtime(warehouse):
        snapshot = snapshot_id()
        first, last = window(snapshot, date_from, date_to, as_of)
        scope = Scope(first, last, category, region, tier, merchant)
        check_scope(snapshot, scope)
        if is_explained:
            found = [
                row
                for metric_id in metric_ids
                for explanation in explanations(
                    snapshot, metric_id, scope, compare or "previous", (by or ("category",))[0], as_of
                )
                for row in explanation_rows(explanation)
            ]
            print_rows(found, as_json=as_json, columns=PART_COLUMNS)
            return
        results = figures(snapshot, metric_ids or all_metric_ids(), scope, by=by, as_of=as_of)
    rows = [metric_row(result) for name in metric_ids or all_metric_ids() for result in results[name]]
    print_rows(rows, as_json=as_json, columns=COLUMNS)
