"""What people said that tickets are, and the classifiers that learn from it: a correction is an example from the moment that it is made.

A label holds no text: a ticket teaches by what the snapshot holds of it. Knows no page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from app.services.runtime import cached, get_runtime, snapshot_id
from app.services.warehouse import cursor

if TYPE_CHECKING:
    from llm.taught import Correction
    from llm.triage import Triage

KINDS = ("intent", "urgency")


def said() -> dict[tuple[str, str], str]:
    """(ticket id, kind) → what was said of it; the newest word stands."""
    standing = get_runtime().workspace.labels.standing(KINDS)
    return {
        (subject.removeprefix("ticket:"), kind): value
        for (subject, kind), value in standing.items()
        if subject.startswith("ticket:")
    }


def intent_of(ticket_id: str) -> str:
    """The intent that somebody said a ticket has; '' where nobody did, or that is none any more."""
    intent = said().get((ticket_id, "intent"), "")
    return intent if intent in {known.intent_id for known in get_runtime().desk.taxonomy.intents} else ""


def newest() -> str:
    """Changes with every label."""
    return next((label.label_id for label in get_runtime().workspace.labels.all(limit=1)), "")


def taught_triage(snapshot: str | None = None) -> Triage:
    """The desk's classifiers with all that people corrected in tickets of the snapshot (default: the one that is read; none: nothing)."""
    from llm.triage import triage_of

    desk = get_runtime().desk
    read = snapshot or (snapshot_id() if get_runtime().warehouse.exists() else None)
    learnt = corrections(read, newest()) if read is not None else ()
    return triage_of(desk.taxonomy, learnt)


@cached
def corrections(snapshot_id: str, newest: str) -> tuple[Correction, ...]:
    """The corrected tickets as examples, by id; `newest` is in the key only."""
    from analytics import threads
    from llm.taught import Correction

    labels = said()
    ids = sorted({ticket_id for ticket_id, _ in labels})
    if not ids:
        return ()
    with cursor(snapshot_id) as opened:
        rows = threads.named_tickets(opened, ids)
        written = threads.messages(opened, ids)
    texts = openings(written, dict(zip(rows["ticket_id"], rows["subject"], strict=True)))
    return tuple(
        Correction(texts[ticket_id], *(labels.get((ticket_id, kind), "") for kind in KINDS))
        for ticket_id in ids
        if ticket_id in texts
    )


def openings(written: pd.DataFrame, subjects: Mapping[object, object]) -> dict[str, str]:
    """Per ticket what it is classified by: its subject and first questions; tickets in which nobody asked are left out."""
    from llm.intents import READ_CHARACTERS
    from llm.triage import OPENING_MESSAGES

    asked = written[written["author"].isin(["merchant", "buyer"]) & written["text"].notna()]
    texts: dict[str, list[str]] = {}
    for ticket_id, text in zip(asked["ticket_id"], asked["text"], strict=True):
        texts.setdefault(str(ticket_id), []).append(str(text)[:READ_CHARACTERS])
    found = {}
    for ticket_id, said in texts.items():
        subject = subjects.get(ticket_id)
        headed = [subject] if isinstance(subject, str) and subject.strip() else []
        found[ticket_id] = "\n\n".join([*headed, *said[:OPENING_MESSAGES]])
    return found
