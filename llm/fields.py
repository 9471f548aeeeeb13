"""What a message names and asks for: orders, amounts, dates, carriers and asks, each word for word as it stands there.

`llm.spans` finds figures whose form says what they are; here the words around decide over the rest. Knows no evidence and no label.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from llm.language import readable, sentences
from llm.spans import Span, extract
from llm.tagger import tagged
from llm.types import ExtractedFields

READ_CHARACTERS = 6_000
MAX_ASKS = 8
LONGEST_ASK = 300

_SHORT_ID = re.compile(r"[A-Z]{1,4}-?\d{1,8}(?:-[A-Z0-9]{1,6})*")
"""A code that a shop's orders look like: an id of another form is left alone."""

_OTHER_ID = re.compile(
    r"(?:\b(?:ticket|request|reference|ref|tracking|payouts?|invoice|policy|label|version|error|code|sku|model|listing)s?"
    r"(?: (?:no\.?|numbers?|ids?))?|工单|请求号|参考号|运单号?|快递单号|发票号?|货款|打款|错误|编码|货号|型号|链接)[\s:：#]{0,3}$",
    re.I,
)
"""What stands before an id that is no order's."""

_PENCE = re.compile(r"\d{1,3}(?:[ ,.]\d{3})*[.,]\d{2}")
_MEASURED = re.compile(r"\s?(?:%|％|kg|g|cm|mm|m|km|GB|MB|v|小时|天|公斤|米|厘米|分\b|点)", re.I)
_CARRIER = re.compile(
    r"(?:[A-Z][\w&'-]+ ){1,2}(?:Express|Freight|Post|Logistics|Couriers?|Parcels?|Cargo|Haulage|Shipping|Carriers)\b"
    r"|(?<![\u4e00-\u9fff])[\u4e00-\u9fff]{2}(?:快递|速递|速运|物流|货运)"
)
_NO_CARRIER = re.compile(r"^(?:The|Your|Our|My|Which|What|If|By|From|Via|With|And|But|Is|Has|No)\s")
_CARRIER_LEAST = 0.5

_CLAUSE = re.compile(r"[,，;；:：]+(?=\D|$)|[.!?。！？…]+(?=\s|$|[\u3400-\u9fff])|\n+")
_QUESTION = re.compile(
    r"[?？]|[吗呢么][。！!\s]*$|^(?:why|how|when|what|where|which|who|is|are|do|does|did|can|could|will|would)\b|为什么|怎么|什么时候|多久",
    re.I,
)
_BEGINS_QUESTION = re.compile(
    r"(?:(?:and|or|but|so|then|also|by|until|since|in|on|from|to|at|for) )?(?:why|how|when|what|where|which|who|whose|is|are|was|were|do|does|did|can|could|"
    r"will|would|should|shall|may|must|has|have|had)\b",
    re.I,
)
_ASKS = re.compile(
    r"\b(?:please|pls|plz|kindly|can you|could you|could (?:some|any)(?:one|body)|can someone|would you|we (?:request|ask|demand|claim)"
    r"|i (?:request|want|demand|need|claim|insist)|we (?:want|need|insist)|i'?d like|we'?d like|let (?:me|us) know|tell (?:me|us))\b"
    r"|请|麻烦|能否|能不|可否|可不可以|行不行|是不是|有没有|希望|要求|帮我|帮忙|帮看|烦请|求你|我要|我们要|还我|退给我|赔我|告诉我|给我|别再|别算|管管"
    r"|能[^，。]{1,10}吗?$|几时|哪[里个一天种]|什么|多少|谁的$",
    re.I,
)
_ORDERS = re.compile(
    r"(?:(?:and|so|then|just|now|also) )?(?:explain|confirm|stop|take|have|correct|tell|give|refund|get|send|lift|remove|accept|find|name|check|decide|look|reopen|put|cancel|"
    r"return|state|release|make|pass|withdraw|list|move|fix|pay|change|exclude|open|answer|erase|let|show|help|bring|delete|restore|unlock|undo|reverse|reconsider|"
    r"review|issue|extend|approve|block|add|call|credit|count|keep|leave|drop|clear|close|revoke|update|swap|replace|reinstate|don't|do not)\b(?! (?:is|was|are|were|has|had|of)\b)"
    r"|(?:快|赶紧|马上|立刻|尽快|再|重新|直接)?(?:把|撤|恢复|更正|追回|核实|核查|移除|删|取消|修|退|补|解封|放|让|查|改|换|重[审发开]|发我|拿掉|去掉)",
    re.I,
)
"""How an order given to the desk begins: the verbs that the written corpus' asks begin with, and their like."""

_OPENER = re.compile(r"(?:hi|hello|hey|dear|good (?:day|morning|evening|afternoon))\b|您好|你好", re.I)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def fields_of(text: str) -> ExtractedFields:
    """All fields of a text; its first 6,000 code points are read."""
    read = text[:READ_CHARACTERS]
    spans = extract(read)
    return ExtractedFields(
        orders=_once(_orders(read, spans)),
        amounts=_once(_amounts(read, spans)),
        dates=_once([span.text.rstrip(".") for span in spans if span.kind == "date"]),
        carriers=_once(_carriers(read, spans)),
        asks=asks_of(read),
    )


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _orders(text: str, spans: Sequence[Span]) -> Iterator[str]:
    for span in spans:
        is_order = span.kind == "order" or (
            span.kind == "id"
            and _SHORT_ID.fullmatch(span.text) is not None
            and _OTHER_ID.search(text[max(0, span.start - 24) : span.start]) is None
        )
        if is_order:
            yield span.text


def _amounts(text: str, spans: Sequence[Span]) -> Iterator[str]:
    """With a currency, or alone with two decimals as money is written."""
    for span in spans:
        is_bare = span.kind == "number" and _PENCE.fullmatch(span.text) and not _MEASURED.match(text, span.end)
        if span.kind == "amount" or is_bare:
            yield span.text


def _carriers(text: str, spans: Sequence[Span]) -> Iterator[str]:
    """The known ones, what is called by a carrier's words, and what the tagger of names takes for one; the longest of those that overlap."""
    found = [(span.start, span.end) for span in spans if span.kind == "carrier"]
    found += [_without_article(text, *match.span()) for match in _CARRIER.finditer(text)]
    found += [
        (name.start, name.end)
        for name in tagged(readable(text))
        if name.kind == "carrier" and name.confidence >= _CARRIER_LEAST
    ]
    kept: list[tuple[int, int]] = []
    for start, end in sorted(found, key=lambda span: (span[0] - span[1], span[0])):
        if all(end <= other[0] or other[1] <= start for other in kept):
            kept.append((start, end))
    yield from (text[start:end] for start, end in sorted(kept))


def _without_article(text: str, start: int, end: int) -> tuple[int, int]:
    first = _NO_CARRIER.match(text[start:end])
    return (start + first.end() if first else start), end


def asks_of(text: str) -> tuple[str, ...]:
    """The stretches that ask for something, as written, in order; at most eight. Clauses that ask one after another are one stretch."""
    found: list[str] = []
    clean = readable(text[:READ_CHARACTERS])
    for piece in sentences(clean):
        found += [text[piece.start + start : piece.start + end] for start, end in _stretches(piece.text)]
    return _once([ask[:LONGEST_ASK] for ask in found])[:MAX_ASKS]


def _stretches(sentence: str) -> Iterator[tuple[int, int]]:
    """Where, in a sentence, the clauses stand that ask."""
    clauses = list(_clauses(sentence))
    asking = _asking([sentence[start:end] for start, end in clauses])
    begin: int | None = None
    for (start, end), asks in zip([*clauses, (0, 0)], [*asking, False], strict=True):
        if asks:
            begin = start if begin is None else begin
            stop = end
        elif begin is not None:
            yield begin, begin + len(sentence[begin:stop].rstrip(",，;；:： "))
            begin = None


def _clauses(sentence: str) -> Iterator[tuple[int, int]]:
    at = 0
    for match in _CLAUSE.finditer(sentence):
        yield at, match.end()
        at = match.end() + len(sentence[match.end() :]) - len(sentence[match.end() :].lstrip())
    if at < len(sentence):
        yield at, len(sentence)


def _asking(clauses: Sequence[str]) -> list[bool]:
    """Of each clause of a sentence whether it asks; a sentence that ends in a question mark has one that does."""
    asking = [
        not _OPENER.match(clause) and (_ASKS.search(clause) or _ORDERS.match(clause)) is not None for clause in clauses
    ]
    if not clauses or clauses[-1].rstrip(" !！")[-1:] not in ("?", "？"):
        return asking
    begun = [n for n, clause in enumerate(clauses) if _BEGINS_QUESTION.match(clause)]
    first = len(clauses) - 1 if _CHINESE.search(clauses[-1]) else (begun[0] if begun else 0)
    return [asks or n >= first for n, asks in enumerate(asking)]


def is_question(sentence: str) -> bool:
    """Whether a sentence asks for an answer."""
    return _QUESTION.search(sentence) is not None
