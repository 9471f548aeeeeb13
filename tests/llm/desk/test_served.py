"""The desk's own model behind the engine, in a real worker: briefs in, cited sentences out, and what happens when it can't."""

import json
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from llm.briefing import build_brief
from llm.chat import DEFAULT_OPTIONS, ChatMessage, GenerateOptions
from llm.desk.corpus import CorpusThread
from llm.desk.prompt import REPLY, SUMMARY
from llm.desk.request import BriefPrompt, request_in, tokens_in
from llm.engine import Engine, checkpoint_name
from llm.errors import EngineCancelledError, EngineUnavailableError, InputError, LlmError
from llm.grounding import EvidenceBook
from llm.knowledge import Knowledge
from llm.reply import draft, stream_draft
from llm.summarise import summarise
from llm.summary_writing import with_written_sentences
from llm.types import IssueBrief
from llm.worker import WorkerConfig
from tests.llm.desk.tiny_desk import make_desk_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_desk_model(tmp_path_factory.mktemp("models") / "Tiny-Desk")


@pytest.fixture(scope="module")
def engine(folder: Path) -> Iterator[Engine]:
    with Engine(WorkerConfig(checkpoint=folder, threads=1)) as engine:
        yield engine


@pytest.fixture(params=["en", "zh-Hans"])
def brief(request: pytest.FixtureRequest, corpus: tuple[CorpusThread, ...], knowledge: Knowledge) -> IssueBrief:
    thread = next(t for t in corpus if t.language == request.param and t.facts and len(t.messages) < 4)
    return build_brief(thread.plain, knowledge, thread.plain_facts, tone="warm", length="short")


class Scripted:
    """A writer of briefs that says lines prepared for it."""

    name = "desk:scripted"
    reads_briefs = True

    def __init__(self, *lines: dict[str, Any] | LlmError) -> None:
        self.lines = lines
        self.asked: list[Sequence[ChatMessage]] = []

    def generate(self, messages: Sequence[ChatMessage], options: GenerateOptions = DEFAULT_OPTIONS) -> Iterator[str]:
        self.asked.append(messages)
        for line in self.lines:
            if isinstance(line, LlmError):
                raise line
            yield json.dumps({"part": "", "tokens": 3, "is_cut": False} | line, ensure_ascii=False) + "\n"


def test_a_brief_arrives_as_it_was_sent(brief: IssueBrief) -> None:
    request = request_in(BriefPrompt(REPLY, brief).messages)
    assert (request.asked.task, request.asked.tone, request.asked.length) == (REPLY, "warm", "short")
    assert request.messages == brief.thread.messages
    assert request.facts == brief.facts
    assert request.passages == brief.passages


@pytest.mark.parametrize(
    "content", ["Why is my order late?", "{}", "[1]", '{"asked": {"task": "poem", "language": "en"}}']
)
def test_a_chat_is_no_brief(content: str) -> None:
    with pytest.raises(InputError, match="briefs, not chats"):
        request_in([ChatMessage("user", content)])


@pytest.mark.parametrize("task", [SUMMARY, REPLY])
def test_the_worker_streams_cited_sentences_and_counts_their_tokens(
    engine: Engine, brief: IssueBrief, task: str
) -> None:
    assert engine.reads_briefs
    prompt = BriefPrompt(task, brief)
    lines = list(engine.generate(prompt.messages))
    book = EvidenceBook.of(brief)
    for line in lines:
        assert line.endswith("\n")
        assert tokens_in(line) > 2
        sentence = prompt.sentence(line)
        assert sentence is None or (sentence.cites and all(cite in book for cite in sentence.cites))
    again = list(engine.generate(prompt.messages))
    assert again == lines


def test_what_a_random_model_writes_is_checked_like_any_writers_words(engine: Engine, brief: IssueBrief) -> None:
    made = draft(brief, engine)
    assert made.reply
    assert made.engine in ("desk:Tiny-Desk", "macro")
    book = EvidenceBook.of(brief)
    assert all(cite in book for sentence in made.sentences for cite in sentence.cites)


def test_five_people_at_once_get_each_the_reply_that_they_get_alone(
    engine: Engine, corpus: tuple[CorpusThread, ...], knowledge: Knowledge
) -> None:
    threads = [thread for thread in corpus if len(thread.messages) < 3][:5]
    briefs = [build_brief(one.plain, knowledge, one.plain_facts, length="short") for one in threads]
    alone = [draft(brief, engine) for brief in briefs]
    with ThreadPoolExecutor(5) as pool:
        together = list(pool.map(lambda brief: draft(brief, engine), briefs))
    assert [(made.engine, made.sentences) for made in together] == [(made.engine, made.sentences) for made in alone]
    assert len({made.reply for made in alone}) > 1
    assert all(check.name != "writer_available" for made in together for check in made.checks)


def test_one_who_cancels_costs_the_other_four_nothing(
    engine: Engine, corpus: tuple[CorpusThread, ...], knowledge: Knowledge
) -> None:
    threads = [thread for thread in corpus if thread.language == "en" and len(thread.messages) < 3][:5]
    prompts = [BriefPrompt(REPLY, build_brief(one.plain, knowledge, one.plain_facts)).messages for one in threads]
    alone = [list(engine.generate(messages)) for messages in prompts]
    streams = [engine.generate(messages) for messages in prompts]
    streams[0].cancel()
    streams[2].cancel()
    for place in (1, 3, 4):
        assert list(streams[place]) == alone[place]
    for place in (0, 2):
        with pytest.raises(EngineCancelledError):
            list(streams[place])


def test_cancelling_frees_the_engine(engine: Engine, brief: IssueBrief) -> None:
    stream = engine.generate(BriefPrompt(REPLY, brief).messages)
    stream.cancel()
    with pytest.raises(EngineCancelledError):
        list(stream)
    assert list(engine.generate(BriefPrompt.of_text("Where is my payout?").messages)) is not None


def test_two_hundred_thousand_characters_are_cut_and_said(engine: Engine, brief: IssueBrief) -> None:
    endless = replace(brief.thread.messages[0], text=brief.thread.messages[0].text + " ok 好" * 50_000)
    long = replace(brief, thread=replace(brief.thread, messages=(endless,)))
    prompt = BriefPrompt(REPLY, long)
    assert "very long" in prompt.left_out
    for line in engine.generate(prompt.messages):
        prompt.sentence(line)
        assert json.loads(line)["is_cut"]


def test_a_chat_at_the_desks_model_is_refused_in_one_line(engine: Engine) -> None:
    with pytest.raises(LlmError, match=r"^[^\n]*briefs, not chats[^\n]*$"):
        list(engine.generate([ChatMessage("user", "hello")]))


def test_a_draft_is_the_writers_under_its_name_without_what_fails_a_check(brief: IssueBrief) -> None:
    cite = brief.thread.messages[0].cite
    is_english = brief.language == "en"
    good = "We have read what you wrote." if is_english else "我们已读您的来信。"
    bad = "Order QQ-99999 is refunded." if is_english else "订单 QQ-99999 已退款。"
    made = draft(brief, Scripted({"text": good, "cites": [cite]}, {"text": bad, "cites": [cite]}))
    assert made.engine == "desk:scripted"
    assert good in made.reply
    assert "QQ-99999" not in made.reply
    assert not next(check for check in made.checks if check.name == "figures_in_evidence").passed


def test_a_brief_that_was_cut_says_so(brief: IssueBrief) -> None:
    text = "We have read what you wrote." if brief.language == "en" else "我们已读您的来信。"
    made = draft(brief, Scripted({"text": text, "cites": [brief.thread.messages[0].cite], "is_cut": True}))
    assert [check.name for check in made.checks if not check.passed] == ["evidence_whole"]


def test_a_language_that_the_model_does_not_write_goes_to_macros_and_says_so(brief: IssueBrief) -> None:
    writer = Scripted({"text": "never asked", "cites": []})
    made = draft(replace(brief, language="fr"), writer)
    assert made.engine == "macro"
    assert writer.asked == []
    [said] = [check.detail for check in made.checks if check.name == "writer_available"]
    assert "the thread is in fr" in said


def test_a_summary_is_the_writers_with_what_stands_in_its_messages(
    corpus: tuple[CorpusThread, ...], knowledge: Knowledge
) -> None:
    thread = next(t for t in corpus if t.language == "en").plain
    cite = thread.messages[0].cite
    found = summarise(thread, knowledge.taxonomy)
    lines = [
        {"text": "The merchant says the desk promised a refund.", "cites": [cite]},
        {"text": "The merchant waits for order QQ-99999.", "cites": [cite]},
        {"text": "The merchant is at nobody@mail.example.", "cites": [cite]},
    ]
    made = with_written_sentences(found, thread, Scripted(*lines))
    assert (made.engine, made.summary) == ("desk:scripted", lines[0]["text"])
    assert (made.intent, made.open_questions) == (found.intent, found.open_questions)
    assert with_written_sentences(found, thread, Scripted(*lines[1:])) == found
    with pytest.raises(EngineCancelledError):
        with_written_sentences(found, thread, Scripted(EngineCancelledError("The request was cancelled.")))
    with pytest.raises(InputError, match="fr"):
        with_written_sentences(replace(found, language="fr"), thread, Scripted())


@pytest.fixture(scope="module", params=["tokenizer", "weights", "card"])
def broken(request: pytest.FixtureRequest, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    copy = shutil.copytree(folder, tmp_path_factory.mktemp("copies") / "Broken")
    if request.param == "tokenizer":
        text = (copy / "tokenizer.json").read_text("utf-8")
        (copy / "tokenizer.json").write_text(text.replace("<write>", "<wrote>"), "utf-8")
    elif request.param == "weights":
        config = json.loads((copy / "config.json").read_text("utf-8"))
        (copy / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}), "utf-8")
    else:
        (copy / "desk.json").write_text("{", "utf-8")
    with Engine(WorkerConfig(checkpoint=copy, threads=1)) as engine:
        yield engine


def test_files_that_do_not_belong_together_leave_the_draft_to_macros(broken: Engine, brief: IssueBrief) -> None:
    made = stream_draft(brief, broken).draft()
    assert made.engine == "macro"
    [said] = [check.detail for check in made.checks if check.name == "writer_available"]
    assert "Broken" in said
    assert "\n" not in said
    with pytest.raises(EngineUnavailableError):
        broken.generate(BriefPrompt(REPLY, brief).messages)


def test_its_name_says_what_it_is(folder: Path, tmp_path: Path) -> None:
    assert checkpoint_name(folder) == "desk:Tiny-Desk"
    assert checkpoint_name(tmp_path) == f"checkpoint:{tmp_path.name}"
