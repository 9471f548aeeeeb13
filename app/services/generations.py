"""What goes on record of a generation: its inputs as a hash, its evidence, who wrote it in which version, and how its checks went. Knows no page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from app.services.desk import KNOWLEDGE_FOLDER
from app.services.runtime import get_runtime
from app.services.summaries import identity

if TYPE_CHECKING:
    from app.workspace import NewGeneration
    from app.workspace.answers import Kind as Where
    from app.workspace.generations import Kind
    from llm.chat import TextModel
    from llm.types import Answer, Draft, Fact, IssueBrief, Sentence, Thread

SHOWN_DIGITS = 12


def of_draft(kind: Kind, snapshot_id: str, asked: IssueBrief, made: Draft, actor_name: str) -> NewGeneration:
    """A reply that was drafted or rewritten; `snapshot_id` is the reading that its facts come from."""
    from app.workspace import NewGeneration

    version, prompt_version = _versions(made.engine)
    return NewGeneration(
        kind=kind,
        ticket_id=made.ticket_id,
        merchant_id=asked.thread.merchant_id or "",
        snapshot_id=snapshot_id,
        actor_name=actor_name,
        engine=made.engine,
        version=version,
        prompt_version=prompt_version,
        language=made.language,
        inputs_sha256=inputs_hash(asked),
        evidence=[
            *(message.cite for message in asked.thread.messages),
            *(fact.cite for fact in asked.facts),
            *(passage.cite for passage in asked.passages),
        ],
        output=made.reply,
        checks=[{"name": check.name, "passed": check.passed} for check in made.checks],
        latency_ms=made.latency_ms,
        options={"tone": asked.tone, "length": asked.length},
    )


def of_summary(
    thread: Thread, said: Sequence[Sentence], writer: TextModel, version: str, key: str, language: str, latency_ms: int
) -> NewGeneration:
    """A summary that a model wrote; `version` is that of the model, `key` where its text is kept."""
    from app.workspace import NewGeneration
    from llm.types import IssueBrief

    return NewGeneration(
        kind="summary",
        ticket_id=thread.ticket_id,
        merchant_id=thread.merchant_id or "",
        snapshot_id="",
        actor_name="",
        engine=writer.name,
        version=version,
        prompt_version=_prompt_version("summary", writer),
        language=language,
        inputs_sha256=inputs_hash(IssueBrief(thread, language=language)),
        evidence=[message.cite for message in thread.messages],
        output="\n".join(sentence.text for sentence in said),
        checks=[{"name": "has_source", "passed": bool(said)}],
        latency_ms=latency_ms,
        output_key=key,
    )


def of_answer(
    snapshot_id: str,
    thread: Thread,
    facts: Sequence[Fact],
    made: Answer,
    latency_ms: int,
    where: Where = "ticket",
) -> NewGeneration:
    """What the desk answered by itself, from these facts and the policy's articles; a chat's `ticket_id` is the conversation's."""
    from app.workspace import NewGeneration
    from llm.types import IssueBrief

    return NewGeneration(
        kind="answer",
        ticket_id=thread.ticket_id,
        merchant_id=thread.merchant_id or "",
        snapshot_id=snapshot_id,
        actor_name="",
        engine=made.engine,
        version=_knowledge_version("articles"),
        prompt_version="",
        language=made.language,
        inputs_sha256=inputs_hash(IssueBrief(thread, tuple(facts), language=made.language)),
        evidence=list(
            dict.fromkeys(
                [
                    *(message.cite for message in thread.messages),
                    *(fact.cite for fact in facts),
                    *(cite for sentence in made.sentences for cite in sentence.cites),
                ]
            )
        ),
        output=made.text,
        checks=[],
        latency_ms=latency_ms,
        options={"action": made.action, "confidence": made.confidence, "where": where},
    )


def inputs_hash(asked: IssueBrief) -> str:
    """All that a writer was given, as a hash: the same evidence, tone and length give the same."""
    content = json.dumps(asdict(asked), ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def short_hash(text: str) -> str:
    """A version that people can compare by eye."""
    return hashlib.sha256(text.encode()).hexdigest()[:SHOWN_DIGITS]


def _versions(engine: str) -> tuple[str, str]:
    """(version of the writer of that name, version of its prompt); of macros that of their texts, and ''."""
    from dataclasses import replace

    runtime = get_runtime()
    desk, settings = runtime.desk, runtime.settings
    if desk.writer is not None and engine == desk.writer.name:
        return short_hash(identity(settings, engine)), _prompt_version("draft", desk.writer)
    for writer in desk.then:  # the checkpoint behind a server
        if engine == writer.name:
            return short_hash(identity(replace(settings, server_url=""), engine)), _prompt_version("draft", writer)
    return _knowledge_version("macros"), ""


def _prompt_version(task: str, writer: TextModel) -> str:
    from llm.desk.prompt import special_tokens
    from llm.desk.request import reads_briefs
    from llm.prompting import prompt_texts

    return short_hash("\n".join(special_tokens()) if reads_briefs(writer) else prompt_texts(task))


def _knowledge_version(kind: Literal["articles", "macros"]) -> str:
    """Of the committed files; another where people have approved texts of the kind over them."""
    approved = get_runtime().desk.approved
    committed, now = getattr(approved.base, kind), getattr(approved.now(), kind)
    version = _texts_version(KNOWLEDGE_FOLDER / kind)
    return version if now == committed else short_hash(version + repr(now))


@cache
def _texts_version(folder: Path) -> str:
    return short_hash("".join(path.read_text("utf-8") for path in sorted(folder.iterdir()) if path.is_file()))
