"""One request at the worker: relays what the worker says, and ends a worker that hangs, swells or does not stop.

Knows no queue; what an ended worker means for the next request is the engine's business.
"""

import queue
import time
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
from llm.stream import End, Job
from llm.worker import WorkerProcess

_TICK_S = 0.25  # how often memory and deadline are looked at; frames and cancels are seen at once
_ERRORS: dict[str, type[LlmError]] = {
    error.code: error for error in (CheckpointError, EncoderError, PromptTooLongError)
}


@dataclass(frozen=True)
class EngineLimits:
    """Seconds, bytes and places that one engine may take.

    `grace_s` is how long a worker may take to obey a cancel before it is ended; `memory_bytes` None is 80 % of the machine.
    """

    max_queue: int = 16
    load_timeout_s: float = 300.0
    encode_timeout_s: float = 120.0
    grace_s: float = 3.0
    memory_bytes: int | None = None


DEFAULT_LIMITS = EngineLimits()


class Supervision:
    """The life of one request at a worker. The worker may load the model first, under a limit of its own."""

    def __init__(self, job: Job, worker: WorkerProcess, limits: EngineLimits, memory_bytes: int) -> None:
        self._job = job
        self._worker = worker
        self._limits = limits
        self._memory_bytes = memory_bytes
        self._deadline = 0.0
        self._next_look = 0.0
        self._is_leaving = False

    def run(self) -> None:
        """Returns when the worker is at rest again. Raises LlmError when the request failed, its worker perhaps ended."""
        self._worker.send(self._job.request)
        self._deadline = time.monotonic() + self._limits.load_timeout_s
        while True:
            header, body = self._frame()
            if header.get("event") == "exit":
                raise WorkerDiedError(self._worker.epitaph())
            if header.get("id") == self._job.number and self._relay(header, body):
                return
            # A cancel while the model loads frees the caller at once; the load goes on, for the next request.
            if self._job.is_cancelled and self._job.is_started and not self._is_leaving:
                self._leave()
            if time.monotonic() >= self._next_look:
                self._next_look = time.monotonic() + _TICK_S
                self._look()

    def _frame(self) -> tuple[dict[str, Any], bytes]:
        try:
            return self._worker.events.get(timeout=_TICK_S)
        except queue.Empty:
            return {}, b""

    def _relay(self, header: dict[str, Any], body: bytes) -> bool:
        """Hands a frame on; True when it was the last."""
        match header["event"]:
            case "started":
                self._job.is_started = True
                self._deadline = time.monotonic() + self._job.timeout_s
            case "piece":
                self._job.tell(header["text"])
            case "done":
                self._job.finish(End(header["reason"], body))
                return True
            case "error":
                raise _ERRORS.get(header["code"], EngineError)(header["message"])
        return False

    def _look(self) -> None:
        if self._worker.memory_bytes > self._memory_bytes:
            self._worker.kill()
            raise WorkerDiedError(f"The model needed more than {self._memory_bytes / 1e9:.1f} GB and was ended.")
        if time.monotonic() <= self._deadline:
            return
        if not self._job.is_started:
            self._worker.kill()
            raise EngineTimeoutError(f"The model did not load within {self._limits.load_timeout_s:g} s and was ended.")
        self._job.finish(EngineTimeoutError(f"The model did not finish within {self._job.timeout_s:g} s."))
        if self._is_leaving:
            self._worker.kill()
            raise EngineTimeoutError(f"The model did not stop within {self._limits.grace_s:g} s and was ended.")
        self._leave()

    def _leave(self) -> None:
        self._is_leaving = True
        self._deadline = time.monotonic() + self._limits.grace_s
        self._worker.send({"op": "cancel", "id": self._job.number})
