"""`trustdesk whatif`: a scenario file in, outcomes with intervals and assumptions out."""

from __future__ import annotations

from pathlib import Path

import click

from app.commands.plumbing import json_option, one_line_errors, print_rows, runtime, warehouse_option
from app.services.runtime import remembering, snapshot_id


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@json_option
@warehouse_option
@one_line_errors
def whatif(scenario: Path, as_json: bool, warehouse: Path | None) -> None:
    """Run the SCENARIO (a TOML file) and print what it would change, and the answers to its [goal], [search], [tornado] and [map]."""
    from analytics.whatif import load_scenario
    from app.services import finding
    from app.services.scenarios import outcome_rows, run_scenario

    asked = load_scenario(scenario)
    with runtime(warehouse), remembering({}):
        result = run_scenario(snapshot_id(), asked, asked.as_of)
        found = finding.rows(snapshot_id(), asked, result, asked.as_of)
    columns = ("outcome", "group", "baseline", "value", "change", "ci_low", "ci_high", "label")
    print_rows([*outcome_rows(result), *found], as_json=as_json, columns=columns)
