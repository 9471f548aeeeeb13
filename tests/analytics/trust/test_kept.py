"""Kept scores: read back as they were computed, valid as long as nothing known by their day changed, and never wrong."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analytics.errors import InputError, WarehouseError
from analytics.ingest import load, rebuild
from analytics.ingest import marts as ingest_marts
from analytics.trust import MARTS, TrustScore, default_programme, kept, score_merchants
from analytics.trust.kept import KeptScores
from analytics.trust.programme import Level
from analytics.warehouse import Warehouse
from tests.analytics.marts.test_upkeep import Tables, states, untidy, write
from tests.analytics.metrics.marketplace import Row, merchant
from tests.analytics.metrics.random_marketplace import random_tables

DAY = date(2024, 5, 15)  # the facts of the marketplace go on until August
NOON = datetime(2024, 5, 15, 12, tzinfo=UTC)
PROGRAMME = replace(default_programme(), min_n=5)


def before(tables: Tables, end: datetime) -> Tables:
    """What was there before an instant: rows, and tickets as they were loaded then."""
    return {
        "events": [row for row in tables["events"] if row["occurred_at"] < end],
        "tickets": [row | {"updated_at": row["opened_at"]} for row in tables["tickets"] if row["opened_at"] < end],
        "merchants": list(tables["merchants"]),
    }


def alone(root: Path) -> Warehouse:
    """A warehouse that asks for no second thread, which so few rows would only keep waiting."""
    return Warehouse(root, threads=1)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A marketplace up to the end of the day after DAY."""
    folder = tmp_path_factory.mktemp("kept")
    tables = before(random_tables(5), datetime(2024, 5, 17, tzinfo=UTC))
    load(alone(folder / "warehouse"), "canonical", write(folder / "source", tables), seed=1)
    return folder / "warehouse"


@pytest.fixture
def warehouse(template: Path, tmp_path: Path) -> Warehouse:
    return alone(shutil.copytree(template, tmp_path / "warehouse"))


def grow(warehouse: Warehouse, **tables: list[Row]) -> str:
    """Load rows on top; the new snapshot's id."""
    folder = warehouse.root.parent / f"load-{len(warehouse.folder.snapshot_ids())}"
    return load(warehouse, "canonical", write(folder, tables), seed=1).snapshot_id


def of(warehouse: Warehouse, snapshot_id: str | None = None) -> KeptScores:
    return KeptScores.of(warehouse, snapshot_id or warehouse.snapshot().snapshot_id, PROGRAMME)


def computed(warehouse: Warehouse, snapshot_id: str | None = None, day: date = DAY) -> tuple[TrustScore, ...]:
    with alone(warehouse.root).cursor(snapshot_id, as_of=day, marts=MARTS) as cursor:
        return tuple(score_merchants(cursor, programme=PROGRAMME))


def files(warehouse: Warehouse) -> list[Path]:
    return sorted(path for path in (warehouse.root / "scores").rglob("*") if path.is_file())


def order(name: str, when: datetime, **values: object) -> Row:
    common = {"kind": "order_placed", "merchant_id": "m1", "buyer_id": "b1", "amount": 1.0, "currency": "EUR"}
    return {"event_id": name, "order_id": name, "line_id": "1", "occurred_at": when} | common | values


def ticket(name: str, when: datetime, **values: object) -> Row:
    opened = {"merchant_id": "m1", "opened_by": "merchant", "status": "open", "updated_at": when}
    return {"ticket_id": name, "opened_at": when} | opened | values


def assert_close(found: tuple[TrustScore, ...], expected: tuple[TrustScore, ...], what: str = "") -> None:
    """Equal but for the last digits: sums of counts that were added up in another order."""
    exact = [
        [replace(s, score=None, ci_low=None, ci_high=None, contributions={}) for s in each]
        for each in (found, expected)
    ]
    assert exact[0] == exact[1], what
    for ours, theirs in zip(found, expected, strict=True):
        assert (ours.score, dict(ours.contributions)) == (
            theirs.score and pytest.approx(theirs.score, abs=1e-6),
            pytest.approx(dict(theirs.contributions), abs=1e-6),
        ), what
        ends = (theirs.ci_low, theirs.ci_high)
        assert (ours.ci_low, ours.ci_high) == (ends if None in ends else pytest.approx(ends, abs=1e-3)), what


@pytest.fixture
def nothing_computed(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def forbid() -> None:
        def refused(*_: object, **__: object) -> list[TrustScore]:
            raise AssertionError("it was computed")

        monkeypatch.setattr(kept, "score_merchants", refused)

    return forbid


def test_scores_are_read_back_bit_for_bit(warehouse: Warehouse, nothing_computed: Callable[[], None]) -> None:
    made = of(warehouse).on(DAY)
    assert {score.status for score in made.scores} == {"ok"}
    assert_close(made.scores, computed(warehouse))
    assert len(files(warehouse)) == 1
    nothing_computed()
    again = of(Warehouse(warehouse.root)).on(DAY)
    assert again == made
    assert repr(again) == repr(made)  # also the order of contributions, and the types of numbers


def test_what_has_no_score_and_odd_numbers_are_read_back_too(tmp_path: Path) -> None:
    numbers = (-0.0, 0.1 + 0.2, 5e-324, 100.0)
    scores = (
        TrustScore("a", DAY, *numbers[:1], "good", *numbers[1:3], 7, "ok", {"x": numbers[0], "y": numbers[3]}, ("r",)),
        TrustScore("b", DAY, None, None, None, None, 0, "new", left_out=("r",)),
        TrustScore("ünïcode 商家", DAY, None, None, None, None, 2**40, "not_in_source", left_out=("r",)),
    )
    made = kept.DayScores(scores, NOON)
    kept._keep(tmp_path / f"{DAY}-1.parquet", DAY, made)
    assert repr(kept._read(tmp_path / f"{DAY}-1.parquet", DAY)) == repr(made)
    kept._keep(tmp_path / f"{DAY}-2.parquet", DAY, kept.DayScores(scores[1:], NOON))
    assert repr(kept._read(tmp_path / f"{DAY}-2.parquet", DAY)) == repr(kept.DayScores(scores[1:], NOON))


def test_a_bit_that_flipped_gives_no_wrong_score(tmp_path: Path) -> None:
    dice = random.Random(1)
    scores = tuple(
        TrustScore(f"m{n}", DAY, dice.random(), "good", dice.random(), dice.random(), n, "ok", {"x": dice.random()})
        for n in range(40)
    )
    path = tmp_path / f"{DAY}-1.parquet"
    kept._keep(path, DAY, kept.DayScores(scores, NOON))
    whole = path.read_bytes()
    pages = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    unread = 0
    for place in range(4, pages, 3):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        found = kept._read(path, DAY)
        assert found is None or found.scores == scores, place
        unread += found is None
    assert unread > 100


@pytest.mark.parametrize("days_later", [1, 30])
def test_a_load_of_later_facts_leaves_a_day_valid(
    warehouse: Warehouse, nothing_computed: Callable[[], None], days_later: int
) -> None:
    """Also one of the same month: new orders, a new merchant with a ticket, an old ticket resolved, a merchant renamed."""
    first = of(warehouse).on(DAY)
    when = NOON + timedelta(days=days_later)
    with warehouse.cursor() as cursor:
        known = cursor.rows("select * exclude (source, load_id) from tickets order by opened_at limit 1")[0]
    snapshot_id = grow(
        warehouse,
        events=[order("n1", when), order("n2", when, merchant_id="m9")],
        merchants=[
            merchant("m9", "toys", "north") | {"joined_at": when, "updated_at": when},
            merchant("m1", "toys", "north") | {"name": "Another name", "updated_at": when},
        ],
        tickets=[
            ticket("n1", when, merchant_id="m9"),
            known | {"status": "resolved", "resolved_at": when, "csat_score": 1, "updated_at": when},
        ],
    )
    assert_close(first.scores, computed(warehouse, snapshot_id))
    nothing_computed()
    assert of(warehouse, snapshot_id).on(DAY) == first


CHANGES: dict[str, dict[str, list[Row]]] = {
    "a late event": {"events": [order("late", NOON)]},
    "an event of long ago": {"events": [order("old", NOON - timedelta(days=90))]},
    "the last instant of the day": {"events": [order("last", datetime(2024, 5, 15, 23, 59, 59, tzinfo=UTC))]},
    "a merchant of another category": {"merchants": [merchant("m3", "toys", "north") | {"updated_at": NOON}]},
    "a merchant who had joined": {"merchants": [merchant("m8", "toys", "north") | {"joined_at": NOON}]},
    "a ticket that had been opened": {"tickets": [ticket("late", NOON, merchant_id="m7")]},
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_the_past_is_computed_anew(warehouse: Warehouse, change: str) -> None:
    earlier = warehouse.snapshot().snapshot_id
    first = of(warehouse).on(DAY)
    snapshot_id = grow(warehouse, **CHANGES[change])
    again = of(warehouse, snapshot_id).on(DAY)
    assert again.made_at > first.made_at
    with pytest.raises(AssertionError):
        assert_close(again.scores, first.scores)
    assert_close(again.scores, computed(warehouse, snapshot_id))
    assert len(files(warehouse)) == 1  # what was kept of the day for other facts is gone
    assert_close(of(warehouse, earlier).on(DAY).scores, first.scores)  # roll-back


def test_the_merchant_of_a_row_that_came_early_is_among_the_facts(warehouse: Warehouse) -> None:
    """A merchant that sold before it joined is shown as of then, so its category counts."""
    grow(warehouse, events=[order("early", NOON, merchant_id="m9")])
    first = of(warehouse).on(DAY)
    joined = {"joined_at": NOON + timedelta(days=9), "updated_at": NOON}
    grow(warehouse, merchants=[merchant("m9", "toys", "north") | joined])
    again = of(warehouse).on(DAY)
    assert again.made_at > first.made_at
    assert_close(again.scores, computed(warehouse))


def test_another_zone_programme_or_way_of_computing_is_another_file(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [of(warehouse)._path(DAY)]
    snapshot_id = warehouse.snapshot().snapshot_id
    other = replace(PROGRAMME, levels=(Level("high", "High", 50.0), Level("low", "Low", 0.0)))
    names.append(KeptScores.of(warehouse, snapshot_id, other)._path(DAY))
    monkeypatch.setattr(kept, "SCORE_VERSION", kept.SCORE_VERSION + 1)
    names.append(of(warehouse)._path(DAY))
    names.append(of(warehouse)._path(DAY + timedelta(days=1)))
    for zone in ("Asia/Shanghai", "Africa/Abidjan"):  # the day ends at another instant; at the same
        rebuild(warehouse, time_zone=zone)
        names.append(of(warehouse)._path(DAY))
    assert None not in names
    assert len(set(names)) == 6


def tear(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def foreign(path: Path) -> None:
    pq.write_table(pa.table({"merchant_id": ["a"], "score": [1.0]}), path)


def misplaced(path: Path) -> None:
    """Another day's file under this one's name."""
    about = pq.read_table(path).schema.metadata[kept._ABOUT].replace(str(DAY).encode(), b"2024-05-01")
    pq.write_table(pq.read_table(path).replace_schema_metadata({kept._ABOUT: about}), path)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [tear, foreign, misplaced, empty])
def test_a_file_that_is_torn_or_no_such_file_is_replaced(
    warehouse: Warehouse, damage: Callable[[Path], None], nothing_computed: Callable[[], None]
) -> None:
    first = of(warehouse).on(DAY)
    damage(files(warehouse)[0])
    again = of(warehouse).on(DAY)
    assert again.made_at > first.made_at
    assert_close(again.scores, first.scores)
    nothing_computed()
    assert of(warehouse).on(DAY) == again


def test_a_warehouse_that_only_can_be_read_keeps_nothing_and_answers(warehouse: Warehouse) -> None:
    (warehouse.root / "scores").write_text("in the way of the folder")
    assert_close(of(warehouse).on(DAY).scores, computed(warehouse))
    with pytest.raises(WarehouseError, match=r"^Can't keep scores in .*scores") as caught:
        of(warehouse).prepare(DAY)
    assert "\n" not in str(caught.value)


def test_several_at_once_keep_one_file_and_read_the_same(warehouse: Warehouse) -> None:
    readers = [of(Warehouse(warehouse.root)) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda one: one.on(DAY).scores, readers))
    for scores in found:
        assert_close(scores, found[0])
    assert [path.suffix for path in files(warehouse)] == [".parquet"]


def test_only_what_is_stale_of_the_same_day_is_dropped(warehouse: Warehouse) -> None:
    of(warehouse).on(DAY - timedelta(days=1))
    folder = files(warehouse)[0].parent
    stale, writing, abandoned = (folder / f"{DAY}-{name}" for name in ("0.parquet", "1.7-1.tmp", "2.7-1.tmp"))
    for path in (stale, writing, abandoned):
        path.touch()
    os.utime(abandoned, (0, 0))
    of(warehouse).on(DAY)
    assert not stale.exists()
    assert not abandoned.exists()
    assert writing.exists()
    assert len(files(warehouse)) == 3


def test_a_day_is_prepared_once(warehouse: Warehouse, nothing_computed: Callable[[], None]) -> None:
    assert of(warehouse).prepare(DAY)
    nothing_computed()
    assert not of(warehouse).prepare(DAY)
    assert of(warehouse).on(DAY).scores


def test_a_day_to_come_and_marts_of_another_version_are_not_kept(warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="yet to come"):
        of(warehouse).prepare(date(2190, 1, 1))
    of(warehouse).on(date(2190, 1, 1))
    marts = shutil.copytree(warehouse.marts_folder, tmp_path / "marts")
    changed = next(marts.glob("*merchant_day.sql"))
    changed.write_text(changed.read_text(encoding="utf-8") + "\n-- said otherwise\n", encoding="utf-8")
    outdated = Warehouse(warehouse.root, marts_folder=marts)
    assert_close(of(outdated).on(DAY).scores, computed(warehouse))
    assert files(warehouse) == []


def test_a_day_before_all_events_is_said_as_ever(warehouse: Warehouse) -> None:
    with pytest.raises(InputError, match="no event up to the end of 2023-01-01"):
        of(warehouse).on(date(2023, 1, 1))


def test_a_load_or_roll_back_drops_no_kept_score(warehouse: Warehouse) -> None:
    first = warehouse.snapshot().snapshot_id
    of(warehouse).on(DAY)
    found = files(warehouse)
    grow(warehouse, events=[order("n1", NOON + timedelta(days=40))])
    warehouse.rollback(first)
    assert files(warehouse) == found


def restless(dice: random.Random) -> Tables:
    """A random marketplace whose merchants join at any time, before or after they are loaded, change category, and have tickets before they sell."""
    seed = dice.randrange(10**6)
    tables = untidy(seed)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    tables["merchants"] = [
        merchant(f"m{number}", dice.choice(["toys", "books"]), "north")
        | {
            "joined_at": known_at + timedelta(days=dice.randrange(-20, 60)) if dice.random() < 0.9 else None,
            "updated_at": known_at,
        }
        for number in (*range(1, 8), *range(1, 3))
        for known_at in [start + timedelta(days=dice.randrange(240))]
    ]
    for row in tables["tickets"]:
        row["merchant_id"] = f"m{dice.randrange(1, 9)}"
    tables["tickets"] = [state for row in tables["tickets"] for state in states(row)]
    return {name: tables[name] for name in ("events", "merchants", "tickets")}


def in_time(tables: Tables, dice: random.Random, count: int) -> list[Tables]:
    """The tables cut into loads by when a row became known, as every night would load them; some loads have one row that is late."""
    cuts = sorted(
        datetime(2024, 2, 20, tzinfo=UTC) + timedelta(hours=dice.randrange(150 * 24)) for _ in range(count - 1)
    )
    loads: list[Tables] = [{name: [] for name in tables} for _ in range(count)]
    for name, rows in tables.items():
        for row in rows:
            known_at = row["occurred_at" if name == "events" else "updated_at"]
            loads[sum(cut <= known_at for cut in cuts)][name].append(row)
    for earlier, later in pairwise(loads):
        name = dice.choice(list(tables))
        if dice.random() < 0.3 and earlier[name]:
            later[name].append(earlier[name].pop(dice.randrange(len(earlier[name]))))
    return loads


def test_kept_scores_are_the_computed_ones_whatever_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Days of a random marketplace, scored again after each load: where their facts stayed the kept ones are right, and where not they are made anew."""
    monkeypatch.setattr("analytics.warehouse.FULL_DAY_ROWS", 0)
    monkeypatch.setattr(ingest_marts, "FULL_BUILD_ROWS", 0)
    monkeypatch.setattr(ingest_marts, "CHANGED_SHARE", 1.0)
    seed = random.SystemRandom().randrange(10**6)
    dice = random.Random(seed)
    warehouse, made = alone(tmp_path / "warehouse"), dict[date, datetime]()
    days = [date(2024, 2, 15) + timedelta(days=dice.randrange(120)) for _ in range(3)]
    for tables in filter(lambda each: any(each.values()), in_time(restless(dice), dice, 4)):
        grow(warehouse, **tables)
        for day in days:
            found = of(warehouse).on(day)
            if found.made_at == made.get(day):  # else it was computed just now
                assert_close(found.scores, computed(warehouse, day=day), f"seed {seed}, {day}")
            made[day] = found.made_at
