"""What a text proposed for an article or macro must hold, so that no approved edit breaks what cites it or promises more than policy does.

Pure: a text and what is in force in, the parsed article or macros out; what is wrong is said in one line. Knows no workspace and no page.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.errors import NotAllowed
from app.services.approved import parse_macro_text

if TYPE_CHECKING:
    from llm.knowledge import Article, Knowledge
    from llm.types import Macro

MOVED_FROM = 0.6
"""A paragraph that stands elsewhere at least so alike, and more so than in its own place, has moved."""
_ID = re.compile(r"[a-z][a-z0-9_]{1,59}")
_FIGURE = re.compile(r"[A-Z]-\d\.\d|\d+(?:[.:]\d+)*%?")
_CLAUSE = re.compile(r"[A-Z]-\d\.\d")
_MARKUP = re.compile(r"^(?:[#>*|-]|\d+[.)])\s|\*\*|`|\]\(|<")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_OPEN = re.compile(r"\s*[\[［【].*[\]］】]\s*", re.S)
_CLAUSE_FORMS = {"en": ("{} points", "{} days"), "zh-Hans": ("{} 分", "{} 天")}
_UNITS: Mapping[str, Mapping[str, str]] = {
    "percent": {"en": "{}%", "zh-Hans": "{}%"},
    "days": {"en": "{} day", "zh-Hans": "{} 天"},
    "business days": {"en": "{} business day", "zh-Hans": "{} 个工作日"},
    "hours": {"en": "{} hour", "zh-Hans": "{} 小时"},
    "USD": {"en": "USD {}", "zh-Hans": "{} 美元"},
    "orders": {"en": "{} orders", "zh-Hans": "{} 笔"},
    "points": {"en": "{} points", "zh-Hans": "{} 分"},
    "points of score": {"en": "at least {}", "zh-Hans": "不低于 {}"},
}


@dataclass(frozen=True)
class Rules:
    """What is in force (`knowledge`), the `[[limit]]`s of limits.toml and the `[[clause]]`s of clauses.toml."""

    knowledge: Knowledge
    limits: Sequence[Mapping[str, Any]]
    clauses: Sequence[Mapping[str, Any]]

    def article(self, item_id: str, text: str) -> Article:
        """The article that the text of `ID.LANG` is. Raises KnowledgeError for its form, NotAllowed for what it says."""
        from llm.knowledge import parse_article
        from llm.language import WRITTEN

        made = parse_article(text, item_id)
        if f"{made.article_id}.{made.language}" != item_id or made.language not in WRITTEN:
            raise NotAllowed(
                "The front matter says {found}, this article is {item}: leave its id and language as they are.",
                found=f"{made.article_id}.{made.language}",
                item=item_id,
            )
        if not _ID.fullmatch(made.article_id) or not made.title.strip():
            raise NotAllowed(
                "An article needs a title, and an id of small letters, digits and _ that begins with a letter."
            )
        self._check_intents(made.intents)
        before = [passage.text for passage in self._before(item_id)]
        paragraphs = [passage.text for passage in made.passages]
        for n, paragraph in enumerate(paragraphs, start=1):
            _check_paragraph(n, paragraph, made.language)
        _check_numbering(before, paragraphs)
        self._check_clauses(made)
        self._check_limits(made)
        _check_grants(paragraphs, before, ())
        return made

    def macro(self, item_id: str, text: str) -> list[Macro]:
        """The macros, one a language, that the text is. Raises KnowledgeError for its form, NotAllowed for what it says."""
        made = parse_macro_text(text, item_id)
        if {macro.macro_id for macro in made} != {item_id}:
            raise NotAllowed("The id must stay {item}.", item=item_id)
        before = [macro for macro in self.knowledge.macros if macro.macro_id == item_id]
        if lost := sorted({macro.language for macro in before} - {macro.language for macro in made}):
            raise NotAllowed(
                "The text in {languages} is missing: a macro keeps its languages.", languages=", ".join(lost)
            )
        known = {name for macro in self.knowledge.macros for name in macro.variables}
        if unknown := sorted({name for macro in made for name in macro.variables} - known):
            raise NotAllowed(
                "No writer can fill {variables}: use {known}.",
                variables=", ".join(f"{{{name}}}" for name in unknown),
                known=", ".join(sorted(known)),
            )
        backed = {action for macro in self.knowledge.macros for action in macro.actions}
        if unknown := sorted(set(made[0].actions) - backed):
            raise NotAllowed(
                "A macro may not promise {actions}: that is decided case by case.", actions=", ".join(unknown)
            )
        for n, macro in enumerate(made, start=1):
            _check_paragraph(n, macro.text, macro.language)
        self._check_intents(made[0].intents)
        self._check_figures(made)
        _check_grants([macro.text for macro in made], [macro.text for macro in before], made[0].actions)
        return made

    def _before(self, item_id: str) -> Sequence[Any]:
        return next((a.passages for a in self.knowledge.articles if f"{a.article_id}.{a.language}" == item_id), ())

    def _check_intents(self, intents: Collection[str]) -> None:
        known = {intent.intent_id for intent in self.knowledge.taxonomy.intents}
        if not intents or set(intents) - known:
            raise NotAllowed(
                "intents must be some of the taxonomy's, {found} is none: use {known}.",
                found=", ".join(sorted(set(intents) - known)) or "[]",
                known=", ".join(sorted(known)),
            )

    def _check_clauses(self, made: Article) -> None:
        """Clauses exist, and what clauses.toml says that this article states of one stands beside it."""
        named = {name for passage in made.passages for name in _CLAUSE.findall(passage.text)}
        if unknown := sorted(named - {clause["id"] for clause in self.clauses}):
            raise NotAllowed("There is no clause {clause}: name one of clauses.toml.", clause=", ".join(unknown))
        for clause in (each for each in self.clauses if each["article"] == made.article_id):
            stated = [
                rf"(?<!\d){form.format(clause[key])}"
                for key, form in zip(("points", "expires_days"), _CLAUSE_FORMS[made.language], strict=True)
            ]
            beside = [passage.text for passage in made.passages if clause["id"] in passage.text]
            if not any(all(re.search(each, text) for each in stated) for text in beside):
                raise NotAllowed(
                    "clauses.toml gives clause {clause} {points} points for {days} days, and this text no longer says so beside it: keep "
                    "the figures, or change the file first.",
                    clause=clause["id"],
                    points=clause["points"],
                    days=clause["expires_days"],
                )

    def _check_limits(self, made: Article) -> None:
        """Every limit that limits.toml says this article states, in its unit."""
        text = "\n".join(passage.text for passage in made.passages)
        for limit in self.limits:
            stated = _UNITS[limit["unit"]][made.language].format(limit["value"])
            if limit["article"] == made.article_id and not re.search(rf"(?<![\d.]){re.escape(stated)}", text):
                raise NotAllowed(
                    "limits.toml says {value} for {name}, and this text no longer says “{stated}”: keep the figure, or change the "
                    "file first.",
                    value=f"{limit['value']} {limit['unit']}",
                    name=limit["name"][made.language],
                    stated=stated,
                )

    def _check_figures(self, made: Sequence[Macro]) -> None:
        """A macro's fixed figures stand in an article of every intent that it serves."""
        for macro in made:
            for intent in macro.intents:
                articles = [a for a in self.knowledge.articles if intent in a.intents and a.language == macro.language]
                policy = set(_FIGURE.findall("\n".join(p.text for a in articles for p in a.passages)))
                if beyond := sorted(set(_FIGURE.findall(macro.text)) - policy):
                    raise NotAllowed(
                        "{figures} stands in no article about {intent}: say what policy says, or change the article first.",
                        figures=", ".join(beyond),
                        intent=intent,
                    )


def open_paragraphs(made: Article) -> list[int]:
    """Numbers of the paragraphs that stand in square brackets: to be written yet."""
    return [passage.n for passage in made.passages if _OPEN.fullmatch(passage.text)]


def _check_paragraph(n: int, text: str, language: str) -> None:
    if _OPEN.fullmatch(text):
        return
    if _MARKUP.search(text):
        raise NotAllowed(
            "Paragraph {n} holds markup: write plain sentences, since replies quote them as they are.", n=n
        )
    if bool(_HAN.search(text)) != (language == "zh-Hans"):
        raise NotAllowed("Paragraph {n} is not in the language of the article, {language}.", n=n, language=language)


def _check_numbering(before: Sequence[str], after: Sequence[str]) -> None:
    """Cites name paragraphs by number: none may go, and none may change its place."""
    if len(after) < len(before):
        raise NotAllowed(
            "The article has {before} paragraphs, this text {after}: replies cite them by number. Say in its place what holds instead "
            "of the one you take out.",
            before=len(before),
            after=len(after),
        )
    for n, old in enumerate(before):
        near = [difflib.SequenceMatcher(None, old, new, autojunk=False).ratio() for new in after]
        place = max(range(len(near)), key=near.__getitem__)
        if place != n and near[place] >= MOVED_FROM and near[place] > near[n]:
            raise NotAllowed(
                "Paragraph {n} has become paragraph {place}: replies cite paragraphs by number. Put new ones at the end.",
                n=n + 1,
                place=place + 1,
            )


def _check_grants(texts: Sequence[str], before: Sequence[str], actions: Collection[str]) -> None:
    """No sentence that is new gives more money than the desk may."""
    from llm.checks.compensation import over_the_limits
    from llm.language import sentences

    known = {piece.text for text in before for piece in sentences(text)}
    for text in texts:
        for piece in sentences(text):
            if piece.text not in known and (over := over_the_limits(piece.text, (), actions)):
                raise NotAllowed(
                    "“{sentence}” grants more than limits.toml allows ({reason}).", sentence=piece.text, reason=over[0]
                )
