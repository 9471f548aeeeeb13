"""Which words of a text name a certain person, and which are a postal address that leads to a door: a linear model over the words (in Chinese:
characters) around each, read a whole batch at a time.

Weights come from `data/models/people.npz` (`trustdesk model train-people` makes it; its card says what it finds and what it misses). Names of
shops, brands and places are a kind of its own, so that they are told from people. Knows no thread and no evidence.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from zipfile import BadZipFile
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from llm.errors import CheckpointError
from llm.labelling import likeliest
from llm.people_rules import again, called, people, titled, words
from llm.tagger import FAMILIES, GIVEN, LONGEST_TEXT

WEIGHTS = Path(__file__).resolve().parents[1] / "data" / "models" / "people.npz"
PERSON, ADDRESS, OTHER = "PERSON", "ADDRESS", "OTHER"
KINDS = (PERSON, ADDRESS, OTHER)
LABELS = ("O", *(f"{part}-{kind}" for kind in KINDS for part in "BI"))
BUCKETS = 2**18
PAD = 4
"""Empty words between two texts of a batch: more than any feature looks ahead or back."""

TOKEN = re.compile(
    r"[\u3400-\u9fff]|[\u0e00-\u0e7f]+|['’]s\b|[^\W\d_\u3400-\u9fff]+(?:['’-](?!s\b)[^\W\d_\u3400-\u9fff]+)*|\d+|\n|[^\w\s]|_",
    re.UNICODE,
)
_HAN = re.compile(r"[\u3400-\u9fff]")
_SURNAMES = FAMILIES | frozenset(
    "厍仝佘刁冼覃瞿栾翟解查单植容滕段兰霍荀蔺褚臧辜麦古巫幸茅敖隆尤巩鞠阚晏苑苗逄郗宓郦鄢邰仇亢逯缪麻阮操牧农屈桑甘景宫岳池原欧司上皇诸夏尉令慕钟宇轩"
)
_PIECE = re.compile(r"[^\W_]+")
_STREETS = frozenset(
    words(
        "street st road rd avenue ave lane ln drive dr close court ct way boulevard blvd terrace place square sq row crescent gardens grove hill park quay wharf parade highway hwy "
        "walk mews rue avenue allée chemin place quai boulevard straße strasse str weg platz allee gasse calle avenida av plaza paseo carrera via viale piazza corso rua travessa alameda "
        "praça estrada rodovia straat laan weg plein gracht ul ulica al aleja jalan jl jln gang lorong persiaran taman kampung kg soi thanon moo tambon amphoe đường phố ngõ ngách hẻm "
        "phường quận huyện xã thôn barangay brgy purok sitio village subd subdivision cho machi ku chome sokak sk cadde cad mahallesi mah nagar marg colony sector chs prospekt ulitsa"
    )
)
_UNITS = frozenset(
    words(
        "flat apartment apt unit suite ste floor room block blk building bldg tower house level lot plot stall locker box po office shop no nr num número apto bloco casa sala andar piso "
        "esq dpto depto kat daire rt rw kec kel kab desa số tầng căn lô phase mooring berth warehouse dock gate stand bus bte"
    )
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
_MIX = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(64 - 18)


@dataclass(frozen=True)
class Named:
    """A person's name or an address by position (code points, end exclusive), and how sure the least sure of its words is, 0–1."""

    start: int
    end: int
    kind: str
    confidence: float


LISTS = ("given", "family", "places", "groups", "chinese", "chinese_places")


class Lexicon:
    """Given names, family names and places, in lower case, and what each word looks like beside them; groups of alike English words, each
    in a line; common Chinese words and places."""

    def __init__(
        self,
        given: Iterable[str],
        family: Iterable[str],
        places: Iterable[str],
        groups: Iterable[str] = (),
        chinese: Iterable[str] = (),
        chinese_places: Iterable[str] = (),
    ) -> None:
        self.given, self.family, self.places = frozenset(given), frozenset(family), frozenset(places)
        self.groups, self.chinese, self.chinese_places = tuple(groups), frozenset(chinese), frozenset(chinese_places)
        self.names = self.given | self.family
        self._group = {word: n for n, group in enumerate(self.groups, 1) for word in group.split()}
        self._chinese = {**dict.fromkeys(self.chinese, 1), **dict.fromkeys(self.chinese_places, 2)}
        self._known: dict[str, tuple[int, ...]] = {}

    def codes(self, word: str) -> tuple[int, ...]:
        """The word, its look with what lists know of it, its bare look, its beginning, its end, its last two letters, its group."""
        found = self._known.get(word)
        if found is None:
            lower = word.casefold()
            bare = _look(word)
            look = f"{bare}{self._listed(lower)}" if lower.isalpha() or "-" in lower or "'" in lower else bare
            of = self._group.get(lower, 0 if bare[0] in "Xxo" else -1)
            parts = (lower, look, bare, lower[:3], lower[-3:], lower[-2:], f"group {of}")
            found = tuple(_code(part) for part in parts)
            if len(self._known) < 200_000:
                self._known[word] = found
        return found

    def listed(self, name: str) -> list[str]:
        """One of LISTS, in order."""
        held = getattr(self, name)
        return list(held) if name == "groups" else sorted(held)

    def standing(self, text: str, at: int) -> int:
        """A code of how a Chinese character stands in common words and places: which of two, three and four begin, go on or end there."""
        of, code = self._chinese.get, 1
        for begin, end in _AROUND:
            code = 3 * code + (of(text[at + begin : at + end], 0) if at + begin >= 0 else 0)
        return code + 1_000_000

    def _listed(self, lower: str) -> str:
        parts = lower.split("-") if "-" in lower else [lower]
        marks = (
            ("s", _STREETS, parts[-1:]), ("u", _UNITS, parts[:1]), ("g", self.given, parts), ("f", self.family, parts), ("p", self.places, [lower]),
        )  # fmt: skip
        return "".join(mark for mark, names, these in marks if any(part in names for part in these))


_AROUND = ((0, 2), (-1, 1), (0, 3), (-1, 2), (-2, 1), (0, 4), (-3, 1))


def _look(word: str) -> str:
    if _HAN.match(word):
        return "H" if word in _SURNAMES else "g" if word in GIVEN else "h"
    if word.isdigit():
        return f"d{min(len(word), 7)}"
    if word[0].isalpha():
        size = "1" if len(word) == 1 else ""
        return ("XX" if word.isupper() else "Xx" if word[0].isupper() else "x" if word.islower() else "o") + size
    return word


def _code(text: str) -> int:
    return crc32(text.encode("utf-8", "surrogatepass")) + 1


# Which codes of which neighbours make a feature: w word, s look with lists, b bare look, p beginning, e end, z last two letters, g group (in Chinese: standing).
_FEATURES = (
    "w-3", "w-2", "w-1", "w0", "w1", "w2", "w3", "s-2", "s-1", "s0", "s1", "s2", "p0", "e0", "z0 b0", "w-1 w0", "w0 w1", "w-2 w-1", "w1 w2", "w-1 s0", "s0 w1",
    "w-2 w-1 s0", "s0 w1 w2", "w-1 s0 w1", "s-1 s0 s1", "s-2 s-1 s0", "s0 s1 s2", "s-2 s-1 s0 s1 s2", "b-2 b-1 b0 b1 b2", "w-1 s0 s1", "w-2 s-1 s0", "s-1 s0 w1", "s0 s1 w2",
    "w-1 b0 b1 b2", "w-3 b-2 b-1 b0", "b-2 b-1 b0 w1", "b0 b1 b2 w3", "w-1 b0 b1 w2", "w-2 b-1 b0 w1", "w-1 b0 b1 b2 w3", "w-3 b-2 b-1 b0 w1", "w-2 b-1 b0 b1 w2",
    "w-2 w-1 b0 b1", "w-3 w-2 b-1 b0", "b-4 b-3 b-2 b-1 b0", "b0 b1 b2 b3 b4", "w-1 w1",
    "g-3", "g-2", "g-1", "g0", "g1", "g2", "g-1 g0", "g0 g1", "g-1 g0 g1", "g-2 g-1 g0", "g0 g1 g2", "g-1 s0", "s0 g1", "g-2 g-1 s0", "s0 g1 g2", "w-1 g0", "g0 w1", "g-1 s0 g1",
)  # fmt: skip
_PARTS = tuple(tuple(("wsbpezg".index(part[0]), int(part[1:])) for part in feature.split()) for feature in _FEATURES)


@dataclass(frozen=True)
class Batch:
    """The words of several texts in a row, PAD empty ones between: where each stands, -1 for empty; `begins` has each text's first."""

    starts: Ints
    ends: Ints
    begins: list[int]
    codes: NDArray[np.uint64]


def batch_of(texts: Sequence[str], lexicon: Lexicon) -> Batch:
    """Reads at most LONGEST_TEXT characters of each text."""
    blank = (0,) * 7
    rows: list[tuple[int, ...]] = [blank] * PAD
    starts, ends, begins = [-1] * PAD, [-1] * PAD, []
    for text in texts:
        begins.append(len(rows))
        for match in TOKEN.finditer(text[:LONGEST_TEXT]):
            word = match.group()
            codes = lexicon.codes(word)
            rows.append((*codes[:6], lexicon.standing(text, match.start())) if _HAN.match(word) else codes)
            starts.append(match.start())
            ends.append(match.end())
        rows += [blank] * PAD
        starts += [-1] * PAD
        ends += [-1] * PAD
    begins.append(len(rows))
    return Batch(np.array(starts), np.array(ends), begins, np.array(rows, np.uint64))


def feature_columns(batch: Batch) -> Iterator[NDArray[np.uint64]]:
    """For each feature the bucket (below BUCKETS) of each word."""
    size = len(batch.codes)
    for number, parts in enumerate(_PARTS):
        mixed = np.full(size, number + 1, np.uint64)
        for kind, offset in parts:
            mixed = (mixed ^ np.roll(batch.codes[:, kind], -offset)) * _MIX
            mixed ^= mixed >> np.uint64(29)
        yield (mixed * _MIX) >> _SHIFT


class PeopleTagger:
    """A trained tagger. `weights` (BUCKETS, labels), `bias` (labels,): the scores of LABELS are the sum over a word's features."""

    def __init__(self, weights: Floats, bias: Floats, lexicon: Lexicon, least: dict[str, float]) -> None:
        self.weights, self.bias, self.lexicon, self.least = weights, bias, lexicon, least

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> "PeopleTagger":
        """Raises CheckpointError for a file that is absent or is none of ours; pickles are refused."""
        try:
            with np.load(path, allow_pickle=False) as held:
                weights, bias = held["weights"].astype(np.float32) * held["scale"], held["bias"].astype(np.float32)
                lists = [held[name].tobytes().decode("utf-8").split("\n") for name in LISTS]
                least = dict(zip(KINDS, held["least"].tolist(), strict=True))
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise CheckpointError(f"{path}: holds no tagger of people; run `trustdesk model train-people`.") from error
        if weights.shape != (BUCKETS, len(LABELS)) or bias.shape != (len(LABELS),):
            raise CheckpointError(f"{path}: its weights have another shape; run `trustdesk model train-people`.")
        return cls(weights, bias, Lexicon(*lists), least)

    def save(self, path: Path) -> None:
        """One byte a weight, compressed, without pickles."""
        path.parent.mkdir(parents=True, exist_ok=True)
        lists = {name: np.frombuffer("\n".join(self.lexicon.listed(name)).encode(), np.uint8) for name in LISTS}
        least = np.array([self.least[kind] for kind in KINDS])
        scale = np.float32(np.quantile(np.abs(self.weights[self.weights != 0]), 0.9999) / 127)
        weights = np.clip(np.rint(self.weights / scale), -127, 127).astype(np.int8)
        bias = self.bias.astype(np.float32)
        np.savez_compressed(path, weights=weights, scale=scale, bias=bias, least=least, **lists)  # type: ignore[arg-type]

    def tag(self, texts: Sequence[str]) -> list[list[Named]]:
        """The names of people and the addresses of each text that it is sure enough of, by position."""
        batch = batch_of(texts, self.lexicon)
        chances = self.chances(batch)
        found = []
        for text, begin, end in zip(texts, batch.begins, batch.begins[1:], strict=False):
            rows = slice(begin, end - PAD)
            names = _runs(batch.starts[rows], batch.ends[rows], chances[rows])
            found.append(self._ruled(text, [n for n in names if n.confidence >= self.least[n.kind]]))
        return found

    def _ruled(self, text: str, names: Sequence[Named]) -> list[Named]:
        addresses = [n for n in names if n.kind == ADDRESS and _leads(text[n.start : n.end])]
        sure = {n.start: n.confidence for n in names}
        spans = people(text, [(n.start, n.end) for n in names if n.kind == PERSON], self.lexicon)
        said = {text[start:end] for start, end in spans}
        said |= {part for name in said for part in called(name, self.lexicon.chinese)}
        spans = [*spans, *titled(text, _SURNAMES, self.lexicon.chinese)]
        spans = sorted({*spans, *again(text, sorted(said))}, key=lambda span: (span[0], -span[1]))
        found = [Named(start, end, PERSON, sure.get(start, 1.0)) for start, end in spans]
        return sorted([*addresses, *found], key=lambda n: (n.start, -n.end))

    def chances(self, batch: Batch) -> Floats:
        """The chance of each label at each word, (words, labels)."""
        scores = np.tile(self.bias, (len(batch.codes), 1))
        for column in feature_columns(batch):
            scores += self.weights[column.astype(np.int64)]
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances: Floats = scores / scores.sum(axis=1, keepdims=True)
        return chances


OUTSIDE_DISCOUNT = 1.5
"""How much less the label of nothing weighs (nats): it stands at nearly every word, and a kind's own least confidence decides anyway."""


def _runs(starts: Ints, ends: Ints, chances: Floats) -> Iterator[Named]:
    """The likeliest labels in a row, stretch by stretch of words that may be something; an inside without its beginning can't be."""
    busy = np.flatnonzero(chances[:, 0] < 0.97)
    if not busy.size:
        return
    for stretch in np.split(busy, np.flatnonzero(np.diff(busy) > 1) + 1):
        logs = np.log(chances[stretch] + 1e-9)
        logs[:, 0] -= OUTSIDE_DISCOUNT
        path = likeliest(logs, LABELS)
        n = 0
        while n < len(path):
            begin, label = n, path[n]
            n += 1
            if label == 0:
                continue
            while n < len(path) and path[n] == label + 1 and label % 2 == 1:
                n += 1
            kind = LABELS[label][2:]
            these = stretch[begin:n]
            columns = [label - (label + 1) % 2, label - (label + 1) % 2 + 1]
            sure = float(np.median(chances[these][:, columns].sum(axis=1)))
            yield Named(int(starts[these[0]]), int(ends[these[-1]]), kind, sure)


def _leads(said: str) -> bool:
    """Whether an address has a door or a code beside a name: without a number it is a place, and a flat's number alone is none."""
    has_number = any(c.isdigit() or c in "一二三四五六七八九十" for c in said)
    return len(said) >= 5 and has_number and (_HAN.search(said) is not None or len(_PIECE.findall(said)) > 2)


@cache
def shipped() -> PeopleTagger | None:
    """The tagger in `data/models`; None where there is none."""
    return PeopleTagger.load() if WEIGHTS.is_file() else None


@lru_cache(maxsize=4_096)
def people_in(text: str) -> tuple[Named, ...]:
    """The names of people and the addresses in a text; none without a tagger."""
    tagger = shipped()
    return tuple(tagger.tag([text])[0]) if tagger else ()


def people_in_all(texts: Sequence[str]) -> list[tuple[Named, ...]]:
    """`people_in` of each text, read together."""
    tagger = shipped()
    return [tuple(named) for named in tagger.tag(texts)] if tagger else [()] * len(texts)
