"""Clauses of a sentence, and whether one denies, asks, quotes or sets a condition. Knows no policy and no evidence."""

import re
from collections.abc import Iterator

_BREAK = re.compile(r"[;。；！？!]+|(?<!\d)[.?](?=\s|$)|,\s+(?:but|so|yet)\b|，(?:但|而|却)|(?:——|—)")
_QUOTED = re.compile(r"“[^”]{0,200}”|《[^》]{0,80}》|\"[^\"]{0,200}\"|(?<![A-Za-z])[‘'][^’']{3,200}[’'](?![A-Za-z])")
_DENIED = re.compile(
    r"\b(?:not|cannot|never|no|none|nobody|nothing|neither|nor|without|refuse\w*|unable)\b|n['’]t\b"
    r"|不(?!久|少|仅|但|断|过是|管|论)|无法|无权|没(?!收)|未(?!来)|别(?!家|的|处|人)|勿|谁也|概不|以免|并非|难以",
    re.I,
)
_OPEN = re.compile(
    r"\b(?:whether|may|might|could)\b|是否|能否|会不会|可能|或许|由[^，。]{1,14}(?:决定|裁定|判断|审核|审议)", re.I
)
_IF = re.compile(
    r"\b(?:if|unless|until|provided|once|when|as soon as|after|in case|should (?:the|your|it|they|he|she|a)|depends?|where)\b"
    r"|如果|如(?!数|期|实|下|此|何|同)|若|倘|一旦|的话|只要|除非|(?<![以之最然随今此其稍售前先往背])后(?![天台续])|(?<!之|以)前提|(?<!已)经(?![办常理营销济过])[^，。]{1,8}(?:后|，)|凭",
    re.I,
)
_SAID = re.compile(
    r"\byou (?:ask|asked|want|wanted|wish|write|wrote|say|said|reckon|request|requested|demand|would like|hope|expect|suggest|mention|think|feel|believe|name)\w*\b"
    r"|\byour (?:wish|demand|request|claim|suggestion)\b|\b(?:according to you|in your (?:words|view|message))\b"
    r"|(?:您|你|贵店)(?:们)?(?:来信|来电|在信里|信中|之前|曾)?(?:所)?(?:想|要求|希望|请求|写|说|提出|提到|认为|觉得|估计|主张|问)|(?:您|你)的(?:要求|诉求|请求|说法|意思)",
    re.I,
)


def without_quotations(text: str) -> str:
    """The text with what stands in quotation marks replaced by an ellipsis."""
    return _QUOTED.sub("“…”", text)


def clauses(text: str) -> Iterator[str]:
    """The clauses of `text` that can be held each on its own."""
    yield from (clause for clause in _BREAK.split(text) if clause and clause.strip())


def denies(clause: str) -> bool:
    """Whether something in the clause is negated."""
    return _DENIED.search(clause) is not None


def leaves_open(clause: str) -> bool:
    """Whether the clause says that something is open, or who is to decide it."""
    return _OPEN.search(clause) is not None


def is_conditional(clause: str) -> bool:
    """Whether the clause names a condition."""
    return _IF.search(clause) is not None


def reports_a_wish(clause: str) -> bool:
    """Whether the clause tells what the reader said or wants."""
    return _SAID.search(clause) is not None
