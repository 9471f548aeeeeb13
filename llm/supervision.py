"""The requests at one worker: relays what the worker says to each, and ends a worker that hangs, swells or does not stop.

Knows no queue; what an ended worker means for its requests is the engine's business.
"""

import queue
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from llm.errors import (
    CheckpointError,
    EncoderError,
    EngineError,
    EngineTimeoutError,
    LlmError,
    PromptTooLongError,
    WorkerDiedError,
)
from llm.stream import End, Job, Kind
from llm.worker import WorkerProcess

Ended = tuple[Job, End | LlmError]

_TICK_S = 0.25  # how often memory and deadline are looked at; frames and cancels are seen at once
_ERRORS: dict[str, type[LlmError]] = {
    error.code: error for error in (CheckpointError, EncoderError, PromptTooLongError)
}


@dataclass(frozen=True)
class EngineLimits:
    """Seconds, bytes and places that one engine may take.

    `max_running` requests take turns at the worker, each with keys and values of its own in memory; `max_queue` more may wait. `grace_s` is
    how long a worker may take to obey a cancel before it is ended; `memory_bytes` None is 80 % of the machine.
    """

    max_running: int = 6
    max_queue: int = 16
    load_timeout_s: float = 300.0
    encode_timeout_s: float = 120.0
    grace_s: float = 3.0
    memory_bytes: int | None = None


DEFAULT_LIMITS = EngineLimits()


class Supervision:
    """The life of requests at a worker, which take turns there. The worker may load a model first, under a limit of its own.

    `running` is the engine's list of them, read here only. A worker that hangs is one that says nothing: then everybody's time runs, else
    only that of the request that it works on, as it tells.
    """

    def __init__(self, worker: WorkerProcess, limits: EngineLimits, memory_bytes: int, running: Sequence[Job]) -> None:
        self.worker = worker
        self._running = running
        self._limits = limits
        self._memory_bytes = memory_bytes
        self._heard = time.monotonic()  # when the worker last said something, or had nothing to say
        self._has_loaded = False
        self._loading: Job | None = None
        self._next_look = 0.0

    @property
    def failing(self) -> set[Kind]:
        """The models that are to blame where the worker ends now, because they have not loaded."""
        if self._loading is not None:
            return {self._loading.kind}
        return set() if self._has_loaded else {job.kind for job in self._running if not job.is_cancelled}

    def begin(self, begun: Sequence[Job]) -> None:
        """Hands requests, running from now on, to the worker. Raises WorkerDiedError."""
        if len(begun) == len(self._running):
            self._heard = time.monotonic()
        for job in begun:
            self.worker.send(job.request)

    def step(self) -> Ended | None:
        """Waits a moment for what the worker says next; a request that ended by it.

        Raises LlmError when the worker was or is ended, and all that was running with it.
        """
        ended = self._relay(*self._frame())
        if ended is not None:
            return ended
        for job in self._running:
            # A cancel while the first model loads frees the caller at once; the load goes on, for the next request.
            if job.is_cancelled and (job.is_started or self._has_loaded) and job.leave_by is None:
                self._leave(job)
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + _TICK_S
            self._look()
        return None

    def _frame(self) -> tuple[dict[str, Any], bytes]:
        try:
            return self.worker.events.get(timeout=_TICK_S)
        except queue.Empty:
            return {"event": "wake"}, b""

    def _relay(self, header: dict[str, Any], body: bytes) -> Ended | None:
        event = header["event"]
        if event == "wake":  # the engine's own
            return None
        if event == "exit":
            raise WorkerDiedError(self.worker.epitaph())
        self._heard = time.monotonic()
        job = next((job for job in self._running if job.number == header.get("id")), None)
        self._loading = job if event == "loading" else None
        return None if job is None else self._hand_on(job, header, body)

    def _hand_on(self, job: Job, header: dict[str, Any], body: bytes) -> Ended | None:
        match header["event"]:
            case "started":
                job.is_started = True
                self._has_loaded = True
            case "worked":
                job.worked_s = header["seconds"]
            case "piece":
                job.tell(header["text"])
            case "done":
                return job, End(header["reason"], body)
            case "error":
                return job, _ERRORS.get(header["code"], EngineError)(header["message"])
        return None

    def _look(self) -> None:
        if self.worker.memory_bytes > self._memory_bytes:
            self.worker.kill()
            raise WorkerDiedError(f"The model needed more than {self._memory_bytes / 1e9:.1f} GB and was ended.")
        now = time.monotonic()
        for job in self._running:
            self._look_at(job, now, now - self._heard)

    def _look_at(self, job: Job, now: float, silence: float) -> None:
        if not job.is_started:
            if silence > self._limits.load_timeout_s:
                self.worker.kill()
                raise EngineTimeoutError(
                    f"The model did not load within {self._limits.load_timeout_s:g} s and was ended."
                )
        elif self._loading is not None:  # another's model: nobody's time
            job.leave_by = None if job.leave_by is None else now + self._limits.grace_s
        elif job.leave_by is None and job.worked_s + silence > job.timeout_s:
            job.finish(EngineTimeoutError(f"The model did not finish within {job.timeout_s:g} s."))
            self._leave(job)
        elif job.leave_by is not None and now > job.leave_by:
            self.worker.kill()
            raise WorkerDiedError(
                f"The model did not stop within {self._limits.grace_s:g} s on a request that was over, and was ended; ask again."
            )

    def _leave(self, job: Job) -> None:
        job.leave_by = time.monotonic() + self._limits.grace_s
        self.worker.send({"op": "cancel", "id": job.number})
