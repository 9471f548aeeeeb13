"""What the model may write next: a line's part, its sources, then words and slots of these sources only.

So a slot can't be wrong for the sources that a sentence names, a source can't be made up, no figure is written but as a slot, and a rare
word comes from the cited sources (`house` holds the words that replies and summaries use in general). Knows tokens' ids, not weights.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from llm.desk.prompt import END, LINE, PARTS, REPLY, Asked, Source, source_tokens, special_tokens
from llm.desk.slots import SlotBook, slot_tokens

LINES = {"short": (2, 4), "normal": (3, 7), "long": (5, 10), "summary": (1, 4)}
LONGEST_LINE = 90
"""Tokens; a line that has as many ends."""

SHORTEST_LINE = 3
RUN = 4
"""A run of so many tokens does not come twice in one line."""

MOST_CITES = 6


class Vocabulary:
    """The kinds of tokens of one tokenizer, as ids and masks (V,); `size` is the model's."""

    def __init__(self, tokenizer: Any, size: int, house: Mapping[str, Iterable[int]] | None = None) -> None:
        self.tokenizer, self.size = tokenizer, size
        special = {tokenizer.token_to_id(token) for token in special_tokens()}
        self.end, self.line = tokenizer.token_to_id(END), tokenizer.token_to_id(LINE)
        self.parts = [tokenizer.token_to_id(f"<{part}>") for part in PARTS]
        self.sources = [tokenizer.token_to_id(token) for token in source_tokens()]
        self.slots = {token: tokenizer.token_to_id(token) for token in slot_tokens()}
        self.slot_ids = frozenset(self.slots.values())
        # What a token says, not its name: byte-level names write the bytes of 没 or 平 with ² and ³.
        said = tokenizer.decode_batch([[i] for i in range(tokenizer.get_vocab_size())])
        self.words = {i for i, t in enumerate(said) if t and i not in special and not any(c.isdigit() for c in t)}
        self._house = {language: self.mask(set(ids) & self.words) for language, ids in (house or {}).items() if ids}

    def mask(self, ids: Iterable[int]) -> Tensor:
        """(V,), true at these ids."""
        found = torch.zeros(self.size, dtype=torch.bool)
        found[list(ids)] = True
        return found

    def house(self, language: str) -> Tensor:
        """The words that need no source in that language; all words where the model does not say which."""
        return self._house[language] if language in self._house else self.mask(self.words)

    def words_of(self, text: str) -> set[int]:
        """The word tokens of a text, also as they would stand behind a space and at the start of a sentence."""
        found = set(self.tokenizer.encode(text).ids)
        for word in set(text.split()):
            for form in (f" {word}", f" {word.lower()}", f" {word.capitalize()}", word.capitalize()):
                found.update(self.tokenizer.encode(form).ids)
        return found & self.words


class Grammar:
    """The masks (V,) of one generation, step by step; call it with all that was generated so far."""

    def __init__(self, vocabulary: Vocabulary, asked: Asked, sources: Sequence[Source], book: SlotBook) -> None:
        self._v = vocabulary
        self._has_parts = asked.task == REPLY
        self._house = vocabulary.house(asked.language)
        self._least, self._most = LINES[asked.length if self._has_parts else "summary"]
        self._least = min(self._least, len(sources))
        self._most = self._most if sources else 0
        self._sources = vocabulary.sources[: len(sources)]
        slots = [book.tokens_in([source.cite]) for source in sources]
        self._slots = [{vocabulary.slots[token] for token in tokens} for tokens in slots]
        self._words = [vocabulary.words_of(source.text) for source in sources]
        self._seen = self._lines = 0
        self._begin_line()

    def _begin_line(self) -> None:
        self._needs_part = self._has_parts
        self._cites: list[int] = []
        self._line: list[int] = []
        self._text: Tensor | None = None
        self._runs: dict[tuple[int, ...], set[int]] = {}

    def __call__(self, generated: Sequence[int]) -> Tensor:
        for token in generated[self._seen :]:
            self._take(token)
        self._seen = len(generated)
        if self._needs_part or not self._cites:
            return self._opening()
        if not self._line:
            later = self._sources[max(self._cites) + 1 :] if len(self._cites) < MOST_CITES else []
            return self._v.mask(later) | self._written()
        return self._continuing()

    def _opening(self) -> Tensor:
        """Before a line its part, then its first source; or the end, once enough was said."""
        is_start = self._needs_part == self._has_parts
        if is_start and self._lines >= self._most:
            return self._v.mask([self._v.end])
        ends = [self._v.end] if is_start and self._lines >= self._least else []
        return self._v.mask([*(self._v.parts if self._needs_part else self._sources), *ends])

    def _continuing(self) -> Tensor:
        """Within a sentence: no slot twice, no run of four tokens twice, and from a length on its end."""
        if len(self._line) >= LONGEST_LINE:
            return self._v.mask([self._v.line])
        mask = self._written().clone()
        used = [token for token in self._line if token in self._v.slot_ids]
        mask[[*used, *self._runs.get(tuple(self._line[1 - RUN :]), ())]] = False
        if len(self._line) >= SHORTEST_LINE or not mask.any():
            mask[self._v.line] = True
        return mask

    def _take(self, token: int) -> None:
        if token == self._v.line:
            self._lines += 1
            self._begin_line()
        elif self._needs_part:
            self._needs_part = False
        elif not self._line and token in self._sources:
            self._cites.append(self._sources.index(token))
        else:
            self._line.append(token)
            if len(self._line) >= RUN:
                self._runs.setdefault(tuple(self._line[-RUN:-1]), set()).add(token)

    def _written(self) -> Tensor:
        """Words of the house and of the cited sources, and the slots of these sources."""
        if self._text is None or not self._line:
            ids = set().union(*(self._slots[n] | self._words[n] for n in self._cites))
            self._text = self._house | self._v.mask(ids)
        return self._text
