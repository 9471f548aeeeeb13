"""What the model may write next: a line's part, its sources, then words and slots of these sources only.

So a slot can't be wrong for the sources that a sentence names, a source can't be made up, no figure is written but as a slot, and a rare
word comes from the cited sources (`house` holds the words that replies and summaries use in general). Knows tokens' ids, not weights.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from llm.desk.prompt import END, LINE, PARTS, REPLY, Asked, Source, source_tokens, special_tokens
from llm.desk.slots import SlotBook, slot_tokens

LINES = {"short": (2, 4), "normal": (3, 7), "long": (5, 10), "summary": (1, 4)}
LONGEST_LINE = 90
"""Tokens; a line that has as many ends."""

SHORTEST_LINE = 3
MOST_CITES = 6


class Vocabulary:
    """The kinds of tokens of one tokenizer, as ids and masks (V,); `size` is the model's."""

    def __init__(self, tokenizer: Any, size: int, house: Iterable[int] = ()) -> None:
        self.tokenizer, self.size = tokenizer, size
        special = {tokenizer.token_to_id(token) for token in special_tokens()}
        self.end, self.line = tokenizer.token_to_id(END), tokenizer.token_to_id(LINE)
        self.parts = [tokenizer.token_to_id(f"<{part}>") for part in PARTS]
        self.sources = [tokenizer.token_to_id(token) for token in source_tokens()]
        self.slots = {token: tokenizer.token_to_id(token) for token in slot_tokens()}
        # What a token says, not its name: byte-level names write the bytes of 没 or 平 with ² and ³.
        said = tokenizer.decode_batch([[i] for i in range(tokenizer.get_vocab_size())])
        self.words = {i for i, text in enumerate(said) if i not in special and not any(c.isdigit() for c in text)}
        self.house = set(house) & self.words or self.words

    def mask(self, ids: Iterable[int]) -> Tensor:
        """(V,), true at these ids."""
        found = torch.zeros(self.size, dtype=torch.bool)
        found[list(ids)] = True
        return found

    @cached_property
    def house_mask(self) -> Tensor:
        return self.mask(self.house)

    def words_of(self, text: str) -> set[int]:
        """The word tokens of a text, also as they would stand behind a space and at the start of a sentence."""
        found = set(self.tokenizer.encode(text).ids)
        for word in set(text.split()):
            for form in (f" {word}", f" {word.lower()}", f" {word.capitalize()}", word.capitalize()):
                found.update(self.tokenizer.encode(form).ids)
        return found & self.words


class Grammar:
    """The masks of one generation, step by step; call it with all that was generated so far."""

    def __init__(self, vocabulary: Vocabulary, asked: Asked, sources: Sequence[Source], book: SlotBook) -> None:
        self._v = vocabulary
        self._has_parts = asked.task == REPLY
        self._least, self._most = LINES[asked.length if self._has_parts else "summary"]
        self._least = min(self._least, len(sources))
        self._most = self._most if sources else 0
        self._source_ids = vocabulary.sources[: len(sources)]
        slots = [book.tokens_in([source.cite]) for source in sources]
        self._slots = [{vocabulary.slots[token] for token in tokens} for tokens in slots]
        self._words = [vocabulary.words_of(source.text) for source in sources]
        self._seen = self._lines = self._length = 0
        self._cites: list[int] = []
        self._state = self._opening
        self._text: Tensor | None = None

    @property
    def _opening(self) -> str:
        return "part" if self._has_parts else "cite"

    def __call__(self, generated: Sequence[int]) -> Tensor:
        for token in generated[self._seen :]:
            self._take(token)
        self._seen = len(generated)
        if self._state == "part" or (self._state == "cite" and not self._cites):
            return self._start()
        if self._state == "cite":
            left = (
                [i for n, i in enumerate(self._source_ids) if n > max(self._cites)]
                if len(self._cites) < MOST_CITES
                else []
            )
            return self._v.mask(left) | self._written()
        if self._length >= LONGEST_LINE:
            return self._v.mask([self._v.line])
        written = self._written()
        if self._length >= SHORTEST_LINE:
            written = written.clone()
            written[self._v.line] = True
        return written

    def _start(self) -> Tensor:
        """Before a line: its part or first source, or the end once enough was said."""
        opening = self._v.parts if self._state == "part" else self._source_ids
        ends = [self._v.end] if self._lines >= self._least and self._length == 0 and not self._in_line else []
        return self._v.mask([*([] if self._lines >= self._most else opening), *ends])

    _in_line = False

    def _take(self, token: int) -> None:
        if token == self._v.line:
            self._lines += 1
            self._length, self._cites, self._text, self._in_line = 0, [], None, False
            self._state = self._opening
        elif self._state == "part":
            self._state, self._in_line = "cite", True
        elif self._state == "cite" and token in self._source_ids:
            self._cites.append(self._source_ids.index(token))
        else:
            self._state = "text"
            self._length += 1

    def _written(self) -> Tensor:
        """Words of the house and of the cited sources, and the slots of these sources."""
        if self._text is None or self._state == "cite":
            ids = set().union(*(self._slots[n] | self._words[n] for n in self._cites))
            self._text = self._v.house_mask | self._v.mask(ids)
        return self._text
