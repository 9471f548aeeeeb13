"""The summaries that a model has written, kept by content hash, and the one way to have another written.

A thread's key is made of its messages and of who writes, so that neither a new message nor a new model ever meets an old summary. What is
kept has the thread's private data under pseudonyms. Knows no page.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.services.private import pseudonyms_of
from app.services.writing import Observed

if TYPE_CHECKING:
    from app.settings import Settings
    from app.workspace import Generations, KeptTexts
    from llm.chat import TextModel
    from llm.types import Sentence, Thread

VERSION = 2  # raised when the same model would be asked, or checked, in another way


class Summaries:
    """What one writer wrote of threads. Safe for several threads."""

    def __init__(self, writer: TextModel, identity: str, store: KeptTexts, timeout_s: float, log: Generations) -> None:
        self._writer = writer
        self._identity = identity
        self._store = store
        self._timeout_s = timeout_s
        self._log = log
        self._at_work: Observed | None = None  # in the background or hurried; what a page waits for is not cancelled

    def of(self, thread: Thread) -> tuple[Sentence, ...] | None:
        """The sentences that are kept, none where the writer has none that stands; None where it has not been asked."""
        key = self._key(thread)
        value = self._store.many([key]).get(key)
        return None if value is None else sentences_of(value)

    def kept(self, threads: Sequence[Thread]) -> Collection[str]:
        """The ids of those tickets whose summary is kept."""
        keys = {self._key(thread): thread.ticket_id for thread in threads}
        return {keys[key] for key in self._store.many(keys)}

    def write(self, thread: Thread, *, is_background: bool) -> tuple[Sentence, ...]:
        """As `write_now`, but `cancel` ends it. In the background it gives way to everybody else's requests (EngineYieldedError)."""
        self._at_work = Observed(self._writer)
        try:
            return self._written(thread, self._at_work, is_background=is_background)
        finally:
            self._at_work = None

    def write_now(self, thread: Thread) -> tuple[Sentence, ...]:
        """Has the writer write, and keeps it. Raises LlmError where it can't now; what it never could is kept as nothing."""
        return self._written(thread, self._writer, is_background=False)

    def cancel(self) -> None:
        """Ends what `write` is doing."""
        if (working := self._at_work) is not None:
            working.cancel()

    def _written(self, thread: Thread, writer: TextModel, *, is_background: bool) -> tuple[Sentence, ...]:
        from app.services.generations import of_summary, short_hash
        from llm.chat import GenerateOptions
        from llm.errors import InputError, PromptTooLongError
        from llm.summarise import language_of
        from llm.summary_writing import written_sentences

        options = GenerateOptions(timeout_s=self._timeout_s, is_background=is_background)
        language, key, began = language_of(thread), self._key(thread), time.perf_counter()
        try:
            said = written_sentences(thread, language, writer, options)
        except (InputError, PromptTooLongError):
            said = ()
        took_ms = round((time.perf_counter() - began) * 1000)
        pseudonyms = pseudonyms_of(thread.messages)
        said = tuple(replace(sentence, text=pseudonyms.hide(sentence.text)) for sentence in said)
        self._store.store({key: json.dumps([sentence.to_json() for sentence in said], ensure_ascii=False)})
        self._log.add(of_summary(thread, said, self._writer, short_hash(self._identity), key, language, took_ms))
        return said

    def _key(self, thread: Thread) -> str:
        said = [
            (message.message_id, message.author, message.sent_at and message.sent_at.isoformat(), message.text)
            for message in thread.messages
        ]
        content = json.dumps([VERSION, self._identity, thread.ticket_id, said], ensure_ascii=False)
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def sentences_of(value: str) -> tuple[Sentence, ...]:
    """A summary as it is kept."""
    from llm.types import Sentence

    return tuple(Sentence(record["text"], tuple(record["cites"])) for record in json.loads(value))


def identity(settings: Settings, name: str) -> str:
    """The writer's name with what tells its weights from others of that name: the server's address, or the files' sizes and times."""
    if settings.server_url:
        return f"{name} {settings.server_url}"
    files = sorted(Path(settings.checkpoint).glob("*.safetensors"))
    stamps = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return f"{name} {settings.checkpoint_dtype} {stamps}"
