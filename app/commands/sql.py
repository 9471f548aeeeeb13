"""`trustdesk sql`: one SELECT over the served marts, by the same door as the page Ad-hoc analysis."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from app.commands.plumbing import json_option, note, one_line_errors, print_rows, runtime, warehouse_option
from app.errors import InputFileError
from app.services.runtime import snapshot_id


@click.command()
@click.argument("query")
@json_option
@warehouse_option
@one_line_errors
def sql(query: str, as_json: bool, warehouse: Path | None) -> None:
    """Ask the served marts a QUERY in SQL (- reads it from stdin); "SHOW TABLES" says what there is."""
    from app.services import adhoc

    text = _from_stdin() if query == "-" else query
    with runtime(warehouse):
        answer = adhoc.ask(snapshot_id(), text)
    if answer.more:
        limit = "more" if answer.more == "rows" else f"more: the rest is over {adhoc.limits().bytes:,} bytes"
        note(f"First {len(answer.frame):,} rows of {limit}.")
    print_rows(adhoc.rows(answer.frame), as_json=as_json, columns=[str(name) for name in answer.frame])


def _from_stdin() -> str:
    """What stdin holds. Raises InputFileError where it isn't UTF-8."""
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputFileError(
            "stdin is not UTF-8 at byte {place}: write the query in UTF-8.", place=error.start
        ) from error
