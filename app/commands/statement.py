"""`trustdesk statement`: the statement of reasons for a merchant's last change of level."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.commands.plumbing import as_of_option, json_option, one_line_errors, print_json, runtime, warehouse_option
from app.services.runtime import snapshot_id
from app.settings import LANGUAGES
from app.statement import FORMATS

if TYPE_CHECKING:
    from app.filters import AsOf
    from app.services.level_change import Measure

MEASURES: tuple[Measure, ...] = ("level", "restriction", "termination")


@click.command()
@click.argument("merchant")
@as_of_option
@click.option("--language", type=click.Choice(LANGUAGES), default="en", help="Language of the statement.")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="md", help="Markdown, or HTML to print.")
@click.option(
    "--measure",
    type=click.Choice(MEASURES),
    default="level",
    help="What is done: the change of level alone, a restriction, or the end of the account (with its notice).",
)
@json_option
@warehouse_option
@one_line_errors
def statement(
    merchant: str,
    as_of: AsOf,
    language: str,
    form: str,
    measure: Measure,
    as_json: bool,
    warehouse: Path | None,
) -> None:
    """Print the statement of reasons for MERCHANT's last change of level: decision, clause, facts, orders, appeal and notice.

    The settings operator_name, terms_clause and appeal_address must be filled.
    """
    from app.services.reasons import statement as made
    from app.services.warehouse import as_known

    with runtime(warehouse):
        document = made(as_known(snapshot_id(), as_of), merchant, tag=language, measure=measure)
    text = FORMATS[form][2](document)
    if as_json:
        print_json(
            {"merchant_id": merchant, "title": document.title, "language": language, "format": form, "text": text}
        )
    else:
        click.echo(text, nl=False)
