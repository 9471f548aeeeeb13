"""The desk is made ready once, in the background, and what a model can't do is no error of the page."""

from __future__ import annotations

import threading

import pytest

from app.services import warming
from app.services.runtime import Runtime
from llm.errors import EngineError
from tests.app.pages.desk_marketplace import desk, desk_warehouse

__all__ = ["desk", "desk_warehouse"]


def joined() -> None:
    for thread in threading.enumerate():
        if thread.name == warming.WARMS:
            thread.join(120)
            assert not thread.is_alive()


def test_it_is_made_ready_once_for_each_desk(desk: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    began: list[object] = []
    monkeypatch.setattr(warming, "_answer_samples", lambda *asked: began.append(asked))
    warming.warm(desk.desk)
    warming.warm(desk.desk)
    joined()
    assert len(began) == 1


def test_what_fails_is_logged_and_raises_nothing(
    desk: Runtime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise EngineError("no model")

    monkeypatch.setattr("llm.summarise.summarise", fails)
    with caplog.at_level("INFO", logger="trustdesk"):
        warming.warm(desk.desk)
        joined()
    assert "could not be made ready" in caplog.text
