"""What one process shares: settings, the warehouse, the language engine and the workspace; and how services cache.

Services take a snapshot id first and reach the rest through `get_runtime()`. Works with and without Streamlit, and
imports neither it nor torch before they are needed. Must not know any page.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from app.errors import NoData
from app.session import in_session
from app.settings import Settings, load_settings

if TYPE_CHECKING:
    from analytics.warehouse import Warehouse
    from app.services.desk import Desk
    from app.workspace import Workspace
P = ParamSpec("P")
R = TypeVar("R")

SNAPSHOT_KEY = "trustdesk.snapshot_id"
CACHE_ENTRIES = 256
SHARED_ENTRIES = 32  # results that are shared lie in memory as objects: 20,000 trust scores take about 14 MB

_lock = threading.RLock()
_runtime: Runtime | None = None
_answers: ContextVar[dict[Hashable, Any] | None] = ContextVar("answers", default=None)


class Runtime:
    """The shared parts of a process, each made once, when first asked for. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._making = threading.RLock()
        self._warehouse: Warehouse | None = None
        self._workspace: Workspace | None = None
        self._desk: Desk | None = None

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse that the settings name; it may hold nothing yet."""
        from analytics.warehouse import Warehouse

        settings = self.settings
        with self._making:
            if self._warehouse is None:
                self._warehouse = Warehouse(
                    settings.warehouse,
                    memory_limit=settings.memory_limit,
                    spill_limit=settings.spill_limit,
                    threads=settings.threads,
                    query_seconds=settings.query_timeout_seconds,
                )
            return self._warehouse

    @property
    def workspace(self) -> Workspace:
        """The workspace database, migrated to this version's schema."""
        from app.workspace import Workspace

        with self._making:
            if self._workspace is None:
                self._workspace = Workspace.open(self.settings.workspace_url)
            return self._workspace

    @property
    def desk(self) -> Desk:
        """The language panel with the one engine of the process: queue, cancel and time-out. Raises LlmError."""
        from app.services.desk import make_desk

        with self._making:
            if self._desk is None:
                self._desk = make_desk(self.settings, self.workspace)
            return self._desk

    def close(self) -> None:
        """Ends the model's process and gives the database back. For commands and tests; the app lives as long as its process."""
        with self._making:
            if self._desk is not None:
                self._desk.close()
            if self._workspace is not None:
                self._workspace.close()


def get_runtime() -> Runtime:
    """The process's runtime, from the environment's settings unless `use_runtime` put another in place."""
    global _runtime
    with _lock:
        if _runtime is None:
            _runtime = Runtime(load_settings())
        return _runtime


@contextmanager
def use_runtime(runtime: Runtime) -> Iterator[Runtime]:
    """Everything inside uses `runtime`: a command's --warehouse, a test's folder. Not for pages."""
    global _runtime
    with _lock:
        before, _runtime = _runtime, runtime
    try:
        yield runtime
    finally:
        with _lock:
            _runtime = before


def begin_page_run() -> str | None:
    """Resolves the snapshot of this page run, once; None while the warehouse is empty. For main.py only."""
    import streamlit as st

    warehouse = get_runtime().warehouse
    found = warehouse.snapshot().snapshot_id if warehouse.exists() else None
    st.session_state[SNAPSHOT_KEY] = found
    return found


def begin_reading(reading: str) -> str:
    """Makes this page run read the snapshot as it was known on a day (`app.services.reading`). For main.py only."""
    import streamlit as st

    st.session_state[SNAPSHOT_KEY] = reading
    return reading


def snapshot_id() -> str:
    """The snapshot, or its reading as of a day, that this page run (its fragments too) or command reads. Raises NoData when there is none."""
    found: object
    if in_session():
        import streamlit as st

        found = st.session_state.get(SNAPSHOT_KEY)
    else:
        warehouse = get_runtime().warehouse
        found = warehouse.snapshot().snapshot_id if warehouse.exists() else None
    if not isinstance(found, str):
        raise NoData(
            "There is no data yet: load a file on the Data page, or run `trustdesk demo` for a demo marketplace."
        )
    return found


def cached(
    function: Callable[Concatenate[str, P], R],
) -> Callable[Concatenate[str, P], R]:
    """Keeps results of `function(snapshot_id, …)` in pages; outside a browser session it is called plainly, but see `remembering`.

    Arguments must be hashable values (dates, tuples, frozen dataclasses such as Scope) and results picklable values that no
    caller changes: a caller gets a copy. What is cached must not be translated: languages share it.
    """
    return _in_pages(function, _cache_data)


def shared(
    function: Callable[Concatenate[str, P], R],
) -> Callable[Concatenate[str, P], R]:
    """As `cached`, for large results that nothing changes (tuples of frozen dataclasses): every caller in every session gets the same
    objects, without the time that a copy takes. A caller that changed one, or a dictionary inside, would change it for all."""
    return _in_pages(function, _cache_resource)


def _in_pages(
    function: Callable[Concatenate[str, P], R], keep: Callable[[Callable[..., R]], Callable[..., R]]
) -> Callable[Concatenate[str, P], R]:
    kept: list[Callable[..., R]] = []

    @functools.wraps(function)
    def call(snapshot: str, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if not in_session():
            return _remembered(function, snapshot, *args, **kwargs)
        with _lock:
            if not kept:
                kept.append(keep(function))
        return kept[0](snapshot, *args, **kwargs)

    return call


@contextmanager
def remembering(answers: dict[Hashable, Any]) -> Iterator[None]:
    """Outside a browser session, in this thread: what is asked twice inside is computed once and kept in `answers`, as pages have it."""
    token = _answers.set(answers)
    try:
        yield
    finally:
        _answers.reset(token)


def _remembered(function: Callable[..., R], *args: Any, **kwargs: Any) -> R:
    answers = _answers.get()
    if answers is None:
        return function(*args, **kwargs)
    key = (function, args, tuple(kwargs.items()))
    if key not in answers:
        answers[key] = function(*args, **kwargs)
    found: R = answers[key]
    return found


def _cache_data(function: Callable[..., R]) -> Callable[..., R]:
    import streamlit as st

    seconds = get_runtime().settings.cache_seconds
    wrapped: Any = st.cache_data(ttl=seconds, max_entries=CACHE_ENTRIES, show_spinner=False)(function)
    return wrapped  # type: ignore[no-any-return]


def _cache_resource(function: Callable[..., R]) -> Callable[..., R]:
    import streamlit as st

    seconds = get_runtime().settings.cache_seconds
    wrapped: Any = st.cache_resource(ttl=seconds, max_entries=SHARED_ENTRIES, show_spinner=False)(function)
    return wrapped  # type: ignore[no-any-return]
