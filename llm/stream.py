"""A request between the thread that asks and the thread that serves: `Job` carries results, `Stream` reads them as text.

Knows no worker and no model.
"""

import queue
import weakref
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from llm.errors import LlmError

Kind = Literal["encoder", "writer"]
T = TypeVar("T")


@dataclass(frozen=True)
class End:
    """A request served: why it ended, and the bytes that it gave, if any."""

    reason: str
    body: bytes


class Job:
    """A request on its way. Pieces of text, then exactly one End or error; what comes later is dropped.

    `worked_s` are seconds that the worker gave to this one; `leave_by` is when it must have stopped once it was told to, by the monotonic clock.
    """

    def __init__(
        self, number: int, kind: Kind, request: dict[str, Any], timeout_s: float, *, is_background: bool = False
    ) -> None:
        self.number = number
        self.kind = kind
        self.request = request | {"id": number}
        self.timeout_s = timeout_s
        self.is_background = is_background
        self.is_cancelled = False
        self.is_finished = False
        self.is_second_try = False
        self._has_told = False
        self._results: queue.SimpleQueue[str | End | LlmError] = queue.SimpleQueue()
        self._begin()

    def _begin(self) -> None:
        self.is_started = False
        self.worked_s = 0.0
        self.leave_by: float | None = None

    @property
    def can_be_tried_again(self) -> bool:
        """Whether its caller would not notice."""
        return not (self._has_told or self.is_finished or self.is_second_try)

    def try_again(self) -> None:
        """As if it had never been at a worker; once only."""
        self.is_second_try = True
        self._begin()

    def tell(self, text: str) -> None:
        if not self.is_finished:
            self._has_told = True
            self._results.put(text)

    def finish(self, result: End | LlmError) -> None:
        if not self.is_finished:
            self.is_finished = True
            self._results.put(result)

    def next(self) -> str | End:
        """Waits for the next result. Raises the error that the request ended with."""
        result = self._results.get()
        if isinstance(result, LlmError):
            raise result
        return result


class Stream(Iterator[str]):
    """Pieces of an answer as they come. Raises LlmError between pieces; letting go of it cancels the request."""

    def __init__(self, job: Job, position: Callable[[Job], int], cancel: Callable[[Job], None]) -> None:
        self._job = job
        self._position = position
        self._cancel = cancel
        self._let_go = weakref.finalize(self, cancel, job)
        self._let_go.atexit = False
        self.finish_reason: str | None = (
            None  # "stop" or "length" once the answer is whole, "error" when it never will be
        )

    @property
    def position(self) -> int:
        """0 when running or finished, else the place in the queue, 1 being next."""
        return self._position(self._job)

    def cancel(self) -> None:
        """Frees the engine; what iterates gets EngineCancelledError. Any thread may call it, and twice does no harm."""
        self._cancel(self._job)

    def __next__(self) -> str:
        if self.finish_reason is not None:
            raise StopIteration
        try:
            result = self._job.next()
        except LlmError:
            self.finish_reason = "error"
            raise
        if isinstance(result, str):
            return result
        self.finish_reason = result.reason
        self._let_go.detach()
        raise StopIteration


def closable(pieces: Iterator[T]) -> Generator[T]:
    """A generator over the pieces, so that leaving early closes what closes; closing the model's own stream cancels its work."""
    try:
        yield from pieces
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()
