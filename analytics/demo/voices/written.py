"""Openings that people wrote (`data/corpus/threads`), with a ticket's own orders, shop, money, carrier and clause in place of theirs.

Only of threads that may be trained on, and only those whose every figure the ticket has. Each is used once in a marketplace; all other words
come from the phrases. Knows no phrases.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from analytics.demo.tickets import TicketSpec
from analytics.demo.voices.facts import Facts

FOLDER = Path(__file__).resolve().parents[3] / "data" / "corpus" / "threads"
HELD_OUT_IN = 5  # as in the corpus: such scenarios judge the desk's model, and stand nowhere else
UPSET = frozenset({"annoyed", "angry", "desperate"})
CONTENT = frozenset({"friendly", "calm"})
_MARK = re.compile(r"\{(\w+)\|([^{}|]*)(?:\|[^{}]*)?\}")
_FACTS = {"merchant": "shop", "amount": "amount", "carrier": "carrier", "clause": "clause", "points": "points"}
_KEPT = frozenset({"name"})  # of persons, who stand in no table


@dataclass(frozen=True)
class Written:
    """An opening: its text in pieces, (type of mark, text) with '' for what stands as it is; `order_count` different orders."""

    thread_id: str
    language: str
    author: str
    intents: tuple[str, ...]
    sentiment: float
    pieces: tuple[tuple[str, str], ...]
    order_count: int

    def fits(self, spec: TicketSpec) -> bool:
        """Whether the ticket is of this matter and mood, and has all that the text names, and no order that it doesn't."""
        has = {"amount": spec.amount, "carrier": spec.carrier, "clause": spec.clause, "points": spec.points}
        wanted = tuple(intent for intent in (spec.intent, spec.secondary_intent) if intent)
        return (
            (self.language, self.author, self.intents) == (spec.language, spec.opened_by, wanted)
            and self.order_count == len(spec.orders)
            and all(has.get(kind, "") is not None for kind, _ in self.pieces)
            and not (spec.mood in UPSET and self.sentiment > -0.3)
            and not (spec.mood in CONTENT and self.sentiment < -0.4)
        )

    def filled(self, spec: TicketSpec, facts: Facts) -> str:
        """The text with the ticket's facts, as its opener writes them (`voices.facts`)."""
        orders: dict[str, str] = {}
        parts = []
        for kind, text in self.pieces:
            if kind == "order":
                said = orders.setdefault(text, spec.order_ids[min(len(orders), len(spec.orders) - 1)])
            elif kind == "points":
                said = re.sub(r"\d+", facts["points"], text)
            else:
                said = facts[_FACTS[kind]] if kind in _FACTS else text
            parts.append(said)
        return "".join(parts)


@cache
def written_openings(folder: Path = FOLDER) -> tuple[Written, ...]:
    """Those that a ticket can fill; none where there is no corpus, as in an installation without it."""
    found = (_opening(json.loads(line)) for path in sorted(folder.glob("*.jsonl")) for line in _lines(path))
    return tuple(one for one in found if one is not None)


def opening_of(thread_id: str) -> Written:
    """The opening of that name. KeyError where there is none."""
    return _by_id()[thread_id]


def assigned(specs: Iterable[TicketSpec], openings: Sequence[Written] | None = None) -> list[TicketSpec]:
    """The specs, some with the name of a written opening that fits: short tickets first, which say little else; each opening once."""
    specs = list(specs)
    left: dict[tuple[str, str, str], list[Written]] = {}
    for one in written_openings() if openings is None else openings:
        left.setdefault((one.language, one.author, one.intents[0]), []).append(one)
    for place in sorted(range(len(specs)), key=lambda place: (specs[place].n_turns > 2, specs[place].voice_seed)):
        spec = specs[place]
        candidates = left.get((spec.language, spec.opened_by, spec.intent), [])
        fitting = [one for one in candidates if one.fits(spec)]
        if fitting:
            chosen = random.Random(spec.voice_seed ^ 8).choice(fitting)
            candidates.remove(chosen)
            specs[place] = replace(spec, written=chosen.thread_id)
    return specs


@cache
def _by_id() -> dict[str, Written]:
    return {one.thread_id: one for one in written_openings()}


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _opening(thread: dict[str, Any]) -> Written | None:
    """None for a held-out thread, an opener who is no merchant or buyer, and a text that names what no ticket has, such as another shop."""
    if int(hashlib.sha256(thread["scenario"].encode()).hexdigest(), 16) % HELD_OUT_IN == 0:
        return None
    first = thread["messages"][0]
    pieces = tuple(_pieces(first["text"]))
    kinds = {kind for kind, _ in pieces}
    amounts = {text for kind, text in pieces if kind == "amount"}
    points = [text for kind, text in pieces if kind == "points"]
    shops = {text for kind, text in pieces if kind == "merchant"}
    if (
        first["author"] not in ("merchant", "buyer")
        or not shops <= _own_shop(thread)
        or not kinds <= {"", "order", *_FACTS, *_KEPT}
        or len(amounts) > 1
        or not all(re.search(r"\d", text) for text in points)
        or "@" in first["text"]  # somebody's address, which need not be of example.com
    ):
        return None
    return Written(
        thread["thread_id"],
        thread["language"],
        first["author"],
        tuple(thread["intents"]),
        float(thread["sentiment"]),
        pieces,
        len({text for kind, text in pieces if kind == "order"}),
    )


def _own_shop(thread: dict[str, Any]) -> set[str]:
    """What the thread's own shop is called, by its records: another shop's name is no ticket's."""
    values = [fact["value"] for fact in thread["facts"] if fact["name"] == "merchant_name"]
    return {said for value in values for kind, said in _pieces(value) if kind == "merchant"}


def _pieces(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    for match in _MARK.finditer(text):
        found += [("", text[at : match.start()]), (match[1], match[2])]
        at = match.end()
    return [(kind, said) for kind, said in (*found, ("", text[at:])) if said]
