"""`trustdesk model pull NAME`: brings a model from a hub into a folder, once its licence is accepted. Nothing else goes online."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.commands.plumbing import json_option, note, one_line_errors, print_json
from app.settings import load_settings

if TYPE_CHECKING:
    from llm.hub import HubFile, Offer

NOT_ACCEPTED = "The licence was not accepted; nothing was pulled."


def _name(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    from llm.hub import is_model_name

    if not is_model_name(value):
        raise click.BadParameter(f"{value!r} is no name of a model; names look like ORGANISATION/MODEL.")
    return value


@click.command()
@click.argument("name", callback=_name)
@click.option("--revision", default="main", show_default=True, help="Branch, tag or commit; its commit is kept.")
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="New folder for it (default: checkpoints/ORGANISATION--MODEL beside the warehouse).",
)
@click.option("--accept-licence", is_flag=True, help="Accept the model's licence without being asked.")
@json_option
@one_line_errors
def pull(name: str, revision: str, folder: Path | None, accept_licence: bool, as_json: bool) -> None:
    """Bring the model NAME from the hub (HF_ENDPOINT, HTTPS_PROXY and HF_TOKEN hold) and pin its commit and hashes."""
    from app.services.checkpoints import fault_of
    from llm.hub import find
    from llm.hub import pull as bring

    offer = find(name, revision)
    to = (folder or load_settings().warehouse.parent / "checkpoints" / name.replace("/", "--")).absolute()
    _accept(offer, is_accepted=accept_licence)

    def tell(file: HubFile) -> None:
        note(f"{file.name}: {file.bytes:,} bytes")

    if not bring(offer, to, tell):
        note(f"{to} holds it already.")
    fault = fault_of(to)
    note(fault or f"To write with it, set checkpoint = {str(to)!r}.")
    result = {
        "name": name,
        "revision": offer.revision,
        "licence": offer.licence,
        "files": len(offer.files),
        "bytes": offer.bytes,
        "folder": to,
        "fault": fault,
    }
    if as_json:
        print_json(result)
    else:
        click.echo(to)


def _accept(offer: Offer, *, is_accepted: bool) -> None:
    """Shows what would come and under which licence. Raises UsageError where nobody can be asked, and ends where it is refused."""
    note(
        f"{offer.name} at {offer.revision[:12]}: {len(offer.files)} files, {offer.bytes:,} bytes, from {offer.endpoint}."
    )
    note(f"Licence: {offer.licence or 'none is stated'} ({offer.licence_url}).")
    if is_accepted:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("Read the licence, then give --accept-licence: there is nobody here to be asked.")
    if not click.confirm("Accept this licence?", err=True):
        raise click.ClickException(NOT_ACCEPTED)
