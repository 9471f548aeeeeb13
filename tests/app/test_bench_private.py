"""How private data is counted, on messages whose figures are known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.bench import private_public
from app.bench.private import Labelled, labelled, measure, plain_patterns, same, scores
from app.errors import InputFileError


def test_a_span_counts_by_type_and_by_half_of_what_both_cover() -> None:
    assert same((0, 10, "PHONE"), (2, 10, "PHONE"))
    assert not same((0, 10, "PHONE"), (6, 10, "PHONE"))
    assert not same((0, 10, "PHONE"), (0, 10, "CARD"))


def test_shares_are_those_of_the_spans() -> None:
    messages = [
        Labelled("a", "en", "Ann Lee, a@b.co", ((0, 7, "PERSON"), (9, 15, "EMAIL"))),
        Labelled("b", "en", "nothing", ()),
    ]
    rows = {
        (r.language, r.type): r
        for r in scores("x", messages, lambda text: [(9, 15, "EMAIL"), (0, 3, "URL")] if "@" in text else [])
    }
    assert (rows["all", "all"].recall, rows["all", "all"].precision) == (0.5, 0.5)
    assert (rows["en", "PERSON"].recall, rows["en", "PERSON"].precision) == (0.0, None)
    assert rows["en", "PERSON"].in_clear == 1.0
    assert rows["en", "EMAIL"].exact == 1.0


def test_the_halves_are_apart_and_whole() -> None:
    report, develop = labelled("report"), labelled("develop")
    assert (len(report), len(develop)) == (350, 320)
    assert not {m.message_id for m in report} & {m.message_id for m in develop}


def test_it_stays_beyond_plain_patterns_on_the_reporting_half() -> None:
    rows = {(r.finder, r.language, r.type): r for r in measure("report")}
    ours, plain = rows["trustdesk", "all", "all"], rows["plain patterns", "all", "all"]
    assert ours.recall is not None
    assert ours.precision is not None
    assert plain.recall is not None
    assert ours.recall > LEAST_RECALL
    assert ours.precision > LEAST_PRECISION
    assert plain.recall < 0.6
    for type_ in ("EMAIL", "URL", "IP", "CARD", "PHONE"):
        row = rows["trustdesk", "all", type_]
        assert row.recall is not None
        assert row.precision is not None
        assert (row.recall >= 0.9, row.precision >= 0.9) == (True, True), type_


def test_of_public_sentences_half_a_piece_masked_is_found(tmp_path: Path) -> None:
    text = "Mail ann@example.org or see Leeds."
    marks = [(5, 20, "EMAIL_ADDRESS"), (28, 33, "LOCATION"), (24, 27, "PERSON")]
    spans = [{"entity_type": of, "start_position": start, "end_position": end} for start, end, of in marks]
    path = tmp_path / "sentences.json"
    path.write_text(json.dumps([{"full_text": text, "spans": spans}]), "utf-8")
    rows = {row.type: row for row in private_public.measure(path)}
    assert (rows["EMAIL"].recall, rows["EMAIL"].precision, rows["PERSON"].recall) == (1.0, 1.0, 0.0)
    assert (rows["all"].spans, rows["all"].recall) == (2, 0.5)
    path.write_text('{"text": 1}', "utf-8")
    with pytest.raises(InputFileError):
        list(private_public.measure(path))


def test_order_numbers_are_no_private_data_to_the_baseline_either() -> None:
    assert plain_patterns("order TD-10017578") == []


LEAST_RECALL = 0.89
LEAST_PRECISION = 0.87
