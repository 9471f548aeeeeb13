"""The desk's approved knowledge: policy articles in passages, macros, taxonomy; loaded from a folder, searched in two languages.

Knows the files and how near a text is to them; what to say with them is the reply writer's business.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from llm.askings import Askings
from llm.errors import KnowledgeError
from llm.language import ENGLISH, WRITTEN
from llm.passage_index import PassageIndex
from llm.phrasings import FILE, NONE, Phrasings, read_phrasings
from llm.taxonomy import OTHER, Taxonomy, field, load_taxonomy, read_toml, unique
from llm.types import Macro, Passage
from llm.vectors import Matrix, SentenceEncoder, encode_english

KINDS = ("acknowledge", "fact", "ask", "next_step", "decision", "hand_over", "close")
TONES = ("neutral", "warm", "formal")
BOTH = "both"
AUDIENCES = ("merchant", "buyer", BOTH)
_FRONT_MATTER = re.compile(r"\A\ufeff?\+\+\+\s*\n(.*?)\n\+\+\+\s*\n(.*)\Z", re.S)
_QUERY_CHARACTERS = 2_000
ENCODER_WEIGHT = 0.4
"""Share of the MiniLM cosine in an English score; the rest is n-gram TF-IDF, which knows ids, clauses and rare words."""
INTENT_WEIGHT = 0.1


@dataclass(frozen=True)
class Article:
    """A policy article in one language; its paragraphs are `passages`, numbered from 1."""

    article_id: str
    language: str
    title: str
    intents: tuple[str, ...]
    version: int
    passages: tuple[Passage, ...]
    audience: str = BOTH


@dataclass(frozen=True)
class Hit:
    """A passage and how near it is to the question, 0–1."""

    passage: Passage
    score: float


class Knowledge:
    """Articles, macros and taxonomy of one folder; immutable once loaded, safe to share between threads."""

    def __init__(
        self,
        taxonomy: Taxonomy,
        articles: Sequence[Article],
        macros: Sequence[Macro],
        phrasings: Phrasings = NONE,
        part_of: "Knowledge | None" = None,
    ) -> None:
        """`part_of` holds all of these articles, and its index is used."""
        self.taxonomy = taxonomy
        self.articles = tuple(articles)
        self.macros = tuple(macros)
        self.phrasings = phrasings
        self._part_of = part_of

    @classmethod
    def load(cls, folder: Path) -> "Knowledge":
        """Reads taxonomy.toml, articles/*.md, macros/*.toml and, where there is one, phrasings.jsonl. Raises KnowledgeError: which file, what is wrong, what to do."""
        if not folder.is_dir():
            raise KnowledgeError(f"{folder}: is no folder; name one with taxonomy.toml, articles/ and macros/.")
        taxonomy = load_taxonomy(folder / "taxonomy.toml")
        articles = [read_article(path) for path in _files(folder / "articles", "*.md")]
        macros = [macro for path in _files(folder / "macros", "*.toml") for macro in _macros(path)]
        unique([f"{a.article_id}.{a.language}" for a in articles], str(folder / "articles"))
        unique([f"{m.macro_id}.{m.language}" for m in macros], str(folder / "macros"))
        known = {intent.intent_id for intent in taxonomy.intents}
        for name, intents in [(a.article_id, a.intents) for a in articles] + [(m.macro_id, m.intents) for m in macros]:
            if unknown := set(intents) - known:
                raise KnowledgeError(
                    f"{folder}: {name!r} names intents that the taxonomy lacks: {', '.join(sorted(unknown))}."
                )
        return cls(taxonomy, articles, macros, read_phrasings(folder / FILE))

    def overlaid(self, articles: Iterable[Article], macros: Iterable[Macro]) -> "Knowledge":
        """The same with these in place of those of the same id and language; new ones come last."""
        policy = {(article.article_id, article.language): article for article in (*self.articles, *articles)}
        said = {(macro.macro_id, macro.language): macro for macro in (*self.macros, *macros)}
        return Knowledge(self.taxonomy, tuple(policy.values()), tuple(said.values()), self.phrasings)

    def for_audience(self, audience: str) -> "Knowledge":
        """What a `merchant` or a `buyer` may be told: articles for them or for both, macros of at least one intent of theirs.

        Any other audience gets all of it.
        """
        return self._by_audience.get(audience, self)

    @cached_property
    def _by_audience(self) -> dict[str, "Knowledge"]:
        return {
            audience: Knowledge(
                self.taxonomy,
                [article for article in self.articles if article.audience in (audience, BOTH)],
                [macro for macro in self.macros if self.intents_for(audience) & set(macro.intents)],
                self.phrasings,
                part_of=self,
            )
            for audience in AUDIENCES
            if audience != BOTH
        }

    def intents_for(self, audience: str) -> set[str]:
        """The intents of a `merchant` or a `buyer`, without `other`; all of them for anyone else."""
        return {
            intent.intent_id
            for intent in self.taxonomy.intents
            if intent.intent_id != OTHER and (intent.group == audience or audience not in ("merchant", "buyer"))
        }

    def passages(self, language: str) -> tuple[Passage, ...]:
        """All passages in that language, in the order of articles and paragraphs."""
        return tuple(p for a in self.articles if a.language == language for p in a.passages)

    def passages_of(self, article_ids: Iterable[str], language: str) -> tuple[Passage, ...]:
        """The passages of these articles, in the order of the ids."""
        by_id = {a.article_id: a.passages for a in self.articles if a.language == language}
        return tuple(p for article_id in article_ids for p in by_id.get(article_id, ()))

    def search(
        self, text: str, language: str, k: int = 5, encoder: SentenceEncoder | None = None, intents: Iterable[str] = ()
    ) -> list[Hit]:
        """The `k` passages nearest to `text`, best first; a language without articles is searched in English.

        A passage is found by its own words, by those in which it has been told, by the messages that it answered and by single
        questions that were written for it: n-gram TF-IDF, in English with MiniLM's cosine. Articles of the `intents` come before others that are equally near (their score
        is raised by INTENT_WEIGHT).
        """
        written = language if language in WRITTEN else ENGLISH
        passages = self.passages(written)
        query = text[:_QUERY_CHARACTERS]
        if not passages or not query.strip():
            return []
        index = self._indexes[written]
        scores = index.scores(query)
        if written == ENGLISH and (near := self._near(query, passages, encoder, index.askings)) is not None:
            scores = ENCODER_WEIGHT * near + (1 - ENCODER_WEIGHT) * scores
        wanted = set(intents)
        preferred = {a.article_id for a in self.articles if wanted & set(a.intents)}
        scores = scores + np.array(
            [INTENT_WEIGHT if p.article_id in preferred else 0.0 for p in passages], dtype=np.float32
        )
        best = np.argsort(-scores, kind="stable")[:k]
        return [Hit(passages[i], float(np.clip(scores[i], 0, 1))) for i in best if scores[i] > 0]

    @cached_property
    def _indexes(self) -> dict[str, PassageIndex]:
        """By language."""
        whole = self._part_of
        if whole is not None:
            return {language: index.part(self.passages(language)) for language, index in whole._indexes.items()}
        return {
            language: PassageIndex.of(self.passages(language), language, self.phrasings)
            for language in WRITTEN
            if self.passages(language)
        }

    def _near(
        self, query: str, passages: Sequence[Passage], encoder: SentenceEncoder | None, askings: Askings
    ) -> Matrix | None:
        """Cosine of the query with each passage together with the mean of its tellings; the mean of that and of its nearest questions."""
        vectors = encode_english([query, *(f"{p.title}. {p.text}" for p in passages)], encoder)
        if vectors is None or not vectors[0].any():
            return None
        centres = vectors[1:]
        for row, passage in enumerate(passages):
            mean = self.phrasings.mean_of(passage)
            if mean is not None and mean.shape == centres[row].shape and centres[row].any():
                centres[row] += mean
                centres[row] /= np.linalg.norm(centres[row])
        near: Matrix = centres @ vectors[0]
        if askings.vectors is not None and askings.vectors.shape[1:] == vectors[0].shape:
            near += askings.nearest(askings.vectors @ vectors[0])
            near /= 2
        return near

    def suggest_macros(self, intent: str, language: str, tone: str = "neutral", kind: str | None = None) -> list[Macro]:
        """Macros for the intent, best first: made for few intents before made for all, then the asked tone, then neutral."""
        written = language if language in WRITTEN else ENGLISH
        fitting = [m for m in self.macros if m.language == written and intent in m.intents and kind in (None, m.kind)]
        return sorted(
            fitting, key=lambda m: (len(m.intents) > GENERAL_INTENTS, m.tone != tone, m.tone != "neutral", m.macro_id)
        )


GENERAL_INTENTS = 8
"""A macro for more intents than this is general: it comes after those written for the matter."""


def _files(folder: Path, pattern: str) -> list[Path]:
    found = sorted(folder.glob(pattern))
    if not found:
        raise KnowledgeError(f"{folder}: holds no {pattern}; the desk needs at least one.")
    return found


def read_article(path: Path) -> Article:
    """Reads `ID.LANG.md`. Raises KnowledgeError naming the file and what is missing."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise KnowledgeError(f"{path}: byte {error.start} is not UTF-8. Save the file as UTF-8.") from error
    return parse_article(text, str(path))


def parse_article(text: str, where: str) -> Article:
    """An article's file: TOML between `+++` lines, then paragraphs. Raises KnowledgeError naming `where` and what is missing."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        raise KnowledgeError(f"{where}: must begin with TOML between two +++ lines.")
    try:
        head = tomllib.loads(match[1])
    except tomllib.TOMLDecodeError as error:
        raise KnowledgeError(f"{where}: the front matter is not valid TOML: {error}.") from error
    article_id, language = field(head, "id", str, where), field(head, "language", str, where)
    title = field(head, "title", str, where)
    audience = head.get("audience", BOTH)
    if audience not in AUDIENCES:
        raise KnowledgeError(f"{where}: audience must be one of {', '.join(AUDIENCES)}, found {audience!r}.")
    paragraphs = [" ".join(part.split("\n")).strip() for part in re.split(r"\n\s*\n", match[2].strip())]
    passages = tuple(
        Passage(article_id, n, p, language, title) for n, p in enumerate((p for p in paragraphs if p), start=1)
    )
    if not passages:
        raise KnowledgeError(f"{where}: has no paragraph under its front matter.")
    return Article(
        article_id,
        language,
        title,
        tuple(field(head, "intents", list, where)),
        field(head, "version", int, where),
        passages,
        audience,
    )


def _macros(path: Path) -> list[Macro]:
    entries = enumerate(field(read_toml(path), "macro", list, str(path)), start=1)
    return [macro for n, entry in entries for macro in parse_macro(entry, f"{path}, macro {n}")]


def parse_macro(entry: Mapping[str, Any], where: str) -> list[Macro]:
    """A `[[macro]]` of a file, one macro a language. Raises KnowledgeError naming `where` and what is missing."""
    macro_id, kind, tone = (field(entry, key, str, where) for key in ("id", "kind", "tone"))
    if kind not in KINDS or tone not in TONES:
        raise KnowledgeError(
            f"{where} ({macro_id}): kind {kind!r} or tone {tone!r} is unknown; kinds: {', '.join(KINDS)}; tones: {', '.join(TONES)}."
        )
    intents, actions = tuple(field(entry, "intents", list, where)), tuple(field(entry, "actions", list, where))
    macros = []
    for language, text in field(entry, "text", dict, where).items():
        macro = Macro(macro_id, kind, language, text, tone, intents, actions)
        if set(macro.variables) != set(field(entry, "variables", list, where)):
            raise KnowledgeError(
                f"{where} ({macro_id}, {language}): the text's variables {list(macro.variables)} are not those declared."
            )
        macros.append(macro)
    return macros
