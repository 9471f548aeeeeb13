"""`trustdesk bench NAME`: measures speed and quality, ours beside the peer and the limit in one run."""

from __future__ import annotations

from pathlib import Path

import click

from app.commands.plumbing import json_option, one_line_errors, print_rows, runtime, warehouse_option
from app.settings import load_settings


@click.group()
def bench() -> None:
    """Measure, and print the figures."""


@bench.command()
@click.option("--runs", type=click.IntRange(2), default=10, show_default=True, help="Loads and repaints a page.")
@json_option
@warehouse_option
@one_line_errors
def pages(runs: int, as_json: bool, warehouse: Path | None) -> None:
    """Time every page in a real browser: load and click to repainted, in milliseconds."""
    from app.bench.pages import measure

    root = warehouse or load_settings().warehouse
    print_rows((timing.to_json() for timing in measure(root.absolute(), runs=runs)), as_json=as_json)


@bench.command()
@click.option(
    "--threads", type=click.IntRange(1), default=20, show_default=True, help="Threads, half in each language."
)
@json_option
@warehouse_option
@one_line_errors
def language(threads: int, as_json: bool, warehouse: Path | None) -> None:
    """Summarise and draft threads: sentences a second, time to the first checked one, and sentences without source."""
    from app.bench.language import measure

    with runtime(warehouse):
        print_rows((row.to_json() for row in measure(threads)), as_json=as_json)


@bench.command()
@click.option("--seeds", type=click.IntRange(1), default=10, show_default=True, help="Panels of each kind.")
@click.option("--merchants", type=click.IntRange(20), default=20_000, show_default=True, help="Of the timed panel.")
@click.option("--days", type=click.IntRange(90), default=730, show_default=True, help="Of the timed panel.")
@json_option
@one_line_errors
def watch(seeds: int, merchants: int, days: int, as_json: bool) -> None:
    """Find planted incidents and forecast simulated series: precision, recall, false alarms, coverage, time."""
    from app.bench.watch import measure

    for row in measure(seeds, merchants, days):
        print_rows([row], as_json=as_json)
