"""The bench of answers: its halves keep counterparts together, and its rankers and figures can be computed by hand."""

from __future__ import annotations

from typing import Any

from app.bench.answers import is_right
from app.bench.labelled import cases, interval
from app.bench.retrieval import bm25, row, tfidf, tokens
from llm.types import Answer, Passage, Sentence


def test_the_halves_are_apart_and_keep_counterparts_together() -> None:
    for name, count in (("questions", 329), ("conversations", 162)):
        develop, report = cases(name, "develop"), cases(name, "report")
        assert len(develop) + len(report) == count
        assert min(len(develop), len(report)) > count / 3
    sides = [{case["id"].split("-")[-1] for case in cases("conversations", half)} for half in ("develop", "report")]
    assert not sides[0] & sides[1]
    first = [{case["relevant"][0] for case in cases("questions", h) if case["relevant"]} for h in ("develop", "report")]
    assert not first[0] & first[1]


def test_recall_and_reciprocal_rank_by_hand() -> None:
    asked: list[dict[str, Any]] = [
        {"text": "x", "relevant": ["b", "f"]},  # ranks 2 and 6: half found, 1/2
        {"text": "y", "relevant": ["a"]},  # rank 1
    ]
    found = row("r", "en", asked, lambda _: ["a", "b", "c", "d", "e", "f"])
    assert (found.questions, found.recall_at_5, found.mrr) == (2, 0.75, 0.75)


def test_baselines_find_shared_words_in_both_languages() -> None:
    passages = [Passage("a", 1, "延误率上限为百分之四", "zh-Hans", "t"), Passage("b", 1, "佣金 fee 8%", "zh-Hans", "t")]
    for ranker in (bm25(passages), tfidf(passages)):
        assert ranker("延误")[0] == "article:a#1"
        assert ranker("FEE")[0] == "article:b#1"
    assert tokens("延误 Late") == ["延", "误", "延误", "late"]


def test_an_answer_is_right_only_with_what_must_be_said_and_its_passage() -> None:
    case = {
        "expected": "answer",
        "relevant": ["article:a#1"],
        "must_include": ["4|four"],
        "must_not_include": ["lifted"],
    }

    def made(text: str, cite: str = "article:a#1") -> Answer:
        lines = (Sentence(text, (cite,)), Sentence("close", ("article:z#1",)))
        return Answer("answer", text, lines, "known", 1.0, "en", "extractive")

    assert is_right(case, made("At most 4 %."))
    assert not is_right(case, made("At most 14 %."))
    assert not is_right(case, made("At most 4 %, then it is lifted."))
    assert not is_right(case, made("At most 4 %.", "article:b#1"))


def test_an_interval_holds_its_mean() -> None:
    mean, low, high = interval([0.0, 1.0, 1.0, 1.0])
    assert mean == 0.75
    assert low < mean < high
    assert interval([1.0] * 5) == (1.0, 1.0, 1.0)
