"""`trustdesk rules`: approved changes of the score's definition with predicted against realised, and the lab's backtest."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from app.commands.plumbing import json_option, note, one_line_errors, print_rows, runtime, warehouse_option
from app.services.runtime import snapshot_id

TRACK = (
    *("edition", "name", "due_on", "outcome", "level"),
    *("predicted", "ci_low", "ci_high", "realised", "error", "is_inside"),
)
CASES = ("kind", "subject", "day_before", "day_after", "predicted", "ci_low", "ci_high", "realised", "error", "n")
RECORDS = (
    *("kind", "cases", "days", "mean_error", "unchanged_error"),
    *("coverage", "coverage_low", "coverage_high", "nominal"),
)


@click.command()
@click.option(
    "--backtest", is_flag=True, help="Predict past changes from the data before them instead: one row a kind of change."
)
@click.option("--cases", "is_by_case", is_flag=True, help="With --backtest: one row a past change.")
@click.option(
    "--horizon", type=click.IntRange(7, 365), default=60, show_default=True, help="With --backtest: days looked ahead."
)
@click.option(
    "--write", "edition", type=int, metavar="RULE", help="Write the score's definition as of an approved rule."
)
@json_option
@warehouse_option
@one_line_errors
def rules(
    backtest: bool, is_by_case: bool, horizon: int, edition: int | None, as_json: bool, warehouse: Path | None
) -> None:
    """Approved rules with what they were predicted to do and what came of it."""
    from app.services import rule_record, rule_text
    from app.services.adhoc import rows as records

    if is_by_case and not backtest:
        raise click.UsageError("--cases goes with --backtest only.")
    with runtime(warehouse):
        if edition is not None:
            print_rows([{"rule": edition, "path": rule_text.write_definition(edition)}], as_json=as_json)
        elif backtest:
            found = rule_record.looked_back(snapshot_id(), horizon)
            note(f"{found.left_out} changes were left out: beyond what the lab lets a lever do.")
            of_cases = [asdict(case) | {"error": case.error, "is_inside": case.is_inside} for case in found.cases]
            rows = of_cases if is_by_case else [asdict(record) for record in found.records]
            print_rows(rows, as_json=as_json, columns=CASES if is_by_case else RECORDS)
        else:
            print_rows(records(rule_record.track_record(snapshot_id())), as_json=as_json, columns=TRACK)
