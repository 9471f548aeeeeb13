"""Which words of a text name a person, a place, a shop or a carrier: a linear model over the words (in Chinese: characters) around each.

Weights come from `data/models/names.npz` (`trustdesk model train-tagger` makes it; its card says what it finds and what it misses).
Knows no evidence and no thread; numbers, addresses and contacts are found elsewhere.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction import FeatureHasher

from llm.errors import CheckpointError
from llm.labelling import likeliest
from llm.names import SURNAMES

WEIGHTS = Path(__file__).resolve().parents[1] / "data" / "models" / "names.npz"
KINDS = ("name", "place", "merchant", "carrier")
LABELS = ("O", *(f"{part}-{kind}" for kind in KINDS for part in "BI"))
BUCKETS = 2**16
SHORTEST = 2
OUTSIDE_DISCOUNT = 1.2
"""How much less the label of no name weighs (nats): it stands at nearly every word, and a kind's own least confidence decides anyway."""

UNLIKELY = 0.005
"""Below this chance a capitalised English word is no name. Higher, places are lost sooner than common words (`data/models/README.md`)."""

LONGEST_TEXT = 20_000
"""Characters of a text that are read."""

FAMILIES = frozenset(SURNAMES + "柳温聂岑卓葛游单尚关向庄管祝左涂谷祁舒耿牟卜路詹凌费纪靳盛童欧符项祖裘解房柯骆")
GIVEN = frozenset(
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国文斌宇浩欣怡子涵梓萱雨泽佳琪晓雯思远志诚海波婷雪梅春生长青云川石松柏竹林溪月星辰鹏飞帆凯旋宁安康乐然依蕊蕾莉萍燕琴慧颖洁"
    "倩璐瑶琳珊珍珠凤凰龙虎彪山峰岩岚亮光辉煌耀东南西北中正义仁礼信忠孝勤朴德才俊豪雄毅恒永福禄寿喜庆祥瑞吉利贵荣昌盛兴旺发达顺和睦良善柔淑贤惠娴雅韵诗画书墨砚琪琦玮珂瑾瑜翔翼腾跃"
)
"""Characters that begin Chinese family names, beyond the commonest; and such as given names often have."""

_TOKEN = re.compile(
    r"[\u4e00-\u9fff]|[^\W\d_\u4e00-\u9fff]+(?:['’.&-][^\W\d_\u4e00-\u9fff]+)*|\d+|\n|[^\w\s]|_", re.UNICODE
)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_LONGEST_PLACE = 7
_EDGE = "^"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tagged:
    """A name by position (code points, end exclusive), what it names (of KINDS), and how sure the least sure of its words is, 0–1."""

    start: int
    end: int
    kind: str
    confidence: float


@dataclass(frozen=True)
class Word:
    """A word of a text, or a Chinese character, a mark, a line's end."""

    text: str
    start: int
    end: int


def words_of(text: str) -> list[Word]:
    """The words that are labelled, in order."""
    return [Word(match.group(), *match.span()) for match in _TOKEN.finditer(text[:LONGEST_TEXT])]


def features_of(words: Sequence[Word], places: frozenset[str]) -> Iterator[list[str]]:
    """What is known of each word: itself, its neighbours, their shapes, and whether it stands in a list of places or surnames."""
    told = [_EDGE] * 3 + [word.text.casefold() for word in words] + [_EDGE] * 3
    shapes = [_EDGE] * 2 + [_shape(word.text) for word in words] + [_EDGE] * 2
    listed = _listed(words, places)
    for n, word in enumerate(words):
        w, s = told[n : n + 7], shapes[n : n + 5]
        found = [
            *(f"w{k - 3}={w[k]}" for k in range(7)),
            *(f"p{k - 3}={w[k]}|{w[k + 1]}" for k in range(1, 5)),
            f"t={w[2]}|{w[3]}|{w[4]}",
            f"a={w[1]}|{w[2]}|{s[2]}",
            f"b={s[2]}|{w[4]}|{w[5]}",
            f"s={s[1]}|{s[2]}|{s[3]}",
            f"S={s[0]}|{s[1]}|{s[2]}|{s[3]}|{s[4]}",
            f"c={w[2]}|{s[2]}",
            f"d={s[2]}|{w[4]}",
            f"l={listed[n]}|{s[2]}",
            f"L={listed[n]}|{w[2]}",
            *(f"f={name}" for name in _families(w, s)),
        ]
        if len(word.text) > 2:
            found += [f"x={w[3][:3]}", f"y={w[3][-3:]}", f"z={w[3][-2:]}|{s[2]}"]
        yield found


def _shape(text: str) -> str:
    if _HAN.match(text):
        return "H" if text in FAMILIES else "h"
    if text.isalpha() or "'" in text or "’" in text:
        return "XX" if text.isupper() and len(text) > 1 else "Xx" if text[:1].isupper() else "x"
    return "d" if text[:1].isdigit() else "n" if text == "\n" else "Xx" if text[:1].isupper() else text


def _families(w: Sequence[str], s: Sequence[str]) -> Iterator[str]:
    """Chinese names as they are built: a surname and one or two characters, or 小, 老, 阿 before one."""
    for k in range(3):
        if s[2 - k] == "H" and all(shape in "hH" for shape in s[2 - k : 3]):
            yield f"surname-{k}"
            after = s[3] if k == 2 else f"{s[3]}{s[4] if k == 0 else ''}"
            yield f"surname-{k}|{after}"
            yield f"surname-{k}|{w[2 - k]}|{w[4]}"
            given = "".join("g" if w[place] in GIVEN else "-" for place in range(4 - k, 6 - k))
            yield f"surname-{k}|{given}|{after}"
            yield f"surname-{k}|{given}|{w[2 - k]}"
    for k in range(2):
        if w[3 - k] in "小老阿" and w[3 - k]:
            yield f"called-{w[3 - k]}-{k}|{s[3 if k == 0 else 2]}|{w[4 if k else 5]}"


def _listed(words: Sequence[Word], places: frozenset[str]) -> list[str]:
    """For each word whether a listed place begins (b) or goes on (i) there, the longest first."""
    found = ["-"] * len(words)
    firsts = _first_words(places)
    n = 0
    while n < len(words):
        most = min(_LONGEST_PLACE, len(words) - n) if words[n].text in firsts else 0
        size = next((k for k in range(most, 0, -1) if _run(words[n : n + k]) in places), 0)
        found[n : n + size] = ["b", *["i"] * (size - 1)][:size]
        n += max(1, size)
    return found


@lru_cache(maxsize=4)
def _first_words(places: frozenset[str]) -> frozenset[str]:
    """The words that listed places begin with: few words of a text do, and only those are looked up."""
    return frozenset(match.group() for match in map(_TOKEN.search, places) if match)


def _run(words: Sequence[Word]) -> str:
    between = "" if _HAN.match(words[0].text) else " "
    return between.join(word.text for word in words)


class NameTagger:
    """A trained tagger. `weights` (BUCKETS, labels), `bias` (labels,): the scores of LABELS are features · weights + bias."""

    def __init__(self, weights: Floats, bias: Floats, places: frozenset[str], least: Mapping[str, float]) -> None:
        # Row by row in memory, else each product of a text with them copies all of them first.
        self._weights, self._bias, self._places = np.ascontiguousarray(weights), bias, places
        self.least = dict(least)
        self._latest: tuple[str, list[Word], Floats] = ("", [], np.empty((0, len(LABELS))))
        self._hasher = FeatureHasher(BUCKETS, input_type="string", alternate_sign=False)

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> "NameTagger":
        """Raises CheckpointError for a file that is absent or is none of ours; pickles are refused."""
        try:
            with np.load(path, allow_pickle=False) as held:
                weights, bias = held["weights"].astype(np.float64), held["bias"].astype(np.float64)
                places = frozenset(held["places"].tobytes().decode("utf-8").split("\n"))
                least = dict(zip(KINDS, held["least"].tolist(), strict=True))
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise CheckpointError(f"{path}: holds no tagger of names; run `trustdesk model train-tagger`.") from error
        if weights.shape != (BUCKETS, len(LABELS)) or bias.shape != (len(LABELS),):
            raise CheckpointError(f"{path}: its weights have another shape; run `trustdesk model train-tagger`.")
        return cls(weights, bias, places, least)

    def save(self, path: Path) -> None:
        """Half precision, compressed, without pickles."""
        path.parent.mkdir(parents=True, exist_ok=True)
        places = np.frombuffer("\n".join(sorted(self._places)).encode(), np.uint8)
        least = np.array([self.least[kind] for kind in KINDS])
        weights, bias = self._weights.astype(np.float16), self._bias.astype(np.float32)
        np.savez_compressed(path, weights=weights, bias=bias, places=places, least=least)

    def tag(self, text: str, least: float | None = None) -> list[Tagged]:
        """The names that it is sure enough of (by `least`, or each kind's own), by position."""
        words, chances = self._chances(text)
        return [
            found
            for found in (_runs(words, chances) if words else ())
            if found.confidence >= (self.least[found.kind] if least is None else least)
        ]

    def chance(self, text: str, start: int, end: int) -> float:
        """How likely a stretch of the text names something, 0–1: by the likeliest of its words."""
        words, chances = self._chances(text)
        these = [1 - row[0] for word, row in zip(words, chances, strict=True) if word.start < end and start < word.end]
        return float(max(these, default=0.0))

    def _chances(self, text: str) -> tuple[list[Word], Floats]:
        """The words, and the chance of each label at each, (n, labels)."""
        held, known, read = self._latest
        if held == text:
            return known, read
        words = words_of(text)
        if not words:
            return [], np.empty((0, len(LABELS)))
        scores = self._hasher.transform(features_of(words, self._places)) @ self._weights + self._bias
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        self._latest = (text, words, chances / chances.sum(axis=1, keepdims=True))
        return words, self._latest[2]


def _runs(words: Sequence[Word], chances: Floats) -> Iterator[Tagged]:
    """The likeliest labels in a row, read as names; a label of a name's inside without its beginning can't be."""
    logs = np.log(chances + 1e-12)
    logs[:, 0] -= OUTSIDE_DISCOUNT
    path = likeliest(logs, LABELS)
    n = 0
    while n < len(path):
        label = LABELS[path[n]]
        begin = n
        n += 1
        if label == "O":
            continue
        inside = LABELS.index(f"I-{label[2:]}")
        while n < len(path) and path[n] == inside:
            n += 1
        start, end = words[begin].start, words[n - 1].end
        if end - start < SHORTEST:
            continue
        sure = float(min(1 - chances[k, 0] for k in range(begin, n)))
        yield Tagged(start, end, label[2:], sure)


@cache
def shipped_tagger() -> NameTagger | None:
    """The tagger in `data/models`; None where there is none."""
    return NameTagger.load() if WEIGHTS.is_file() else None


_used: ContextVar["NameTagger | None"] = ContextVar("tagger")


@contextmanager
def using(tagger: NameTagger | None) -> Iterator[None]:
    """Within it `tagged` and `is_unlikely` ask this tagger, or none, in place of the shipped one."""
    token = _used.set(tagger)
    try:
        yield
    finally:
        _used.reset(token)


def tagger_in_use() -> NameTagger | None:
    """The tagger that is asked here; None where there is none."""
    return _used.get(shipped_tagger())


def tagged(text: str) -> tuple[Tagged, ...]:
    """The names of a text; none without a tagger."""
    return _tagged(text, tagger_in_use())


def is_unlikely(text: str, start: int, end: int) -> bool:
    """Whether the tagger all but rules out that a stretch of the text names anything; never without one."""
    tagger = tagger_in_use()
    return tagger is not None and tagger.chance(text, start, end) < UNLIKELY


@lru_cache(maxsize=4_096)
def _tagged(text: str, tagger: NameTagger | None) -> tuple[Tagged, ...]:
    return tuple(tagger.tag(text)) if tagger else ()
