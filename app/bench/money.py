"""`trustdesk bench language --only money`: which labelled replies are found to commit money, and so to take two people, beside any word of money.

The whole set is reported by: nothing was chosen on it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from app.bench.labelled import FOLDER, Case, Share, share
from app.services.desk import load_knowledge

_WORD = re.compile(
    r"[$€£¥]|\b(?:USD|EUR|GBP|CNY|RMB|dollars?|euros?|money|cash|pa(?:y|ys|id|ying|yments?|youts?)|refund\w*|reimburs\w*|compensat\w*|credit\w*|fees?|commissions?|charg(?:e|es|ed|ing)"
    r"|waiv\w*|penalt\w+|fined?|fines|points?|balance|deposits?|reserves?|vouchers?|coupons?|cost\w*|funds?)\b"
    r"|美元|欧元|人民币|元|钱|款|费|佣金|补偿|赔|付|余额|罚|扣分|积分|押金|保证金|提现|到账|券|报销|减免",
    re.I,
)  # fmt: skip


def measure() -> Iterator[Share]:
    """Precision and recall a language and judge."""
    from llm.checks.money import money_decisions
    from llm.language import WRITTEN

    knowledge = load_knowledge()
    policy = [passage.text for language in WRITTEN for passage in knowledge.passages(language)]
    cases = [json.loads(line) for line in (FOLDER / "money.jsonl").read_text(encoding="utf-8").splitlines()]
    judges: dict[str, Callable[[Case], bool]] = {
        "trustdesk": lambda case: bool(money_decisions(case["reply"], policy)),
        "any word of money": lambda case: _WORD.search(case["reply"]) is not None,
    }
    for language in WRITTEN:
        own = [case for case in cases if case["language"] == language]
        for name, judge in judges.items():
            found = [case for case in own if judge(case)]
            right = sum(case["commits_money"] for case in found)
            yield share("money", language, "precision", name, right, len(found))
            yield share("money", language, "recall", name, right, sum(case["commits_money"] for case in own))
