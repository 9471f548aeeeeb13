"""Phrasings: they are the training threads', they make passages findable, and they end with the text that they were written for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from llm.errors import KnowledgeError
from llm.knowledge import Knowledge
from llm.phrasings import read_phrasings

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


def test_no_thread_that_is_held_out_is_among_them() -> None:
    from llm.desk.corpus import read_corpus

    text = FILE.read_text(encoding="utf-8")
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
