"""Which words of a sentence are names: capitalised words inside English sentences, quoted titles and titled persons. Knows no evidence."""

import re
from collections.abc import Iterator
from itertools import groupby

_WORD = re.compile(r"[A-Z][A-Za-z'’&-]*[A-Za-z](?: (?:[A-Z][A-Za-z'’&-]*[A-Za-z]))*")
_OPENING = re.compile(r"(?:^|[.!?:;]\s+|[“\"(‘\n]\s*)$")
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段钱汤尹黎易常武乔贺赖龚文"
_TITLED_CHINESE = re.compile(rf"[{SURNAMES}][\u4e00-\u9fff]{{0,2}}?(?=先生|女士|经理|老师|主管)")
_TITLE = re.compile(r"《([^》]{1,60})》")
_COMMON = """I I'm I'll I've I'd OK ID IDs SKU SKUs PDF FAQ CSV API URL USD EUR GBP CNY Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March
    April May June July August September October November December Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec English Chinese UTC Mr Mrs Ms Dr TrustDesk
    Dear Hello Hi Thank Thanks Please Kind Best Regards Ticket Order Orders"""
_KNOWN = frozenset(_COMMON.split())


def names_in(text: str) -> tuple[str, ...]:
    """Proper names of `text`, each once. A capitalised word that opens a sentence is none unless another capitalised word follows."""
    return tuple(dict.fromkeys(text[start:end] for start, end in name_spans(text)))


def name_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Where the proper names of `text` stand, by position: code points, end exclusive."""
    found = [span for match in _WORD.finditer(text) for span in _named_words(text, match)]
    for pattern in (_TITLED_CHINESE, _TITLE):
        found += [match.span(1 if pattern is _TITLE else 0) for match in pattern.finditer(text)]
    return tuple(sorted(found))


def _named_words(text: str, match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """The runs of words of one capitalised stretch that are names: without its opening word and without known words."""
    words = list(re.finditer(r"[^ ]+", match.group()))
    if _OPENING.search(text[: match.start()][-3:]) or match.start() == 0:
        words = words[1:]
    for is_known, run in groupby(words, key=lambda word: word.group() in _KNOWN):
        if not is_known:
            parts = list(run)
            start, end = match.start() + parts[0].start(), match.start() + parts[-1].end()
            end -= 2 if text[start:end].endswith(("'s", "’s")) else 0
            if end - start > 1:
                yield start, end
