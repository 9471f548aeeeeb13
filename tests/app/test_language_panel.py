"""The whole panel on the demo: twenty threads, no figure without its source, and nothing that leaves this machine."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.bench.language import chosen_threads, unsourced
from app.services import reply
from app.services.language import start_draft, summarise_thread
from app.services.runtime import Runtime, remembering, snapshot_id, use_runtime
from app.settings import load_settings
from tests.llm.serving.tiny_checkpoint import make_checkpoint

THREADS = 20


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process may not connect anywhere; the model's process refuses by itself."""

    def refuse(*arguments: object, **named: object) -> None:
        raise AssertionError(f"a connection was tried: {arguments[1:]}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture(scope="module")
def workspace_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One workspace, in which a sentence's vector is computed once."""
    return f"sqlite:///{tmp_path_factory.mktemp('workspace') / 'workspace.sqlite'}"


@pytest.fixture(scope="module")
def opened(demo_warehouse: Path, workspace_url: str) -> Iterator[Runtime]:
    runtime = Runtime(
        load_settings({}, overrides={"warehouse": str(demo_warehouse), "workspace_url": workspace_url}),
    )
    yield runtime
    runtime.close()


@pytest.fixture
def panel(opened: Runtime) -> Iterator[Runtime]:
    """The panel without a writer; as in a page, what two threads need of the warehouse is computed once."""
    with use_runtime(opened), remembering({}):
        yield opened


def test_twenty_threads_of_the_demo_hold_no_figure_without_its_source(panel: Runtime) -> None:
    seen = set()
    threads = list(chosen_threads(snapshot_id(), THREADS))
    assert len(threads) == THREADS
    for language, thread in threads:
        asked = reply.brief(snapshot_id(), thread.ticket_id)
        assert asked is not None
        summary, draft = summarise_thread(thread), start_draft(asked).draft()
        assert summary.sentences, thread.ticket_id
        assert draft.sentences, thread.ticket_id
        assert unsourced([*summary.sentences, *draft.sentences], asked) == []
        assert draft.language == language
        seen.add(language)
    assert seen == {"en", "zh-Hans"}
    assert panel.desk.engine.status().encoder_unavailable is None


def test_a_checkpoint_writes_under_the_same_checks_and_offline(
    demo_warehouse: Path, workspace_url: str, tmp_path: Path
) -> None:
    checkpoint = make_checkpoint(tmp_path / "Tiny-Qwen3")
    settings = load_settings(
        {},
        overrides={
            "warehouse": str(demo_warehouse),
            "workspace_url": workspace_url,
            "checkpoint": str(checkpoint),
            "generation_timeout_seconds": 20,
        },
    )
    with use_runtime(Runtime(settings)) as runtime:
        (_language, thread), *_ = chosen_threads(snapshot_id(), 1)
        asked = reply.brief(snapshot_id(), thread.ticket_id)
        assert asked is not None
        assert reply.has_writer()
        draft = start_draft(asked).draft()
        runtime.close()
    # Random weights write nonsense: none of it is shown, and the reply still stands, with the reason among its checks.
    assert draft.sentences
    assert unsourced(draft.sentences, asked) == []
    assert any(not check.passed for check in draft.checks)


def test_the_audit_sees_a_figure_that_no_source_holds(panel: Runtime) -> None:
    from llm.types import Sentence

    (_language, thread), *_ = chosen_threads(snapshot_id(), 1)
    asked = reply.brief(snapshot_id(), thread.ticket_id)
    assert asked is not None
    planted = Sentence("We refund 918273.45 today.", (thread.messages[0].cite,))
    assert unsourced([planted], asked) == [planted]
    assert unsourced([Sentence("We will look into it.", ())], asked)
