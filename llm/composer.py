"""A reply from macros, records and policy: plan first (greeting, acknowledge, facts, rule, next step, close), then each line with its sources.

Deterministic and without a model. Decides nothing: macros of kind `decision` are for people. Checking is not done here.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from llm.asked import han_count, has_waited, newest_ask, says_enough, texts_of_thread
from llm.grounding import EvidenceBook
from llm.language import CHINESE, sentences
from llm.letter import greeting
from llm.moves import adds_matter
from llm.promises import promises_in
from llm.records import decision, is_late_through_others, laid_on_others, told
from llm.shown import shown_value
from llm.spans import extract, texts_of
from llm.types import Fact, IssueBrief, Macro, Passage, Sentence
from llm.vectors import similarities

ORDERS_SHOWN = 8
RULE_PASSAGES = 3
RULE_FROM = 0.04

# Sentences that instruct the desk, or that lean on the sentence before, do not stand alone in a reply.
_INTERNAL = re.compile(
    r"\b(?:the|a|our|at the) (?:support )?desk\b|客服台|客服人员"
    r"|^(?:anything|it|its|they|these|this|that|those|both|otherwise|such|he|she|send (?:it|either)|either|neither|all of|the same)\b|^(?:其|该|此|上述|否则|两者|两项|二者|它|以上|这)",
    re.I,
)
GENERAL_INTENTS = 8
_PLAN = {
    "short": {"acknowledge": 0, "fact": 1, "record": 1, "rule": 1, "step": 1, "close": 0},
    "normal": {"acknowledge": 1, "fact": 2, "record": 4, "rule": 1, "step": 2, "close": 1},
    "long": {"acknowledge": 2, "fact": 4, "record": 8, "rule": 3, "step": 3, "close": 1},
}
_DUE = {
    "penalty_appeal_window": "appeal_until",
    "penalty_appeal_registered": "review_due_date",
    "chargeback_next": "evidence_due_date",
    "dispute_next": "dispute_due_date",
    "counterfeit_next": "documents_due_date",
    "label_next": "label_due_date",
}
"""Whose term a macro's `due_date` is; that of all others is the desk's own, `answer_due_date`."""
_UNDECIDED = frozenset({"penalty_appeal_window", "penalty_appeal_registered"})
"""Macros that nobody is sent once the penalty is decided."""
_BY_FAULT = {"late_next": False, "late_elsewhere": True}
"""Next steps of a dispute over lateness: whether the records already lay it on others than the merchant."""
_OF_MATTER = frozenset({"fact", "next_step", "ask"})
"""Kinds of macros that say something of the matter itself."""
_LATE_CLAUSES = "F-2"
"""What the clauses on late deliveries begin with."""
_ON_MESSAGES = frozenset({"greeting", "acknowledge", "ask"})
"""Parts that may rest on the message that they answer alone."""
_FROM_MESSAGES = {"order_id": "order", "order_ids": "order", "clause": "clause"}
# Macros set Latin values off with a space; a date written in Chinese takes none.
_CHINESE_DATE = re.compile(r"(?<=[\u4e00-\u9fff，。]) (?=\d{4}年)|^(?: )|(?<=\d[日]) (?=[\u4e00-\u9fff])")


@dataclass(frozen=True)
class Line:
    """A planned sentence: its part of the plan, and the actions that its macro backs."""

    part: str
    sentence: Sentence
    actions: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Value:
    text: str
    cite: str


def compose(brief: IssueBrief, language: str) -> list[Line]:
    """The lines of a macro reply in the order of the plan; what cannot be filled from the brief is left out."""
    return list(_Composer(brief, language).lines())


class _Composer:
    def __init__(self, brief: IssueBrief, language: str) -> None:
        self.brief = brief
        self.language = language
        self.book = EvidenceBook.of(brief)
        self.answered = newest_ask(brief)
        self.counts = _PLAN[brief.length]
        self.used_facts: set[str] = set()
        self.is_decided = decision(brief) is not None
        self.has_more = any(adds_matter(message) for message in brief.thread.messages)

    def lines(self) -> Iterator[Line]:
        steps = list(self._steps())
        hello, cite = greeting(self.brief, self.language)
        yield Line("greeting", Sentence(hello, (cite,)))
        acknowledgements = [m for m in self._filled("acknowledge") if self._is_so(m[0], len(steps))]
        acknowledgements.sort(key=lambda m: m[0].tone != self.brief.tone)  # here the tone matters more than the topic
        for macro, values in acknowledgements[: self.counts["acknowledge"]]:
            yield from self._spoken("acknowledge", macro, values)
        facts = [m for m in self._filled("fact") if not _is_general(m[0])][: self.counts["fact"]]
        for macro, values in facts:
            yield from self._spoken("fact", macro, values)
        for sentence in told(self.brief, self.language, self.counts["record"]):
            is_told = self.used_facts & set(sentence.cites) and not sentence.cites[0].startswith("fact:order.")
            if not is_told and not (facts and sentence.cites == ("fact:records_hold",)):
                yield Line("record", sentence)
        yield from self._plain_facts()
        yield from self._rule()
        for macro, values in steps:
            yield from self._spoken("ask" if macro.kind == "ask" else "step", macro, values)
        closings = sorted(self._filled("close"), key=lambda m: m[0].tone != self.brief.tone)
        for macro, values in closings[: self.counts["close"]]:
            yield from self._spoken("close", macro, values)

    def _is_so(self, macro: Macro, steps: int) -> bool:
        """Whether what an acknowledgement takes for granted is so: that there are several matters, that somebody had to wait."""
        if macro.macro_id == "several_topics":
            return steps > 1
        return macro.macro_id != "apology_wait" or has_waited(self.brief)

    def _steps(self) -> Iterator[tuple[Macro, dict[str, _Value]]]:
        """What happens next: a step for the matter, then one for another matter; else a question or a date; else a person. Nothing, once it is decided."""
        asks = self._filled("ask")
        if not says_enough(self.answered.text):
            yield from [m for m in asks if m[0].macro_id == "ask_details"] or asks[:1]
            return
        specific = [m for m in self._filled("next_step") if not _is_general(m[0])]
        chosen: list[tuple[Macro, dict[str, _Value]]] = []
        for item in specific:
            is_other_matter = all(not set(item[0].intents) & set(earlier.intents) for earlier, _ in chosen)
            if not chosen or (is_other_matter and len(chosen) < self.counts["step"]):
                chosen.append(item)
        if self.is_decided:
            yield from chosen
            return
        if not chosen:
            chosen = [m for m in asks if not _is_general(m[0])][:1] or self._filled("next_step")[:1]
        if not chosen:
            wanted = "ask_details" if texts_of_thread(self.brief, "order") else "ask_order"
            chosen = [m for m in asks if m[0].macro_id == wanted] or asks[:1] or self._filled("hand_over")[:1]
        yield from chosen

    def _filled(self, kind: str) -> list[tuple[Macro, dict[str, _Value]]]:
        """The macros of a kind whose every variable has a value, in the brief's order."""
        filled = []
        for macro in self.brief.macros:
            is_over = self.is_decided and macro.macro_id in _UNDECIDED
            if macro.kind == kind and macro.language == self.language and not is_over and not self._is_beside(macro):
                values = {name: value for name in macro.variables if (value := self._value(name, macro)) is not None}
                if len(values) == len(macro.variables):
                    filled.append((macro, values))
        return filled

    def _is_beside(self, macro: Macro) -> bool:
        """Whether it belongs to a neighbouring matter: a second one that nobody announced, or the late rate where the penalty is for something else."""
        first = self.brief.matters[:1]
        if macro.macro_id in _BY_FAULT:
            return _BY_FAULT[macro.macro_id] is not is_late_through_others(self.brief)
        if macro.macro_id == "late_rate_facts":
            clause = next((str(f.value) for f in self.brief.facts if f.name == "penalty_clause"), _LATE_CLAUSES)
            return first != ("late_delivery_dispute",) and not clause.startswith(_LATE_CLAUSES)
        is_of_second = macro.kind in _OF_MATTER and bool(first) and first[0] not in macro.intents
        return is_of_second and not self.has_more

    def _value(self, name: str, macro: Macro) -> _Value | None:
        fact = self._fact(_DUE.get(macro.macro_id, "answer_due_date") if name == "due_date" else name, macro)
        fact = fact or next((fact for fact in self.brief.facts if fact.name == name), None)
        if fact is not None:
            return _Value(shown_value(fact, self.language), fact.cite)
        if name == "ticket_id":
            return _Value(self.brief.thread.ticket_id, self.answered.cite)
        kind = _FROM_MESSAGES.get(name)
        if kind is None or macro.kind == "fact":
            return None  # what a merchant claims is no fact of ours
        cleared = laid_on_others(self.brief) if macro.macro_id == "late_next" else set()
        for message in reversed(self.brief.thread.messages):
            found = [text for text in texts_of(extract(message.text), kind) if text not in cleared]
            if message.author in {"merchant", "buyer"} and found:
                separator = "、" if self.language == CHINESE else ", "
                return _Value(separator.join(found[: ORDERS_SHOWN if name == "order_ids" else 1]), message.cite)
        return None

    def _fact(self, name: str, macro: Macro) -> Fact | None:
        """The fact of that name; of several that end in it (`penalty_date`, `payout_date`), the one that begins like the macro."""
        exact = [fact for fact in self.brief.facts if name in {_variable(fact.name), _variable(fact.fact_id)}]
        if exact:
            return exact[0]
        ending = [fact for fact in self.brief.facts if _variable(fact.name).endswith(f"_{name}")]
        topic = macro.macro_id.split("_")[0]
        matching = [fact for fact in ending if _variable(fact.name).startswith(topic)] or ending
        return matching[0] if len(matching) == 1 else None

    def _spoken(self, part: str, macro: Macro, values: dict[str, _Value]) -> Iterator[Line]:
        """The macro's sentences, each citing what its variables came from and what holds its own figures."""
        filled = _CHINESE_DATE.sub("", re.sub(r"\{(\w+)\}", lambda m: values[m[1]].text, macro.text))
        actions = tuple(dict.fromkeys((*macro.actions, *promises_in(re.sub(r"\{\w+\}", "…", macro.text)))))
        for text in whole_sentences(filled):
            used = [value.cite for value in values.values() if value.text in text]
            yield Line(part, Sentence(text, self._cites(part, text, used)), actions)
            self.used_facts.update(used)

    def _cites(self, part: str, text: str, used: Iterable[str]) -> tuple[str, ...]:
        """The sources used, and the passage that holds what these do not: of those with all its figures, the nearest in words.

        An acknowledgement or a question may rest on the message that it answers; what the desk says besides rests on a fact or on policy.
        """
        have = tuple(dict.fromkeys(used))
        passages = [p for p in self.brief.passages if p.language == self.language]
        holding = self.book.holding(text, have, [p.cite for p in passages])
        if holding:
            behind = nearest(text, [p for p in passages if p.cite in holding], self.language)
            cites = (*have, *behind)
        else:
            cites = tuple(dict.fromkeys([*have, *self.book.supporting(text, have=have)]))
        if part not in _ON_MESSAGES and all(cite.startswith("message:") for cite in cites):
            cites = (*nearest(text, passages, self.language), *cites)
        return cites or (self.answered.cite,)

    def _plain_facts(self) -> Iterator[Line]:
        """In a long reply, facts named for people ("orders late", not `late_rate`) that no macro puts into words."""
        if self.brief.length != "long":
            return
        template = (
            "我们的记录显示，{name}：{value}。" if self.language == CHINESE else "Our records show {name}: {value}."
        )
        for fact in self.brief.facts:
            is_readable = (
                "_" not in fact.name
                and fact.name != "today"
                and (han_count(fact.name) > 0) is (self.language == CHINESE)
            )
            is_variable = any(_variable(fact.name) in macro.variables for macro in self.brief.macros)
            if fact.cite not in self.used_facts and is_readable and not is_variable:
                text = template.format(name=fact.name, value=shown_value(fact, self.language, with_unit=True))
                yield Line("fact", Sentence(text, (fact.cite,)))

    def _rule(self) -> Iterator[Line]:
        """The article that applies, by name, then its sentences nearest to what was asked, word for word, in their order."""
        pieces = [
            (passage, text, place)
            for passage in self.brief.passages[:RULE_PASSAGES]
            if passage.language == self.language
            for place, text in enumerate(whole_sentences(passage.text))
            if not _INTERNAL.search(text)
        ]
        if not pieces:
            return
        near = similarities(
            [self.answered.text[:2_000], *(text for _, text, _ in pieces)], chinese=self.language == CHINESE
        )[0][1:]
        scores = [
            float(near[i]) + (0.1 if passage is self.brief.passages[0] else 0.0) + (0.0 if place else 0.1)
            for i, (passage, _, place) in enumerate(pieces)
        ]
        ranked = [i for i in sorted(range(len(pieces)), key=lambda i: -scores[i]) if near[i] >= RULE_FROM][
            : self.counts["rule"]
        ]
        if ranked and self.brief.length != "short":
            passage = pieces[ranked[0]][0]
            for macro in self.brief.macros:
                if macro.kind == "fact" and macro.language == self.language and macro.variables == ("article_title",):
                    yield from self._spoken("rule", macro, {"article_title": _Value(passage.title, passage.cite)})
        for i in sorted(ranked):
            passage, text, _ = pieces[i]
            yield Line("rule", Sentence(text, (passage.cite,)))


def whole_sentences(text: str) -> list[str]:
    """The sentences of a text; what ends in a semicolon stays with what follows it."""
    found: list[str] = []
    for piece in sentences(text):
        if found and found[-1].endswith(("；", ";")):
            found[-1] += piece.text
        else:
            found.append(piece.text)
    return found


def nearest(text: str, passages: Sequence[Passage], language: str) -> tuple[str, ...]:
    """The cite of the passage whose words are nearest to the text's; empty without one."""
    if not passages:
        return ()
    near = similarities([text, *(p.text for p in passages)], chinese=language == CHINESE)[0][1:]
    return (passages[int(near.argmax())].cite,)


def _is_general(macro: Macro) -> bool:
    return len(macro.intents) > GENERAL_INTENTS


def _variable(name: str) -> str:
    return re.sub(r"\W+", "_", name.strip().casefold())
