"""Words of bought reviews: drafts handed out to many accounts, each of which changes a word or two. Knows no buyer."""

from __future__ import annotations

import itertools
import re

import numpy as np

from analytics.demo.reviews import LANGUAGES
from analytics.demo.world import Ints

VARIANTS = 24
_SLOT = re.compile(r"\[([^\]]*)\]")
# [a|b|c]: one of these. Everything else is the same in every copy.
_DRAFTS = {
    "en": (
        "[Amazing|Fantastic|Great] shop, [super|really] fast delivery and [perfect|great] quality, I will [certainly|surely] order here again[.|!|!!]",
        "[Best|Top] seller here, the product is [exactly|just] as described and the service is [wonderful|lovely|great][.|!|]",
        "Five stars, [excellent|superb|top] quality for this price, [friendly|kind] seller and [very quick|really quick|fast] answers[.|!|!!]",
        "I am [very|so|really] satisfied with this store, all came [quickly|fast] and was packed [beautifully|nicely][.|!|]",
        "Great value, great service, I [recommend|suggest] this [shop|store|seller] to all my [friends|family] [.|!|:)]",
        "[Perfect|Flawless] in every way, the quality [surprised|amazed] me and delivery was [faster|quicker] than promised[.|!|!!]",
    ),
    "zh-Hans": (
        "店家[非常|特别|超级]靠谱，发货[很快|神速]，质量[非常好|特别好]，下次[还会|一定]再来[。|！|！！]",
        "[最好|最棒]的店铺，东西和描述[完全|一模]一样，客服态度[超好|特别好|很好][。|！|～]",
        "五星好评，这个价格质量[太好了|超值|很赞]，卖家[热情|耐心]，回复[很快|及时|迅速][。|！|！！]",
        "[非常|特别|十分]满意的一次购物，物流[快|很快]，包装[精美|很用心]，家人都说好[。|！|～]",
        "性价比[很高|超高]，服务[很好|周到|贴心]，已经[推荐|分享]给身边[朋友|同事]了[。|！|！！]",
        "各方面都[完美|很满意]，质量[超出|高于]预期，到货比承诺的[还快|更快|早][。|！|～]",
    ),
}
DRAFTS = len(_DRAFTS["en"])


def praise_pool() -> list[str]:
    """Every copy of every draft; `praise_number` counts in this list."""
    return [text for language in LANGUAGES for draft in _DRAFTS[language] for text in _copies(draft)]


def praise_number(is_chinese: bool, draft: Ints, copy: Ints) -> Ints:
    """Positions in `praise_pool` of copies (0 to VARIANTS − 1) of drafts (0 to DRAFTS − 1)."""
    return np.asarray((int(is_chinese) * DRAFTS + draft) * VARIANTS + copy)


def _copies(draft: str) -> list[str]:
    fixed = _SLOT.split(draft)[::2]
    ways = list(itertools.product(*(slot.split("|") for slot in _SLOT.findall(draft))))
    step = next(s for s in (37, 41, 43, 47, 53) if len(ways) % s)
    chosen = (ways[i * step % len(ways)] for i in range(VARIANTS))
    return ["".join(itertools.chain(*zip(fixed, (*way, ""), strict=True))) for way in chosen]
