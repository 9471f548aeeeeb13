"""`trustdesk recurring`: one merchant's many threads together."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from app.commands.plumbing import json_option, one_line_errors, print_rows, runtime, warehouse_option, window_options
from app.services.runtime import snapshot_id


@click.command()
@click.argument("merchant")
@window_options
@json_option
@warehouse_option
@one_line_errors
def recurring(
    merchant: str, date_from: date | None, date_to: date | None, as_json: bool, warehouse: Path | None
) -> None:
    """Print what MERCHANT's threads come back to: since when, what changed, what it costs, each sentence with its threads."""
    from analytics.metrics import Scope
    from app.services.recurring import of_merchant, to_json
    from app.services.warehouse import check_scope, window

    with runtime(warehouse):
        snapshot = snapshot_id()
        scope = Scope(*window(snapshot, date_from, date_to), merchants=(merchant,))
        check_scope(snapshot, scope)
        rows = [to_json(found) for found in of_merchant(snapshot, scope, merchant)]
    columns = (
        "intent",
        "count",
        "first_on",
        "last_on",
        "count_now",
        "count_before",
        "ci_low",
        "ci_high",
        "open",
        "late",
    )
    print_rows(rows, as_json=as_json, columns=columns)
