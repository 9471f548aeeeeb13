"""A whole ticket from its spec: people, subject line, messages in turn, quoted mail. Holds no phrases."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from analytics.demo.tickets import TicketSpec
from analytics.demo.voices.bank import Bank, Lines
from analytics.demo.voices.facts import MONEY_STYLES, Facts, facts_of, write_date
from analytics.demo.voices.openings import Opening, make_hand
from analytics.demo.voices.pen import Hand, Pen
from analytics.demo.voices.turns import REFUSALS, Replies
from analytics.demo.voices.writers import Writer, writer_of
from analytics.demo.voices.written import opening_of

_DESK_DATES = ("long", "us_long", "iso")
_QUOTED_LINES = 4
_FORMAL = frozenset(("accountant", "counsel", "operations", "buyer_formal"))


def texts_of(spec: TicketSpec, bank: Bank) -> list[str]:
    """One text per turn."""
    chance = random.Random(spec.voice_seed ^ 2)
    writer = writer_of(spec)
    facts = _opener_facts(spec, bank, writer)
    pen = Pen(spec.language, facts, chance)
    pen.topic = _topic(spec, bank, facts)
    opening = Opening(spec, bank, writer, pen)
    replies = _replies(spec, bank, opening, facts, random.Random(spec.voice_seed ^ 3))
    texts: list[str] = []
    for i, turn in enumerate(spec.turns):
        text = opening.write() if turn.act == "open" else replies.write(turn)
        if turn.act == "open" and spec.written is not None:  # what follows is as it would be
            text = opening_of(spec.written).filled(spec, facts)
        if i and spec.channel == "email" and turn.author in ("merchant", "buyer", "agent"):
            text += _quoted(opening.pen, bank, spec, i, texts[-1], 0.3 if turn.author == "agent" else 0.7)
        texts.append(text)
    return texts


def subject_line(spec: TicketSpec, bank: Bank, chance: random.Random) -> str:
    """A line of the matter in the writer's voice; some say next to nothing, some look like answers."""
    writer = writer_of(spec)
    facts = _opener_facts(spec, bank, writer)
    pen = Pen(spec.language, facts, chance)
    pen.topic = _topic(spec, bank, facts)
    pen.begin(make_hand(writer.voice, "calm", pen.is_english, chance))
    if chance.random() < (0.2 if "phone" in writer.voice.name else 0.05):
        pen.begin(Hand())
        return pen.say(bank.talk["open"]["subject_empty"])
    shout = spec.mood in ("angry", "desperate") and chance.random() < 0.3
    text = pen.say(bank.matters[spec.intent]["subject"], shout=shout)
    if spec.secondary_intent and chance.random() < 0.35:
        with pen.apart():
            text += (" + " if pen.is_english else "；") + pen.say(bank.matters[spec.secondary_intent]["subject"])
    if spec.channel == "email" and chance.random() < 0.2:
        text = (
            chance.choice(("Re: ", "RE: ", "Fwd: ", "AW: ") if pen.is_english else ("Re: ", "回复：", "转发：")) + text
        )
    elif spec.mood in ("desperate", "angry") and chance.random() < 0.25:
        text = (
            chance.choice(("URGENT: ", "urgent - ", "!! ") if pen.is_english else ("【急】", "急！", "加急：")) + text
        )
    return text


def _topic(spec: TicketSpec, bank: Bank, facts: Facts) -> str:
    """The part of the matter that the ticket is about, as often as it has phrases to open with."""
    leads = [phrase for phrase in bank.matters[spec.intent]["lead"] if phrase.needs <= facts.keys()]
    return random.Random(spec.voice_seed ^ 6).choice(leads).topic


def _word(lines: Lines, number: int) -> str:
    return lines[number % len(lines)].pieces[0][0]


def _opener_facts(spec: TicketSpec, bank: Bank, writer: Writer) -> Facts:
    """The spec's facts in the writer's formats, with name, phone and e-mail; all contacts are fictional."""
    person, sign = writer.person, bank.talk["sign"]
    facts = facts_of(spec, writer.dates, person // 64 % MONEY_STYLES, native_carrier=person % 10 < 8)
    first, last = _word(sign["first_names"], person // 3), _word(sign["last_names"], person // 5)
    if writer.voice.name not in _FORMAL:
        facts["?casual"] = ""
    facts["person"] = f"{first} {last}" if spec.language == "en" else first + last
    line = f"01{person // 11 % 100:02d}"
    facts["phone"] = f"555-{line}" if spec.language == "en" else f"400-555-{line}"
    facts["email"] = f"{('hello', 'orders', 'shop', 'contact')[person % 4]}{spec.merchant_id[-4:]}@example.com"
    return facts


def _replies(spec: TicketSpec, bank: Bank, opening: Opening, opener: Facts, chance: random.Random) -> Replies:
    """The same agent writes all of a ticket's answers."""
    dates = chance.choice(_DESK_DATES)
    facts = facts_of(spec, dates, chance.choice((0, 1, 3)))
    if any(turn.act == "provide" for turn in spec.turns):
        facts["?evidence"] = ""
    if spec.resolution not in (*REFUSALS, "forwarded", "payout_explained"):
        facts["?good"] = ""
    facts["agent"] = _word(bank.desk["agents"]["names"], chance.randrange(1000))
    facts["name"] = opener["person"] if spec.opened_by == "buyer" else spec.merchant_name
    pen = Pen(spec.language, facts, chance)
    pen.topic = opening.pen.topic
    return Replies(opening, pen, dates)


def _quoted(pen: Pen, bank: Bank, spec: TicketSpec, i: int, previous: str, rate: float) -> str:
    """The first lines of the previous message under a header, as mail programs put them."""
    if pen.chance.random() >= rate or spec.turns[i - 1].author in ("bot", "system", spec.turns[i].author):
        return ""
    sign = bank.talk["sign"]
    before = spec.turns[i - 1]
    is_buyers = spec.opened_by == "buyer"
    own = pen.facts["person"] if is_buyers else spec.merchant_name
    desk = _word(sign["desk_buyer" if is_buyers else "desk"], 0)
    pen.facts["sender"] = desk if before.author == "agent" else own
    pen.facts["sent"] = _stamp(spec.opened_at + timedelta(seconds=before.offset_seconds), spec)
    pen.begin(Hand())
    lines = "\n".join(previous.split("\n")[:_QUOTED_LINES]).rstrip().split("\n")
    kept = [f"> {line}".rstrip() for line in lines]
    return "\n\n" + pen.say(sign["wrote"]) + "\n" + "\n".join(kept)


def _stamp(when: datetime, spec: TicketSpec) -> str:
    return f"{write_date(when, spec.language, 'long')} {when:%H:%M}"
