"""What comes next in a thread: the sentence of a message that names a coming day or a term of this case. Knows no summary around it."""

import re
from datetime import date

from llm.language import sentences
from llm.moves import is_holding, is_receipt, is_row
from llm.spans import Span, extract
from llm.types import Message, Thread

READ_MESSAGES = 60
READ_SENTENCES = 200
_DEADLINE = re.compile(
    r"\b(?:by|until|before|within|no later than|due|deadline|expires?|next|will)\b|之前|以前|前|内|截止|到期|失效", re.I
)
_OURS = re.compile(
    r"\b(?:we|i|please)\b|我们|我会|本店|已(?:经)?转|请|(?:答复|回复|联系|告诉|通知|给|为)您|有结果|\b(?:PEN|T)-\d+",
    re.I,
)
"""Who does something in this case; a sentence with none of it and no order or amount tells a rule."""

_RULE = re.compile(
    r"^(?:[^.:]{0,40}: )?(?:an?|when|whatever|whoever|either|each|every|once|new|faults|requests|reports|invoices|clause|money for|the (?:shop|buyer|merchant)|if (?!.*\bplease\b)|whether)\b"
    r"(?! colleague\b| person (?:will|has|is)\b)|^(?:[^。：]{0,12}：)?(?:如|若)(?![^。]*请)|(?:商家|买家|店铺)(?:会|须|应|需)|时请先|均?可在|任何一方|未能",
    re.I,
)


def next_event(thread: Thread) -> str | None:
    """The latest such sentence, as it stands; a date before the last message is past, a rule that holds for all is no event, and what a desk's
    note announced is over once the desk has answered."""
    is_answered = False
    end = next((message for message in reversed(thread.messages) if message.sent_at), thread.messages[-1])
    for message in reversed(thread.messages[-READ_MESSAGES:]):
        is_desks = message.author not in {"merchant", "buyer"}
        if not is_receipt(message) and not (is_desks and is_answered and is_holding(message)):
            for piece in reversed(sentences(message.text)[-READ_SENTENCES:]):
                if _DEADLINE.search(piece.text) and not is_row(piece.text) and _is_event(piece.text, end):
                    return piece.text
        is_answered = is_answered or (is_desks and not is_holding(message))
    return None


def _is_event(text: str, end: Message) -> bool:
    """Whether it names a day that is still to come, or a term that runs in this case."""
    spans = extract(text)
    if any(span.kind == "date" for span in spans):
        return any(_is_coming(span, end) for span in spans if span.kind == "date")
    is_ours = _OURS.search(text) is not None or any(span.kind in {"order", "amount"} for span in spans)
    return any(span.kind == "duration" for span in spans) and is_ours and _RULE.search(text) is None


def _is_coming(span: Span, end: Message) -> bool:
    """Whether a day is not before the last message's; one without a year is the nearest of that name."""
    if end.sent_at is None or "|" in span.value:
        return True
    last, is_yearless = end.sent_at.date(), span.value.startswith("--")
    try:
        day = date.fromisoformat(f"{last.year}-{span.value[2:]}" if is_yearless else span.value)
    except ValueError:  # 2026-02-30
        return False
    return (day - last).days % 365 <= 182 if is_yearless else day >= last
