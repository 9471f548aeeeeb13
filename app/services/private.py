"""Private data in texts, found and masked for commands, pages and files; and read again by a person who says why. Knows no page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from app.errors import NotAllowed
from app.i18n import N_, _
from app.services.runtime import cached, get_runtime

if TYPE_CHECKING:
    import pandas as pd

    from app.identity import Actor
    from llm.privacy import PrivateSpan, Pseudonyms
    from llm.types import Message, Summary, Thread

FREE_TEXT = ("subject", "text")
"""The columns of any table that hold what somebody wrote."""
REASON_LETTERS = (5, 300)
KINDS: Mapping[str, str] = {
    "PERSON": N_("name"),
    "PHONE": N_("telephone"),
    "EMAIL": N_("e-mail"),
    "ADDRESS": N_("address"),
    "CARD": N_("card"),
    "BANK_ACCOUNT": N_("account"),
    "NATIONAL_ID": N_("ID number"),
    "URL": N_("link"),
    "IP": N_("IP"),
}
_MASK = re.compile(rf"\[({'|'.join(KINDS)})(?:_(\d+))?\]")


@dataclass(frozen=True)
class Screened:
    """A thread as it is drawn: `count` pieces of private data in its messages, masked in all of its texts unless `is_revealed`."""

    messages: tuple[Message, ...]
    count: int
    is_revealed: bool
    pseudonyms: Pseudonyms

    def text(self, text: str) -> str:
        """Another text of the thread as it is drawn, such as its subject."""
        return text if self.is_revealed else worded(self.pseudonyms.hide(text))

    def summary(self, found: Summary | None) -> Summary | None:
        """The thread's summary as it is drawn."""
        return found and with_texts(found, self.text)


def screened(snapshot_id: str, ticket_id: str, *, is_revealed: bool) -> Screened:
    """A thread as it is drawn to somebody who has, or has not, said why they read its private data."""
    from app.services.issues import messages

    hidden, pseudonyms = _hidden(snapshot_id, ticket_id)
    shown = (
        messages(snapshot_id, ticket_id)
        if is_revealed
        else tuple(replace(message, text=worded(message.text)) for message in hidden)
    )
    return Screened(shown, len(pseudonyms), is_revealed, pseudonyms)


@cached
def _hidden(snapshot_id: str, ticket_id: str) -> tuple[tuple[Message, ...], Pseudonyms]:
    from app.services.issues import messages

    said = messages(snapshot_id, ticket_id)
    pseudonyms = pseudonyms_of(said)
    return tuple(replace(message, text=pseudonyms.hide(message.text)) for message in said), pseudonyms


def pseudonyms_of(messages: Iterable[Message]) -> Pseudonyms:
    """Pseudonyms that have read all of a thread, for a name may be known by a later message only."""
    from llm.privacy import Pseudonyms

    pseudonyms = Pseudonyms()
    for message in messages:
        pseudonyms.hide(message.text)
    return pseudonyms


def masked_summary(found: Summary, thread: Thread) -> Summary:
    """The summary with the thread's private data under pseudonyms."""
    return with_texts(found, pseudonyms_of(thread.messages).hide)


def with_texts(found: Summary, change: Callable[[str], str]) -> Summary:
    """The summary with each of its texts changed."""
    return replace(
        found,
        summary=change(found.summary),
        sentences=tuple(replace(sentence, text=change(sentence.text)) for sentence in found.sentences),
        open_questions=tuple(map(change, found.open_questions)),
        next_event=found.next_event and change(found.next_event),
    )


def reveal(subject_id: str, reason: str, actor: Actor, kind: Literal["ticket", "chat"] = "ticket") -> None:
    """Takes down who reads a thread's or a chat's private data, and why, but none of the data. Raises NotAllowed without a reason."""
    from app.workspace.audit import chat_subject
    from llm.privacy import mask

    said = " ".join(reason.split())[: REASON_LETTERS[1]]
    if sum(character.isalnum() for character in said) < REASON_LETTERS[0]:
        raise NotAllowed("Say in a few words why you need it: the reason is kept in the audit log.")
    subject = chat_subject(subject_id) if kind == "chat" else f"{kind}:{subject_id}"
    get_runtime().workspace.audit.note(actor, "private.revealed", subject, reason=mask(said))


def worded(masked_text: str) -> str:
    """A masked text with its masks in the reader's language: [PERSON_1] as [name 1]."""

    def word(found: re.Match[str]) -> str:
        return f"[{' '.join(filter(None, (_(KINDS[found[1]]), found[2])))}]"

    return _MASK.sub(word, masked_text)


def masked_words(text: str) -> str:
    """A text of its own with its private data masked in words."""
    from llm.privacy import mask

    return worded(mask(text))


def masked_talk(texts: Sequence[str]) -> tuple[list[str], int]:
    """The messages of one talk with their private data masked in words, and how much that is; what one of them tells is known in all."""
    from llm.privacy import Pseudonyms

    pseudonyms = Pseudonyms()
    for text in texts:
        pseudonyms.hide(text)
    return [worded(pseudonyms.hide(text)) for text in texts], len(pseudonyms)


def masked_rows(frame: pd.DataFrame, columns: Iterable[str] = FREE_TEXT) -> pd.DataFrame:
    """The table with private data masked in those of the columns that it has, and in the rows set aside that it quotes (`raw`)."""
    from llm.privacy import find_all, masked

    shown = frame.copy()
    if "raw" in shown:
        shown["raw"] = [masked_line(str(raw)) for raw in shown["raw"]]
    for name in set(columns) & set(frame.columns):
        texts = [cell if isinstance(cell, str) else "" for cell in frame[name]]
        hidden = [masked(text, spans) for text, spans in zip(texts, find_all(texts), strict=True)]
        shown[name] = [new if isinstance(cell, str) else cell for cell, new in zip(frame[name], hidden, strict=True)]
    return shown


def masked_line(raw: str) -> str:
    """A row that was set aside: as JSON with what somebody wrote in it masked, ids stay; a line that has no columns with what has a form masked."""
    from llm.privacy import find_formed, masked

    try:
        values = json.loads(raw)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        return masked(raw, find_formed(raw))
    shown = masked_values(values)
    return raw if shown == values else json.dumps(shown, ensure_ascii=False)


def masked_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """A row's values by column, private data masked in what somebody wrote."""
    from llm.privacy import mask

    return {name: mask(v) if name in FREE_TEXT and isinstance(v, str) else v for name, v in values.items()}


def id_and_text(value: Mapping[str, object]) -> tuple[str, str]:
    """A line {id, text}: what can't be printed as U+FFFD, one for one. Raises llm's InputError for a line without either."""
    from llm.errors import InputError
    from llm.types import MAX_MESSAGE_CHARACTERS, printable

    text_id, text = value.get("id"), value.get("text")
    if not isinstance(text_id, str) or not text_id:
        raise InputError("id must be a string that is not empty.")
    if not isinstance(text, str):
        raise InputError(f"{text_id}: text must be a string.")
    if len(text) > MAX_MESSAGE_CHARACTERS:
        raise InputError(
            f"{text_id}: text has {len(text):,} characters, at most {MAX_MESSAGE_CHARACTERS:,} are read. Shorten or split it."
        )
    return text_id, printable(text)


class Redactor:
    """Lines of `trustdesk redact`: those of a batch are read together, and then answered one by one."""

    def __init__(self, values: Iterable[Mapping[str, object]]) -> None:
        """`values` are what the lines of the batch hold; one that is no {id, text} is passed over here and fails when asked."""
        from llm.errors import InputError
        from llm.privacy import find_all

        texts: list[str] = []
        for value in values:
            try:
                texts.append(id_and_text(value)[1])
            except InputError:
                continue
        self._found = dict(zip(texts, find_all(texts), strict=True))

    def answer(self, value: Mapping[str, object]) -> dict[str, object]:
        """{id, text, spans} of one line. Raises llm's InputError for a line without id or text."""
        from llm.privacy import masked

        text_id, text = id_and_text(value)
        spans: Sequence[PrivateSpan] = self._found[text]
        return {
            "id": text_id,
            "text": masked(text, spans),
            "spans": [{"start": s.start, "end": s.end, "type": s.type} for s in spans],
        }
