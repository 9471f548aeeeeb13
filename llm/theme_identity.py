"""Whose successor is each of today's groups of messages? A theme keeps its id while messages come and go, and whoever counts them.

What has a key of its own (an intent, a carrier named in it, an aspect of reviews) is known by it. What fits no intent is known by the messages that both
days hold and, where too few are left, by its words; all of them are matched at once (Kuhn 1955, by SciPy). Knows no database.
"""

import hashlib
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from scipy.optimize import linear_sum_assignment

SAME_MEMBERS = 0.3
"""Jaccard likeness of the members that both days hold, from which on a group may be a theme of the day before."""
SAME_WORDS = 0.5
"""The same by the cosine of what words set them apart, where the days share fewer than FEW members."""
FEW = 3
MOSTLY = 0.5
"""A group with this share of its members from one theme came out of it; a theme with this share in one group went into it."""


@dataclass(frozen=True)
class ThemeMark:
    """What a theme is known by. `key` is what names it within its intent, '' for the intent itself; `words` (weights of what sets it apart) only where
    nothing else names it."""

    intent: str
    key: str
    members: frozenset[str]
    words: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_named(self) -> bool:
        """Whether its key says once and for all what it is."""
        return not self.words


@dataclass(frozen=True)
class KeptTheme:
    """A theme of an earlier look: its id, its mark when it was last seen, the days on which it was first and last seen, and what was told of its
    origin on the last of them."""

    theme_id: str
    mark: ThemeMark
    first_on: date
    last_on: date
    split_from: str | None = None
    merged: tuple[str, ...] = ()


@dataclass(frozen=True)
class Identity:
    """A group's theme, since when it is kept (None: it is new); `split_from` is the theme that a new one came out of, `merged` the ids of themes that went into it."""

    theme_id: str
    first_on: date | None = None
    split_from: str | None = None
    merged: tuple[str, ...] = ()


def identities(
    groups: Sequence[ThemeMark], kept: Sequence[KeptTheme], present: Collection[str], today: date | None = None
) -> list[Identity]:
    """For each group which theme it is. `present` are the ids of all messages that are looked at; the order of groups and kept themes does not
    matter. What was told of a theme's origin by an earlier look of `today` is told again."""
    themes = sorted(kept, key=lambda theme: theme.theme_id)
    order = sorted(range(len(groups)), key=lambda n: (groups[n].intent, groups[n].key, sorted(groups[n].members)))
    here = frozenset(present)
    matched = _matched([groups[n] for n in order], themes, here)
    of_group = {order[row]: themes[column] for row, column in matched.items()}
    newest = max((theme.last_on for theme in themes), default=None)
    taken = {theme.theme_id for theme in of_group.values()}
    lost = [theme for theme in themes if theme.last_on == newest and theme.theme_id not in taken]
    used = {theme.theme_id for theme in themes}
    found: dict[int, Identity] = {}
    for n in order:
        own = of_group.get(n)
        theme_id = own.theme_id if own else _new_id(groups[n], used)
        used.add(theme_id)
        merged = [theme.theme_id for theme in lost if _is_mostly(theme.mark.members & here, groups[n])]
        told = own if own and own.last_on == today else None
        found[n] = Identity(
            theme_id,
            own.first_on if own else None,
            (told.split_from if told else None) if own else _source(groups[n], themes, newest),
            tuple(sorted({*merged, *(told.merged if told else ())})),
        )
    return [found[n] for n in range(len(groups))]


def _matched(groups: Sequence[ThemeMark], themes: Sequence[KeptTheme], present: frozenset[str]) -> dict[int, int]:
    """Row of a group → column of its theme, where the likeness is enough."""
    if not groups or not themes:
        return {}
    seen = frozenset().union(*(theme.mark.members for theme in themes))
    likeness = np.array([[_likeness(group, theme.mark, seen, present) for theme in themes] for group in groups])
    rows, columns = linear_sum_assignment(likeness, maximize=True)
    return {int(row): int(column) for row, column in zip(rows, columns, strict=True) if likeness[row, column] > 0}


def _likeness(group: ThemeMark, theme: ThemeMark, seen: frozenset[str], present: frozenset[str]) -> float:
    """0 where they can't be one theme; more than any likeness by members where both bear the same name."""
    if group.is_named and theme.is_named:
        return 2.0 if (group.intent, group.key) == (theme.intent, theme.key) else 0.0
    if theme.is_named:
        return 0.0  # what has a name of its own isn't taken over by what has none
    old, left = group.members & seen, theme.members & present
    union = old | left
    if len(union) >= FEW:
        share = len(old & left) / len(union)
        return share if share >= SAME_MEMBERS else 0.0
    near = _cosine(group.words, theme.words)
    return near if near >= SAME_WORDS else 0.0


def _cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    product = sum(weight * other[word] for word, weight in one.items() if word in other)
    norms = math.sqrt(sum(w * w for w in one.values()) * sum(w * w for w in other.values()))
    return product / norms if norms else 0.0


def _is_mostly(members: frozenset[str], group: ThemeMark) -> bool:
    return len(members) >= FEW and len(members & group.members) >= MOSTLY * len(members)


def _source(group: ThemeMark, themes: Sequence[KeptTheme], newest: date | None) -> str | None:
    """The theme of the last day that most of a new group's older members were of."""
    alive = [theme for theme in themes if theme.last_on == newest]
    old = group.members & frozenset().union(*(theme.mark.members for theme in alive))
    if len(old) < FEW:
        return None
    best = max(alive, key=lambda theme: len(old & theme.mark.members))
    return best.theme_id if len(old & best.mark.members) >= MOSTLY * len(old) else None


def _new_id(group: ThemeMark, used: Collection[str]) -> str:
    """By what the group is when it is first seen, so that nobody who starts without kept themes gets another; a number tells namesakes apart."""
    for number in range(len(used) + 1):
        told = f"{group.intent}\0{group.key}" + (f"\0{number}" if number else "")
        theme_id = hashlib.sha256(told.encode()).hexdigest()[:12]
        if theme_id not in used:
            return theme_id
    raise AssertionError("one of more numbers than ids is free")
