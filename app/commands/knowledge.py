"""`trustdesk knowledge`: the articles and macros in force; prints one, or puts a text up for approval, which only a person on the page gives."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from app.commands.plumbing import json_option, one_line_errors, print_rows, runtime
from app.errors import InputFileError
from app.identity import local_actor

if TYPE_CHECKING:
    from app.workspace import ItemKind

KINDS = ("article", "macro")
COLUMNS = ("kind", "item_id", "title", "language", "edition", "proposal_count", "is_outdated", "cited")


@click.command()
@click.argument("item", required=False)
@click.option(
    "--propose",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Propose FILE's text for ITEM.",
)
@click.option("--why", help="With --propose: the reason, for who approves it.")
@json_option
@one_line_errors
def knowledge(item: str | None, file: Path | None, why: str | None, as_json: bool) -> None:
    """List the articles and macros in force; with ITEM (article:late_dispatch.en, macro:payout_next) print its text.

    With --propose FILE --why REASON, put a text up for approval on the page Knowledge.
    """
    from app.services import knowledge as services

    if (file is None) != (why is None) or (file is not None and item is None):
        raise click.UsageError("--propose goes with ITEM and --why: say what is changed, and why.")
    with runtime():
        if item is None:
            print_rows((asdict(each) for each in services.items()), as_json=as_json, columns=COLUMNS)
            return
        kind, item_id = _parsed(item)
        now = services.in_force(kind, item_id)
        if file is not None:
            made = services.propose(kind, item_id, _read(file), why or "", now.edition, local_actor())
            print_rows([{"proposal_id": made.proposal_id, "item": item, "status": made.status}], as_json=as_json)
        elif not now.text:
            raise click.ClickException(
                f"There is no {kind} '{item_id}' in force: list them with `trustdesk knowledge`."
            )
        elif as_json:
            print_rows([{"kind": kind, "item_id": item_id, "edition": now.edition, "text": now.text}], as_json=True)
        else:
            click.echo(now.text, nl=False)


def _parsed(item: str) -> tuple[ItemKind, str]:
    kind, _colon, item_id = item.partition(":")
    if kind not in KINDS or not item_id:
        raise click.UsageError(f"ITEM {item}: write article:ID.LANGUAGE or macro:ID.")
    return cast("ItemKind", kind), item_id


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputFileError(
            "{path}: byte {n} is not UTF-8. Save the file as UTF-8.", path=file, n=error.start
        ) from error
