"""Phrasings: they are the training threads', they make passages findable, and they end with the text that they were written for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from llm.askings import Askings
from llm.errors import KnowledgeError
from llm.knowledge import Knowledge
from llm.phrasings import Asking, read_phrasings

FILE = Path(__file__).resolve().parents[2] / "data" / "knowledge" / "phrasings.jsonl"


def test_most_passages_have_been_told_and_asked_for_in_both_languages() -> None:
    knowledge = Knowledge.load(FILE.parent)
    for language in ("en", "zh-Hans"):
        passages = knowledge.passages(language)
        assert sum(bool(knowledge.phrasings.told_of(p)) for p in passages) >= 0.8 * len(passages)
        assert sum(bool(knowledge.phrasings.asked_of(p)) for p in passages) >= 0.8 * len(passages)


def test_a_passage_whose_text_changed_has_none() -> None:
    knowledge = Knowledge.load(FILE.parent)
    passage = next(p for p in knowledge.passages("en") if knowledge.phrasings.told_of(p))
    changed = replace(passage, text=passage.text + " And more.")
    assert knowledge.phrasings.mean_of(passage) is not None
    assert knowledge.phrasings.told_of(changed) == ()
    assert knowledge.phrasings.asked_of(changed) == ()
    assert knowledge.phrasings.mean_of(changed) is None


def test_every_passage_is_asked_for_and_its_english_questions_have_vectors() -> None:
    knowledge = Knowledge.load(FILE.parent)
    for language in ("en", "zh-Hans"):
        for passage in knowledge.passages(language):
            askings = knowledge.phrasings.askings_of(passage)
            assert len(askings) >= 5, passage.cite
            assert all((asking.vector is not None) == (language == "en") for asking in askings)
        changed = replace(passage, text=passage.text + "!")
        assert knowledge.phrasings.askings_of(changed) == ()


def test_a_passage_is_as_near_as_the_mean_of_its_three_nearest_questions() -> None:
    askings = Askings([[Asking(f"{n} {k}", None) for k in range(count)] for n, count in enumerate((4, 1, 0), start=1)])
    assert askings.texts == ("1 0", "1 1", "1 2", "1 3", "2 0")
    assert askings.vectors is None
    near = askings.nearest(np.array([0.1, 0.9, 0.5, 0.4, 0.7], dtype=np.float32))
    assert near.tolist() == pytest.approx([0.6, 0.7, 0.0])
    some, rows = askings.part([1, 0])
    assert some.texts == tuple(askings.texts[row] for row in rows) == ("2 0", "1 0", "1 1", "1 2", "1 3")


def test_what_one_side_is_told_is_searched_as_all_of_it_is() -> None:
    knowledge = Knowledge.load(FILE.parent)
    everybody = {hit.passage.cite: hit.score for hit in knowledge.search("退款多久到账", "zh-Hans", 300)}
    theirs = knowledge.for_audience("merchant").search("退款多久到账", "zh-Hans", 300)
    assert len(theirs) < len(everybody)
    assert all(hit.score == pytest.approx(everybody[hit.passage.cite]) for hit in theirs)


def test_no_thread_that_is_held_out_is_among_them() -> None:
    from llm.desk.corpus import read_corpus

    text = "\n".join(json.loads(row).get("text", "") for row in FILE.read_text(encoding="utf-8").splitlines())
    held_out = [t for t in read_corpus(FILE.parents[1] / "corpus" / "threads") if t.is_held_out]
    said = {s.marked.text for t in held_out for r in t.replies for s in r.sentences if len(s.marked.text) > 60}
    assert said
    assert not [line for line in said if line in text]


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "phrasings.jsonl"
    path.write_text('{"kind": "told", "language": "en", "cites": ["article:a#1"], "text": "x"}\n{"kind": "other"}\n')
    with pytest.raises(KnowledgeError, match="line 2"):
        read_phrasings(path)
    assert read_phrasings(tmp_path / "none.jsonl").told == {}
