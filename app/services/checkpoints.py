"""What a checkpoint is and how it runs on this machine, for `trustdesk model info`. Knows no page and no warehouse."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from app.services.runtime import get_runtime

if TYPE_CHECKING:
    from llm.chat import TextModel
    from llm.engine import Engine

MEASURED_TOKENS = 64
QUESTION = "Write to a merchant why an order arrives late when the carrier stops for three days."


def model_info(folder: Path | None = None, *, measure: bool = False) -> dict[str, object]:
    """One object on the folder, or on the server or checkpoint that the settings name; without any, on the macro writer.

    Bytes, tokens of context and seconds; what is not known or not measured is None. `memory_bytes` is resident memory of the
    model's process after the measured text, libraries included. Raises LlmError for a folder that can't be used.
    """
    from llm.desk.card import is_desk_model
    from llm.engine import checkpoint_name
    from llm.inspection import describe_checkpoint

    settings = get_runtime().settings
    if folder is None and settings.server_url:
        speed = _server_speed() if measure else None
        known = {"kind": "server", "folder": settings.server_url, "tokens_per_second": speed}
        return {"engine": f"server:{settings.server_model}", **dict.fromkeys(KEYS), **known}
    if folder is None and settings.checkpoint:
        folder = Path(settings.checkpoint)
    if folder is None:
        return {"engine": "macro", **dict.fromkeys(KEYS)}
    found = describe_checkpoint(folder)
    described: dict[str, object] = {
        "engine": checkpoint_name(folder),
        "folder": folder.resolve(),
        "kind": found.info.kind
        if found.info.base is None
        else f"adapter on {found.info.base.name} ({found.info.kind})",
        "architecture": found.info.architecture,
        "parameters": found.parameters,
        "dtype": found.dtype,
        "prompt_layout": found.info.layout,
        "runs_in": "float32" if is_desk_model(folder) else settings.checkpoint_dtype,
        "context_length": found.info.context_length,
        "weight_bytes": found.info.weight_bytes,
        "licence": found.licence,
        "pulled": found.pulled,
    }
    return described | (_measured(folder) if measure else dict.fromkeys(MEASURES))


MEASURES = ("load_seconds", "memory_bytes", "tokens_per_second")
KEYS = (
    "folder",
    "kind",
    "architecture",
    "parameters",
    "dtype",
    "runs_in",
    "prompt_layout",
    "context_length",
    "weight_bytes",
    "licence",
    "pulled",
    *MEASURES,
)


def _measured(folder: Path) -> dict[str, object]:
    """Seconds until the first token of a cold process, then greedy tokens a second after the first."""
    from llm.chat import ChatMessage, GenerateOptions
    from llm.engine import Engine, WorkerConfig

    settings = get_runtime().settings
    config = WorkerConfig(
        checkpoint=folder,
        checkpoint_dtype=settings.checkpoint_dtype,  # type: ignore[arg-type]  # settings let no other through
        threads=settings.threads,
    )
    question = [ChatMessage("user", QUESTION)]
    with Engine(config) as engine:
        if engine.reads_briefs:
            return _measured_desk(engine)
        began = time.perf_counter()
        "".join(engine.generate(question, GenerateOptions(max_tokens=1)))
        loaded = time.perf_counter() - began
        rate = _speed(engine)
        memory = engine.status().memory_bytes
    return {"load_seconds": round(loaded, 2), "memory_bytes": memory, "tokens_per_second": rate}


def _server_speed() -> float | None:
    """As the server that the settings name writes now, with the network between. Raises LlmError."""
    writer = get_runtime().desk.writer
    assert writer is not None
    return _speed(writer)


def _speed(writer: TextModel) -> float | None:
    """Tokens a second after the first; None for an answer of one piece."""
    from llm.chat import ChatMessage, GenerateOptions

    stream = writer.generate([ChatMessage("user", QUESTION)], GenerateOptions(max_tokens=MEASURED_TOKENS))
    arrivals = [time.perf_counter() for _ in stream]
    ended = time.perf_counter()
    # A piece may hold several tokens (half characters wait), so the count is exact only where the answer ran its length.
    tokens = MEASURED_TOKENS if getattr(stream, "finish_reason", None) == "length" else len(arrivals)
    seconds = ended - arrivals[0] if arrivals else 0.0
    return round((tokens - 1) / seconds, 1) if tokens > 1 and seconds > 0 else None


def fault_of(folder: Path) -> str | None:
    """Why the folder can't be used as a checkpoint, in one line; None when it can."""
    from llm.checkpoint_files import inspect_checkpoint
    from llm.errors import CheckpointError

    try:
        inspect_checkpoint(folder)
    except CheckpointError as error:
        return str(error)
    return None


def _measured_desk(engine: Engine) -> dict[str, object]:
    """The same of the desk's own model, whose first answer is a sentence of a reply, and whose tokens come by the sentence."""
    from llm.desk.prompt import REPLY
    from llm.desk.request import BriefPrompt, tokens_in

    question = BriefPrompt.of_text(QUESTION, REPLY).messages
    began = time.perf_counter()
    first = next(engine.generate(question), None)
    loaded = time.perf_counter() - began
    lines = [(tokens_in(line), time.perf_counter()) for line in engine.generate(question)] if first else []
    tokens = sum(count for count, _ in lines[1:])
    seconds = lines[-1][1] - lines[0][1] if lines else 0.0
    return {
        "load_seconds": round(loaded, 2),
        "memory_bytes": engine.status().memory_bytes,
        "tokens_per_second": round(tokens / seconds, 1) if tokens and seconds > 0 else None,
    }
