"""From written threads to training pairs without end: facts, policy, order, noise, language of sources and matters are varied.

What a variation takes away from a brief, it takes from the reference too: no pair teaches a sentence whose source is absent.
Knows the corpus and the prompt's language; no tokens' ids and no torch.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache

from llm.desk.corpus import CitedText, CorpusThread, Marked, Reply
from llm.desk.prompt import (
    END,
    POLICY,
    RECORD,
    REPLY,
    SUMMARY,
    WRITE,
    Asked,
    Source,
    WrittenLine,
    fitted,
    flat,
    line_text,
    prompt_of,
    record_text,
    source_tokens,
)
from llm.desk.slots import SLOT, Place, SlotBook, figures, key_of, known_names, places
from llm.desk.variation import TOKEN, RareWords, noised
from llm.knowledge import Knowledge
from llm.language import CHINESE, ENGLISH
from llm.types import Passage

SHARE_SUMMARIES = 0.42
SHARE_MERGED = 0.15
SHARE_NOISED = 0.35
SHARE_SWAPPED = 0.6
DISTRACTING_PASSAGES = 5
_PROMPT_CHARACTERS = 4_200


@dataclass(frozen=True)
class Pair:
    """A prompt and what is to be written."""

    prompt: str
    target: str


Fit = Callable[[Sequence[Source]], list[Source]]
"""Cuts sources to what a prompt may hold, as `llm.desk.prompt.fitted` does."""


def fits_characters(sources: Sequence[Source]) -> list[Source]:
    """The sources cut to 4,200 characters, a token counting as one."""
    return fitted(sources, lambda text: len(TOKEN.sub("x", text)), _PROMPT_CHARACTERS)


@dataclass
class _Brief:
    """What one thread adds to a prompt, each source by a cite of its own."""

    sources: list[Source] = field(default_factory=list)
    lines: list[WrittenLine] = field(default_factory=list)


class PairMaker:
    """Makes pairs of a corpus, whose prompts `fit` cuts; the same seed makes the same pairs."""

    def __init__(self, threads: Sequence[CorpusThread], knowledge: Knowledge, fit: Fit = fits_characters) -> None:
        self._threads = list(threads)
        self._fit = fit
        self._by_language = {
            language: [thread for thread in threads if thread.language == language] for language in (ENGLISH, CHINESE)
        }
        self._passages = {
            language: {p.cite: p for p in knowledge.passages(language)} for language in (ENGLISH, CHINESE)
        }
        self._rare = {
            language: RareWords(map(_words_of, these), language) for language, these in self._by_language.items()
        }
        self._articles = {intent.intent_id: intent.articles for intent in knowledge.taxonomy.intents}

    def pairs(self, seed: int) -> Iterator[Pair]:
        """Pairs without end."""
        deal = random.Random(seed)
        while True:
            order = list(self._threads)
            deal.shuffle(order)
            for thread in order:
                pair = self.pair(thread, deal)
                if pair is not None:
                    yield pair

    def pair(self, thread: CorpusThread, deal: random.Random) -> Pair | None:
        """One variation of a thread; None when nothing is left to write."""
        is_summary = deal.random() < SHARE_SUMMARIES
        merged = [thread]
        if deal.random() < SHARE_MERGED and len(thread.messages) <= 3:
            other = deal.choice(self._by_language[thread.language])
            if other is not thread and len(other.messages) <= 3:
                merged.append(other)
        book = SlotBook(deal if deal.random() < 0.7 else None)
        made = self._summary(merged, book, deal) if is_summary else self._reply(merged, book, deal)
        if made is None or made.target == END:
            return None
        if deal.random() < SHARE_SWAPPED:
            return Pair(*self._rare[thread.language].swapped(made.prompt, made.target, deal))
        return made

    def echo(self, deal: random.Random) -> Pair:
        """A message as hurried hands would type it, to be written as it was."""
        thread = deal.choice(self._threads)
        said = _said(thread, SlotBook(deal), "0", None)
        source = deal.choice(said)
        noisy = noised(noised(source.text, thread.language, deal), thread.language, deal)
        return Pair(f"<{thread.language}>{source.kind}{noisy}{WRITE}", f"{source.text}{END}")

    def warm(self) -> None:
        """Finds every figure and name once, so that processes forked from this one need not."""
        for thread in self._threads:
            for reply in (None, *thread.replies):
                self.plain(thread, reply)
        for passages in self._passages.values():
            for passage in passages.values():
                _figures(flat(passage.text))

    def plain(self, thread: CorpusThread, reply: Reply | None) -> Pair:
        """A thread as it was written, with its reference: what a held-out loss is measured on. Its policy is what the reference cites."""
        book = SlotBook()
        brief = _Brief()
        if reply is not None:
            wanted = [c for s in reply.sentences for c in s.cites if c.startswith("article:")]
            brief.sources += self._policy(wanted, thread.language, book, "0")
            brief.sources += self._records(thread, list(range(len(thread.facts))), book, "0")
        brief.sources += _said(thread, book, "0", None)
        references = reply.sentences if reply is not None else thread.summary
        asked = Asked(REPLY, thread.language, reply.tone, reply.length) if reply else Asked(SUMMARY, thread.language)
        brief.lines = [line for s in references if (line := _line(s, thread, book, "0"))]
        return _pair(asked, brief, self._fit)

    def _summary(self, threads: Sequence[CorpusThread], book: SlotBook, deal: random.Random) -> Pair | None:
        brief = _Brief()
        for n, thread in enumerate(threads):
            noise = deal if deal.random() < SHARE_NOISED else None
            brief.sources += _said(thread, book, str(n), noise)
            brief.lines += [line for s in thread.summary if (line := _line(s, thread, book, str(n)))]
        return _pair(Asked(SUMMARY, threads[0].language), brief, self._fit) if brief.lines else None

    def _reply(self, threads: Sequence[CorpusThread], book: SlotBook, deal: random.Random) -> Pair | None:
        policy: list[Source] = []
        records: list[Source] = []
        said: list[Source] = []
        drafts: list[tuple[CorpusThread, str, Reply, list[CitedText]]] = []
        for n, thread in enumerate(threads):
            reply = deal.choice(thread.replies)
            sentences = list(reply.sentences)
            if deal.random() < 0.25:
                sentences = self._without_a_source(sentences, deal)
            if len(threads) == 1 and reply.length == "normal" and deal.random() < 0.12:
                reply, sentences = replace(reply, length="short"), _short(sentences)
            wanted = [c for s in sentences for c in s.cites if c.startswith("article:")]
            policy += self._policy([*wanted, *self._distracting(thread, deal)], thread.language, book, str(n))
            records += self._records(thread, self._kept_facts(thread, sentences, deal), book, str(n))
            said += _said(thread, book, str(n), deal if deal.random() < SHARE_NOISED else None)
            drafts.append((thread, str(n), reply, sentences))
        deal.shuffle(policy)
        if deal.random() < 0.5:
            deal.shuffle(records)
        unique = {source.cite.partition("|")[2]: source for source in reversed(policy)}
        shared = [s for s in policy if unique.get(s.cite.partition("|")[2]) is s]
        brief = _Brief([*shared, *records, *said])
        same_policy = {s.cite: unique[s.cite.partition("|")[2]].cite for s in policy}
        brief.lines = [
            replace(line, cites=tuple(dict.fromkeys(same_policy.get(c, c) for c in line.cites)))
            for line in _joined(drafts, book)
        ]
        first = drafts[0][2]
        length = first.length if len(drafts) == 1 else ("normal" if len(brief.lines) <= 6 else "long")
        asked = Asked(REPLY, threads[0].language, first.tone, length)
        return _pair(asked, brief, self._fit) if brief.lines else None

    def _policy(self, cites: Sequence[str], language: str, book: SlotBook, n: str) -> list[Source]:
        found = [
            (cite, self._passages[language][cite]) for cite in dict.fromkeys(cites) if cite in self._passages[language]
        ]
        return [
            Source(f"{n}|{cite}", POLICY, book.slotted(text, _figures(text), f"{n}|{cite}"))
            for cite, passage in found
            if (text := flat(passage.text))
        ]

    def _distracting(self, thread: CorpusThread, deal: random.Random) -> list[str]:
        """Policy that a search might bring along: of the matter's articles, and of any."""
        passages: Mapping[str, Passage] = self._passages[thread.language]
        articles = {a for intent in thread.intents for a in self._articles.get(intent, ())}
        near = [cite for cite, p in passages.items() if p.article_id in articles]
        chosen = deal.sample(near, min(len(near), deal.randint(0, DISTRACTING_PASSAGES)))
        return [*chosen, *deal.sample(list(passages), deal.randint(0, 2))]

    def _kept_facts(self, thread: CorpusThread, sentences: Sequence[CitedText], deal: random.Random) -> list[int]:
        cited = {cite for s in sentences for cite in s.cites}
        return [n for n, i in enumerate(thread.fact_ids) if f"fact:{i}" in cited or deal.random() < 0.8]

    def _records(self, thread: CorpusThread, kept: Sequence[int], book: SlotBook, n: str) -> list[Source]:
        found = []
        for place in kept:
            cite, text = f"{n}|fact:{thread.fact_ids[place]}", thread.facts[place]
            slotted = book.slotted(flat(text.text), gold_places(text, _known(thread), thread.sent_at[-1]), cite)
            found.append(Source(cite, RECORD, record_text(thread.fact_names[place], slotted)))
        return found

    @staticmethod
    def _without_a_source(sentences: list[CitedText], deal: random.Random) -> list[CitedText]:
        """The reply to a brief that lacks one record or paragraph: without what rested on it."""
        cites = sorted({c for s in sentences for c in s.cites if not c.startswith("message:")})
        if not cites:
            return sentences
        gone = deal.choice(cites)
        left = [s for s in sentences if gone not in s.cites]
        return left if len(left) >= 3 else sentences


def _words_of(thread: CorpusThread) -> str:
    """All that a thread and its references say, for counting words."""
    said = [text.text for text in (*thread.messages, *thread.facts)]
    written = [s.marked.text for s in (*thread.summary, *(s for reply in thread.replies for s in reply.sentences))]
    return "\n".join([*said, *written])


@cache
def _figures(text: str) -> tuple[Place, ...]:
    return tuple(figures(text))


def _known(thread: CorpusThread) -> tuple[tuple[str, str], ...]:
    return tuple(known_names(zip(thread.fact_names, (fact.text for fact in thread.facts), strict=True)).items())


def _said(thread: CorpusThread, book: SlotBook, n: str, noise: random.Random | None) -> list[Source]:
    known = _known(thread)
    found = []
    for i, author, at, text in zip(thread.message_ids, thread.authors, thread.sent_at, thread.messages, strict=True):
        cite = f"{n}|message:{i}"
        slotted = book.slotted(flat(text.text), gold_places(text, known, at), cite)
        found.append(Source(cite, f"<{author}>", noised(slotted, thread.language, noise) if noise else slotted))
    return found


@cache
def gold_places(text: Marked, known: tuple[tuple[str, str], ...], sent_at: datetime | None) -> tuple[Place, ...]:
    """The marked figures and names, and what code finds beside them; where both see the same stretch, code's type stands."""
    found = places(flat(text.text), dict(known), sent_at)
    at = {(place.start, place.end): place for place in found}
    gold = []
    for mark in text.marks:
        seen = at.get((mark.start, mark.end))
        type_ = seen.type if seen else _type(mark.type)
        key = seen.key if seen and not mark.canonical else key_of(mark.type, mark.canonical or mark.text, sent_at)
        gold.append(Place(mark.start, mark.end, type_, key, mark.text))
    taken = {i for place in gold for i in range(place.start, place.end)}
    beside = [place for place in found if not any(i in taken for i in range(place.start, place.end))]
    return tuple(sorted([*gold, *beside], key=lambda place: place.start))


def _type(type_: str) -> str:
    return {"tracking": "id", "place": "name"}.get(type_, type_)


_NAMELESS = {ENGLISH: "the merchant", CHINESE: "商家"}


def _line(sentence: CitedText, thread: CorpusThread, book: SlotBook, n: str) -> WrittenLine | None:
    """A reference sentence in slots; None when it holds a figure or name that no source of the brief holds.

    A shop that only a record names is "the merchant" where the brief has no records.
    """
    text = flat(sentence.marked.text)
    marked = {(mark.start, mark.end) for mark in sentence.marked.marks}
    pieces, at = [], 0
    for place in gold_places(sentence.marked, _known(thread), thread.sent_at[-1]):
        token = book.token_of(place.key)
        if token is None and place.type == "merchant":
            token = _NAMELESS[thread.language]
            token = token.capitalize() if place.start == 0 else token
        elif token is None and (any(c.isdigit() for c in place.text) or (place.start, place.end) in marked):
            return None
        pieces += [text[at : place.start], token or place.text]
        at = place.end
    cites = tuple(f"{n}|{cite}" for cite in sentence.cites)
    return WrittenLine(sentence.part, cites, "".join([*pieces, text[at:]]))


def _short(sentences: Sequence[CitedText]) -> list[CitedText]:
    """Three sentences of a reply: what opens it, what it says, what comes next."""
    opening = sentences[0]
    says = next((s for s in sentences[1:] if s.part in {"fact", "decision", "rule"}), None)
    ahead = next((s for s in reversed(sentences) if s.part in {"next_step", "ask", "appeal", "hand_over"}), None)
    return [s for s in dict.fromkeys((opening, says, ahead)) if s is not None]


def _joined(drafts: Sequence[tuple[CorpusThread, str, Reply, list[CitedText]]], book: SlotBook) -> list[WrittenLine]:
    """The lines of one reply, or of two as one: the second without its opening, closings once and last."""
    body: list[WrittenLine] = []
    closing: list[WrittenLine] = []
    for place, (thread, n, _, sentences) in enumerate(drafts):
        for sentence in sentences:
            line = _line(sentence, thread, book, n)
            if line is None or (place and sentence.part == "acknowledge" and len(sentences) > 2):
                continue
            (closing if sentence.part == "close" else body).append(line)
    return [*body, *closing[:1]] if len(drafts) > 1 else [*body, *closing]


def _pair(asked: Asked, brief: _Brief, fit: Fit) -> Pair:
    """The pair of a brief that fits; a line stays where each of its slots stands in a source that it cites."""
    kept = fit(brief.sources)
    numbers = dict(zip((s.cite for s in kept), source_tokens(), strict=False))
    place = {cite: n for n, cite in enumerate(numbers)}
    held = {source.cite: set(SLOT.findall(source.text)) for source in kept}
    lines = [
        replace(line, cites=cites)
        for line in brief.lines
        if (cites := tuple(sorted((c for c in line.cites if c in numbers), key=place.__getitem__)))
        and set(SLOT.findall(line.text)) <= set().union(*(held[c] for c in cites))
    ]
    return Pair(prompt_of(asked, kept), "".join(line_text(line, numbers) for line in lines) + END)
