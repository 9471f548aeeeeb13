"""What counts as a decision over money, in both languages, and the sum that it names."""

from __future__ import annotations

from decimal import Decimal

import pytest

from llm.checks.money import money_decisions, total


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("We will refund you USD 20 for order o1.", "20"),
        ("We'll credit your balance with $15.", "15"),
        ("Thank you.\nAs an apology you receive USD 10 on your balance.", "10"),
        ("The marketplace will bear the cost of USD 30.50.", "30.50"),
        ("We will give you a voucher of USD 5. We will also refund you USD 20.", "25"),
        ("USD 5 for each of the 30 orders will be credited to you.", None),
        ("We will refund you 20 EUR.", None),
        ("We have waived your commission.", None),
        ("Your penalty has been lifted.", None),
        ("Your claim for USD 80 has been approved.", None),
        ("The points will be removed tomorrow.", None),
        ("You will get your money back by Friday.", None),
        ("我们将为您退款 20 美元。", "20"),
        ("我们会补偿您 15 美元。", "15"),
        ("您的处罚已撤销。", None),
        ("我们已免除您的佣金。", None),
        ("您的追偿申请已获批。", None),
        ("辛苦费 50 元给您", None),
    ],
)
def test_promises_grants_and_what_is_told_as_done_decide(text: str, amount: str | None) -> None:
    found = money_decisions(text)
    assert found
    assert total(found) == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize(
    "text",
    [
        "We can't refund the commission.",
        "We will look into your refund.",
        "You asked us to refund USD 500.",
        "Your refund claim will be checked by a person within 5 business days.",
        "Your payout of USD 300 was due on 3 January.",
        "You may appeal within 14 days.",
        "我们无法退还佣金。",
        "您要求退款 500 美元。",
        "请提供订单号、对账单条目和您预期的金额。",
    ],
)
def test_denials_wishes_and_the_way_of_a_claim_do_not(text: str) -> None:
    assert money_decisions(text) == ()


def test_policy_word_for_word_is_a_rule_and_a_record_no_new_decision() -> None:
    rule = "The points are removed today."
    assert money_decisions(rule) != ()
    assert money_decisions(rule, [f"One. {rule} Two."]) == ()
    told = "Your penalty has been lifted."
    assert money_decisions(told) != ()
    assert money_decisions(told, records="penalty_lifted_on 2026-01-03") == ()
    paid = "The USD 20 have been refunded."
    assert money_decisions(paid, records="order.o1.refund: USD 50 refunded") != ()
    assert money_decisions(paid, records="order.o1.refund: USD 20 refunded") == ()
