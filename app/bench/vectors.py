"""`trustdesk bench vectors`: messages embedded as the desk does, through its worker and its store, beside other ways; then once more.

Every way gets the same texts and threads, in turn. The store is a new SQLite file. Knows no warehouse.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from llm.encoder import Vectors, VectorSource


@dataclass(frozen=True)
class VectorTiming:
    """One way. `computed`: texts that went through a model; `lowest_cosine`: of its vectors with those of plain float32, at worst.

    ours_as_multiple: our first pass' messages a second over this way's.
    """

    way: str
    messages: int
    computed: int | None
    seconds: float | None
    messages_per_second: float | None
    ours_as_multiple: float | None
    lowest_cosine: float | None
    status: str = "ok"

    def to_json(self) -> dict[str, object]:
        return asdict(self)


class _Counted:
    """A source that counts what it is asked for."""

    def __init__(self, source: VectorSource) -> None:
        self._source = source
        self.number = 0

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.number += len(texts)
        return self._source.encode(texts)


def measure(messages: int, threads: int) -> Iterator[VectorTiming]:
    """A row a way: ours, ours again, `transformers` in float32, OpenVINO. Raises LlmError without the sentence encoder."""
    from llm.vector_speed import openvino, plain

    texts, first, again, ours = _ours(messages, threads)
    embed = plain(threads)
    embed(texts[:8])
    began = time.perf_counter()
    exact = embed(texts)
    float_s = time.perf_counter() - began
    yield _row("trustdesk", ours, exact, *first, ours_s=first[0])
    yield _row("trustdesk, second pass", ours, exact, *again, ours_s=first[0])
    yield _row("transformers, float32", exact, exact, float_s, messages, ours_s=first[0])
    other = openvino(threads)
    if isinstance(other, str):
        yield VectorTiming("OpenVINO", messages, None, None, None, None, None, other)
        return
    other(texts[:8])
    began = time.perf_counter()
    found = other(texts)
    yield _row("OpenVINO", found, exact, time.perf_counter() - began, messages, ours_s=first[0])


def _ours(messages: int, threads: int) -> tuple[list[str], tuple[float, int], tuple[float, int], Vectors]:
    """The texts, (seconds, texts computed) of the first pass and of the second, and the vectors."""
    from app.workspace import Workspace
    from llm.encoder import Encoder, find_weights
    from llm.engine import Engine
    from llm.vector_speed import sample_messages
    from llm.worker import WorkerConfig

    with (
        TemporaryDirectory(prefix="trustdesk-bench-") as folder,
        Engine(WorkerConfig(encoder=find_weights(), threads=threads)) as engine,
    ):
        workspace = Workspace.open(f"sqlite:///{Path(folder) / 'workspace.sqlite'}")
        texts = sample_messages(messages, Encoder(engine, workspace.vectors).is_encodable)
        engine.encode(texts[:8])  # the start of the worker is not timed
        source = _Counted(engine)
        passes: list[tuple[float, int]] = []
        for _ in range(2):
            before, began = source.number, time.perf_counter()
            vectors = Encoder(source, workspace.vectors).encode(texts)
            passes.append((time.perf_counter() - began, source.number - before))
        workspace.close()
    return texts, passes[0], passes[1], vectors


def _row(way: str, vectors: Vectors, exact: Vectors, seconds: float, computed: int, *, ours_s: float) -> VectorTiming:
    cosine = float(np.einsum("nd,nd->n", vectors, exact).min())
    number = len(vectors)
    return VectorTiming(
        way,
        number,
        computed,
        round(seconds, 4),
        round(number / seconds, 1),
        round(seconds / ours_s, 3),
        round(cosine, 5),
    )
