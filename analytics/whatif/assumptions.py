"""The sentences that a what-if's result is conditional on: English texts with {named} values, which pages translate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SEGMENT = "Merchants: {segment}. Those without a score are not counted."
WINDOW = "Orders of the last {days} days, as they were; nothing is forecast."
ONLY_LATENESS = (
    "Only deliveries late by the merchant's fault change, in proportion for every merchant of the segment; reviews, shipping, "
    "disputes and the number of orders stay as they are."
)
ONLY_A_RATE = (
    "Only “{rate}” changes, in proportion for every merchant of the segment; all other counts stay as they are."
)
MORE_ANSWERS = "There are more or fewer answers behind “{rate}”, and they say the same as those there are."
PEERS_REFITTED = (
    "Peers' rates are estimated anew from the changed counts, so merchants outside the segment may move a little."
)
LIMIT_MOVES = "The limit moves from {before:g} to {after:g}; no merchant changes what it does."
RULE_CHANGES = "The rule “{rule}” changes from {before:g} to {after:g}; no merchant changes what it does."
BEYOND_DATA = "“{lever}” goes beyond what nine tenths of these merchants do ({low:g} to {high:g}): extrapolated, so intervals are {times:g} times as wide."
EFFECT_UNTOLD = "What “{lever}” does to “{outcome}” is not told: {why}."
NO_EFFECT = "What buyers do about “{lever}” is not told: no effect of it is estimated here."
NOT_RECORDED = "none of these merchants has it on record"
CLAUSE_COUNTS = "A clause is judged by what merchants did in its own window; no other lever changes that."
CLAUSE_WRONG = "A merchant fails a clause wrongly where its true rate, as its own cases and its peers tell it, is on the passing side of the limit."
CLAUSE_NO_RATE = (
    "How many would fail the clause wrongly can't be told: it counts no rate that merchants could have by chance."
)
ALL_OTHERS = "all others"
OTHER_MERCHANTS = "all other merchants"
CARRIERS_RATE = (
    "Orders that change carrier take on the new carrier's rates: what told “{carrier}” and {others} apart at the same merchant, or at other merchants that use "
    "both. Orders keep their merchant."
)
CARRIER_RARE = "Only {merchants} of these merchants shipped both with “{carrier}” and with {others}: how these differ is little known, or known from other merchants."
CARRIER_UNTOLD = (
    "“{rate}” stays as it is: no merchant has cases of it with both, so nothing tells how the carriers differ."
)
SHARE_RATES = (
    "Orders move between merchants of “{group}” and {others}: each merchant keeps its own rates, and its part of its group's orders. That rates don't change "
    "with the number of orders is assumed."
)
SHARE_UNTOLD = (
    "Mean stars, disputed orders and buyers who come back are not told: effects are estimated of what a merchant does, not of orders "
    "that go to another one."
)
NO_CATEGORY = "{orders} orders at merchants of no known category stay where they are, and count for no share."
NO_REGION = "{orders} orders at merchants of no known region stay where they are, and count for no share."
SHARE_SCORES = (
    "{merchants} merchants would gain a score or lose it, by the orders that it takes: scores are compared of those "
    "that have one before and after."
)
SAME_DRAWS = "The interval of a change comes from {draws} draws of every merchant's true rates (seed {seed}), the same draws before and after."
SOME_MERCHANTS = (
    "Intervals are those of {drawn} of the {merchants} merchants, spread evenly over their sizes and scaled to all."
)
EFFECT_USED = "“{outcome}” of an order that “{lever}” counts is {per_unit:g} off ({low:g} to {high:g}) from what it would be: as estimated, not tried."
TEXTS = (
    *(SEGMENT, WINDOW, ONLY_LATENESS, ONLY_A_RATE, MORE_ANSWERS, PEERS_REFITTED, LIMIT_MOVES, RULE_CHANGES),
    *(EFFECT_UNTOLD, NO_EFFECT, NOT_RECORDED),
    *(CLAUSE_COUNTS, CLAUSE_WRONG, CLAUSE_NO_RATE),
    *(ALL_OTHERS, CARRIERS_RATE, CARRIER_RARE, CARRIER_UNTOLD),
    *(OTHER_MERCHANTS, SHARE_RATES, SHARE_UNTOLD, NO_CATEGORY, NO_REGION, SHARE_SCORES),
    *(BEYOND_DATA, SAME_DRAWS, SOME_MERCHANTS, EFFECT_USED),
)
WARNINGS = (BEYOND_DATA, CARRIER_RARE, CARRIER_UNTOLD, SHARE_SCORES)  # what the data don't bear out


@dataclass(frozen=True)
class Assumption:
    """A sentence that a result is conditional on: an English text with {named} values, so that a page can translate it."""

    text: str
    values: Mapping[str, str | float]

    def __str__(self) -> str:
        return self.text.format(**self.values)
