"""`trustdesk build`: the marts of the data at hand anew, on this machine or on a Spark cluster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.commands.plumbing import Progress, json_option, one_line_errors, print_rows, runtime, warehouse_option

if TYPE_CHECKING:
    from app.services.loading import Engine


@click.command()
@click.option(
    "--engine",
    type=click.Choice(["duckdb", "spark"]),
    default="duckdb",
    show_default=True,
    help="Where the mart SQL runs; the marts are the same.",
)
@click.option("--master", metavar="URL", help="Spark's master, such as spark://host:7077 (default: this machine).")
@click.option("--time-zone", help="Reporting time zone from now on (default: as it is).")
@json_option
@warehouse_option
@one_line_errors
def build(engine: Engine, master: str | None, time_zone: str | None, as_json: bool, warehouse: Path | None) -> None:
    """Build the marts of the loaded data anew and publish them as a new snapshot.

    Needed after mart SQL or the reporting time zone changed. Spark needs the extra `spark` and Java 17 or newer.
    """
    from app.services.loading import build_marts

    if master is not None and engine != "spark":
        raise click.UsageError("--master goes with --engine spark.")
    with runtime(warehouse):
        progress = Progress()
        result = build_marts(engine, master=master, time_zone=time_zone, progress=progress)
        progress.done()
    print_rows([result], as_json=as_json)
