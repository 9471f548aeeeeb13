"""The knowledge in force: the committed files, and over them the texts that people have approved in this workspace. Knows no page."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.workspace import ItemKind, Proposals
    from llm.knowledge import Knowledge
    from llm.types import Macro


class ApprovedKnowledge:
    """`base` with every approved text over it; read anew as soon as one more is approved, in whichever session or process."""

    def __init__(self, base: Knowledge, proposals: Proposals) -> None:
        self.base = base
        self._proposals = proposals
        self._lock = Lock()
        self._found = (0, base)

    def now(self) -> Knowledge:
        """As of this moment. Raises KnowledgeError naming an approved text that this version can't read."""
        with self._lock:
            count = self._proposals.approved_count()
            if count != self._found[0]:
                texts = [(kind, item_id, each.text) for (kind, item_id), each in self._proposals.in_force().items()]
                self._found = (count, overlaid(self.base, texts))
            return self._found[1]


def overlaid(base: Knowledge, texts: Iterable[tuple[ItemKind, str, str]]) -> Knowledge:
    """`base` with texts (kind, item id, text) over it. Raises KnowledgeError naming the item whose text can't be read."""
    from llm.knowledge import parse_article

    listed = list(texts)
    return base.overlaid(
        [parse_article(text, item_id) for kind, item_id, text in listed if kind == "article"],
        [macro for kind, item_id, text in listed if kind == "macro" for macro in parse_macro_text(text, item_id)],
    )


def parse_macro_text(text: str, where: str) -> list[Macro]:
    """The macros, one a language, of a `[[macro]]` that stands alone. Raises KnowledgeError."""
    from llm.errors import KnowledgeError
    from llm.knowledge import parse_macro

    try:
        return parse_macro(tomllib.loads(text), where)
    except tomllib.TOMLDecodeError as error:
        raise KnowledgeError(f"{where}: not valid TOML: {error}.") from error
