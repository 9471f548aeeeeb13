"""What a message does in a thread: a machine's receipt, the desk's word that it is at work, a question. Patterns in English and Chinese."""

import re

from llm.language import is_chinese, sentences
from llm.types import Message

_RECEIPT = re.compile(
    r"\bautomatic(?:ally)?\b|\bauto-?(?:reply|response|confirmation)|\b(?:has been|have been|is|was) (?:filed|received|registered|opened?)\b|\breceived\. please\b"
    r"|\bwe (?:have |'ve )?received\b|\bthank you for (?:contacting|writing)|\b(?:first )?(?:answer|reply|replies|responds?) within\b|\bopened \S+ for you\b|\ba colleague will join\b|\bsaved as\b|\banswer arrives\b"
    r"|自动(?:回复|确认)|系统邮件|(?:已|经)(?:收到|登记|创建|受理|保存|转人工)|首次回复|感谢(?:您的)?(?:联系|来信)|人工客服将|为您(?:创建|登记)",
    re.I,
)
_HOLDING = re.compile(
    r"\b(?:hear from (?:me|us)|(?:be back|write(?: to you)?(?: again)?|answer(?: on [^.]{1,60})?|reply|an answer on [^.]{1,60}) by|is with me|taken over|give me until|until .{4,24} to check|has to confirm|checking it"
    r"|going through|am looking|are looking|closer look|one thing is missing|we need|send us|please (?:attach|send|answer right here|give me))\b"
    r"|由我跟进|正在[^。]{0,10}(?:确认|核对|核查|查看|处理)|马上核对|(?:最晚|之前|前)[^。]{0,16}(?:答复|回复|有结果|联系您)|给我到|有结果会|请(?:您)?(?:再)?(?:提供|补充|附上|发来)|还(?:缺|差|需要)",
    re.I,
)
_SETTLES = re.compile(
    r"\b(?:decided|the decision|remains?|is recorded|is closed|here is what|shows? the|was handed|has been (?:lifted|refunded|paid|corrected|restored))\b|判定|维持|已(?:核对|复核|退款|更正|恢复|到账)",
    re.I,
)
_DECIDED = re.compile(
    r"\b(?:penalty|penalties|appeal|PEN-\w+)\b(?:[^.!?;]|\.(?=\d)){0,60}\b(?:(?:has|have|was|were|is|are) (?:been )?(?:lifted|withdrawn|reduced|kept|decided|upheld|rejected|declined|granted)|stands|remains)\b"
    r"|\bwe have (?:lifted|withdrawn|reduced|kept|decided)\b(?:[^.!?;]|\.(?=\d)){0,40}\b(?:penalty|penalties|appeal|PEN-\w+)\b"
    r"|(?:处罚|申诉|PEN-\w+)[^。！？；]{0,40}(?:已(?:经)?(?:由人工)?(?:撤销|缩减|裁定|驳回|复核完毕)|维持|决定不变|(?<=\s)撤销)|维持[^。！？；]{0,4}(?:处罚|PEN-)",
    re.I,
)
_UNDECIDED = re.compile(
    r"\b(?:if|when|once|until|unless|whether|while|before|not|will|would|can|may|might|could|should|asks?|wants?)\b|n['’]t\b|如果|如|若|是否|能否|尚未|还没|未(?:被|经)|将(?!在)|可以|之前|才|的话|请求|申请|希望|要求",
    re.I,
)
_MARKED = re.compile(r"[?？]|[吗呢么][。！!~～\s]*$")
_ASKED = re.compile(
    r"^(?:(?:hi|hello|hey|sorry|and|or|but|so|also|then|well|just|please|pls|excuse me|dear \w+)[\s,:!.–—-]+){0,3}(?:why|how|what|which|who|whose"
    r"|(?:when|where) (?:will|would|can|could|do|does|did|is|are|was|were|should|shall|may|has|have|it|my|our)|is|are|do|does|did|can|could|will|would|has|have|may|should)\b(?! (?:fun|you go)\b)(?!(?:(?<=have)|(?<=do) have) an? (?:\w+ ){1,2}(?:day|week|weekend|morning|afternoon|evening|night|holiday|time|one)\b)"
    r"|\b(?:(?:could|can|would|will) (?:you|some(?:one|body)|any(?:one|body))|let (?:me|us) know|tell (?:me|us)|(?:would|'d) like to know|want to know|need to know|wonder(?:ing)?(?: if| when| whether| why| how)?"
    r"|any (?:news|update)|please (?:confirm|advise|explain|clarify))\b"
    r"|(?:什么|甚么|啥)(?:时候|时间)|几时|何时|多久|几天|哪天|多少|怎么(?:办|回事|处理|弄|还|没)|为什么|为何|如何(?:处理|申诉|解决|操作)|能否|能不能|可否|可不可以|是不是|有没有|是否(?:可以|能)|请问|进展如何|给个准",
    re.I,
)
_STATED = re.compile(
    r"(?:不(?:知道|清楚|明白|管)|无论|when (?:an?|the|we|they|you|i)\b.*,|(?:what|how|why|which) (?:we|i|you|they)\b.*\b(?:is|are|was|means)\b.*\.$)",
    re.I,
)

_ADDS = re.compile(
    r"\b(?:one more|another|(?:the |a )?second|a different) (?:thing|question|matter|point|topic|issue)\b|\b(?:also|besides|by the way|btw|separately|secondly|in addition|apart from that)\b"
    r"|另外|另有|此外|再就是|再问|再者|其次|顺便|对了[，,~]|还有(?=[，,：:个一件])|还想|第二[，,、个件]",
    re.I,
)


def is_receipt(message: Message) -> bool:
    """Whether a machine only says that a message has come, and when somebody answers."""
    return message.author in {"bot", "system"} and _RECEIPT.search(message.text) is not None


def is_holding(message: Message) -> bool:
    """Whether the desk says that it is at work, or what it needs first, and settles nothing."""
    return _HOLDING.search(message.text) is not None and _SETTLES.search(message.text) is None


def adds_matter(message: Message) -> bool:
    """Whether somebody who asks says that there is one more matter: "One more thing", 另外."""
    return message.author in {"merchant", "buyer"} and _ADDS.search(message.text) is not None


def decides_penalty(message: Message) -> bool:
    """Whether the desk tells what has been decided on a penalty or an appeal; not what may come of it."""
    return message.author == "agent" and any(_tells_decision(piece.text) for piece in sentences(message.text))


def _tells_decision(sentence: str) -> bool:
    """Read up to the end of the part of the sentence that decides: its reason, after a comma or colon, may deny what it likes."""
    match = _DECIDED.search(sentence)
    if match is None:
        return False
    told = sentence[: match.end()] + re.split(r"[,:，：]", sentence[match.end() :], maxsplit=1)[0]
    return _UNDECIDED.search(told) is None


def asks(sentence: str, *, of_desk: bool = False) -> bool:
    """Whether a sentence wants an answer. The desk's needs a question mark or particle; those who ask the desk often leave it out."""
    if _MARKED.search(sentence):
        return True
    return not of_desk and _ASKED.search(sentence) is not None and _STATED.search(sentence) is None


def is_row(text: str) -> bool:
    """Whether it is a line of a table that somebody pasted: cells between bars or tabs, or at least half of its words hold digits."""
    if len(re.findall(r"[|｜\t]", text)) >= 2:
        return True
    words = [] if is_chinese(text) else text.split()
    return len(words) >= 4 and 2 * sum(any(map(str.isdigit, word)) for word in words) >= len(words)
