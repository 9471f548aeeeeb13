"""Whether a reply decides over money: compensates, refunds, pays out, waives a fee, lifts a penalty, grants a claim; and the sum, where it names one.

A promise, a grant within the limits or beyond them, and what is told as done or as coming all count; denials, wishes told again, and what
policy says word for word do not. In doubt it is a decision. Knows no draft: who must agree to one, the caller says.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from llm.checks.compensation import over_the_limits, sums_granted
from llm.checks.done import reported_done
from llm.checks.outcomes import foretold_in
from llm.promises import promises_in
from llm.spans import extract

ACTIONS = frozenset({"refund", "compensate", "lift_penalty", "approve_appeal", "pay", "waive_fee"})
"""Of those that `promises_in` knows."""
_WITHOUT_SUM = frozenset({"lift_penalty", "approve_appeal", "waive_fee"})
_END = re.compile(r"(?<=[!?。！？])|(?<=\.)\s+|\n+")
_SPACE = re.compile(r"\s+")
_MONEY = re.compile(
    r"refund|reimburs|compensat|credit|voucher|coupon|waiv|penalt|points?\b|strikes?\b|fees?\b|commission|claim|money|\bpaid\b|退|赔|补偿|补给|免|撤销|取消处罚|扣分|费|佣金|追偿|款",
    re.I,
)
_BACK = re.compile(
    r"back|gone|lifted|removed|cleared|cancelled|refunded|reimbursed|credited|waived|free|granted|退|返|免|撤|取消|清零|补",
    re.I,
)
_MANY = re.compile(r"\b(?:each|apiece|per|every)\b|每|各|分别", re.I)


@dataclass(frozen=True)
class MoneyDecision:
    """One sentence that decides over money. `amount` is in USD; None where it names no sum that can be told, or more than money."""

    sentence: str
    amount: Decimal | None


def money_decisions(text: str, policy: Iterable[str] = (), records: str = "") -> tuple[MoneyDecision, ...]:
    """The sentences of `text` that decide over money, in order; `policy` are passages that may be quoted, `records` what is known to be done."""
    quoted = "\n".join(_SPACE.sub(" ", passage) for passage in policy)
    return tuple(
        found
        for sentence in _sentences(text)
        if _SPACE.sub(" ", sentence) not in quoted and (found := _decision(sentence, records)) is not None
    )


def total(decisions: Iterable[MoneyDecision]) -> Decimal | None:
    """What they come to in USD; None where one of them names no sum."""
    amounts = [decision.amount for decision in decisions]
    return None if None in amounts else sum((amount for amount in amounts if amount is not None), Decimal(0))


def _sentences(text: str) -> Iterator[str]:
    yield from (piece.strip() for piece in _END.split(text) if piece and piece.strip())


def _decision(sentence: str, records: str) -> MoneyDecision | None:
    promised = ACTIONS.intersection(promises_in(sentence))
    granted = sums_granted(sentence)
    told = (*reported_done(sentence, records), *(words for words in foretold_in(sentence) if _BACK.search(words)))
    is_told = bool(told) and _MONEY.search(sentence) is not None
    if not (promised or granted or is_told or over_the_limits(sentence, (), ())):
        return None
    is_sum = bool(granted) and not promised & _WITHOUT_SUM and not _MANY.search(sentence) and _in_dollars(sentence)
    return MoneyDecision(sentence, sum(granted, Decimal(0)) if is_sum else None)


def _in_dollars(sentence: str) -> bool:
    return all(span.unit == "USD" for span in extract(sentence) if span.kind == "amount")
