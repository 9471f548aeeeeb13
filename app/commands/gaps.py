"""`trustdesk gaps`: what merchants and buyers ask and no article answers."""

from __future__ import annotations

from pathlib import Path

import click

from app.commands.plumbing import json_option, one_line_errors, print_rows, runtime, warehouse_option
from app.services.runtime import snapshot_id

KEYS = ("gap_id", "label", "language", "count", "is_covered", "nearest", "similarity", "chance")


@click.command()
@json_option
@warehouse_option
@one_line_errors
def gaps(as_json: bool, warehouse: Path | None) -> None:
    """Print what open and recent threads ask and no article answers, with the nearest passage; uncovered matters first."""
    from app.services.gaps import gaps as found

    with runtime(warehouse):
        print_rows((gap.to_json() for gap in found(snapshot_id())), as_json=as_json, columns=KEYS)
