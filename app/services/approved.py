"""The knowledge in force: the committed files, and over them the texts that people have approved in this workspace. Knows no page.

An approved text that this version can't read stops nothing: the last one of its item that can be read stays in force, and which can't is told.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.workspace import ItemKind, Proposal, Proposals
    from llm.knowledge import Knowledge
    from llm.types import Macro

    Text = tuple[ItemKind, str, str]


@dataclass(frozen=True)
class Unreadable:
    """An approved text that can't be read, why in one line, and the edition of its item that is in force: 0 for the committed text, None for none."""

    kind: ItemKind
    item_id: str
    edition: int
    fault: str
    instead: int | None


@dataclass(frozen=True)
class _Found:
    count: int
    knowledge: Knowledge
    unreadable: tuple[Unreadable, ...] = ()


class ApprovedKnowledge:
    """`base` with every approved text over it; read anew as soon as one more is approved, in whichever session or process."""

    def __init__(self, base: Knowledge, proposals: Proposals) -> None:
        self.base = base
        self._proposals = proposals
        self._lock = Lock()
        self._found = _Found(0, base)
        self._tried: tuple[int, Text, Knowledge] | None = None

    def now(self) -> Knowledge:
        """As of this moment."""
        return self._newest().knowledge

    def unreadable(self) -> tuple[Unreadable, ...]:
        """The approved texts that should be in force and can't be read."""
        return self._newest().unreadable

    def with_text(self, text: Text) -> Knowledge:
        """`now` with one more text (kind, item id, text) over it; the last one asked for is kept, with its search index. Raises KnowledgeError."""
        found, tried = self._newest(), self._tried
        if tried is None or tried[:2] != (found.count, text):
            tried = (found.count, text, overlaid(found.knowledge, [text]))
            self._tried = tried
        return tried[2]

    def _newest(self) -> _Found:
        with self._lock:
            count = self._proposals.approved_count()
            if count != self._found.count:
                self._found = self._read(count)
            return self._found

    def _read(self, count: int) -> _Found:
        """Per article and macro its newest text that can be read; a text that doesn't fit counts as one that can't. Rules of the score are no text."""
        texts_in_force = (each for each in self._proposals.all(status="approved") if each.kind != "rule")
        approved = sorted(texts_in_force, key=lambda p: (p.kind, p.item_id, -(p.edition or 0)))
        texts: list[Text] = []
        unreadable: list[Unreadable] = []
        for (kind, item_id), own in groupby(approved, key=lambda p: (p.kind, p.item_id)):
            editions = list(own)
            readable, fault = self._readable(editions)
            if readable is not None:
                texts.append((kind, item_id, readable.text))
            if fault:
                committed = 0 if self._is_committed(kind, item_id) else None
                instead = readable.edition if readable is not None else committed
                unreadable.append(Unreadable(kind, item_id, editions[0].edition or 0, fault, instead))
        return _Found(count, overlaid(self.base, texts), tuple(unreadable))

    def _readable(self, editions: Iterable[Proposal]) -> tuple[Proposal | None, str]:
        """The first that can be read, and why the one before all others can't ('' where it can)."""
        from llm.errors import KnowledgeError

        first_fault = ""
        for each in editions:
            try:
                overlaid(self.base, [(each.kind, each.item_id, each.text)])
            except KnowledgeError as error:
                first_fault = first_fault or " ".join(str(error).split()).removeprefix(f"{each.item_id}: ")
            else:
                return each, first_fault
        return None, first_fault

    def _is_committed(self, kind: ItemKind, item_id: str) -> bool:
        if kind == "macro":
            return item_id in {macro.macro_id for macro in self.base.macros}
        return item_id in {f"{article.article_id}.{article.language}" for article in self.base.articles}


def overlaid(base: Knowledge, texts: Iterable[Text]) -> Knowledge:
    """`base` with texts (kind, item id, text) over it. Raises KnowledgeError naming the item whose text can't be read."""
    from llm.errors import KnowledgeError
    from llm.knowledge import parse_article

    listed = list(texts)
    articles = [parse_article(text, item_id) for kind, item_id, text in listed if kind == "article"]
    macros = [macro for kind, item_id, text in listed if kind == "macro" for macro in parse_macro_text(text, item_id)]
    known = {intent.intent_id for intent in base.taxonomy.intents}
    for name, intents in [(a.article_id, a.intents) for a in articles] + [(m.macro_id, m.intents) for m in macros]:
        if unknown := sorted(set(intents) - known):
            raise KnowledgeError(f"{name}: names intents that the taxonomy lacks: {', '.join(unknown)}.")
    return base.overlaid(articles, macros)


def parse_macro_text(text: str, where: str) -> list[Macro]:
    """The macros, one a language, of a `[[macro]]` that stands alone. Raises KnowledgeError."""
    from llm.errors import KnowledgeError
    from llm.knowledge import parse_macro

    try:
        return parse_macro(tomllib.loads(text), where)
    except tomllib.TOMLDecodeError as error:
        raise KnowledgeError(f"{where}: not valid TOML: {error}.") from error
