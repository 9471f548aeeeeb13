"""The phrase banks of a language, read from the TOML files beside this module. Chooses and renders nothing."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from analytics.demo.tickets import Language

_BRACES = re.compile(r"\{([^{}]*)\}")
_PREFIX: dict[Language, str] = {"en": "en_", "zh-Hans": "zh_"}


@dataclass(frozen=True, slots=True, eq=False)
class Phrase:
    """A phrase as (literal, name of the fact that follows or '') pieces.

    needs: the facts that must be known; topic: the part of the matter that it belongs to, '' for any.
    """

    pieces: tuple[tuple[str, str], ...]
    needs: frozenset[str]
    topic: str


Lines = tuple[Phrase, ...]
Section = Mapping[str, Lines]


@dataclass(frozen=True)
class Bank:
    """matters by intent; voices by name; talk and desk by purpose."""

    matters: Mapping[str, Section]
    voices: Mapping[str, Section]
    talk: Mapping[str, Section]
    desk: Mapping[str, Section]


def parse(line: str) -> Phrase:
    """'{?x}' demands x and '{=x}' is the topic, both write nothing; '⏎' is a line break."""
    parts = _BRACES.split(line.replace("⏎", "\n"))
    names = parts[1::2]
    pieces: list[tuple[str, str]] = []
    for literal, name in zip(parts[::2], [*names, ""], strict=True):
        written = "" if name[:1] in ("?", "=") else name
        if pieces and not pieces[-1][1]:
            pieces[-1] = (pieces[-1][0] + literal, written)
        else:
            pieces.append((literal, written))
    topic = next((name[1:] for name in names if name.startswith("=")), "")
    return Phrase(tuple(pieces), frozenset(name for name in names if not name.startswith("=")), topic)


@cache
def load(language: Language) -> Bank:
    """The banks of a language; a file's name says which bank it belongs to."""
    banks: dict[str, dict[str, Section]] = {"matters": {}, "voices": {}, "talk": {}, "desk": {}}
    for path in sorted(resources.files(__package__).iterdir(), key=lambda entry: entry.name):
        if path.name.startswith(_PREFIX[language]) and path.name.endswith(".toml"):
            kind = path.name.removesuffix(".toml").split("_")[1]
            for name, section in tomllib.loads(path.read_text(encoding="utf-8")).items():
                banks[kind][name] = {key: tuple(map(parse, text.split("\n")[:-1])) for key, text in section.items()}
    return Bank(**banks)
