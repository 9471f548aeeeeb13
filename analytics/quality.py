"""Data quality of one snapshot: what is missing, doubled, orphaned, out of range, mixed, stale, or suddenly more or less.

Counts only, in one or two passes a table; the checks of rows stand in sql/quality/tables/*.toml. Rows that a contract refused count among
those read: they lie in quarantine. Knows no page.
"""

from __future__ import annotations

import statistics
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from analytics import set_aside
from analytics.engines.days import local_time, start_of_day
from analytics.errors import InputError
from analytics.freshness import last_whole_day
from analytics.tables import SQL_FOLDER, TABLES

if TYPE_CHECKING:
    from analytics.snapshots import Load
    from analytics.warehouse import Cursor, Snapshot, Warehouse

TIME_LIMIT_SECONDS = 120.0
STALE_DAYS = (2, 7)  # the newest event before its load: worth a look, too old
BEHIND_DAYS = 7  # the newest ticket or message before the newest event
WEEKS = 8  # that a day and a week are compared with
LEAST_WEEKS = 4
LEAST_EVENTS = 10  # a usual count below this says nothing
SPREADS = 4.0  # how many robust standard deviations, or Poisson ones, are unusual
DROP = 0.5  # an unusual drop of this share fails
LOAD_RATIO = (
    0.5,
    0.1,
)  # a load's rows against the median of its source's loads: worth a look, too few (or 1/x: too many)
LEAST_LOADS = 3
STATUSES = ("fail", "warn", "ok", "not_in_source")  # worst first

# What a kind of check is called.
KINDS: Mapping[str, str] = {
    "missing": "Missing values",
    "uniqueness": "Uniqueness",
    "relationship": "Relationships",
    "range": "Ranges and clocks",
    "contract": "Rules of the table",
    "currency": "Currency mix",
    "freshness": "Freshness",
    "volume": "Volume change",
}
SENTENCES: Mapping[str, str] = {
    "no_date": "{share} of the rows have no date",
    "no_value": "{share} of the rows lack {column}",
    "malformed": "{share} of the rows can't be read as a line of a table",
    "refused": "{share} of the rows are set aside for any reason",
    "duplicate": "{share} of the rows read were there already with the same content, or older",
    "conflict": "{share} of the rows have an id that another row has with other content: the first was kept",
    "fresh": "The newest event is {days} days older than its load",
    "fresh_simulated": "The data is simulated and does not age",
    "behind": "The newest row is {days} days older than the newest event",
    "empty": "Nothing dated is stored",
    "absent": "The source has nothing to check here",
    "usual": "{kind}: {count} on {day}, which is usual",
    "unjudged": "{kind}: {count} on {day}; too few weeks or too few events to say what is usual",
    "unusual": "{kind}: {count} on {day}, where {usual} are usual on that weekday",
    "unusual_week": "{kind}: {count} in the seven days to {day}, where {usual} are usual",
    "load_usual": "The last load of {source} read {count} rows, which is usual",
    "load_unusual": "The last load of {source} read {count} rows, where {usual} are usual",
}


@dataclass(frozen=True)
class Check:
    """What one check found. `count` of `total` rows fail it (None where it does not count rows); `share` is 0–1.

    status: "ok", "warn", "fail", or "not_in_source" where the source has nothing to check. `sentence` is a template and `values` its
    words, for translation; `describe` puts them together.
    """

    check_id: str
    kind: str
    table: str
    column: str
    count: int | None
    total: int | None
    status: str
    sentence: str
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return KINDS[self.kind]

    @property
    def share(self) -> float | None:
        return self.count / self.total if self.total and self.count is not None else None

    def describe(self) -> str:
        """The sentence in English."""
        return self.sentence.format(**self.values)


@dataclass(frozen=True)
class _Rule:
    """One check of rows: of the rows for which `of` is true, those for which `bad` is."""

    id: str
    kind: str
    column: str
    of: str
    bad: str
    sentence: str
    warn: float = 0.0
    fail: float = 0.01
    needs: str = ""
    is_optional: bool = False


@dataclass(frozen=True)
class _Relation:
    """Rows that several checks look at in one pass; `rows` are the columns shown of them."""

    table: str
    sql: str
    rows: str
    rules: tuple[_Rule, ...]


@cache
def _relations() -> tuple[_Relation, ...]:
    found = []
    for path in sorted((SQL_FOLDER / "quality" / "tables").glob("*.toml")):
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        rules = tuple(_Rule(**rule) for rule in document["checks"])
        found.append(_Relation(document["table"], document["relation"], document["rows"], rules))
    return tuple(found)


def texts() -> tuple[str, ...]:
    """Every sentence and name that a check can have, for translation."""
    rules = (rule.sentence for relation in _relations() for rule in relation.rules)
    return (*KINDS.values(), *SENTENCES.values(), *rules)


def check_quality(warehouse: Warehouse, snapshot_id: str | None = None) -> tuple[Check, ...]:
    """All checks of a snapshot (None: the current one), worst first. Raises WarehouseError."""
    snapshot = warehouse.snapshot(snapshot_id)
    counted = set_aside.counts(warehouse, snapshot.snapshot_id)
    with warehouse.cursor(snapshot.snapshot_id, time_limit=TIME_LIMIT_SECONDS) as cursor:
        found = [
            *_of_quarantine(snapshot, counted),
            *_of_rows(cursor, snapshot),
            *_of_freshness(cursor, snapshot),
            *_of_volume(cursor),
        ]
    found += _of_loads(snapshot.loads)
    return tuple(sorted(found, key=lambda check: (STATUSES.index(check.status), -(check.share or 0), check.check_id)))


def failing_rows(warehouse: Warehouse, check_id: str, snapshot_id: str | None = None, limit: int = 200) -> pd.DataFrame:
    """Up to `limit` rows behind a check, whichever come first; those of a check on quarantine lie there (load_id, file, line, …).

    Empty for freshness and volume, which have no rows. Raises InputError for an unknown check.
    """
    snapshot = warehouse.snapshot(snapshot_id)
    for relation in _relations():
        for rule in relation.rules:
            if rule.id == check_id:
                slots = {"columns": relation.rows, "relation": relation.sql, "of": rule.of, "bad": rule.bad}
                sql = _render("rows", **slots, limit=str(int(limit)))
                with warehouse.cursor(snapshot.snapshot_id, time_limit=TIME_LIMIT_SECONDS) as cursor:
                    return cursor.df(sql, _parameters(sql, snapshot))
    table, _, rest = check_id.partition(".")
    what, _, column = rest.partition(":")
    if what in ("freshness", "volume", "duplicate"):
        return pd.DataFrame()
    if what not in _BEHIND:
        raise InputError(f"There is no check {check_id!r} of data quality.")
    pattern, is_matching = _BEHIND[what]
    return set_aside.matching(
        warehouse,
        table,
        pattern.format(column=column),
        is_matching=is_matching,
        limit=limit,
        snapshot_id=snapshot.snapshot_id,
    )


# Part of a check's id → what the reasons of its rows in quarantine hold, and whether they do or do not.
_BEHIND = {
    "lacks": (r"(?:^|; ){column} is missing", True),
    "malformed": ("^malformed line: ", True),
    "conflict": ("^conflict: ", True),
    "refused": ("^conflict: ", False),
}


def _render(name: str, **slots: str) -> str:
    sql = (SQL_FOLDER / "quality" / f"{name}.sql").read_text(encoding="utf-8")
    for slot, value in slots.items():
        sql = sql.replace("{{" + slot + "}}", value)
    return sql


def _parameters(sql: str, snapshot: Snapshot) -> dict[str, object]:
    loaded_at = max((load.finished_at for load in snapshot.loads), default=snapshot.created_at)
    return {"loaded_at": loaded_at} if "$loaded_at" in sql else {}


def _status(count: int, total: int, warn: float = 0.0, fail: float = 0.01) -> str:
    share = count / total if total else 0.0
    return "ok" if not count or share <= warn else "fail" if share >= fail else "warn"


def _counted(kind: str, check_id: str, column: str, count: int, total: int, status: str, sentence: str) -> Check:
    words = {"share": percent(count, total), "column": column}
    table = check_id.partition(".")[0]
    return Check(check_id, kind, table, column, count, total, status, sentence, words)


def percent(count: int, total: int) -> str:
    """5 of 100 → "5 %"; what is not nothing is never "0 %"."""
    share = 100 * count / total if total else 0.0
    return "< 0.01 %" if 0 < share < 0.01 else f"{share:.2f}".rstrip("0").rstrip(".") + " %"


def _of_quarantine(snapshot: Snapshot, counted: pd.DataFrame) -> Iterator[Check]:
    """Of all rows read of a table: without a date or id, unreadable, in conflict, refused at all."""
    keys = zip(counted["table_name"], counted["kind"], counted["column_name"].fillna(""), strict=True)
    counts = {(str(a), str(b), str(c)): int(n) for (a, b, c), n in zip(keys, counted["row_count"], strict=True)}
    for table in TABLES.values():
        refused = counts.get((table.name, "any", ""), 0) - counts.get((table.name, "conflict", ""), 0)
        total = snapshot.tables.get(table.name, 0) + refused
        if not total:
            continue
        for column in table.columns:
            count = counts.get((table.name, "missing", column.name), 0)
            if column.is_required or count:
                sentence = SENTENCES["no_date" if column.kind == "time" else "no_value"]
                check_id = f"{table.name}.lacks:{column.name}"
                yield _counted("missing", check_id, column.name, count, total, _status(count, total), sentence)
        yield _counted(
            "contract", f"{table.name}.refused", "", refused, total, _status(refused, total), SENTENCES["refused"]
        )
        conflicts = counts.get((table.name, "conflict", ""), 0)
        status = _status(conflicts, total + conflicts)
        check_id = f"{table.name}.conflict"
        yield _counted("uniqueness", check_id, table.key, conflicts, total + conflicts, status, SENTENCES["conflict"])
    loads = [load for load in snapshot.loads if not load.is_replay]
    read = sum(load.read for load in loads)
    lost = counts.get(("", "malformed", ""), 0)
    if lost:
        yield _counted("contract", ".malformed", "", lost, read, _status(lost, read), SENTENCES["malformed"])
    if read:
        duplicates = sum(load.duplicate for load in loads)
        yield _counted("uniqueness", ".duplicate", "", duplicates, read, "ok", SENTENCES["duplicate"])


def _of_rows(cursor: Cursor, snapshot: Snapshot) -> Iterator[Check]:
    (holds,) = cursor.rows(_render("holds"))
    for relation in _relations():
        counts = ",\n    ".join(
            f"count(*) filter (where {rule.of}) as of_{place}, "
            f"count(*) filter (where ({rule.of}) and ({rule.bad})) as bad_{place}"
            for place, rule in enumerate(relation.rules)
        )
        sql = _render("counts", counts=counts, relation=relation.sql)
        (found,) = cursor.rows(sql, _parameters(sql, snapshot))
        for place, rule in enumerate(relation.rules):
            yield _judged(relation.table, rule, int(found[f"bad_{place}"]), int(found[f"of_{place}"]), holds)


def _judged(table: str, rule: _Rule, count: int, total: int, holds: Mapping[str, bool]) -> Check:
    status = _status(count, total, rule.warn, rule.fail)
    words = {"share": percent(count, total)}
    if not total or (rule.needs and not holds[rule.needs]):
        return Check(rule.id, rule.kind, table, rule.column, None, None, "not_in_source", SENTENCES["absent"])
    if rule.is_optional and count == total:
        status = "not_in_source"
    return Check(rule.id, rule.kind, table, rule.column, count, total, status, rule.sentence, words)


def _of_freshness(cursor: Cursor, snapshot: Snapshot) -> Iterator[Check]:
    (newest,) = cursor.rows(_render("newest"))
    events = newest["events"]
    if events is None:
        yield Check("events.freshness", "freshness", "events", "occurred_at", None, None, "fail", SENTENCES["empty"])
        return
    loaded_at = max((load.finished_at for load in snapshot.loads), default=snapshot.created_at)
    days = max((loaded_at - events).days, 0)
    status = "ok" if snapshot.is_demo or days < STALE_DAYS[0] else "warn" if days < STALE_DAYS[1] else "fail"
    sentence = SENTENCES["fresh_simulated" if snapshot.is_demo else "fresh"]
    yield _timely("events", "occurred_at", days, status, sentence)
    for table, column in (("tickets", "opened_at"), ("messages", "sent_at")):
        if newest[table] is not None:
            behind = max((events - newest[table]).days, 0)
            yield _timely(table, column, behind, "warn" if behind > BEHIND_DAYS else "ok", SENTENCES["behind"])


def _timely(table: str, column: str, days: int, status: str, sentence: str) -> Check:
    return Check(f"{table}.freshness", "freshness", table, column, None, None, status, sentence, {"days": f"{days:,}"})


def _of_volume(cursor: Cursor) -> Iterator[Check]:
    """The last whole day and week of each kind of event against the same weekdays and weeks before."""
    if cursor.data_up_to is None:
        return
    zone = cursor.time_zone
    last = last_whole_day(local_time(cursor.data_up_to, zone))
    today = last + timedelta(days=1)
    span = {"since": start_of_day(last - timedelta(days=7 * (WEEKS + 1) - 1), zone), "until": start_of_day(today, zone)}
    counted = cursor.rows(_render("volume"), {"time_zone": cursor.time_zone, **span})
    days: dict[str, dict[date, int]] = {}
    for row in counted:
        days.setdefault(row["kind"], {})[row["day"]] = row["event_count"]
    first = min((day for of_kind in days.values() for day in of_kind), default=last)
    for kind in sorted(days):
        yield _volume_of(kind, days[kind], last, first)


def _volume_of(kind: str, days: Mapping[date, int], last: date, first: date) -> Check:
    """The worse of day and week; a week's past counts only where the data reaches it."""
    weeks = [week for week in range(WEEKS + 1) if last - timedelta(days=7 * week + 6) >= first]
    by_day = [days.get(last - timedelta(days=7 * week), 0) for week in weeks]
    by_week = [sum(days.get(last - timedelta(days=7 * week + back), 0) for back in range(7)) for week in weeks]
    count = by_day[0] if by_day else days.get(last, 0)
    found = [(_departure(by_week), "unusual_week", by_week), (_departure(by_day), "unusual", by_day)]
    (status, usual), name, series = min(found, key=lambda judged: STATUSES.index(judged[0][0]))
    words = {"kind": kind, "day": last.isoformat(), "count": f"{count:,}", "usual": f"{usual:,.0f}"}
    if status == "ok":
        name = "usual" if usual >= LEAST_EVENTS else "unjudged"
    else:
        words["count"] = f"{series[0]:,}"
    return Check(f"events.volume:{kind}", "volume", "events", kind, None, None, status, SENTENCES[name], words)


def _departure(counts: Sequence[int]) -> tuple[str, float]:
    """How unusual the first count is among those after it, and the usual one: their median, with the median absolute deviation as spread
    (Hampel, 1974, *The influence curve and its role in robust estimation*), never below a Poisson count's own."""
    if len(counts) <= LEAST_WEEKS:
        return "ok", 0.0
    now, *before = counts
    usual = statistics.median(before)
    spread = 1.4826 * statistics.median(abs(count - usual) for count in before)
    if usual < LEAST_EVENTS or abs(now - usual) <= SPREADS * max(spread, usual**0.5):
        return "ok", usual
    return ("fail" if now <= DROP * usual else "warn"), usual


def _of_loads(loads: Sequence[Load]) -> Iterator[Check]:
    """The last load of each source against the loads of that source before it."""
    read: dict[str, list[int]] = {}
    for load in loads:
        if not load.is_replay:
            read.setdefault(load.source, []).append(load.read)
    for source, (*before, last) in sorted(read.items()):
        if len(before) < LEAST_LOADS:
            continue
        usual = statistics.median(before)
        ratio = min(last, usual) / max(last, usual, 1)
        status = "fail" if ratio <= LOAD_RATIO[1] else "warn" if ratio <= LOAD_RATIO[0] else "ok"
        words = {"source": source, "count": f"{last:,}", "usual": f"{usual:,.0f}"}
        sentence = SENTENCES["load_usual" if status == "ok" else "load_unusual"]
        yield Check(f".volume:{source}", "volume", "", source, None, None, status, sentence, words)


def as_rows(checks: Sequence[Check]) -> list[dict[str, Any]]:
    """The checks for a table or JSON: check_id, name, table, column, count, total, share, status, sentence."""
    return [
        {
            "check_id": check.check_id,
            "name": check.name,
            "table": check.table,
            "column": check.column,
            "count": check.count,
            "total": check.total,
            "share": check.share,
            "status": check.status,
            "sentence": check.describe(),
        }
        for check in checks
    ]
