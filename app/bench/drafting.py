"""`trustdesk bench drafting`: several people draft at once with one model; cancels, background work and a hang, each beside its limit.

First the engine alone, then the served page while people press its button. Knows no figure of the marketplace.
"""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from app.bench.browser import serving
from app.bench.language import chosen_threads
from app.bench.pages import p95
from app.bench.sessions import Session, visiting
from app.errors import NoData
from app.i18n import N_
from app.services import reply
from app.services.desk import load_knowledge
from app.services.runtime import snapshot_id

if TYPE_CHECKING:
    from llm.chat import ChatMessage, GenerateOptions
    from llm.engine import Engine, Stream
    from llm.types import IssueBrief

FIRST_SENTENCE_MS = 1_000.0
CANCEL_MS = 200.0
HANG_SECONDS = 2.0
TICKETS_EACH = 2
LONGEST_SECONDS = 600.0


@dataclass(frozen=True)
class DraftingFigure:
    """One measured thing, `n` times, in milliseconds. `limit_ms` and `is_met` (of its p95) are None where there is no limit.

    `failed`: how many of the n ended otherwise than they should.
    """

    what: str
    people: int
    n: int
    median_ms: float | None
    p95_ms: float | None
    worst_ms: float | None
    limit_ms: float | None
    is_met: bool | None
    failed: int

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def _row(
    what: str, people: int, times: Sequence[float], limit_ms: float | None = None, failed: int = 0
) -> DraftingFigure:
    if not times:
        return DraftingFigure(
            what, people, failed, None, None, None, limit_ms, None if limit_ms is None else False, failed
        )
    high = p95(list(times))
    is_met = None if limit_ms is None else high <= limit_ms and not failed
    middle, high, worst = round(median(times), 1), round(high, 1), round(max(times), 1)
    return DraftingFigure(what, people, len(times), middle, high, worst, limit_ms, is_met, failed)


@dataclass
class _Noted:
    """A writer that notes when its pieces came, in seconds of the monotonic clock."""

    engine: Engine
    timeout_s: float = LONGEST_SECONDS
    arrivals: list[float] = field(default_factory=list)
    stream: Stream | None = None

    @property
    def name(self) -> str:
        return self.engine.name

    @property
    def reads_briefs(self) -> bool:
        return self.engine.reads_briefs

    def generate(self, messages: Sequence[ChatMessage], options: GenerateOptions | None = None) -> Iterator[str]:
        from llm.chat import DEFAULT_OPTIONS

        self.stream = self.engine.generate(messages, replace(options or DEFAULT_OPTIONS, timeout_s=self.timeout_s))
        for piece in self.stream:
            self.arrivals.append(time.monotonic())
            yield piece


def measure(
    model: Path | None, *, people: int, runs: int, threads: int, seed: int, has_page: bool, warehouse: Path
) -> Iterator[DraftingFigure]:
    """A row a figure, for the desk model in `model`, else for random weights of the small geometry. Raises NoData, LlmError."""
    from llm.engine import Engine
    from llm.worker import WorkerConfig

    briefs = [found for found in map(_brief, _tickets(people)) if found is not None]
    with tempfile.TemporaryDirectory(prefix="trustdesk-bench-") as scratch:
        folder = model.absolute() if model is not None else random_folder(Path(scratch) / "small-random-weights")
        with Engine(WorkerConfig(checkpoint=folder, threads=threads)) as engine:
            _drafted(engine, briefs[0])  # loads the model
            yield from _together(engine, briefs, people, runs)
            yield from _interrupted(engine, briefs, people, runs, random.Random(seed))
            yield from _hang(engine, briefs[0])
        if has_page:
            yield from _pages(warehouse, folder, Path(scratch), people, threads)


def random_folder(folder: Path) -> Path:
    """Random weights of the small geometry, which read briefs and write words of their sources."""
    from llm.desk.model import GEOMETRIES
    from llm.desk.speed import random_writer

    texts = [passage.text for language in ("en", "zh-Hans") for passage in load_knowledge().passages(language)]
    return random_writer(folder, GEOMETRIES["small"], texts)


def _tickets(count: int) -> list[str]:
    found = [thread.ticket_id for _, thread in chosen_threads(snapshot_id(), count)]
    if not found:
        raise NoData(N_("The snapshot holds no tickets with messages, so there is nothing to answer."))
    return found


def _brief(ticket_id: str) -> IssueBrief | None:
    return reply.brief(snapshot_id(), ticket_id)


@dataclass(frozen=True)
class _Drafted:
    """Milliseconds from the wish to the first words and to the first checked sentence, and the longest from one piece of the text to the next,
    or to its end."""

    first_words: float | None
    first_sentence: float
    longest_silence: float | None
    is_written: bool


def _drafted(engine: Engine, brief: IssueBrief) -> _Drafted:
    from llm.reply import stream_draft

    writer = _Noted(engine)
    began = time.monotonic()
    drafting = stream_draft(brief, writer)
    next(iter(drafting), None)
    sentence = time.monotonic() - began
    failed = any(check.name == "writer_available" and not check.passed for check in drafting.draft().checks)
    if not writer.arrivals:
        return _Drafted(None, sentence * 1000, None, not failed)
    instants = [*writer.arrivals, time.monotonic()]
    silence = max(after - before for before, after in pairwise(instants))
    return _Drafted((writer.arrivals[0] - began) * 1000, sentence * 1000, silence * 1000, not failed)


def _together(engine: Engine, briefs: Sequence[IssueBrief], people: int, runs: int) -> Iterator[DraftingFigure]:
    for count in (1, people):
        with ThreadPoolExecutor(count) as pool:
            turns = [[briefs[(place + turn) % len(briefs)] for place in range(count)] for turn in range(runs)]
            done = [found for asked in turns for found in pool.map(partial(_drafted, engine), asked)]
        failed = sum(not found.is_written for found in done)
        limit = FIRST_SENTENCE_MS if count == 1 else None
        yield _row("first words", count, [found.first_words for found in done if found.first_words is not None])
        yield _row("first checked sentence", count, [found.first_sentence for found in done], limit)
        silences = [found.longest_silence for found in done if found.longest_silence is not None]
        yield _row("longest silence within a stream", count, silences, failed=failed)


def _interrupted(
    engine: Engine, briefs: Sequence[IssueBrief], people: int, runs: int, rng: random.Random
) -> Iterator[DraftingFigure]:
    """Cancels at random moments of an answer until the engine, or a place in it, is free; then requests that find background work under way."""
    began = time.monotonic()
    _drafted(engine, briefs[0])
    usual = time.monotonic() - began
    freed, asked = [], []
    for turn in range(max(10, 4 * runs)):
        brief = briefs[turn % len(briefs)]
        with _at_work(engine, brief, is_background=False) as stream:
            time.sleep(rng.random() * usual / 2)
            freed.append(_until(lambda: engine.status().state == "ready", stream.cancel))
    places = [_place_freed(engine, briefs, people, rng.random() * usual / 2) for _ in range(2 * runs)]
    for turn in range(2 * runs):
        with _at_work(engine, briefs[turn % len(briefs)], is_background=True):
            first = _drafted(engine, briefs[(turn + 1) % len(briefs)]).first_words
            asked += [first] if first is not None else []
    yield _row("from a cancel to a free engine", 1, freed, CANCEL_MS)
    yield _row("from a cancel to a free place", people, places, CANCEL_MS)
    yield _row("first words, background work under way", 1, asked)


def _place_freed(engine: Engine, briefs: Sequence[IssueBrief], people: int, after_s: float) -> float:
    """Milliseconds from the cancel of one of several who write until the worker has let go of it."""
    _until(lambda: engine.status().running == 0)
    with ExitStack() as stack:
        streams = [
            stack.enter_context(_at_work(engine, briefs[place % len(briefs)], is_background=False))
            for place in range(people)
        ]
        _until(lambda: streams[-1].position == 0)
        time.sleep(after_s)
        running = engine.status().running
        return _until(lambda: engine.status().running < running, streams[-1].cancel)


@contextmanager
def _at_work(engine: Engine, brief: IssueBrief, *, is_background: bool) -> Iterator[Stream]:
    """A request that the worker has begun on."""
    from llm.chat import GenerateOptions

    options = GenerateOptions(max_tokens=500, is_background=is_background)
    stream = engine.generate(_messages(engine, brief), options)
    _until(lambda: engine.status().state == "busy")
    yield stream
    stream.cancel()


def _messages(engine: Engine, brief: IssueBrief) -> Sequence[ChatMessage]:
    from llm.desk.prompt import REPLY
    from llm.desk.request import BriefPrompt
    from llm.prompting import Prompt

    return (BriefPrompt(REPLY, brief) if engine.reads_briefs else Prompt(brief, brief.language)).messages


def _until(is_so: Callable[[], bool], act: Callable[[], None] = lambda: None) -> float:
    """Acts, and waits until it is so; milliseconds."""
    began = time.monotonic()
    act()
    while not is_so():
        if time.monotonic() - began > LONGEST_SECONDS:
            break
        time.sleep(0.0005)
    return (time.monotonic() - began) * 1000


def _hang(engine: Engine, brief: IssueBrief) -> Iterator[DraftingFigure]:
    """The worker stopped in its tracks: how long after its time the request is given up, and whether the next is answered."""
    from llm.chat import DEFAULT_OPTIONS
    from llm.errors import EngineTimeoutError

    worker = engine.status().worker_pid
    assert worker is not None, "it has just answered"
    _until(lambda: engine.status().running == 0)
    began, is_told = time.monotonic(), False
    stream = engine.generate(_messages(engine, brief), replace(DEFAULT_OPTIONS, timeout_s=HANG_SECONDS))
    _until(lambda: engine.status().state == "busy")
    os.kill(worker, signal.SIGSTOP)
    try:
        list(stream)
    except EngineTimeoutError:
        is_told = True
    late = (time.monotonic() - began - HANG_SECONDS) * 1000
    yield _row("a hang is given up, after its time", 1, [late], failed=int(not is_told))
    after = _drafted(engine, brief)
    times = [after.first_words] if after.first_words is not None else []
    yield _row("first words after a hang, on a fresh worker", 1, times, failed=int(not after.is_written))


def _pages(warehouse: Path, folder: Path, scratch: Path, people: int, threads: int) -> Iterator[DraftingFigure]:
    """Reruns of the reply desk for one who reads a thread, before and while people draft; and their drafts, from the click until they are kept,
    each page redrawing its growing text as a browser does."""
    *tickets, read = _tickets(people * TICKETS_EACH + 1)
    environment = {"TRUSTDESK_CHECKPOINT": str(folder), "TRUSTDESK_THREADS": str(threads)}
    with serving(warehouse, scratch / "served", environment=environment) as app:
        _draft_on_page(app.url, read)  # loads the model
        with visiting(app.url, "reply_desk", f"lang=en&ticket={read}") as onlooker, ThreadPoolExecutor(people) as pool:
            idle_s = app.processor_s()
            alone = [onlooker.run() for _ in range(10)]
            drawn_ms = (app.processor_s() - idle_s) * 1000 / len(alone)
            began, began_s = time.monotonic(), app.processor_s()
            asked = [pool.submit(_drafts_on_page, app.url, tickets[place::people]) for place in range(people)]
            beside = []
            while not all(each.done() for each in asked):
                beside.append(onlooker.run())
            busy_ms = (app.processor_s() - began_s) * 1000 / (time.monotonic() - began)
        kept = [found for each in asked for found in each.result()]
    yield _row("reply desk drawn, nobody writing", 1, alone)
    yield _row("processor time of the app for that", 1, [drawn_ms])
    yield _row("reply desk drawn, others writing", people, beside)
    yield _row("growing text redrawn", people, [each for found in kept for each in found.redraws])
    yield _row("processor time of the app in each second of that", people, [busy_ms])
    yield _row(
        "from the click to the kept draft", people, [found.took for found in kept], failed=len(tickets) - len(kept)
    )


@dataclass(frozen=True)
class _Kept:
    """Milliseconds from the click to the kept draft, and those of each redraw in between."""

    took: float
    redraws: tuple[float, ...]


def _drafts_on_page(url: str, tickets: Sequence[str]) -> list[_Kept]:
    return [found for ticket in tickets if (found := _draft_on_page(url, ticket)) is not None]


def _draft_on_page(url: str, ticket: str) -> _Kept | None:
    """None where no draft came of it."""
    with visiting(url, "reply_desk", f"lang=en&ticket={ticket}") as session:
        began = time.monotonic()
        session.press("Draft a reply")
        redraws = []
        while "Cancel" in session.buttons and (redrawn := session.linger()) is not None:
            redraws.append(redrawn)
        took = (time.monotonic() - began) * 1000
        return _Kept(took, tuple(redraws)) if _is_kept(session) else None


def _is_kept(session: Session) -> bool:
    return any(label.startswith("Approve") for label in session.buttons)
