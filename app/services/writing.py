"""A reply that a model writes in the background, so that no page waits for it: sentences so far, place in the queue, a way to stop.

Knows no page and no workspace.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llm.chat import ChatMessage, GenerateOptions, TextModel
    from llm.server import ServerStream
    from llm.stream import Stream
    from llm.types import Draft, IssueBrief, Sentence


WRITES = "reply-writing"  # names the threads in which drafts are written
REDRAWS_EACH_S = 2.0  # of a text that grows alone
REDRAWS_ALL_S = 4.0  # of all texts that grow at once, so that pages have the processor's time too


def redraw_seconds() -> float:
    """How long a page may wait until it shows again what a draft has so far: longer where many are written at once in this process."""
    at_work = sum(thread.name == WRITES for thread in threading.enumerate())
    return max(1 / REDRAWS_EACH_S, at_work / REDRAWS_ALL_S)


class Writing:
    """A draft that a model writes in the background: its checked sentences so far, its place in the queue, a way to stop it."""

    def __init__(self, brief: IssueBrief, writer: TextModel, timeout_s: float, then: Sequence[TextModel] = ()) -> None:
        from llm.reply import stream_draft

        self.brief = brief
        self._writers = [Observed(one) for one in (writer, *then)]
        self._drafting = stream_draft(brief, self._writers[0], self._writers[1:])
        self._sentences: list[Sentence] = []
        self._draft: Draft | None = None
        self._error: Exception | None = None
        self._started = time.monotonic()
        self.timeout_s = timeout_s
        self._thread = threading.Thread(target=self._run, name=WRITES, daemon=True)
        self._thread.start()

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """Those that passed every check so far."""
        return tuple(self._sentences)

    @property
    def position(self) -> int:
        """Place in the model's queue, 1 being next; 0 while it writes."""
        return next((one.position for one in reversed(self._writers) if one.stream is not None), 0)

    @property
    def elapsed_s(self) -> float:
        """Seconds since it was asked for."""
        return time.monotonic() - self._started

    @property
    def is_done(self) -> bool:
        """Whether `result` has something to give."""
        return not self._thread.is_alive()

    def cancel(self) -> None:
        """Stops the model; macros write what is left."""
        for one in self._writers:
            one.cancel()

    def result(self) -> Draft:
        """The draft, once it is done. Raises what ended it."""
        self._thread.join()
        if self._draft is None:
            assert self._error is not None
            raise self._error
        return self._draft

    def _run(self) -> None:
        from llm.errors import LlmError

        try:
            for sentence in self._drafting:
                self._sentences.append(sentence)
            self._draft = self._drafting.draft()
        except LlmError as error:
            self._error = error


@dataclass
class Observed:
    """A writer that lets others see where its request stands, and stop it."""

    writer: TextModel
    stream: Stream | ServerStream | None = field(default=None)
    is_cancelled: bool = False

    @property
    def name(self) -> str:
        return self.writer.name

    @property
    def reads_briefs(self) -> bool:
        from llm.desk.request import reads_briefs

        return reads_briefs(self.writer)

    @property
    def summary_prefix(self) -> str | None:
        from llm.summary_writing import summary_prefix

        return summary_prefix(self.writer)

    @property
    def position(self) -> int:
        return self.stream.position if self.stream is not None else 0

    def cancel(self) -> None:
        self.is_cancelled = True
        if self.stream is not None:
            self.stream.cancel()

    def generate(self, messages: Sequence[ChatMessage], options: GenerateOptions | None = None) -> Iterator[str]:
        from llm.chat import DEFAULT_OPTIONS
        from llm.errors import EngineCancelledError
        from llm.server import ServerStream
        from llm.stream import Stream

        if self.is_cancelled:  # while another writer was at it
            raise EngineCancelledError("The request was cancelled.")
        pieces = self.writer.generate(messages, options or DEFAULT_OPTIONS)
        if isinstance(pieces, Stream | ServerStream):
            self.stream = pieces
        try:
            for piece in pieces:
                if self.is_cancelled:
                    raise EngineCancelledError("The request was cancelled.")
                yield piece
        finally:
            if isinstance(pieces, ServerStream):
                pieces.close()
