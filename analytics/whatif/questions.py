"""What may be asked of a scenario beside its outcomes: a goal, a search, a tornado, a map of two levers; read from and written to TOML.

Field names are the keys of the file. Knows the spelling alone: levers and outcomes are checked against the data when they are asked.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from analytics.trust.toml_table import TomlTable

COST = "cost"  # what a search may minimise beside the outcomes
EVALUATIONS = 1000
REACH = 0.25
STEPS, MOST_STEPS = 7, 15
_MOST = 1e12  # of targets, bounds, costs and limits


@dataclass(frozen=True)
class Goal:
    """Which value of `lever` takes `outcome` to `target`? `low` and `high` narrow the lever's bounds."""

    lever: str
    outcome: str
    target: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class SearchLever:
    """A lever that a search may move. `cost` of one unit of its move, either way: a rate's unit is 1, so a percentage point costs a hundredth."""

    lever: str
    cost: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Limit:
    """What an outcome must keep: at least, at most, or both. A share of nobody has no value and keeps any `at_most`."""

    outcome: str
    at_least: float | None = None
    at_most: float | None = None

    def __str__(self) -> str:
        ends = (("at least", self.at_least), ("at most", self.at_most))
        return " and ".join(f"{self.outcome} {word} {end:g}" for word, end in ends if end is not None)

    def slack(self, value: float) -> float:
        """How far the value is inside the limit; negative when it doesn't keep it."""
        low, high = -math.inf if self.at_least is None else self.at_least, self.at_most
        if math.isnan(value):
            return math.inf if self.at_least is None else -math.inf
        return min(value - low, (math.inf if high is None else high) - value)


@dataclass(frozen=True)
class Search:
    """Which mix of levers gives the most of `maximise`, or the least of `minimise` (an outcome, or `cost`), within the budget and the limits?
    At most about `evaluations` mixes are tried."""

    levers: tuple[SearchLever, ...]
    maximise: str | None = None
    minimise: str | None = None
    budget: float | None = None
    limits: tuple[Limit, ...] = ()
    evaluations: int = EVALUATIONS

    @property
    def outcome(self) -> str:
        """What is made the most or the least of."""
        return self.maximise or self.minimise or COST


@dataclass(frozen=True)
class Tornado:
    """What does `outcome` do when each lever (none named: all that merchants do) moves by itself, `reach` (0–1) of the way to its bounds?"""

    outcome: str
    reach: float = REACH
    levers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pair:
    """What is `outcome` for each of `steps` values of the first lever with each of the second?"""

    first: str
    second: str
    outcome: str
    steps: int = STEPS


@dataclass(frozen=True)
class Questions:
    """What a scenario's file asks beside its outcomes; each at most once."""

    goal: Goal | None = None
    search: Search | None = None
    tornado: Tornado | None = None
    map: Pair | None = None


NOTHING_MORE = Questions()


def read_questions(root: TomlTable) -> Questions:
    """The tables [goal], [search], [tornado] and [map] of a scenario's file, each optional. InputError for a key or value that they don't have."""
    return Questions(
        goal=_goal(root.table("goal")) if root.has("goal") else None,
        search=_search(root.table("search")) if root.has("search") else None,
        tornado=_tornado(root.table("tornado")) if root.has("tornado") else None,
        map=_pair(root.table("map")) if root.has("map") else None,
    )


def tables_of(questions: Questions) -> dict[str, object]:
    """The questions as tables of a file; None and empty lists are still in them."""
    return {key: table for key, table in asdict(questions).items() if table is not None}


def _goal(table: TomlTable) -> Goal:
    goal = Goal(
        lever=table.text("lever"),
        outcome=table.text("outcome"),
        target=table.number("target", -_MOST, _MOST),
        low=_optional(table, "low"),
        high=_optional(table, "high"),
    )
    table.close()
    return goal


def _search(table: TomlTable) -> Search:
    if table.has("maximise") == table.has("minimise"):
        raise table.error("maximise", "expected one of maximise and minimise")
    search = Search(
        levers=tuple(map(_search_lever, table.tables("levers"))),
        maximise=table.text("maximise") if table.has("maximise") else None,
        minimise=table.text("minimise") if table.has("minimise") else None,
        budget=table.number("budget", 0, _MOST) if table.has("budget") else None,
        limits=tuple(map(_limit, table.tables("limits"))) if table.has("limits") else (),
        evaluations=table.whole("evaluations", 50, 20_000, default=EVALUATIONS),
    )
    table.close()
    return search


def _search_lever(table: TomlTable) -> SearchLever:
    lever = SearchLever(
        table.text("lever"), table.number("cost", 0, _MOST), _optional(table, "low"), _optional(table, "high")
    )
    table.close()
    return lever


def _limit(table: TomlTable) -> Limit:
    limit = Limit(table.text("outcome"), _optional(table, "at_least"), _optional(table, "at_most"))
    if limit.at_least is None and limit.at_most is None:
        raise table.error("at_most", "expected at_least, at_most, or both")
    table.close()
    return limit


def _tornado(table: TomlTable) -> Tornado:
    tornado = Tornado(table.text("outcome"), table.number("reach", 0.001, 1, default=REACH), table.texts("levers"))
    table.close()
    return tornado


def _pair(table: TomlTable) -> Pair:
    pair = Pair(
        table.text("first"), table.text("second"), table.text("outcome"), table.whole("steps", 2, MOST_STEPS, STEPS)
    )
    table.close()
    return pair


def _optional(table: TomlTable, key: str) -> float | None:
    return table.number(key, -_MOST, _MOST) if table.has(key) else None
