"""Words of reviews: a pool of short texts by language, stars and what went wrong, addressed by number.

Knows nothing of orders; the caller says what the buyer experienced and gets the number of a fitting text.
"""

from __future__ import annotations

import itertools

import numpy as np

from analytics.demo.world import Floats, Ints

CAUSES = ("none", "late", "defect", "damage", "silence", "lost", "cancelled")
LANGUAGES = ("en", "zh-Hans")
VARIANTS = 60
_BANDS = 3  # 1–2 stars, 3 stars, 4–5 stars
DIMENSIONS = ("description", "service", "logistics")
DIMENSION = {word: len(LANGUAGES) * _BANDS * len(CAUSES) * VARIANTS + i for i, word in enumerate(DIMENSIONS)}

_EN_OPEN = (
    (
        "Very disappointed.",
        "Not again.",
        "I regret this purchase.",
        "Avoid.",
        "Terrible.",
        "",
        "Really not happy,",
        "One star is generous:",
        "Waste of money.",
        "Would give zero if I could.",
    ),
    (
        "It's ok.",
        "Mixed feelings.",
        "Average.",
        "So so.",
        "Fine I guess,",
        "",
        "Not great, not terrible.",
        "Could be better.",
        "Meh.",
        "Three stars because",
    ),
    (
        "Love it!",
        "Great.",
        "Very happy with this.",
        "Exactly what I wanted.",
        "Good buy.",
        "",
        "Excellent value,",
        "Happy customer here.",
        "Recommended!",
        "Second time buying,",
    ),
)
_EN_CLOSE = (
    (
        "Will not buy here again.",
        "I want my money back.",
        "",
        "Stay away.",
        "Lost a customer.",
        "Shame on this shop.",
        "",
    ),
    ("", "Maybe next time.", "Hope they improve.", "", "Not sure I'd order again.", "You get what you pay for."),
    ("", "Will order again.", "Thanks!", "5 stars from me.", "Recommend this shop.", "", "My family likes it too."),
)
_EN_BODY: dict[str, tuple[tuple[str, ...], ...]] = {
    "none": (
        ("cheap material, nothing like I hoped.", "poor quality for the price.", "it feels flimsy and smells odd.", "does not do what I need.", "too small and badly finished."),
        ("the quality is average for the price.", "works, but the finish is rough.", "a bit smaller than I thought.", "does the job, nothing more.", "color is duller than in the pictures."),
        ("quality is better than expected.", "arrived quickly and well packed.", "works exactly as described.", "looks even nicer in person.", "solid, well made, fair price.", "fast shipping, nice seller.", "the whole family uses it daily."),
    ),
    "late": (
        ("it came way after the promised date.", "waited and waited, the package was days late.", "the gift arrived after the birthday.", "delivery took forever and tracking didn't move.", "late by almost a week, no apology."),
        ("good item, but it arrived late.", "the delivery was slower than promised.", "arrived a few days after the date I was given."),
        ("came a bit late but the product is good.", "delivery slipped by a day or two, otherwise perfect.", "worth the wait even if it was late."),
    ),
    "defect": (
        ("not what was in the listing at all.", "it stopped working after two days.", "wrong color and wrong size.", "the description is simply not true.", "clearly not the brand they showed."),
        ("it isn't quite what the pictures show.", "one part was missing.", "the size is not as described."),
        ("slightly different from the photo, but ok.", "small flaw on one side, can live with it."),
    ),
    "damage": (
        ("it arrived broken, the box was crushed.", "cracked on arrival, no padding at all.", "the package was torn open and wet."),
        ("the box was dented and so was the item.", "arrived with a scratch, packaging too thin."),
        ("box was crushed but the item survived.", "packaging could be better, item is fine."),
    ),
    "silence": (
        ("I wrote to the seller and never got an answer.", "nobody replies to messages.", "asked a simple question, silence for days.", "customer service does not exist."),
        ("the seller took days to answer my question.", "slow to reply, product is average."),
        ("seller was slow to answer but the item is good.", "no answer to my question, luckily it fits."),
    ),
    "lost": (
        ("it never arrived.", "still no package after weeks.", "tracking says in transit since forever, nothing came."),
        ("never arrived, at least I was told so.",),
        ("never arrived, but the shop was kind about it.",),
    ),
    "cancelled": (
        ("they cancelled my order without a reason.", "ordered, paid, then: out of stock.", "cancelled two days later, now it costs more."),
        ("order was cancelled, refund came though.",),
        ("had to cancel, but they told me right away.",),
    ),
}  # fmt: skip
_ZH_OPEN = (
    ("太失望了，", "差评！", "避雷，", "真的无语，", "", "气死了，", "不会再来了，", "后悔买了，"),
    ("一般般吧，", "还行，", "中规中矩，", "", "凑合，", "说不上好坏，"),
    ("很满意！", "好评，", "超喜欢，", "不错，", "", "回购了，", "物超所值，", "推荐，"),
)
_ZH_CLOSE = (
    ("再也不买了。", "要求退款！", "", "大家慎重。", "店家太不负责了。", ""),
    ("", "希望改进。", "下次再看吧。", "一分钱一分货。", ""),
    ("", "下次还来。", "谢谢店家。", "家里人也喜欢。", "五星好评。", ""),
)
_ZH_BODY: dict[str, tuple[tuple[str, ...], ...]] = {
    "none": (
        ("质量太差，跟想的完全不一样。", "做工粗糙，还有味道。", "材质很薄，不值这个价。", "尺寸偏小，用不了。"),
        ("质量一般，价格也一般。", "能用，就是做工不细。", "颜色比图片暗一点。", "比想象的小。"),
        ("质量比想象的好。", "发货很快，包装也好。", "和描述一样，很实用。", "实物比图片好看。", "做工扎实，价格公道。", "客服态度很好。"),
    ),
    "late": (
        ("说好的日期早过了才到。", "等了好久，晚了好几天。", "生日礼物生日过后才到。", "物流一直不动，慢得离谱。"),
        ("东西可以，就是到得晚。", "比承诺的慢了几天。"),
        ("晚到了一两天，东西不错。", "慢是慢了点，值得等。"),
    ),
    "defect": (
        ("跟描述完全不符。", "用了两天就坏了。", "颜色尺码都发错了。", "根本不是图片上的牌子。"),
        ("和图片有点差别。", "少了一个配件。", "尺寸和描述不一样。"),
        ("和图片略有不同，能接受。", "有点小瑕疵，不影响使用。"),
    ),
    "damage": (
        ("收到就是坏的，盒子都压扁了。", "没有任何缓冲，裂了。", "包裹被打开过，还湿了。"),
        ("盒子瘪了，东西也有划痕。", "包装太薄，有磕碰。"),
        ("盒子压坏了，还好东西没事。", "包装可以再好点，东西没问题。"),
    ),
    "silence": (
        ("给店家发消息从来不回。", "客服根本不理人。", "问个问题好几天没人回。"),
        ("客服回复太慢。", "问了两天才回。"),
        ("客服回得慢，东西还可以。", "没回我消息，好在合适。"),
    ),
    "lost": (
        ("一直没收到货。", "几个星期了还没到。", "物流停着不动，东西没来。"),
        ("没收到，好歹给了说法。",),
        ("没收到，不过店家处理得好。",),
    ),
    "cancelled": (
        ("无缘无故取消我的订单。", "付完钱说没货。", "过两天给取消了，现在还涨价了。"),
        ("订单被取消，钱退了。",),
        ("没货取消了，通知得及时。",),
    ),
}  # fmt: skip


def _block(language: str, band: int, cause: str) -> list[str]:
    """VARIANTS texts; fewer combinations than that repeat in the same order."""
    opens, closes, bodies, joint = (
        (_EN_OPEN[band], _EN_CLOSE[band], _EN_BODY[cause][band], " ")
        if language == "en"
        else (_ZH_OPEN[band], _ZH_CLOSE[band], _ZH_BODY[cause][band], "")
    )
    combinations = list(itertools.product(bodies, opens, closes))
    step = next(s for s in (37, 41, 43, 47, 53) if len(combinations) % s)
    texts = []
    for i in range(VARIANTS):
        body, start, close = combinations[i * step % len(combinations)]
        body = body[0].upper() + body[1:] if not start or start[-1] in ".!" else body
        texts.append(joint.join(part for part in (start, body, close) if part))
    return texts


def text_pool() -> list[str]:
    """Every text, then the three words of dsr_rated; `text_number` and `DIMENSION` give positions in this list."""
    texts = [
        text
        for language in LANGUAGES
        for band in range(_BANDS)
        for cause in CAUSES
        for text in _block(language, band, cause)
    ]
    return texts + list(DIMENSIONS)


def text_number(is_chinese: Ints, score: Ints, cause: Ints, u: Floats) -> Ints:
    """Position in `text_pool` of a text that fits; cause is an index of CAUSES, u uniform in [0, 1)."""
    band = np.where(score <= 2, 0, np.where(score == 3, 1, 2))
    block = (is_chinese * _BANDS + band) * len(CAUSES) + cause
    return np.asarray(block * VARIANTS + (u * VARIANTS).astype(np.int64))
