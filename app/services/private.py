"""Private data in texts, found and masked for commands and pages; and read again by a person who says why. Knows no page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llm.privacy import PrivateSpan


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
