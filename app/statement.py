"""A document of headings, sentences, facts and tables, written as Markdown or as HTML for the printer. Knows no page and no warehouse.

Texts are plain: whatever a merchant is called, or an order, stays text in both. What could hide or turn text around (control and
format characters, but the joiners that words are spelled with) is taken out.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_JOINERS = frozenset("\u200c\u200d")  # Persian, Indic scripts and emoji are spelled with them
_MARKED = re.compile(r"([\\`*_{}\[\]<>#|~&!$])")  # what Markdown reads as more than text, wherever it stands
_OPENING = re.compile(r"^([+=-](?=[\s=-]|$)|\d+(?=[.)](\s|$)))")  # and what it does at the beginning of a line
_STYLE = """
body { font: 11pt/1.5 system-ui, "Noto Sans", "Noto Sans CJK SC", sans-serif; color: #111; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 1.6rem; break-after: avoid; }
table { border-collapse: collapse; width: 100%; margin: .6rem 0; font-size: .9em; } tr { break-inside: avoid; }
th, td { border: 1px solid #bbb; padding: .25rem .5rem; text-align: left; overflow-wrap: anywhere; } th { background: #f2f2f2; }
@page { margin: 2cm; } @media print { body { margin: 0; max-width: none; padding: 0; } }
"""


@dataclass(frozen=True)
class Table:
    """Rows of texts under headings; without headings, names and their values."""

    rows: tuple[tuple[str, ...], ...]
    headings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """A heading with sentences and tables under it."""

    title: str
    blocks: tuple[str | Table, ...]


@dataclass(frozen=True)
class Document:
    """A whole document; `language` is its BCP-47 tag."""

    title: str
    language: str
    sections: tuple[Section, ...]


def to_markdown(document: Document) -> str:
    """GitHub's Markdown."""
    lines = [f"# {_marked(document.title)}", ""]
    for section in document.sections:
        lines += [f"## {_marked(section.title)}", ""]
        for block in section.blocks:
            lines += [_marked(block)] if isinstance(block, str) else _markdown_table(block)
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def to_html(document: Document) -> str:
    """One file that loads nothing from anywhere, and runs nothing."""
    body = "".join(
        f"<h2>{_escaped(section.title)}</h2>\n" + "".join(map(_html_block, section.blocks))
        for section in document.sections
    )
    title = _escaped(document.title)
    return (
        f'<!doctype html>\n<html lang="{_escaped(document.language)}">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{body}</body>\n</html>\n"
    )


# format → file ending, media type and writer
FORMATS: dict[str, tuple[str, str, Callable[[Document], str]]] = {
    "md": ("md", "text/markdown", to_markdown),
    "html": ("html", "text/html", to_html),
}


def plain(text: str) -> str:
    """The text on one line, without characters that can't be seen."""
    kept = (
        " " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char
        for char in text
        if char in _JOINERS or unicodedata.category(char) not in ("Cf", "Cs")
    )
    return " ".join("".join(kept).split())


def _marked(text: str) -> str:
    shown = _MARKED.sub(r"\\\1", plain(text)).replace("://", r":\/\/").replace("www.", r"www\.")
    return _OPENING.sub(lambda found: f"\\{found[0]}" if not found[0].isdigit() else f"{found[0]}\\", shown)


def _markdown_table(table: Table) -> list[str]:
    if not table.headings:
        return [f"- {_marked(name)}: {_marked(value)}" for name, value in table.rows]
    lines = [table.headings, ("---",) * len(table.headings)]
    written = [_row(map(_marked, lines[0])), _row(lines[1])]
    return [*written, *(_row(map(_marked, row)) for row in table.rows)]


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _escaped(text: str) -> str:
    return html.escape(plain(text), quote=True)


def _html_block(block: str | Table) -> str:
    if isinstance(block, str):
        return f"<p>{_escaped(block)}</p>\n"
    head = "".join(f"<th>{_escaped(name)}</th>" for name in block.headings)
    head = f"<thead><tr>{head}</tr></thead>" if head else ""
    rows = "".join(
        "<tr>"
        + "".join(
            f"<{tag}>{_escaped(cell)}</{tag}>"
            for cell, tag in zip(row, _tags(row, is_named=not block.headings), strict=True)
        )
        + "</tr>"
        for row in block.rows
    )
    return f"<table>{head}<tbody>{rows}</tbody></table>\n"


def _tags(row: tuple[str, ...], *, is_named: bool) -> list[str]:
    return ["th" if is_named and not place else "td" for place in range(len(row))]
