"""Summaries in the background: in the queue's order, behind whoever asks for something, and never for a writer that is broken."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.services.preparing import FAILURES, Preparing, Progress
from app.workspace import Workspace
from app.workspace.kept_texts import SUMMARIES_DAYS
from llm.errors import (
    EngineCancelledError,
    EngineError,
    EngineUnavailableError,
    EngineYieldedError,
    LlmError,
    WorkerDiedError,
)
from llm.types import Message, Thread


def thread(ticket_id: str) -> Thread:
    return Thread(ticket_id, None, (Message("1", None, "merchant", "Where is my payout?"),))


class Scribe:
    """Writes a thread when it is let go on; what it is told to raise for a ticket it raises first."""

    def __init__(self, *kept: str) -> None:
        self.ready = set(kept)
        self.begun: list[tuple[str, bool]] = []
        self.raises: dict[str, list[LlmError]] = {}
        self.go_on = threading.Semaphore(0)
        self.is_cancelled = False

    def kept(self, threads: Sequence[Thread]) -> Collection[str]:
        return self.ready & {one.ticket_id for one in threads}

    def write(self, one: Thread, *, is_background: bool) -> None:
        self.is_cancelled = False
        self.begun.append((one.ticket_id, is_background))
        self.go_on.acquire()
        if self.is_cancelled:
            raise EngineCancelledError("The request was cancelled.")
        if self.raises.get(one.ticket_id):
            raise self.raises[one.ticket_id].pop(0)
        self.ready.add(one.ticket_id)

    def cancel(self) -> None:
        self.is_cancelled = True
        self.go_on.release()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)


@pytest.fixture
def scribe() -> Scribe:
    return Scribe()


@pytest.fixture
def preparing(scribe: Scribe) -> Iterator[Preparing]:
    made = Preparing(scribe)
    yield made
    made.stop()
    made.join(5)
    assert made._thread is None or not made._thread.is_alive()


def queue(*ids: str) -> Callable[[], Sequence[Thread]]:
    return lambda: [thread(ticket_id) for ticket_id in ids]


def test_what_has_no_summary_is_written_in_the_queues_order(preparing: Preparing, scribe: Scribe) -> None:
    assert preparing.progress == Progress()
    scribe.ready = {"b"}
    preparing.want(1, queue("a", "b", "c"))
    until(lambda: scribe.begun == [("a", True)])
    assert preparing.progress == Progress(1, 3, is_working=True)
    scribe.go_on.release(2)
    until(lambda: preparing.progress == Progress(3, 3))
    assert scribe.begun == [("a", True), ("c", True)]


def test_an_equal_queue_is_looked_at_once_and_another_takes_its_place(preparing: Preparing, scribe: Scribe) -> None:
    preparing.want(1, queue("a", "b", "c"))
    until(lambda: len(scribe.begun) == 1)
    preparing.want(1, lambda: pytest.fail("read again"))
    preparing.want(2, queue("x"))
    scribe.go_on.release(2)
    until(lambda: preparing.progress == Progress(1, 1))
    assert [ticket for ticket, _ in scribe.begun] == ["a", "x"]


def test_what_gave_way_to_a_person_is_begun_again(preparing: Preparing, scribe: Scribe) -> None:
    scribe.raises = {"a": [EngineYieldedError("made room"), EngineYieldedError("made room")]}
    preparing.want(1, queue("a", "b"))
    scribe.go_on.release(4)
    until(lambda: preparing.progress == Progress(2, 2))
    assert [ticket for ticket, _ in scribe.begun] == ["a", "a", "a", "b"]


def test_an_opened_thread_is_next_and_what_was_under_way_comes_after(preparing: Preparing, scribe: Scribe) -> None:
    preparing.want(1, queue("a", "b", "c"))
    until(lambda: len(scribe.begun) == 1)
    preparing.hurry(thread("c"))
    until(lambda: len(scribe.begun) == 2)
    preparing.hurry(thread("c"))
    scribe.go_on.release(3)
    until(lambda: preparing.progress == Progress(3, 3))
    assert scribe.begun == [("a", True), ("c", False), ("a", True), ("b", True)]


def test_one_that_fails_is_left_out_and_the_rest_goes_on(preparing: Preparing, scribe: Scribe) -> None:
    scribe.raises = {"a": [EngineError("The model repeats itself.")]}
    preparing.want(1, queue("a", "b", "c"))
    scribe.go_on.release(3)
    until(lambda: preparing.progress == Progress(2, 3))
    assert preparing.progress.fault == ""


def test_a_writer_that_keeps_failing_is_asked_no_more(preparing: Preparing, scribe: Scribe) -> None:
    ids = [str(number) for number in range(FAILURES + 5)]
    scribe.raises = {ticket_id: [WorkerDiedError("The model worker ended.")] for ticket_id in ids}
    preparing.want(1, queue(*ids))
    scribe.go_on.release(len(ids))
    until(lambda: preparing.progress.fault == "The model worker ended.")
    assert len(scribe.begun) == FAILURES
    preparing.hurry(thread("x"))
    assert not preparing.progress.is_working


def test_without_a_model_it_ends_at_once_and_another_queue_begins_anew(preparing: Preparing, scribe: Scribe) -> None:
    scribe.raises = {"a": [EngineUnavailableError("No checkpoint is set.")]}
    preparing.want(1, queue("a", "b"))
    scribe.go_on.release()
    until(lambda: preparing.progress.fault == "No checkpoint is set.")
    preparing.want(2, queue("a", "b"))
    scribe.go_on.release(2)
    until(lambda: preparing.progress == Progress(2, 2))


def test_stopping_waits_for_nobody(preparing: Preparing, scribe: Scribe) -> None:
    preparing.want(1, queue("a", "b"))
    until(lambda: len(scribe.begun) == 1)
    preparing.stop()
    preparing.join(5)
    assert [ticket for ticket, _ in scribe.begun] == ["a"]
    preparing.want(2, queue("x"))
    assert [ticket for ticket, _ in scribe.begun] == ["a"]


def test_kept_texts_are_found_again_and_old_ones_go(tmp_path: Path) -> None:

    workspace = Workspace.open(f"sqlite:///{tmp_path}/workspace.sqlite")
    store, now = workspace.summaries, datetime(2026, 3, 1, tzinfo=UTC)
    keys = [f"{number:064d}" for number in range(1_200)]
    store.store({keys[0]: "old"}, now - timedelta(days=SUMMARIES_DAYS, seconds=1))
    assert store.many(keys) == {keys[0]: "old"}
    store.store({keys[1_100]: "first"}, now)
    store.store({keys[1_100]: "second"}, now)
    assert store.many(keys) == {keys[1_100]: "second"}
    workspace.close()
