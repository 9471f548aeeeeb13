"""Threads and facts as strangers send them: each malformed one gives one line that names the place."""

import contextlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm.errors import InputError
from llm.types import (
    AspectConfidence,
    Check,
    Classification,
    Confidence,
    Draft,
    ExtractedFields,
    Fact,
    Macro,
    Passage,
    Sentence,
    Summary,
    Theme,
    facts_from_json,
    thread_from_json,
)


def thread_json(**changes: object) -> dict[str, object]:
    message = {"message_id": "m1", "sent_at": "2026-03-01T09:30:00+08:00", "author": "merchant", "text": "Where is it?"}
    return {"ticket_id": "T-1", "merchant_id": "M-7", "messages": [message | changes]}


def test_reads_a_thread_into_utc() -> None:
    thread = thread_from_json(thread_json())
    assert (thread.ticket_id, thread.merchant_id) == ("T-1", "M-7")
    assert thread.messages[0].sent_at == datetime(2026, 3, 1, 1, 30, tzinfo=UTC)
    assert thread.messages[0].cite == "message:m1"


def test_time_without_offset_is_utc_and_absent_time_stays_absent() -> None:
    assert thread_from_json(thread_json(sent_at="2026-03-01 09:30")).messages[0].sent_at == datetime(
        2026, 3, 1, 9, 30, tzinfo=UTC
    )
    assert thread_from_json(thread_json(sent_at=None)).messages[0].sent_at is None


def test_control_characters_and_lone_surrogates_are_replaced_in_place() -> None:
    text = thread_from_json(thread_json(text="a\x00b\ud800c\td\n")).messages[0].text
    assert text == "a\ufffdb\ufffdc\td\n"
    text.encode()


def test_right_to_left_and_emoji_text_is_kept() -> None:
    assert thread_from_json(thread_json(text="שלום 👩‍👩‍👧 مرحبا")).messages[0].text == "שלום 👩‍👩‍👧 مرحبا"


def test_a_message_of_100_000_characters_is_read_and_a_longer_one_refused() -> None:
    assert len(thread_from_json(thread_json(text="x" * 100_000)).messages[0].text) == 100_000
    with pytest.raises(InputError, match="thread 'T-1', message 1: text has 100,001 characters"):
        thread_from_json(thread_json(text="x" * 100_001))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "thread: expected a JSON object, found a list"),
        (None, "thread: expected a JSON object, found nothing"),
        ({"messages": []}, "thread: ticket_id must be a string that is not empty, found nothing"),
        ({"ticket_id": 7}, "thread: ticket_id must be a string that is not empty, found a number"),
        ({"ticket_id": "T-1", "merchant_id": True}, "merchant_id must be a string that is not empty, found a boolean"),
        ({"ticket_id": "T\n1"}, "holds control characters"),
        ({"ticket_id": "T-1"}, "thread 'T-1': messages must be a list of messages, found nothing"),
        ({"ticket_id": "T-1", "messages": []}, "thread 'T-1': has no message"),
        ({"ticket_id": "T-1", "messages": ["hi"]}, "thread 'T-1', message 1: expected a JSON object, found a string"),
        (thread_json(message_id=""), "message 1: message_id must be a string that is not empty, found ''"),
        (thread_json(author="customer"), "author must be one of merchant, agent, buyer, bot, system; found 'customer'"),
        (thread_json(author=["buyer"]), "author must be one of .* found a list"),
        (thread_json(text=None), "text must be a string, found nothing"),
        (thread_json(sent_at="yesterday"), "sent_at must be an ISO 8601 time .* found 'yesterday'"),
        (thread_json(sent_at=1709285400), "sent_at must be an ISO 8601 time .* found a number"),
        (thread_json(sent_at="0001-01-01T00:00:00+14:00"), "sent_at must be an ISO 8601 time"),
    ],
)
def test_malformed_thread_gives_one_line(value: object, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        thread_from_json(value)
    assert "\n" not in str(caught.value)


def test_message_ids_must_differ() -> None:
    value = thread_json()
    value["messages"] = [*thread_json()["messages"], *thread_json()["messages"]]  # type: ignore[misc]
    with pytest.raises(InputError, match="thread 'T-1': message_id 'm1' stands more than once"):
        thread_from_json(value)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["T-1", "buyer", "2026-03-01"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["ticket_id", "merchant_id", "messages", "message_id", "author", "text", "sent_at", "fact_id"]
            ),
            inner,
            max_size=7,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_reads_or_gives_an_input_error(value: object) -> None:
    for read in (thread_from_json, facts_from_json):
        with contextlib.suppress(InputError):
            read(value)


def test_reads_facts() -> None:
    facts = facts_from_json(
        [{"fact_id": "late", "name": "late orders", "value": 12}, {"fact_id": "d", "name": "due", "value": "5 May"}]
    )
    assert facts == (Fact("late", "late orders", 12, ""), Fact("d", "due", "5 May", ""))
    assert facts[0].cite == "fact:late"
    assert facts_from_json(None) == ()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "facts: expected a list, found an object"),
        (
            [{"fact_id": "a", "name": "n", "value": None}],
            "fact 1 .'a'.: value must be a string, finite number or boolean, found nothing",
        ),
        (
            [{"fact_id": "a", "name": "n", "value": float("nan")}],
            "must be a string, finite number or boolean, found a number",
        ),
        ([{"fact_id": "a", "name": "n", "value": 1, "unit": 3}], "unit must be a string or absent"),
        ([{"fact_id": "a", "name": "n", "value": 1}] * 2, "fact_id 'a' stands more than once"),
    ],
)
def test_malformed_facts_give_one_line(value: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        facts_from_json(value)


def test_results_print_exactly_the_keys_of_their_command() -> None:
    sentence = Sentence("It was late.", ("message:m1", "fact:late"))
    summary = Summary(
        "T-1", "It was late.", (sentence,), "late_delivery", ("When?",), None, -0.5, "en", "extractive", 12
    )
    assert json.loads(json.dumps(summary.to_json())) == {
        "ticket_id": "T-1",
        "summary": "It was late.",
        "sentences": [{"text": "It was late.", "cites": ["message:m1", "fact:late"]}],
        "intent": "late_delivery",
        "open_questions": ["When?"],
        "next_event": None,
        "sentiment": -0.5,
        "language": "en",
        "engine": "extractive",
        "latency_ms": 12,
    }
    draft = Draft("T-1", "It was late.", (sentence,), (Check("numbers", True, "none"),), "en", "macro", 3)
    assert list(draft.to_json()) == ["ticket_id", "reply", "sentences", "checks", "language", "engine", "latency_ms"]
    assert draft.to_json()["checks"] == [{"name": "numbers", "passed": True, "detail": "none"}]
    theme = Theme("th-1", "Late", "late_delivery", 3, 0.1, None, None, None, ("M-7",), ("m1",), "…")
    assert list(theme.to_json())[:11] == (
        [
            "theme_id",
            "label",
            "intent",
            "count",
            "share",
            "growth",
            "ci_low",
            "ci_high",
            "merchants",
            "message_ids",
            "summary",
        ]
    )


def test_classification_prints_names_with_their_confidence() -> None:
    got = Classification(
        "x",
        (Confidence("late_delivery", 0.8),),
        (AspectConfidence("logistics", "negative", 0.7),),
        -0.4,
        Confidence("high", 0.6),
        "zh-Hans",
        ExtractedFields(orders=("A1",), asks=("refund",)),
    ).to_json()
    assert got == {
        "id": "x",
        "intents": [{"name": "late_delivery", "confidence": 0.8}],
        "aspects": [{"name": "logistics", "polarity": "negative", "confidence": 0.7}],
        "sentiment": -0.4,
        "urgency": {"name": "high", "confidence": 0.6},
        "language": "zh-Hans",
        "fields": {"orders": ["A1"], "amounts": [], "dates": [], "carriers": [], "asks": ["refund"]},
    }


def test_passages_cite_article_and_paragraph_and_macros_list_their_variables() -> None:
    assert Passage("fees", 2, "…", "en", "Fees").cite == "article:fees#2"
    assert Macro("m", "opening", "en", "Hello {name}: {order_id}, {name}.").variables == ("name", "order_id")
