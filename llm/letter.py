"""The frame of a reply: who is greeted, in which paragraphs its sentences stand, and how it is signed. Decides nothing of what is said."""

from collections.abc import Iterable
from itertools import groupby

from llm.language import CHINESE, ENGLISH, Piece, all_sentences
from llm.types import IssueBrief

_GREETINGS = {
    ENGLISH: {"neutral": "Hello {},", "warm": "Hi {},", "formal": "Dear {},"},
    CHINESE: {"neutral": "{}，您好：", "warm": "{}，您好！", "formal": "尊敬的{}："},
}
_NAMELESS = {
    ENGLISH: {"neutral": "Hello,", "warm": "Hi,", "formal": "Dear Sir or Madam,"},
    CHINESE: {"neutral": "您好：", "warm": "您好！", "formal": "尊敬的用户："},
}
_SIGNED = {
    ENGLISH: {
        "neutral": "Kind regards,\nThe support desk",
        "warm": "Best wishes,\nThe support desk",
        "formal": "Yours sincerely,\nThe support desk",
    },
    CHINESE: {"neutral": "祝好！\n客服台", "warm": "祝好！\n客服台", "formal": "此致\n客服台"},
}
_PARAGRAPHS = {"acknowledge": 1, "fact": 2, "record": 2, "rule": 3, "step": 4, "close": 5}


def greeting(brief: IssueBrief, language: str) -> tuple[str, str]:
    """The greeting and the source that it rests on: the shop's name for a merchant, no name for a buyer."""
    asking = [message for message in brief.thread.messages if message.author in {"merchant", "buyer"}]
    newest = (asking or brief.thread.messages)[-1]
    name = next((fact for fact in brief.facts if fact.name == "merchant_name"), None)
    if name is None or newest.author != "merchant":
        return _NAMELESS[language][brief.tone], newest.cite
    return _GREETINGS[language][brief.tone].format(name.value), name.cite


def laid_out(parts: Iterable[tuple[str, str]], language: str, tone: str) -> str:
    """The sentences (part of the plan, text) of a reply in paragraphs, signed where they begin with a greeting."""
    lines = list(parts)
    separator = "" if language == CHINESE else " "
    if not lines or lines[0][0] != "greeting":
        return separator.join(text for _, text in lines)
    grouped = groupby(lines, key=lambda line: _PARAGRAPHS.get(line[0], 0))
    paragraphs = [separator.join(text for _, text in group) for _, group in grouped]
    return "\n\n".join([*paragraphs, _SIGNED[language][tone]])


def said_sentences(text: str) -> list[Piece]:
    """The sentences of a reply, its last lines left out where they are exactly a signature of ours."""
    stripped = text.rstrip()
    ends = (end for by_tone in _SIGNED.values() for end in by_tone.values())
    signed = next((end for end in ends if stripped.endswith("\n" + end)), "")
    return all_sentences(stripped.removesuffix(signed))
