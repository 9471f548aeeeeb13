"""`trustdesk effects`: what late deliveries, slow replies, slow refunds and cancellations do to buyers, with what speaks against it."""

from __future__ import annotations

from pathlib import Path

import click

from app.commands.plumbing import json_option, note, one_line_errors, print_rows, runtime, warehouse_option
from app.services.runtime import snapshot_id

COLUMNS = ("lever", "outcome", "segment", "effect", "ci_low", "ci_high", "raw", "label", "concerned", "status")


@click.command()
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of folds and refuters.")
@json_option
@warehouse_option
@one_line_errors
def effects(seed: int, as_json: bool, warehouse: Path | None) -> None:
    """Print what one order more that goes wrong changes for its buyer: stars, disputes, coming back; fitted once a snapshot.

    Observational: orders as they came, not an experiment.
    """
    from app.services.effects import effect_rows, fit

    with runtime(warehouse):
        found = fit(snapshot_id(), seed, lambda done, total: note(f"effect {done} of {total}"))
    print_rows(effect_rows(found), as_json=as_json, columns=COLUMNS)
