"""The engine over a real worker with real (tiny) models: streams, queues, cancels, and outlives its worker."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from llm.chat import ChatMessage, GenerateOptions, TextModel
from llm.encoder import Encoder, find_weights
from llm.engine import Engine, EngineLimits, open_engine
from llm.errors import (
    EngineBusyError,
    EngineCancelledError,
    EngineTimeoutError,
    EngineUnavailableError,
    EngineYieldedError,
    PromptTooLongError,
    WorkerDiedError,
)
from llm.supervision import Supervision
from llm.worker import WorkerConfig
from tests.llm.serving.scripted_model import ScriptedModel

ASK = [ChatMessage("user", "Why was order A-1001 late?")]
BRIEF = GenerateOptions(max_tokens=12)
ENDLESS = GenerateOptions(max_tokens=100_000)  # seconds of work: to the end of the context


@pytest.fixture(scope="module", autouse=True)
def no_network() -> Iterator[None]:
    """Every test here runs with this process's sockets refused; the worker refuses its own."""

    def refuse(*_: object) -> None:
        raise AssertionError("a socket was opened")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        yield


@pytest.fixture(scope="module")
def engine(checkpoint_folder: Path) -> Iterator[Engine]:
    config = WorkerConfig(encoder=find_weights(), checkpoint=checkpoint_folder)
    with Engine(config, EngineLimits(max_running=2, max_queue=3, grace_s=0.5)) as engine:
        yield engine


def pid(engine: Engine) -> int:
    """The worker's, started and with the checkpoint loaded."""
    list(engine.generate(ASK, GenerateOptions(max_tokens=1)))
    found = engine.status().worker_pid
    assert found is not None
    return found


@pytest.fixture
def held(engine: Engine) -> Iterator[Callable[[], None]]:
    """The worker stopped in its tracks, until the test calls what it gets (or ends)."""
    worker = pid(engine)
    os.kill(worker, signal.SIGSTOP)

    def let_go() -> None:
        if psutil.pid_exists(worker):
            os.kill(worker, signal.SIGCONT)

    yield let_go
    let_go()


def wait_until(is_so: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "did not become so in time"
        time.sleep(0.01)


def test_streams_the_same_words_each_time(engine: Engine) -> None:
    stream = engine.generate(ASK, BRIEF)
    pieces = list(stream)
    assert stream.finish_reason == "length"
    assert len(pieces) > 1
    assert "".join(engine.generate(ASK, BRIEF)) == "".join(pieces)


def test_warmth_is_random_and_greed_is_not(engine: Engine) -> None:
    warm = GenerateOptions(max_tokens=30, temperature=1.0)
    assert "".join(engine.generate(ASK, warm)) != "".join(engine.generate(ASK, warm))


def test_encodes_through_the_same_worker(engine: Engine) -> None:
    before = pid(engine)
    vectors = engine.encode(["My order is late.", "The parcel came late.", "我"])
    assert (vectors.shape, vectors.dtype) == ((3, 384), np.dtype("float32"))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert engine.encode([]).shape == (0, 384)
    status = engine.status()
    assert (status.state, status.worker_pid, status.queue_length) == ("ready", before, 0)
    assert status.memory_bytes > 100e6


def test_warm_loads_without_being_asked_anything(engine: Engine) -> None:
    engine.warm()
    wait_until(lambda: engine.status().state == "ready", seconds=30)


def test_lone_surrogates_and_control_characters_do_no_harm(engine: Engine) -> None:
    before = pid(engine)
    assert "".join(engine.generate([ChatMessage("user", "\x00late\ud800")], BRIEF))
    assert Encoder(engine, {}).encode(["My order \ud800 is late.\x00"]).shape == (1, 384)
    assert pid(engine) == before


def test_a_prompt_too_long_is_an_error_of_the_request_only(engine: Engine) -> None:
    before = pid(engine)
    with pytest.raises(PromptTooLongError, match="no room for an answer"):
        list(engine.generate([ChatMessage("user", "late " * 10_000)], BRIEF))
    assert pid(engine) == before


def test_queue_has_positions_and_an_end(engine: Engine, held: Callable[[], None]) -> None:
    streams = [engine.generate(ASK, BRIEF) for _ in range(2)]
    wait_until(lambda: engine.status().queue_length == 0)
    streams += [engine.generate(ASK, BRIEF) for _ in range(3)]
    assert [stream.position for stream in streams] == [0, 0, 1, 2, 3]
    assert (engine.status().running, engine.status().queue_length) == (2, 3)
    with pytest.raises(EngineBusyError, match="3 requests wait for the model, the most that are taken"):
        engine.generate(ASK, BRIEF)
    streams[2].cancel()
    assert [stream.position for stream in streams] == [0, 0, 0, 1, 2]
    held()
    with pytest.raises(EngineCancelledError):
        next(streams[2])
    assert len({"".join(stream) for stream in (*streams[:2], *streams[3:])}) == 1


def test_cancel_frees_the_engine_within_a_second_and_keeps_the_worker(engine: Engine) -> None:
    before = pid(engine)
    stream = engine.generate(ASK, ENDLESS)
    next(stream)
    started = time.monotonic()
    stream.cancel()
    list(engine.generate(ASK, BRIEF))
    assert time.monotonic() - started < 1
    with pytest.raises(EngineCancelledError):
        list(stream)
    assert list(stream) == []
    assert pid(engine) == before


def test_a_stream_let_go_of_is_cancelled(engine: Engine) -> None:
    stream = engine.generate(ASK, ENDLESS)
    next(stream)
    del stream
    wait_until(lambda: engine.status().state == "ready", seconds=1)


BEHIND = GenerateOptions(max_tokens=100_000, is_background=True)


def test_background_work_makes_room_in_the_middle_and_the_worker_stays(engine: Engine) -> None:
    before = pid(engine)
    behind = engine.generate(ASK, BEHIND)
    next(behind)
    status = engine.status()
    assert (status.state, status.gives_way, status.is_at_hand) == ("busy", True, True)
    assert "".join(engine.generate(ASK, BRIEF))
    with pytest.raises(EngineYieldedError, match="made room"):
        list(behind)
    assert pid(engine) == before


def test_a_text_to_embed_makes_background_work_give_way_too(engine: Engine) -> None:
    behind = engine.generate(ASK, BEHIND)
    next(behind)
    assert engine.encode(["My order is late."]).shape == (1, 384)
    with pytest.raises(EngineYieldedError):
        list(behind)


def test_background_work_waits_behind_everybody_and_takes_no_place_in_their_queue(
    engine: Engine, held: Callable[[], None]
) -> None:
    first = [engine.generate(ASK, BRIEF)]
    wait_until(lambda: engine.status().running == 1)
    behind = engine.generate(ASK, GenerateOptions(max_tokens=12, is_background=True))
    first.append(engine.generate(ASK, BRIEF))
    wait_until(lambda: engine.status().running == 2)
    waiting = [engine.generate(ASK, BRIEF) for _ in range(3)]
    assert (behind.position, [stream.position for stream in waiting]) == (4, [1, 2, 3])
    assert engine.status().queue_length == 3
    assert not engine.status().is_at_hand
    held()
    assert len({"".join(stream) for stream in (*first, *waiting, behind)}) == 1, (
        "nobody made it give way: it had not begun"
    )


def test_background_work_that_nobody_interrupts_is_whole(engine: Engine) -> None:
    stream = engine.generate(ASK, GenerateOptions(max_tokens=12, is_background=True))
    assert "".join(stream) == "".join(engine.generate(ASK, BRIEF))
    assert stream.finish_reason == "length"


def test_time_out_stops_the_model_and_keeps_the_worker(engine: Engine) -> None:
    before = pid(engine)
    with pytest.raises(EngineTimeoutError, match=r"did not finish within 0.3 s"):
        list(engine.generate(ASK, GenerateOptions(max_tokens=100_000, timeout_s=0.3)))
    list(engine.generate(ASK, BRIEF))
    assert pid(engine) == before


def test_two_threads_get_each_their_own_answer(engine: Engine) -> None:
    answers: dict[int, str] = {}

    def ask(tokens: int) -> None:
        answers[tokens] = "".join(engine.generate(ASK, GenerateOptions(max_tokens=tokens)))

    threads = [threading.Thread(target=ask, args=(tokens,)) for tokens in (5, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers[5]) < len(answers[20])
    assert answers[20].startswith(answers[5][:3])


def test_a_crash_is_told_and_the_next_request_works(engine: Engine) -> None:
    before = pid(engine)
    restarts = engine.status().restart_count
    stream = engine.generate(ASK, ENDLESS)
    next(stream)
    os.kill(before, signal.SIGKILL)
    with pytest.raises(WorkerDiedError, match=r"worker ended by signal 9.* The next request starts a fresh one"):
        list(stream)
    assert "".join(engine.generate(ASK, BRIEF))
    assert pid(engine) != before
    assert engine.status().restart_count == restarts + 1


def test_a_hang_is_ended_and_the_next_request_works(engine: Engine) -> None:
    before = pid(engine)
    stream = engine.generate(ASK, GenerateOptions(max_tokens=100_000, timeout_s=0.5))
    next(stream)
    os.kill(before, signal.SIGSTOP)
    with pytest.raises(EngineTimeoutError):
        list(stream)
    assert "".join(engine.generate(ASK, BRIEF))
    assert pid(engine) != before
    assert not psutil.pid_exists(before)


def test_too_much_memory_ends_the_worker(checkpoint_folder: Path) -> None:
    limits = EngineLimits(memory_bytes=20_000_000)
    with Engine(WorkerConfig(checkpoint=checkpoint_folder), limits) as small:
        for _ in range(2):
            with pytest.raises(WorkerDiedError, match=r"needed more than 0.0 GB and was ended"):
                list(small.generate(ASK, BRIEF))
        with pytest.raises(EngineUnavailableError, match="failed to load 2 times"):
            small.generate(ASK, BRIEF)
        assert small.status().state == "unavailable"


def test_a_model_that_does_not_load_leaves_the_other(checkpoint_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"not the weights")
    with Engine(WorkerConfig(encoder=tmp_path, checkpoint=checkpoint_folder)) as engine:
        for _ in range(2):
            with pytest.raises(EngineUnavailableError, match="is not that of all-MiniLM-L6-v2"):
                engine.encode(["late"])
        assert "".join(engine.generate(ASK, BRIEF))
        assert "all-MiniLM-L6-v2" in (engine.status().encoder_unavailable or "")
        assert engine.status().writer_unavailable is None


def test_close_ends_worker_and_requests(checkpoint_folder: Path) -> None:
    engine = Engine(WorkerConfig(checkpoint=checkpoint_folder))
    worker = pid(engine)
    running, waiting = engine.generate(ASK, ENDLESS), engine.generate(ASK, ENDLESS)
    next(running)
    engine.close()
    for stream in (running, waiting):
        with pytest.raises(EngineCancelledError, match="The engine was closed"):
            list(stream)
    assert not psutil.pid_exists(worker)
    assert engine.status().state == "closed"
    with pytest.raises(EngineUnavailableError, match="The engine was closed"):
        engine.generate(ASK)


def test_without_a_checkpoint_it_says_so_and_starts_nothing(tmp_path: Path) -> None:
    with open_engine() as engine:
        with pytest.raises(EngineUnavailableError, match="No checkpoint is set"):
            engine.generate(ASK)
        assert (engine.status().writer, engine.status().worker_pid) == (None, None)
    with open_engine(tmp_path / "absent") as engine:
        with pytest.raises(EngineUnavailableError, match="is not a folder"):
            engine.generate(ASK)
        assert engine.status().writer == "checkpoint:absent"


def test_without_torch_everything_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with open_engine() as engine:
        assert engine.status().state == "unavailable"
        with pytest.raises(EngineUnavailableError, match="torch cannot be imported; install the pinned requirements"):
            engine.encode(["late"])
        engine.warm()
        assert engine.status().worker_pid is None


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_engine_loads_no_model_library() -> None:
    heavy = "{'torch', 'transformers', 'tokenizers', 'duckdb', 'streamlit', 'pandas'}"
    code = f"import sys, llm, llm.engine, llm.worker, llm.encoder, llm.checkpoint; print({heavy} & set(sys.modules))"
    assert run_python(code) == "set()"


@pytest.mark.parametrize(
    "reach",
    [
        "socket.create_connection(('127.0.0.1', 9), timeout=1)",
        "socket.socket(socket.AF_INET6).connect(('::1', 9))",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
        "socket.getaddrinfo('localhost', 80)",
        "socket.socket().bind(('127.0.0.1', 0))",
        "__import__('urllib.request').request.urlopen('http://127.0.0.1:9')",
    ],
)
def test_an_isolated_process_reaches_nothing(reach: str) -> None:
    code = f"import socket\nfrom llm.worker import isolate\nisolate()\ntry:\n {reach}\nexcept OSError as e:\n print(e)"
    assert "the model worker has no network" in run_python(code)


def test_the_worker_ends_with_its_parent() -> None:
    code = (
        "import os\nfrom llm.engine import open_engine\nengine = open_engine()\nengine.encode(['late'])\n"
        "print(engine.status().worker_pid, flush=True)\nos.kill(os.getpid(), 9)"
    )
    parent = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    worker = int(parent.stdout)
    wait_until(lambda: not psutil.pid_exists(worker) or psutil.Process(worker).status() == psutil.STATUS_ZOMBIE)


def test_the_engine_and_a_scripted_model_are_text_models(engine: Engine) -> None:
    model: TextModel = engine
    assert model.name == "checkpoint:Tiny-Qwen3"
    scripted = ScriptedModel()
    scripted.enqueue("It was ", "late.", WorkerDiedError("gone"))
    model = scripted
    stream = model.generate(ASK)
    assert [next(stream), next(stream)] == ["It was ", "late."]
    with pytest.raises(WorkerDiedError):
        next(stream)
    assert scripted.history == [tuple(ASK)]


def test_lost_requests_are_told_by_the_engine_itself(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect in the dispatcher ends its thread, not the hope of those who wait; the next request gets a new thread."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Supervision, "step", broken)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    with pytest.raises(WorkerDiedError, match="lost by a defect of the engine"):
        list(engine.generate(ASK, BRIEF))
    monkeypatch.undo()
    wait_until(lambda: not any(thread.name == "llm-engine" for thread in threading.enumerate()))
    assert "".join(engine.generate(ASK, BRIEF))
