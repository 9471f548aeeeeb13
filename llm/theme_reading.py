"""What is read in one message or review before it is grouped. Each text is read once ever: by content hash, in a store that the app supplies."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Protocol

from llm.aspects import aspects_of
from llm.language import body, detect
from llm.near_duplicates import Signature, signature
from llm.spans import extract
from llm.taxonomy import Taxonomy
from llm.triage import Triage
from llm.triage_weights import WEIGHTS

READ_CHARACTERS = 2_000
LANGUAGE_CHARACTERS = 500
_VERSION = "1"  # goes up when what is read changes


@dataclass(frozen=True)
class ThemeItem:
    """A message or review to group; `sent_at` is UTC. `intent` is what a person or an earlier run said, None to be found here.

    `thread_id` is what it belongs to, None for what stands alone. Of a review `stars` is 1 to 5, or None where it has none.
    """

    message_id: str
    text: str
    merchant_id: str | None = None
    sent_at: datetime | None = None
    intent: str | None = None
    thread_id: str | None = None
    is_review: bool = False
    stars: int | None = None


@dataclass(frozen=True)
class ReadText:
    """A text's language, what it wants, its mood (−1 to 1), the carriers, clauses and orders that it names (kind, value, as written), the aspects that it
    speaks of (name, polarity), and its signature among near-duplicates."""

    language: str
    intent: str
    mood: float
    names: tuple[tuple[str, str, str], ...]
    aspects: tuple[tuple[str, str], ...]
    signature: Signature


class TextStore(Protocol):
    """Where readings are kept by key."""

    def many(self, keys: Collection[str]) -> Mapping[str, str]: ...

    def store(self, values: Mapping[str, str]) -> None: ...


class TextReader:
    """Reads texts with one taxonomy and its classifiers; `store` keeps what was read. `read_count` counts the texts that were read anew."""

    def __init__(self, taxonomy: Taxonomy, triage: Triage, store: TextStore | None = None) -> None:
        self._taxonomy = taxonomy
        self._triage = triage
        self._store = store
        self._version = _version_of(taxonomy) if store is not None else ""
        self.read_count = 0

    def read(self, items: Sequence[ThemeItem]) -> list[ReadText]:
        """In the items' order. An item's own intent stands."""
        keys = [self._key(item) for item in items]
        kept = self._store.many(set(keys)) if self._store is not None else {}
        found = {key: _from_json(value) for key, value in kept.items()}
        missing = {key: item for key, item in zip(keys, items, strict=True) if key not in found}
        fresh = dict(zip(missing, self._read(list(missing.values())), strict=True))
        self.read_count += len(fresh)
        if self._store is not None and fresh:
            self._store.store({key: json.dumps(asdict(read), ensure_ascii=False) for key, read in fresh.items()})
        found |= fresh
        return [found[key] for key in keys]

    def _key(self, item: ThemeItem) -> str:
        told = json.dumps([_VERSION, self._version, item.intent, item.is_review, item.stars, item.text])
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()

    def _read(self, items: Sequence[ThemeItem]) -> list[ReadText]:
        texts = [body(item.text[:READ_CHARACTERS]) for item in items]
        unknown = [n for n, item in enumerate(items) if item.intent is None and not item.is_review]
        told = self._triage.intents_of([texts[n] for n in unknown]) if unknown else []
        intents = {n: ranked[0].name for n, ranked in zip(unknown, told, strict=True)}
        return [
            self._reading(item, text, intents.get(n, item.intent or ""))
            for n, (item, text) in enumerate(zip(items, texts, strict=True))
        ]

    def _reading(self, item: ThemeItem, text: str, intent: str) -> ReadText:
        spans = (
            [] if item.is_review else [span for span in extract(text) if span.kind in {"carrier", "clause", "order"}]
        )
        names = {(span.kind, span.value): span.text for span in reversed(spans)}
        aspects = aspects_of(text, self._taxonomy, item.stars) if item.is_review else ()
        return ReadText(
            language=detect(text[:LANGUAGE_CHARACTERS]),
            intent=intent,
            mood=self._triage.sentiment(text),
            names=tuple((kind, value, written) for (kind, value), written in sorted(names.items())),
            aspects=tuple((aspect.name, aspect.polarity) for aspect in aspects),
            signature=signature(text),
        )


def _version_of(taxonomy: Taxonomy) -> str:
    """Changes with the taxonomy and with the classifiers' weights."""
    found = hashlib.sha256(repr(taxonomy).encode())
    found.update(WEIGHTS.read_bytes())
    return found.hexdigest()


def _from_json(value: str) -> ReadText:
    said = json.loads(value)
    return ReadText(
        said["language"],
        said["intent"],
        said["mood"],
        tuple((kind, name, written) for kind, name, written in said["names"]),
        tuple((name, polarity) for name, polarity in said["aspects"]),
        tuple(said["signature"]),
    )
