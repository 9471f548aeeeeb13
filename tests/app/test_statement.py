"""Documents as Markdown and HTML: what is shown is text, whatever it says."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.statement import Document, Section, Table, plain, to_html, to_markdown

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title><h1>x",
    "a | b | c",
    "# heading\n\n- list\n| --- |",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/x.png)",
    "`code` **bold** _it_ ~~gone~~ $x$ &amp; <b>",
    "\u202egnp.exe",
    "https://evil.example www.evil.example",
]


class Seen(HTMLParser):
    """The tags, attributes and text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.cells: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.cells.append(data)


def document(text: str) -> Document:
    table = Table(((text, "2"),), ("Name", text))
    return Document(text, "en", (Section(text, (text, table, Table(((text, text),)))),))


def seen(text: str) -> Seen:
    found = Seen()
    found.feed(to_html(document(text)))
    return found


@given(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60)))
def test_a_text_adds_no_element_and_stands_there_as_it_is(text: str) -> None:
    hostile, tame = seen(text), seen("tame")
    assert hostile.tags == tame.tags
    assert hostile.attributes == tame.attributes
    shown = plain(text)
    assert not shown or hostile.cells.count(shown) >= 8


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_keeps_its_shape(text: str) -> None:
    def shape(content: str) -> list[str]:
        unescaped = [line.replace("\\|", "") for line in to_markdown(document(content)).splitlines()]
        return ["#" * (len(line) - len(line.lstrip("#"))) + "|" * line.count("|") for line in unescaped]

    written = to_markdown(document(text))
    assert shape(text) == shape("tame")
    for live in ("<script", "<img", r"\]\(", r"\*\*b", "`code", "~~g", "&amp", "<b>"):
        assert not re.search(rf"(?<!\\){live}", written), live
    for gone in ("://", "www.e", "\u202e"):
        assert gone not in written


@pytest.mark.parametrize(
    "char", ["\u200b", "\ufeff", "\u00ad", "\u2060", "\u061c", "\u202e", "\u2069", "\U000e0041", "\ud800"]
)
def test_what_cannot_be_seen_is_taken_out(char: str) -> None:
    assert plain(f"Har{char}bour") == "Harbour"


@pytest.mark.parametrize("word", ["\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\U0001f469\u200d\U0001f33e"])
def test_what_words_are_spelled_with_stays(word: str) -> None:
    assert plain(word) == word


def test_by_hand() -> None:
    made = Document(
        "T", "en", (Section("S", ("1. one", Table((("A", "b_c"),)), Table((("+1.5", "16.4%"),), ("H", "I")))),)
    )
    assert to_markdown(made) == "# T\n\n## S\n\n1\\. one\n\n- A: b\\_c\n\n| H | I |\n| --- | --- |\n| +1.5 | 16.4% |\n"
    assert '<html lang="en">' in to_html(made)
    assert "<h2>S</h2>\n<p>1. one</p>\n<table><tbody><tr><th>A</th><td>b_c</td></tr></tbody></table>" in to_html(made)


def test_the_page_loads_and_runs_nothing() -> None:
    page = to_html(document("x"))
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert "src=" not in page.replace("default-src", "")
