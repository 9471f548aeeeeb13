"""What a checkpoint is and how it runs on this machine, for `trustdesk model info`. Knows no page and no warehouse."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from app.services.runtime import get_runtime

if TYPE_CHECKING:
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
        return {"engine": f"server:{settings.server_model}", **dict.fromkeys(KEYS), "folder": settings.server_url}
    if folder is None and settings.checkpoint:
        folder = Path(settings.checkpoint)
    if folder is None:
        return {"engine": "macro", **dict.fromkeys(KEYS)}
    found = describe_checkpoint(folder)
    described: dict[str, object] = {
        "engine": checkpoint_name(folder),
        "folder": folder.resolve(),
        "architecture": found.info.architecture,
        "parameters": found.parameters,
        "dtype": found.dtype,
        "runs_in": "float32" if is_desk_model(folder) else settings.checkpoint_dtype,
        "context_length": found.info.context_length,
        "weight_bytes": found.info.weight_bytes,
        "licence": found.licence,
    }
    return described | (_measured(folder) if measure else dict.fromkeys(MEASURES))


MEASURES = ("load_seconds", "memory_bytes", "tokens_per_second")
KEYS = (
    "folder",
    "architecture",
    "parameters",
    "dtype",
    "runs_in",
    "context_length",
    "weight_bytes",
    "licence",
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
        stream = engine.generate(question, GenerateOptions(max_tokens=MEASURED_TOKENS))
        arrivals = [time.perf_counter() for _ in stream]
        ended = time.perf_counter()
        memory = engine.status().memory_bytes
    # A piece may hold several tokens (half characters wait), so the count is exact only where the answer ran its length.
    tokens = MEASURED_TOKENS if stream.finish_reason == "length" else len(arrivals)
    seconds = ended - arrivals[0] if arrivals else 0.0
    return {
        "load_seconds": round(loaded, 2),
        "memory_bytes": memory,
        "tokens_per_second": round((tokens - 1) / seconds, 1) if tokens > 1 and seconds > 0 else None,
    }


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
