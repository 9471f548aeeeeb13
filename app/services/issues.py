"""What merchants say: a thread's messages, and its summary.

Every function that reads data takes a snapshot id first. Knows no page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from app.services import taught
from app.services.language import extracts
from app.services.runtime import cached, get_runtime
from app.services.tickets import as_instant
from app.services.warehouse import cursor
from app.services.warming import warm

if TYPE_CHECKING:
    from app.services.preparing import Progress
    from llm.types import Author, Message, Summary, Thread


def warm_models() -> None:
    """Has the models begin to load while the page reads its tickets, and what the first opened thread needs; returns at once."""
    warm(get_runtime().desk)


@cached
def thread(snapshot_id: str, ticket_id: str) -> Thread | None:
    """A ticket's messages, oldest first, maybe none; None when there is no such ticket."""
    from analytics import threads
    from llm.types import Thread

    with cursor(snapshot_id) as opened:
        if threads.named_tickets(opened, (ticket_id,)).empty:
            return None
        rows = threads.messages(opened, (ticket_id,))
    merchant = rows["merchant_id"].iloc[0] if len(rows) else None
    return Thread(ticket_id, merchant if isinstance(merchant, str) else None, _messages(rows))


def threads_of(snapshot_id: str, ticket_ids: Sequence[str]) -> list[Thread]:
    """The threads of these tickets that hold any text, in this order, read in one go."""
    from analytics import threads
    from llm.types import Thread

    with cursor(snapshot_id) as opened:
        rows = threads.messages(opened, ticket_ids)
    found = {}
    for ticket_id, own in rows.groupby("ticket_id", sort=False):
        merchant, said = own["merchant_id"].iloc[0], _messages(own)
        if any(message.text.strip() for message in said):
            found[ticket_id] = Thread(str(ticket_id), merchant if isinstance(merchant, str) else None, said)
    return [found[ticket_id] for ticket_id in ticket_ids if ticket_id in found]


def messages(snapshot_id: str, ticket_id: str) -> tuple[Message, ...]:
    """A ticket's messages, oldest first."""
    found = thread(snapshot_id, ticket_id)
    return found.messages if found is not None else ()


def summary(snapshot_id: str, ticket_id: str) -> Summary | None:
    """The thread in fixed slots; None when there is nothing to read in it.

    In the model's sentences where they were prepared, or where the desk's own model, which takes a moment, is free to write them now: a page
    waits for no load, no queue and no slower model. Else in extracts, and the model writes it next.
    """
    from llm.desk.request import reads_briefs
    from llm.errors import LlmError
    from llm.summary_writing import in_sentences

    found, read = _extracts(snapshot_id, ticket_id, taught.newest()), thread(snapshot_id, ticket_id)
    desk = get_runtime().desk
    summaries, preparing = desk.summaries, desk.preparing
    if found is None or read is None or summaries is None or preparing is None:
        return found
    said = summaries.of(read)
    if said is None and reads_briefs(desk.writer) and desk.engine.status().is_at_hand:
        try:
            said = summaries.write_now(read)
        except LlmError:
            return found  # as its engine says; asked again the next time
    if said is None:
        preparing.hurry(read)
    return in_sentences(found, said or (), summary_writer())


def summary_writer() -> str:
    """The name of the model that is set to write summaries; '' for none."""
    desk = get_runtime().desk
    return desk.writer.name if desk.writer is not None and desk.summaries is not None else ""


def prepare_summaries(snapshot_id: str, ticket_ids: Sequence[str]) -> Progress | None:
    """Has the summaries of these threads written in the background, the first first; returns at once with how far that is.

    None where no model writes summaries: extracts need no preparing.
    """
    preparing = get_runtime().desk.preparing
    if preparing is None:
        return None
    ids = tuple(ticket_ids)
    preparing.want((snapshot_id, ids), lambda: threads_of(snapshot_id, ids))
    return preparing.progress


@cached
def _extracts(snapshot_id: str, ticket_id: str, newest_label: str) -> Summary | None:
    found = thread(snapshot_id, ticket_id)
    if found is None or not any(message.text.strip() for message in found.messages):
        return None
    return extracts(found, triage=taught.taught_triage(snapshot_id), about=taught.intent_of(ticket_id))


def _messages(rows: pd.DataFrame) -> tuple[Message, ...]:
    from llm.types import AUTHORS, Message, printable

    found = []
    for row in rows.to_dict(orient="records"):
        author: Author = next((name for name in AUTHORS if name == row["author"]), "system")
        text = row["text"] if isinstance(row["text"], str) else ""
        found.append(Message(str(row["message_id"]), as_instant(row["sent_at"]), author, printable(text)))
    return tuple(found)
