"""What hands do to text: typos, lost punctuation, capitals, learners' English, mixed languages, emoji.

Works on literals of phrases only, so that ids, dates, amounts and names stay what the spec says.
"""

from __future__ import annotations

import random
import re

_NEIGHBOURS = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "k": "jl",
    "l": "ko", "m": "n", "n": "bm", "o": "ip", "p": "o", "r": "et", "s": "ad", "t": "ry", "u": "yi", "v": "cb",
    "w": "qe", "y": "tu",
}  # fmt: skip
_WORD = re.compile(r"[A-Za-z]{4,}")
_ZH_SLIPS = {
    "申诉": "申述", "账号": "帐号", "已经": "以经", "麻烦": "麻凡", "需要": "须要", "截图": "接图", "签收": "前收",
    "延误": "延勿", "订单": "定单", "证明": "正明", "尽快": "尽块", "什么": "甚么", "时候": "时侯",
    "知道": "只道", "应该": "因该", "还是": "还事", "物流": "物留", "快递": "快第", "再来": "在来",
    "退款": "腿款", "登录": "登陆", "即使": "既使", "按时": "安时", "以为": "已为", "必须": "必需", "好像": "好象",
    "理由": "里由", "回复": "回覆", "没有": "没由", "处理": "处里",
}  # fmt: skip
_ZH_TERMS = {
    "申诉": "appeal", "单号": "tracking number", "纠纷": "case", "退款": "refund", "发票": "invoice", "评价": "review",
    "延误": "delay", "佣金": "commission", "打款": "payout", "截图": "screenshot", "买家": "buyer",
    "审核": "review", "报错": "error", "库存": "inventory", "面单": "label", "活动": "campaign", "信任分": "trust score",
}  # fmt: skip
_BROKEN = (
    ("does not", "not"), ("do not", "not"), ("don't", "not"), ("have not", "still not"), ("is counted", "count"),
    ("are counted", "is count"), ("We have", "We has"), ("was ", "is "), ("were ", "was "),
    ("Please ", "Kindly please "), ("would like", "want"), (" our ", " our shop "), ("Can you", "You can"), ("many", "much"),
    ("a lot of", "many many"), ("arrived", "arrive"), ("it should", "should"), ("since", "from"),
)  # fmt: skip
_ARTICLES = re.compile(r"\b(?:the|an|a) ", re.IGNORECASE)
_EMOJI = {
    "friendly": ("🙂", "😊", "🙏", "👍", "🌸"),
    "calm": ("🙂", "👍", "🙏", "😅"),
    "worried": ("😟", "😥", "🙏", "🤔"),
    "annoyed": ("🙄", "😒", "😤", "🤦"),
    "angry": ("😡", "🤬", "😤", "👎"),
    "desperate": ("😭", "😰", "🙏🙏", "🆘"),
}


def slip_english(text: str, rate: float, chance: random.Random) -> str:
    """Hit a neighbouring key, drop, double or swap a letter in about `rate` of the longer words."""

    def slip(match: re.Match[str]) -> str:
        word = match.group()
        if chance.random() >= rate:
            return word
        i = chance.randrange(1, len(word) - 1)
        kind = chance.randrange(4)
        if kind == 0:
            return word[:i] + chance.choice(_NEIGHBOURS.get(word[i].lower(), word[i])) + word[i + 1 :]
        if kind == 1:
            return word[:i] + word[i + 1 :]
        if kind == 2:
            return word[:i] + word[i] + word[i:]
        return word[:i] + word[i + 1] + word[i] + word[i + 2 :]

    return _WORD.sub(slip, text)


def slip_chinese(text: str, rate: float, chance: random.Random) -> str:
    """Take a homophone or look-alike for about `rate` of the words that invite it."""
    for right, wrong in _ZH_SLIPS.items():
        if right in text and chance.random() < rate:
            text = text.replace(right, wrong, 1)
    return text


def mix_english(text: str, rate: float, chance: random.Random) -> str:
    """English terms in Chinese text, as cross-border sellers write."""
    for term, english in _ZH_TERMS.items():
        if term in text and chance.random() < rate:
            text = text.replace(term, f" {english} ", 1)
    return text


def break_english(text: str, chance: random.Random) -> str:
    """Drop articles and bend verbs."""
    text = _ARTICLES.sub(lambda match: "" if chance.random() < 0.55 else match.group(), text)
    for right, wrong in _BROKEN:
        if right in text and chance.random() < 0.5:
            text = text.replace(right, wrong, 1)
    return text


def strip_english(text: str) -> str:
    """Without full stops, commas and apostrophes."""
    return re.sub(r"[.;:]+(?=\s|$)|[,'’\"]", "", text)


def strip_chinese(text: str) -> str:
    """Blanks in place of punctuation."""
    return re.sub("[，。；：、！“”]", " ", text)


def insist(text: str, chance: random.Random) -> str:
    """Exclamation marks for the closing full stop."""
    if text.endswith("."):
        return text[:-1] + chance.choice(("!", "!!", "!!!", "!!!!"))
    if text.endswith("。"):
        return text[:-1] + chance.choice(("！", "！！", "！！！"))
    return text + chance.choice(("!", "??")) if text.endswith("?") else text


def emoji(mood: str, chance: random.Random) -> str:
    """One to three of the same face."""
    return chance.choice(_EMOJI[mood]) * chance.choice((1, 1, 1, 2, 3))
