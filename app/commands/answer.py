"""`trustdesk answer`: one question, or every open thread that nobody has answered, once or again and again."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import click

from app.commands.plumbing import (
    attempted,
    expected_errors,
    json_option,
    note,
    one_line_errors,
    one_object,
    print_answers,
    runtime,
    warehouse_option,
)
from app.services.runtime import remembering, snapshot_id

COLUMNS = ("ticket_id", "status", "action", "text", "reason", "note")


@click.command()
@click.argument("question", required=False)
@click.option("--merchant", help="The asking merchant's id: its own data may be told.")
@click.option(
    "--thread", type=click.Path(path_type=Path), help="JSON file of the thread that the question goes on from."
)
@click.option("--new", "is_new", is_flag=True, help="Answer every open thread that nobody has answered, once each.")
@click.option(
    "--limit", type=click.IntRange(min=1), help="With --new: this many threads a pass, longest waiting first."
)
@click.option(
    "--every", type=click.IntRange(min=1), metavar="SECONDS", help="With --new: again and again until stopped."
)
@json_option
@warehouse_option
@one_line_errors
def answer(
    question: str | None,
    merchant: str | None,
    thread: Path | None,
    is_new: bool,
    limit: int | None,
    every: int | None,
    as_json: bool,
    warehouse: Path | None,
) -> None:
    """Answer a merchant's QUESTION from policy and its own data, ask back, or hand over to a person.

    With --new instead, answer the open threads whose newest message is the merchant's: as drafts, unless the setting answer_webhook says
    that the machine sends them; a hand-over is a note at the Reply desk. No message is answered twice.
    """
    if is_new == (question is not None):
        raise click.UsageError("give a QUESTION, or --new for the open threads that nobody has answered.")
    if is_new and (merchant or thread):
        raise click.UsageError("--merchant and --thread belong to a QUESTION; --new reads each thread's own.")
    if not is_new and (limit or every):
        raise click.UsageError("--limit and --every belong to --new.")
    with runtime(warehouse):
        if question is None:
            _answer_new(limit, every, as_json=as_json)
            return
        from app.services.answering import answer_question

        before = None if thread is None else one_object(thread)
        found = answer_question(question, before, merchant)
        print_answers([(found.to_json(), True)], as_json=as_json, columns=("action", "text", "reason", "note"))


def _answer_new(limit: int | None, every: int | None, *, as_json: bool) -> None:
    from app.services.unanswered import check_settings

    check_settings()
    if every is None:
        _one_pass(limit, as_json=as_json)
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while True:
            _pass_of_many(limit, as_json=as_json)
            time.sleep(every)
    except KeyboardInterrupt:
        note("Stopped.")


def _pass_of_many(limit: int | None, *, as_json: bool) -> None:
    """What fails in one pass is told, and the next tries again."""
    try:
        _one_pass(limit, as_json=as_json)
    except expected_errors() as error:
        note(" ".join(str(error).split()))
    except click.exceptions.Exit:
        pass  # lines failed, and were told


def _one_pass(limit: int | None, *, as_json: bool) -> None:
    with remembering({}):
        print_answers(attempted(_jobs(limit)), as_json=as_json, columns=COLUMNS)


def _jobs(limit: int | None) -> Iterator[tuple[Mapping[str, object], Callable[[], Mapping[str, object]]]]:
    """What an earlier pass could not send, then the threads of the snapshot that is served now."""
    from app.services.unanswered import answer_ticket, send_again, unanswered, unsent

    for left in unsent():
        yield {"ticket_id": left.subject_id}, partial(send_again, left)
    snapshot = snapshot_id()
    for thread in unanswered(snapshot, limit):
        yield {"ticket_id": thread.ticket_id}, partial(answer_ticket, snapshot, thread)
