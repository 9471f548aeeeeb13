"""Summaries that a model writes in the background, one thread after another, so that an opened thread shows its own at once.

Who asks for something else comes first: the engine ends the summary under way, which is begun again later. Knows no page and no warehouse.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from app.errors import AppError

if TYPE_CHECKING:
    from llm.types import Thread

FAILURES = 3  # in a row, at which a writer is taken to be broken
log = logging.getLogger("trustdesk")


class SummaryWriter(Protocol):
    """What `Preparing` works with; `app.services.summaries` has the product's."""

    def kept(self, threads: Sequence[Thread]) -> Collection[str]:
        """The ids of those tickets whose summary is ready."""
        ...

    def write(self, thread: Thread, *, is_background: bool) -> object:
        """Writes the summary and keeps it. Raises LlmError."""
        ...

    def cancel(self) -> None:
        """Ends what `write` is doing, from another thread."""
        ...


@dataclass(frozen=True)
class Progress:
    """How far a queue's summaries are; `total` is 0 until it has been looked at. `fault` says in one line why nothing more is written."""

    ready: int = 0
    total: int = 0
    is_working: bool = False
    fault: str = ""


class Preparing:
    """One background thread a process, begun when something is first asked for. Every method but `join` returns at once."""

    def __init__(self, writer: SummaryWriter) -> None:
        self._writer = writer
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._asked: object = None
        self._read: Callable[[], Sequence[Thread]] | None = None
        self._urgent: deque[Thread] = deque()
        self._queue: deque[Thread] = deque()
        self._left: set[str] = set()  # tickets of the queue that have no summary, also those that failed
        self._total = 0
        self._failures = 0
        self._fault = ""
        self._at_work: Thread | None = None
        self._is_urgent = False
        self._is_stopped = False

    @property
    def progress(self) -> Progress:
        """As of now."""
        with self._changed:
            is_working = bool(self._queue or self._read) or self._at_work is not None
            return Progress(self._total - len(self._left), self._total, is_working, self._fault)

    def want(self, asked: object, read: Callable[[], Sequence[Thread]]) -> None:
        """The queue that is wanted now: `read` gives its threads, first come first; it is left alone where `asked` equals the last."""
        with self._changed:
            if asked != self._asked:
                self._asked, self._read, self._fault, self._failures = asked, read, "", 0
                self._begin()

    def hurry(self, thread: Thread) -> None:
        """A thread that somebody has opened: it is next, and no other background work holds it up."""
        with self._changed:
            if thread in self._urgent or thread == self._at_work or self._fault:
                return
            self._urgent.append(thread)
            self._begin()
            holds_up = self._at_work is not None and not self._is_urgent
        if holds_up:
            self._writer.cancel()

    def stop(self) -> None:
        """Ends it for good, in the middle of what it does."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()
        self._writer.cancel()

    def join(self, seconds: float) -> None:
        """Waits until a stopped one is at rest."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _begin(self) -> None:
        if self._thread is None and not self._is_stopped:
            self._thread = threading.Thread(target=self._run, name="summaries", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _run(self) -> None:
        from analytics.errors import AnalyticsError
        from llm.errors import LlmError

        while (step := self._next()) is not None:
            try:
                step()
            except (AppError, AnalyticsError, LlmError) as error:
                self._give_up(str(error))

    def _next(self) -> Callable[[], None] | None:
        """Waits for something to do; None once it is stopped."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopped or self._urgent or self._read or self._queue)
            if self._is_stopped:
                return None
            if not self._urgent and self._read is not None:
                read, self._read = self._read, None
                return lambda: self._look_at(read())
            self._is_urgent = bool(self._urgent)
            self._at_work = (self._urgent or self._queue).popleft()
            return self._write

    def _look_at(self, threads: Sequence[Thread]) -> None:
        kept = self._writer.kept(threads)
        with self._changed:
            self._queue = deque(thread for thread in threads if thread.ticket_id not in kept)
            self._left = {thread.ticket_id for thread in self._queue}
            self._total = len(threads)

    def _write(self) -> None:
        """Raises the writer's LlmError where it can't be asked any more."""
        from llm.errors import EngineCancelledError, EngineUnavailableError, EngineYieldedError, LlmError

        thread, is_urgent = self._at_work, self._is_urgent
        assert thread is not None
        try:
            self._writer.write(thread, is_background=not is_urgent)
        except (EngineYieldedError, EngineCancelledError):
            self._rest(again=self._urgent if is_urgent else self._queue)
            return
        except EngineUnavailableError:
            raise
        except LlmError:
            self._failures += 1
            if self._failures >= FAILURES:
                raise
            self._rest()
            return
        self._failures = 0
        with self._changed:
            self._left.discard(thread.ticket_id)
            if is_urgent and thread in self._queue:
                self._queue.remove(thread)
        self._rest()

    def _rest(self, again: deque[Thread] | None = None) -> None:
        with self._changed:
            if again is not None and self._at_work is not None:
                again.appendleft(self._at_work)
            self._at_work = None

    def _give_up(self, fault: str) -> None:
        from llm.privacy import mask

        log.warning("no more summaries are prepared: %s", mask(fault))
        with self._changed:
            self._fault, self._read, self._at_work = fault, None, None
            self._urgent.clear()
            self._queue.clear()
