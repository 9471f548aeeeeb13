"""What merchants say: themes with their threads, a thread's messages, and its summary.

Every function that reads data takes a snapshot id first. Knows no page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from app.services import taught
from app.services.language import extracts, themes_of
from app.services.runtime import cached, get_runtime
from app.services.tickets import QUEUE_LIMIT, Ticket, as_instant, by_clock, corrected, read_tickets, taxonomy, total_of
from app.services.warehouse import cursor

if TYPE_CHECKING:
    from analytics.metrics import Scope
    from app.services.preparing import Progress
    from llm.types import Author, Message, Summary, Theme, Thread

GROWING = 3
THREADS_AT_ONCE = 150
ALL_THREADS = ""


@dataclass(frozen=True)
class ThemeCard:
    """A theme with what the page needs beside it: the part of the trust score it touches, its threads, its languages."""

    theme: Theme
    component: str
    ticket_ids: tuple[str, ...]
    languages: tuple[str, ...]

    @property
    def is_significant(self) -> bool:
        """Whether the interval of its growth leaves out zero."""
        low, high = self.theme.ci_low, self.theme.ci_high
        return low is not None and high is not None and low * high > 0


def warm_models() -> None:
    """Has the sentence encoder begin to load while the page reads its tickets; returns at once."""
    engine = get_runtime().desk.engine
    if engine.status().state == "stopped":
        engine.warm()


@cached
def theme_cards(snapshot_id: str, scope: Scope, names_language: str) -> tuple[ThemeCard, ...]:
    """The themes of what was written in the scope, largest first but what fits no intent last; labels in `names_language`."""
    from analytics.threads import written
    from llm.language import detect

    themes = themes_of(snapshot_id, scope, names_language)
    with cursor(snapshot_id) as opened:
        rows = written(opened, scope)
    texts = {
        str(message_id): (str(ticket_id), str(text))
        for message_id, ticket_id, text in zip(rows["message_id"], rows["ticket_id"], rows["text"], strict=True)
    }
    components = {intent.intent_id: intent.component for intent in taxonomy().intents}
    cards = []
    for theme in themes:
        held = [texts[message_id] for message_id in theme.message_ids if message_id in texts]
        tongues = dict.fromkeys(tongue for _, text in held if (tongue := detect(text[:500])) != "und")
        cards.append(
            ThemeCard(
                theme,
                components.get(theme.intent, "none"),
                tuple(dict.fromkeys(ticket_id for ticket_id, _ in held)),
                tuple(sorted(tongues)),
            )
        )
    return tuple(sorted(cards, key=lambda card: card.theme.intent == "other"))


def theme_tickets(snapshot_id: str, scope: Scope, theme_id: str, names_language: str) -> list[Ticket]:
    """The threads of a theme, those that wait first; of the whole scope for `ALL_THREADS` and for a theme that it does not have."""
    card = next((c for c in theme_cards(snapshot_id, scope, names_language) if c.theme.theme_id == theme_id), None)
    if card:
        tickets = read_tickets(snapshot_id, None, card.ticket_ids, len(card.ticket_ids))
    else:
        tickets = read_tickets(snapshot_id, scope)
    return by_clock(corrected(snapshot_id, tickets))


def theme_total(snapshot_id: str, scope: Scope, theme_id: str, names_language: str) -> int:
    """How many threads a theme has, of which `theme_tickets` gives the newest."""
    card = next((c for c in theme_cards(snapshot_id, scope, names_language) if c.theme.theme_id == theme_id), None)
    return len(card.ticket_ids) if card else total_of(snapshot_id, scope, QUEUE_LIMIT)


@cached
def is_quick(snapshot_id: str, scope: Scope) -> bool:
    """Whether the scope holds few enough threads for these to be grouped whenever a page is drawn."""
    from analytics.metrics import compute

    with cursor(snapshot_id) as opened:
        return sum(result.n for result in compute(opened, "tickets", scope)) <= THREADS_AT_ONCE


def growing_themes(snapshot_id: str, scope: Scope, names_language: str) -> list[ThemeCard]:
    """The three themes whose share grew most: those whose interval leaves out zero before the others."""
    grown = [
        card
        for card in theme_cards(snapshot_id, scope, names_language)
        if card.theme.intent != "other" and (card.theme.growth or 0.0) > 0
    ]
    return sorted(grown, key=lambda card: (not card.is_significant, -(card.theme.growth or 0.0)))[:GROWING]


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
