"""What a thread asks: the message that a reply answers, whether it says enough, how long somebody has waited. Knows no reply."""

import re

from llm.spans import extract, texts_of
from llm.types import IssueBrief, Message

FEWEST_LETTERS = 24
"""A message with fewer letters says too little to answer: the reply asks what it is about."""


def has_waited(brief: IssueBrief) -> bool:
    """Whether those who ask have written twice or more since the desk last did."""
    count = 0
    for message in reversed(brief.thread.messages):
        if message.author == "agent":
            break
        count += message.author in {"merchant", "buyer"}
    return count > 1


def newest_ask(brief: IssueBrief) -> Message:
    """The message that the reply answers: the newest of those who want something that says enough, else simply the newest."""
    asking = [m for m in brief.thread.messages if m.author in {"merchant", "buyer"}] or list(brief.thread.messages)
    return next((m for m in reversed(asking) if says_enough(m.text)), asking[-1])


def says_enough(text: str) -> bool:
    """Whether there is more than a greeting, thanks or a nudge; a Han character counts as three letters."""
    return sum(character.isalpha() for character in text) + 2 * han_count(text) >= FEWEST_LETTERS


def texts_of_thread(brief: IssueBrief, kind: str) -> tuple[str, ...]:
    """The spans of a kind that those who want something wrote, each once."""
    asking = (m.text for m in brief.thread.messages if m.author in {"merchant", "buyer"})
    return tuple(dict.fromkeys(text for message in asking for text in texts_of(extract(message), kind)))


def han_count(text: str) -> int:
    """How many Han characters `text` holds."""
    return len(re.findall(r"[\u4e00-\u9fff]", text))
