"""Which words of a sentence are names: capitalised words inside English sentences, quoted titles and titled persons. Knows no evidence."""

import re

_WORD = re.compile(r"[A-Z][A-Za-z'’&-]*[A-Za-z](?: (?:[A-Z][A-Za-z'’&-]*[A-Za-z]))*")
_OPENING = re.compile(r"(?:^|[.!?:;]\s+|[“\"(‘\n]\s*)$")
_TITLED_CHINESE = re.compile(r"[\u4e00-\u9fff]{1,3}(?=先生|女士|经理|老师|主管)")
_TITLE = re.compile(r"《([^》]{1,60})》")
_COMMON = """I I'm I'll I've I'd OK ID IDs SKU SKUs PDF FAQ CSV API URL USD EUR GBP CNY Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March
    April May June July August September October November December Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec English Chinese UTC Mr Mrs Ms Dr TrustDesk
    Dear Hello Hi Thank Thanks Please Kind Best Regards Ticket Order Orders"""
_KNOWN = frozenset(_COMMON.split())


def names_in(text: str) -> tuple[str, ...]:
    """Proper names of `text`, each once. A capitalised word that opens a sentence is none unless another capitalised word follows."""
    found: dict[str, None] = {}
    for match in _WORD.finditer(text):
        words = match.group().split(" ")
        if _OPENING.search(text[: match.start()][-3:]) or match.start() == 0:
            words = words[1:]
        while words and words[0] in _KNOWN:
            words = words[1:]
        name = " ".join(word for word in words if word not in _KNOWN)
        if len(name) > 1:
            found[name.removesuffix("'s").removesuffix("’s")] = None
    for pattern in (_TITLED_CHINESE, _TITLE):
        for match in pattern.finditer(text):
            found[match[1] if pattern is _TITLE else match.group()] = None
    return tuple(found)
