"""Requests that take turns: steps one after another, texts that are those written alone, and what a cancel or a hang of one costs the others."""

import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

import llm.supervision
from llm.chat import ChatMessage, GenerateOptions
from llm.checkpoint import Checkpoint
from llm.engine import Engine, EngineLimits
from llm.errors import EngineCancelledError, EngineTimeoutError, WorkerDiedError
from llm.stream import Job
from llm.supervision import Supervision
from llm.turns import Turn, Turns
from llm.worker import WorkerConfig
from tests.llm.serving.test_llm_engine import wait_until
from tests.llm.serving.tiny_checkpoint import make_adapter, make_checkpoint, make_encoder_decoder

ASKS = [[ChatMessage("user", f"Why was order A-100{place} late? {'It is late. ' * place}")] for place in range(3)]
BRIEF = GenerateOptions(max_tokens=24)
LONG = GenerateOptions(max_tokens=100)
SHARPER = 4.0
ENDLESS = GenerateOptions(max_tokens=100_000)


def in_turns(work: Sequence[Callable[[Turn], object]]) -> None:
    """Each in a thread of its own, all in the line before the first begins."""
    turns = Turns()
    places = [turns.begin(number, lambda _: None) for number in range(len(work))]

    def run(number: int) -> None:
        with places[number]:
            work[number](places[number])

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(work))]
    for thread in reversed(threads):
        thread.start()
    for thread in threads:
        thread.join()


def test_steps_go_round_and_who_is_done_is_left_out() -> None:
    steps: list[int] = []

    def work(turn: Turn, count: int) -> None:
        turn.has_text = True
        for _ in range(count):
            steps.append(turn.number)
            assert not turn.is_cancelled()

    in_turns([lambda turn: work(turn, 3), lambda turn: work(turn, 1), lambda turn: work(turn, 2)])
    assert steps == [0, 1, 2, 0, 2, 0]


def test_who_has_no_text_yet_comes_to_it_first_in_the_order_of_coming(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])

    def work(turn: Turn) -> None:
        for step in range(4):
            steps.append(turn.number)
            clock[0] += (
                3.0 if turn.number == 1 else 0.0
            )  # which is longer than anybody may take to come to the first text
            turn.has_text = step >= 1
            assert not turn.is_cancelled()

    in_turns([work] * 3)
    assert steps[:8] == [0, 0, 1, 2, 2, 0, 1, 2]


def test_who_is_cancelled_is_next() -> None:
    turns, steps = Turns(), []
    places = [turns.begin(number, lambda _: None) for number in range(4)]

    def work(turn: Turn) -> None:
        turn.has_text = True
        with turn:
            steps.append((turn.number, turn.is_over))
            if turn.number == 0:
                turns.cancel(3)
                turns.cancel(9)
            turn.is_cancelled()
            steps.append((turn.number, turn.is_over))

    threads = [threading.Thread(target=work, args=(turn,)) for turn in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert steps[:4] == [(0, False), (3, True), (3, True), (1, False)]
    assert len(steps) == 8


def test_only_ones_own_work_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    reports: list[tuple[int, float]] = []
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    turns = Turns()
    places = [turns.begin(n, lambda seconds, n=n: reports.append((n, seconds))) for n in range(2)]  # type: ignore[misc]

    def work(turn: Turn) -> None:
        with turn:
            turn.has_text = True
            for _ in range(2):
                clock[0] += 1.0 + turn.number
                turn.is_cancelled()

    threads = [threading.Thread(target=work, args=(turn,)) for turn in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reports == [(0, 1.0), (1, 2.0), (0, 2.0), (1, 4.0)]


KINDS: Mapping[str, Callable[[Path], Path]] = {
    "causal": lambda folder: make_checkpoint(folder / "Tiny-Qwen3"),
    "t5": lambda folder: make_encoder_decoder(folder / "t5", "t5"),
    "bart": lambda folder: make_encoder_decoder(folder / "bart", "bart"),
    "adapter": lambda folder: make_adapter(folder / "Adapter", make_checkpoint(folder / "Base")),
}


@pytest.mark.parametrize("kind", KINDS)
def test_texts_written_together_are_those_written_alone_and_grow_together(kind: str, tmp_path: Path) -> None:
    model = Checkpoint(KINDS[kind](tmp_path))
    for parameter in model._model.parameters():  # so that what is read matters to what is written
        parameter.requires_grad_(False).mul_(SHARPER if parameter.dim() == 2 else 1.0)
    told: list[tuple[int, str]] = []

    def write(turn: Turn) -> None:
        number = turn.number
        turn.has_text = True
        model.generate(ASKS[number], BRIEF, lambda text: told.append((number, text)), turn.is_cancelled)

    alone = []
    for number in range(3):
        pieces: list[str] = []
        model.generate(ASKS[number], BRIEF, pieces.append)
        alone.append("".join(pieces))
    in_turns([write] * 3)
    assert ["".join(text for place, text in told if place == number) for number in range(3)] == alone
    assert len(set(alone)) > 1
    spells = [number for number, _ in groupby(number for number, _ in told)]
    assert len(spells) > 0.6 * len(told)


@pytest.fixture(scope="module")
def engine(checkpoint_folder: Path) -> Iterator[Engine]:
    with Engine(WorkerConfig(checkpoint=checkpoint_folder), EngineLimits(max_running=3, grace_s=0.5)) as engine:
        yield engine


def test_one_of_three_cancels_and_the_others_write_on(engine: Engine) -> None:
    alone = ["".join(engine.generate(ask, LONG)) for ask in ASKS]
    streams = [engine.generate(ask, LONG) for ask in ASKS[:2]]
    firsts = [next(stream) for stream in streams]
    gone = engine.generate(ASKS[2], ENDLESS)
    next(gone)
    gone.cancel()
    with pytest.raises(EngineCancelledError):
        list(gone)
    wait_until(lambda: engine.status().running < 3, seconds=120)
    assert [first + "".join(stream) for first, stream in zip(firsts, streams, strict=True)] == alone[:2]
    assert "".join(engine.generate(ASKS[2], LONG)) == alone[2]
    assert engine.status().restart_count == 0


def test_a_hang_is_told_to_its_request_and_costs_the_others_what_it_must(engine: Engine) -> None:
    """Those that have text end in one line; one that has none is asked again by itself."""
    alone = "".join(engine.generate(ASKS[2], BRIEF))
    worker = engine.status().worker_pid
    assert worker is not None
    hanging = engine.generate(ASKS[0], GenerateOptions(max_tokens=100_000, timeout_s=5.0))
    begun = engine.generate(ASKS[1], ENDLESS)
    next(hanging), next(begun)
    os.kill(worker, signal.SIGSTOP)
    waiting = engine.generate(ASKS[2], BRIEF)
    wait_until(lambda: engine.status().running == 3, seconds=120)
    with pytest.raises(EngineTimeoutError, match="did not finish within 5 s"):
        list(hanging)
    with pytest.raises(WorkerDiedError, match=r"^The model did not stop within 0.5 s [^\n]*; ask again\.$"):
        list(begun)
    assert "".join(waiting) == alone
    assert engine.status().worker_pid not in (worker, None)


class FakeWorker:
    """Says what a test has it say."""

    memory_bytes = 0

    def __init__(self) -> None:
        self.events: queue.SimpleQueue[tuple[dict[str, Any], bytes]] = queue.SimpleQueue()
        self.sent: list[Mapping[str, Any]] = []
        self.is_killed = False

    def send(self, header: Mapping[str, Any]) -> None:
        self.sent.append(header)

    def kill(self) -> None:
        self.is_killed = True


class Watched:
    """Two writing requests, of 10 s each, and one that waits for its first turn; a clock that a test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = 1_000.0
        monkeypatch.setattr(llm.supervision.time, "monotonic", lambda: self.clock)
        self.worker: Any = FakeWorker()
        self.jobs = [Job(number, "writer", {}, 10.0) for number in (1, 2)] + [Job(3, "encoder", {}, 10.0)]
        self.supervision = Supervision(self.worker, EngineLimits(grace_s=1.0), 1, self.jobs)
        self.supervision.begin(self.jobs)
        for number in (1, 2):
            self.say("started", number)

    def say(self, event: str, number: int = 0, after: float = 0.0, **more: object) -> None:
        self.clock += after
        self.worker.events.put(({"event": event, "id": number, **more}, b""))
        self.supervision.step()

    @property
    def is_over(self) -> list[bool]:
        return [job.is_finished for job in self.jobs]


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(monkeypatch)


def test_time_is_that_of_ones_own_work(watched: Watched) -> None:
    for second in range(1, 7):
        assert watched.is_over == [False, False, False]
        watched.say("worked", 1, after=1.0, seconds=second)
        watched.say("worked", 2, after=2.0, seconds=2.0 * second)
    assert watched.is_over == [False, True, False]
    assert watched.worker.sent[3:] == [{"op": "cancel", "id": 2}]
    watched.say("done", 2, after=0.5, reason="cancelled")
    assert not watched.worker.is_killed


def test_who_does_not_go_when_told_to_ends_the_worker(watched: Watched) -> None:
    watched.say("worked", 2, seconds=11.0, after=1.0)
    watched.say("worked", 2, seconds=12.0, after=0.9)
    assert not watched.worker.is_killed
    with pytest.raises(WorkerDiedError, match="ask again"):
        watched.say("worked", 2, seconds=13.0, after=0.3)
    assert watched.worker.is_killed


def test_who_cancels_before_the_first_turn_is_told_to_go_at_once(watched: Watched) -> None:
    watched.jobs[2].is_cancelled = True
    watched.say("worked", 1, seconds=0.1)
    assert watched.worker.sent[3:] == [{"op": "cancel", "id": 3}]
    watched.say("wake", after=5.0)
    assert not watched.worker.is_killed, "it has had no turn in which to go"


def test_silence_is_everybodys_time(watched: Watched) -> None:
    watched.say("worked", 1, seconds=4.0, after=1.0)
    watched.say("wake", after=7.0)
    assert watched.is_over == [True, False, False]
    watched.jobs.pop(0)
    watched.say("wake", after=4.0)
    assert watched.is_over == [True, False]


def test_anothers_model_that_loads_is_nobodys_time_but_its_own(watched: Watched) -> None:
    watched.say("loading", 3)
    watched.say("wake", after=200.0)
    assert watched.is_over == [False, False, False]
    assert watched.supervision.failing == {"encoder"}
    with pytest.raises(EngineTimeoutError, match="did not load within 300 s"):
        watched.say("wake", after=101.0)
    assert watched.worker.is_killed
