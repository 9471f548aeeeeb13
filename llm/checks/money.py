"""Whether a reply decides over money: compensates, refunds, pays out, waives a fee, lifts a penalty, grants a claim; and the sum, where it names one.

Which sentences commit is told by `llm.checks.commitments`; policy word for word, and what the records hold as done already, do not. In doubt it is
a decision. Knows no draft: who must agree to one, the caller says.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from llm.checks.commitments import scores
from llm.checks.compensation import sums_granted
from llm.checks.done import reported_done
from llm.spans import extract

_END = re.compile(r"(?<=[!?。！？])(?![\"”’」])|(?<=\.)\s+|(?<=[!?。！？][”」])|\n+")
_SPACE = re.compile(r"\s+")
_ASSENT = re.compile(r"\W*\w{1,2}\W*")  # "OK", "好的": too short to name what is given
_MANY = re.compile(r"\b(?:each|apiece|per|every)\b|每|各|分别", re.I)
_WITHOUT_SUM = re.compile(
    r"\b(?:fees?|charges?|commission|penalt(?:y|ies)|points?|strikes?|fines?|holds?|reserves?|limits?|claims?|appeals?)\b|佣金|处罚|扣分|罚款|冻结|额度|追偿|申诉|费用|免",
    re.I,
)
"""Where more than the sum that is named may be given."""
_OURS = re.compile(r"\b(?:we|i)\b|我", re.I)


@dataclass(frozen=True)
class MoneyDecision:
    """One sentence that decides over money. `amount` is in USD; None where it names no sum that can be told, or more than money."""

    sentence: str
    amount: Decimal | None


def money_decisions(text: str, policy: Iterable[str] = (), records: str = "") -> tuple[MoneyDecision, ...]:
    """The sentences of `text` that decide over money, in order; `policy` are passages that may be quoted, `records` what is known to be done."""
    quoted = "\n".join(_SPACE.sub(" ", passage) for passage in policy)
    sentences = list(sentences_of(text))
    return tuple(
        MoneyDecision(sentence, _sum(sentence))
        for sentence, score in zip(sentences, scores(sentences), strict=True)
        if score > 0 and _SPACE.sub(" ", sentence) not in quoted and not _is_recorded(sentence, records)
    )


def total(decisions: Iterable[MoneyDecision]) -> Decimal | None:
    """What they come to in USD; None where one of them names no sum."""
    amounts = [decision.amount for decision in decisions]
    return None if None in amounts else sum((amount for amount in amounts if amount is not None), Decimal(0))


def sentences_of(text: str) -> Iterator[str]:
    """The sentences and lines that are held each on its own; not bare assents."""
    pieces = (piece.strip() for piece in _END.split(text) if piece)
    yield from (piece for piece in pieces if piece and not _ASSENT.fullmatch(piece))


def _sum(sentence: str) -> Decimal | None:
    granted = sums_granted(sentence)
    if not granted or _WITHOUT_SUM.search(sentence) or _MANY.search(sentence):
        return None
    is_in_dollars = all(span.unit == "USD" for span in extract(sentence) if span.kind == "amount")
    return sum(granted, Decimal(0)) if is_in_dollars else None


def _is_recorded(sentence: str, records: str) -> bool:
    """Whether it tells as done what the records hold, with every amount of it; what "we" did is told as a decision."""
    if not records or _OURS.search(sentence) or not reported_done(sentence, "") or reported_done(sentence, records):
        return False
    amounts = {span.value for span in extract(sentence) if span.kind == "amount"}
    return amounts <= {span.value for span in extract(records)}
