"""Stops a writer that says one thing over and over. Knows text only: no tokens, no model."""

from collections.abc import Generator, Iterable

from llm.errors import EngineError
from llm.types import printable

_TIMES = 4  # said so often in a row, it is a loop: no reply says a sentence four times
_LEAST = 120  # characters that a loop must fill, so that a drawn line or a row of dots is none
_LONGEST = 500  # the longest unit that is looked for


def unrepeated(pieces: Iterable[str]) -> Generator[str]:
    """The pieces as they come. Raises EngineError once the end of the text is one unit of at most 500 characters, four times or more."""
    tail = ""
    seen = 0
    for piece in pieces:
        yield piece
        tail = (tail + piece)[-_TIMES * _LONGEST :]
        seen += len(piece)
        if seen >= _LEAST // 4:  # looking costs more than reading a token
            seen = 0
            if (unit := repeated(tail)) is not None:
                raise EngineError(
                    f"The model repeats itself (“{printable(' '.join(unit.split()))[:60]}”) and was stopped."
                )


def repeated(text: str) -> str | None:
    """The shortest unit that the text ends in four times or more over 120 characters; None when it does not."""
    for length in range(1, min(_LONGEST, len(text) // _TIMES) + 1):
        times = max(_TIMES, -(-_LEAST // length))
        if text.endswith(text[-length:] * times):
            return text[-length:]
    return None
