"""`trustdesk redact`: private data in texts, masked. Input files are JSON lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

import click

from app.commands.plumbing import (
    InputLine,
    answer_lines,
    input_lines,
    json_option,
    one_line_errors,
    print_answers,
)

AT_ONCE = 256


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@json_option
@one_line_errors
def redact(file: Path, as_json: bool) -> None:
    """Mask names, phones, mail, addresses, cards, accounts, ids, links and IPs in each text of FILE ({id, text} a line)."""
    print_answers(_answers(input_lines(file, "id")), as_json=as_json, columns=("id", "text", "spans"))


def _answers(lines: Iterable[InputLine]) -> Iterator[tuple[Mapping[str, object], bool]]:
    from app.services.private import Redactor

    left = iter(lines)
    while some := list(islice(left, AT_ONCE)):
        redactor = Redactor(line.value for line in some if line.error is None)
        yield from answer_lines(some, redactor.answer)
