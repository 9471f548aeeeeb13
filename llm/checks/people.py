"""Whether a sentence gives away somebody else: what the records hold of buyers, complainants, reporters and other merchants.

Facts about them are told by their names (`buyer_name`, `complainant`, `other_shop` …). A sentence may neither rest on one nor repeat a part of
it that the thread does not hold, nor say who complained, nor tell what another merchant does.
"""

import re
from collections.abc import Iterable, Sequence

from llm.checks.clauses import clauses, denies
from llm.names import SURNAMES
from llm.types import Fact

_OTHERS = re.compile(r"^(?:buyer|customer|complainant|reporter|reviewer|recipient|other)(?:s|_|$)")
_NO_PERSON = frozenset({"other_ticket", "other_case"})
_LITERAL = re.compile(r"_(?:name|phone|address|e?mail|contact|bank|account|card|id)(?:_|$)")
"""Facts that a sentence gives away by repeating a part, not by speaking of them at all."""
_WITHHELD = re.compile(
    r"\b(?:tell|say|disclose|reveal|share|name|pass on|give|identify|provide|show|comment)\w*\b|告知|告诉|透露|提供|转告|公开|披露|说明|指名",
    re.I,
)
_WORDS = re.compile(r"[A-Z][A-Za-zÀ-ž'’-]{2,}|[\u4e00-\u9fff]{2,}|\d[\d -]{2,}\d|\S+@\S+")
_WHO = re.compile(
    r"\b(?:complaint|report|claim|review|notice|accusation)s? (?:comes?|came|is|was|stems?|were|originates?) from (?!you|us)"
    r"|\b(?:reported|complained|flagged|written|filed|lodged|posted) (?:by|about by) (?!you|us|hand|the (?:buyer|marketplace|carrier|bank))"
    r"|\b(?:the (?:complainant|reporter|reviewer)|who(?:ever)? (?:complained|reported|wrote)[\w ]{0,20}) (?:is|was) (?!not|never|protected|known|told|informed|free|asked)"
    r"|(?:投诉|举报|差评|评价)(?:是)?(?:来自|出自)|(?:投诉|举报|写|发|留|提出)[^，。；]{0,8}的(?:人)?(?:是|叫|就是|为)(?!您|你|谁|否)|(?:由|被)[^，。]{2,12}(?:投诉|举报)",
    re.I,
)
_OTHER_SHOPS = re.compile(
    r"\b(?:(?:two|three|four|five|several|many|some|\d+|other|another|more|a few) (?:more |other )?(?:shops?|merchants?|sellers?|stores?)|competitor|shop next door|neighbou?r(?:ing)? shop|next door)\b[^.]{0,60}\b(?:report|complain|had|has|have|lost|sold|paid|also|same|got|was|were|cancel)"
    r"|(?:别家|别的|其他|另一|另外|隔壁|同行|邻近)[^，。]{0,4}(?:店|商家|商户|卖家)[^。]{0,20}(?:也|举报|投诉|提出|取消|订单|笔|单|次|分|率|亏|卖)"
    r"|对(?:别家|其他|别的)(?:店|商家)",
    re.I,
)
_PRIVATE_MATTERS = re.compile(
    r"(?:身份证|护照|住址|家住|家在|银行卡|卡号|手机号|电话|微信)(?:号)?(?:码)?[^，。；]{0,6}[\dA-Za-z]|(?:尾号|卡)[^，。]{0,3}\d{3,}|"
    r"\b(?:his|her|their|the (?:buyer|customer)(?:'s|’s)?) (?:\w+ ){0,2}(?:card|bank|phone|number|email|e-mail|address|passport|account|birthday|id)\b[^.]{0,24}(?:\d|@|\bis\b|\bends?\b)"
    r"|\b(?:he|she|they|the (?:buyer|customer)) (?:lives?|works?|banks?|is at home|stays?) ",
    re.I,
)
_OF_BUYER = re.compile(r"买家|顾客|客户|他|她|收件人|举报人|投诉人|评价人")
_TITLES = "先生|女士|小姐|太太|老师"


def is_about_others(fact: Fact) -> bool:
    """Whether the fact tells of a person or merchant other than the one who asks."""
    return _OTHERS.match(fact.name) is not None and fact.name not in _NO_PERSON


def given_away(text: str, cites: Iterable[str], facts: Sequence[Fact], said: str) -> list[str]:
    """What of `text` gives somebody away. `said`: what the thread holds, with the asking merchant's name: repeating it is none."""
    cited = set(cites)
    others = [fact for fact in facts if is_about_others(fact)]
    found = [
        part for fact in others for part in _parts(str(fact.value)) if _holds(text, part) and not _holds(said, part)
    ]
    found += [name for fact in others for name in _surnames(str(fact.value), text) if name not in said]
    told = [clause for clause in clauses(text) if not denies(clause)]
    if not all(denies(clause) and _WITHHELD.search(clause) for clause in clauses(text)):
        found += [
            fact.name.replace("_", " ") for fact in others if fact.cite in cited and not _LITERAL.search(fact.name)
        ]
    for clause in told:
        found += [match.group() for pattern in (_WHO, _OTHER_SHOPS) if (match := pattern.search(clause))]
        private = _PRIVATE_MATTERS.search(clause)
        if private and (private.group()[0].isascii() or _OF_BUYER.search(clause)) and private.group() not in said:
            found.append(private.group())
    return list(dict.fromkeys(found))


def _parts(value: str) -> list[str]:
    """What of a record would name its person: the whole, and its capitalised words, Chinese words and long numbers."""
    return [part for part in (value, *_WORDS.findall(value)) if len(part) > 1]


def _holds(text: str, part: str) -> bool:
    if part.isascii():
        return re.search(rf"(?<![A-Za-z0-9]){re.escape(part)}(?![A-Za-z0-9])", text) is not None
    return part in text


def _surnames(value: str, text: str) -> list[str]:
    """A Chinese surname of the record with a title, or named as one: 段先生, 姓卓."""
    first = value[:1]
    if not (2 <= len(value) <= 4 and (first in SURNAMES or "\u4e00" <= first <= "\u9fff")):
        return []
    return re.findall(rf"{first}(?:{_TITLES}|某|姓)|姓{first}", text)
