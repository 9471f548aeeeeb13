"""What is plain about names of people without learning: months and short capitals are none, a surname alone needs a title, pieces of one name belong together."""

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Protocol


def words(listed: str) -> list[str]:
    """Words that stand between blanks."""
    return listed.split()


_NO_NAMES = frozenset(
    words(
        "january february march april may june july august september october november december monday tuesday wednesday thursday friday saturday sunday jan feb mar apr jun jul aug sep sept oct "
        "nov dec pix boleto sepa iban paypal visa mastercard amex gcash mr mrs ms dr sir madam ma'am tin nik ktp e-mel e-mail email"
    )
)
_TRADE = frozenset(
    words(
        "ltd ltda llc inc gmbh pty co corp plc sons bakery pottery silks textiles textile store shop trading foods crafts designs studio candle candles bottle supply goods house books toys "
        "jewels outfitters coffee ceramics lighting leather prints collective works dresses dress lamp lamps chair chairs atelier enterprises group company market brand collection"
    )
)
_TRADE_ZH = re.compile(r"椅|桌|表|茶|牌|款|旗舰店|专卖店|公司|商贸|食品|家居|仓|布业|系列|”?(?:食品)?旗舰店")
_PLACE_ZH = re.compile(
    r"[市省县区镇村](?![长民场])|(?:大道|街道|机场|大学|医院|公园|中学|小学)|路(?![过上])|站(?!长|在)"
)
_SHOUTED = re.compile(r"[A-Z][A-Z'’-]+(?: [A-Z][A-Z'’-]+)+")
_NEXT = re.compile(r"(?:['’]s)?[ ](?:(&)|([A-Za-z]+))")
_JOINED = re.compile(
    r"(?: |-| (?:bin|binti|bte|van|van der|van den|de|da|dos|del|von|al|el|la|ibn|y|e) | [\"“'‘]|[\"”'’] )?", re.I
)
_HAN = re.compile(r"[\u3400-\u9fff]")
_TITLE = re.compile(
    r"先生|女士|小姐|太太|老师|师傅|经理|工程师|工(?![\u3400-\u9fff]{0,1}号)|总|姐|哥|叔|婶|嫂|阿姨|主管|主任|店长|老板|律师|医生|教授"
)
_ADDRESSED = re.compile(
    r"[^和位](?=先生|女士|小姐|太太)|[^和位于向从连由时单全任何关成高](?=阿姨|师傅|老师|经理|老板|医生|律师|主任|大姐|大哥|大爷)"
)
_MOST_WORDS = 4
_FAMILY_SAID = re.compile(r"(?:姓|姓氏是?|名叫)[“\" ]{0,2}$")


class Listed(Protocol):
    """Known names, and places of one word and more, in lower case."""

    @property
    def names(self) -> Container[str]: ...
    @property
    def places(self) -> Container[str]: ...


def people(text: str, spans: Iterable[tuple[int, int]], listed: Listed) -> list[tuple[int, int]]:
    """The spans that can be names, trimmed, pieces of one name joined."""
    joined: list[tuple[int, int]] = []
    for start, end in _whole(text, _trimmed(text, spans)):
        if joined and start > joined[-1][1] and _is_joined(text, joined[-1], start):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return [span for span in joined if _can_be(text, *span, listed) and not _is_trade(text, *span)]


def _is_trade(text: str, start: int, end: int) -> bool:
    """Whether the words are, or begin, the name of a shop or of goods."""
    if _HAN.search(text[start:end]):
        return (
            _TRADE_ZH.match(text, end) is not None or _PLACE_ZH.match(text, end) is not None or text[end - 1] in "椅仓"
        )
    if text[start:end].split()[-1].casefold().strip(".") in _TRADE:
        return True
    after = _NEXT.match(text, end)
    return after is not None and (after[1] is not None or after[2].casefold() in _TRADE)


def _trimmed(text: str, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for start, end in sorted(spans):
        while end > start and not (text[end - 1].isalnum() or _closes(text, start, end)):
            end -= 1
        while start < end and not text[start].isalnum():
            start += 1
        if end > start:
            yield start, end


def _whole(text: str, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """A name in capitals in a Chinese text goes on to their end: up to four words."""
    capitals = _SHOUTED.finditer(text) if _HAN.search(text) else ()
    shouted = [match.span() for match in capitals if match.group().count(" ") < _MOST_WORDS]
    for start, end in spans:
        yield next((run for run in shouted if run[0] <= start and end <= run[1]), (start, end))


def _closes(text: str, start: int, end: int) -> bool:
    """Whether the last sign belongs to the name: the dot of an initial or of Jr."""
    return text[end - 1] == "." and end - start > 3 and text[end - 3 : end - 1].casefold() in {"jr", "sr"}


def _is_joined(text: str, before: tuple[int, int], start: int) -> bool:
    between = text[before[1] : start]
    if _HAN.search(text[before[0] : before[1]]):
        return between in {"·", "・"}
    return _JOINED.fullmatch(between) is not None


def _can_be(text: str, start: int, end: int, listed: Listed) -> bool:
    said = text[start:end]
    if any(c.isdigit() for c in said) or (said.casefold() in listed.places and said.casefold() not in listed.names):
        return False
    if _HAN.search(said):
        return len(said) > 1 or _TITLE.match(text, end) is not None or _FAMILY_SAID.search(text[:start]) is not None
    words = said.split()
    if all(word.casefold().strip(".,") in _NO_NAMES for word in words):
        return False
    if len(words) == 1 and said.isascii() and (said.islower() or said.isupper()):
        return len(said) > 2 and any(part in listed.names for part in re.split(r"[-']", said.casefold()))
    return len(said) > 1


def again(text: str, said: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where names that were found stand once more: whole words, or two Chinese characters and more."""
    for name in set(said):
        if len(name) < (2 if _HAN.search(name) else 4):
            continue
        edge = "" if _HAN.search(name) else r"\b"
        yield from (match.span() for match in re.finditer(f"{edge}{re.escape(name)}{edge}", text))


def titled(text: str, families: Container[str], common: Container[str]) -> Iterator[tuple[int, int]]:
    """A Chinese family name right before Mr, Ms, a trade or a rank, where it doesn't end a `common` word."""
    for match in _ADDRESSED.finditer(text):
        start = match.start()
        if text[start] in families and text[max(0, start - 1) : start + 1] not in common:
            yield start, start + 1


def called(said: str, common: Container[str]) -> Iterator[str]:
    """What a full name is called by later: each of its words, or the two characters after a Chinese family name that are no `common` word."""
    if _HAN.search(said):
        if len(said) == 3 and said[1:] not in common:
            yield said[1:]
        return
    pieces = said.split()
    yield from (p for p in pieces if len(pieces) > 1 and p.isalpha() and p.istitle() and p.casefold() not in _NO_NAMES)
