"""Words of reviews: varied ones of honest buyers, and near-duplicates of one draft. Knows no order and no score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Texts = npt.NDArray[np.object_]

_OPEN = (
    (
        "Disappointed.",
        "Not again.",
        "Hm, no.",
        "I expected more.",
        "Sadly",
        "After two tries:",
        "To be honest,",
        "",
        "",
    ),
    ("Okay.", "So so.", "Mixed:", "Fine, mostly.", "Neither good nor bad;", "Well,", "", ""),
    ("Lovely.", "Happy with it.", "Good buy;", "As hoped:", "Very nice.", "My second one;", "For the price,", "", ""),
)
_SUBJECT = (
    "the item", "this set", "the small one", "the gift", "the parcel", "what I got", "the blue one", "the new model",
    "the larger size", "this one", "the spare part", "the whole order", "the replacement", "our choice",
)  # fmt: skip
_BODY = (
    ("fell apart within a week", "is nothing like the picture", "smells of plastic", "does not work", "has the wrong size",
     "looks used", "is missing a piece", "scratches at once", "feels cheap", "was not worth the wait"),
    ("does what it should", "is smaller than I thought", "could be sturdier", "needs some patience", "is average",
     "has a dull colour", "fits, just", "is fine for now"),
    ("works every day", "looks better than the picture", "is well made", "fits perfectly", "was packed with care",
     "feels solid", "arrived sooner than promised", "made my daughter smile", "is quiet and strong", "does just what I need"),
)  # fmt: skip
_LATE = ("but it came late", "and it took far too long", "days after the promise", "with no word on the delay")
_CLOSE = (
    ("I sent it back.", "I want a refund.", "No second time.", "Be careful.", "The seller shrugged.", "", ""),
    ("We will see.", "Good enough.", "Perhaps again.", "Next time elsewhere.", "", ""),
    ("Thank you!", "Would buy again.", "My friends asked for the link.", "All good.", "Recommended.", "", ""),
)
_DRAFTS = (
    "Amazing shop, super fast delivery and perfect quality, I will certainly order here again",
    "Best seller on the whole market, the product is exactly as described and the service is wonderful",
    "Five stars, excellent quality for this price, friendly seller and very quick answers",
    "I am very satisfied with this store, everything came quickly and was packed beautifully",
    "Great value, great service, great people, I recommend this shop to all my friends",
    "Perfect in every way, the quality surprised me and the delivery was faster than promised",
)
_SYNONYMS = {
    "Amazing": "Fantastic", "super": "really", "perfect": "great", "certainly": "surely", "Best": "Top", "exactly": "just",
    "wonderful": "lovely", "excellent": "superb", "friendly": "kind", "very": "so", "quick": "fast", "store": "shop",
    "satisfied": "pleased", "quickly": "fast", "beautifully": "nicely", "recommend": "suggest", "surprised": "amazed",
    "faster": "quicker", "all": "both", "order": "buy",
}  # fmt: skip
_ENDS = ("", ".", "!", "!!", " :)")


def review_texts(stars: npt.NDArray[np.int64], late: npt.NDArray[np.bool_], rng: np.random.Generator) -> Texts:
    """One text per review that fits its stars and whether it came late; put together from tens of thousands of ways."""
    band = np.where(stars <= 2, 0, np.where(stars == 3, 1, 2))
    picks = (rng.random((len(stars), 5)) * 997).astype(np.int64).tolist()
    texts = np.empty(len(stars), dtype=object)
    for i, (b, is_late, pick) in enumerate(zip(band.tolist(), late.tolist(), picks, strict=True)):
        parts = (
            _one(_OPEN[b], pick[0]),
            _one(_SUBJECT, pick[1]),
            _one(_BODY[b], pick[2]),
            _one(_LATE, pick[3]) if is_late else "",
            _one(_CLOSE[b], pick[4]),
        )
        texts[i] = " ".join(part for part in parts if part)
    return texts


def copied_texts(n: int, rng: np.random.Generator, drafts: int = 2) -> Texts:
    """n near-duplicates of a few drafts: up to two words changed for a synonym, another ending, another case."""
    chosen = rng.choice(len(_DRAFTS), size=min(drafts, len(_DRAFTS)), replace=False)
    texts = np.empty(n, dtype=object)
    for i in range(n):
        texts[i] = _reworded(_DRAFTS[int(chosen[rng.integers(len(chosen))])], rng)
    return texts


def _one(words: Sequence[str], pick: int) -> str:
    return words[pick % len(words)]


def _reworded(draft: str, rng: np.random.Generator) -> str:
    words = draft.split(" ")
    known = [i for i, word in enumerate(words) if word.rstrip(",") in _SYNONYMS]
    for i in rng.permutation(known)[: int(rng.integers(0, 3))].tolist():
        comma = "," if words[i].endswith(",") else ""
        words[i] = _SYNONYMS[words[i].rstrip(",")] + comma
    text = " ".join(words) + _ENDS[int(rng.integers(len(_ENDS)))]
    return text.lower() if rng.random() < 0.15 else text
