"""What the whole suite shares: the small demo marketplace, what is made once for all of its processes, and the order of its files."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from filelock import FileLock
from hypothesis import HealthCheck, settings

# A busy machine may pause for seconds: no property is judged by the clock.
settings.register_profile("untimed", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

WORKER = os.environ.get("PYTEST_XDIST_WORKER")
if WORKER:  # as many processes as cores: threads of theirs would only wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")

TOGETHER = ("tests/llm/desk/", "tests/browser/")
"""Folders whose files one process runs, for the sake of what they share: a corpus with its tokenizer; a served app and a browser."""

FIRST = (
    "tests/analytics/engines/test_conformance.py",
    *TOGETHER,
    "tests/analytics/trust/test_programme_vectors.py",
    "tests/app/test_reasons.py",
    "tests/analytics/metrics/test_properties.py",
    "tests/app/test_language_panel.py",
    "tests/analytics/ingest/test_kills.py",
    "tests/analytics/marts/test_upkeep.py",
    "tests/analytics/trust/test_kept.py",
    "tests/app/pages/",
)
"""What takes long begins first: begun last, it would run on while the other process has nothing left to do."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported stays to the end: looked through for garbage again and again, it would take a quarter of the time that its import takes."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sorts what comes first; the rest stays as it was found."""
    items.sort(key=lambda item: next((n for n, name in enumerate(FIRST) if item.nodeid.startswith(name)), len(FIRST)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """xdist's own way of giving each process whole files, and of TOGETHER whole folders."""
    from xdist.scheduler import LoadFileScheduling

    class ByFileOrFolder(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return next((name for name in TOGETHER if nodeid.startswith(name)), super()._split_scope(nodeid))

    return ByFileOrFolder(config, log) if config.getoption("dist") == "loadfile" else None


MAIN = sys.modules["__main__"]


@pytest.fixture(autouse=True)
def own_main() -> Iterator[None]:
    """A page under test becomes this process's `__main__` and stays it; a new process would then begin by running that page."""
    yield
    sys.modules["__main__"] = MAIN


@pytest.fixture(autouse=True)
def one_core() -> Iterator[None]:
    """Takes back what a command set for its own process: with more threads, tiny tensors wait for each other and burn both cores."""
    yield
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that `make` fills, of this process's own: the first process of the run that asks makes it, the others copy it."""
    own = factory.mktemp(name) / name
    made = factory.getbasetemp().parent / f"{name}-made-once" if WORKER else own
    with FileLock(made.parent / f"{name}.lock"):
        if not made.exists():
            begun = made.with_name(f"{made.name}-begun")
            shutil.rmtree(begun, ignore_errors=True)  # of a process that failed
            make(begun)
            begun.rename(made)
    return own if made == own else Path(shutil.copytree(made, own))


@pytest.fixture(scope="session")
def demo_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small demo, made once a run; read it, do not change it."""
    from app.commands import main

    def make(root: Path) -> None:
        result = CliRunner().invoke(main, ["demo", "--scale", "small", "--seed", "7", "--warehouse", str(root)])
        assert result.exit_code == 0, result.output

    return made_once(tmp_path_factory, "demo", make)
