"""Gaps of the knowledge: a planted matter is found as one, in either language, and a matter that an article covers is told apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from llm.answer import Answering
from llm.confidence import read_calibration
from llm.gaps import SMALLEST, Unanswered, find_gaps, unanswered
from llm.handover import read_reasons
from llm.knowledge import Article, Knowledge
from llm.triage import Triage
from llm.types import Gap, Message, Passage, Thread
from tests.llm.desk_language.gap_threads import LIVE_EN, LIVE_ZH

DATA = Path(__file__).resolve().parents[3] / "data"


def threads(name: str, texts: tuple[str, ...]) -> list[Thread]:
    return [
        Thread(f"{name}{n}", f"M-{n}", (Message(f"{name}{n}-1", None, "merchant", text),))
        for n, text in enumerate(texts, 1)
    ]


@pytest.fixture(scope="module")
def desk(knowledge: Knowledge) -> Answering:
    reasons = read_reasons(DATA / "knowledge" / "hand_over.toml")
    return Answering(knowledge, reasons, read_calibration(DATA / "models" / "answering.json"))


@pytest.fixture(scope="module")
def others(knowledge: Knowledge, desk: Answering) -> list[Unanswered]:
    """Of four messages a matter of the taxonomy and language, what the desk is asked every day, those that it can't answer."""
    asked = [
        thread
        for intent in knowledge.taxonomy.intents
        for language, texts in intent.examples.items()
        for thread in threads(f"{intent.intent_id}-{language}-", texts[:4])
    ]
    return unanswered(asked, desk)


def planted(found: list[Gap], name: str) -> list[Gap]:
    return [gap for gap in found if any(ticket.startswith(name) for ticket in gap.ticket_ids)]


@pytest.mark.parametrize(("texts", "language"), [(LIVE_EN, "en"), (LIVE_ZH, "zh-Hans")])
def test_a_planted_gap_is_found_as_one(
    desk: Answering, triage: Triage, others: list[Unanswered], texts: tuple[str, ...], language: str
) -> None:
    found = find_gaps([*others, *unanswered(threads("live", texts), desk)], desk, triage)
    (gap,) = planted(found, "live")
    assert gap.language == language
    held = set(gap.ticket_ids) & {f"live{n}" for n in range(1, 13)}
    assert len(held) >= 10  # by n-grams alone
    assert gap.count == len(held)
    assert not gap.is_covered
    assert gap is found[0]
    assert all(sentence.cites[0].startswith("message:live") for sentence in gap.examples)
    assert ("live" if language == "en" else "直播") in gap.label


def test_an_article_closes_the_gap(
    desk: Answering, triage: Triage, knowledge: Knowledge, others: list[Unanswered]
) -> None:
    text = (
        "Shops may host a live video show: a live stream in which viewers buy products. Any shop can apply to go live, host the stream "
        "itself or have an influencer host it; there is no fee for live selling."
    )
    article = Article(
        "live", "en", "Selling by live video", ("other",), 1, (Passage("live", 1, text, "en", "Selling by live video"),)
    )
    told = replace(desk, knowledge=knowledge.overlaid([article], []))
    found = planted(find_gaps([*others, *unanswered(threads("live", LIVE_EN), told)], told, triage), "live")
    assert all(gap.is_covered and gap.nearest == "article:live#1" for gap in found)


def test_few_questions_answered_ones_and_empty_ones_are_no_gap(desk: Answering, triage: Triage) -> None:
    few = unanswered(threads("live", LIVE_EN[: SMALLEST - 1]), desk)
    assert len(few) == SMALLEST - 1
    assert find_gaps(few, desk, triage) == []
    assert (
        unanswered(threads("x", ("How long do I have to appeal a penalty?", "Hello!", "", "thanks", "👍")), desk) == []
    )
    assert find_gaps([], desk, triage) == []


def test_a_matter_that_an_article_is_about_is_said_to_be_covered(desk: Answering, triage: Triage) -> None:
    """On the marketplace's commonest: nobody can be told where their money is, and yet there is an article about payouts."""
    texts = tuple(
        f"Where is my payout? The {n} euros of last month have not arrived on our account yet."
        for n in (311, 402, 518, 640, 777)
    )
    never = replace(desk, calibration=replace(desk.calibration, threshold=1.1))
    (gap,) = find_gaps(unanswered(threads("pay", texts), never), never, triage)
    assert (gap.is_covered, gap.nearest.partition("#")[0]) == (True, "article:payouts")


def test_a_question_that_is_asked_alike_by_all_is_one_gap(desk: Answering, triage: Triage) -> None:
    (one,) = unanswered(threads("live", LIVE_EN[:1]), desk)
    same = [replace(one, ticket_id=f"t{n}") for n in range(SMALLEST)]
    (gap,) = find_gaps(same, desk, triage)
    assert gap.count == SMALLEST
    assert isinstance(same[0], Unanswered)


def test_private_data_in_examples_is_masked_while_it_is_whole(desk: Answering, triage: Triage) -> None:
    private = "Can our shop go live on video? My e-mail is jorge.medina@example.org, I live at 12 High Street, London."
    (one,) = unanswered(threads("live", (private,)), desk)
    same = [replace(one, ticket_id=f"t{n}") for n in range(SMALLEST)]
    (gap,) = find_gaps(same, desk, triage)
    assert "live" in gap.examples[0].text
    for words in (*(sentence.text for sentence in gap.examples), gap.label):
        assert "medina" not in words
        assert "High Street" not in words
