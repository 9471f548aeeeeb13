"""`trustdesk model info`: what writes the replies, or what a folder is, and how fast it runs here."""

from __future__ import annotations

from pathlib import Path

import click

from app.commands.plumbing import json_option, one_line_errors, plain, print_json, runtime


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--measure", is_flag=True, help="Load it and write 64 tokens: memory, seconds to load, tokens a second.")
@json_option
@one_line_errors
def info(folder: Path | None, measure: bool, as_json: bool) -> None:
    """Print what writes the replies, or what the checkpoint FOLDER is."""
    from app.services.checkpoints import model_info

    with runtime():
        found = model_info(folder, measure=measure)
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        shown = plain(value)
        click.echo(f"{name}: {'–' if shown is None else f'{shown:,}' if isinstance(shown, int | float) else shown}")
