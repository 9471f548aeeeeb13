"""A what-if question as data: a segment, levers, a seed; read from and written to TOML that a person can edit.

Knows the spelling of scenarios, not the data that they are asked of: `Lab` checks values against the data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Literal, cast, get_args

import tomli_w

from analytics.errors import InputError
from analytics.trust.toml_table import TomlTable, parse_toml, read_toml
from analytics.whatif.questions import NOTHING_MORE, Questions, read_questions, tables_of

VERSION = 4
LeverKind = Literal[
    "late_rate",
    "rate",
    "coverage",
    "score_limit",
    "half_life_days",
    "window_days",
    "min_n",
    "weight",
    "good",
    "bad",
    "bound",
    "carrier_share",
    "clause_limit",
    "category_share",
    "region_share",
]
LEVER_KINDS: tuple[LeverKind, ...] = get_args(LeverKind)
OF_A_RATE: tuple[LeverKind, ...] = ("rate", "coverage", "weight", "good", "bad", "bound")  # their `of` names the rate
BEHAVIOUR: tuple[LeverKind, ...] = ("late_rate", "rate", "coverage")  # what merchants do
GROUPED: Mapping[LeverKind, str] = {"category_share": "category", "region_share": "region"}  # kind → label of merchants
MIX: tuple[LeverKind, ...] = ("carrier_share", *GROUPED)  # where orders go; their `of` names a carrier or a label
ASSUMED: tuple[LeverKind, ...] = (*BEHAVIOUR, *MIX)  # what may come about; the others are policy
CLAUSES: tuple[LeverKind, ...] = ("clause_limit",)  # of a seller programme, beside the score; `of` is programme/clause
SCORE_RULES: tuple[LeverKind, ...] = tuple(kind for kind in LEVER_KINDS if kind not in (*ASSUMED, *CLAUSES))
_SINCE: Mapping[
    int, tuple[LeverKind, ...]
] = {  # version of a file → the kinds that came with it; what they say stays the same
    1: ("late_rate", "score_limit"),
    2: ("rate", "coverage", "half_life_days", "window_days", "min_n", "weight", "good", "bad", "bound"),
    3: ("carrier_share", *CLAUSES),
    4: tuple(GROUPED),
}
_WITH_OF = (*OF_A_RATE, *MIX, *CLAUSES)
MOST_SEED = 2**63 - 1  # as far as TOML's whole numbers go
DAYS = (date(1900, 1, 1), date(2200, 12, 31))  # that a scenario may be asked of


@dataclass(frozen=True)
class Segment:
    """Which merchants a scenario touches: those that match every list; an empty list matches all."""

    categories: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    size_bands: tuple[str, ...] = ()
    merchants: tuple[str, ...] = ()

    def describe(self) -> str:
        """The segment in words; `all merchants` when nothing narrows it."""
        parts = [f"{field.name.replace('_', ' ')}: {', '.join(getattr(self, field.name))}" for field in fields(self)]
        return "; ".join(part for part in parts if not part.endswith(": ")) or "all merchants"


@dataclass(frozen=True)
class Lever:
    """One change. Either `target` (the new value) or `change` (added to the baseline), in the lever's unit.

    Behaviour, of the segment's merchants: `rate` (of = rate_id: the segment's rate, 0–1: two percentage points are 0.02), `late_rate` (the rate of deliveries
    late by the merchant's fault, whatever the programme calls it), `coverage` (of = rate_id: how many of its denominators, such as reviews, there are an order).
    Policy, for all merchants: `score_limit` (the border of `level`, or the scenario's limit when `level` is None, in score points 0–100), `half_life_days`,
    `window_days`, `min_n` (orders), `weight` (of = rate_id, in points of 100; the others give way in proportion), `good`, `bad` (of = rate_id: the ends of its
    credit scale, 0–1), `bound` (of = rate_id: how far opinions count beyond the facts, 0–1).
    Mix, of the segment's orders: `carrier_share` (of = a carrier: its share of the shipped orders, 0–1; `instead_of` names the one carrier that gives or takes
    them, None: all others in proportion); `category_share`, `region_share` (of = a category or region of merchants: the share of the orders that they have).
    Policy of a seller programme: `clause_limit` (of = programme/clause: its limit, in the clause's unit).
    """

    kind: LeverKind
    target: float | None = None
    change: float | None = None
    level: str | None = None
    of: str | None = None
    instead_of: str | None = None

    @property
    def name(self) -> str:
        """The kind, and what it is of: `rate late_seller_rate`, `score_limit good`."""
        instead = f"for {self.instead_of}" if self.instead_of else None
        return " ".join(part for part in (self.kind, self.of, self.level, instead) if part)


@dataclass(frozen=True)
class Scenario:
    """A named question. `limit` is the score below which merchants are counted and crossings seen (default: the border of the
    second lowest level; of several moved borders, crossings are counted at the first). `snapshot_id`, when given, is the only snapshot that the scenario runs on; same snapshot and seed, same numbers.
    `as_of` is the day at whose end it was asked (None: all that the snapshot knows); `parent` the scenario that it was copied from; `assumptions`
    are its author's own sentences, beside those that every result carries. `questions` are asked beside the outcomes; a scenario that asks one may have no lever."""

    name: str
    author: str = ""
    segment: Segment = Segment()
    levers: tuple[Lever, ...] = ()
    limit: float | None = None
    seed: int = 1
    draws: int = 400
    snapshot_id: str | None = None
    as_of: date | None = None
    parent: str = ""
    assumptions: tuple[str, ...] = ()
    questions: Questions = NOTHING_MORE


def load_scenario(path: Path) -> Scenario:
    """Reads a scenario file; InputError names the file, the key and the mistake."""
    return _scenario(read_toml(path))


def scenario_from_toml(text: str, where: str = "scenario") -> Scenario:
    """Reads a scenario from text, as `dump_scenario` wrote it."""
    return _scenario(parse_toml(text, where))


def dump_scenario(scenario: Scenario) -> str:
    """The scenario as TOML; reading it back gives an equal one."""
    values = {"version": VERSION, **_filled(asdict(scenario) | {"questions": None} | tables_of(scenario.questions))}
    return tomli_w.dumps(values)


def _filled(values: dict[str, object]) -> dict[str, object]:
    """Without what is empty, which TOML can't say (None) or needn't."""
    kept: dict[str, object] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            value = _filled(value)
        elif isinstance(value, tuple):
            value = [_filled(item) if isinstance(item, dict) else item for item in value]
        if value is not None and value not in ({}, []):
            kept[key] = value
    return kept


def _scenario(root: TomlTable) -> Scenario:
    version = root.whole("version", 1)
    if version > VERSION:
        raise root.error("version", f"this program reads versions up to {VERSION}, found {version}")
    segment, questions = root.table("segment"), read_questions(root)
    asks_only = not root.has("levers") and questions != NOTHING_MORE
    scenario = Scenario(
        name=root.text("name"),
        author=root.text("author", ""),
        segment=Segment(**{field.name: segment.texts(field.name) for field in fields(Segment)}),
        levers=() if asks_only else tuple(_lever(table, version) for table in root.tables("levers")),
        limit=root.number("limit", 0, 100) if root.has("limit") else None,
        seed=root.whole("seed", 0, MOST_SEED, default=1),
        draws=root.whole("draws", 40, 10_000, default=400),
        snapshot_id=root.text("snapshot_id") if root.has("snapshot_id") else None,
        as_of=root.day("as_of", *DAYS) if root.has("as_of") else None,
        parent=root.text("parent", ""),
        assumptions=root.texts("assumptions"),
        questions=questions,
    )
    segment.close()
    root.close()
    check_levers(scenario)
    return scenario


def _lever(table: TomlTable, version: int) -> Lever:
    kind = cast(LeverKind, table.one_of("kind", LEVER_KINDS))
    since = next(since for since, kinds in _SINCE.items() if kind in kinds)
    if since > version:
        raise table.error("kind", f"'{kind}' came with version {since} of these files", f" Set version = {since}.")
    lever = Lever(
        kind=kind,
        target=table.number("target", -1e9, 1e9) if table.has("target") else None,
        change=table.number("change", -1e9, 1e9) if table.has("change") else None,
        level=table.text("level") if kind == "score_limit" and table.has("level") else None,
        of=table.text("of") if kind in _WITH_OF else None,
        instead_of=table.text("instead_of") if kind in MIX and table.has("instead_of") else None,
    )
    table.close()
    return lever


def check_levers(scenario: Scenario) -> None:
    """InputError when the levers contradict each other or one says neither or both of target and change."""
    keys = [(lever.kind, lever.of, lever.level) for lever in scenario.levers]
    times = Counter(keys)
    has_limit = scenario.limit is not None or ("score_limit", None, None) in keys
    for lever, key in zip(scenario.levers, keys, strict=True):
        if times[key] > 1:
            raise InputError(f"scenario '{scenario.name}': lever '{lever.name}' is set more than once. Keep one.")
        if (lever.of is not None) != (lever.kind in _WITH_OF):
            named = {kind: f"a {label}" for kind, label in (("carrier_share", "carrier"), *GROUPED.items())}
            named["clause_limit"] = "programme/clause"
            wanted = f"needs of = {named.get(lever.kind, 'a rate of the score')}" if lever.of is None else "takes no of"
            raise InputError(f"scenario '{scenario.name}': lever '{lever.name}' {wanted}.")
        if (lever.target is None) == (lever.change is None):
            raise InputError(
                f"scenario '{scenario.name}': lever '{lever.name}' needs either target or change, not both or none."
            )
        if lever.level is not None and has_limit:
            raise InputError(
                f"scenario '{scenario.name}': crossings are counted at a limit of its own and at the border of "
                f"'{lever.level}'. Leave out limit, or the lever's level."
            )
