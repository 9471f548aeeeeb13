"""`trustdesk rings`: merchants that share reviewers more than chance explains, with the evidence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.commands.plumbing import as_of_option, json_option, one_line_errors, print_rows, runtime, warehouse_option
from app.services.runtime import snapshot_id

if TYPE_CHECKING:
    from app.filters import AsOf

COLUMNS = ("ring_id", "members", "shared", "expected", "p_value", "text_share", "usual_text_share", "burst_days")


@click.command()
@as_of_option
@json_option
@warehouse_option
@one_line_errors
def rings(as_of: AsOf, as_json: bool, warehouse: Path | None) -> None:
    """Print the rings found, least likely by chance first: members, reviewers, linked pairs, bursts, similar texts, order ids."""
    from app.services.attacks import ring_rows
    from app.services.warehouse import as_known

    with runtime(warehouse):
        print_rows(ring_rows(as_known(snapshot_id(), as_of)), as_json=as_json, columns=COLUMNS)
