"""What judges the writers, by hand: the interval, faithfulness, the common words and the table."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from llm.desk.corpus import CorpusThread
from llm.desk.evaluate import Judged, common_words, faithfulness, interval, joined, table
from llm.desk.fluency import MEASURES
from llm.types import Fact, IssueBrief, Message, Sentence, Thread

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
BRIEF = IssueBrief(
    Thread(
        "T-1",
        "m-1",
        (Message("m1", AT, "merchant", "TD-48213 cost 4 points, says Ines Halloran, and the kettle leaks."),),
    ),
    (Fact("f1", "merchant_name", "Harbour Lane Lighting"), Fact("f2", "penalty_points", 6, "points")),
)
COMMON = {"the", "says", "cost", "and", "for", "is"}


def _scores(*said: tuple[str, str]) -> dict[str, float]:
    return faithfulness([Sentence(text, (cite,)) for text, cite in said], BRIEF, COMMON)


def test_a_sentence_whose_figures_stand_in_its_own_source_is_right() -> None:
    assert _scores(("TD-48213 cost 4 points.", "message:m1"))["figures"] == 1.0
    assert _scores(("TD-48213 cost 6 points.", "message:m1"))["figures"] == 0.0  # they stand in f2, which isn't cited
    both = _scores(("TD-48213 cost 4 points.", "message:m1"), ("It cost 5 points.", "message:m1"))
    assert both["figures"] == 0.5
    assert both["sentences"] == 2.0


def test_names_must_stand_in_the_cited_source() -> None:
    assert _scores(("The kettle of Ines Halloran.", "message:m1"))["names"] == 1.0
    assert _scores(("The kettle of Ines Halberd.", "message:m1"))["names"] == 0.0
    assert _scores(("It is for Harbour Lane Lighting.", "message:m1"))["names"] == 0.0
    assert _scores(("It is for Harbour Lane Lighting.", "fact:f1"))["names"] == 1.0


def test_uncommon_words_are_counted_one_by_one_in_any_inflection() -> None:
    # kettles and leaking are held by their stems, the volcano is not; "the" and "and" are common
    assert _scores(("The kettles leaking and the volcano", "message:m1"))["words"] == pytest.approx(2 / 3)
    assert _scores(("The and for", "message:m1"))["words"] == 1.0


def test_nothing_said_is_nothing_wrong() -> None:
    assert faithfulness([], BRIEF, COMMON) == {"figures": 1.0, "names": 1.0, "words": 1.0, "sentences": 0.0}


def test_the_mean_is_over_texts_and_the_interval_resamples_threads() -> None:
    assert interval([("a", 0.5), ("b", 0.5), ("b", 0.5)], seed=1) == (0.5, 0.5, 0.5)
    mean, low, high = interval([("a", 0.0), ("b", 1.0), ("b", 1.0)], seed=1)
    assert mean == pytest.approx(2 / 3)
    assert (low, high) == (0.0, 1.0)  # a resample of two threads is all a, all b or both
    one = interval([("a", 0.2), ("a", 0.6)], seed=3)
    assert one == pytest.approx((0.4, 0.4, 0.4))  # one thread, however many texts, says nothing of others


def test_the_interval_is_about_1_96_standard_errors_wide() -> None:
    values = [(f"t{n}", n % 2 * 1.0) for n in range(400)]
    mean, low, high = interval(values, seed=9)
    assert mean == 0.5
    assert high - low == pytest.approx(2 * 1.96 * 0.5 / 20, rel=0.15)
    assert interval(values, seed=9) == (mean, low, high)


def test_common_words_are_those_of_many_threads(corpus: tuple[CorpusThread, ...]) -> None:
    thread = corpus[0]
    few = [replace(thread, thread_id=f"t{n}") for n in range(3)]
    said = common_words(few)
    assert {"lamps", "thank"} <= said
    assert common_words(few[:2]) == set()


def test_sentences_join_by_the_language() -> None:
    assert joined(["A.", "B."], "en") == "A. B."
    assert joined(["甲。", "乙。"], "zh-Hans") == "甲。乙。"


def test_the_table_has_one_line_a_task_language_and_writer() -> None:
    names = (*("rouge_1", "rouge_2", "rouge_l", "figures", "names", "words"), *MEASURES, "sentences")

    def row(thread: str, writer: str, value: float) -> Judged:
        return Judged(thread, "summary", "en", writer, "x", dict.fromkeys(names, value), 0.5)

    lines = table([row("a", "desk", 1.0), row("b", "desk", 0.0), row("a", "macro", 0.25)])
    assert [(line["writer"], line["n"], line["rouge_l"], line["seconds"]) for line in lines] == [
        ("desk", 2, 0.5, 0.5),
        ("macro", 1, 0.25, 0.5),
    ]
    assert (lines[0]["words_ci_low"], lines[0]["words_ci_high"]) == (0.0, 1.0)
