"""`trustdesk trust`: scores, levels and what they are made of."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path

import click

from app.commands.plumbing import as_of_option, json_option, one_line_errors, print_rows, runtime, warehouse_option
from app.errors import InputFileError
from app.services.runtime import snapshot_id

KEYS = ("merchant_id", "as_of", "score", "level", "ci_low", "ci_high", "n", "status", "contributions")


@click.command()
@as_of_option
@click.option("--merchant", help="Only this merchant's id.")
@json_option
@warehouse_option
@one_line_errors
def trust(as_of: date | None, merchant: str | None, as_json: bool, warehouse: Path | None) -> None:
    """Print trust scores (0–100) with level, interval and contributions, which add up to the score."""
    from app.services.scores import scores

    with runtime(warehouse):
        found = scores(snapshot_id(), as_of)
    if merchant is not None:
        found = tuple(score for score in found if score.merchant_id == merchant)
        if not found:
            raise InputFileError("There is no merchant {merchant} in the warehouse.", merchant=merchant)
    rows = [{key: value for key, value in asdict(score).items() if key in KEYS} for score in found]
    print_rows(rows, as_json=as_json, columns=KEYS)
