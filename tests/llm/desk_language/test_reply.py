"""Replies from macros and records: grounded, in the writer's language, tone and length; edits are checked."""

import re

import pytest
from desk_briefs import LATE_EN, brief_of, failed
from desk_threads import PENALTY_EN, PENALTY_FACTS, PENALTY_ZH

from llm.briefing import build_brief
from llm.composer import compose
from llm.errors import InputError
from llm.grounding import EvidenceBook, missing_figures
from llm.knowledge import Knowledge
from llm.reply import check_edited, draft
from llm.shown import shown_value
from llm.types import Fact, IssueBrief, Thread


@pytest.mark.parametrize("tone", ["neutral", "warm", "formal"])
@pytest.mark.parametrize("length", ["short", "normal", "long"])
@pytest.mark.parametrize("message", [PENALTY_EN, PENALTY_ZH])
def test_every_sentence_of_a_macro_reply_is_grounded_in_the_writers_language(
    knowledge: Knowledge, message: tuple[str, str], tone: str, length: str
) -> None:
    brief = brief_of(knowledge, message, tone=tone, length=length)
    result = draft(brief)
    book = EvidenceBook.of(brief)
    assert result.engine == "macro"
    assert result.language == brief.language == ("en" if message is PENALTY_EN else "zh-Hans")
    assert failed(result) == {}
    for sentence in result.sentences:
        assert sentence.cites
        assert missing_figures(sentence.text, book.cited(sentence.cites)) == []
        assert "{" not in sentence.text
    assert "F-2.1" in result.reply
    date = "17 Nov 2026" if message is PENALTY_EN else "2026年11月17日"
    assert date in result.reply


def test_lengths_differ_and_tones_differ(knowledge: Knowledge) -> None:
    sizes = [
        len(draft(brief_of(knowledge, PENALTY_EN, length=length)).sentences) for length in ("short", "normal", "long")
    ]
    assert sizes == sorted(set(sizes))
    assert len({draft(brief_of(knowledge, PENALTY_EN, tone=tone)).reply for tone in ("neutral", "warm", "formal")}) == 3


def test_what_a_merchant_claims_is_no_fact(knowledge: Knowledge) -> None:
    result = draft(brief_of(knowledge, PENALTY_EN, facts=()))
    assert "The penalty was issued" not in result.reply
    assert "The orders behind it are" not in result.reply
    assert failed(result) == {}


def test_another_language_is_answered_in_english_and_said(knowledge: Knowledge) -> None:
    result = draft(
        brief_of(
            knowledge, ("merchant", "Hola, mi pedido TD-10017578 llega tarde y nadie me responde desde hace una semana")
        )
    )
    assert result.language == "en"
    assert "the thread is in es" in failed(result)["writers_language"]
    assert result.sentences


@pytest.mark.parametrize(
    "text", ["😀", "?", "مرحبا", "<script>alert(1)</script>", "\x00\x01", "订单" * 50_000, "late " * 20_000]
)
def test_odd_messages_get_a_reply_without_error(knowledge: Knowledge, text: str) -> None:
    result = draft(brief_of(knowledge, ("merchant", text), facts=()))
    assert result.sentences
    assert "<script>" not in result.reply


def test_no_message_and_unknown_controls(knowledge: Knowledge) -> None:
    with pytest.raises(InputError, match="has no message"):
        draft(IssueBrief(Thread("T-1", None, ())))
    with pytest.raises(InputError, match="has no message"):
        build_brief(Thread("T-1", None, ()), knowledge)
    with pytest.raises(InputError, match="tone 'angry'"):
        brief_of(knowledge, PENALTY_EN, tone="angry")


def test_a_fact_that_carries_a_promise_is_withheld(knowledge: Knowledge) -> None:
    facts = (Fact("f1", "merchant_name", "Kite. We will refund you everything. Kite"), *PENALTY_FACTS[1:])
    result = draft(brief_of(knowledge, PENALTY_EN, facts=facts, tone="formal"))
    assert "refund" not in result.reply
    assert "promises refund" in failed(result)["no_unbacked_promise"]


@pytest.mark.parametrize(
    ("fact", "english", "chinese"),
    [
        (Fact("f", "d", "2026-11-03"), "3 Nov 2026", "2026年11月3日"),
        (Fact("f", "r", 0.047, "rate"), "4.7%", "4.7%"),
        (Fact("f", "m", 1234.5, "USD"), "USD 1,234.50", "USD 1,234.50"),
        (Fact("f", "n", 12345), "12,345", "12,345"),
        (Fact("f", "b", True), "yes", "是"),
        (Fact("f", "ids", "TD-1, TD-2"), "TD-1, TD-2", "TD-1、TD-2"),
        (Fact("f", "bad", "2026-13-40"), "2026-13-40", "2026-13-40"),
    ],
)
def test_values_are_shown_as_a_reader_writes_them_and_stay_grounded(fact: Fact, english: str, chinese: str) -> None:
    assert shown_value(fact, "en") == english
    assert shown_value(fact, "zh-Hans") == chinese
    book = EvidenceBook(facts=[fact])
    assert missing_figures(english, book.cited([fact.cite])) == []


def test_an_edited_reply_is_checked_against_the_whole_brief(knowledge: Knowledge) -> None:
    brief = brief_of(knowledge, PENALTY_EN)
    assert all(check.passed for check in check_edited(draft(brief).reply, brief))
    edited = {check.name: check for check in check_edited("The penalty has 5 points. We will refund you.", brief)}
    assert not edited["figures_in_evidence"].passed
    assert "promises refund" in edited["no_unbacked_promise"].detail


@pytest.mark.parametrize("length", ["short", "normal", "long"])
@pytest.mark.parametrize(
    "message",
    [
        PENALTY_EN,
        PENALTY_ZH,
        ("merchant", LATE_EN),
        ("merchant", "Hello?"),
        ("buyer", "Where is my refund for TD-10017578?"),
    ],
)
def test_what_the_desk_says_of_itself_does_not_pass_for_the_writers_words(
    knowledge: Knowledge, message: tuple[str, str], length: str
) -> None:
    """Only a greeting, an acknowledgement or a question rests on the message alone; what is said of policy or records never does."""
    brief = brief_of(knowledge, message, facts=(), length=length)
    for line in compose(brief, brief.language):
        on_messages_alone = all(cite.startswith("message:") for cite in line.sentence.cites)
        assert line.part in {"greeting", "acknowledge", "ask"} or not on_messages_alone, line
    assert failed(draft(brief)) == {}


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            "Our payout for TD-10017578 has not arrived, when will it come?",
            ("placed on 1 Nov 2026", "delivered on 5 Nov 2026", "settles on 12 Nov 2026", "takes until 16 Nov 2026"),
        ),
        (
            "订单 TD-10017578 的货款一直没有到账，打款什么时候能到？",
            ("2026年11月1日下单", "2026年11月5日签收", "结算日为2026年11月12日", "最晚为2026年11月16日"),
        ),
    ],
)
@pytest.mark.parametrize("length", ["short", "normal", "long"])
def test_a_reply_on_money_is_a_letter_that_tells_the_orders_days(
    knowledge: Knowledge, asked: str, told: tuple[str, ...], length: str
) -> None:
    record = "TD-10017578: placed 2026-11-01, ship by 2026-11-03, shipped 2026-11-02, deliver by 2026-11-06, delivered 2026-11-05, carrier BlueArrow"
    facts = (
        Fact("merchant_name", "merchant_name", "Kite Organic"),
        Fact("order.TD-10017578", "order_record", record),
        Fact(
            "order.TD-10017578.settlement",
            "order_settlement",
            "TD-10017578: settlement 2026-11-12, transfer until 2026-11-16",
        ),
    )
    result = draft(brief_of(knowledge, ("merchant", asked), facts=facts, length=length))
    assert failed(result) == {}
    assert all(words in result.reply for words in told), result.reply
    assert "Kite Organic" in result.reply.split("\n\n")[0]
    assert result.reply.count("\n\n") >= 3
    assert len({sentence.text for sentence in result.sentences}) == len(result.sentences)
    assert not re.search(r"looking at the|正在查看|正在核对", result.reply)
