"""Picks a phrase whose facts are known and writes it with the writer's habits. Knows nothing of intents or turns."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from analytics.demo.tickets import Language
from analytics.demo.voices import noise
from analytics.demo.voices.bank import Lines, Phrase


@dataclass(frozen=True)
class Hand:
    """What happens to the words of one message; the default is an agent's clean text. typos: rate per word."""

    typos: float = 0.0
    lower: bool = False
    bare: bool = False
    broken: bool = False
    mixed: bool = False
    insists: float = 0.0


_SEAM = re.compile(r"(?<=[\u4e00-\u9fff])\u200b(?=[A-Za-z0-9])|(?<=[A-Za-z0-9%])\u200b(?=[\u4e00-\u9fff])")
_BLANKS = re.compile(r"(?<= ) +| +(?=[，。；：、！？）”])")
_MONEY_AT_STAKE = ("amount", "?amount")


class Pen:
    """Writes phrases of one ticket; a phrase comes a second time only when no other fits.

    topic: the part of the matter that the ticket is about, '' for none in particular.
    """

    def __init__(self, language: Language, facts: Mapping[str, str], chance: random.Random) -> None:
        self.facts = dict(facts)
        self.chance = chance
        self.hand = Hand()
        self.topic = ""
        self.is_english = language == "en"
        self._used: set[Phrase] = set()
        self._here: set[Phrase] = set()

    def begin(self, hand: Hand) -> None:
        """Start a message: phrases of earlier ones may come again when no other fits, those of this one not."""
        self.hand = hand
        self._here.clear()

    @contextmanager
    def apart(self) -> Iterator[None]:
        """While another matter is spoken of: no topic, and the money at stake is not that matter's."""
        topic, facts = self.topic, self.facts
        self.topic, self.facts = "", {name: facts[name] for name in facts if name not in _MONEY_AT_STAKE}
        yield
        self.topic, self.facts = topic, facts

    def say(self, lines: Lines, *, shout: bool = False, inside: bool = False) -> str:
        """One of the phrases, '' when none fits the known facts; inside: as part of a sentence, not capitalised."""
        known = self.facts.keys()
        fitting = [phrase for phrase in lines if phrase.topic in ("", self.topic) and phrase.needs <= known]
        fitting = [phrase for phrase in fitting if phrase not in self._here]
        fresh = [phrase for phrase in fitting if phrase not in self._used]
        if not fitting:
            return ""
        nearest = [phrase for phrase in fresh if phrase.topic]
        phrase = self.chance.choice(nearest or fresh or fitting)
        self._used.add(phrase)
        self._here.add(phrase)
        return self._write(phrase, shout, inside)

    def _write(self, phrase: Phrase, shout: bool, inside: bool) -> str:
        out: list[str] = []
        for literal, name in phrase.pieces:
            out.append(self._bend(literal.upper() if shout else literal))
            if name:
                out.append(self.facts[name])
        text = ("" if self.is_english else "\u200b").join(part for part in out if part)
        if not self.is_english:
            text = _BLANKS.sub("", _SEAM.sub(" ", text).replace("\u200b", ""))
        text = text.strip()
        if self.hand.insists and not inside and self.chance.random() < self.hand.insists:
            text = noise.insist(text, self.chance)
        is_proper = self.is_english and not self.hand.lower and not inside
        return text[:1].upper() + text[1:] if is_proper else text

    def _bend(self, text: str) -> str:
        hand = self.hand
        if not text:
            return text
        if hand.broken:
            text = noise.break_english(text, self.chance)
        if hand.mixed:
            text = noise.mix_english(text, 0.5, self.chance)
        if hand.typos:
            slip = noise.slip_english if self.is_english else noise.slip_chinese
            text = slip(text, hand.typos, self.chance)
        if hand.lower:
            text = text.lower()
        if hand.bare:
            text = noise.strip_english(text) if self.is_english else noise.strip_chinese(text)
        return text
