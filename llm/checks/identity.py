"""Whether a sentence speaks to the right shop in its right role: its name and number, and seller rather than buyer, complainant or reported."""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher

from llm.checks.clauses import clauses, denies, reports_a_wish, without_quotations
from llm.types import Fact

_NUMBER = re.compile(r"(?<![A-Za-z0-9-])[A-Za-z]{1,4}-?\d{3,12}(?![A-Za-z0-9])")
_MERCHANT_WORD = re.compile(
    r"(?:merchant|seller|shop|store|account|商家号?|店铺|卖家|账号)\s?(?:id|number|no\.?|号|编号)?\s?(?:is|为|是)?\s?[:：#]?\s?$",
    re.I,
)
_NAME = re.compile(r"[A-Z][\w'’]*(?:(?: &| and| of|-)? ?[A-Z][\w'’]*)*")
_ADDRESSED = re.compile(r"\b(?:Dear|Hello|Hi|Good (?:morning|afternoon|evening)),? $")
_ADDRESSED_ZH = re.compile(r"^(?:尊敬的|亲爱的)?([\u4e00-\u9fffA-Za-z0-9]{2,12}?)(?:，|,)?(?:您好|你好)")
_AS_BUYER = re.compile(
    r"\b(?:you(?:['’]ve| have| had)? (?:bought|purchased|ordered)|your purchase|thank(?:s| you) for (?:buying|shopping|your (?:purchase|order)|ordering|choosing))\b(?! from (?!OWN))"
    r"|\byour (?:parcel|package|delivery) (?:is|was|will|has)\b[^.]{0,30}\b(?:on its way|arriv|with you|reach you|deliver)"
    r"|\bthe (?:seller|merchant|shop) (?:will|has|must|should) (?:refund|reply to|answer|send)\w* you\b"
    r"|(?:感谢|谢谢)(?:您|你)?(?:的)?(?:购买|订购|惠顾|光顾|选购|下单)|(?:您|你)(?:所|在[^，。]{1,10})?(?:购买|买到|订购|下单|买)的(?!单号)|(?:您|你)的(?:包裹|快递)[^，。]{0,6}(?:在路上|正在|送达|派送|即将)|卖家(?:会|将|应)[^，。]{0,6}(?:给|向)(?:您|你)",
    re.I,
)
_AS_COMPLAINANT = re.compile(
    r"\byour (?:\w+ )?complaint\b|\byou (?:have )?(?:complained|filed (?:a|the|this) complaint)|(?:您|你|贵店)(?:对[^，。]{1,24}|[^，。]{0,6})?(?:的|提交的|发起的)投诉|(?:您|你)[^，。]{0,4}投诉了",
    re.I,
)
_AS_REPORTED = re.compile(
    r"\b(?:you|your (?:shop|account)|OWN) (?:(?:have|has|had) been|was|were|will be|is being|are being|is|are) (?:now |also )?(?:reported|investigated|dealt with|sanctioned|penali[sz]ed|accused|handled|restricted|judged)\b"
    r"|\b(?:report|complaint|case) against (?:you|your shop|OWN)\b"
    r"|(?:您|你|贵店|OWN)(?:的(?:店铺|账号))?(?:将|会|已|要|正)?(?:被|按|因|依)[^，。]{0,10}(?:处理|举报|处罚|调查|处置|投诉)|(?:针对|关于对)(?:您|你|贵店|OWN)的(?:举报|投诉)",
    re.I,
)
_REPORTER_FACTS = frozenset({"report_decision_by", "amount_asked_by_buyer", "reported_at"})
_COMPLAINED_OF_FACTS = frozenset({"complainant", "listing_paused_on"})
ALIKE = 0.5


def mistaken_for(
    text: str, cites: Iterable[str], facts: Sequence[Fact], *, merchant_id: str | None, known: str, is_seller: bool
) -> list[str]:
    """What of `text` takes the merchant for another. `known` is what thread and facts of its own hold; `is_seller`: a merchant asks, no buyer."""
    names = [str(fact.value) for fact in facts if fact.name == "merchant_name"]
    bare = without_quotations(text)
    found = [*_numbers(bare, merchant_id, known), *_addressed(bare, names, known)]
    for name in names:
        found += _similar(bare, name, known) if name.isascii() else _similar_chinese(bare, name, known)
    found += _others_figures(bare, cites, facts)
    if is_seller:
        found += _roles(bare, names, {fact.name for fact in facts})
    return list(dict.fromkeys(found))


def _numbers(text: str, merchant_id: str | None, known: str) -> Iterator[str]:
    """Numbers of another merchant: shaped like this one's, or behind a word like \"merchant\"."""
    for match in _NUMBER.finditer(text):
        number = match.group()
        is_like = merchant_id is not None and _shape(number) == _shape(merchant_id)
        if (
            (is_like or (merchant_id and _MERCHANT_WORD.search(text[: match.start()])))
            and number != merchant_id
            and number not in known
        ):
            yield number


def _shape(number: str) -> str:
    return re.sub(r"\d+", "0", number.upper())


def _addressed(text: str, names: Sequence[str], known: str) -> Iterator[str]:
    """Who is greeted by a name that neither the shop nor anybody in the thread has."""
    have = " ".join([known, *names]).casefold()
    for match in _NAME.finditer(text):
        if (
            _ADDRESSED.search(text[: match.start()])
            and match.group().casefold() not in have
            and not _is_of(match.group(), names)
        ):
            yield match.group()
    greeted = _ADDRESSED_ZH.match(text)
    if greeted and greeted[1].rstrip("您你") and greeted[1] not in have and not _familiar(greeted[1], have):
        yield greeted[1]


def _familiar(called: str, have: str) -> bool:
    """老邱 and 邱老板 call the one who signed 邱; 各位 and the like call nobody."""
    return any(c in have for c in called if c not in "老小先生女士老板经理店长掌柜商家亲爱的尊敬各位") or not set(
        called
    ) - set("商家各位老板亲朋友")


def _is_of(said: str, names: Sequence[str]) -> bool:
    """Whether all words of `said` are words of one of the shop's names: shortened, or & written out."""
    words = _plain(said)
    return any(words <= _plain(name) for name in names)


def _plain(name: str) -> set[str]:
    return {word.removesuffix("'s").removesuffix("’s") for word in re.findall(r"[\w'’]+", name.casefold())} - {
        "and",
        "the",
        "co",
        "ltd",
        "of",
    }


def _similar(text: str, name: str, known: str) -> Iterator[str]:
    """Names that begin with the same word or letters as the shop's and go on otherwise."""
    for match in _NAME.finditer(text):
        said = (
            re.sub(r"^(?:Dear|Hello|Hi|The|For|Merchant|Shop|Thank) ", "", match.group())
            .removesuffix("'s")
            .removesuffix("’s")
        )
        if " " not in said or said.casefold() in known.casefold() or _is_of(said, [name]):
            continue
        first, own = said.split()[0].casefold(), name.split()[0].casefold()
        if (
            first == own
            or (len(own) > 4 and first[:4] == own[:4])
            or SequenceMatcher(None, said.casefold(), name.casefold()).ratio() >= 0.7
        ):
            yield said


def _similar_chinese(text: str, name: str, known: str) -> Iterator[str]:
    """Stretches as long as the shop's name that share half of its characters, in their places, but not all."""
    if name in text or len(name) < 3:
        return
    for at in range(len(text) - len(name) + 1):
        said = text[at : at + len(name)]
        same = sum(a == b for a, b in zip(said, name, strict=True))
        if same / len(name) > ALIKE - (0 if len(name) > 3 else 0.1) and said not in known and said[-1] == name[-1]:
            yield said


def _others_figures(text: str, cites: Iterable[str], facts: Sequence[Fact]) -> Iterator[str]:
    """Facts of another merchant that the sentence rests on, or whose shop it names beside a figure that is not the merchant's."""
    cited = set(cites)
    for fact in facts:
        if not fact.name.startswith("other_"):
            continue
        if fact.cite in cited and any(not denies(clause) for clause in clauses(text)):
            yield fact.name.replace("_", " ")


def _roles(text: str, names: Sequence[str], facts: set[str]) -> Iterator[str]:
    own = "|".join(re.escape(name) for name in names) or "(?!)"
    roles = [
        (_AS_BUYER, True),
        (_AS_COMPLAINANT, bool(facts & _COMPLAINED_OF_FACTS)),
        (_AS_REPORTED, bool(facts & _REPORTER_FACTS)),
    ]
    for clause in clauses(text):
        if denies(clause) or reports_a_wish(clause):
            continue
        for pattern, holds in roles:
            match = re.search(pattern.pattern.replace("OWN", f"(?:{own})"), clause, re.I) if holds else None
            if match:
                yield match.group()
