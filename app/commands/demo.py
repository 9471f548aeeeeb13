"""`trustdesk demo`: fills a warehouse from the marketplace simulator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.commands.plumbing import Progress, json_option, note, one_line_errors, print_load, runtime, warehouse_option

if TYPE_CHECKING:
    from app.services.loading import Scale


@click.command()
@click.option(
    "--scale",
    type=click.Choice(["small", "medium", "large"]),
    default="small",
    show_default=True,
    help="200, 2,000 or 20,000 merchants; 200 thousand, 5 million or 100 million events.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=7, show_default=True, help="The same seed gives the same facts."
)
@click.option("--if-empty", is_flag=True, help="Do nothing when the warehouse holds data.")
@json_option
@warehouse_option
@one_line_errors
def demo(scale: Scale, seed: int, if_empty: bool, as_json: bool, warehouse: Path | None) -> None:
    """Fill the warehouse with a simulated marketplace."""
    from app.services.loading import load_demo

    with runtime(warehouse) as opened:
        if if_empty and opened.warehouse.exists():
            note(f"{opened.warehouse.root} holds data; nothing was simulated.")
            return
        progress = Progress()
        result = load_demo(scale, seed, progress)
        progress.done()
    print_load(result, as_json=as_json)
