"""`trustdesk bench language --only aspects`: which aspects of labelled reviews are found, and whether well or ill, beside the simplest guess.

The guess says of every review that it is about the goods, as its stars say. The whole set is reported by: nothing was chosen on it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from app.bench.labelled import FOLDER, Share, share
from app.services.desk import load_knowledge

Pairs = set[tuple[str, str]]


def measure() -> Iterator[Share]:
    """Precision and recall a language and judge."""
    from llm.aspects import aspects_of

    taxonomy = load_knowledge().taxonomy
    lines = (FOLDER / "reviews.jsonl").read_text(encoding="utf-8").splitlines()
    cases = [json.loads(line) for line in lines]

    def ours(case: Mapping[str, Any]) -> Pairs:
        return {(one.name, one.polarity) for one in aspects_of(case["text"], taxonomy, case["stars"])}

    judges: dict[str, Callable[[Mapping[str, Any]], Pairs]] = {"trustdesk": ours, "the goods, by the stars": _by_stars}
    for language in ("en", "zh-Hans"):
        own = [case for case in cases if case["language"] == language]
        for name, judge in judges.items():
            pairs = [(judge(case), set(case["aspects"].items())) for case in own]
            right = sum(len(found & there) for found, there in pairs)
            yield share("aspects", language, "precision", name, right, sum(len(found) for found, _ in pairs))
            yield share("aspects", language, "recall", name, right, sum(len(there) for _, there in pairs))


def _by_stars(case: Mapping[str, Any]) -> Pairs:
    stars = case["stars"]
    return {("description", "positive" if stars >= 4 else "negative" if stars <= 2 else "neutral")}
