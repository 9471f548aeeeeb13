"""Whether a sentence grants money within the desk's limits an order and a month, for the marketplace's mistakes, fees as policy sets.

The limits are those of `data/knowledge/limits.toml` (goodwill_order_max, goodwill_month_max), in USD, the month's use a fact of the brief.
"""

import re
import tomllib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from llm.checks.clauses import denies, is_conditional, reports_a_wish
from llm.numerals import CHINESE_NUMERAL, ENGLISH_NUMERAL, numeral
from llm.spans import extract
from llm.types import Fact

LIMITS = {
    limit["id"]: Decimal(str(limit["value"]))
    for limit in tomllib.loads(
        (Path(__file__).resolve().parents[2] / "data" / "knowledge" / "limits.toml").read_text("utf-8")
    )["limit"]
}
ORDER_MOST, MONTH_MOST = LIMITS["goodwill_order_max"], LIMITS["goodwill_month_max"]
GRANTED_FACT = "goodwill_granted_this_month"
LEAD = "team_lead_approval"
GOODWILL = "goodwill_credit"
_FAULT = re.compile(
    r"^(?:platform|interface|marketplace|system|service|desk|label)_(?:fault|failure|error|mistake|outage)|^goodwill_|^orders_hit_by_fault"
)
_CLAUSES = re.compile(r"[;。；！？!]+|(?<!\d)[.?](?=\s|$)|,\s+(?:but|while|whereas)\b|，(?:但|而|却)")
_GRANT = re.compile(
    r"\b(?:credit(?:s|ed|ing)?|grant(?:s|ed|ing)?|compensat\w+|reimburs\w+|mak(?:e|es|ing) good|made good|good ?will|on your balance|bears?|covers?|indemnif\w+|vouchers?|coupons?|as a sorry|apolog\w+ of"
    r"|(?:we(?:['’]ll| will| can| have| shall|['’]ve)?|marketplace(?: will)?|i(?:['’]ll| will)?) (?:also |gladly |now |then |simply )?(?:pay|pays|paid|give|gives|gave|add|adds|added|offer|offers|send|sends|put|puts|transfer|refund|refunds|return|returns)"
    r"|(?:gets?|receives?|have|has) (?:(?:up to|another|an? extra) )?(?:USD|\$|\d)|from us\b|from our side|on us\b|call it even)"
    r"|补偿|赔偿|赔付|补给|补(?=您|你|她|他|偿|足|上|发)|赔(?=您|你|她|他)|(?:我们|平台|客服台|我)[^，。]{0,8}(?:给|出|付|承担|垫付|贴|退|补|赔|送)|给(?:您|你|她|他|买家)|(?:替|帮)(?:您|你)承担|记入(?:您|你)?的?(?:余额|账户)|抵扣券|代金券|优惠券|辛苦费|心意|入账",
    re.I,
)
_WAIVE = re.compile(
    r"\b(?:waiv\w+|write off|writ(?:ing|ten) off|forgo\w*|drop(?:s|ped)?|cancel\w*|skip|spare you|let you off)\b[^;!?]{0,40}\b(?:fees?|commission|charges?|deduction)|\b(?:fees?|commission|charges?)\b[^;!?]{0,30}\b(?:waived|written off|dropped|not (?:be )?charged|for free|free of charge)"
    r"|免(?!费)(?:了|掉|去|除|收|于|交|单)?[^，。]{0,8}(?:费|佣金)|(?:费|佣金)[^，。]{0,14}(?:免|不收|不扣|取消|一笔勾销)",
    re.I,
)
_WHATEVER = re.compile(
    r"\b(?:whatever|regardless|either way|in any case|no matter|win or lose|even if|whether or not|anyway|however it ends)\b|无论|不管|不论|输赢|即使|哪怕",
    re.I,
)
_LOSS = re.compile(
    r"\b(?:if|should|when|in case) (?:you|the (?:case|chargeback|dispute|claim)) (?:\w+ )?(?:los|fail|is lost|is refused|is rejected)\w*|败诉|输了|不成立的?话?|未通过",
    re.I,
)
_FEE = re.compile(r"\bfees?\b|\bcommission\b|\bcharges?\b|费|佣金", re.I)
_BACK = re.compile(
    r"\b(?:return(?:s|ed)?|refund(?:s|ed)?|(?:come|comes|get|gets|go|goes|given?|pay|paid) (?:it )?back|back to you)\b|退|返|还给",
    re.I,
)
_WON = re.compile(
    r"\b(?:if|when|once|should) (?:you|the bank|it|the chargeback)[^;!?]{0,30}(?:w[io]n|favour|favor)|胜诉|赢了|有利|成立",
    re.I,
)
_FULL_REFUND = re.compile(r"\b(?:full|partial) refund|(?:全额|部分)退款", re.I)
_OWN_MONEY = re.compile(
    r"\b(?:your own|yours|payout|balance of|settlement|order (?:is|was|amount)|worth|price|invoice total|amounts? to|the buyer (?:asks|asked|wants|demands)|chargeback of|held|hold)\b|追偿|recover\w*|货款|归您|归你|结算|价值|金额为|冻结|索要|要求的|暂缓",
    re.I,
)
_RULE = re.compile(
    r"\b(?:beyond|above|more than|exceed\w*|over|at most|no more than|limit(?:ed)?(?: is| of| to)?|maximum|up to|within)\b|超过|超出|以上|上限|最多|不超过|至多|以内|限额|为限|封顶",
    re.I,
)
_PER_MONTH = re.compile(
    r"\bmonth\w*|\b(?:january|february|march|april|june|july|august|september|october|november|december)\b|月", re.I
)
_LEFT = re.compile(
    r"\b(?:left|remain\w*|still (?:available|free|open)|available)\b|还剩|剩余|还有|可用|余下|还能|还可", re.I
)
_ALREADY = re.compile(
    r"\b(?:already|so far|has had|have had|had been|was granted|were granted|been granted|used)\b|已(?:经)?(?:给|获|用|补|批|发|有)|之前|此前",
    re.I,
)
_LEAD_DECIDES = re.compile(r"\bteam lead\b|组长|主管", re.I)
_TOTAL = re.compile(
    r"\b(?:in all|in total|altogether|together|all told|between them|combined|total(?:ling)?)\b|一共|合计|总共|共计|总计|共(?=\s?\d)",
    re.I,
)
_EACH = re.compile(r"\b(?:each|apiece|per (?:order|item|piece|parcel|day)|every|for all)\b|每|各|分别", re.I)
_HALF = re.compile(r"\bhalf (?:of |the )*$|(?:一半|半数)", re.I)
_NO_END = re.compile(
    r"\b(?:all|whole|entire|every|any) (?:of )?(?:your |the |further )?(?:loss|losses|damage|costs?)|损失[^，。]{0,8}(?:全部|都|由)|全部损失|全额(?:补|赔)|每天的损失",
    re.I,
)
_SOME = re.compile(
    rf"(?P<n>\d{{1,3}}|{ENGLISH_NUMERAL}|{CHINESE_NUMERAL})\s?(?:of (?:the|your) )?(?:[a-z]+ ){{0,2}}?(?:orders|parcels|items|pieces|jumpers|units|packages|shipments|points|days|listings|[a-z]+s\b|单|笔|件|个订单|个|天|分)",
    re.I,
)
_ORDER_IDS = re.compile(r"(?<![A-Za-z0-9-])[A-Z]{1,4}-\d{2,8}(?![\d-])")
_PLAIN_MONEY = re.compile(r"(?<![\d.,A-Za-z-])\d{1,6}\.\d{2}(?![\d%])")
_WORD_DOLLARS = re.compile(
    rf"(?<![A-Za-z])(?P<n>(?:(?P<h>{ENGLISH_NUMERAL}|a) hundred(?: (?:and )?)?)?(?:{ENGLISH_NUMERAL})?) ?(?:US )?dollars?\b|(?P<z>{CHINESE_NUMERAL})美元",
    re.I,
)


@dataclass(frozen=True)
class _Money:
    start: int
    end: int
    value: Decimal


def over_the_limits(
    text: str, facts: Sequence[Fact], actions: Collection[str], cites: Collection[str] = ()
) -> list[str]:
    """What the sentence grants beyond what the desk may. `actions` were taken on the ticket; a team lead's approval lifts the limits."""
    if LEAD in actions or any(fact.name.startswith("team_lead") for fact in facts if fact.cite in cites):
        return []
    found: list[str] = []
    for clause in _CLAUSES.split(text):
        found += _in_clause(clause, text, facts, actions)
    return list(dict.fromkeys(found))


def sums_granted(text: str) -> tuple[Decimal, ...]:
    """The sums that the text grants, within the limits or beyond; what it denies or tells of as a wish, and the merchant's own money, are none."""
    return tuple(
        money.value
        for clause in _CLAUSES.split(text)
        if _GRANT.search(clause) and not (denies(clause) or reports_a_wish(clause) or _is_own_money(clause))
        for money in _money(clause)
    )


def _in_clause(clause: str, text: str, facts: Sequence[Fact], actions: Collection[str]) -> Iterator[str]:
    yield from _fees(clause)
    if reports_a_wish(clause) or (denies(clause) and not _WHATEVER.search(clause)):
        return
    if _LOSS.search(clause) and _GRANT.search(clause):
        yield "makes good a loss that policy leaves with the merchant"
        return
    if _NO_END.search(clause) and _GRANT.search(clause):
        yield "a payment without a limit"
        return
    money = list(_money(clause))
    if not money or _is_own_money(clause):
        return
    yield from _amounts(clause, text, money, facts, actions)


def _fees(clause: str) -> Iterator[str]:
    """Fees waived, or returned whatever comes: policy returns them when a chargeback is won, and on refunds."""
    if not _FEE.search(clause):
        return
    if (
        (waived := _WAIVE.search(clause))
        and not denies(clause.replace(waived.group(), ""))
        and not reports_a_wish(clause)
    ):
        yield f"“{waived.group().strip()}”: the desk can't waive fees"
    elif _WHATEVER.search(clause) and _BACK.search(clause):
        yield "a fee returned whatever the outcome"


def _is_own_money(clause: str) -> bool:
    """Money that is the merchant's by policy: held, settled, won back."""
    if _WHATEVER.search(clause):
        return False
    if _BACK.search(clause) and (_WON.search(clause) or _FULL_REFUND.search(clause) or is_conditional(clause)):
        return True
    return _OWN_MONEY.search(clause) is not None and not _GRANT.search(clause)


def _amounts(
    clause: str, text: str, money: Sequence[_Money], facts: Sequence[Fact], actions: Collection[str]
) -> Iterator[str]:
    used = sum((Decimal(str(fact.value)) for fact in facts if fact.name == GRANTED_FACT), Decimal(0))
    new = [m for m in money if not (m.value == used and used and _ALREADY.search(clause))]
    if _LEAD_DECIDES.search(clause):
        return
    if _RULE.search(clause) and not _LEFT.search(clause) and not _grants_now(clause):
        yield from _rule_misstated(clause, new)
        return
    if _LEFT.search(clause):
        yield from (
            f"{m.value} left this month, where {MONTH_MOST - used} are" for m in new if m.value > MONTH_MOST - used
        )
        return
    if _GRANT.search(clause) or GOODWILL in actions or _is_elliptic(text):
        yield from _grant(clause, text, new, facts, actions, used)


def _grants_now(clause: str) -> bool:
    return re.search(
        r"\b(?:we|i|marketplace)\b[^.]{0,20}\b(?:credit|pay|grant|give|refund)|(?:我们|平台)[^，。]{0,10}(?:补|赔|给|承担)",
        clause,
        re.I,
    ) is not None and not re.search(r"\b(?:desk|we) (?:can|may)\b|客服台(?:可|最多)|可以", clause, re.I)


def _is_elliptic(text: str) -> bool:
    """A list of amounts for orders, without a verb of granting."""
    return (
        len(_ORDER_IDS.findall(text)) > 0
        and re.search(r"\bfor (?:[A-Z]{1,4}-\d)|[A-Z]{1,4}-\d+[^。，]{0,3}(?:补|给)", text) is not None
    )


def _rule_misstated(clause: str, money: Sequence[_Money]) -> Iterator[str]:
    """The limits told: the month's for an order is a grant above it."""
    for m in money:
        most = MONTH_MOST if _PER_MONTH.search(_around(clause, m, 40)) or _TOTAL.search(clause) else ORDER_MOST
        if m.value > most:
            yield f"{m.value} as a limit, where it is {most}"


def _around(clause: str, m: _Money, width: int) -> str:
    return clause[max(0, m.start - width) : m.end + width]


def _grant(
    clause: str, text: str, money: Sequence[_Money], facts: Sequence[Fact], actions: Collection[str], used: Decimal
) -> Iterator[str]:
    if not money:
        return
    if GOODWILL not in actions and not any(_FAULT.match(fact.name) for fact in facts):
        yield "a credit for what is no mistake of the marketplace"
        return
    orders = _count(clause)
    totals = [m.value for m in money if _is_total(clause, m)]
    singles = [(_half(clause, m), _is_each(clause, m, len(money))) for m in money if not _is_total(clause, m)]
    granted = max(totals) if totals else sum((value * (orders if each else 1) for value, each in singles), Decimal(0))
    largest = max([value for value, _ in singles] or [granted / max(orders, 1)])
    if not totals and len(singles) > 1 and orders <= 1 and len(set(_ORDER_IDS.findall(clause))) <= 1:
        largest = granted  # several sums for one order
    if largest > ORDER_MOST:
        yield f"{largest:f} for an order, at most {ORDER_MOST}"
    elif granted + used > MONTH_MOST:
        yield f"{granted + used:f} in the month, at most {MONTH_MOST}"


def _is_total(clause: str, m: _Money) -> bool:
    after, before = clause[m.end : m.end + 16], clause[max(0, m.start - 48) : m.start]
    return _TOTAL.search(after) is not None or (
        _TOTAL.search(before) is not None and not re.search(r"\d", before[-10:])
    )


def _is_each(clause: str, m: _Money, amounts: int) -> bool:
    return _EACH.search(clause if amounts == 1 else clause[max(0, m.start - 12) : m.end + 24]) is not None


def _half(clause: str, m: _Money) -> Decimal:
    near = _HALF.search(clause[max(0, m.start - 16) : m.start]) or re.search(r"一半", clause)
    return m.value / 2 if near else m.value


def _count(clause: str) -> int:
    """How many orders (pieces, days) are spoken of: a number before them, else the ids that are listed."""
    ids = len(set(_ORDER_IDS.findall(clause)))
    for match in _SOME.finditer(
        re.sub(r"(?:USD|\$|US\$)\s?[\d.,]+|[\d.,]+\s?(?:dollars|美元|USD)", "", _ORDER_IDS.sub("", clause))
    ):
        value = match["n"] if match["n"].isdigit() else numeral(match["n"])
        if value is not None and 1 < int(value) < 1000:
            return max(int(value), ids)
    return max(ids, 1)


def _money(clause: str) -> Iterator[_Money]:
    """The sums of a clause: with a currency, in words, or with two decimals."""
    found = [_Money(s.start, s.end, Decimal(s.value)) for s in extract(clause) if s.kind == "amount"]
    found += [money for match in _WORD_DOLLARS.finditer(clause) if (money := _in_words(match)) is not None]
    found += [_Money(m.start(), m.end(), Decimal(m.group())) for m in _PLAIN_MONEY.finditer(clause)]
    taken: list[_Money] = []
    for money in sorted(found, key=lambda m: (m.start, -m.end)):
        if not taken or money.start >= taken[-1].end:
            taken.append(money)
    yield from taken


def _in_words(match: re.Match[str]) -> _Money | None:
    if match["z"]:
        value = numeral(match["z"])
        return _Money(match.start(), match.end(), Decimal(value)) if value else None
    hundreds = match["h"]
    rest = re.sub(r"^.*hundred(?: and)? ?", "", match["n"], flags=re.I) if hundreds else match["n"]
    total = 0
    if hundreds:
        total = 100 * (1 if hundreds.casefold() == "a" else int(numeral(hundreds) or 0))
    if rest.strip():
        total += int(numeral(rest.strip()) or 0)
    return _Money(match.start(), match.end(), Decimal(total)) if total else None
