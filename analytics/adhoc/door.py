"""Asks a question in SQL of a serving file: starts the process that answers it, bounds and ends it, reads the answer.

One process a question: whatever a question does to it is gone with it. Knows no DuckDB.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pyarrow as pa

from analytics.errors import QueryError

MOST_SQL = 20_000  # characters of a question
MOST_AT_ONCE = 2  # questions that run at the same time; one more is refused rather than kept waiting
HEADER_BYTES = 100_000
_PACKAGES = Path(__file__).parents[2]
_running = threading.BoundedSemaphore(MOST_AT_ONCE)


@dataclass(frozen=True)
class Limits:
    """What a question may take. `seconds` by the clock, from which its processor time follows; `memory` is DuckDB's, the process may use `process_bytes`."""

    seconds: float = 30.0
    rows: int = 10_000
    columns: int = 500
    bytes: int = 8 * 2**20
    memory: str = "1GB"
    process_bytes: int = 2 * 2**30
    threads: int = 2

    @property
    def cpu_seconds(self) -> int:
        """Processor seconds of all threads together, with two to begin in."""
        return math.ceil(self.seconds) * self.threads + 2


@dataclass(frozen=True)
class Answer:
    """What a question gave. `frame` has numbers, texts, days, instants and truth values; all else is told as DuckDB writes it. `more`: which limit cut it."""

    frame: pd.DataFrame
    more: Literal["rows", "bytes"] | None


class Question:
    """A question that is being answered. Another thread may ask whether it is done, or cancel it."""

    def __init__(self, path: Path, sql: str, time_zone: str, limits: Limits) -> None:
        """Starts it. Raises QueryError where it is empty or too long, or where MOST_AT_ONCE run already."""
        if not sql.strip():
            raise QueryError("There is nothing to ask: write a SELECT.")
        if len(sql) > MOST_SQL:
            raise QueryError("A question has at most {limit} characters; this has {n}.", limit=MOST_SQL, n=len(sql))
        if not _running.acquire(blocking=False):
            raise QueryError("{n} questions are being answered already: wait for one, then ask again.", n=MOST_AT_ONCE)
        sql = sql.encode(errors="replace").decode()  # half of a pair of surrogates is no text
        self._limits = limits
        self._ended: Literal["cancelled", "late"] | None = None
        self._output = b""
        request = {
            "asker": os.getpid(),
            "path": str(path),
            "sql": sql,
            "time_zone": time_zone,
            "limits": {**asdict(limits), "cpu_seconds": limits.cpu_seconds},
        }
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "analytics.adhoc.sandbox"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={"PYTHONPATH": str(_PACKAGES), "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"},
            )
            self._reading = threading.Thread(target=self._read, args=(json.dumps(request).encode(),), daemon=True)
            self._reading.start()
        except BaseException:
            _running.release()
            raise

    def is_done(self, wait: float = 0.0) -> bool:
        """Whether `answer` will come back at once; waits up to so many seconds for it."""
        self._reading.join(wait)
        return not self._reading.is_alive()

    def cancel(self) -> None:
        """Ends it; `answer` then raises."""
        self._ended = self._ended or "cancelled"
        self._process.kill()

    def answer(self) -> Answer:
        """Waits for the end. Raises QueryError: refused, wrong, cancelled, too long or too much."""
        self._reading.join()
        if self._ended == "cancelled":
            raise QueryError("The question was cancelled.")
        if self._ended == "late":
            raise QueryError(
                "The question was stopped after {seconds} s: ask for fewer rows or days.",
                seconds=f"{self._limits.seconds:g}",
            )
        head, _, body = self._output.partition(b"\n")
        if self._process.returncode or not head:
            raise QueryError(
                "The question was stopped: it needed more memory or time than the {limit} and {seconds} s that it may use.",
                limit=self._limits.memory,
                seconds=f"{self._limits.seconds:g}",
            )
        header = json.loads(head)
        if error := header.get("error"):
            raise QueryError.told(error["text"], error["values"])
        with pa.ipc.open_stream(body) as stream:
            return Answer(_frame(stream.read_all()), header["more"])

    def _read(self, request: bytes) -> None:
        timer = threading.Timer(self._limits.seconds, self._stop)
        timer.daemon = True
        timer.start()
        try:
            with self._process:
                assert self._process.stdin
                assert self._process.stdout
                try:
                    self._process.stdin.write(request)
                    self._process.stdin.close()
                except BrokenPipeError:
                    pass
                self._output = self._process.stdout.read(2 * self._limits.bytes + HEADER_BYTES)
                self._process.stdout.close()
        finally:
            timer.cancel()
            _running.release()

    def _stop(self) -> None:
        self._ended = self._ended or "late"
        self._process.kill()


def ask(path: Path, sql: str, time_zone: str, limits: Limits | None = None) -> Answer:
    """A question and its answer. Raises QueryError: see `Question`."""
    return Question(path, sql, time_zone, limits or Limits()).answer()


def _frame(table: pa.Table) -> pd.DataFrame:
    """The rows with types that a page, a chart and a spreadsheet know."""
    return pd.DataFrame({field.name: _series(table.column(place)) for place, field in enumerate(table.schema)})


def _series(column: pa.ChunkedArray) -> pd.Series[Any]:
    if pa.types.is_decimal(column.type):
        column = column.cast(pa.float64()) if column.type.scale else _whole(column)
    is_gappy = pa.types.is_integer(column.type) and column.null_count
    gappy = pd.UInt64Dtype() if pa.types.is_unsigned_integer(column.type) else pd.Int64Dtype()
    found: pd.Series[Any] = column.to_pandas(types_mapper=(lambda _: gappy) if is_gappy else None)
    return found


def _whole(column: pa.ChunkedArray) -> pa.ChunkedArray:
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid:  # a sum beyond 64 bits
        return column.cast(pa.float64())
