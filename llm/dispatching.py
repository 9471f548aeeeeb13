"""Who is at the worker and who waits: requests of any threads, begun in order, that take turns there; people before background work.

The thread here is the only one that speaks with the worker. Knows no model, and no caller but by its job.
"""

import threading
from collections import deque
from dataclasses import dataclass
from typing import Any, Literal

import psutil

from llm.errors import (
    CheckpointError,
    EncoderError,
    EngineBusyError,
    EngineCancelledError,
    EngineError,
    EngineUnavailableError,
    EngineYieldedError,
    LlmError,
    WorkerDiedError,
)
from llm.stream import End, Job, Kind
from llm.supervision import EngineLimits, Supervision
from llm.worker import WorkerConfig, WorkerProcess

_LOAD_TRIES = 2

State = Literal["unavailable", "stopped", "loading", "ready", "busy", "closed"]


@dataclass(frozen=True)
class EngineStatus:
    """The engine at one instant. A reason is None where the model can be used; `running` take turns at the worker, `queue_length` wait for a
    place there, without background work.

    `gives_way`: what runs is background work, so that a request made now begins at once.
    """

    state: State
    writer: str | None
    writer_unavailable: str | None
    encoder_unavailable: str | None
    queue_length: int
    memory_bytes: int
    worker_pid: int | None
    restart_count: int
    running: int = 0
    gives_way: bool = False

    @property
    def is_at_hand(self) -> bool:
        """Whether a request made now waits for no load and for nobody else's."""
        return self.state == "ready" or (self.state == "busy" and self.gives_way and not self.queue_length)


class Dispatcher:
    """The queue of one worker process, which starts with the first request. `unavailable` says why a kind of model cannot be used."""

    def __init__(self, config: WorkerConfig, limits: EngineLimits, unavailable: dict[Kind, str | None]) -> None:
        self.unavailable = unavailable
        self._config = config
        self._limits = limits
        self._memory_bytes = limits.memory_bytes or int(0.8 * psutil.virtual_memory().total)
        self._changed = threading.Condition()
        self._queue: deque[Job] = deque()
        self._background: deque[Job] = deque()
        self._running: list[Job] = []  # changed by the thread here alone
        self._supervision: Supervision | None = None  # of the worker, while there is one
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._job_count = 0
        self._start_count = 0
        self._load_deaths: dict[Kind, int] = {"encoder": 0, "writer": 0}

    def status(self, writer: str | None) -> EngineStatus:
        """Of an engine whose writer has that name."""
        with self._changed:
            worker = self._worker
            running = list(self._running)
            return EngineStatus(
                state=self._state(),
                writer=writer,
                writer_unavailable=self.unavailable["writer"],
                encoder_unavailable=self.unavailable["encoder"],
                queue_length=len(self._queue),
                memory_bytes=worker.memory_bytes if worker else 0,
                worker_pid=worker.pid if worker else None,
                restart_count=max(0, self._start_count - 1),
                running=len(running),
                gives_way=bool(running) and all(job.is_background for job in running),
            )

    def close(self) -> None:
        """Cancels what waits and runs, and ends the worker."""
        with self._changed:
            self._is_closed = True
            for job in (*self._queue, *self._background, *self._running):
                job.finish(EngineCancelledError("The engine was closed."))
            self._queue.clear()
            self._background.clear()
            worker = self._worker
            self._changed.notify_all()
        if worker is not None:
            worker.kill()

    def _state(self) -> State:
        if self._is_closed:
            return "closed"
        if all(self.unavailable.values()):
            return "unavailable"
        if self._running:
            return "busy" if any(job.is_started for job in self._running) else "loading"
        return "ready" if self._worker is not None and self._worker.is_alive else "stopped"

    def submit(self, kind: Kind, request: dict[str, Any], timeout_s: float, *, is_background: bool = False) -> Job:
        """Raises at once EngineUnavailableError or EngineBusyError."""
        queue = self._background if is_background else self._queue
        with self._changed:
            reason = self.unavailable[kind]
            if self._is_closed or reason is not None:
                raise EngineUnavailableError(reason or "The engine was closed.")
            if len(queue) >= self._limits.max_queue:
                raise EngineBusyError(
                    f"{len(queue)} requests wait for the model, the most that are taken; try again in a moment."
                )
            self._job_count += 1
            job = Job(self._job_count, kind, request, timeout_s, is_background=is_background)
            queue.append(job)
            for running in self._running:
                if running.is_background and not is_background:
                    self._stop(running, EngineYieldedError("The background work made room for a request."))
            self._wake()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._dispatch, name="llm-engine", daemon=True)
                self._thread.start()
            self._changed.notify_all()
            return job

    def position(self, job: Job) -> int:
        with self._changed:
            waiting = [*self._queue, *self._background]
            return waiting.index(job) + 1 if job in waiting else 0

    def cancel(self, job: Job) -> None:
        with self._changed:
            for waiting in (self._queue, self._background):
                if job in waiting:
                    waiting.remove(job)
            self._stop(job, EngineCancelledError("The request was cancelled."))

    def _stop(self, job: Job, why: EngineError) -> None:
        """Tells the caller at once; a worker that is at it stops within a layer or a token. For those who hold the lock."""
        job.is_cancelled = True
        job.finish(why)
        self._wake()

    def _wake(self) -> None:
        """Has a dispatcher that waits for the worker look at what changed. For those who hold the lock."""
        if self._running and self._worker is not None:
            self._worker.events.put(({"event": "wake"}, b""))

    @property
    def _worker(self) -> WorkerProcess | None:
        return self._supervision.worker if self._supervision is not None else None

    def _dispatch(self) -> None:
        try:
            while (begun := self._admitted()) is not None:
                if begun:
                    self._begin(begun)
                if self._running:
                    self._step()
        finally:  # also by a defect
            for job in self._abandon():
                job.finish(WorkerDiedError("The request was lost by a defect of the engine; the log has its trace."))

    def _admitted(self) -> list[Job] | None:
        """Waits until there is something to do, and moves what may run from the queue to the running; None once the engine is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._background or self._running or self._is_closed)
            if self._is_closed:
                return None
            if not self._running and self._worker is not None and not self._worker.is_alive:
                self._worker.kill()  # closes what is left of it
                self._supervision = None
            begun: list[Job] = []
            while self._queue and len(self._running) + len(begun) < self._limits.max_running:
                begun.append(self._queue.popleft())
            if self._background and not (begun or self._running):
                begun.append(self._background.popleft())
            self._running += begun
            return begun

    def _begin(self, begun: list[Job]) -> None:
        try:
            self._supervised().begin(begun)
        except WorkerDiedError as error:
            self._bury(error)
        except LlmError as error:  # there is no worker
            for job in begun:
                self._end(job, error)

    def _step(self) -> None:
        assert self._supervision is not None, "something is running"
        try:
            ended = self._supervision.step()
        except LlmError as error:
            self._bury(error)
        else:
            if ended is not None:
                self._end(*ended)

    def _end(self, job: Job, result: End | LlmError) -> None:
        with self._changed:
            self._running.remove(job)
            if job.is_started:
                self._load_deaths[job.kind] = 0
        job.finish(self._judged(job, result) if isinstance(result, LlmError) else result)

    def _judged(self, job: Job, error: LlmError) -> LlmError:
        """The error as the caller gets it. A model that failed while loading would fail again: it becomes unavailable."""
        if isinstance(error, CheckpointError | EncoderError) and not job.is_started:
            self.unavailable[job.kind] = str(error)
            return EngineUnavailableError(str(error))
        return error

    def _bury(self, error: LlmError) -> None:
        """Ends a worker that ended, and what was running with it.

        Requests that were not alone there, and that have no text yet, are tried once more: another may have been the cause.
        """
        for kind in self._supervision.failing if self._supervision is not None else ():
            self._load_deaths[kind] += 1
            if self._load_deaths[kind] >= _LOAD_TRIES:
                self.unavailable[kind] = f"The model failed to load {_LOAD_TRIES} times. {error}"
        lost = self._abandon()
        for job in reversed(lost):
            with self._changed:
                is_again = len(lost) > 1 and job.can_be_tried_again and self.unavailable[job.kind] is None
                if is_again:
                    job.try_again()
                    (self._background if job.is_background else self._queue).appendleft(job)
            if not is_again:
                job.finish(error)

    def _abandon(self) -> list[Job]:
        """Ends the worker; what was running is the caller's to finish."""
        with self._changed:
            lost, self._running[:] = list(self._running), []
            worker, self._supervision = self._worker, None
        if worker is not None:
            worker.kill()
        return lost

    def _supervised(self) -> Supervision:
        with self._changed:
            if self._is_closed:
                raise EngineCancelledError("The engine was closed.")
            if self._supervision is None:
                try:
                    worker = WorkerProcess(self._config)
                except OSError as error:
                    raise EngineUnavailableError(f"The model worker does not start: {error}.") from error
                self._start_count += 1
                self._supervision = Supervision(worker, self._limits, self._memory_bytes, self._running)
            return self._supervision
