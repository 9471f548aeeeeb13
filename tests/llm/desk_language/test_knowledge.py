from pathlib import Path

import pytest

from llm.errors import KnowledgeError
from llm.knowledge import Knowledge, read_article
from llm.taxonomy import load_taxonomy

ARTICLE = """+++
id = "a"
language = "en"
title = "A"
intents = ["other"]
version = 1
+++

First paragraph
goes on.

Second paragraph.
"""


def test_the_committed_knowledge_loads_with_both_languages(knowledge: Knowledge) -> None:
    assert len({a.article_id for a in knowledge.articles}) >= 30
    assert len({m.macro_id for m in knowledge.macros}) >= 40
    assert {a.language for a in knowledge.articles} == {"en", "zh-Hans"}


@pytest.mark.parametrize(
    ("question", "language", "article"),
    [
        ("How long do I have to appeal a penalty?", "en", "penalty_appeals"),
        ("the carrier stopped working in our region", "en", "carrier_outages"),
        ("when will my payout arrive", "en", "payouts"),
        ("处罚怎么申诉", "zh-Hans", "penalty_appeals"),
        ("快递停运了怎么办", "zh-Hans", "carrier_outages"),
        ("什么时候打款", "zh-Hans", "payouts"),
    ],
)
def test_the_fitting_article_is_found(knowledge: Knowledge, question: str, language: str, article: str) -> None:
    hits = knowledge.search(question, language, 5)
    assert article in {hit.passage.article_id for hit in hits}
    assert all(hit.passage.language == language for hit in hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_search_reaches_most_articles_from_the_taxonomys_examples(knowledge: Knowledge) -> None:
    """Figures when written, without an encoder: .89 of English and .92 of Chinese examples have an article of their intent in five."""
    for language, floor in (("en", 0.85), ("zh-Hans", 0.88)):
        asked = [
            (i, text) for i in knowledge.taxonomy.intents if i.intent_id != "other" for text in i.examples[language]
        ]
        found = 0
        for intent, text in asked:
            ids = list(dict.fromkeys(hit.passage.article_id for hit in knowledge.search(text, language, 12)))[:5]
            found += bool(set(ids) & set(intent.articles))
        assert found / len(asked) >= floor


def test_an_odd_question_is_no_error(knowledge: Knowledge) -> None:
    assert knowledge.search("", "en") == []
    assert knowledge.search("😀😀", "zh-Hans") == []
    assert all(hit.passage.language == "en" for hit in knowledge.search("penalty points", "pt"))


def test_macros_for_the_matter_come_before_general_ones(knowledge: Knowledge) -> None:
    found = knowledge.suggest_macros("penalty_appeal", "zh-Hans", "formal", kind="next_step")
    assert found[0].macro_id == "penalty_appeal_registered"
    assert {m.language for m in found} == {"zh-Hans"}


def test_an_article_is_its_paragraphs(tmp_path: Path) -> None:
    path = tmp_path / "a.en.md"
    path.write_text(ARTICLE, encoding="utf-8")
    article = read_article(path)
    assert [(p.n, p.text) for p in article.passages] == [(1, "First paragraph goes on."), (2, "Second paragraph.")]
    assert article.passages[1].cite == "article:a#2"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no front matter", "must begin with TOML"),
        (ARTICLE.replace('title = "A"\n', ""), "'title' must be a str, found nothing"),
        (ARTICLE.replace("version = 1", "version = = 1"), "not valid TOML"),
        (ARTICLE.split("First")[0], "has no paragraph"),
    ],
)
def test_a_broken_article_is_named_with_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "a.en.md"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"a\.en\.md.*" + said):
        read_article(path)


def test_a_missing_folder_and_a_broken_taxonomy_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="is no folder"):
        Knowledge.load(tmp_path / "absent")
    with pytest.raises(KnowledgeError, match=r"taxonomy\.toml: cannot be read"):
        Knowledge.load(tmp_path)
    (tmp_path / "taxonomy.toml").write_bytes(b"version = '\xff'")
    with pytest.raises(KnowledgeError, match="is not UTF-8"):
        load_taxonomy(tmp_path / "taxonomy.toml")


def test_an_article_is_for_both_unless_it_says_for_whom(tmp_path: Path) -> None:
    path = tmp_path / "a.en.md"
    path.write_text(ARTICLE, encoding="utf-8")
    assert read_article(path).audience == "both"
    path.write_text(ARTICLE.replace("version = 1", 'version = 1\naudience = "buyer"'), encoding="utf-8")
    assert read_article(path).audience == "buyer"
    path.write_text(ARTICLE.replace("version = 1", 'version = 1\naudience = "robots"'), encoding="utf-8")
    with pytest.raises(KnowledgeError, match="audience must be one of merchant, buyer, both, found 'robots'"):
        read_article(path)
