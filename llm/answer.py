"""What the desk answers by itself: a thread, the asking merchant's own facts and the knowledge in; an answer, a question or a hand-over out.

Extractive: policy sentences word for word, facts in fixed words. Pure and deterministic; no message can change what it does. Sends nothing.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from llm.answer_words import (
    ASK,
    ASK_WHICH,
    CLOSE,
    HAND_OVER,
    MACHINE,
    NO_SUCH_ORDER,
    NOT_SAID,
    NOTE,
    OR,
    RECORD,
    RULE,
    RULES,
    WHY,
    fact_name,
    is_vague,
    record_in,
)
from llm.asked import says_enough
from llm.confidence import Calibration, Signals
from llm.errors import InputError
from llm.grounding import EvidenceBook, check_sentence, failing
from llm.handover import Reason, is_handed_over, reason_for
from llm.knowledge import Hit, Knowledge
from llm.language import CHINESE, ENGLISH, UNDETERMINED, WRITTEN, body, sentences, thread_language
from llm.shown import shown_value
from llm.types import Action, Answer, Fact, IssueBrief, Message, Sentence, Thread
from llm.vectors import SentenceEncoder

EXTRACTIVE = "extractive"
SEARCHED = 8
SECOND_FROM = 0.8
"""A second passage is told too where it is at least so near as the first, relatively."""
MAX_FACTS = 4
SHORT = 60
"""A message shorter than this (Han characters count three) is searched together with what it follows."""
ASKING = ("merchant", "buyer")
_FOLLOWS = re.compile(r"^\W*(?:and|so|but|then|ok|okay|good|also|what if|那|那么|所以|可是|但|好|行|如果)", re.I)
_OWN = re.compile(r"\b(?:my|our|the|this|that|it|its|it's)\b|我|这|那|它|扣分|处罚|订单", re.I)
_SELF = re.compile(r"\b(?:i|we|my|our|me|us|i'm|we're|i've|we've|please|pls)\b|我|本店|请|麻烦", re.I)
_ASKS = re.compile(
    r"[?？]|\b(?:how|when|why|what|whats|which|who|whos|whom|whose|where|wheres|whether|wonder\w*|possible|tell me)\b"
    r"|\b(?:can|could|may|must|should|shall|do|does|did|is|are|will|would|am) (?:i|we|you|my|our|your|the|a|an|it|its|this|that|these|they|he|she|there|one|somebody|someone|buyers?|customers?)\b"
    r"|[吗呢么]|什么|怎|哪|几|多少|多久|多长|谁|是否|能否|可否|为何|(.)不\1|有没有|还是|算不算|咋|啥",
    re.I,
)
_KINDS = {
    "order_record": re.compile(r"\b(?:order|parcel|package|it)\b|订单|包裹|快递|货", re.I),
    "penalty": re.compile(r"\b(?:penalty|points|strike|clause|it)\b|处罚|扣分|罚|分", re.I),
}
_LABEL = re.compile(r"[:：]| of |，|, ")


@dataclass(frozen=True)
class Answering:
    """What the desk answers with; safe to share between threads. Raises nothing."""

    knowledge: Knowledge
    reasons: tuple[Reason, ...]
    calibration: Calibration
    encoder: SentenceEncoder | None = None

    def answer(self, thread: Thread, facts: Iterable[Fact] = ()) -> Answer:
        """The decision on a thread that ends with the asking merchant's message; `facts` are verified and this merchant's own.

        Raises InputError for a thread that ends otherwise.
        """
        if not thread.messages or thread.messages[-1].author not in ASKING:
            raise InputError(
                f"thread {thread.ticket_id!r}: must end with the merchant's message that is to be answered."
            )
        return _Case(self, thread, tuple(facts)).decide()

    def hand_over(self, thread: Thread, reason: str) -> Answer:
        """The hand-over of a thread for a reason that is known without reading it: a person was asked for by a button."""
        return _Case(self, thread, ())._hand_over(reason, 1.0, ())

    def look_up(self, question: str, audience: str, language: str) -> tuple[list[Hit], float]:
        """What `audience` may be told that is nearest to the question, in `en` or `zh-Hans`, and how likely the first of it answers, 0–1."""
        hits = self.knowledge.for_audience(audience).search(question, language, SEARCHED, self.encoder)
        has_vectors = language == ENGLISH and self.encoder is not None
        return hits, self.calibration.chance(Signals.of(hits), language, has_vectors=has_vectors)


class _Case:
    def __init__(self, desk: Answering, thread: Thread, facts: tuple[Fact, ...]) -> None:
        self.desk, self.thread, self.facts = desk, thread, facts
        self.newest = thread.messages[-1]
        asked = [m for m in thread.messages if m.author in ASKING]
        found = thread_language([self.newest.text])
        self.language = found if found != UNDETERMINED else thread_language(m.text for m in asked)
        self.written = self.language if self.language in WRITTEN else ENGLISH

    def decide(self) -> Answer:
        """Silence after a hand-over, then reasons for a person, then what is unclear, then the answer if it is sure enough."""
        if is_handed_over(self.thread.messages[:-1]):
            return self._made("hand_over", (), "already_handed_over", 1.0)
        if reason := reason_for(self.thread.messages, self.desk.reasons, self.thread.merchant_id):
            return self._hand_over(reason, 1.0, ())
        if self.language not in (*WRITTEN, UNDETERMINED):
            return self._hand_over("unsupported_language", 1.0, ())
        if options := self._options():
            return self._ask(options)
        query = self._query()
        if not says_enough(self.newest.text) or is_vague(query, self.written):
            return self._ask(())
        if is_told(self.newest.text):
            return self._hand_over("unsure", 1.0, ())  # a case told or a wish: what follows from it, a person decides
        return self._answer(query)

    def _query(self) -> str:
        """The newest message; a short one that goes on from another, together with that and what the desk said to it."""
        text = body(self.newest.text)
        before = self.thread.messages[:-1]
        weight = len(text) + 2 * len(re.findall(r"[\u4e00-\u9fff]", text))
        if before and (weight < SHORT or _FOLLOWS.match(text)):
            return "\n".join([text, *(body(m.text) for m in before[-2:])])
        return text

    def _options(self) -> tuple[tuple[str, Fact], ...]:
        """The two or more things of one kind that the message may mean, where it names none of them."""
        text = self.newest.text
        if not _OWN.search(text):
            return ()
        for name, words in _KINDS.items():
            labels = [(_LABEL.split(str(f.value))[0].strip(), f) for f in self.facts if f.name == name]
            said = "\n".join(message.text for message in self.thread.messages)
            if 2 <= len(labels) <= 4 and words.search(text) and not any(label in said for label, _ in labels):
                return tuple(labels)
        return ()

    def _ask(self, options: Sequence[tuple[str, Fact]]) -> Answer:
        """One question; a person instead where the desk has asked before."""
        said = "\n".join(message.text for message in self.thread.messages if message.author == "bot")
        if ASK[self.written] in said or ASK_WHICH[self.written].split("{")[0] in said:
            return self._hand_over("unsure", 1.0, ())
        cites = tuple(fact.cite for _, fact in options) or (self.newest.cite,)
        text = ASK[self.written]
        if options:
            text = ASK_WHICH[self.written].format(options=OR[self.written].join(label for label, _ in options))
        return self._made("ask", (self._machine(), Sentence(text, cites)), "ambiguous", 1.0)

    def _answer(self, query: str) -> Answer:
        hits, chance = self.desk.look_up(query, self.newest.author, self.written)
        if chance < self.desk.calibration.threshold:
            return self._hand_over("unsure", chance, hits)
        chosen = told(hits)
        policy = [Sentence(p.text, (hit.passage.cite,)) for hit in chosen for p in sentences(hit.passage.text)]
        lines = self._checked([*self._records(query, chosen), *policy], hits)
        if not any(cite.startswith("article:") for line in lines for cite in line.cites):
            return self._hand_over("unsure", chance, hits)
        if self._was_said(policy):
            alone = body(self.newest.text)  # what went before may have drawn the search to what was answered before
            is_alone = query == alone or is_vague(alone, self.written)
            return self._hand_over("repeated", chance, hits) if is_alone else self._answer(alone)
        close = Sentence(CLOSE[self.written], (f"article:desk_promises#{RULE}",))
        return self._made("answer", (self._machine(), *lines, close), "known", chance)

    def _was_said(self, lines: Sequence[Sentence]) -> bool:
        said = [message.text for message in self.thread.messages if message.author == "bot"]
        return any(lines[0].text in text for text in said)

    def _records(self, query: str, chosen: Sequence[Hit]) -> list[Sentence]:
        """The merchant's facts that the question or the passages speak of, each in a fixed sentence."""
        matter = "\n".join([query, *(f"{hit.passage.title}\n{hit.passage.text}" for hit in chosen)]).casefold()
        lines = []
        for fact in self.facts:
            name = None if fact.name in NOT_SAID else fact_name(fact.name, self.written)
            if name is None or not _is_about(fact, name, query.casefold(), matter):
                continue
            value = shown_value(fact, self.written, with_unit=True)
            if fact.name == "order_record":
                value = record_in(value, self.written)
            lines.append(Sentence(RECORD[self.written].format(name=name, value=value), (fact.cite,)))
        return lines[:MAX_FACTS]

    def _checked(self, lines: Sequence[Sentence], hits: Sequence[Hit]) -> list[Sentence]:
        passages = tuple(hit.passage for hit in hits)
        book = EvidenceBook.of(IssueBrief(self.thread, self.facts, passages))
        common = [passage.title for passage in passages]
        return [line for line in lines if not failing(check_sentence(line, book, language=self.written, common=common))]

    def _machine(self) -> Sentence:
        return Sentence(MACHINE[self.written], (self.newest.cite,))

    def _hand_over(self, reason: str, confidence: float, hits: Sequence[Hit]) -> Answer:
        cite = f"article:desk_promises#{RULES.get(reason, RULE)}"
        why = [Sentence(WHY[reason][self.written], (self.newest.cite,))] if reason in WHY else []
        lines = (*why, Sentence(HAND_OVER[self.written], (cite,)))
        note = NOTE[self.written].format(
            reason=reason,
            message=self.newest.message_id,
            answers=sum(message.author == "bot" for message in self.thread.messages),
            passages=", ".join(hit.passage.cite for hit in hits[:3]) or "–",
        )
        return self._made("hand_over", lines, reason, confidence, note)

    def _made(
        self, action: Action, lines: tuple[Sentence, ...], reason: str, confidence: float, note: str = ""
    ) -> Answer:
        return Answer(
            action=action,
            text=_joined(lines, self.written),
            sentences=lines,
            reason=reason,
            confidence=round(confidence, 3),
            language=self.language,
            engine=EXTRACTIVE,
            note=note,
        )


def _joined(lines: Sequence[Sentence], language: str) -> str:
    return ("" if language == CHINESE else " ").join(line.text for line in lines)


def with_unknown_orders(made: Answer, orders: Sequence[str], cite: str) -> Answer:
    """The answer or question, and which of the orders that the message `cite` names the asking merchant does not have."""
    if not orders or made.action == "hand_over":
        return made
    language = made.language if made.language in WRITTEN else ENGLISH
    said = Sentence(NO_SUCH_ORDER[language].format(orders=", ".join(orders)), (cite,))
    lines = (*made.sentences[:1], said, *made.sentences[1:])
    return replace(made, sentences=lines, text=_joined(lines, language))


def is_told(text: str) -> bool:
    """Whether a message tells of its writer's own case and asks nothing; a few words as typed into a search box do ask."""
    said = body(text)
    return _SELF.search(said) is not None and _ASKS.search(said) is None


def told(hits: Sequence[Hit]) -> list[Hit]:
    """Of the passages found, those that an answer tells: the first, and the second where it is nearly as near."""
    return [hit for hit in hits[:2] if hit.score >= SECOND_FROM * hits[0].score]


def _is_about(fact: Fact, name: str, query: str, matter: str) -> bool:
    """An order's record where its id is named; every other fact where two of its name's words, or its only one, are spoken of."""
    if fact.name == "order_record":
        label = _LABEL.split(str(fact.value))[0].strip().casefold()
        return bool(label) and label in query
    han = re.sub(r"[^\u4e00-\u9fff]", "", name)
    parts = [han[at : at + 2] for at in range(len(han) - 1)] if han else [w for w in name.split() if len(w) > 3]
    return sum(part in matter for part in parts) >= min(2, max(1, len(parts)))


def asked(question: str, thread: Thread | None = None, message_id: str = "question") -> Thread:
    """A thread with the question as the merchant's newest message. Raises InputError for a question without text or with a taken id."""
    if not question.strip():
        raise InputError("the question is empty: say in a sentence what the merchant asks.")
    message = Message(message_id, None, "merchant", question)
    if thread is None:
        return Thread("question", None, (message,))
    if message_id in {other.message_id for other in thread.messages}:
        raise InputError(
            f"thread {thread.ticket_id!r}: message_id {message_id!r} is the question's; name it otherwise."
        )
    return Thread(thread.ticket_id, thread.merchant_id, (*thread.messages, message))
