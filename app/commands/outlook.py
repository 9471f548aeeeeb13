"""`trustdesk outlook`: the share of bad orders to expect of each merchant in the next 60 days."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.commands.plumbing import (
    as_of_option,
    json_option,
    one_line_errors,
    print_rows,
    runtime,
    warehouse_option,
)
from app.errors import InputFileError
from app.services.runtime import snapshot_id

if TYPE_CHECKING:
    from app.filters import AsOf


@click.command()
@as_of_option
@click.option("--merchant", help="Only this merchant's id.")
@click.option("--limit", type=click.FloatRange(0, 1), help="Adds how likely the true share is over this one.")
@json_option
@warehouse_option
@one_line_errors
def outlook(as_of: AsOf, merchant: str | None, limit: float | None, as_json: bool, warehouse: Path | None) -> None:
    """Expect bad orders of the next 60 days: late or cancelled by the merchant's fault, reviewed with 1 or 2 stars, or disputed.

    The share of each merchant's orders with its 95 % interval. What the source doesn't record is left out and named.
    """
    from app.services.outlook import outlook_rows
    from app.services.warehouse import as_known

    if limit is not None and math.isnan(limit):  # lies in every range
        raise click.BadParameter("nan is no share: give a number from 0 to 1.", param_hint="--limit")
    with runtime(warehouse):
        rows = outlook_rows(as_known(snapshot_id(), as_of), limit)
    if merchant is not None:
        rows = tuple(row for row in rows if row["merchant_id"] == merchant)
        if not rows:
            raise InputFileError(
                "There is no merchant '{merchant}' in the warehouse: check the spelling.", merchant=merchant
            )
    print_rows(rows, as_json=as_json)
