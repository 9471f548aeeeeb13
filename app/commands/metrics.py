"""`trustdesk metrics`: any metric, window and dimension, the same figures as on the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from app.commands.plumbing import (
    Day,
    as_of_option,
    json_option,
    one_line_errors,
    print_each,
    print_rows,
    runtime,
    warehouse_option,
    window_options,
)
from app.services.runtime import snapshot_id

if TYPE_CHECKING:
    from app.filters import AsOf

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
ANOMALY_COLUMNS = (
    "metric",
    "group",
    "from",
    "to",
    "value",
    "unit",
    "expected",
    "low",
    "high",
    "n",
    "q_value",
    "is_bad",
)
MOST_TOTALLED = 4  # dimensions, which make 16 groupings
FORECAST_COLUMNS = ("metric", "group", "day", "expected", "low", "high", "unit")


def _check_together(
    is_explained: bool,
    is_watched: bool,
    is_forecast: bool,
    *,
    by: tuple[str, ...],
    has_totals: bool,
    metric_ids: tuple[str, ...],
    asked: Mapping[str, object],
) -> None:
    """Raises UsageError for options that do not go together; `asked` holds the values of those that need one of the three."""
    if is_explained + is_watched + is_forecast > 1:
        raise click.UsageError("--explain, --anomalies and --forecast are three questions: ask one at a time.")
    if has_totals and (is_explained or is_watched or is_forecast or not 1 <= len(set(by)) <= MOST_TOTALLED):
        raise click.UsageError(f"--totals goes with figures by one to {MOST_TOTALLED} dimensions: add --by.")
    for option, value in asked.items():
        partner, is_there = {
            "--compare": ("--explain", is_explained),
            "--base-from": ("--explain", is_explained),
            "--base-to": ("--explain", is_explained),
            "--q": ("--anomalies", is_watched),
            "--days": ("--forecast", is_forecast),
            "--level": ("--forecast", is_forecast),
        }[option]
        if value is not None and not is_there:
            raise click.UsageError(f"{option} goes with {partner} only: leave it out, or add {partner}.")
    own = [asked[option] is not None for option in ("--base-from", "--base-to")]
    if any(own) and (not all(own) or asked["--compare"] is not None):
        raise click.UsageError("--base-from and --base-to go together, in place of --compare: give both days.")
    if is_explained and (not metric_ids or len(by) > 1):
        raise click.UsageError("--explain needs --metric, and one --by at most (default: category).")
    if by and (is_watched or is_forecast):
        name = "--anomalies" if is_watched else "--forecast"
        raise click.UsageError(
            f"{name} has no --by: anomalies are by merchant, a forecast is of what the filters leave."
        )
    if is_forecast and not metric_ids:
        raise click.UsageError("--forecast needs --metric.")


def _print_each(
    metric_ids: tuple[str, ...],
    as_json: bool,
    rows_of: Callable[[str], Sequence[Mapping[str, object]]],
    columns: Sequence[str],
) -> None:
    print_each(metric_ids, rows_of, id_key="metric", as_json=as_json, columns=columns)


@click.command()
@click.option("--metric", "metric_ids", multiple=True, help="Metric id; may be given more than once (default: all).")
@click.option("--by", multiple=True, help="Dimension: merchant, category, region, tier, size_band, day, week, month …")
@click.option(
    "--totals", "has_totals", is_flag=True, help="With --by: total rows too, each computed without a dimension."
)
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
@click.option("--base-from", type=Day(), help="With --explain: first day of a window of your own to compare with.")
@click.option(
    "--base-to", type=Day(), help="With --explain: its last day, included. The figures are those of the whole windows."
)
@click.option("--anomalies", "is_watched", is_flag=True, help="Merchants' unusual days in the window, surest first.")
@click.option("--q", type=float, help="With --anomalies: the share of false ones allowed (default: 0.05).")
@click.option("--forecast", "is_forecast", is_flag=True, help="The days after the last complete one, with intervals.")
@click.option("--days", type=int, help="With --forecast: how many days (default: 28).")
@click.option("--level", type=float, help="With --forecast: the probability that the interval holds (default: 0.8).")
@window_options
@as_of_option
@json_option
@warehouse_option
@one_line_errors
def metrics(
    metric_ids: tuple[str, ...],
    by: tuple[str, ...],
    has_totals: bool,
    category: tuple[str, ...],
    region: tuple[str, ...],
    tier: tuple[str, ...],
    merchant: tuple[str, ...],
    is_explained: bool,
    compare: Literal["previous", "week", "year"] | None,
    base_from: date | None,
    base_to: date | None,
    is_watched: bool,
    q: float | None,
    is_forecast: bool,
    days: int | None,
    level: float | None,
    date_from: date | None,
    date_to: date | None,
    as_of: AsOf,
    as_json: bool,
    warehouse: Path | None,
) -> None:
    """Print metrics with their numerator, denominator, n and 95 % interval; with --explain what their change is made of, with
    --anomalies merchants' unusual days, with --forecast the days to come."""
    from analytics.metrics import Scope
    from app.services import watch
    from app.services.metrics import all_metric_ids, explained_rows, figures, metric_row, rows_with_totals
    from app.services.warehouse import as_known, check_scope, window

    asked = {
        "--compare": compare,
        "--base-from": base_from,
        "--base-to": base_to,
        "--q": q,
        "--days": days,
        "--level": level,
    }
    _check_together(
        is_explained, is_watched, is_forecast, by=by, has_totals=has_totals, metric_ids=metric_ids, asked=asked
    )
    if is_forecast and date_from:
        raise click.UsageError("--forecast takes all the past there is: leave out --from; --to cuts the past off.")
    with runtime(warehouse):
        snapshot = as_known(snapshot_id(), as_of)
        first, last = window(snapshot, date_from, date_to)
        scope = Scope(first, last, category, region, tier, merchant)
        check_scope(snapshot, scope)
        each = partial(_print_each, metric_ids, as_json)
        if is_watched:
            found = watch.anomaly_rows(
                snapshot, metric_ids or watch.watched(), scope, watch.DEFAULT_Q if q is None else q
            )
            print_rows(found, as_json=as_json, columns=ANOMALY_COLUMNS)
        elif is_forecast:
            extent = (watch.DAYS if days is None else days, watch.LEVEL if level is None else level)
            each(lambda metric_id: watch.forecast_rows(snapshot, metric_id, scope, *extent), FORECAST_COLUMNS)
        elif is_explained:
            base = (base_from, base_to) if base_from and base_to else compare or "previous"
            dimension = (by or ("category",))[0]
            each(lambda metric_id: explained_rows(snapshot, metric_id, scope, base, dimension), PART_COLUMNS)
        elif has_totals:
            rows = rows_with_totals(snapshot, metric_ids or all_metric_ids(), scope, by)
            print_rows(rows, as_json=as_json, columns=(*COLUMNS, "is_total"))
        else:
            results = figures(snapshot, metric_ids or all_metric_ids(), scope, by=by)
            rows = [metric_row(result) for name in metric_ids or all_metric_ids() for result in results[name]]
            print_rows(rows, as_json=as_json, columns=COLUMNS)
