"""Brings marts from one world to another by making anew only what differs: a load adds facts, an as-of date takes facts away.

The mart's own SQL runs over the facts of the changed keys alone (see marts.UpkeepRules for the names its rules may use). The result
is that of a full build, as the property tests hold. Knows nothing of files or snapshots.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache

import duckdb

from analytics.engines.duckdb import naming, parameters
from analytics.engines.marts import Mart, Mode, bind, day, instant
from analytics.tables import stored_columns

MOST_MONTHS = 12  # of touched rows: with more, one look at all of them is cheaper
SCHEMAS = ("before_part", "after_part", "fresh")


@dataclass(frozen=True)
class World:
    """Where the change leads to: after a load (`as_of` and `last_day` None), or before the end of a local day."""

    time_zone: str
    as_of: datetime | None = None
    last_day: date | None = None

    @property
    def mode(self) -> Mode:
        """Which of a rule's two texts counts."""
        return "load" if self.as_of is None else "as_of"


@dataclass
class Upkeep:
    """One change. Needs the views before.* of all tables and marts, main.* of all tables in the new world, and changed_* of the facts that
    one of them lacks. Leaves main.* of all marts, fresh.MART (rows made anew, or to be added) and changed_MART (their keys).
    """

    connection: duckdb.DuckDBPyConnection
    marts: tuple[Mart, ...]
    world: World
    on_mart: Callable[[str], None] = lambda _: None
    adds_up: bool = True  # False: sums are left as the rows that they add up, which pays when few columns are read once
    lost_keys: set[str] = field(default_factory=set)
    _values: dict[str, str] = field(default_factory=dict)
    _by_name: dict[str, Mart] = field(default_factory=dict)

    def run(self) -> None:
        """Bring every mart up to date. Raises WarehouseError naming the mart's file when one fails."""
        self._values = {"as_of": instant(self.world.as_of), "day": day(self.world.last_day)}
        self._by_name = {mart.name: mart for mart in self.marts}
        for schema in SCHEMAS:
            self._do(f"CREATE SCHEMA {schema}")
        for table in stored_columns():
            for side in ("before", "after"):
                self._do(f'CREATE VIEW {side}_part."{table}" AS SELECT * FROM {_full(side)}."{table}"')
        for mart in self.marts:
            self.on_mart(mart.name)
            with naming(mart):
                getattr(self, f"_{mart.upkeep.form}")(mart)

        if self.adds_up:
            self._tidy()

    def _tidy(self) -> None:
        """Drop what only the change needed; main.*, before.* and fresh.* stay."""
        found = self.connection.execute(
            "SELECT schema_name FROM duckdb_schemas() WHERE starts_with(schema_name, 'inputs_')"
        )
        for schema in ("before_part", "after_part", *(name for (name,) in found.fetchall())):
            self._do(f"DROP SCHEMA {schema} CASCADE")
        for mart in self.marts:
            self._do(f'DROP TABLE IF EXISTS main."touched_{mart.name}"')
        self._do("DROP VIEW IF EXISTS main.changed")

    # One method a form.

    def _view(self, mart: Mart) -> None:
        sql = self._sql(mart.sql)
        for schema in ("main", "before_part", "after_part"):
            self._within(schema, f'CREATE VIEW {schema}."{mart.name}" AS\n{sql}')

    def _whole(self, mart: Mart) -> None:
        self._do(f'CREATE TABLE fresh."{mart.name}" AS\n{self._sql(mart.sql)}')
        self._do(f'CREATE VIEW main."{mart.name}" AS SELECT * FROM fresh."{mart.name}"')
        self._context(mart)

    def _keyed(self, mart: Mart) -> None:
        name, rules = mart.name, mart.upkeep
        keys = ", ".join(f'"{column}"' for column in rules.key)
        self._do(f'CREATE TABLE "changed_{name}" AS SELECT DISTINCT {keys} FROM ({self._fill(rules.changed)})')
        self._do(f'CREATE OR REPLACE VIEW main.changed AS SELECT * FROM main."changed_{name}"')
        same = same_key(rules.key, "m", "c", rules.is_nullable)
        if self._has_rows(f'"changed_{name}"'):
            fresh = f'SELECT m.* FROM (\n{self._sql(mart.sql)}\n) AS m SEMI JOIN main."changed_{name}" AS c ON {same}'
            self._within(self._inputs(mart, "after"), f'CREATE TABLE fresh."{name}" AS {fresh}')
        else:
            self._do(f'CREATE TABLE fresh."{name}" AS SELECT * FROM before."{name}" WHERE false')
        kept = self._kept(mart, f'before."{name}"', same) + self._known(mart)
        self._do(f'CREATE VIEW main."{name}" AS {kept} UNION ALL SELECT * FROM fresh."{name}"')
        if rules.is_context:
            self._context(mart)
        else:
            self._parts(mart, keys, same)

    def _kept(self, mart: Mart, relation: str, same: str) -> str:
        """The rows of a relation that were not made anew, as they looked then."""
        columns = "m.*"
        if self.world.mode == "as_of" and mart.upkeep.truncated:
            past = (f'{self._fill({"as_of": sql})} AS "{column}"' for column, sql in mart.upkeep.truncated.items())
            columns += f" REPLACE ({', '.join(past)})"
        return f'SELECT {columns} FROM {relation} AS m ANTI JOIN main."changed_{mart.name}" AS c ON {same}'

    def _parts(self, mart: Mart, keys: str, same: str) -> None:
        """The touched rows, before and after: those made anew, and those that stay but look otherwise from the new horizon."""
        name, rules = mart.name, mart.upkeep
        touched = f'SELECT * FROM "changed_{name}"'
        if rules.touched:
            touched = f"SELECT DISTINCT {keys} FROM ({self._fill(rules.touched)})"
        self._do(f'CREATE TABLE "touched_{name}" AS {touched}')
        if self.world.mode == "as_of" and rules.past:
            kind, past = "VIEW", self._fill({"as_of": rules.past})
            if self._has_rows(f'"touched_{name}"'):
                past += (
                    f' OR ({", ".join(f"m.{key}" for key in rules.key)}) IN (SELECT {keys} FROM main."touched_{name}")'
                )
            rows = f'SELECT m.* FROM before."{name}" AS m{self._known(mart)} AND ({past})'
        else:
            kind, rows = "TABLE", self._touched_rows(mart, same)
        self._do(f'CREATE {kind} before_part."{name}" AS {rows}')
        kept = self._kept(mart, f'before_part."{name}"', same)
        self._do(f'CREATE {kind} after_part."{name}" AS {kept} UNION ALL SELECT * FROM fresh."{name}"')

    def _touched_rows(self, mart: Mart, same: str) -> str:
        """The stored rows of the touched keys; month by month where few are touched, which lets the engine skip the others."""
        name, dated_by = mart.name, mart.upkeep.dated_by
        rows = f'SELECT m.* FROM before."{name}" AS m SEMI JOIN "touched_{name}" AS c ON {same}{self._known(mart)}'
        if self.world.mode == "as_of" or not dated_by:
            return rows
        months = f"SELECT DISTINCT date_trunc('month', \"{dated_by}\") FROM ({rows.replace('m.*', f'm.{dated_by}')})"
        found = [month for (month,) in self.connection.execute(months).fetchall()]
        if not 0 < len(found) <= MOST_MONTHS:
            return rows
        spans = (
            f"m.{dated_by} >= {instant(month)} AND m.{dated_by} < {instant(month)} + INTERVAL 1 MONTH"
            if month
            else f"m.{dated_by} IS NULL"
            for month in found
        )
        return " UNION ALL ".join(f"{rows} WHERE {span}" for span in spans)

    def _context(self, mart: Mart) -> None:
        for side in ("before", "after"):
            self._do(f'CREATE VIEW {side}_part."{mart.name}" AS SELECT * FROM {_full(side)}."{mart.name}"')

    def _additive(self, mart: Mart) -> None:
        name = mart.name
        keys = ", ".join(f'"{column}"' for column in mart.upkeep.key)
        for side in ("before", "after"):
            schema = self._inputs(mart, side)
            self._within(schema, f"CREATE VIEW {schema}.rows AS\n{self._sql(mart.upkeep.rows or mart.sql)}")
        lost = f"SELECT {keys} FROM inputs_{name}_before.rows EXCEPT SELECT {keys} FROM inputs_{name}_after.rows"
        if self.world.mode == "load" and (
            not self.lost_keys.isdisjoint(_names_in(mart.sql))  # what a sum of sums lost shows in those alone
            or self._has_rows(f"({lost})")
        ):
            self.lost_keys.add(name)
        columns = columns_of(self.connection, f'before."{name}"')
        changes = _changes(mart, columns)
        if self.adds_up:
            self._do(f'CREATE TABLE fresh."{name}" AS {sum_keys(changes, mart, columns)}')
        else:
            self._do(f'CREATE VIEW fresh."{name}" AS {changes}')
        self._do(
            f'CREATE VIEW main."{name}" AS SELECT * FROM before."{name}" AS m{self._known(mart)} '
            f'UNION ALL SELECT * FROM fresh."{name}"'
        )
        self._do(f'CREATE VIEW after_part."{name}" AS SELECT * FROM fresh."{name}"')
        self._do(f'CREATE VIEW before_part."{name}" AS SELECT * FROM fresh."{name}" WHERE false')

    # What the forms share.

    def _inputs(self, mart: Mart, side: str) -> str:
        """A schema with each relation that the mart's SQL names, cut to what its keys need."""
        schema = f"inputs_{mart.name}_{side}"
        self._do(f"CREATE SCHEMA {schema}")
        for name in sorted(_names_in(mart.sql)):
            self._do(f'CREATE VIEW {schema}."{name}" AS {self._input(mart, name, side)}')
        return schema

    def _input(self, mart: Mart, name: str, side: str) -> str:
        rules = mart.upkeep
        override = rules.inputs.get(name, {}).get(self.world.mode)
        if override is not None and side == "after":
            return self._fill({self.world.mode: override})
        if name in self._by_name:
            return f'SELECT * FROM {side}_part."{name}"'
        columns = stored_columns()[name]
        source = f'SELECT * FROM {_full(side)}."{name}" AS m'
        if rules.form == "keyed" and all(column in columns for column in rules.key):
            source += (
                f' SEMI JOIN main."changed_{mart.name}" AS c ON {same_key(rules.key, "m", "c", rules.is_nullable)}'
            )
        return source + self._spans(rules.spans.get(name))

    def _spans(self, sql: str | None) -> str:
        """The instants in which the facts of the changed keys lie, as conditions that let the engine skip the rest."""
        if sql is None:
            return ""
        spans = self.connection.execute(self._fill({self.world.mode: sql})).fetchall()
        ranges = [
            f"(occurred_at >= {instant(since)} AND occurred_at < {instant(until)})" for since, until in spans if since
        ]
        return f" WHERE {' OR '.join(ranges) or 'false'}"

    def _known(self, mart: Mart) -> str:
        return "" if self.world.mode == "load" else f" WHERE {self._fill({'as_of': mart.upkeep.known})}"

    def _fill(self, rule: Mapping[Mode, str]) -> str:
        sql = rule[self.world.mode]
        if "{low}" in sql and "low" not in self._values:
            self._values |= dict(zip(("low", "high"), self._horizons(), strict=True))
        return sql.format_map(self._values)

    def _horizons(self) -> list[str]:
        """The horizons of the two worlds, the earlier first."""
        sql = "SELECT max(last_at) FROM {}.source_month"
        found = [self.connection.execute(sql.format(schema)).fetchall()[0][0] for schema in ("before", "main")]
        known = sorted(moment for moment in found if moment)
        return ["TIMESTAMPTZ '-infinity'"] * (2 - len(known)) + [instant(moment) for moment in known]

    def _sql(self, sql: str) -> str:
        return bind(sql, parameters(self.world.as_of, self.world.time_zone))

    def _has_rows(self, relation: str) -> bool:
        return bool(self.connection.execute(f"SELECT 1 FROM {relation} LIMIT 1").fetchall())

    def _within(self, schema: str, sql: str) -> None:
        """Run a statement whose unqualified names are those of a schema."""
        self._do(f"SET search_path = '{schema}'")
        try:
            self._do(sql)
        finally:
            self._do("SET search_path = 'main'")

    def _do(self, sql: str) -> None:
        self.connection.execute(sql)


def needed(marts: Sequence[Mart], names: Collection[str], mode: Mode) -> tuple[Mart, ...]:
    """The marts of these names with those that they, or their rules in this mode, read: enough for an upkeep of the named."""
    wanted = set(names)
    for mart in reversed(marts):  # a mart reads earlier ones only
        if mart.name in wanted:
            rules = mart.upkeep
            by_mode = (rules.changed, rules.touched, *rules.inputs.values())
            texts = (mart.sql, *(each.get(mode, "") for each in by_mode), *rules.spans.values())
            words = set(re.findall(r"(?<!before\.)\b(?:changed_|touched_)?(\w+)", " ".join(texts)))
            wanted |= {other.name for other in marts if other.name in words}
            if any("{low}" in text for text in texts):
                wanted |= {other.name for other in marts if other.upkeep.is_context}
    return tuple(mart for mart in marts if mart.name in wanted)


def same_key(key: Sequence[str], left: str, right: str, is_nullable: bool) -> str:
    """The join condition of equal keys; where they may be NULL, two NULLs are the same (which the engine joins more slowly)."""
    equals = "IS NOT DISTINCT FROM" if is_nullable else "="
    return " AND ".join(f'{left}."{column}" {equals} {right}."{column}"' for column in key)


def columns_of(connection: duckdb.DuckDBPyConnection, relation: str) -> list[tuple[str, str]]:
    """Names and types of a relation's columns."""
    return [(str(row[0]), str(row[1])) for row in connection.execute(f"DESCRIBE {relation}").fetchall()]


def _changes(mart: Mart, columns: Sequence[tuple[str, str]]) -> str:
    """What a sum gained and, negated, what it lost: the rows that it adds up, in the sum's own types."""

    def listed(sign: str) -> str:
        parts = (
            f'"{name}"' if name in mart.upkeep.key else f'CAST({sign}"{name}" AS {kind}) AS "{name}"'
            for name, kind in columns
        )
        return ", ".join(parts)

    gained, lost = (f"inputs_{mart.name}_{side}.rows" for side in ("after", "before"))
    return f"SELECT {listed('')} FROM {gained} UNION ALL SELECT {listed('-')} FROM {lost}"


def sum_keys(relation: str, mart: Mart, columns: Sequence[tuple[str, str]]) -> str:
    """An additive mart's rows with one row a key, without those that add up to nothing. `columns`: names with their types."""
    keys = ", ".join(f'"{column}"' for column in mart.upkeep.key)
    sums = [(column, f'CAST(sum("{column}") AS {kind})') for column, kind in columns if column not in mart.upkeep.key]
    listed = ", ".join(
        f'"{column}"' if column in mart.upkeep.key else f'{dict(sums)[column]} AS "{column}"' for column, _ in columns
    )
    nonzero = " OR ".join(f'sum("{column}") <> 0' for column, _ in sums)
    return f"SELECT {listed} FROM ({relation}) GROUP BY {keys} HAVING {nonzero}"


@cache
def _names_in(sql: str) -> frozenset[str]:
    """The relations that a SELECT reads; asked of an empty database, which takes each name as it is written."""
    with duckdb.connect() as nothing:
        return frozenset(nothing.get_table_names(bind(sql, parameters(None, "UTC"))))


def _full(side: str) -> str:
    return "before" if side == "before" else "main"
