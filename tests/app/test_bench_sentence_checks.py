"""The measurement of the desk's checks: halves that never mix, counts that add up, and what the command prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.bench.sentence_checks import JUDGES, half_of, measure, passes, read
from llm.grounding import CHECK_NAMES
from llm.knowledge import Knowledge
from tests.app.conftest import Invoke

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return Knowledge.load(ROOT / "data" / "knowledge")


def test_every_ticket_lies_in_one_half_and_all_sentences_are_read(knowledge: Knowledge) -> None:
    halves = {half: {case.case_id for case in read(knowledge, half)} for half in ("develop", "report", "all")}
    assert not halves["develop"] & halves["report"]
    assert halves["develop"] | halves["report"] == halves["all"]
    assert len(halves["all"]) == 640
    assert half_of("T-40011") != half_of("T-40048")


def test_a_judge_that_withholds_nothing_finds_nothing_and_the_checks_find_more(knowledge: Knowledge) -> None:
    rows = {(row.check, row.language, row.by): row for row in measure(knowledge, "develop")}
    assert {check for check, _, _ in rows} == set(JUDGES)
    blind, checks = rows["promise", "en", "always pass"], rows["promise", "en", "checks"]
    assert (blind.precision, blind.recall) == (None, 0.0)
    assert 0 < (checks.recall_low or 0) <= (checks.recall or 0) <= 1
    assert checks.tickets < checks.sentences


def test_shares_count_what_was_withheld(knowledge: Knowledge) -> None:
    row = next(row for row in measure(knowledge, "develop") if (row.check, row.language) == ("language", "en"))
    cases = [c for c in read(knowledge, "develop") if (c.check, c.brief.language) == ("language", "en")]
    withheld = [case for case in cases if not passes(case)]
    bad = [case for case in cases if not case.passes]
    hits = sum(not case.passes for case in withheld)
    assert (row.precision, row.recall) == (hits / len(withheld), hits / len(bad))


def test_every_labelled_check_has_one_of_the_desks_that_answers_for_it() -> None:
    assert {name for names in JUDGES.values() for name in names} <= set(CHECK_NAMES)


def test_the_command_prints_the_half_that_is_asked_for(invoke: Invoke) -> None:
    result = invoke("bench", "language", "--only", "checks", "--half", "develop", "--json")
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert {row["record"] for row in rows} == {"checks"}
    assert len(rows) == 2 * 2 * len(JUDGES)
