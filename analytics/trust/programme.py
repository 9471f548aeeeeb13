"""The score definition as data: components, rates, half-life, prior and levels, read from `data/programmes/*.toml`.

Knows nothing of merchants, of DuckDB or of how a score is computed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal, cast

import numpy as np

from analytics.errors import InputError
from analytics.trust.schedule import Schedule, read_schedule
from analytics.trust.toml_table import TomlTable, did_you_mean, parse_toml, read_toml

PROGRAMMES = Path(__file__).resolve().parents[2] / "data" / "programmes"

_LONGEST_DAYS = 3660  # ten years: more than any source holds, and far from the calendar's ends
_FIRST = (date(1900, 1, 1), date(2200, 12, 31))  # of evaluation days, as days may be asked for

# Columns of the mart merchant_day that a rate may use: counts of orders or events, never sums of money or time.
MEASURES = (
    *("order_count", "cancelled_count", "seller_cancelled_count", "shipped_count", "ship_due_count"),
    *(
        "shipped_late_count",
        "tracked_count",
        "valid_tracking_count",
        "delivered_count",
        "delivery_due_count",
        "delivered_late_count",
    ),
    *("late_seller_count", "late_carrier_count", "late_buyer_count", "late_platform_count", "late_unknown_count"),
    *("returned_count", "seller_returned_count", "refunded_count", "disputed_count", "upheld_dispute_count"),
    *("seller_disputed_count", "chargeback_count", "defect_count", "positive_order_count", "negative_order_count"),
    *("reviewed_order_count", "repeat_base_count", "repeat_count", "review_count", "csat_count"),
    *("csat_satisfied_count", "nps_count", "nps_promoter_count", "nps_detractor_count", "question_count"),
    *("question_replied_count", "question_replied_24h_count", "penalty_count"),
)


@dataclass(frozen=True)
class Rate:
    """One rate of a component. `good`, `bad` and `limit` are rates from 0 to 1; `points` is what the rate earns at `good`; `limit` is the
    rate that a merchant should not be beyond, `bad` where the file names none. `all_faults` is the numerator that counts the same whoever was
    at fault; the numerator itself where there is no such."""

    rate_id: str
    label: str
    component_id: str
    numerator: str
    denominator: str
    evidence: str
    direction: Literal["lower", "higher"]
    good: float
    bad: float
    points: float
    maturity_days: int
    limit: float
    all_faults: str


@dataclass(frozen=True)
class Component:
    component_id: str
    label: str
    points: float
    rates: tuple[Rate, ...]


@dataclass(frozen=True)
class Level:
    level_id: str
    label: str
    minimum: float


@dataclass(frozen=True)
class PriorSettings:
    """Strengths are in orders; see `analytics.trust.prior`."""

    default_strength: float
    lowest_strength: float
    highest_strength: float
    pull_merchants: float


@dataclass(frozen=True)
class Evaluated:
    """When levels are decided, and how firmly a decided one is held; see `analytics.trust.levels`. `margin` is in score points."""

    schedule: Schedule
    first: date
    margin: float
    in_a_row: int
    remembers: int


# Of a definition that says nothing of it: each evaluation's level is that of its score.
PLAIN = Evaluated(Schedule("month", 1), date(2000, 1, 1), margin=0.0, in_a_row=1, remembers=1)


@dataclass(frozen=True)
class Overlap:
    """Two rates that count the same orders: the correlation of their outcomes within a merchant, as a late order is also badly reviewed."""

    first: str
    second: str
    correlation: float


@dataclass(frozen=True)
class Bound:
    """What `rate` (of opinions) says beyond what the rates `facts` predict counts by `bound` at most (a rate, 0–1), up and down, in a source that records the rate
    `where_recorded`; see `analytics.trust.bounded`."""

    rate: str
    facts: tuple[str, ...]
    where_recorded: str
    bound: float


@dataclass(frozen=True)
class Programme:
    """A score definition. Levels are ordered from the highest minimum to the lowest (0)."""

    programme_id: str
    name: str
    half_life_days: float
    window_days: int
    min_n: int
    new_days: int
    draws: int
    coverage: float
    prior: PriorSettings
    levels: tuple[Level, ...]
    components: tuple[Component, ...]
    evaluated: Evaluated = PLAIN
    overlaps: tuple[Overlap, ...] = ()
    bounds: tuple[Bound, ...] = ()

    @property
    def rates(self) -> tuple[Rate, ...]:
        return tuple(rate for component in self.components for rate in component.rates)

    def level_of(self, score: float) -> str:
        """The id of the highest level whose minimum the score (0–100) reaches."""
        return next(level.level_id for level in self.levels if score >= level.minimum)


@cache
def default_programme() -> Programme:
    """The committed definition, `data/programmes/trustdesk.toml`."""
    return load_programme(PROGRAMMES / "trustdesk.toml")


def load_programme(path: Path) -> Programme:
    """Reads a score definition; InputError names the file, the key and the mistake."""
    return _programme(read_toml(path))


def programme_from_toml(text: str, where: str) -> Programme:
    """As `load_programme`, of a text that errors call `where`."""
    return _programme(parse_toml(text, where))


def _programme(root: TomlTable) -> Programme:
    root.one_of("kind", ["score"])
    root.whole("version", 1, 1)
    components = tuple(_component(table) for table in root.tables("components"))
    rate_ids = [rate.rate_id for component in components for rate in component.rates]
    programme = Programme(
        programme_id=root.text("programme_id"),
        name=root.text("name"),
        half_life_days=root.number("half_life_days", 1, _LONGEST_DAYS),
        window_days=root.whole("window_days", 1, _LONGEST_DAYS),
        min_n=root.whole("min_n", 1),
        new_days=root.whole("new_days", 0, _LONGEST_DAYS),
        draws=root.whole("draws", 40, 10_000),
        coverage=root.number("coverage", 0.5, 0.999),
        prior=_prior(root.table("prior")),
        levels=_levels(root.tables("levels"), root.where),
        components=components,
        evaluated=_evaluated(root.table("evaluated")) if root.has("evaluated") else PLAIN,
        overlaps=_overlaps(
            root.tables("overlaps") if root.has("overlaps") else [],
            rate_ids,
            root.where,
        ),
        bounds=_bounds(root.tables("bounds") if root.has("bounds") else [], rate_ids),
    )
    root.close()
    _check_sum(root.where, "points of the components", {c.component_id: c.points for c in components}, 100.0)
    _check_unique(root.where, "component_id", [c.component_id for c in components])
    _check_unique(root.where, "rate_id", [rate.rate_id for rate in programme.rates])
    for rate in programme.rates:
        if rate.maturity_days >= programme.window_days:
            raise InputError(
                f"{root.where}: rate '{rate.rate_id}': maturity_days {rate.maturity_days} leaves nothing of the window of "
                f"{programme.window_days} days. Widen window_days or lower maturity_days."
            )
    return programme


def _component(table: TomlTable) -> Component:
    component_id = table.text("component_id")
    rates = tuple(_rate(rate, component_id) for rate in table.tables("rates"))
    component = Component(component_id, table.text("label"), table.number("points", 0, 100), rates)
    table.close()
    where = f"{table.where} '{component_id}'"
    _check_unique(where, "rate_id", [rate.rate_id for rate in rates])
    _check_sum(where, "points of the rates", {rate.rate_id: rate.points for rate in rates}, component.points)
    return component


def _rate(table: TomlTable, component_id: str) -> Rate:
    numerator, denominator = _measure(table, "numerator"), _measure(table, "denominator")
    rate = Rate(
        rate_id=table.text("rate_id"),
        label=table.text("label"),
        component_id=component_id,
        numerator=numerator,
        denominator=denominator,
        evidence=_measure(table, "evidence", denominator),
        direction=cast(Literal["lower", "higher"], table.one_of("direction", ["lower", "higher"])),
        good=table.number("good", 0, 1),
        bad=table.number("bad", 0, 1),
        limit=table.number("limit", 0, 1, table.number("bad", 0, 1)),
        all_faults=_measure(table, "all_faults", numerator),
        points=table.number("points", 0.001, 100),
        maturity_days=table.whole("maturity_days", 0, default=0),
    )
    table.close()
    if rate.good == rate.bad or (rate.good < rate.bad) != (rate.direction == "lower"):
        order = "good below bad" if rate.direction == "lower" else "good above bad"
        raise table.error(
            rate.rate_id, f"direction '{rate.direction}' needs {order}, found good {rate.good:g} and bad {rate.bad:g}"
        )
    return rate


def _measure(table: TomlTable, key: str, default: str | None = None) -> str:
    name = table.text(key) if default is None else table.text(key, default)
    if name not in MEASURES:
        raise table.error(key, f"unknown metric '{name}', no count of merchant_day", did_you_mean(name, MEASURES))
    return name


def _prior(table: TomlTable) -> PriorSettings:
    prior = PriorSettings(
        default_strength=table.number("default_strength", 0.1),
        lowest_strength=table.number("lowest_strength", 0.1),
        highest_strength=table.number("highest_strength", 0.1),
        pull_merchants=table.number("pull_merchants", 0.1),
    )
    table.close()
    if not prior.lowest_strength <= prior.default_strength <= prior.highest_strength:
        raise table.error("default_strength", "expected to lie between lowest_strength and highest_strength")
    return prior


def _evaluated(table: TomlTable) -> Evaluated:
    evaluated = Evaluated(
        schedule=read_schedule(table),
        first=table.day("first", *_FIRST),
        margin=table.number("margin", 0, 100),
        in_a_row=table.whole("in_a_row", 1, 100),
        remembers=table.whole("remembers", 1, 100),
    )
    table.close()
    if evaluated.remembers < evaluated.in_a_row:
        raise table.error(
            "remembers", f"expected at least in_a_row ({evaluated.in_a_row}), found {evaluated.remembers}"
        )
    return evaluated


def _overlaps(tables: list[TomlTable], known: list[str], where: str) -> tuple[Overlap, ...]:
    """InputError also where correlations contradict each other: no outcomes of orders could have them."""
    shared = np.eye(len(known))
    found = []
    for table in tables:
        rates = table.texts("rates")
        if len(rates) != 2 or rates[0] == rates[1]:
            raise table.error("rates", f"expected two different rates, found {', '.join(rates) or 'none'}")
        for name in rates:
            if name not in known:
                raise table.error("rates", f"no rate '{name}' in the score", did_you_mean(name, known))
        overlap = Overlap(*rates, table.number("correlation", -0.99, 0.99))
        table.close()
        first, second = known.index(overlap.first), known.index(overlap.second)
        shared[first, second] = shared[second, first] = overlap.correlation
        found.append(overlap)
    if np.linalg.eigvalsh(shared).min(initial=1.0) <= 1e-6:
        raise InputError(f"{where}: overlaps: the correlations contradict each other. Lower the largest.")
    return tuple(found)


def _bounds(tables: list[TomlTable], known: list[str]) -> tuple[Bound, ...]:
    found = []
    for table in tables:
        bound = Bound(
            table.text("rate"), table.texts("facts"), table.text("where_recorded"), table.number("bound", 0, 1)
        )
        table.close()
        named = [
            ("rate", bound.rate),
            ("where_recorded", bound.where_recorded),
            *(("facts", name) for name in bound.facts),
        ]
        for key, name in named:
            if name not in known:
                raise table.error(key, f"no rate '{name}' in the score", did_you_mean(name, known))
        if not bound.facts or len(set(bound.facts)) < len(bound.facts):
            raise table.error(
                "facts", f"expected one or more different rates, found {', '.join(bound.facts) or 'none'}"
            )
        found.append(bound)
    bounded = {bound.rate for bound in found}
    for table, bound in zip(tables, found, strict=True):
        for name in (*bound.facts, bound.where_recorded):
            if name in bounded:
                raise table.error("facts", f"'{name}' is bounded itself and no fact. Leave it out")
    _check_unique(tables[0].where if tables else "", "rate of bounds", [bound.rate for bound in found])
    return tuple(found)


def _levels(tables: list[TomlTable], where: str) -> tuple[Level, ...]:
    levels = []
    for table in tables:
        levels.append(Level(table.text("level_id"), table.text("label"), table.number("minimum", 0, 100)))
        table.close()
    levels.sort(key=lambda level: -level.minimum)
    _check_unique(where, "level_id", [level.level_id for level in levels])
    _check_unique(where, "minimum of levels", [f"{level.minimum:g}" for level in levels])
    if levels[-1].minimum != 0:
        raise InputError(f"{where}: levels: the lowest must have minimum 0, found {levels[-1].minimum:g}.")
    return tuple(levels)


def _check_sum(where: str, what: str, points: Mapping[str, float], total: float) -> None:
    found = math.fsum(points.values())
    if abs(found - total) > 1e-9:
        listed = ", ".join(f"{name} {value:g}" for name, value in points.items())
        raise InputError(f"{where}: {what} must add up to {total:g}, found {found:g} ({listed}).")


def _check_unique(where: str, what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InputError(f"{where}: {what} '{name}' appears twice. Give each its own.")
        seen.add(name)
