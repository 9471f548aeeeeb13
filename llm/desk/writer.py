"""The desk's own writer: a brief in, sentences with their sources out, each as soon as its line is whole.

Belongs in the worker: loads torch and the weights. Knows no checks; what it writes is checked like any other writer's words.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from llm.desk.decode import DeskDecoder
from llm.desk.grammar import Grammar, Vocabulary
from llm.desk.prompt import Asked, Source, WrittenLine, fitted, lines_in, prompt_of, sources_of
from llm.desk.slots import SlotBook
from llm.desk.tokenizer import load_tokenizer
from llm.errors import CheckpointError
from llm.types import Fact, Message, Passage, Sentence

ANSWER_TOKENS = 420
SHOWN_MESSAGES = 30
CARD = "desk.json"


@dataclass(frozen=True)
class Written:
    """A sentence as people read it, the part it plays in a reply ('' in a summary), and the same with its slots."""

    sentence: Sentence
    part: str
    slotted: str


class DeskWriter:
    """A saved desk model that writes. Not for two threads at once. Raises CheckpointError when the folder holds none."""

    def __init__(self, folder: Path) -> None:
        try:
            house = json.loads((folder / CARD).read_text("utf-8"))["house"]
            house = {str(language): [int(token) for token in tokens] for language, tokens in house.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CheckpointError(f"{folder}: has no readable {CARD}; it is no model of the desk's own.") from error
        self._decoder = DeskDecoder(folder)
        self._tokenizer = load_tokenizer(folder)
        self._vocabulary = Vocabulary(self._tokenizer, self._decoder.vocabulary, house)

    def write(
        self,
        asked: Asked,
        messages: Iterable[Message],
        facts: Iterable[Fact] = (),
        passages: Iterable[Passage] = (),
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[Written]:
        """The sentences one by one. Raises PromptTooLongError when records alone leave no room."""
        book = SlotBook()
        sources = self._fitted(sources_of(list(messages)[-SHOWN_MESSAGES:], facts, passages, book))
        ids = self._tokenizer.encode(prompt_of(asked, sources)).ids
        grammar = Grammar(self._vocabulary, asked, sources, book)
        line: list[int] = []
        said = set()
        for token in self._decoder.generate(ids, max_tokens=ANSWER_TOKENS, allowed=grammar, is_cancelled=is_cancelled):
            line.append(token)
            if token == self._vocabulary.line:
                for written in lines_in(self._tokenizer.decode(line, skip_special_tokens=False), sources):
                    if written.text not in said:
                        said.add(written.text)
                        yield self._filled(written, book, asked.language)
                line.clear()

    def _fitted(self, sources: list[Source]) -> list[Source]:
        def count(text: str) -> int:
            return len(self._tokenizer.encode(text).ids)

        return fitted(sources, count, self._decoder.context - ANSWER_TOKENS - 8)

    @staticmethod
    def _filled(line: WrittenLine, book: SlotBook, language: str) -> Written:
        text = book.filled(line.text, line.cites, language)
        return Written(Sentence(text[:1].upper() + text[1:], line.cites), line.part, line.text)
