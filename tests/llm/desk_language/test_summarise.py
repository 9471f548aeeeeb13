import re
import time

import pytest
from desk_threads import PENALTY_EN, PENALTY_ZH, thread_of

from llm.errors import InputError
from llm.grounding import EvidenceBook, missing_figures
from llm.knowledge import Knowledge
from llm.summarise import summarise, trimmed
from llm.types import Message, Thread

TALK = (
    PENALTY_EN,
    (
        "agent",
        "Thank you for your message. We have asked BlueArrow for the scans of both orders and will answer by 12 Nov 2026.",
    ),
    ("merchant", "ok thanks"),
    (
        "agent",
        "The scans show that the carrier collected both parcels on 1 Nov 2026. Could you send us the hand-over receipt?",
    ),
    ("merchant", "The receipt is attached. When will the points be taken back?"),
)


def test_slots_and_sources(knowledge: Knowledge) -> None:
    summary = summarise(thread_of(*TALK), knowledge.taxonomy)
    assert (summary.language, summary.engine, summary.intent) == ("en", "extractive", "penalty_appeal")
    assert 2 <= len(summary.sentences) <= 3
    assert all(s.cites for s in summary.sentences)
    assert {"message:m1"} <= {cite for s in summary.sentences for cite in s.cites}
    assert summary.open_questions == ("When will the points be taken back?",)
    assert summary.next_event == "We have asked BlueArrow for the scans of both orders and will answer by 12 Nov 2026."
    assert summary.sentiment < 0.5


def test_what_is_shown_stands_in_its_message_word_for_word(knowledge: Knowledge) -> None:
    thread = thread_of(*TALK)
    book = EvidenceBook(thread.messages)
    for sentence in summarise(thread, knowledge.taxonomy).sentences:
        quoted = re.fullmatch(r"The \w+ \w+: “(.*)”", sentence.text)
        assert quoted is not None
        (source,) = book.cited(sentence.cites)
        assert quoted[1].removesuffix("…") in re.sub(r"\s+", " ", source.text)
        assert missing_figures(sentence.text, [source]) == []


def test_what_the_desk_wrote_of_another_merchant_is_not_told(knowledge: Knowledge) -> None:
    astray = "Wrong window, please ignore: M-00388 turned over 913,260.55 USD this month and asks for a review of that."
    said = (PENALTY_EN, ("agent", astray), ("merchant", "The receipt is attached. When will the points be taken back?"))
    thread = Thread("t", "M-00046", thread_of(*said).messages)
    assert "913,260.55" not in summarise(thread, knowledge.taxonomy).summary
    own = Thread("t", "M-00388", thread.messages)
    assert "913,260.55" in summarise(own, knowledge.taxonomy).summary


def test_chinese_thread(knowledge: Knowledge) -> None:
    thread = thread_of(
        PENALTY_ZH, ("agent", "您好，我们已向承运商核实，5 个工作日内答复。"), ("merchant", "好的，什么时候恢复分数？")
    )
    summary = summarise(thread, knowledge.taxonomy)
    assert summary.language == "zh-Hans"
    assert summary.intent == "penalty_appeal"
    assert summary.summary.startswith("商家表示：“")
    assert summary.open_questions == ("好的，什么时候恢复分数？",)
    assert summary.next_event == "您好，我们已向承运商核实，5 个工作日内答复。"


def test_one_message_one_emoji_and_no_message(knowledge: Knowledge) -> None:
    assert summarise(thread_of(("merchant", "Where is my payout?")), knowledge.taxonomy).sentences[0].cites == (
        "message:m1",
    )
    assert summarise(thread_of(("merchant", "😀")), knowledge.taxonomy).summary == "The merchant writes: “😀”"
    with pytest.raises(InputError, match="has no message"):
        summarise(Thread("T-1", None, ()), knowledge.taxonomy)
    with pytest.raises(InputError, match="none of its 1 messages holds any text"):
        summarise(thread_of(("merchant", " \n\t")), knowledge.taxonomy)


def test_a_repeated_sentence_is_shown_once(knowledge: Knowledge) -> None:
    thread = thread_of(*[("merchant", "Our payout of last week has not arrived yet.")] * 6)
    assert len(summarise(thread, knowledge.taxonomy).sentences) == 1


@pytest.mark.parametrize(
    "messages",
    [
        [("merchant", "My payout is late, please check it. ") for _ in range(300)],
        [("merchant", "my order TD-10017578 is late and nobody answers me, why? " * 1_755)],
        [("merchant", "订单没有到，请查一下。" * 9_000)],
        [("merchant", "a" * 100_000)],
        [("merchant", "--\n" * 33_000)],
    ],
)
def test_time_is_bounded(knowledge: Knowledge, messages: list[tuple[str, str]]) -> None:
    thread = Thread(
        "T-1", None, tuple(Message(f"m{i}", None, "merchant", text) for i, (_, text) in enumerate(messages))
    )
    summarise(thread_of(PENALTY_EN), knowledge.taxonomy)  # fits the classifier
    started = time.process_time()
    assert summarise(thread, knowledge.taxonomy).sentences
    assert time.process_time() - started < 6


@pytest.mark.parametrize(
    "text",
    [
        "مرحبا، أين طلبي؟ لم يصل حتى الآن",
        "\x00\x07 help \x1b[31m me please",
        "<b>Refund</b> <script>x</script> my order",
    ],
)
def test_odd_text_is_shown_as_text(knowledge: Knowledge, text: str) -> None:
    summary = summarise(thread_of(("buyer", text)), knowledge.taxonomy)
    assert summary.sentences[0].text.startswith("The buyer writes: “")
    assert summary.summary.isprintable()


def test_long_sentences_end_at_a_clause() -> None:
    text = "we shipped the parcel on Monday with BlueArrow, the scan is missing, and the buyer says that nothing came"
    assert trimmed(text, 60) == "we shipped the parcel on Monday with BlueArrow…"
    assert trimmed("a loss of 1,234,567 dollars in all of our shops and more", 20).count("1,2") <= 1
    assert trimmed(text) == text


def test_rows_of_a_pasted_table_are_no_sentences_of_a_summary(knowledge: Knowledge) -> None:
    rows = "\n".join(f"TD-1001{n} | {n + 10} Jul | {n + 8} Jul | USD 28.99" for n in range(6))
    told = thread_of(("merchant", f"My payout lacks the orders below.\n{rows}\nPlease say when they are paid out."))
    said = [sentence.text for sentence in summarise(told, knowledge.taxonomy).sentences]
    assert said
    assert not [text for text in said if "|" in text]
    assert summarise(thread_of(("merchant", rows)), knowledge.taxonomy).sentences


def test_a_receipt_answers_nothing_and_is_no_event(knowledge: Knowledge) -> None:
    thread = thread_of(
        ("merchant", "订单 TD-10017578 的货款没到，什么时候能到"),
        ("bot", "感谢联系商家客服台，工单 T-000123 已创建，12 小时内首次回复。"),
        ("agent", "您好，我正在和相关同事确认，最晚 2026年11月12日 给您答复。"),
    )
    summary = summarise(thread, knowledge.taxonomy)
    assert summary.open_questions == ("订单 TD-10017578 的货款没到，什么时候能到",)
    assert "12 小时内" not in f"{summary.summary}{summary.next_event}"
    answered = thread_of(("merchant", "when will it come"), ("agent", "It was paid on 3 Nov 2026."))
    assert summarise(answered, knowledge.taxonomy).open_questions == ()


def test_a_wish_at_the_end_is_no_question(knowledge: Knowledge) -> None:
    thread = thread_of(
        ("merchant", "Our payout is missing. Have you checked it\nHave a lovely day!\nDo have a good one")
    )
    assert summarise(thread, knowledge.taxonomy).open_questions == ("Have you checked it",)


@pytest.mark.parametrize(
    ("text", "is_event"),
    [
        ("A fee that looks wrong can be questioned within 60 days of the statement.", False),
        ("When the scans stand still, please write to the shop first, it answers within 24 hours.", False),
        ("On your other point: The shop refunds within 5 days; otherwise we do it on the following day.", False),
        ("规则变更至少提前 30 天公布，5 天内生效。", False),
        ("物流不更新时请先联系商家，商家会在 24 小时内回复。", False),
        ("TD-10010001 | 12 Nov 2026 | by 13 Nov 2026 | USD 28.99", False),
        ("It was placed on 16 Jun and the ship-by day before 18 Jun.", False),
        ("The hearing takes place before 8 Jan.", True),
        ("The rules are silent, so I have passed it to the policy team, which answers within 5 business days.", True),
        ("USD 82.75 has been sent to your bank and should show within 2 business days.", True),
        ("If you have new evidence, please send it within 7 days.", True),
        ("You can appeal until 2026-11-20 by answering here.", True),
        ("已转规则团队，5 个工作日内答复。", True),
        ("如有新材料，请在 7 天内提交。", True),
    ],
)
def test_a_rule_for_all_a_row_and_a_past_day_are_no_events(knowledge: Knowledge, text: str, is_event: bool) -> None:
    said = thread_of(("merchant", "When is this settled?"), ("agent", text))
    assert (summarise(said, knowledge.taxonomy).next_event is not None) is is_event


def test_a_holding_reply_is_over_once_the_desk_has_answered(knowledge: Knowledge) -> None:
    waiting = ("agent", "A colleague has to confirm something first, I'll write by 20 Nov 2026.")
    asked = ("merchant", "When is this settled?")
    assert "20 Nov 2026" in (summarise(thread_of(asked, waiting), knowledge.taxonomy).next_event or "")
    answered = thread_of(asked, waiting, ("agent", "The payout of last week was sent to your bank."))
    assert summarise(answered, knowledge.taxonomy).next_event is None
    saved = ("bot", "You can close this window; the answer arrives in the portal within 12 hours.")
    assert summarise(thread_of(asked, saved), knowledge.taxonomy).next_event is None
