"""What merchants and buyers write about: intents, aspects, urgency and sentiment words, read from `taxonomy.toml`.

One taxonomy for all languages: it is where English and Chinese meet. Knows no message.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm.errors import KnowledgeError

OTHER = "other"
URGENCIES = ("low", "normal", "high", "critical")
ByLanguage = Mapping[str, str]
WordsByLanguage = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Intent:
    """One thing that a person may want; `component` is the part of the trust score it touches, or `none`."""

    intent_id: str
    group: str
    name: ByLanguage
    description: ByLanguage
    component: str
    urgency: str
    is_sensitive: bool
    articles: tuple[str, ...]
    macros: tuple[str, ...]
    keywords: WordsByLanguage
    examples: WordsByLanguage


@dataclass(frozen=True)
class Aspect:
    """A side of the trade that reviews speak of, with the words that name it, of praise and of complaint; `component` as an intent's."""

    aspect_id: str
    name: ByLanguage
    component: str
    topics: WordsByLanguage
    positive: WordsByLanguage
    negative: WordsByLanguage


@dataclass(frozen=True)
class Urgency:
    """A level of urgency, and the words that call for it."""

    urgency_id: str
    name: ByLanguage
    keywords: WordsByLanguage


@dataclass(frozen=True, eq=False)
class Taxonomy:
    """Compared and hashed by identity: load once, share."""

    intents: tuple[Intent, ...]
    aspects: tuple[Aspect, ...]
    urgencies: tuple[Urgency, ...]
    positive: WordsByLanguage
    negative: WordsByLanguage
    intensifiers: WordsByLanguage
    opinions: tuple[WordsByLanguage, WordsByLanguage]
    """Words of praise and of complaint in reviews, whatever they are said of."""

    def intent(self, intent_id: str) -> Intent:
        """Raises KnowledgeError for an id that the taxonomy does not have."""
        found = next((intent for intent in self.intents if intent.intent_id == intent_id), None)
        if found is None:
            raise KnowledgeError(
                f"Intent {intent_id!r} is not in the taxonomy; it has {', '.join(i.intent_id for i in self.intents)}."
            )
        return found


def read_toml(path: Path) -> dict[str, Any]:
    """The file's table. Raises KnowledgeError, one line with the place, when it is absent, not UTF-8 or not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise KnowledgeError(
            f"{path}: cannot be read ({error.strerror}). Put the file there or name another knowledge folder."
        ) from error
    except UnicodeDecodeError as error:
        raise KnowledgeError(f"{path}: byte {error.start} is not UTF-8. Save the file as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise KnowledgeError(f"{path}: not valid TOML: {error}.") from error


def field(table: Mapping[str, Any], key: str, kind: type, where: str) -> Any:
    """`table[key]`, of that type. Raises KnowledgeError that names the place, what was expected and what was found."""
    value = table.get(key)
    if not isinstance(value, kind):
        found = "nothing" if value is None else type(value).__name__
        raise KnowledgeError(f"{where}: {key!r} must be a {kind.__name__}, found {found}.")
    return value


def unique(ids: list[str], where: str) -> None:
    """Raises KnowledgeError when an id stands twice."""
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise KnowledgeError(f"{where}: {', '.join(twice)} stands twice; each id must be its own.")


def load_taxonomy(path: Path) -> Taxonomy:
    """Reads `taxonomy.toml`. Raises KnowledgeError naming the entry that is missing or malformed."""
    table = read_toml(path)
    where = str(path)
    intents = tuple(
        _intent(item, f"{where}, intent {n}") for n, item in enumerate(field(table, "intent", list, where), start=1)
    )
    unique([intent.intent_id for intent in intents], where)
    if OTHER not in {intent.intent_id for intent in intents}:
        raise KnowledgeError(f"{where}: the intent {OTHER!r} is missing; it takes what fits nowhere else.")
    sentiment, opinion = field(table, "sentiment", dict, where), field(table, "opinion", dict, where)
    return Taxonomy(
        intents=intents,
        aspects=tuple(
            _aspect(item, f"{where}, aspect {n}") for n, item in enumerate(field(table, "aspect", list, where), start=1)
        ),
        urgencies=tuple(
            _urgency(item, f"{where}, urgency {n}")
            for n, item in enumerate(field(table, "urgency", list, where), start=1)
        ),
        positive=_words(sentiment, "positive", f"{where}, sentiment"),
        negative=_words(sentiment, "negative", f"{where}, sentiment"),
        intensifiers=_words(sentiment, "intensifier", f"{where}, sentiment"),
        opinions=(_words(opinion, "positive", f"{where}, opinion"), _words(opinion, "negative", f"{where}, opinion")),
    )


def _intent(table: Mapping[str, Any], where: str) -> Intent:
    urgency = field(table, "urgency", str, where)
    if urgency not in URGENCIES:
        raise KnowledgeError(f"{where}: urgency must be one of {', '.join(URGENCIES)}, found {urgency!r}.")
    return Intent(
        intent_id=field(table, "id", str, where),
        group=field(table, "group", str, where),
        name=field(table, "name", dict, where),
        description=field(table, "description", dict, where),
        component=field(table, "component", str, where),
        urgency=urgency,
        is_sensitive=field(table, "sensitive", bool, where),
        articles=tuple(field(table, "articles", list, where)),
        macros=tuple(field(table, "macros", list, where)),
        keywords=_words(table, "keywords", where),
        examples=_words(table, "examples", where),
    )


def _aspect(table: Mapping[str, Any], where: str) -> Aspect:
    return Aspect(
        field(table, "id", str, where),
        field(table, "name", dict, where),
        field(table, "component", str, where),
        _words(table, "topics", where),
        _words(table, "positive", where),
        _words(table, "negative", where),
    )


def _urgency(table: Mapping[str, Any], where: str) -> Urgency:
    return Urgency(field(table, "id", str, where), field(table, "name", dict, where), _words(table, "keywords", where))


def _words(table: Mapping[str, Any], key: str, where: str) -> WordsByLanguage:
    return {language: tuple(words) for language, words in field(table, key, dict, where).items()}
