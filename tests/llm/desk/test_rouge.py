"""ROUGE by hand."""

import pytest

from llm.desk.rouge import rouge, words


def test_every_chinese_character_is_a_word_and_case_is_none() -> None:
    assert words("Order TD-1 晚了。") == ["order", "td", "1", "晚", "了"]


@pytest.mark.parametrize(
    ("said", "reference", "one", "two", "longest"),
    [
        # 3 of 3 and 3 of 4 words; "the order" of 2 and 3 pairs; "the order" + "late" in order.
        ("the order late", "the order was late", 6 / 7, 2 / 5, 6 / 7),
        # the same words turned round: all single words, no pair, one word in order.
        ("c b a", "a b c", 1.0, 0.0, 1 / 3),
        # 订单晚了 / 订单没晚: 订 单 晚 of 4 and 4; 订单 of 3 and 3; 订 单 晚 in order.
        ("订单晚了", "订单没晚", 6 / 8, 2 / 6, 6 / 8),
        # a word counts as often as both have it.
        ("late late late", "late", 2 / 4, 0.0, 2 / 4),
        ("", "late", 0.0, 0.0, 0.0),
        ("late", "late", 1.0, 0.0, 1.0),
    ],
)
def test_scores(said: str, reference: str, one: float, two: float, longest: float) -> None:
    assert rouge(said, reference) == pytest.approx({"rouge_1": one, "rouge_2": two, "rouge_l": longest})
