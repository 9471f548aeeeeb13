"""A damaged folder gives one clear line, stops nothing else, and is mended where it can be."""

from collections.abc import Callable
from pathlib import Path

import pytest

from analytics import set_aside
from analytics.errors import WarehouseError
from analytics.ingest import load, rebuild
from analytics.snapshots import KEPT_SNAPSHOTS
from analytics.warehouse import Warehouse
from tests.analytics.ingest.folders import EVENTS, all_files, make_warehouse, write_events
from tests.analytics.small_warehouse import count_events, grow, warehouse

__all__ = ["warehouse"]


def damage_pointer(root: Path) -> None:
    (root / "CURRENT").unlink()


def damage_target(root: Path) -> None:
    (root / "CURRENT").write_text("20990101T000000000000Z\n")


def damage_pointers_text(root: Path) -> None:
    (root / "CURRENT").write_bytes(b"\xff\xfe\x00")


def damage_manifest(root: Path) -> None:
    next((root / "snapshots").glob("*.json")).write_text('{"snapshot')


def damage_part(root: Path) -> None:
    next((root / "parts").rglob("*.parquet")).unlink()


def tear(folder: str) -> Callable[[Path], None]:
    def damage(root: Path) -> None:
        for path in (root / folder).rglob("*.parquet"):
            path.write_bytes(path.read_bytes()[:40])

    return damage


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (tear("marts"), r"A file of snapshot \w+ can't be read \(.*\.parquet"),
        (damage_pointer, "CURRENT is missing"),
        (damage_target, "names snapshot '20990101T000000000000Z', which has no manifest"),
        (damage_pointers_text, r"CURRENT names snapshot '\\ufffd\\ufffd\\x00', which has no manifest"),
        (damage_manifest, "is no manifest"),
        (damage_part, r"lacks 1 of its files, first .*\.parquet"),
    ],
)
def test_a_damaged_folder_gives_one_clear_line(warehouse: Warehouse, damage: object, said: str) -> None:
    assert callable(damage)
    damage(warehouse.root)
    with pytest.raises(WarehouseError, match=said) as caught, Warehouse(warehouse.root).cursor():
        pass
    assert "\n" not in str(caught.value)
    assert "oll back" in str(caught.value) or "load the data again" in str(caught.value)


def test_a_torn_file_gives_one_clear_line_wherever_it_is_read(tmp_path: Path) -> None:
    writer = make_warehouse(tmp_path)
    load(writer, "canonical", write_events(tmp_path / "first", (*EVENTS, "bad,,order_placed,m1,ann,o9,1,EUR,,")))
    tear("quarantine")(writer.root)
    with pytest.raises(WarehouseError, match=r"can't be read \(.*quarantine/.*\.parquet"):
        set_aside.counts(Warehouse(writer.root))
    tear("parts")(writer.root)
    reader = Warehouse(writer.root)
    with pytest.raises(WarehouseError, match=r"can't be read \(.*parts/.*\.parquet"):
        count_events(reader)
    with pytest.raises(WarehouseError, match=r"can't be read or written \(.*\.parquet.*Nothing was changed"):
        grow(writer, tmp_path, 1)


def test_only_a_whole_snapshot_is_advised_to_go_back_to(warehouse: Warehouse, tmp_path: Path) -> None:
    old = warehouse.snapshot().snapshot_id
    middle, new = grow(warehouse, tmp_path, 2)
    lost = set(warehouse.folder.read(middle).paths()) - set(warehouse.folder.read(old).paths())
    for path in lost:
        (warehouse.root / path).unlink()
    with pytest.raises(WarehouseError, match=f"--rollback {old}"):
        count_events(Warehouse(warehouse.root), new)
    damage_part(warehouse.root)
    for path in warehouse.folder.read(old).paths():
        (warehouse.root / path).unlink(missing_ok=True)
    with pytest.raises(WarehouseError, match="No whole snapshot is left"):
        warehouse.rollback(old)


def test_a_torn_manifest_of_an_old_snapshot_stops_nothing_and_nothing_is_collected(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    old = warehouse.snapshot().snapshot_id
    needed = warehouse.folder.read(old).paths()
    manifest = warehouse.root / "snapshots" / f"{old}.json"
    whole = manifest.read_text()
    (middle,) = grow(warehouse, tmp_path, 1)
    manifest.write_text("{")
    rebuilt = rebuild(warehouse)
    assert [snapshot.snapshot_id for snapshot in warehouse.snapshots()] == [rebuilt, middle]
    (said,) = warehouse.folder.manifests()[1].values()
    assert str(manifest) in said
    assert "\n" not in said
    assert needed <= all_files(warehouse.root)
    manifest.write_text(whole)
    assert count_events(warehouse, old) == len(EVENTS)


def test_a_torn_manifest_grows_old_and_then_files_are_collected_again(warehouse: Warehouse, tmp_path: Path) -> None:
    old = warehouse.snapshot().snapshot_id
    own = f"marts/{old}/order_day.parquet"
    assert own in all_files(warehouse.root)
    grow(warehouse, tmp_path, 1)
    (warehouse.root / "snapshots" / f"{old}.json").write_text("[]")
    for _ in range(KEPT_SNAPSHOTS):
        rebuild(warehouse)
    assert not warehouse.folder.manifests()[1]
    assert own not in all_files(warehouse.root)


@pytest.mark.parametrize("path", ["../snapshots/{id}", "./{id}", "{root}/snapshots/{id}", ""])
def test_a_path_to_a_manifest_is_no_snapshot_id(warehouse: Warehouse, path: str) -> None:
    served = warehouse.snapshot().snapshot_id
    wanted = path.format(id=served, root=warehouse.root)
    before = all_files(warehouse.root)
    with pytest.raises(WarehouseError, match="There is no snapshot"):
        warehouse.rollback(wanted)
    with pytest.raises(WarehouseError, match="There is no snapshot"), Warehouse(warehouse.root).cursor(wanted):
        pass
    assert all_files(warehouse.root) == before
    (warehouse.root / "CURRENT").write_text(wanted)
    with pytest.raises(WarehouseError, match="has no manifest"):
        warehouse.snapshot()


def test_marts_that_are_gone_are_built_anew_from_the_facts(warehouse: Warehouse, tmp_path: Path) -> None:
    for path in (warehouse.root / "marts").rglob("*.parquet"):
        path.unlink()
    with pytest.raises(WarehouseError, match=r"lacks 2 of its files.*trustdesk build") as caught:
        grow(warehouse, tmp_path, 1)
    assert "oll" not in str(caught.value), "no other snapshot is needed"
    rebuild(warehouse)
    with warehouse.cursor() as cursor:
        assert cursor.rows("select * from order_total") == [{"merchant_id": "m1", "order_count": 2}]
    damage_part(warehouse.root)
    with pytest.raises(WarehouseError, match=r"lacks 1 of its files.*parts/"):
        rebuild(warehouse)


def test_rollback_mends_a_lost_pointer(warehouse: Warehouse) -> None:
    kept = warehouse.snapshot().snapshot_id
    damage_pointer(warehouse.root)
    warehouse.rollback(kept)
    assert count_events(warehouse) == len(EVENTS)


def test_what_a_kill_left_half_written_is_cleared_by_the_next_load(warehouse: Warehouse, tmp_path: Path) -> None:
    left = [warehouse.root / "CURRENT.tmp", warehouse.root / "snapshots" / "20240101T000000000000Z.json.tmp"]
    for path in left:
        path.write_text("{", encoding="utf-8")
    grow(warehouse, tmp_path, 1)
    assert not [path for path in left if path.exists()]
