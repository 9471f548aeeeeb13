"""Kept evaluations: what was told stays when late data arrive, what is known now follows them, and each is computed once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from analytics.errors import WarehouseError
from analytics.trust import Programme, default_programme
from analytics.trust.evaluations import Evaluations
from analytics.trust.kept import SCORE_VERSION, KeptScores
from analytics.trust.programme import Evaluated, Level
from analytics.trust.schedule import Schedule
from tests.analytics.trust.marketplaces import FakeCursor, cursor_over

FIRST, LAST = date(2024, 1, 1), date(2024, 4, 1)
RULES = Evaluated(Schedule("month", 1), date(2000, 1, 1), margin=3.0, in_a_row=2, remembers=3)
PROGRAMME = replace(default_programme(), evaluated=RULES, window_days=60, half_life_days=10.0)
BUSY = {"order_count": 40, "delivery_due_count": 40, "ship_due_count": 40}


@dataclass(frozen=True)
class FakeSnapshot:
    data_from: datetime | None = datetime(2023, 12, 1, tzinfo=UTC)
    data_up_to: datetime | None = datetime(2024, 4, 1, 23, 30, tzinfo=UTC)
    time_zone: str = "UTC"


@dataclass
class FakeWarehouse:
    """A warehouse over merchant_day rows: `late` are the late orders per day of merchant a, the evidence that late data add."""

    root: Path
    late: dict[str, dict[date, int]]
    described: FakeSnapshot = FakeSnapshot()
    asked: list[tuple[str, date]] = field(default_factory=list)

    def snapshot(self, snapshot_id: str) -> FakeSnapshot:
        return self.described

    @contextmanager
    def cursor(self, snapshot_id: str, *, as_of: date, marts: object) -> Iterator[FakeCursor]:
        self.asked.append((snapshot_id, as_of))
        days = [date(2023, 12, 1) + timedelta(days=step) for step in range(0, 150, 5)]
        rows = [
            {"merchant_id": name, "day": day, **BUSY, "late_seller_count": late if name == "a" else 0}
            for day in days
            if day <= as_of
            for name, late in (("a", self.late[snapshot_id].get(day, 0)), ("b", 0))
        ]
        yield cursor_over(rows, [{"merchant_id": "a", "name": "A"}, {"merchant_id": "b", "name": "B"}], as_of=as_of)


@pytest.fixture(autouse=True)
def facts_are_those_of_the_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    def known(warehouse: FakeWarehouse, snapshot_id: str, day: date) -> str:
        return f"{snapshot_id} {warehouse.described.time_zone}"

    monkeypatch.setattr("analytics.trust.kept.facts_known", known)


def bad_march(count: int) -> dict[date, int]:
    return {date(2024, 3, 1) + timedelta(days=step): count for step in range(-30, 30)}


def made(root: Path, programme: Programme = PROGRAMME, **late: dict[date, int]) -> tuple[FakeWarehouse, Evaluations]:
    warehouse = FakeWarehouse(root, late)
    return warehouse, Evaluations.of(warehouse, next(iter(late)), programme)  # type: ignore[arg-type]


def test_an_evaluation_is_made_once_and_says_what_it_looked_at(tmp_path: Path) -> None:
    warehouse, evaluations = made(tmp_path, s1=bad_march(20))
    found = evaluations.history(LAST, 2)
    assert found["evaluated_on"].unique().tolist() == [date(2024, 3, 1), date(2024, 4, 1)]
    assert (
        len(warehouse.asked) == 5 == len(set(warehouse.asked))
    )  # March, April, and what February's level looks back at
    ant = found[found["merchant_id"] == "a"].set_index("evaluated_on")
    assert ant.loc[date(2024, 3, 1), "previous_level"] == "excellent"
    assert ant.loc[date(2024, 4, 1), "level"] == "poor"
    assert ant.loc[date(2024, 4, 1), "previous_on"] == date(2024, 3, 1)
    assert ant.loc[date(2024, 4, 1), "previous_score"] == ant.loc[date(2024, 3, 1), "score"]
    assert ant["snapshot_id"].unique().tolist() == ["s1"]
    pd.testing.assert_frame_equal(found, evaluations.history(LAST, 2))
    assert len(warehouse.asked) == 5


def test_any_day_has_the_level_of_the_evaluations_up_to_it(tmp_path: Path) -> None:
    _, whole = made(tmp_path / "whole", s1=bad_march(20))
    everything = whole.history(LAST, 9)
    for place, day in enumerate([date(2024, 1, 1), date(2024, 2, 15), date(2024, 3, 1), date(2024, 3, 31)]):
        _, alone = made(tmp_path / str(place), s1=bad_march(20))
        found = alone.history(day, 9).drop(columns="made_at")
        expected = everything[everything["evaluated_on"] <= day].drop(columns="made_at").reset_index(drop=True)
        pd.testing.assert_frame_equal(found, expected)


def test_late_data_change_what_is_known_and_not_what_was_told(tmp_path: Path) -> None:
    warehouse, first = made(tmp_path, s1={}, s2=bad_march(30))
    told = first.history(LAST, 3)
    assert set(told["level"]) == {"excellent"}
    later = Evaluations.of(warehouse, "s2", PROGRAMME)  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(later.history(LAST, 3), told)
    now = later.history(LAST, 3, known="now")
    assert now[now["merchant_id"] == "a"]["level"].tolist()[-1] == "poor"
    assert set(now["snapshot_id"]) == {"s2"}
    asked = len(warehouse.asked)
    pd.testing.assert_frame_equal(later.history(LAST, 3, known="now"), now)
    assert len(warehouse.asked) == asked
    pd.testing.assert_frame_equal(first.history(LAST, 3, known="now"), told)


def test_a_level_is_the_one_first_decided_even_when_its_memory_grows(tmp_path: Path) -> None:
    late = {date(2024, 3, 5) + timedelta(days=step): 4 for step in range(30)}
    _, trial = made(tmp_path / "trial", s1=late)
    scores = trial.history(LAST, 2).set_index(["merchant_id", "evaluated_on"])["score"]
    april, march = scores["a", LAST], scores["a", date(2024, 3, 1)]
    assert march > april + 4
    border = Level("high", "High", april + 1)
    programme = replace(PROGRAMME, levels=(border, Level("low", "Low", 0.0)))

    warehouse, evaluations = made(tmp_path / "alone", programme, s1=late)
    warehouse.described = replace(warehouse.described, data_from=datetime(2024, 3, 20, tzinfo=UTC))
    told = evaluations.history(LAST, 5)
    assert told["evaluated_on"].unique().tolist() == [LAST]
    assert told["level"].iloc[0] == "low"  # one evaluation alone: the score decides
    warehouse.described = FakeSnapshot()
    again, now = (evaluations.history(LAST, 1, known=known) for known in ("then", "now"))
    assert again["level"].iloc[0] == "low"
    assert now["level"].iloc[0] == "high"  # with March before it, the level is held


def test_what_is_known_now_of_a_day_that_was_scored_before_is_read_and_not_computed_again(tmp_path: Path) -> None:
    warehouse, first = made(tmp_path, s1={}, s2=bad_march(30))
    first.history(LAST, 3)
    later = Evaluations.of(warehouse, "s2", PROGRAMME)  # type: ignore[arg-type]
    for day in later.days(LAST, 6):
        KeptScores.of(warehouse, "s2", PROGRAMME).on(day)  # type: ignore[arg-type]
    asked = len(warehouse.asked)
    assert later.history(LAST, 3, known="now")["level"].iloc[-2] == "poor"
    assert len(warehouse.asked) == asked


def test_a_new_evaluation_looks_back_at_scores_as_they_were_told(tmp_path: Path) -> None:
    warehouse, first = made(tmp_path, s1={}, s2=bad_march(30))
    first.history(date(2024, 3, 1), 3)
    Evaluations.of(warehouse, "s2", PROGRAMME).history(LAST, 1)  # type: ignore[arg-type]
    assert [asked for asked in warehouse.asked if asked[0] == "s2"] == [("s2", LAST)]


def test_another_definition_or_zone_begins_anew(tmp_path: Path) -> None:
    warehouse, evaluations = made(tmp_path, s1=bad_march(20))
    evaluations.history(LAST, 1)
    for programme, zone in ((replace(PROGRAMME, half_life_days=30.0), "UTC"), (PROGRAMME, "Asia/Shanghai")):
        asked = len(warehouse.asked)
        warehouse.described = replace(warehouse.described, time_zone=zone)
        Evaluations.of(warehouse, "s1", programme).history(date(2024, 3, 5), 1)  # type: ignore[arg-type]
        assert len(warehouse.asked) > asked
    assert len(list((tmp_path / "evaluations").iterdir())) == 3


@pytest.mark.parametrize(
    ("up_to", "last"),
    [
        (datetime(2024, 4, 1, 23, 10, tzinfo=UTC), date(2024, 4, 1)),
        (datetime(2024, 4, 1, 22, 50, tzinfo=UTC), date(2024, 3, 1)),
    ],
)
def test_a_day_that_the_data_do_not_cover_is_not_evaluated(tmp_path: Path, up_to: datetime, last: date) -> None:
    warehouse, evaluations = made(tmp_path, s1={})
    warehouse.described = replace(warehouse.described, data_up_to=up_to)
    assert evaluations.days(LAST, 1) == [last]


def test_without_events_there_is_no_evaluation(tmp_path: Path) -> None:
    warehouse, evaluations = made(tmp_path, s1={})
    warehouse.described = FakeSnapshot(data_from=None, data_up_to=None)
    assert evaluations.history(LAST, 3).empty


def test_a_torn_file_is_one_line_with_what_to_do(tmp_path: Path) -> None:
    _, evaluations = made(tmp_path, s1={})
    evaluations.history(LAST, 1)
    torn = next(tmp_path.rglob(f"{LAST}.levels.parquet"))
    torn.write_bytes(b"PAR1")
    with pytest.raises(WarehouseError, match=r"levels\.parquet can't be read .*delete it") as caught:
        evaluations.history(LAST, 1)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["scores", "levels"])
@pytest.mark.parametrize("found", ["no rows", "other columns", "no file"])
def test_a_kept_file_of_another_kind_is_one_line_too(tmp_path: Path, kind: str, found: str) -> None:
    warehouse, first = made(tmp_path, s1={}, s2={})
    first.history(LAST, 1)
    later = Evaluations.of(warehouse, "s2", PROGRAMME)  # type: ignore[arg-type]
    later.history(LAST, 1, known="now")
    path = next(tmp_path.rglob(f"{LAST}.{kind}.parquet"))
    kept = pd.read_parquet(path)
    path.unlink()
    if found == "no file":
        path.mkdir()
    else:
        (kept.head(0) if found == "no rows" else kept.drop(columns="score")).to_parquet(path)
    with pytest.raises(WarehouseError, match=rf"{kind}\.parquet can't be read \(it \w+ {found}\): .*delete it"):
        later.history(LAST, 1, known="then" if kind == "levels" else "now")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda kept: pd.concat([kept, kept]), "it names a merchant twice"),
        (lambda kept: kept.assign(level="platinum"), "it holds a level that there is not"),
        (lambda kept: kept.assign(score="abc"), "its scores are no numbers"),
        (lambda kept: kept.assign(evaluated_on="2024-01-01"), "it is of another day"),
    ],
)
def test_a_kept_file_that_was_changed_is_not_believed(
    tmp_path: Path, change: Callable[[pd.DataFrame], pd.DataFrame], said: str
) -> None:
    _, evaluations = made(tmp_path, s1={})
    evaluations.history(LAST, 1)
    path = next(tmp_path.rglob(f"{LAST}.levels.parquet"))
    change(pd.read_parquet(path)).to_parquet(path)
    with pytest.raises(WarehouseError, match=rf"levels\.parquet can't be read \({said}\)"):
        evaluations.history(LAST, 1)


def test_an_evaluation_of_nobody_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, evaluations = made(tmp_path, s1={})
    monkeypatch.setattr("analytics.trust.kept.score_merchants", lambda *_args, **_more: [])
    for known in ("then", "now"):
        assert evaluations.history(LAST, 2, known=known).empty
    assert not list(tmp_path.rglob("*.parquet"))


@pytest.mark.parametrize("is_full", [False, True])
def test_without_hard_links_it_is_copied_or_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_full: bool
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError("no hard links here")

    monkeypatch.setattr(Path, "hardlink_to", refused)
    if is_full:
        monkeypatch.setattr(Path, "read_bytes", refused)
    (tmp_path / "scores").write_text("in the way of the folder")
    warehouse, evaluations = made(tmp_path, s1=bad_march(20))
    found = evaluations.history(LAST, 2)
    left = [path.name.split(".", 1)[1] for path in tmp_path.rglob("*.*") if path.is_file()]
    assert sorted(set(left)) == ([] if is_full else ["levels.parquet", "scores.parquet"])
    again = evaluations.history(LAST, 2)
    pd.testing.assert_frame_equal(again.drop(columns="made_at"), found.drop(columns="made_at"))
    assert len(warehouse.asked) == (10 if is_full else 5)


def test_of_two_that_are_made_at_once_without_hard_links_the_first_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, evaluations = made(tmp_path, s1={})
    told = evaluations.history(LAST, 1)
    path = next(tmp_path.rglob(f"{LAST}.levels.parquet"))
    monkeypatch.setattr(Path, "hardlink_to", lambda *_: (_ for _ in ()).throw(PermissionError("no hard links here")))
    kept = evaluations._kept(path, pd.read_parquet(path).assign(score=1.0))
    assert kept["score"].tolist() == told["score"].tolist()


def test_another_way_of_computing_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse, evaluations = made(tmp_path, s1={})
    evaluations.history(LAST, 1)
    asked = len(warehouse.asked)
    monkeypatch.setattr("analytics.trust.kept.SCORE_VERSION", SCORE_VERSION + 1)
    evaluations.history(LAST, 1)
    assert len(warehouse.asked) == 2 * asked


def test_a_folder_that_only_can_be_read_is_evaluated_each_time(tmp_path: Path) -> None:
    for folder in ("evaluations", "scores"):
        (tmp_path / folder).write_text("in the way of the folder")
    warehouse, evaluations = made(tmp_path, s1=bad_march(20))
    found = evaluations.history(LAST, 2)
    _, elsewhere = made(tmp_path / "elsewhere", s1=bad_march(20))
    pd.testing.assert_frame_equal(found.drop(columns="made_at"), elsewhere.history(LAST, 2).drop(columns="made_at"))
    assert len(warehouse.asked) == 5
    evaluations.history(LAST, 2)
    assert len(warehouse.asked) == 10
