"""A marketplace with order numbers as merchants write them, and a guest who chats."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.commands import main
from app.identity import Actor
from app.services import chat
from app.services.chat import Chat
from app.services.runtime import Runtime, use_runtime
from app.settings import load_settings
from tests.app.conftest import write_source

GUEST = Actor("local:guest", "Guest", "local")


BEN = Actor("header:ben", "Ben", "header")


APPEAL = "How long do I have to appeal a penalty?"


LATE = "Why is order {order} late, and which late delivery rate is allowed?"


HOSTILE = "<script>alert(1)</script> **bold** [link](http://evil.example) How long do I have to appeal a penalty?"


PAGES = Path(__file__).resolve().parents[2] / "app" / "views"


def order(n: int) -> str:
    return f"ORD-{10_000 + n}"


@pytest.fixture(scope="module")
def shops_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hand-made marketplace with order numbers as merchants write them: a has the first 40, b the last 4, each of another buyer."""
    folder = tmp_path_factory.mktemp("chat")
    events = write_source(folder / "source") / "events.jsonl"
    named = re.sub(r'"o(\d+)"', lambda found: f'"{order(int(found[1]))}"', events.read_text(encoding="utf-8"))
    events.write_text(named, encoding="utf-8")
    result = CliRunner().invoke(
        main, ["ingest", "canonical", str(folder / "source"), "--warehouse", str(folder / "warehouse")]
    )
    assert result.exit_code == 0, result.output
    return folder / "warehouse"


@pytest.fixture
def desk(shops_warehouse: Path, tmp_path: Path, sure_machine: None) -> Iterator[Runtime]:
    """A workspace on it."""
    overrides = {
        "warehouse": str(shops_warehouse),
        "workspace_url": f"sqlite:///{tmp_path / 'workspace.sqlite'}",
        "encoder": "false",
        "stale_after_days": 100_000,
    }
    with use_runtime(Runtime(load_settings({}, overrides=overrides))) as runtime:
        yield runtime
        runtime.close()


def talk(*texts: str, conversation_id: str | None = None) -> Chat:
    """What comes of these messages, one after another."""
    for text in texts:
        conversation_id = chat.say(conversation_id, text, GUEST)
        chat.answer_newest(conversation_id)
    assert conversation_id is not None
    found = chat.chat(conversation_id)
    assert found is not None
    return found


def facts_told(found: Chat) -> set[str]:
    return {
        cite for turn in found.turns for said in turn.sentences for cite in said["cites"] if cite.startswith("fact:")
    }


def reason(runtime: Runtime, found: Chat) -> str:
    return runtime.workspace.answers.of("chat", found.conversation.conversation_id)[0].reason
