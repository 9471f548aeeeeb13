"""The desk's own writer: a brief in, sentences with their sources out, each as soon as its line is whole.

Belongs in the worker: loads torch and the weights. Knows no checks; what it writes is checked like any other writer's words.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from llm.chat import ChatMessage, GenerateOptions
from llm.checkpoint import CheckpointInfo, FinishReason, inspect_checkpoint
from llm.desk.card import CARD
from llm.desk.decode import DeskDecoder, Generation
from llm.desk.grammar import Grammar, Vocabulary
from llm.desk.prompt import Asked, Source, WrittenLine, fitted, lines_in, prompt_of, sources_of, special_tokens, tidy
from llm.desk.request import SHOWN_MESSAGES, request_in
from llm.desk.slots import SlotBook
from llm.desk.tokenizer import load_tokenizer
from llm.errors import CheckpointError, InputError
from llm.language import WRITTEN
from llm.types import Fact, Message, Passage, Sentence

ANSWER_TOKENS = 420
_HALF_CHARACTER = "\N{REPLACEMENT CHARACTER}"  # bytes that make no character


@dataclass(frozen=True)
class Written:
    """A sentence as people read it, the part it plays in a reply ('' in a summary), and the same with its slots."""

    sentence: Sentence
    part: str
    slotted: str


@dataclass(frozen=True)
class Writing:
    """An answer under way, a sentence at a time. `is_cut`: its sources had to be cut to fit."""

    generation: Generation
    is_cut: bool
    sentences: Iterator[Written]

    def __iter__(self) -> Iterator[Written]:
        return self.sentences


class DeskWriter:
    """A saved desk model that writes. Not for two threads at once; but its answers may go on in turns.

    Raises CheckpointError when the folder holds none.
    """

    def __init__(self, folder: Path) -> None:
        try:
            house = json.loads((folder / CARD).read_text("utf-8"))["house"]
            house = {str(language): [int(token) for token in tokens] for language, tokens in house.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CheckpointError(f"{folder}: has no readable {CARD}; it is no model of the desk's own.") from error
        self.info: CheckpointInfo = inspect_checkpoint(folder)
        self.languages = tuple(house) or WRITTEN
        """What it was taught to write."""
        self._decoder = _decoder(self.info)
        self._tokenizer = load_tokenizer(folder)
        self._check_fit(folder)
        self._vocabulary = Vocabulary(self._tokenizer, self._decoder.vocabulary, house)

    def write(
        self,
        asked: Asked,
        messages: Iterable[Message],
        facts: Iterable[Fact] = (),
        passages: Iterable[Passage] = (),
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> "Writing":
        """The sentences one by one. Raises PromptTooLongError when records alone leave no room, InputError for a language it was not taught."""
        if asked.language not in self.languages:
            raise InputError(f"{self.info.name} writes {' and '.join(self.languages)}; asked for is {asked.language}.")
        book = SlotBook()
        found = sources_of(list(messages)[-SHOWN_MESSAGES:], facts, passages, book)
        sources = fitted(found, self._count, self._decoder.context - ANSWER_TOKENS - 8)
        grammar = Grammar(self._vocabulary, asked, sources, book)
        generation = self._decoder.generate(
            self._tokenizer.encode(prompt_of(asked, sources)).ids,
            max_tokens=ANSWER_TOKENS,
            allowed=grammar,
            is_cancelled=is_cancelled,
        )
        is_cut = [source.text for source in sources] != [tidy(source.text) for source in found]
        return Writing(generation, is_cut, self._sentences(generation, sources, book, asked.language))

    def _sentences(
        self, generation: Generation, sources: list[Source], book: SlotBook, language: str
    ) -> Iterator[Written]:
        line: list[int] = []
        said = set()
        for token in generation:
            line.append(token)
            if token == self._vocabulary.line:
                for written in lines_in(self._tokenizer.decode(line, skip_special_tokens=False), sources):
                    if written.text not in said:
                        said.add(written.text)
                        yield self._filled(written, book, language)
                line.clear()

    def generate(
        self,
        messages: Sequence[ChatMessage],
        options: GenerateOptions,
        on_text: Callable[[str], None],
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> FinishReason:
        """Answers a `llm.desk.request.BriefPrompt` as the worker wants it: a JSON line a sentence, as soon as it is whole.

        `options` are a chat's: an answer's length is the grammar's, and its tokens are the likeliest. Raises InputError for a chat.
        """
        request = request_in(messages)
        told = 0
        writing = self.write(request.asked, request.messages, request.facts, request.passages, is_cancelled)
        for written in writing:
            made = len(writing.generation.tokens)
            line = {"text": written.sentence.text, "cites": written.sentence.cites, "part": written.part}
            if _HALF_CHARACTER not in written.slotted:
                on_text(json.dumps(line | {"tokens": made - told, "is_cut": writing.is_cut}, ensure_ascii=False) + "\n")
                told = made
        if is_cancelled():
            return "cancelled"
        return "length" if writing.generation.reason == "length" else "stop"

    def _count(self, text: str) -> int:
        return len(self._tokenizer.encode(text).ids)

    def _check_fit(self, folder: Path) -> None:
        absent = [token for token in special_tokens() if self._tokenizer.token_to_id(token) is None]
        if absent or self._tokenizer.get_vocab_size() > self._decoder.vocabulary:
            lacks = (
                f"lacks {absent[0]}" if absent else f"has more tokens than the weights' {self._decoder.vocabulary:,}"
            )
            raise CheckpointError(f"{folder}: its tokenizer {lacks}; they do not belong together.")

    @staticmethod
    def _filled(line: WrittenLine, book: SlotBook, language: str) -> Written:
        text = book.filled(line.text, line.cites, language)
        return Written(Sentence(text[:1].upper() + text[1:], line.cites), line.part, line.text)


def _decoder(info: CheckpointInfo) -> DeskDecoder:
    if info.kind == "encoder-decoder":
        from llm.desk.warm_model import WarmDecoder

        return WarmDecoder(info.folder)
    return DeskDecoder(info.folder)
