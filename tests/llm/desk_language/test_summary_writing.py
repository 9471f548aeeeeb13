"""Summaries by a chat model and by one that only summarises texts: what is shown stands in the messages that it names."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from llm.attribution import sources_of
from llm.chat import DEFAULT_OPTIONS, ChatMessage, GenerateOptions
from llm.engine import Engine
from llm.errors import EngineError, LlmError, PromptTooLongError
from llm.grounding import EvidenceBook
from llm.knowledge import Knowledge
from llm.prompting import SUMMARY_CUTS, SummaryPrompt, plain_thread
from llm.summarise import summarise
from llm.summary_writing import summary_prefix, with_written_sentences, written_sentences
from llm.types import IssueBrief, Message, Summary, Thread
from llm.worker import WorkerConfig
from tests.llm.serving.tiny_checkpoint import make_checkpoint, make_encoder_decoder

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
THREAD = Thread(
    "t",
    "m",
    (
        Message("a", AT, "merchant", "Order A-1001 counts as late, but the carrier stopped for three days. Reach me at ann@mail.example."),
        Message("b", AT, "agent", "> Order A-1001 counts as late\nPlease send the carrier's acceptance scan."),
        Message("c", AT, "merchant", "The scan is attached. When will the penalty of 4 points be lifted?"),
    ),
)  # fmt: skip
CHINESE = Thread("z", "m", (Message("a", AT, "merchant", "订单 A-1001 被判为延误，但承运商停运了三天，请核查责任。"),))


class Scripted:
    """Says one text for each time that it is asked; of an error it raises it."""

    name = "checkpoint:scripted"

    def __init__(self, *said: str | LlmError, prefix: str | None = None) -> None:
        self.said = list(said)
        self.asked: list[Sequence[ChatMessage]] = []
        if prefix is not None:
            self.summary_prefix = prefix

    def generate(self, messages: Sequence[ChatMessage], options: GenerateOptions = DEFAULT_OPTIONS) -> Iterator[str]:
        self.asked.append(messages)
        said = self.said.pop(0)
        if isinstance(said, LlmError):
            raise said
        yield from said


@pytest.fixture(scope="module")
def extract() -> Summary:
    knowledge = Knowledge.load(Path(__file__).parents[3] / "data" / "knowledge")
    return summarise(THREAD, knowledge.taxonomy)


def texts(thread: Thread, writer: Scripted, language: str = "en") -> dict[str, tuple[str, ...]]:
    return {said.text: said.cites for said in written_sentences(thread, language, writer)}


def test_a_chat_models_sentences_stand_under_its_name_with_their_messages(extract: Summary) -> None:
    writer = Scripted("The merchant says that order A-1001 counts as late. [S1]\nThe desk asks for a scan. [S2]\n")
    made = with_written_sentences(extract, THREAD, writer)
    assert made.engine == "checkpoint:scripted"
    assert [sentence.cites for sentence in made.sentences] == [("message:a",), ("message:b",)]
    assert (made.intent, made.open_questions) == (extract.intent, extract.open_questions)


@pytest.mark.parametrize(
    "line",
    [
        "Order B-2002 is late too. [S1]",
        "The penalty has 9 points. [S3]",
        "The merchant is Ann Porter. [S1]",
        "The merchant asks for a scan.",
        "The merchant waits. [S9]",
        "The merchant can be reached at ann@mail.example. [S1]",
        "商家希望撤销扣分。[S3]",
    ],
    ids=["order", "figure", "name", "no source", "unknown source", "private", "language"],
)
def test_what_does_not_stand_in_its_messages_is_not_shown(line: str, extract: Summary) -> None:
    assert with_written_sentences(extract, THREAD, Scripted(line)) == extract
    good = "The merchant asks when the penalty will be lifted. [S3]"
    assert list(texts(THREAD, Scripted(f"{line}\n{good}\n"))) == ["The merchant asks when the penalty will be lifted."]


def test_a_promise_that_somebody_made_may_be_told() -> None:
    assert texts(THREAD, Scripted("The merchant asks that we refund the penalty. [S3]"))


def test_a_summary_speaks_to_nobody() -> None:
    said = "Your penalty of 4 points is gone. [S3]\nWe look at order A-1001. [S1]\nThe agent asks for the carrier's acceptance scan. [S2]"
    assert [*texts(THREAD, Scripted(said))] == ["The agent asks for the carrier's acceptance scan."]


def test_at_most_four_sentences_each_once_and_no_endless_list() -> None:
    lines = [f"The merchant waits {word}. [S1]" for word in ("long", "long", "still", "again", "here", "there")]
    assert len(texts(THREAD, Scripted("\n".join(lines)))) == 4
    writer = Scripted("".join(f"Order Q-{number:05d} is late. [S1]\n" for number in range(500)))
    assert texts(THREAD, writer) == {}


def test_a_model_that_repeats_itself_is_stopped() -> None:
    with pytest.raises(EngineError, match="repeats itself"):
        written_sentences(THREAD, "en", Scripted("late " * 500))


def test_private_data_and_orders_in_a_thread_reach_no_model_as_such() -> None:
    said = "".join(message.content for message in SummaryPrompt(THREAD, "en").messages)
    assert "ann@mail.example" not in said
    assert "[EMAIL_1]" in said
    assert "A-1001" in said
    assert "ann@mail.example" not in plain_thread(THREAD)[0].content


def test_a_short_context_gets_less_of_the_thread_but_its_first_message() -> None:
    long = replace(THREAD, messages=tuple(replace(THREAD.messages[n % 3], message_id=str(n)) for n in range(40)))
    writer = Scripted(PromptTooLongError("too long"), PromptTooLongError("too long"), "The merchant waits. [S1]")
    assert texts(long, writer) == {"The merchant waits.": ("message:0",)}
    shown = [asked[1].content.count("message from") for asked in writer.asked]
    assert shown == [12, 12, 6]
    assert "\\u003e Order" not in writer.asked[1][1].content
    assert "> Order" not in writer.asked[1][1].content
    with pytest.raises(PromptTooLongError):
        texts(long, Scripted(*[PromptTooLongError("too long")] * len(SUMMARY_CUTS)))


def test_a_language_that_the_desk_does_not_write_is_summarised_in_english() -> None:
    french = Thread("f", "m", (Message("a", AT, "merchant", "Ma commande A-1001 est en retard, pourquoi ?"),))
    writer = Scripted("The merchant asks why order A-1001 is late. [S1]")
    assert texts(french, writer, "fr")
    assert "in English" in writer.asked[0][0].content


class TestTexts:
    """A model that summarises texts and names no source."""

    def test_it_reads_the_text_alone_behind_its_prefix(self) -> None:
        writer = Scripted("order A-1001 counts as late.", prefix="summarize: ")
        texts(THREAD, writer)
        [[asked]] = writer.asked
        assert asked.content.startswith("summarize: merchant: Order A-1001 counts as late")
        assert "[S1]" not in asked.content
        assert len(asked.content.splitlines()) == 3

    def test_each_sentence_is_traced_to_its_messages(self) -> None:
        said = "Order A-1001 counts as late because the carrier stopped for three days. The merchant asks when the penalty of 4 points will be lifted."
        assert list(texts(THREAD, Scripted(said, prefix="")).values()) == [("message:a",), ("message:c",)]

    def test_what_no_message_says_is_not_shown(self) -> None:
        said = (
            "The merchant threatens to sue the marketplace in court. The carrier's scan is attached. Order A-7777 is late. "
            "The carrier stopped because the merchant refused to pay its invoices."
        )
        assert list(texts(THREAD, Scripted(said, prefix=""))) == ["The carrier's scan is attached."]

    def test_chinese_is_traced_by_its_characters(self) -> None:
        said = "订单 A-1001 因承运商停运三天被判为延误。商家已起诉平台并索要赔偿金。"
        assert texts(CHINESE, Scripted(said, prefix=""), "zh-Hans") == {
            "订单 A-1001 因承运商停运三天被判为延误。": ("message:a",)
        }

    def test_a_model_of_another_language_leaves_the_extract(self, extract: Summary) -> None:
        zh = replace(extract, language="zh-Hans")
        assert with_written_sentences(zh, CHINESE, Scripted("Order A-1001 is late.", prefix="")) == zh

    def test_a_sentence_of_common_words_alone_has_no_source(self) -> None:
        book = EvidenceBook.of(IssueBrief(THREAD))
        assert sources_of("The merchant says that it is so.", THREAD.messages, book) == ()


class TestCheckpoints:
    """Random weights through a real worker: whatever they say, only what stands is shown."""

    @pytest.mark.parametrize("kind", ["causal", "bart", "t5"])
    def test_what_it_says_is_checked_and_the_text_fits_its_context(
        self, tmp_path: Path, extract: Summary, kind: Any
    ) -> None:
        tiny = tmp_path / "Tiny"
        folder = make_checkpoint(tiny) if kind == "causal" else make_encoder_decoder(tiny, kind, context_length=128)
        with Engine(WorkerConfig(checkpoint=folder, threads=1)) as engine:
            assert summary_prefix(engine) == (None if kind == "causal" else "")
            with suppress(EngineError):  # it repeats itself
                assert with_written_sentences(extract, THREAD, engine, 600.0) == extract
            assert engine.status().restart_count == 0

    def test_a_prefix_of_its_config_is_taken(self, tmp_path: Path) -> None:
        folder = make_encoder_decoder(tmp_path / "Tiny", "t5")
        config = json.loads((folder / "config.json").read_text("utf-8"))
        config["task_specific_params"] = {"summarization": {"prefix": "summarize: "}}
        (folder / "config.json").write_text(json.dumps(config), "utf-8")
        assert summary_prefix(Engine(WorkerConfig(checkpoint=folder))) == "summarize: "
