"""What counts as a decision over money, in both languages, and the sum that it names."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from app.services.desk import load_knowledge
from app.services.desk_model import CORPUS_FOLDER
from llm.checks.commitments import load
from llm.checks.money import money_decisions, total
from llm.checks.money_words import kinds_of
from llm.desk.corpus import read_corpus
from llm.desk.money_training import EXAMPLES, STOPPED, train_money
from llm.errors import CheckpointError
from llm.language import WRITTEN


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


def test_what_is_quoted_is_no_decision() -> None:
    assert money_decisions('You may write to the buyer: "We refund the 20 dollars today."') == ()


@pytest.mark.parametrize("language", WRITTEN)
def test_the_replies_that_were_learnt_from_are_told_apart(language: str) -> None:
    cases = [
        case
        for case in map(json.loads, EXAMPLES.read_text(encoding="utf-8").splitlines())
        if case["language"] == language
    ]
    found = [case["commits_money"] for case in cases if money_decisions(case["reply"])]
    commits = sum(case["commits_money"] for case in cases)
    assert sum(found) / commits >= 0.95
    assert sum(found) / len(found) >= 0.95


def test_macros_take_one_person() -> None:
    assert [macro.text for macro in load_knowledge().macros if money_decisions(macro.text)] == []


def test_weights_that_are_none_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "money.npz").write_text("no weights")
    for name in ("money.npz", "absent.npz"):
        with pytest.raises(CheckpointError, match="train-money"):
            load(tmp_path / name)


def test_a_line_is_fitted_and_judged_by_what_it_had_not_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = tmp_path / "money.jsonl"
    few.write_text("\n".join(EXAMPLES.read_text(encoding="utf-8").splitlines()[::12]), encoding="utf-8")
    monkeypatch.setattr("llm.desk.money_training.EXAMPLES", few)
    threads = [thread for thread in read_corpus(CORPUS_FOLDER) if not thread.is_held_out]
    lines, told = train_money([*threads[:30], *threads[-30:]], load_knowledge())
    assert set(lines) == set(WRITTEN)
    for row in told:
        assert row["corpus_stopped"] <= STOPPED * row["corpus_sentences"] + 1
        assert row["commit"] * 0.25 <= row["found"] < row["commit"]


def test_a_bare_assent_gives_nothing_away() -> None:
    assert [money_decisions(text) for text in ("好的。", "OK.", "收到！")] == [(), (), ()]


@pytest.mark.parametrize(
    ("text", "language", "kinds"),
    [
        ("we won't waive the fee.", "en", ["WE", "NOT", "OFF", "CHARGE"]),
        ("if the carrier agrees, we refund you", "en", ["OPEN", "OTHER", ",", "WE", "GIVE", "YOU"]),
        ("我们不能退还佣金", "zh-Hans", ["WE", "NOT", "GIVE", "CHARGE"]),
        ("财务同意了，罚款取消", "zh-Hans", ["TEAM", "YES", "DONE", ",", "CHARGE", "OFF"]),
    ],
)
def test_the_kinds_of_words_of_a_sentence(text: str, language: str, kinds: list[str]) -> None:
    assert kinds_of(text, language) == kinds
