"""Training of the tagger of people and addresses: made names and addresses in written frames, and the corpus' own marks. Minutes on one core."""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from llm.desk.corpus import CorpusThread, Mark, Marked
from llm.desk.people_addresses import Addresses
from llm.desk.people_frames import deeds, frames, spoken, turns
from llm.desk.people_words import CHINESE_LOCALES, CITIES, PLACES_OF_WORDS, names
from llm.desk.tagger_training import listed_places, marked_texts
from llm.language import CHINESE, is_chinese
from llm.people import (
    ADDRESS,
    BUCKETS,
    LABELS,
    OTHER,
    PERSON,
    TOKEN,
    Floats,
    Lexicon,
    PeopleTagger,
    batch_of,
    feature_columns,
)

COPIES = {"en": 26, "zh": 34, "pt": 14, "id": 14, "ms": 14, "vi": 14, "ph": 14, "th": 10}
RATE = 0.05
EPOCHS = 3
ROUNDS = 2
AT_ONCE = 8_192
HIDDEN = 0.4
LISTED = 0.7
"""Share of the names that the lists know while it learns, so that it also learns from what stands around a name."""

LEAST = {PERSON: 0.25, ADDRESS: 0.25, OTHER: 0.5}
Columns = NDArray[np.int32]
SWAPS = 2
NAMED = 1
_ROLE = {
    "en": re.compile(
        r"\b(?:(?P<role>(?:the|our|my|your|a|this) (?:new )?(?:buyer|customer|driver|agent|courier|colleague|accountant|neighbou?r|owner|manager|sister|brother|wife|husband|daughter|son))|she|he)\b(?!')",
        re.I,
    ),
    "zh": re.compile(
        r"(?P<role>买家|顾客|客户|司机|客服|快递员|同事|店员|会计|邻居|老板|师傅)(?!们|端|号|电话|服务|中心|部|说明|秀)|(?<![其吉])[她他](?!们|人|的话)"
    ),
}
"""Where a corpus text speaks of somebody, a name can stand."""

_FIELD = re.compile(r"\{(\w+)\}")
_KIND_OF = {"name": PERSON, "merchant": OTHER, "carrier": OTHER, "place": OTHER}


class Writer:
    """Fills frames: each filled field that is a person, an address or another name is marked."""

    def __init__(self, words: Addresses, nameless: dict[bool, list[str]], carriers: dict[bool, list[str]]) -> None:
        self._w, self._nameless, self._carriers = words, nameless, carriers

    def filled(self, frame: str, language: str) -> Marked:
        """One text, often with a sentence without names before or after it."""
        deal, chinese = self._w.deal, language == "zh"
        pieces, marks, at, length = [], [], 0, 0
        if deal.random() < 0.45:
            pieces.append(deal.choice(self._nameless[chinese]) + ("" if chinese else " "))
            length = len(pieces[0])
        for match in _FIELD.finditer(frame):
            between = frame[at : match.start()]
            kind, said = self._field(match[1], language)
            pieces += [between, said]
            length += len(between)
            if kind:
                marks.append(Mark(length, length + len(said), kind, said))
            length += len(said)
            at = match.end()
        pieces.append(frame[at:])
        if deal.random() < 0.3:
            pieces.append(("" if chinese else " ") + deal.choice(self._nameless[chinese]))
        return Marked("".join(pieces), tuple(marks))

    def _field(self, name: str, language: str) -> tuple[str, str]:
        w, chinese = self._w, language == "zh"
        if name in {
            "person",
            "nick",
            "family",
            "first",
            "last",
            "lower",
            "upper",
            "foreign",
            "pinyin",
            "transliterated",
            "minority",
            "thai",
        }:
            return PERSON, self._person(name, language)
        if name == "address":
            return ADDRESS, w.chinese_address() if chinese else w.address(language)
        if name == "loweraddress":
            return ADDRESS, w.address(language).casefold()
        if name in {"shop", "brand", "place"}:
            return OTHER, getattr(w, name)(chinese)
        if name == "did":
            return "", _FIELD.sub(lambda m: self._field(m[1], language)[1], w.pick(deeds()[language]))
        if name == "carrier":
            return OTHER, w.pick(self._carriers[chinese])
        return "", self._plain(name)

    def _person(self, name: str, language: str) -> str:
        w = self._w
        if name in {"nick", "family", "foreign", "transliterated", "minority", "pinyin", "thai"}:
            return str(getattr(w, name)())
        if name == "person":
            return w.chinese() if language == "zh" else w.person(language)
        if name == "upper" and language == "zh":
            return w.pinyin().upper()
        if name in {"first", "last"}:
            return str(getattr(w, name)(language))
        plain = f"{w.first('en')} {w.last('en')}" if w.deal.random() < 0.6 else w.first("en")
        return plain.casefold() if name == "lower" else plain.upper() if name == "upper" else plain

    def _plain(self, name: str) -> str:
        w = self._w
        n = w.number
        made = {
            "order": f"TD-{n(10000000, 99999999)}", "merchant": f"M-0{n(1000, 9999)}", "count": n(2, 60), "date": w.pick([f"{n(1, 28)} {w.pick(['May', 'June', 'March', 'April'])}", f"2026-0{n(1, 9)}-{n(10, 28)}", f"{n(1, 12)} 月 {n(1, 28)} 日"]),
            "phone": w.pick([f"+{n(30, 99)} {n(100, 999)} {n(1000, 9999)}", f"1{n(30, 89)}{n(10000000, 99999999)}", f"0{n(100, 999)} {n(100, 999)} {n(100, 999)}"]), "email": f"{w.pick(['info', 'sales', 'mail', 'shop'])}{n(1, 99)}@example.org",
            "num": w.pick([n(1000, 9999), n(10000000, 999999999), f"{n(1000, 9999)} {n(1000, 9999)} {n(1000, 9999)}"]), "tracking": w.pick([f"SF{n(10**10, 10**11)}", f"1Z{n(10**9, 10**10)}", f"{n(10**12, 10**13)}"]), "clause": f"{w.pick('FQIP')}-{n(1, 4)}.{n(1, 5)}",
            "time": f"{n(10, 23)}:{n(10, 59)}", "role": w.pick(["owner", "shop manager", "accountant", "packer", "driver"]),
        }  # fmt: skip
        return made[name]

    def swapped(self, text: Marked, language: str) -> Marked:
        """The text with other names in the stead of those marked."""
        fields = {
            PERSON: self._w.deal.choice(("person", "person", "first" if language == "en" else "nick")),
            OTHER: self._w.deal.choice(("shop", "place")),
        }
        return _with(text, [(m.start, m.end, m.type, self._field(fields[m.type], language)[1]) for m in text.marks])

    def named(self, text: Marked, language: str) -> Marked:
        """The text with a name where it speaks of the buyer, the driver, her or him; now and then behind the word itself."""
        deal = self._w.deal
        changed = [(m.start, m.end, m.type, m.text) for m in text.marks]
        for match in _ROLE[language].finditer(text.text):
            start, end = match.span()
            if deal.random() < 0.4 or any(start < m.end and m.start < end for m in text.marks):
                continue
            said = self._field(deal.choice(("person", "person", "first" if language == "en" else "nick")), language)[1]
            if deal.random() < 0.3 and match["role"]:
                changed.append((end, end, PERSON, said) if language == "zh" else (end, end, PERSON, f" {said}"))
            else:
                changed.append((start, end, PERSON, said))
        return _with(text, sorted(changed))


def _with(text: Marked, changes: Sequence[tuple[int, int, str, str]]) -> Marked:
    """The text with each stretch replaced by what is said there, marked without blanks at its edge."""
    pieces, marks, at, length = [], [], 0, 0
    for start, end, kind, said in changes:
        pieces += [text.text[at:start], said]
        length += start - at
        bare = said.lstrip()
        marks.append(Mark(length + len(said) - len(bare), length + len(said), kind, bare))
        length += len(said)
        at = end
    return Marked("".join([*pieces, text.text[at:]]), tuple(marks))


def train_people(threads: Sequence[CorpusThread], seed: int = 1) -> PeopleTagger:
    """A tagger from the frames, and from the threads that are not held out: the mean of ROUNDS that are each dealt anew."""
    open_ = [thread for thread in threads if not thread.is_held_out]
    rounds = [_round(open_, seed + n) for n in range(ROUNDS)]
    weights, bias = (np.asarray(sum(part) / ROUNDS, np.float32) for part in zip(*rounds, strict=True))
    return PeopleTagger(weights, bias, _lexicon(1.0), dict(LEAST))


def _round(threads: Sequence[CorpusThread], seed: int) -> tuple[Floats, Floats]:
    texts = list(_texts(threads, random.Random(seed)))
    batch = batch_of([text.text for text in texts], _lexicon(LISTED))
    labels = np.concatenate([*(np.r_[_labels(text), [-1] * 4] for text in texts)])
    labels = np.r_[[-1] * 4, labels]
    rows = np.flatnonzero(labels >= 0)
    columns = np.stack([column[rows].astype(np.int32) for column in feature_columns(batch)], axis=1)
    return _fitted(columns, labels[rows], seed)


def _fitted(columns: Columns, labels: NDArray[np.int64], seed: int) -> tuple[Floats, Floats]:
    """Softmax regression by AdaGrad; at each step some features are hidden, so that no single one decides. `columns` (words, features)."""
    import torch

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    bag = torch.nn.EmbeddingBag(BUCKETS, len(LABELS), mode="sum", sparse=True)
    torch.nn.init.zeros_(bag.weight)
    bias = torch.nn.Parameter(torch.zeros(len(LABELS)))
    optimizer = torch.optim.Adagrad([bag.weight, bias], lr=RATE)
    answers = torch.from_numpy(labels)
    for epoch in range(EPOCHS):
        for group in optimizer.param_groups:
            group["lr"] = RATE * (1 - epoch / EPOCHS)
        for chosen in torch.split(torch.randperm(len(labels)), AT_ONCE):
            some = torch.from_numpy(columns[chosen.numpy()])
            shown = (torch.rand(some.shape) > HIDDEN).float() / (1 - HIDDEN)
            loss = torch.nn.functional.cross_entropy(bag(some, per_sample_weights=shown) + bias, answers[chosen])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return bag.weight.detach().numpy(), bias.detach().numpy()


def _lexicon(share: float) -> Lexicon:
    """The listed names and places of one word; of the names a share, by a hash."""
    given: set[str] = set()
    family: set[str] = set()
    for locale, parts in names().items():
        for held, listed in zip((given, family), parts if locale not in CHINESE_LOCALES else (), strict=False):
            held.update(w for name in listed for w in name.casefold().replace("-", " ").split() if len(w) > 1)
    where = [name.casefold() for name in (*listed_places(), *CITIES) if not is_chinese(name)]
    places = {w for name in where for w in (name, *name.split()) if len(w) > 2}

    def kept(words: set[str]) -> set[str]:
        return {word for word in words if crc32(word.encode()) % 100 < share * 100}

    groups: dict[str, list[str]] = {"en": [], "zh": [], "place": []}
    for line in (PLACES_OF_WORDS / "words.tsv").read_text("utf-8").splitlines():
        of, _, together = line.partition("\t")
        groups[of].append(together)
    chinese, chinese_places = (groups[of][0].split() for of in ("zh", "place"))
    return Lexicon(kept(given), kept(family), places, groups["en"], chinese, chinese_places)


def _texts(threads: Sequence[CorpusThread], deal: random.Random) -> Iterator[Marked]:
    """The corpus' texts, the same with other names and with names where it speaks of somebody, and the filled frames."""
    own, stock = _own(threads)
    common = "".join(c for text in stock.nameless[True] for c in text if is_chinese(c))
    writer = Writer(Addresses(deal, stock.places, common), stock.nameless, stock.carriers)
    yield from own
    for text in own:
        language = "zh" if is_chinese(text.text) else "en"
        if any(mark.type == PERSON for mark in text.marks):
            yield from (writer.swapped(text, language) for _ in range(SWAPS))
        if _ROLE[language].search(text.text):
            yield from (writer.named(text, language) for _ in range(NAMED))
    for language, lines in frames().items():
        for frame in lines:
            for _ in range(round(COPIES[language] * turns(frame))):
                yield writer.filled(spoken(frame, deal), language)


@dataclass
class _Stock:
    """What the corpus and the lists give to fill frames with, Chinese (True) and other."""

    places: dict[bool, list[str]] = field(default_factory=lambda: {True: [], False: []})
    carriers: dict[bool, list[str]] = field(default_factory=lambda: {True: [], False: []})
    nameless: dict[bool, list[str]] = field(default_factory=lambda: {True: [], False: []})


def _own(threads: Sequence[CorpusThread]) -> tuple[list[Marked], _Stock]:
    own, stock = [], _Stock()
    for name in (*sorted(listed_places()), *CITIES * 3):
        stock.places[is_chinese(name)].append(name)
    for thread in threads:
        for text in marked_texts(thread):
            marks = tuple(Mark(m.start, m.end, _KIND_OF[m.type], m.text) for m in text.marks if m.type in _KIND_OF)
            own.append(Marked(text.text, marks))
            if not {m.type for m in text.marks} & {*_KIND_OF, "contact"} and len(text.text) > 8:
                stock.nameless[thread.language == CHINESE].append(text.text)
            for mark in text.marks:
                held = {"place": stock.places, "carrier": stock.carriers}.get(mark.type)
                if held is not None:
                    held[is_chinese(mark.text)].append(mark.text)
    return own, stock


def _labels(text: Marked) -> list[int]:
    found = []
    for match in TOKEN.finditer(text.text):
        mark = next((m for m in text.marks if m.start < match.end() and match.start() < m.end), None)
        part = "B" if mark and match.start() <= mark.start else "I"
        found.append(LABELS.index(f"{part}-{mark.type}") if mark else 0)
    return found
