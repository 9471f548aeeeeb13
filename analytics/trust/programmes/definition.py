"""A seller programme as data: clauses with windows, limits and small-sample rules, levels, and when it is evaluated.

Read strictly from `data/programmes/*.toml` with kind = "programme", or from a copy of one: every mistake is one line that names the
file, the table and what was expected. Knows nothing of merchants or of DuckDB.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Literal, cast

from analytics.errors import InputError
from analytics.trust.programme import PROGRAMMES
from analytics.trust.programmes.measures import BUYER_CAPPED, MEASURES
from analytics.trust.programmes.windows import Window
from analytics.trust.schedule import Schedule, read_schedule
from analytics.trust.toml_table import TomlTable, did_you_mean, read_toml

Form = Literal["rate", "mean", "count", "money", "age", "points", "rating", "unrecorded"]
FORMS: tuple[Form, ...] = ("rate", "mean", "count", "money", "age", "points", "rating", "unrecorded")
OPERATORS = ("<", "<=", ">", ">=")
_ID = re.compile(r"[A-Za-z0-9][\w.-]*")
_RESERVED_PROGRAMMES = ("all", "trustdesk")  # all of them, and the score's own
_RESERVED_LEVELS = ("pass", "fail", "too_few")  # what a programme without levels says of a merchant
_UNITS = {"rate": "rate", "mean": "stars", "money": "money", "age": "days", "points": "points", "rating": "points"}
KIND, SCORE_KIND = "programme", "score"


@dataclass(frozen=True)
class Cap:
    """A second condition on the plain number of bad units, or of distinct buyers behind them: at most `most`.

    joined "and": both rate and cap must hold; "or": one of them is enough.
    """

    of: Literal["units", "buyers"]
    most: int
    joined: Literal["and", "or"]


@dataclass(frozen=True)
class Small:
    """Below `below` units at most `most` bad ones pass, whatever the rate; None: any number does."""

    below: int
    most: int | None


@dataclass(frozen=True)
class Rating:
    """Points that start at `start`, lose what penalties cost, gain `bonus` for every full `bonus_orders` shipped orders, and stay within
    0 and `highest`. `severity` says what a penalty of a clause costs; one of another clause costs its own points."""

    start: int
    highest: int
    bonus: int
    bonus_orders: int
    severity: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Level:
    """A level of a programme, or a band of a clause's points or rating; a band begins at `minimum` and ends where the next begins, a rating's highest at
    the limit.

    Where a merchant misses a level with `is_required`, it fails the programme; other levels are honours.
    """

    level_id: str
    label: str
    is_required: bool = False
    minimum: int = 0


@dataclass(frozen=True)
class Clause:
    """One rule. `limit` is a rate (0–1), a count, stars, points, days, or major units of `currency`."""

    clause_id: str
    label: str
    level: str
    form: Form
    unit: str
    numerator: tuple[str, ...]
    denominator: str
    operator: str
    limit: float
    window: Window
    cap: Cap | None = None
    small: Small | None = None
    minimum_orders: int = 0
    currency: str = ""
    since: str = ""
    rating: Rating | None = None
    bands: tuple[Level, ...] = ()
    note: str = ""

    @property
    def is_floor(self) -> bool:
        """Whether the value must not fall below the limit; else it must not exceed it."""
        return self.operator.startswith(">")

    @property
    def is_strict(self) -> bool:
        return self.operator in ("<", ">")

    @property
    def exact_limit(self) -> Fraction:
        """The limit as written in the file: 0.07 is seven hundredths."""
        return Fraction(repr(self.limit))


@dataclass(frozen=True)
class SellerProgramme:
    """Seller standards of one marketplace. `source` says where the limits come from, and which are from memory."""

    programme_id: str
    name: str
    source: str
    schedule: Schedule
    levels: tuple[Level, ...]
    clauses: tuple[Clause, ...]

    def clause(self, clause_id: str) -> Clause:
        return next(clause for clause in self.clauses if clause.clause_id == clause_id)


@cache
def presets() -> dict[str, SellerProgramme]:
    """The committed programmes by id, in the alphabet's order."""
    return read_folder(PROGRAMMES)


def read_folder(
    folder: Path, on_fault: Callable[[InputError], None] | None = None, taken: Collection[str] = ()
) -> dict[str, SellerProgramme]:
    """Every programme of a folder by id; TOML files of another kind are passed over.

    A file that is wrong, that defines the trust score, or whose id is `taken` or given twice, is handed to `on_fault` and left out; without it InputError is raised.
    """
    found: dict[str, SellerProgramme] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            kind = read_toml(path).text("kind", "")
            if kind != KIND and (kind != SCORE_KIND or on_fault is None):
                continue
            programme = load_seller_programme(path)
            if programme.programme_id in (*taken, *found):
                raise InputError(
                    f"{path.name}: programme_id '{programme.programme_id}' is there already. Give the copy an id of its own."
                )
        except InputError as error:
            if on_fault is None:
                raise
            on_fault(error)
        else:
            found[programme.programme_id] = programme
    return found


def load_seller_programme(path: Path) -> SellerProgramme:
    """Reads one programme file; InputError names the file, the key and the mistake."""
    root = read_toml(path)
    if root.text("kind") == SCORE_KIND:
        raise root.error(
            "kind",
            "'score' defines the trust score and is no seller programme",
            " Try it out with `trustdesk trust --definition FILE`; the installation's own is data/programmes/trustdesk.toml.",
        )
    root.one_of("kind", [KIND])
    root.whole("version", 1, 1)
    levels = tuple(_level(table, is_band=False) for table in root.tables("levels")) if root.has("levels") else ()
    _check_unique(root.where, "level_id", [level.level_id for level in levels])
    clauses = tuple(_clause(table, levels) for table in root.tables("clauses"))
    programme = SellerProgramme(
        programme_id=_id(root, "programme_id", _RESERVED_PROGRAMMES),
        name=_filled(root, "name"),
        source=" ".join(root.text("source").split()),
        schedule=_schedule(root.table("evaluated")),
        levels=levels,
        clauses=clauses,
    )
    root.close()
    _check_unique(root.where, "clause_id", [clause.clause_id for clause in clauses])
    return programme


def _schedule(table: TomlTable) -> Schedule:
    schedule = read_schedule(table)
    table.close()
    return schedule


def _id(table: TomlTable, key: str, reserved: Collection[str] = ()) -> str:
    """An id that can stand in a command, an address and a file's name."""
    value = table.text(key)
    if not _ID.fullmatch(value) or value in reserved:
        raise table.error(
            key,
            f"{value!r} can't be used",
            " Take letters, digits, '-', '_' and '.', and none of: " + ", ".join(sorted(reserved)),
        )
    return value


def _filled(table: TomlTable, key: str) -> str:
    value = table.text(key)
    if not value.strip():
        raise table.error(key, "is empty")
    return value


def _level(table: TomlTable, *, is_band: bool) -> Level:
    level = Level(
        _id(table, "level_id", _RESERVED_LEVELS),
        table.text("label"),
        False if is_band else table.flag("is_required", False),
        table.whole("minimum", 0) if is_band else 0,
    )
    table.close()
    return level


def _clause(table: TomlTable, levels: Sequence[Level]) -> Clause:
    form = cast(Form, table.one_of("form", FORMS))
    clause_id, operator = table.text("clause_id"), table.one_of("operator", OPERATORS)
    level = table.text("level", "")
    if level and level not in {item.level_id for item in levels}:
        raise table.error("level", f"unknown level '{level}'", did_you_mean(level, [item.level_id for item in levels]))
    clause = Clause(
        clause_id=clause_id,
        label=table.text("label"),
        level=level,
        form=form,
        unit=_UNITS.get(form, table.text("unit", "count")),
        numerator=_measures(table, "numerator") if form in ("rate", "mean", "count") else (),
        denominator="".join(_measures(table, "denominator")) if form in ("rate", "mean") else "",
        operator=operator,
        limit=table.number("limit", 0, 1) if form in ("rate", "unrecorded") else table.number("limit", 0),
        window=_window(table, form),
        cap=_cap(table) if form == "rate" and table.has("cap") else None,
        small=_small(table) if form == "rate" and table.has("small") else None,
        minimum_orders=table.whole("minimum_orders", 1, default=1) if table.has("minimum_orders") else 0,
        currency=_currency(table) if form == "money" else "",
        since=table.one_of("since", ["joined", "first_order"]) if form == "age" else "",
        rating=_rating(table.table("rating")) if form == "rating" else None,
        bands=_bands(table) if form in ("points", "rating") and table.has("bands") else (),
        note=table.text("note", ""),
    )
    table.close()
    _check_meaning(table, clause)
    return clause


def _check_meaning(table: TomlTable, clause: Clause) -> None:
    """What single keys can't tell: a limit that nothing can break or meet, and a cap on buyers of what has none."""
    share = clause.limit
    if clause.form == "rate" and ((share >= 1 and not clause.is_floor) or (share <= 0 and clause.is_floor)):
        raise table.error(
            "limit", f"a rate {clause.operator} {share:g} can't be broken; give one strictly between 0 and 1"
        )
    is_impossible = (clause.operator == "<" and share <= 0) or (clause.operator == ">" and share >= 1)
    if clause.form == "rate" and is_impossible:
        raise table.error("limit", f"no rate is {clause.operator} {share:g}; give one strictly between 0 and 1")
    if clause.form in ("points", "rating") and clause.window.months:
        raise table.error("window_months", "points live for days or a quarter: give window_days or quarter = true")
    if clause.form == "points" and clause.is_floor:
        raise table.error("operator", f"points count against a merchant: expected < or <=, found {clause.operator}")
    if clause.cap is not None and clause.cap.of == "buyers" and clause.numerator not in {(m,) for m in BUYER_CAPPED}:
        raise table.error("cap", f"buyers can be counted of {' or '.join(BUYER_CAPPED)} alone")
    if clause.cap is not None and clause.small is not None:
        raise table.error("small", "a clause has a cap or a small-sample rule, not both")


def _measures(table: TomlTable, key: str) -> tuple[str, ...]:
    """One name, or several joined by +."""
    names = tuple(name.strip() for name in table.text(key).split("+"))
    for name in names:
        if name not in MEASURES:
            raise table.error(key, f"unknown metric '{name}'", did_you_mean(name, MEASURES))
    if key == "denominator" and len(names) > 1:
        raise table.error(key, "expected one metric")
    return names


def _window(table: TomlTable, form: Form) -> Window:
    """Exactly one of window_days, window_months and quarter; none for an age, which has no window."""
    given = [key for key in ("window_days", "window_months", "quarter") if table.has(key)]
    if form in ("age", "unrecorded") and not given:
        return Window()
    if len(given) != 1:
        raise table.error("window_days", "expected one of window_days, window_months and quarter = true")
    lag = table.whole("lag_days", 0, 366, default=0)
    if given == ["quarter"]:
        if not table.flag("quarter"):
            raise table.error("quarter", "expected true, or leave it out and give window_days")
        return Window(is_quarter=True, lag_days=lag)
    if given == ["window_days"]:
        return Window(days=table.whole("window_days", 1, 730), lag_days=lag)
    months = table.whole("window_months", 1, 24)
    is_rolling = table.one_of("months", ["calendar", "rolling"], "calendar") == "rolling"
    short = table.whole("short_months", 1, months, default=months)
    orders = table.whole("short_from_orders", 1) if short < months else 0
    return Window(months=months, is_rolling=is_rolling, lag_days=lag, short_months=short, short_from_orders=orders)


def _cap(table: TomlTable) -> Cap:
    inner = table.table("cap")
    cap = Cap(
        cast(Literal["units", "buyers"], inner.one_of("of", ["units", "buyers"])),
        inner.whole("most", 0),
        cast(Literal["and", "or"], inner.one_of("joined", ["and", "or"])),
    )
    inner.close()
    return cap


def _small(table: TomlTable) -> Small:
    inner = table.table("small")
    small = Small(inner.whole("below", 1), inner.whole("most", 0) if inner.has("most") else None)
    inner.close()
    return small


def _currency(table: TomlTable) -> str:
    currency = table.text("currency")
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise table.error("currency", f"expected an ISO 4217 code such as USD, found '{currency}'")
    return currency


def _rating(table: TomlTable) -> Rating:
    severity = table.table("severity")
    rating = Rating(
        start=table.whole("start", 0),
        highest=table.whole("highest", 1),
        bonus=table.whole("bonus", 0),
        bonus_orders=table.whole("bonus_orders", 1),
        severity=tuple((clause, severity.whole(clause, 0)) for clause in severity.names()),
    )
    table.close()
    if rating.start > rating.highest:
        raise table.error("start", f"expected at most highest, {rating.highest}, found {rating.start}")
    return rating


def _bands(table: TomlTable) -> tuple[Level, ...]:
    bands = sorted((_level(band, is_band=True) for band in table.tables("bands")), key=lambda band: band.minimum)
    _check_unique(table.where, "level_id of bands", [band.level_id for band in bands])
    _check_unique(table.where, "minimum of bands", [str(band.minimum) for band in bands])
    return tuple(bands)


def _check_unique(where: str, what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InputError(f"{where}: {what} '{name}' appears twice. Give each its own.")
        seen.add(name)
