"""The chat page's conversations: who asks, what the machine decides on each message, and the person who takes over.

Nothing of a shop is told before somebody has shown that it is theirs. Knows no page.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from app.errors import InputFileError, NotAllowed, NotFound
from app.identity import MACHINE
from app.services import four_eyes
from app.services.answering import answer_thread, hand_over, kept, passage
from app.services.generations import of_answer
from app.services.matter import merchant_facts, named_orders
from app.services.own_rows import own_rows
from app.services.runtime import get_runtime, snapshot_id
from app.services.warehouse import cursor, filter_options, merchants, window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.identity import Actor
    from app.workspace import Conversation, Turn
    from llm.types import Answer, Fact, Thread

MOST_CHARACTERS = 4_000
PROOF_DAYS = 90
PROOF_BUYERS = 2
"""A buyer knows the numbers of its own orders: only the shop knows those of two buyers."""
MOST_ORDERS = 4
MOST_REFUSALS = 100
REFUSALS_WITHIN = timedelta(days=1)
"""Wrong attempts for one shop in all conversations together, far above what its people need: then a person sees to it."""
TRIED_TITLE = "{n} wrong attempts in chats within a day to pass for this shop · 一天内有人在聊天中冒称本店 {n} 次未成功"
_SEPARATORS = re.compile(r"[\s,;，、；]+")


@dataclass(frozen=True)
class Chat:
    """A conversation with its turns; `shop` is the verified merchant's name, '' while nobody has shown whose it is."""

    conversation: Conversation
    turns: Sequence[Turn]
    shop: str

    @property
    def is_handed_over(self) -> bool:
        """Whether it is a person's now, so that the machine stays silent."""
        return self.conversation.handed_over_at is not None

    @property
    def is_waiting_for_machine(self) -> bool:
        """Whether the merchant's newest message is still to be decided on."""
        return not self.is_handed_over and bool(self.turns) and self.turns[-1].author == "merchant"


def chat(conversation_id: str) -> Chat | None:
    """The conversation; None where the address names none."""
    conversations = get_runtime().workspace.conversations
    try:
        found = conversations.get(conversation_id)
    except NotFound:
        return None
    return Chat(found, conversations.turns(conversation_id), shop_name(found.merchant_id))


def shop_name(merchant_id: str) -> str:
    """A merchant's name, its id where it has none; '' for no merchant."""
    if not merchant_id:
        return ""
    profiles = merchants(snapshot_id())
    name = next(iter(profiles.loc[profiles["merchant_id"] == merchant_id, "name"]), None)
    return name if isinstance(name, str) and name else merchant_id


def say(conversation_id: str | None, text: str, actor: Actor) -> str:
    """Keeps what the merchant writes; the conversation's id, a new one's where there was none. `answer_newest` answers it.

    Raises InputFileError for an empty or too long message.
    """
    from llm.types import printable

    text = printable(text).strip()
    if not text:
        raise InputFileError("The message is empty: write in a sentence what you want to know.")
    if len(text) > MOST_CHARACTERS:
        raise InputFileError(
            "The message has {count} characters, at most {limit} are read: shorten it.",
            count=len(text),
            limit=MOST_CHARACTERS,
        )
    conversations = get_runtime().workspace.conversations
    conversation_id = started(conversation_id, actor)
    conversations.add(conversation_id, "merchant", text, actor)
    return conversation_id


def answer_newest(conversation_id: str) -> None:
    """Decides on the merchant's newest message, at most once; nothing where a person has the conversation. Raises NotFound."""
    conversations = get_runtime().workspace.conversations
    found = Chat(conversations.get(conversation_id), conversations.turns(conversation_id), "")
    if found.is_waiting_for_machine:
        thread = _thread(found.conversation, found.turns)
        started = time.monotonic()
        made, facts = _decided(thread)
        if made.action == "answer" and four_eyes.decisions(made.text):
            made = hand_over(thread, "money")
        _keep(thread, made, facts, round((time.monotonic() - started) * 1_000))


def source(cite: str, text: str) -> tuple[str, str]:
    """Title and text of the passage behind a sentence of the machine, in the language of `text`; both empty for one that is gone."""
    from llm.language import detect

    return passage(cite, detect(text))


def own_rows_behind(found: Chat, turn: Turn, cite: str) -> tuple[tuple[str, Fact], ...]:
    """The shop's own rows behind a sentence of the machine's turn, as `own_rows` gives them; none while nobody has shown whose shop it is."""
    if not found.conversation.merchant_id:
        return ()
    before = [other for other in found.turns if other.n < turn.n]
    return own_rows(snapshot_id(), found.conversation.merchant_id, _thread(found.conversation, before), cite)


def ask_for_person(conversation_id: str | None, words: str, actor: Actor) -> str:
    """The button's way to a person, at any moment: `words` stand as the merchant's message. Gives the conversation's id."""
    conversations = get_runtime().workspace.conversations
    conversation_id = started(conversation_id, actor)
    if conversations.get(conversation_id).handed_over_at is None:
        conversations.add(conversation_id, "merchant", words, actor)
        thread = _thread(conversations.get(conversation_id), conversations.turns(conversation_id))
        _keep(thread, hand_over(thread, "asked_for_human"))
    return conversation_id


def started(conversation_id: str | None, actor: Actor) -> str:
    """The conversation's id, a new one's where there is none yet."""
    return conversation_id or get_runtime().workspace.conversations.start(actor).conversation_id


def verify(conversation_id: str | None, merchant_id: str, orders: str, actor: Actor) -> str:
    """Whose shop it is, shown by the numbers of recent orders of two buyers; the conversation's id.

    Every attempt counts for its conversation, where more than a few wait ever longer. Raises NotAllowed where it is not shown, in words that don't
    tell which part was wrong, while it is too soon, and after very many attempts for a shop in all conversations.
    """
    from analytics.desk import buyers_behind

    conversations = get_runtime().workspace.conversations
    merchant_id = merchant_id.strip()[:200]
    if _refusals(merchant_id) >= MOST_REFUSALS:
        raise NotAllowed("Too many attempts for this shop today: talk to a person.")
    conversation_id = started(conversation_id, actor)
    conversations.try_proof(conversation_id)
    order_ids = [part for part in _SEPARATORS.split(orders) if part][:MOST_ORDERS]
    snapshot = snapshot_id()
    since = window(snapshot)[1] - timedelta(days=PROOF_DAYS)
    with cursor(snapshot) as opened:
        buyers = buyers_behind(opened, merchant_id, order_ids, since)
    if buyers < PROOF_BUYERS:
        conversations.refuse(conversation_id, merchant_id, actor)
        if _refusals(merchant_id) == MOST_REFUSALS:
            _tell_people(merchant_id)
        raise NotAllowed(
            "That does not show that the shop is yours: give its id and two order numbers of the last {days} days, of different buyers.",
            days=PROOF_DAYS,
        )
    conversations.verify(conversation_id, merchant_id, actor)
    return conversation_id


def _refusals(merchant_id: str) -> int:
    return get_runtime().workspace.conversations.refusals(merchant_id, datetime.now(UTC) - REFUSALS_WITHIN)


def _tell_people(merchant_id: str) -> None:
    """Opens a case of the shop that so many have tried to pass for; nothing for an id that is no shop's."""
    from app.workspace.cases import NewCase

    if merchant_id in filter_options(snapshot_id()).merchants:
        title = TRIED_TITLE.format(n=MOST_REFUSALS)
        get_runtime().workspace.cases.open(NewCase("merchant", merchant_id, merchant_id, title), MACHINE)


def rate(conversation_id: str, stars: int, actor: Actor) -> None:
    """The merchant's word on the conversation, 1 to 5. Raises NotAllowed."""
    get_runtime().workspace.conversations.rate(conversation_id, stars, actor)


def answer_as_person(conversation_id: str, text: str, actor: Actor) -> None:
    """What somebody of the desk answers in a conversation that was handed over. Raises InputFileError for no text."""
    if not text.strip():
        raise InputFileError("The message is empty: write in a sentence what you want to say.")
    get_runtime().workspace.conversations.add(conversation_id, "agent", text.strip(), actor)


def waiting() -> list[Chat]:
    """Conversations that wait for a person, longest first."""
    conversations = get_runtime().workspace.conversations
    found = conversations.waiting()
    turns = conversations.turns_of([one.conversation_id for one in found])
    return [Chat(one, turns.get(one.conversation_id, []), shop_name(one.merchant_id)) for one in found]


def _decided(thread: Thread) -> tuple[Answer, tuple[Fact, ...]]:
    """The decision, and the shop's facts that it rests on."""
    from llm.answer import with_unknown_orders
    from llm.types import Thread

    if thread.merchant_id is None:
        return answer_thread(thread), ()
    facts = merchant_facts(snapshot_id(), thread.merchant_id, thread)
    newest = thread.messages[-1]
    known = {fact.fact_id.removeprefix("order.") for fact in facts if fact.name == "order_record"}
    named = named_orders(Thread(thread.ticket_id, thread.merchant_id, (newest,)))
    unknown = [order for order in named if order not in known]
    return with_unknown_orders(answer_thread(thread, facts), unknown, newest.cite), facts


def _keep(thread: Thread, made: Answer, facts: Sequence[Fact] = (), latency_ms: int = 0) -> None:
    sentences = [sentence.to_json() for sentence in made.sentences]
    new = kept("chat", thread, made, is_automatic=True)
    logged = of_answer(snapshot_id() if facts else "", thread, facts, made, latency_ms, "chat")
    get_runtime().workspace.conversations.decide(new, made.text, sentences, MACHINE, made=logged)


def _thread(found: Conversation, turns: Sequence[Turn]) -> Thread:
    from llm.types import Message, Thread

    messages = (Message(str(turn.n), turn.at, turn.author, turn.text) for turn in turns)
    return Thread(found.conversation_id, found.merchant_id or None, tuple(messages))
