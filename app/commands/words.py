"""`trustdesk themes`, `summarize`, `draft`, `classify`, `satisfaction`: what merchants write, and what to answer. Input files are JSON lines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import click

from app.commands.plumbing import (
    answer_lines,
    input_lines,
    json_option,
    note,
    one_line_errors,
    print_answers,
    print_rows,
    runtime,
    warehouse_option,
    window_options,
)
from app.services.runtime import snapshot_id

file_argument = click.argument("file", type=click.Path(path_type=Path, allow_dash=True))


@click.command()
@click.option("--merchant", help="Only this merchant's id.")
@window_options
@json_option
@warehouse_option
@one_line_errors
def themes(
    merchant: str | None, date_from: date | None, date_to: date | None, as_json: bool, warehouse: Path | None
) -> None:
    """Print what merchants and buyers write about: each theme with its count, share, growth and messages, new and vanished ones among them.

    Without --merchant, --from and --to the themes are kept, so that each has the same id tomorrow.
    """
    from analytics.metrics import Scope
    from app.services.themes import themes_of
    from app.services.warehouse import check_scope, window

    with runtime(warehouse):
        snapshot = snapshot_id()
        first, last = window(snapshot, date_from, date_to)
        scope = Scope(first, last, merchants=() if merchant is None else (merchant,))
        check_scope(snapshot, scope)
        found = themes_of(snapshot, scope)
    columns = ("theme_id", "status", "label", "kind", "count", "share", "growth", "ci_low", "ci_high", "summary")
    print_rows((theme.to_json() for theme in found), as_json=as_json, columns=columns)


@click.command()
@file_argument
@json_option
@one_line_errors
def summarize(file: Path, as_json: bool) -> None:
    """Summarise the threads of FILE; every sentence cites its message."""
    from app.services.language import summarise_json

    told: set[str] = set()

    def tell(why: str) -> None:
        if why not in told:
            note(why)
        told.add(why)

    with runtime():
        answers = answer_lines(input_lines(file, "ticket_id"), lambda value: summarise_json(value, tell))
        print_answers(answers, as_json=as_json, columns=("ticket_id", "summary", "intent", "next_event", "engine"))


@click.command()
@file_argument
@click.option("--tone", type=click.Choice(["neutral", "warm", "formal"]), default="neutral", show_default=True)
@click.option("--length", type=click.Choice(["short", "normal", "long"]), default="normal", show_default=True)
@json_option
@one_line_errors
def draft(file: Path, tone: str, length: str, as_json: bool) -> None:
    """Draft a reply to each thread of FILE from its facts and the policy; every figure is checked."""
    from app.services.language import draft_json

    def answer(value: Mapping[str, object]) -> Mapping[str, object]:
        return draft_json(value, tone=tone, length=length)

    with runtime():
        answers = answer_lines(input_lines(file, "ticket_id"), answer)
        print_answers(answers, as_json=as_json, columns=("ticket_id", "reply", "checks", "engine"))


@click.command()
@file_argument
@json_option
@warehouse_option
@one_line_errors
def classify(file: Path, as_json: bool, warehouse: Path | None) -> None:
    """Tell intent, aspects, sentiment, urgency and fields of each text of FILE ({id, text} a line).

    What people corrected in the warehouse's tickets counts as examples.
    """
    from app.services.language import classifier

    with runtime(warehouse):
        answers = answer_lines(input_lines(file, "id"), classifier())
        print_answers(answers, as_json=as_json, columns=("id", "intents", "aspects", "sentiment", "urgency", "fields"))


@click.command()
@file_argument
@json_option
@warehouse_option
@one_line_errors
def satisfaction(file: Path, as_json: bool, warehouse: Path | None) -> None:
    """Infer how satisfied those who wrote each thread of FILE would say they are, 1-5, with a 95 % interval.

    Where the warehouse holds surveys enough of a language, scores lie on their scale.
    """
    from app.services.inferred import judge

    with runtime(warehouse):
        answer, surveyed = judge()
        if surveyed:
            told = ", ".join(f"{language}: {line.n}" for language, line in surveyed.items())
            note(f"Calibrated by the warehouse's surveys ({told}).")
        answers = answer_lines(input_lines(file, "ticket_id"), answer)
        print_answers(answers, as_json=as_json, columns=("ticket_id", "score", "ci_low", "ci_high", "language"))
