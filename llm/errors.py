"""What can go wrong with words: one small tree, each error one line for a person and a code for a script.

Knows nothing of the code that raises it. `code` is what commands print in `{"error": {"code", "message"}}`.
"""

from typing import ClassVar


class LlmError(Exception):
    """Base of every error that llm raises on purpose; its text says what, where and what to do."""

    code: ClassVar[str] = "llm"


class InputError(LlmError):
    """A thread, fact or text that is not what the format says."""

    code = "bad_input"


class KnowledgeError(LlmError):
    """A knowledge file (article, macro, taxonomy, clause) that is missing or malformed."""

    code = "bad_knowledge"


class EncoderError(LlmError):
    """The sentence encoder's weights are absent or are not the published ones."""

    code = "bad_encoder"


class NotEncodableError(LlmError):
    """A text in a language that the sentence encoder does not know; it is never embedded."""

    code = "not_encodable"


class CheckpointError(LlmError):
    """A checkpoint folder that cannot be used: absent, incomplete, unsafe, changed since it was pulled, or of parts that do not fit."""

    code = "bad_checkpoint"


class HubError(LlmError):
    """A model that can't be pulled: no network, unknown, private, gated, without safetensors, or other bytes than stated."""

    code = "hub"


class PromptTooLongError(LlmError):
    """A prompt that leaves no room for an answer in the model's context."""

    code = "prompt_too_long"


class EngineError(LlmError):
    """The engine could not finish a request; the caller goes on with the next writer."""

    code = "engine"


class EngineUnavailableError(EngineError):
    """There is no model to ask: libraries missing, nothing configured, or the worker does not start."""

    code = "engine_unavailable"


class EngineBusyError(EngineError):
    """The queue is full."""

    code = "engine_busy"


class EngineTimeoutError(EngineError):
    """The request did not finish in its time; a worker that would not stop was ended."""

    code = "engine_timeout"


class EngineCancelledError(EngineError):
    """The request was cancelled by its owner, or the engine was closed."""

    code = "engine_cancelled"


class EngineYieldedError(EngineError):
    """Background work that made room for somebody's request; what it had not given is lost, and it may be asked for again."""

    code = "engine_yielded"


class WorkerDiedError(EngineError):
    """The worker process ended during the request (crash or out of memory); the next request starts a fresh one."""

    code = "worker_died"


def one_line(error: BaseException) -> str:
    """A foreign error's type and the beginning of its first line, and of the next where the first only announces it."""
    lines = [line.strip() for line in str(error).strip().splitlines()]
    said = " ".join(lines[:2]) if lines and lines[0].endswith(":") else "".join(lines[:1])
    return f"{type(error).__name__}: {said[:200]}" if said else type(error).__name__
