"""The marts of a new snapshot: all of them from all facts, or only what a load changed, beside the files that stay.

Knows nothing of sources and pages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from analytics.engines.duckdb import Built, build_marts, copy_to, quote, read_files
from analytics.engines.marts import Mart, marts_digest
from analytics.engines.upkeep import Upkeep, World, columns_of, same_key, sum_keys
from analytics.snapshots import Manifest, Part, Patch
from analytics.warehouse import KNOWN_AT, Warehouse, create_table_views, create_views

CHANGED_SHARE = 0.05  # of its rows: a larger patch costs more at each reading than writing the mart anew once
ADDED_SHARE = 0.5  # the same of rows that only have to be added up
OnMart = Callable[[str], None]
# Another engine's way: root of the warehouse, manifest, marts, folder to write to, told each mart's name.
Build = Callable[[Path, Manifest, tuple[Mart, ...], Path, OnMart], Built]
FULL_BUILD_ROWS = 300_000  # up to so many rows building everything takes no longer than finding out what changed


def can_follow(base: Manifest, manifest: Manifest, marts: tuple[Mart, ...]) -> bool:
    """Whether the marts of `base` can be brought to `manifest` by what the loads since changed, and whether that pays."""
    before, after = (sum(part.rows for parts in each.tables.values() for part in parts) for each in (base, manifest))
    return (
        base.marts_digest == marts_digest(marts)
        and base.time_zone == manifest.time_zone
        and after > FULL_BUILD_ROWS
        and after - before <= CHANGED_SHARE * after
    )


def build_all(
    warehouse: Warehouse, manifest: Manifest, marts: tuple[Mart, ...], on_mart: OnMart, build: Build | None
) -> Manifest:
    """The manifest with all marts built from all of its facts, in DuckDB or by `build`, and with its first and last instant."""
    write_to = warehouse.root / "marts" / manifest.snapshot_id
    with warehouse.connect() as connection:
        create_table_views(connection, warehouse.root, manifest.tables)
        bounds = connection.execute("SELECT min(occurred_at), max(occurred_at) FROM events").fetchall()[0]
        if build is None:
            zone = manifest.time_zone
            built = build_marts(connection, marts, as_of=None, time_zone=zone, write_to=write_to, on_mart=on_mart)
        else:
            built = build(warehouse.root, manifest, marts, write_to, on_mart)
    return replace(
        manifest,
        data_from=bounds[0],
        data_up_to=bounds[1],
        marts={
            name: tuple(path.relative_to(warehouse.root).as_posix() for path in paths)
            for name, paths in built.files.items()
        },
        patches={},
        views=built.views,
    )


def build_changed(
    warehouse: Warehouse, base: Manifest, manifest: Manifest, marts: tuple[Mart, ...], on_mart: OnMart
) -> Manifest:
    """The manifest with the marts of `base` and patches of what loads since changed, and with its first and last instant."""
    with warehouse.connect() as connection:
        create_views(connection, warehouse.root, base, "before")
        create_table_views(connection, warehouse.root, manifest.tables)
        _view_changed(connection, warehouse.root, base, manifest)
        bounds = connection.execute("SELECT min(occurred_at), max(occurred_at) FROM changed_events").fetchall()[0]
        upkeep = Upkeep(connection, marts, World(manifest.time_zone), on_mart)
        upkeep.run()
        store = _Store(connection, warehouse, base, manifest.snapshot_id)
        for mart in marts:
            store.keep(mart, mart.name in upkeep.lost_keys)
    moments = [moment for moment in (base.data_from, base.data_up_to, *bounds) if moment]
    return replace(
        manifest,
        data_from=min(moments, default=None),
        data_up_to=max(moments, default=None),
        marts=store.marts,
        patches=store.patches,
        views=base.views,
    )


def _view_changed(connection: duckdb.DuckDBPyConnection, root: Path, base: Manifest, manifest: Manifest) -> None:
    """changed_TABLE: the rows that the loads since `base` added, or put in the place of others."""
    new_loads = ", ".join(quote(load.load_id) for load in manifest.loads[len(base.loads) :])
    for name in KNOWN_AT:
        known = {part.path for part in base.tables.get(name, ())}
        added: Sequence[Part] = [part for part in manifest.tables.get(name, ()) if part.path not in known]
        source = read_files([root / part.path for part in added]) if added else f"(SELECT * FROM {name} WHERE false)"
        connection.execute(f"CREATE VIEW changed_{name} AS SELECT * FROM {source} WHERE load_id IN ({new_loads})")


class _Store:
    """Writes what an upkeep made: a mart anew, or its patch, which holds all that was changed since the mart's own files."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, base: Manifest, snapshot_id: str
    ) -> None:
        self.connection = connection
        self.warehouse = warehouse
        self.base = base
        self.folder = warehouse.root / "marts" / snapshot_id
        self.marts = dict(base.marts)
        self.patches = dict(base.patches)

    def keep(self, mart: Mart, has_lost_keys: bool) -> None:
        """Store one mart. `has_lost_keys`: a sum may have become empty, which only writing the mart anew takes away."""
        form = mart.upkeep.form
        if form == "view":
            return
        if form == "whole" or has_lost_keys:
            self._write_anew(mart)
            return
        changed = self._count(f'fresh."{mart.name}"') + (
            self._count(f'"changed_{mart.name}"') if form == "keyed" else 0
        )
        if changed:
            rows = self._write_keyed(mart) if form == "keyed" else self._write_additive(mart)
            share = CHANGED_SHARE if form == "keyed" else ADDED_SHARE
            if rows > share * self._count(read_files(self._files(mart.name))):
                self._write_anew(mart)

    def _write_anew(self, mart: Mart) -> None:
        sql = f'SELECT * FROM "{mart.name}"'
        if mart.upkeep.form == "additive":
            sql = sum_keys(sql, mart, columns_of(self.connection, f'"{mart.name}"'))
        path = self.folder / f"{mart.name}.parquet"
        copy_to(self.connection, sql, path, mart.upkeep.sort)
        self.marts[mart.name] = (self._name(path),)
        self.patches.pop(mart.name, None)

    def _write_keyed(self, mart: Mart) -> int:
        name, key = mart.name, mart.upkeep.key
        rows, keys = f'SELECT * FROM fresh."{name}"', f'SELECT * FROM "changed_{name}"'
        if patch := self.base.patches.get(name):
            older, replaced = (read_files([self.warehouse.root / str(path)]) for path in (patch.rows, patch.keys))
            rows += f' UNION ALL SELECT p.* FROM {older} AS p ANTI JOIN "changed_{name}" AS c ON {same_key(key, "p", "c", mart.upkeep.is_nullable)}'
            keys += f" UNION SELECT * FROM {replaced}"
        rows_path, keys_path = self.folder / f"{name}.patch.parquet", self.folder / f"{name}.keys.parquet"
        written = copy_to(self.connection, rows, rows_path, mart.upkeep.sort)
        replaced_keys = copy_to(self.connection, keys, keys_path)
        self.patches[name] = Patch(self._name(rows_path), self._name(keys_path), key, mart.upkeep.is_nullable)
        return max(written, replaced_keys)

    def _write_additive(self, mart: Mart) -> int:
        name = mart.name
        rows = f'SELECT * FROM fresh."{name}"'
        if patch := self.base.patches.get(name):
            older = read_files([self.warehouse.root / patch.rows])
            rows = sum_keys(
                f"{rows} UNION ALL SELECT * FROM {older}", mart, columns_of(self.connection, f'fresh."{name}"')
            )
        path = self.folder / f"{name}.patch.parquet"
        written = copy_to(self.connection, rows, path, mart.upkeep.sort)
        self.patches[name] = Patch(self._name(path))
        return written

    def _name(self, path: Path) -> str:
        return path.relative_to(self.warehouse.root).as_posix()

    def _files(self, name: str) -> list[Path]:
        return [self.warehouse.root / path for path in self.base.marts[name]]

    def _count(self, relation: str) -> int:
        return int(self.connection.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0])
