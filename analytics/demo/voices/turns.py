"""Every message after the first: the desk's, the bot's, the system's and the opener's. Holds no phrases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from analytics.demo.tickets import TicketSpec, Turn
from analytics.demo.voices import noise
from analytics.demo.voices.bank import Lines
from analytics.demo.voices.facts import business_days_later, write_date
from analytics.demo.voices.lists import order_list
from analytics.demo.voices.openings import Opening, Part, lay_out, make_hand
from analytics.demo.voices.pen import Hand, Pen

_REPLY_HOURS = {"critical": 1, "high": 4, "normal": 12, "low": 24}
REFUSALS = frozenset(
    (
        "penalty_kept",
        "orders_kept",
        "dispute_kept",
        "refund_refused",
        "review_kept",
        "listing_kept_down",
    )
)
_LISTED = ("carrier_outage", "late_delivery_dispute", "penalty_appeal")
_WORSE = ("annoyed", "angry", "desperate")


@dataclass
class Replies:
    """Writes the later turns of one ticket: `desk` in the agent's hand, `opening.pen` in the opener's."""

    opening: Opening
    desk: Pen
    desk_dates: str

    def write(self, turn: Turn) -> str:
        """The text of a turn; its act decides what it says."""
        spec = self.opening.spec
        sent = spec.opened_at + timedelta(seconds=turn.offset_seconds)
        about = self.opening.bank.matters[spec.intent]["about"]
        if turn.author in ("merchant", "buyer"):
            pen = self.opening.pen
            pen.begin(Hand())
            pen.facts["about"] = own_view(pen.say(about, inside=True), spec)
            return self._opener(turn)
        desk = self.desk
        desk.begin(Hand())
        due = business_days_later(sent, desk.chance.choice((1, 2, 2, 3, 5)))
        desk.facts["due"] = write_date(due, spec.language, self.desk_dates)
        desk.facts["hours"] = _reply_hours(spec)
        desk.facts["about"] = desk.say(about, inside=True)
        if turn.author == "bot":
            return desk.say(self.opening.bank.desk["bot"][spec.channel])
        if turn.author == "system":
            return desk.say(self.opening.bank.desk["turns"]["note"])
        return self._letter(self._agent(turn))

    def _agent(self, turn: Turn) -> list[Part]:
        spec, desk, chance = self.opening.spec, self.desk, self.desk.chance
        matter, turns = self.opening.bank.matters[spec.intent], self.opening.bank.desk["turns"]
        parts: list[Part] = []
        if spec.mood in _WORSE and chance.random() < 0.4:
            parts.append(("sorry", desk.say(self.opening.bank.desk["agents"]["sorry"])))
        if turn.act == "ask":
            desk.facts["need"] = desk.say(matter.get("need", ()), inside=True) or desk.facts["about"]
            parts += self._said(("ask", turns["ask"], 1.0), ("end", turns["ask_end"], 0.5))
        elif turn.act == "answer":
            parts += self._said(
                ("intro", turns["answer"], 0.8),
                ("tell", matter["tell"], 1.0),
                ("tell", matter["tell"], 0.6),
                ("end", turns["answer_end"], 0.5),
            )
        elif turn.act == "decide":
            parts += self._decision()
        else:
            parts += self._said(("acknowledge", turns["acknowledge"], 1.0))
        return parts

    def _decision(self) -> list[Part]:
        spec, bank = self.opening.spec, self.opening.bank
        matter, turns = bank.matters[spec.intent], bank.desk["turns"]
        if spec.resolution in (None, "explained"):
            parts = self._said(
                ("intro", turns["answer"], 0.35),
                ("tell", matter["tell"], 1.0),
                ("tell", matter["tell"], 0.65),
                ("tell", matter["tell"], 0.2),
                ("end", turns["explained"], 0.6),
            )
        else:
            result = self.desk.say(matter.get(spec.resolution, ())) or self.desk.say(
                bank.desk["decisions"][spec.resolution]
            )
            end = turns["end_bad" if spec.resolution in REFUSALS else "end_good"]
            parts = [
                *self._said(("intro", turns["decide"], 0.6)),
                ("result", result),
                *self._said(("tell", matter["tell"], 0.55), ("end", end, 0.35)),
            ]
        if spec.secondary_intent:
            with self.desk.apart():
                tell = self.desk.say(bank.matters[spec.secondary_intent]["tell"])
            gap = " " if self.desk.is_english else ""
            parts.insert(
                len(parts) - (parts[-1][0] == "end"), ("second", f"{self.desk.say(turns['second'])}{gap}{tell}")
            )
        return parts

    def _said(self, *wanted: tuple[str, Lines, float]) -> list[Part]:
        said = [(name, self.desk.say(lines)) for name, lines, rate in wanted if self.desk.chance.random() < rate]
        return [(name, text) for name, text in said if text]

    def _letter(self, parts: list[Part]) -> str:
        """Greeting, parts and the agent's name; chats go without."""
        spec, desk, agents = self.opening.spec, self.desk, self.opening.bank.desk["agents"]
        is_chat = spec.channel == "chat"
        if desk.chance.random() < (0.3 if is_chat else 0.9):
            parts.insert(0, ("greet", desk.say(agents["hello"])))
        text = lay_out(parts, desk.chance.choice(("letter", "letter", "lines")), desk)
        if desk.chance.random() < (0.1 if is_chat else 0.85):
            text += "\n\n" + desk.say(agents["sign_buyer" if spec.opened_by == "buyer" else "sign"])
        return text

    def _opener(self, turn: Turn) -> str:
        spec, pen, writer = self.opening.spec, self.opening.pen, self.opening.writer
        mood = spec.mood
        pen.begin(make_hand(writer.voice, mood, pen.is_english, pen.chance))
        if turn.act == "provide":
            parts = self._provided()
        elif turn.act == "thank":
            parts = self._thanks()
        else:
            parts = self._pressed(turn)
        if pen.chance.random() < 0.6 * writer.voice.emoji:
            parts.append(("emoji", noise.emoji(mood, pen.chance)))
        return lay_out([part for part in parts if part[1]], pen.chance.choice(("line", "line", "lines")), pen)

    def _provided(self) -> list[Part]:
        spec, pen, bank = self.opening.spec, self.opening.pen, self.opening.bank
        reply = bank.talk["reply"]
        parts: list[Part] = [("intro", pen.say(reply["provide"]))] if pen.chance.random() < 0.55 else []
        parts.append(("give", pen.say(bank.matters[spec.intent].get("give", ())) or pen.say(reply["provide"])))
        if len(spec.orders) > 1 and spec.intent in _LISTED and pen.chance.random() < 0.7:
            parts.append(("list", order_list(spec.orders, spec.language, self.opening.writer.dates, pen.chance)))
        if pen.chance.random() < 0.4:
            parts.append(("end", pen.say(reply["provide_end"])))
        return parts

    def _thanks(self) -> list[Part]:
        spec, pen, bank = self.opening.spec, self.opening.pen, self.opening.bank
        score = spec.csat_score or (2 if spec.resolution in REFUSALS and pen.chance.random() < 0.6 else 4)
        if score <= 2:
            return [("thank", pen.say(bank.talk["reply"]["thank_bad"]))]
        own = bank.voices[self.opening.writer.voice.name]["thank"]
        common = bank.talk["reply"]["thank_good" if score > 3 else "thank_mid"]
        return [("thank", pen.say(own + common if score > 3 else common))]

    def _pressed(self, turn: Turn) -> list[Part]:
        """Asking again, or not accepting an answer."""
        spec, pen, bank = self.opening.spec, self.opening.pen, self.opening.bank
        matter, reply = bank.matters[spec.intent], bank.talk["reply"]
        if turn.act == "push_back":
            more = matter["back"] if pen.chance.random() < 0.4 else reply["push_why"]
            parts: list[Part] = [("push", pen.say(reply["push_back"])), ("more", pen.say(more))]
            parts = parts[: 1 + (pen.chance.random() < 0.7)]
        else:
            own = bank.voices[self.opening.writer.voice.name]["chase"]
            general = reply["chase_worse" if spec.mood in _WORSE else "chase"]
            parts = [("chase", pen.say(own if pen.chance.random() < 0.5 else general))]
        if pen.chance.random() < 0.4:
            parts.append(("ask", pen.say(matter["ask"])))
        if pen.chance.random() < 0.2:
            parts.append(("press", pen.say(bank.talk["open"][f"press_{spec.mood}"])))
        return parts


def own_view(about: str, spec: TicketSpec) -> str:
    """The desk's 'your payout' as the opener says it: 'our payout', a buyer 'my'."""
    is_buyer = spec.opened_by == "buyer"
    if spec.language != "en":
        return about.replace("您", "我" if is_buyer else "我们")
    return about.replace("your ", "my " if is_buyer else "our ").replace("you ", "I " if is_buyer else "we ")


def _reply_hours(spec: TicketSpec) -> str:
    """The desk's promise for a first answer; a number alone in Chinese, whose phrases bring the word."""
    hours = _REPLY_HOURS[spec.priority]
    return str(hours) if spec.language != "en" else f"{hours} hour{'s' if hours > 1 else ''}"
