"""The first message of a ticket: which parts it has, in which order, and how they are laid out. Holds no phrases."""

from __future__ import annotations

import random
from dataclasses import dataclass

from analytics.demo.tickets import TicketSpec
from analytics.demo.voices import noise
from analytics.demo.voices.bank import Bank
from analytics.demo.voices.lists import order_list
from analytics.demo.voices.pen import Hand, Pen
from analytics.demo.voices.writers import Voice, Writer

Part = tuple[str, str]
# A shape is a sequence of (part, probability); see `_Opening.part` for what each part writes.
SHAPES: dict[str, tuple[tuple[str, float], ...]] = {
    "short": (("greet", 0.3), ("short", 1.0), ("list", 1.0), ("press", 0.2), ("close", 0.25)),
    "plain": (
        ("greet", 0.85), ("mood", 0.35), ("lead", 1.0), ("back", 0.7), ("list", 1.0), ("second", 1.0), ("ask", 0.85),
        ("press", 0.2), ("close", 0.7),
    ),
    "ask_first": (("greet", 0.7), ("ask", 1.0), ("lead", 1.0), ("back", 0.5), ("list", 1.0), ("second", 1.0), ("close", 0.6)),
    "list_first": (("greet", 0.6), ("list", 1.0), ("lead", 1.0), ("back", 0.4), ("ask", 0.9), ("second", 1.0), ("close", 0.6)),
    "story": (
        ("greet", 0.95), ("aside", 0.8), ("mood", 0.5), ("lead", 1.0), ("back", 1.0), ("back", 0.6), ("list", 1.0),
        ("hurt", 0.6), ("second", 1.0), ("ask", 0.9), ("ask", 0.25), ("press", 0.5), ("close", 0.85),
    ),
    "rant": (("greet", 0.4), ("mood", 0.9), ("lead", 1.0), ("hurt", 0.6), ("back", 0.7), ("list", 1.0), ("ask", 0.6), ("press", 0.8), ("second", 1.0), ("close", 0.6)),
    "memo": (("greet", 0.9), ("aside", 0.4), ("1", 1.0), ("2", 1.0), ("3", 0.6), ("list", 1.0), ("4", 0.9), ("second", 1.0), ("close", 0.9)),
    "labels": (("greet", 0.8), ("label_lead", 1.0), ("label_back", 0.8), ("label_ask", 1.0), ("list", 1.0), ("second", 1.0), ("close", 0.7)),
    "notice": (("greet", 0.8), ("lead", 1.0), ("notice", 1.0), ("back", 0.7), ("list", 1.0), ("ask", 0.9), ("second", 1.0), ("close", 0.7)),
}  # fmt: skip
_NUMBERED = {"1": "lead", "2": "back", "3": "back", "4": "ask"}
_BLOCKS = frozenset(("list", "notice", "label_lead", "label_back", "label_ask", *_NUMBERED))
_STATING = frozenset(("lead", "short", "label_lead", "1"))
_CIVIL = {"veteran": "owner", "buyer_angry": "buyer_polite"}
_TENSE = frozenset(("angry", "desperate"))


def make_hand(voice: Voice, mood: str, is_english: bool, chance: random.Random) -> Hand:
    """The habits that show in one message; anger makes hands less careful."""
    is_tense = mood in _TENSE
    is_sloppy = chance.random() < min(0.8, 2.0 * voice.typos + 0.15 * is_tense)
    return Hand(
        typos=(0.05 if is_english else 0.18) * is_sloppy,
        lower=is_english and chance.random() < voice.lower,
        bare=chance.random() < voice.bare,
        broken=is_english and chance.random() < voice.broken,
        mixed=not is_english and chance.random() < voice.mixed,
        insists={"angry": 0.4, "desperate": 0.45, "annoyed": 0.1}.get(mood, 0.02) * (voice.typos > 0.01),
    )


@dataclass
class Opening:
    """Writes one opening message with the pen of its ticket."""

    spec: TicketSpec
    bank: Bank
    writer: Writer
    pen: Pen

    def write(self) -> str:
        """The whole message, signature included."""
        spec, pen, voice = self.spec, self.pen, self.writer.voice
        pen.begin(make_hand(voice, spec.mood, pen.is_english, pen.chance))
        shape = pen.chance.choice(voice.shapes)
        if shape == "short" and spec.secondary_intent:
            shape = "plain"
        if shape == "story":
            pen.facts["?long"] = ""
        parts: list[Part] = []
        counter = 0
        for name, probability in SHAPES[shape]:
            if pen.chance.random() < probability:
                text = self._part(name)
                if text and name in _NUMBERED:
                    counter += 1
                    text = f"{counter}. {text}"
                if text:
                    parts.append((name, text))
        if not any(name in _STATING for name, _ in parts):
            parts.insert(len(parts) and parts[0][0] == "greet", ("lead", self._part("lead")))
        self._name_order(parts)
        if pen.chance.random() < voice.emoji:
            parts.append(("emoji", noise.emoji(spec.mood, pen.chance)))
        text = lay_out(parts, pen.chance.choice(voice.layouts), pen)
        return text + self._tail(must_sign=text.endswith(","))

    def _part(self, name: str) -> str:
        pen, spec = self.pen, self.spec
        matter, voice, talk = self.bank.matters[spec.intent], self.bank.voices[self._manner()], self.bank.talk
        if name == "list":
            return self._list()
        if name == "second":
            return self._second()
        if name == "notice":
            return self._notice()
        if name == "close" and spec.mood in _TENSE and pen.chance.random() < 0.6:
            return ""
        if name in ("greet", "close"):
            return pen.say(voice[name])
        if name == "aside":
            return pen.say(voice["aside"]) if pen.chance.random() < self.writer.voice.aside else ""
        if name in ("mood", "press"):
            return pen.say(talk["open"][f"{name}_{spec.mood}"], shout=self._shouts())
        if name.startswith("label_"):
            text = pen.say(matter[name.removeprefix("label_")])
            return f"{pen.say(talk['open'][name])}{' ' if pen.is_english else ''}{text}" if text else ""
        return pen.say(matter[_NUMBERED.get(name, name)], shout=self._shouts())

    def _manner(self) -> str:
        """The voice whose greetings and closings fit: the gruff are civil when nothing is wrong."""
        name = self.writer.voice.name
        return _CIVIL.get(name, name) if self.spec.mood in ("friendly", "calm") else name

    def _shouts(self) -> bool:
        """A part in capitals, of angry writers only."""
        rate = self.writer.voice.shout * {"angry": 0.5, "desperate": 0.3, "annoyed": 0.08}.get(self.spec.mood, 0.0)
        return self.pen.chance.random() < rate

    def _list(self) -> str:
        orders, chance = self.spec.orders, self.pen.chance
        if len(orders) < 2 or chance.random() < 0.08:
            return ""
        text = order_list(orders, self.spec.language, self.writer.dates, chance)
        head = self.pen.say(self.bank.talk["open"]["list_head"]) if chance.random() < 0.7 else ""
        return f"{head}\n{text}" if head and "\n" in text else f"{head} {text}".strip()

    def _second(self) -> str:
        if not self.spec.secondary_intent:
            return ""
        matter = self.bank.matters[self.spec.secondary_intent]
        with self.pen.apart():
            text = self.pen.say(matter.get("also", matter["lead"]))
        if not text:
            return ""
        gap = " " if self.pen.is_english else ""
        parts = [self.pen.say(self.bank.talk["open"]["second"]), text]
        if self.pen.chance.random() < 0.4:
            with self.pen.apart():
                parts.append(self.pen.say(matter["ask"]))
        return gap.join(part for part in parts if part)

    def _notice(self) -> str:
        text = self.pen.say(self.bank.talk["notice"].get(self.spec.intent, ()))
        if not text:
            return ""
        mark = self.pen.chance.choice(("", "> ", "| "))
        copied = "\n".join(mark + line for line in text.split("\n"))
        return f"{self.pen.say(self.bank.talk['open']['notice_head'])}\n{copied}"

    def _name_order(self, parts: list[Part]) -> None:
        """Most writers give the order number; when no part has, a line of its own does."""
        order_id = self.spec.order_ids[0] if self.spec.orders else None
        if not order_id or any(order_id in text for _, text in parts) or self.pen.chance.random() < 0.12:
            return
        at = len(parts) - (parts[-1][0] == "close")
        parts.insert(at, ("list", self.pen.say(self.bank.talk["open"]["order_line"])))

    def _tail(self, *, must_sign: bool) -> str:
        """Signature, and now and then a line in the writer's other language."""
        pen, spec = self.pen, self.spec
        is_mixing = pen.chance.random() < (0.35 if pen.is_english and spec.currency == "CNY" else 0.03)
        has_other = not pen.is_english or spec.currency == "CNY"
        tail = "\n" + pen.say(self.bank.talk["open"]["local"]) if is_mixing and has_other and not must_sign else ""
        sign = self.writer.voice.sign * {"chat": 0.0, "portal": 0.8, "email": 1.2}[spec.channel]
        if must_sign:
            tail = "\n" + pen.facts["person"]
        elif pen.chance.random() < sign:
            side = "buyer" if spec.opened_by == "buyer" else "merchant"
            tail += "\n" + pen.say(self.bank.talk["sign"][side])
        return tail


def lay_out(parts: list[Part], layout: str, pen: Pen) -> str:
    """Join parts on one line, one a line, or as a letter; lists and labelled parts always stand alone."""
    gap = " " if pen.is_english or pen.hand.bare else ""
    out = ""
    before = ""
    for name, text in parts:
        if not out:
            out = text
        elif name in _BLOCKS or before in _BLOCKS or layout == "lines":
            out += "\n" + text
        elif layout == "letter" and (before == "greet" or name == "close" or (name == "ask" and len(out) > 160)):
            out += "\n\n" + text
        else:
            out += ("" if out[-1] in "\n" else _stop(out, pen) + gap) + text
        before = name
    return out


def _stop(text: str, pen: Pen) -> str:
    """Punctuation between two parts on a line, where the first has none."""
    if pen.hand.bare or text[-1] in ".,!?:;)，。！？：；~…）”—":
        return ""
    return pen.chance.choice((".", ",") if pen.is_english else ("，", "。"))
