"""The desk's writer on random weights: whatever the weights, what it writes rests on its sources. And the gate that a model must pass."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.commands import main
from llm.desk.card import CARD
from llm.desk.corpus import CorpusThread
from llm.desk.evaluate import Judged, verdicts
from llm.desk.fluency import Fluency
from llm.desk.model import DeskModel, save_model
from llm.desk.prompt import END, PAD, REPLY, SUMMARY, Asked
from llm.desk.slots import SLOT
from llm.desk.tokenizer import save_tokenizer
from llm.desk.writer import DeskWriter
from llm.errors import CheckpointError
from llm.grounding import EvidenceBook, missing_figures
from llm.knowledge import Knowledge
from llm.types import IssueBrief
from tests.llm.desk.tiny_desk import TINY


@pytest.fixture(scope="module")
def folder(tokenizer: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("desk")
    save_model(DeskModel(TINY), path, ends=[tokenizer.token_to_id(END)], padding=tokenizer.token_to_id(PAD))
    save_tokenizer(tokenizer, path, TINY.context)
    (path / CARD).write_text(json.dumps({"format": 1, "house": {}}), "utf-8")
    return path


@pytest.mark.parametrize("task", [SUMMARY, REPLY])
@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_every_sentence_names_sources_that_hold_its_figures(
    folder: Path, corpus: tuple[CorpusThread, ...], task: str, language: str
) -> None:
    writer = DeskWriter(folder)
    threads = [t for t in corpus if t.language == language and t.facts and len(t.messages) <= 3][:2]
    assert threads
    for thread in threads:
        written = list(writer.write(Asked(task, language), thread.plain.messages, thread.plain_facts))
        assert written
        book = EvidenceBook.of(IssueBrief(thread.plain, thread.plain_facts, language=language))
        for line in written:
            assert line.sentence.cites
            assert all(cite in book for cite in line.sentence.cites)
            assert not SLOT.search(line.sentence.text)
            assert bool(line.part) == (task == REPLY)
            days = [f for f in missing_figures(line.sentence.text, book.cited(line.sentence.cites)) if "20" not in f]
            assert not [figure for figure in days if figure.isdigit()]


def test_a_cancel_ends_the_sentences(folder: Path, corpus: tuple[CorpusThread, ...]) -> None:
    writer = DeskWriter(folder)
    assert not list(writer.write(Asked(SUMMARY, "en"), corpus[0].plain.messages, is_cancelled=lambda: True))


@pytest.mark.parametrize("card", [None, "{", "[]", '{"house": [1]}', '{"house": {"en": ["x"]}}'])
def test_a_folder_without_its_card_is_refused_in_one_line(folder: Path, tmp_path: Path, card: str | None) -> None:
    for path in folder.iterdir():
        if path.name != CARD:
            (tmp_path / path.name).symlink_to(path)
    if card is not None:
        (tmp_path / CARD).write_text(card, "utf-8")
    with pytest.raises(CheckpointError, match=r"^[^\n]*desk\.json[^\n]*$"):
        DeskWriter(tmp_path)


def judged(
    writer: str, rouge_l: float, words: float, figures: float = 1.0, misjoined: float = 0.2, unknown_pairs: float = 0.2
) -> list[Judged]:
    scores = {
        "rouge_l": rouge_l,
        "words": words,
        "figures": figures,
        "misjoined": misjoined,
        "unknown_pairs": unknown_pairs,
    }
    row = Judged("", SUMMARY, "en", writer, "", scores, 0.1)
    noise = [0.0, 0.02, -0.02, 0.01, -0.01] * 6
    return [
        replace(row, thread_id=str(n), scores={**scores, "rouge_l": rouge_l + more, "misjoined": misjoined - more})
        for n, more in enumerate(noise)
    ]


PEOPLE = judged("reference", 1.0, 1.0, misjoined=0.21)


@pytest.mark.parametrize(
    ("desk", "fails"),
    [
        (judged("desk", 0.4, 0.9), ""),
        (judged("desk", 0.3, 0.9), "rouge_l"),
        (judged("desk", 0.4, 0.5), "words"),
        (judged("desk", 0.4, 0.9, figures=0.98), "figures"),
        (judged("desk", 0.4, 0.9, misjoined=0.3), "misjoined"),
        (judged("desk", 0.4, 0.9, unknown_pairs=0.3), "unknown_pairs"),
    ],
)
def test_the_gate_wants_a_better_text_of_its_sources_with_right_figures_in_whole_sentences(
    desk: list[Judged], fails: str
) -> None:
    [verdict] = verdicts([*desk, *PEOPLE, *judged("extractive", 0.3, 0.85)])
    assert (verdict["passed"], verdict["fails"]) == (not fails, fails)


def test_a_model_that_knows_nothing_may_not_write_by_default(
    folder: Path, tmp_path: Path, corpus: tuple[CorpusThread, ...], fluency: Fluency, monkeypatch: pytest.MonkeyPatch
) -> None:
    def known(threads: Iterable[CorpusThread], _: Knowledge) -> Fluency:
        """The same measures, read once for all tests."""
        assert tuple(threads) == tuple(thread for thread in corpus if not thread.is_held_out)
        return fluency

    monkeypatch.setattr("llm.desk.fluency.Fluency", known)
    public = {
        "ticket_id": "T",
        "merchant_id": None,
        "messages": [{"message_id": "m", "author": "buyer", "text": "My lamp is late."}],
    }
    (tmp_path / "valid.ndjson").write_text(json.dumps(public | {"references": ["A lamp is late."]}), "utf-8")
    options = ["--threads", "4", "--keep", str(tmp_path), "--tweetsumm", str(tmp_path), "--json"]
    done = CliRunner().invoke(main, ["model", "evaluate", str(folder), *options])
    assert done.exit_code == 1, done.output
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["writer"] for line in records if line["record"] == "scores"} == {
        *("desk", "extractive", "macro", "reference")
    }
    assert all("unknown_pairs" in line["fails"] for line in records if line["record"] == "verdict")
    assert [line["passed"] for line in records if line["record"] == "verdict"] == [False] * 4
    outside = [line for line in records if line["record"] == "public"]
    assert [(line["set"], line["writer"], line["n"]) for line in outside] == [
        ("tweetsumm", "desk", 1),
        ("tweetsumm", "extractive", 1),
    ]
    [kept] = [Path(line["file"]) for line in records if line["record"] == "kept"]
    assert sum('"record": "text"' in line for line in kept.read_text("utf-8").splitlines()) >= 16


@pytest.mark.slow
def test_train_writes_a_model_that_the_desk_can_write_with(tmp_path: Path, corpus: tuple[CorpusThread, ...]) -> None:
    out = tmp_path / "tiny"
    options = ["--tokens", "3000", "--minutes", "0.2", "--threads", "8", "--batch-tokens", "1024", "--workers", "0"]
    done = CliRunner().invoke(main, ["model", "train", str(out), *options])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["threads"] == 8
    assert told["tokens"] > 0
    assert "summary.zh-Hans" in Path(told["curve"]).read_text("utf-8")
    assert list(DeskWriter(out).write(Asked(SUMMARY, "en"), corpus[0].plain.messages))
