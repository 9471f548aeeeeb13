"""Other ways of typing a text, and other things to speak of: noise as of a hurried hand, and rare words swapped for others.

A swap replaces a rare word wherever it stands in the prompt and in what is to be written: so a model learns to take such words from its
sources and not from memory. Knows texts only.
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from llm.language import ENGLISH

TOKEN = re.compile(r"(<[^<>]{1,24}>)")
RARE_SHARE = 0.006
SWAPPED = 0.6
_WORD = re.compile(r"[A-Za-z]{4,}")
_HAN = re.compile(r"[\u4e00-\u9fff]+")
_LONGEST, _SHORTEST = 4, 2
_EMOJI = ("😊", "🙏", "😡", "😭", "👍", "!!", "...", "～", "？？")
_ENDINGS = ("ing", "ed", "s")


def noised(text: str, language: str, deal: random.Random) -> str:
    """The text as a hurried person would type it; slots stay whole."""
    change = deal.choice((_typos, _lowered, _unpunctuated))
    changed = [piece if TOKEN.fullmatch(piece) else change(piece, language, deal) for piece in TOKEN.split(text)]
    return "".join(changed) + (deal.choice(_EMOJI) if deal.random() < 0.2 else "")


def _typos(text: str, language: str, deal: random.Random) -> str:
    letters = list(text)
    for place in range(len(letters) - 2):
        if deal.random() < 0.02 and letters[place].isalpha() and letters[place + 1].isalpha():
            if deal.random() < 0.5:
                letters[place], letters[place + 1] = letters[place + 1], letters[place]
            else:
                letters[place] = ""
    return "".join(letters)


def _lowered(text: str, language: str, deal: random.Random) -> str:
    return text.lower() if language == ENGLISH else text.replace("您", "你")


def _unpunctuated(text: str, language: str, deal: random.Random) -> str:
    return re.sub(r"[.,;!?'’]", "", text) if language == ENGLISH else re.sub(r"[，。；！？]", " ", text)


class RareWords:
    """The words of a language that few threads use, counted over `texts`, one string a thread."""

    def __init__(self, texts: Iterable[str], language: str) -> None:
        self._is_english = language == ENGLISH
        counts: Counter[str] = Counter()
        self._number = 0
        for text in texts:
            self._number += 1
            counts.update(self._grams(TOKEN.sub(" ", text)))
        self._counts = counts
        self._most = max(2, round(RARE_SHARE * self._number))
        self._pool: dict[str, list[str]] = {}
        for word in sorted(word for word, count in counts.items() if count <= self._most):
            self._pool.setdefault(self._kind(word), []).append(word)

    def _grams(self, text: str) -> set[str]:
        if self._is_english:
            return {word.lower() for word in _WORD.findall(text)}
        runs = _HAN.findall(text)
        return {
            run[at : at + n] for run in runs for n in range(_SHORTEST, _LONGEST + 1) for at in range(len(run) - n + 1)
        }

    def _kind(self, word: str) -> str:
        if not self._is_english:
            return str(len(word))
        return next((ending for ending in _ENDINGS if word.endswith(ending)), "")

    def swapped(self, prompt: str, target: str, deal: random.Random) -> tuple[str, str]:
        """Both texts with some of the rare words that they share replaced by others of the same kind, the same in both."""
        shared = self._shared(TOKEN.sub(" ", prompt), TOKEN.sub(" ", target))
        chosen = {
            w: deal.choice(self._pool[self._kind(w)])
            for w in shared
            if deal.random() < SWAPPED and self._kind(w) in self._pool
        }
        if not chosen:
            return prompt, target
        if self._is_english:
            pattern = re.compile(rf"(?<![A-Za-z<])(?:{'|'.join(map(re.escape, chosen))})(?![A-Za-z_>])", re.I)
        else:
            pattern = re.compile("|".join(map(re.escape, sorted(chosen, key=len, reverse=True))))

        def other(match: re.Match[str]) -> str:
            word = match.group()
            new = chosen[word.lower()]
            return (
                new.upper() if word.isupper() and self._is_english else new.capitalize() if word[0].isupper() else new
            )

        return _outside_tokens(pattern, other, prompt), _outside_tokens(pattern, other, target)

    def _shared(self, prompt: str, target: str) -> list[str]:
        """The rare words of the target that the prompt holds too; of Chinese runs the longest first, none within another."""
        if self._is_english:
            said = {word.lower() for word in _WORD.findall(prompt)}
            return sorted(w for w in {word.lower() for word in _WORD.findall(target)} & said if self._is_rare(w))
        found: list[str] = []
        for run in _HAN.findall(target):
            at = 0
            while at < len(run) - 1:
                longest = next(
                    (n for n in range(_LONGEST, _SHORTEST - 1, -1) if self._can_move(run[at : at + n], n, prompt)), 0
                )
                if longest:
                    found.append(run[at : at + longest])
                at += longest or 1
        return list(dict.fromkeys(found))

    def _can_move(self, gram: str, n: int, prompt: str) -> bool:
        return len(gram) == n and self._is_rare(gram) and gram in prompt

    def _is_rare(self, word: str) -> bool:
        return 0 < self._counts[word] <= self._most


def _outside_tokens(pattern: re.Pattern[str], other: Callable[[re.Match[str]], str], text: str) -> str:
    pieces: Sequence[str] = TOKEN.split(text)
    return "".join(piece if TOKEN.fullmatch(piece) else pattern.sub(other, piece) for piece in pieces)
