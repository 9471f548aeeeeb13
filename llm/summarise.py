"""A thread in fixed slots, out of its own sentences: intent, two or three sentences with their messages, open questions, next event.

Extractive: what is shown stands in a message word for word. Knows no warehouse and no writer.
"""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from llm.errors import InputError
from llm.handover import names_another
from llm.language import CHINESE, ENGLISH, WRITTEN, is_chinese, sentences, thread_language
from llm.moves import asks, is_holding, is_receipt, is_row
from llm.next_event import next_event
from llm.spans import extract
from llm.taxonomy import OTHER, Taxonomy
from llm.triage import Triage, triage_of
from llm.types import Author, Message, Sentence, Summary, Thread
from llm.vectors import Matrix, SentenceEncoder, encode_english, similarities

ENGINE = "extractive"
LONGEST_SHOWN = 220
READ_MESSAGES = 60
SENTENCES_A_MESSAGE = 12
CANDIDATES = 240
EMBEDDED = 64
"""Bounds: what is read of a thread costs the same for 1 message, 300 messages or 100,000 characters in one."""

REDUNDANT_ABOVE = 0.75
WEIGHTS = {"centroid": 1.0, "lead": 0.35, "figures": 0.08, "length": 0.25, "order": 0.2}
_ASKERS = frozenset({"merchant", "buyer"})
AUTOMATIC = 0.6
"""What an automatic message loses against a person's."""

_FRAMES: dict[str, dict[str, str]] = {
    ENGLISH: {
        "merchant": "The merchant writes: “{}”",
        "buyer": "The buyer writes: “{}”",
        "agent": "The agent replies: “{}”",
        "bot": "The bot replies: “{}”",
        "system": "The system notes: “{}”",
    },
    CHINESE: {
        "merchant": "商家表示：“{}”",
        "buyer": "买家表示：“{}”",
        "agent": "客服回复：“{}”",
        "bot": "机器人回复：“{}”",
        "system": "系统记录：“{}”",
    },
}
_PLEASANTRY = re.compile(
    r"^(?:(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|thanks?(?: you| so much| a lot| for (?:reaching out|contacting us|your (?:message|patience|help|reply)))?|cheers|ok(?:ay)?|"
    r"sorry(?: (?:for|about|to hear)[^.!?]{0,40})?|best regards|regards|hope (?:this|that) helps)\b[^.!?]{0,30}[.!?,~]*"
    r"|(?:您好|你好|亲|谢谢|感谢|好的|收到|嗯|在吗|辛苦了|不客气)[^。！？]{0,10}[。！？，~]*)$",
    re.I,
)
_FRAME = re.compile(
    r"^(?:to whom it may concern|dear (?:sir|madam|friend|team|desk)|i hope (?:that )?you are well|(?:hello|hi|good (?:day|morning|afternoon|evening)|dear) [^.!?]{1,40}|here is what i can say\b.*"
    r"|i have looked this up\b.*|i have taken over\b.*|that is the whole story\b.*|[^.!?]{1,60} wrote on [^.!?]{4,40}:?)[.,!:]*$"
    r"|^(?:[^，。]{1,24}[，,]?(?:您好|你好)[：:，,！!。]?|敬启者[：:]?|客服同学好.?|.{1,40}(?:说明如下|就说明到这里)[。：]?|.{1,40}写道[：:]?)$",
    re.I,
)
_HANDLES = re.compile(r"^(?:@\w+[\s,:]*)+|\s*https?://\S+\s*$|\s*[\^/*-]\s?[A-Z]{1,3}$")
_CLAUSE_END = re.compile(r"[,;:，；：、]|\s[–—-]\s|\)\s|\b(?= (?:and|but|because|so|when|which|although)\b)")


@dataclass(frozen=True)
class _Candidate:
    place: int  # of its message in the thread
    order: int  # of the sentence within its message
    message: Message
    text: str


def summarise(
    thread: Thread,
    taxonomy: Taxonomy,
    encoder: SentenceEncoder | None = None,
    triage: Triage | None = None,
    about: str = "",
) -> Summary:
    """Summarises one thread; the same thread gives the same summary. `about`: the intent that a person says it has; '' where nobody has said.

    Sentences of English threads are compared by MiniLM vectors when there is an encoder, all others by n-grams. Raises InputError
    when the thread has no message or none with text.
    """
    started = time.perf_counter()
    if not thread.messages:
        raise InputError(
            f"thread {thread.ticket_id!r}: has no message; there is nothing to summarise. Give at least one."
        )
    whole, thread = thread, _without_receipts(thread)
    asking = _asking(thread)
    language = language_of(thread)
    candidates = _candidates(thread)
    if not candidates:
        raise InputError(
            f"thread {thread.ticket_id!r}: none of its {len(whole.messages)} messages holds any text to summarise."
        )
    classifier = triage or triage_of(taxonomy)
    written = language if language in WRITTEN else ENGLISH
    coming = next_event(thread)
    shown = tuple(_shown(candidate, written) for candidate in _chosen(candidates, language, encoder))
    return Summary(
        ticket_id=thread.ticket_id,
        summary=("" if written == CHINESE else " ").join(sentence.text for sentence in shown),
        sentences=shown,
        intent=about or _intent(asking, classifier),
        open_questions=_open_questions(thread),
        next_event=trimmed(undressed(coming)) if coming else None,
        sentiment=_sentiment(asking, classifier),
        language=language,
        engine=ENGINE,
        latency_ms=round((time.perf_counter() - started) * 1000),
    )


def _without_receipts(thread: Thread) -> Thread:
    """The thread without what a machine sent to say that a message has come; as it is where there is nothing else."""
    kept = tuple(message for message in thread.messages if not is_receipt(message))
    return Thread(thread.ticket_id, thread.merchant_id, kept) if kept else thread


def language_of(thread: Thread) -> str:
    """The language (BCP 47) of those who ask; `und` where it can't be told."""
    return thread_language(message.text for message in _asking(thread)[-READ_MESSAGES:])


def _asking(thread: Thread) -> list[Message]:
    """The messages of those who want something; all of them when only the desk has written."""
    return [message for message in thread.messages if message.author in _ASKERS] or list(thread.messages)


def _candidates(thread: Thread) -> list[_Candidate]:
    """The sentences that may be shown: of a long thread its beginning and its end, of a long message likewise; nothing that the desk wrote of
    another merchant, which may have gone astray."""
    numbered = list(enumerate(thread.messages))
    half = READ_MESSAGES // 2
    read = numbered if len(numbered) <= READ_MESSAGES else numbered[:half] + numbered[-half:]
    found: list[_Candidate] = []
    for place, message in read:
        texts = [text for piece in sentences(message.text) if (text := undressed(piece.text))]
        if message.author not in _ASKERS and thread.merchant_id:
            texts = [text for text in texts if not names_another(text, thread.merchant_id)]
        kept = texts[: SENTENCES_A_MESSAGE - 4] + texts[SENTENCES_A_MESSAGE - 4 :][-4:]
        found += [_Candidate(place, order, message, text) for order, text in enumerate(kept)]
    telling = [c for c in found if _weight_of(c.text) >= 3 and not _PLEASANTRY.match(c.text)] or found
    telling = [c for c in telling if not is_row(c.text) and not _FRAME.match(c.text)] or telling
    if not telling:
        telling = [_Candidate(place, 0, m, m.text.strip()) for place, m in read if m.text.strip()]
    return telling[: CANDIDATES // 2] + telling[CANDIDATES // 2 :][-CANDIDATES // 2 :]


def undressed(text: str) -> str:
    """Without the handles, links and initials that stand around a public message."""
    before = ""
    while before != text:
        before, text = text, _HANDLES.sub("", text).strip()
    return text


def _weight_of(text: str) -> int:
    """Words; two Chinese characters count as one."""
    return len(text) // 2 if is_chinese(text) else len(text.split())


def _chosen(candidates: Sequence[_Candidate], language: str, encoder: SentenceEncoder | None) -> list[_Candidate]:
    """The most central sentence of those who ask, the most central of the desk, then the latest news if it adds something; in order of time."""
    near = _nearness(candidates, language, encoder)
    scores = _scores(candidates, near)
    groups = [[i for i, c in enumerate(candidates) if (c.message.author in _ASKERS) is asks] for asks in (True, False)]
    picked: list[int] = []
    for group in groups:
        if group:
            picked.append(max(group, key=lambda i: scores[i] - 0.5 * _overlap(i, picked, near)))
    left = [i for i in range(len(candidates)) if i not in picked]
    wanted = 3 if len({c.place for c in candidates}) > 3 or len(picked) < 2 else 2
    while len(picked) < wanted and left:
        best = max(
            left,
            key=lambda i: scores[i] + 0.15 * (candidates[i].place == candidates[-1].place) - _overlap(i, picked, near),
        )
        if _overlap(best, picked, near) < REDUNDANT_ABOVE:
            picked.append(best)
        left.remove(best)
    return [candidates[i] for i in sorted(picked)]


def _overlap(i: int, picked: Sequence[int], near: Matrix) -> float:
    return max((float(near[i, j]) for j in picked), default=0.0)


def _nearness(candidates: Sequence[_Candidate], language: str, encoder: SentenceEncoder | None) -> Matrix:
    """Cosine between all candidates, (n, n): by n-grams, and half by MiniLM among the most central of an English thread."""
    texts = [c.text for c in candidates]
    near = similarities(texts, chinese=language == CHINESE)
    if language != ENGLISH or encoder is None:
        return near
    central = np.sort(np.argsort(-near.mean(axis=1), kind="stable")[:EMBEDDED])
    vectors = encode_english([texts[int(i)] for i in central], encoder)
    if vectors is not None:
        block = np.ix_(central, central)
        near[block] = (near[block] + np.clip(vectors @ vectors.T, 0, 1)) / 2
        others = np.setdiff1d(np.arange(len(texts)), central)
        near[others] *= 0.5  # what was not embedded is judged by words alone, and must not win by it
    return near


def _scores(candidates: Sequence[_Candidate], near: Matrix) -> Matrix:
    """Centrality, the lead of each side, figures and a readable length; halving or doubling any weight moves ROUGE-L on tweetsumm
    by less than its noise."""
    weights = [_weight_of(c.text) for c in candidates]
    first: dict[Author, int] = {}
    for candidate in candidates:
        first.setdefault(candidate.message.author, candidate.place)
    centroid = near.mean(axis=1)
    scores = WEIGHTS["centroid"] * centroid / max(float(centroid.max()), 1e-6)
    for i, candidate in enumerate(candidates):
        lead = (candidate.place == first[candidate.message.author]) / (1 + 0.3 * candidate.order)
        spans = extract(candidate.text)
        figures = min(3, len(spans))
        scores[i] += WEIGHTS["order"] * any(span.kind == "order" for span in spans)
        scores[i] += (
            WEIGHTS["lead"] * lead + WEIGHTS["figures"] * figures + WEIGHTS["length"] * min(1.0, weights[i] / 18)
        )
        scores[i] -= AUTOMATIC * (candidate.message.author in {"bot", "system"})
    scored: Matrix = scores
    return scored


def _shown(candidate: _Candidate, language: str) -> Sentence:
    frame = _FRAMES[language][candidate.message.author]
    return Sentence(frame.format(trimmed(candidate.text)), (candidate.message.cite,))


def trimmed(text: str, limit: int = LONGEST_SHOWN) -> str:
    """At most `limit` characters, on one line; a longer text ends at its last clause before the limit, with an ellipsis."""
    flat = re.sub(r"\s+", " ", text)
    if len(flat) <= limit:
        return flat
    ends = [
        match.start()
        for match in _CLAUSE_END.finditer(flat[:limit])
        if match.start() >= limit // 4 and not flat[match.start() :][1:2].isdigit()
    ]
    cut = ends[-1] if ends else max(flat.rfind(" ", 0, limit), limit // 2)
    return flat[:cut].rstrip() + "…"


def _intent(asking: Sequence[Message], triage: Triage) -> str:
    """The surest intent of the first messages that ask; one that is not `other` comes first."""
    found = [intents[0] for intents in triage.intents_of([message.text for message in asking[:3]])]
    named = [intent for intent in found if intent.name != OTHER]
    return max(named, key=lambda intent: intent.confidence).name if named else OTHER


def _sentiment(asking: Sequence[Message], triage: Triage) -> float:
    """Of the last three messages that ask, the latest counting most."""
    values = [triage.sentiment(message.text) for message in asking[-3:]]
    weights = range(1, len(values) + 1)
    return round(sum(v * w for v, w in zip(values, weights, strict=True)) / sum(weights), 3)


def _open_questions(thread: Thread) -> tuple[str, ...]:
    """Questions that the other side has not answered since, at most three, the latest; that somebody looks at it or wants papers first is no answer."""
    messages = thread.messages
    by_asker = [message.author in _ASKERS for message in messages]
    answering = [i for i, m in enumerate(messages) if by_asker[i] or not is_holding(m)]
    last = {side: max((i for i in answering if by_asker[i] is side), default=-1) for side in (True, False)}
    found: list[str] = []
    for place in range(max(0, len(messages) - READ_MESSAGES), len(messages)):
        if place > last[not by_asker[place]]:
            pieces = sentences(messages[place].text)[:200]
            found += [trimmed(piece.text) for piece in pieces if asks(piece.text, of_desk=not by_asker[place])]
    return tuple(dict.fromkeys(found))[-3:]
