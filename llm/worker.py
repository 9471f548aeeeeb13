"""The process that holds the models: `python -m llm.worker`, requests that take turns, frames over its pipes.

The child alone imports torch. It never reaches the network, ends with its parent, and is the first to go when the machine
runs out of memory. `WorkerProcess` is the parent's handle: start, send, events, kill. Knows no queue of requests.
"""

import contextlib
import json
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import psutil

from llm.chat import ChatMessage, GenerateOptions
from llm.checkpoint import CheckpointDtype
from llm.desk.card import is_desk_model
from llm.encoder import EncoderDtype
from llm.errors import LlmError, WorkerDiedError
from llm.turns import Turn, Turns

if TYPE_CHECKING:
    from llm.checkpoint import Checkpoint
    from llm.desk.writer import DeskWriter
    from llm.encoder import SentenceModel

Frame = tuple[dict[str, Any], bytes]

SEND_TIMEOUT_S = 10.0  # a child that does not drain its pipe for this long is hung
_LENGTHS = struct.Struct(">II")
_STDERR_LINES = 20


@dataclass(frozen=True)
class WorkerConfig:
    """What the child may load and how. `isolated` forbids it every socket; there is no reason to turn it off."""

    encoder: Path | None = None
    checkpoint: Path | None = None
    encoder_dtype: EncoderDtype = "auto"
    checkpoint_dtype: CheckpointDtype = "auto"
    threads: int | None = None
    isolated: bool = True


def default_threads() -> int:
    """Cores that this process may use, less one for the app; at least one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores - 1)


def write_frame(stream: BinaryIO, header: Mapping[str, object], body: bytes = b"") -> None:
    """Header and body, each after its length (4 bytes, big-endian)."""
    head = json.dumps(header).encode()
    stream.write(_LENGTHS.pack(len(head), len(body)) + head + body)
    stream.flush()


def read_frame(stream: BinaryIO) -> Frame | None:
    """The next frame, or None at the end of the stream, also when it ends within a frame."""
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    head_bytes, body_bytes = _LENGTHS.unpack(lengths)
    head, body = stream.read(head_bytes), stream.read(body_bytes)
    if len(head) < head_bytes or len(body) < body_bytes:
        return None
    return json.loads(head), body


class WorkerProcess:
    """A running child. `events` receives its frames, then a last `{"event": "exit"}` once it has ended."""

    def __init__(self, config: WorkerConfig) -> None:
        root = str(Path(__file__).resolve().parents[1])
        path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH")) if part)
        threads = str(config.threads or default_threads())
        self._process = subprocess.Popen(
            [sys.executable, "-m", "llm.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": threads} | _OFFLINE,
        )
        self.events: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        self._last_lines: deque[str] = deque(maxlen=_STDERR_LINES)
        self._stderr = threading.Thread(target=self._read_stderr, name="llm-worker-stderr", daemon=True)
        self._stderr.start()
        threading.Thread(target=self._read_events, name="llm-worker-events", daemon=True).start()
        self.send(
            {"op": "start", **asdict(config), "encoder": _text(config.encoder), "checkpoint": _text(config.checkpoint)}
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    @property
    def memory_bytes(self) -> int:
        """Resident memory of the child; 0 once it has ended."""
        with contextlib.suppress(psutil.Error):
            return int(psutil.Process(self.pid).memory_info().rss)
        return 0

    def send(self, header: Mapping[str, object]) -> None:
        """Raises WorkerDiedError when the child has ended, or is ended here because it does not listen."""
        assert self._process.stdin is not None
        watchdog = threading.Timer(SEND_TIMEOUT_S, self._process.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            write_frame(self._process.stdin, header)  # type: ignore[arg-type]
        except (OSError, ValueError) as error:
            raise WorkerDiedError(self.epitaph()) from error
        finally:
            watchdog.cancel()

    def kill(self) -> None:
        """Ends the child at once, whatever it is doing, and waits until it is gone."""
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()

    def epitaph(self) -> str:
        """One line on how the child ended, with the last line that it wrote."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1.0)
        self._stderr.join(timeout=1.0)
        code = self._process.returncode
        how = (
            "does not answer"
            if code is None
            else f"ended by signal {-code}"
            if code < 0
            else f"ended with exit code {code}"
        )
        last = f": {self._last_lines[-1][:200]}" if self._last_lines else ""
        return f"The model worker {how}{last}. The next request starts a fresh one."

    def _read_events(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream, contextlib.suppress(OSError, ValueError):
            while (frame := read_frame(stream)) is not None:  # type: ignore[arg-type]
                self.events.put(frame)
        self.events.put(({"event": "exit"}, b""))

    def _read_stderr(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            for line in stream:
                if text := line.decode("utf-8", "replace").strip():
                    self._last_lines.append(text)


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


# The child, from here on.

_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
}
_NETWORK_EVENTS = frozenset(
    f"socket.{name}"
    for name in ("connect", "bind", "sendto", "sendmsg", "getaddrinfo", "gethostbyname", "gethostbyaddr", "getnameinfo")
)


def isolate() -> None:
    """From here on this process refuses every socket operation that leaves it; cannot be undone."""

    def refuse(event: str, _: tuple[object, ...]) -> None:
        if event in _NETWORK_EVENTS:
            raise PermissionError(f"{event}: the model worker has no network.")

    sys.addaudithook(refuse)


class _Server:
    """Serves each request in a thread of its own; they take turns, and only who has the turn loads, computes or tells."""

    def __init__(self, config: Mapping[str, Any], incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._config = config
        self._incoming = incoming
        self._outgoing = outgoing
        self._turns = Turns()
        self._encoder: SentenceModel | None = None
        self._checkpoint: Checkpoint | DeskWriter | None = None

    def run(self) -> None:
        self._tell({"event": "ready"})
        while (frame := read_frame(self._incoming)) is not None:
            request, _ = frame
            number = int(request["id"])
            if request["op"] == "cancel":
                self._turns.cancel(number)
            else:
                turn = self._turns.begin(number, partial(self._tell_work, number))
                threading.Thread(target=self._answer, args=(request, turn), daemon=True).start()
        os._exit(0)  # the parent is gone: nobody waits for whatever is being computed

    def _answer(self, request: dict[str, Any], turn: Turn) -> None:
        with turn:
            if turn.is_over:  # cancelled before its first turn
                self._tell({"event": "done", "id": turn.number, "reason": "cancelled"})
                return
            try:
                self._serve(request, turn)
            except LlmError as error:
                self._tell({"event": "error", "id": turn.number, "code": error.code, "message": str(error)})

    def _serve(self, request: dict[str, Any], turn: Turn) -> None:
        number = turn.number
        if request["op"] in ("encode", "load_encoder"):
            model = self._load_encoder(number)
            self._tell({"event": "started", "id": number})
            vectors = model.encode(request.get("texts", []), turn.is_cancelled)
            self._tell({"event": "done", "id": number, "reason": "stop"}, vectors.tobytes())
        else:
            checkpoint = self._load_checkpoint(number)
            self._tell({"event": "started", "id": number})
            reason: str = "stop"
            if request["op"] == "generate":
                reason = checkpoint.generate(
                    [ChatMessage(**message) for message in request["messages"]],
                    GenerateOptions(**request["options"]),
                    partial(self._tell_piece, turn),
                    turn.is_cancelled,
                )
            self._tell({"event": "done", "id": number, "reason": reason})

    def _load_encoder(self, number: int) -> "SentenceModel":
        if self._encoder is None:
            self._tell({"event": "loading", "id": number})
            from llm.encoder import SentenceModel

            self._encoder = SentenceModel(Path(self._config["encoder"]), self._config["encoder_dtype"])
        return self._encoder

    def _load_checkpoint(self, number: int) -> "Checkpoint | DeskWriter":
        if self._checkpoint is None:
            self._tell({"event": "loading", "id": number})
            folder = Path(self._config["checkpoint"])
            if is_desk_model(folder):
                from llm.desk.writer import DeskWriter

                self._checkpoint = DeskWriter(folder)
            else:
                from llm.checkpoint import Checkpoint

                self._checkpoint = Checkpoint(folder, self._config["checkpoint_dtype"])
        return self._checkpoint

    def _tell_piece(self, turn: Turn, text: str) -> None:
        turn.has_text = True
        self._tell({"event": "piece", "id": turn.number, "text": text})

    def _tell_work(self, number: int, seconds: float) -> None:
        self._tell({"event": "worked", "id": number, "seconds": seconds})

    def _tell(self, header: Mapping[str, object], body: bytes = b"") -> None:
        write_frame(self._outgoing, header, body)


def _end_with_trace(ended: threading.ExceptHookArgs) -> None:
    """A defect in a request's thread ends the process, as one in its only thread would."""
    threading.__excepthook__(ended)
    sys.stderr.flush()
    os._exit(1)


def main() -> None:
    """Reads the start frame from stdin, answers on what was stdout; prints of libraries go to stderr."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us by leaving
    outgoing = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    start = read_frame(sys.stdin.buffer)
    if start is None:
        return
    config, _ = start
    if config["isolated"]:
        isolate()
    with contextlib.suppress(OSError):  # Linux: the kernel takes this process before the app
        Path("/proc/self/oom_score_adj").write_text("1000")
    threading.excepthook = _end_with_trace
    import torch

    torch.set_num_threads(config["threads"] or default_threads())
    _Server(config, sys.stdin.buffer, outgoing).run()


if __name__ == "__main__":
    main()
