"""A model server as the desk's writer: off by default, allow-listed, and a failure of it leaves a labelled reply."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from tests.app.conftest import Invoke
from tests.app.test_word_commands import THREAD, jsonl
from tests.llm.serving.test_llm_server import Server, event, sends, server

__all__ = ["server"]  # a fixture


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("allowed", "reason"), [("127.0.0.1", "does not answer as it should"), ("models.example", "server_allow")]
)
def test_a_server_that_cannot_be_asked_is_named_and_macros_write(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed_port: int, allowed: str, reason: str
) -> None:
    monkeypatch.setenv("TRUSTDESK_SERVER_URL", f"http://127.0.0.1:{closed_port}/v1")
    monkeypatch.setenv("TRUSTDESK_SERVER_ALLOW", allowed)
    result = invoke("draft", jsonl(tmp_path / "t.jsonl", THREAD), "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["engine"] == "macro"
    assert found["reply"]
    (label,) = [check for check in found["checks"] if check["name"] == "writer_available"]
    assert reason in label["detail"]


def test_the_app_does_not_start_with_a_server_outside_the_list(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTDESK_SERVER_URL", "http://models.example/v1")
    result = invoke("serve")
    assert result.exit_code == 1
    assert "models.example is not in the list of allowed hosts" in result.stderr


def test_what_a_server_writes_is_checked_and_labelled(
    invoke: Invoke,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    server: Server,
) -> None:
    server.answer = sends(event("We look at your message. [S1]\nWe refund 918273 USD. [S1]\n"), b"data: [DONE]\n\n")
    monkeypatch.setenv("TRUSTDESK_SERVER_URL", server.url)
    monkeypatch.setenv("TRUSTDESK_SERVER_ALLOW", "127.0.0.1")
    monkeypatch.setenv("MODEL_SERVER_KEY", "abc")
    found = json.loads(invoke("draft", jsonl(tmp_path / "t.jsonl", THREAD), "--json").stdout)
    assert found["engine"] == "server:default"
    assert "We look at your message." in found["reply"]
    assert "918273" not in found["reply"]
    assert server.asked[0][2] == "Bearer abc"


def test_load_and_test_asks_the_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, server: Server) -> None:
    from app.commands.plumbing import runtime
    from app.services.settings_page import checkpoint_card, try_models

    server.answer = sends(event("It arrives today."), b"data: [DONE]\n\n")
    for name, value in (
        ("SERVER_URL", server.url),
        ("SERVER_ALLOW", "127.0.0.1"),
        ("ENCODER", "false"),
        ("WORKSPACE_URL", f"sqlite:///{tmp_path}/workspace.sqlite"),
    ):
        monkeypatch.setenv(f"TRUSTDESK_{name}", value)
    with runtime(tmp_path / "warehouse"):
        tried, card = try_models(), checkpoint_card()
    assert tried.written == "It arrives today."
    assert tried.write_seconds is not None
    assert card is not None
    assert (card.kind, card.fault) == ("server", "")


def test_the_checkpoint_writes_when_the_server_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, closed_port: int
) -> None:
    from app.commands.plumbing import runtime

    monkeypatch.setenv("TRUSTDESK_SERVER_URL", f"http://127.0.0.1:{closed_port}/v1")
    monkeypatch.setenv("TRUSTDESK_SERVER_ALLOW", "127.0.0.1")
    monkeypatch.setenv("TRUSTDESK_WORKSPACE_URL", f"sqlite:///{tmp_path}/workspace.sqlite")
    with runtime(tmp_path / "warehouse") as opened:
        assert opened.desk.then == ()
    monkeypatch.setenv("TRUSTDESK_CHECKPOINT", str(tmp_path / "Tiny"))
    with runtime(tmp_path / "warehouse") as opened:
        assert opened.desk.writer is not None
        assert [opened.desk.writer.name, *(one.name for one in opened.desk.then)] == [
            "server:default",
            "checkpoint:Tiny",
        ]


def test_info_measures_the_server(invoke: Invoke, monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    server.answer = sends(*(event(f"word{n} ") for n in range(5)), b"data: [DONE]\n\n")
    monkeypatch.setenv("TRUSTDESK_SERVER_URL", server.url)
    monkeypatch.setenv("TRUSTDESK_SERVER_ALLOW", "127.0.0.1")
    found = json.loads(invoke("model", "info", "--measure", "--json").stdout)
    assert (found["kind"], found["memory_bytes"]) == ("server", None)
    assert found["tokens_per_second"] > 0
