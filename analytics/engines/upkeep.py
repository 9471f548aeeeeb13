"""Brings marts from one world to another by making anew only what differs: a load adds facts, an as-of date takes facts away.

The mart's own SQL runs over the facts of the changed keys alone (see marts.UpkeepRules for the names its rules may use). The result
is that of a full build, as the property tests hold. Knows nothing of files or snapshots.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import duckdb

from analytics.engines.duckdb import naming, parameters
from analytics.engines.marts import Mart, Mode, bind, day, instant
from analytics.tables import stored_columns

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

    def tidy(self) -> None:
        """Drop what only the change needed; main.*, before.* and fresh.* stay."""
        for schema in ("before_part", "after_part"):
            self._do(f"DROP SCHEMA {schema} CASCADE")
        for mart in self.marts:
            for name in (f"touched_{mart.name}", f"before_{mart.name}", f"after_{mart.name}"):
                self._do(f'DROP TABLE IF EXISTS main."{name}"')
        self._do("DROP SCHEMA IF EXISTS inputs CASCADE")
        self._do("DROP VIEW IF EXISTS main.changed")

    # One method a form.

    def _view(self, mart: Mart) -> None:
        sql = self._sql(mart)
        for schema in ("main", "before_part", "after_part"):
            self._within(schema, f'CREATE VIEW {schema}."{mart.name}" AS\n{sql}')

    def _whole(self, mart: Mart) -> None:
        self._do(f'CREATE TABLE fresh."{mart.name}" AS\n{self._sql(mart)}')
        self._do(f'CREATE VIEW main."{mart.name}" AS SELECT * FROM fresh."{mart.name}"')

    def _keyed(self, mart: Mart) -> None:
        name, rules = mart.name, mart.upkeep
        keys = ", ".join(f'"{column}"' for column in rules.key)
        self._do(f'CREATE TABLE "changed_{name}" AS SELECT DISTINCT {keys} FROM ({self._fill(rules.changed)})')
        self._do(f'CREATE OR REPLACE VIEW main.changed AS SELECT * FROM main."changed_{name}"')
        self._inputs(mart, "after")
        same = same_key(rules.key, "m", "c", rules.is_nullable)
        self._within(
            "inputs",
            f'CREATE TABLE fresh."{name}" AS SELECT m.* FROM (\n{self._sql(mart)}\n) AS m '
            f'SEMI JOIN main."changed_{name}" AS c ON {same}',
        )
        kept = f'SELECT m.* FROM before."{name}" AS m ANTI JOIN main."changed_{name}" AS c ON {same}{self._known(mart)}'
        self._do(f'CREATE VIEW main."{name}" AS {kept} UNION ALL SELECT * FROM fresh."{name}"')
        if rules.is_context:
            for side in ("before", "after"):
                self._do(f'CREATE VIEW {side}_part."{name}" AS SELECT * FROM {_full(side)}."{name}"')
        else:
            self._parts(mart, keys)

    def _parts(self, mart: Mart, keys: str) -> None:
        """The touched rows, before and after: those made anew, and those that stay but look otherwise from the new horizon."""
        name, rules = mart.name, mart.upkeep
        touched = f'SELECT * FROM "changed_{name}"'
        if rules.touched:
            touched = f"SELECT DISTINCT {keys} FROM ({self._fill(rules.touched)})"
        self._do(f'CREATE TABLE "touched_{name}" AS {touched}')
        same = same_key(rules.key, "m", "c", rules.is_nullable)
        self._do(
            f'CREATE TABLE before_part."{name}" AS SELECT m.* FROM before."{name}" AS m '
            f'SEMI JOIN "touched_{name}" AS c ON {same}{self._known(mart)}'
        )
        self._do(
            f'CREATE TABLE after_part."{name}" AS SELECT m.* FROM before_part."{name}" AS m '
            f'ANTI JOIN "changed_{name}" AS c ON {same} UNION ALL SELECT * FROM fresh."{name}"'
        )

    def _additive(self, mart: Mart) -> None:
        name = mart.name
        keys = ", ".join(f'"{column}"' for column in mart.upkeep.key)
        for side in ("before", "after"):
            self._inputs(mart, side)
            self._within("inputs", f'CREATE TABLE main."{side}_{name}" AS\n{self._sql(mart)}')
        self._do(f'CREATE TABLE fresh."{name}" AS {difference(self.connection, mart)}')
        lost = f"SELECT {keys} FROM before_{name} EXCEPT SELECT {keys} FROM after_{name}"
        if self.world.mode == "load" and (
            not self.lost_keys.isdisjoint(_names_in(self._sql(mart)))  # what a sum of sums lost shows in those alone
            or self.connection.execute(f"SELECT count(*) FROM ({lost})").fetchall()[0][0]
        ):
            self.lost_keys.add(name)
        condition = self._known(mart)
        self._do(
            f'CREATE VIEW main."{name}" AS SELECT * FROM before."{name}" AS m{condition} '
            f'UNION ALL SELECT * FROM fresh."{name}"'
        )
        self._do(f'CREATE VIEW after_part."{name}" AS SELECT * FROM fresh."{name}"')
        self._do(f'CREATE VIEW before_part."{name}" AS SELECT * FROM fresh."{name}" WHERE false')

    # What the forms share.

    def _inputs(self, mart: Mart, side: str) -> None:
        """The schema `inputs`: each relation that the mart's SQL names, cut to what its keys need."""
        self._do("DROP SCHEMA IF EXISTS inputs CASCADE")
        self._do("CREATE SCHEMA inputs")
        for name in _names_in(self._sql(mart)):
            self._do(f'CREATE VIEW inputs."{name}" AS {self._input(mart, name, side)}')

    def _input(self, mart: Mart, name: str, side: str) -> str:
        rules = mart.upkeep
        override = rules.inputs.get(name, {}).get(self.world.mode)
        if override is not None and side == "after":
            return self._fill({self.world.mode: override})
        if name in self._by_name:
            form = self._by_name[name].upkeep.form
            return f'SELECT * FROM {_full(side) if form == "whole" else f"{side}_part"}."{name}"'
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

    def _sql(self, mart: Mart) -> str:
        return bind(mart.sql, parameters(self.world.as_of, self.world.time_zone))

    def _within(self, schema: str, sql: str) -> None:
        """Run a statement whose unqualified names are those of a schema."""
        self._do(f"SET search_path = '{schema}'")
        try:
            self._do(sql)
        finally:
            self._do("SET search_path = 'main'")

    def _do(self, sql: str) -> None:
        self.connection.execute(sql)


def same_key(key: Sequence[str], left: str, right: str, is_nullable: bool) -> str:
    """The join condition of equal keys; where they may be NULL, two NULLs are the same (which the engine joins more slowly)."""
    equals = "IS NOT DISTINCT FROM" if is_nullable else "="
    return " AND ".join(f'{left}."{column}" {equals} {right}."{column}"' for column in key)


def difference(connection: duckdb.DuckDBPyConnection, mart: Mart) -> str:
    """after_MART minus before_MART, one row a key that changed."""
    name = mart.name
    columns = [(str(row[0]), str(row[1])) for row in connection.execute(f'DESCRIBE main."after_{name}"').fetchall()]
    negated = ", ".join(column if column in mart.upkeep.key else f'-"{column}" AS "{column}"' for column, _ in columns)
    both = f'SELECT * FROM main."after_{name}" UNION ALL SELECT {negated} FROM main."before_{name}"'
    return sum_keys(both, mart, columns)


def sum_keys(relation: str, mart: Mart, columns: Sequence[tuple[str, str]]) -> str:
    """An additive mart's rows with one row a key, without those that add up to nothing. `columns`: names with their types."""
    keys = ", ".join(f'"{column}"' for column in mart.upkeep.key)
    sums = [(column, f'CAST(sum("{column}") AS {kind})') for column, kind in columns if column not in mart.upkeep.key]
    listed = ", ".join(
        f'"{column}"' if column in mart.upkeep.key else f'{dict(sums)[column]} AS "{column}"' for column, _ in columns
    )
    nonzero = " OR ".join(f'sum("{column}") <> 0' for column, _ in sums)
    return f"SELECT {listed} FROM ({relation}) GROUP BY {keys} HAVING {nonzero}"


def _names_in(sql: str) -> set[str]:
    """The relations that a SELECT reads; asked of an empty database, which takes each name as it is written."""
    with duckdb.connect() as nothing:
        return set(nothing.get_table_names(sql))


def _full(side: str) -> str:
    return "before" if side == "before" else "main"
