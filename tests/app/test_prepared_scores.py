"""Scores of past days: pages and commands find them kept, and `trustdesk trust --prepare` keeps them ahead."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from analytics.trust.kept import KeptScores
from app.services.runtime import Runtime, snapshot_id, use_runtime
from app.services.scores import scores
from app.services.warehouse import as_known
from app.settings import load_settings
from tests.app.conftest import Invoke

DAY = date(2026, 1, 20)


@pytest.fixture
def own(warehouse: Path, tmp_path: Path) -> Path:
    """The hand-made warehouse, without kept scores. Its orders go from 2026-01-01 to 2026-02-16."""
    return shutil.copytree(warehouse, tmp_path / "own", ignore=shutil.ignore_patterns("scores"))


def kept_days(root: Path) -> list[str]:
    return sorted(path.name[:10] for path in (root / "scores").rglob("*.parquet"))


def test_a_past_day_is_kept_and_the_latest_is_not(own: Path) -> None:
    with use_runtime(Runtime(load_settings(overrides={"warehouse": str(own)}))):
        assert {score.as_of for score in scores(snapshot_id())} == {date(2026, 2, 16)}
        assert kept_days(own) == []
        first = scores(snapshot_id(), DAY)
        assert kept_days(own) == [str(DAY)]
        assert scores(as_known(snapshot_id(), DAY)) == first
        assert scores(as_known(snapshot_id(), DAY), date(2026, 2, 1)) == first  # the reading knows no more
        assert kept_days(own) == [str(DAY)]
        scores(as_known(snapshot_id(), DAY), date(2026, 1, 18))
        assert kept_days(own) == ["2026-01-18", str(DAY)]


def test_a_reader_that_finds_its_day_kept_computes_nothing(
    own: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("trust", "--as-of", DAY.isoformat(), "--json", "--warehouse", own)
    first = invoke(*arguments)
    monkeypatch.setattr("analytics.trust.kept.score_merchants", lambda *_, **__: pytest.fail("it was computed"))
    assert invoke(*arguments).stdout == first.stdout != ""


def test_days_are_prepared_newest_first_and_those_kept_are_passed_over(own: Path, invoke: Invoke) -> None:
    arguments = ("trust", "--prepare", "3", "--warehouse", own)
    first = invoke(*arguments, "--json")
    assert first.exit_code == 0, first.output
    said = json.loads(first.stdout)
    assert list(said) == ["prepared", "already", "seconds"]
    assert (said["prepared"], said["already"]) == (3, 0)
    assert [line[:10] for line in first.stderr.splitlines()] == ["2026-02-15", "2026-02-14", "2026-02-13"]
    assert kept_days(own) == ["2026-02-13", "2026-02-14", "2026-02-15"]
    again = invoke("trust", "--prepare", "4", "--json", "--warehouse", own)
    assert {key: json.loads(again.stdout)[key] for key in ("prepared", "already")} == {"prepared": 1, "already": 3}
    assert "prepared" in invoke(*arguments).stdout


def test_no_more_days_are_prepared_than_there_are(own: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[date] = []
    monkeypatch.setattr(KeptScores, "prepare", lambda _, day: asked.append(day) or True)
    assert json.loads(invoke("trust", "--prepare", "3660", "--json", "--warehouse", own).stdout)["prepared"] == 46
    assert (asked[0], asked[-1]) == (date(2026, 2, 15), date(2026, 1, 1))


def test_what_an_interrupted_run_has_kept_stays(own: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = KeptScores.prepare

    def interrupted(self: KeptScores, day: date) -> bool:
        if day == date(2026, 2, 14):
            raise KeyboardInterrupt
        return whole(self, day)

    with monkeypatch.context() as patched:
        patched.setattr(KeptScores, "prepare", interrupted)
        stopped = invoke("trust", "--prepare", "3", "--json", "--warehouse", own)
    assert (stopped.exit_code, stopped.stdout) == (1, "")
    assert kept_days(own) == ["2026-02-15"]
    again = json.loads(invoke("trust", "--prepare", "2", "--json", "--warehouse", own).stdout)
    assert (again["prepared"], again["already"]) == (1, 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--merchant", "a"),
        ("--as-of", "2026-01-20"),
        ("--as-of", "now"),
        ("--programme", "ebay"),
        ("--evaluations", "2"),
        ("--known", "now"),
        ("--merchant", "a", "--path"),
        ("--merchant", "a", "--since", "2026-01-20"),
    ],
)
def test_it_is_run_on_its_own(own: Path, invoke: Invoke, arguments: tuple[str, ...]) -> None:
    result = invoke("trust", "--prepare", "3", *arguments, "--warehouse", own)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--prepare goes with --warehouse and --json only" in result.stderr
    assert kept_days(own) == []


@pytest.mark.parametrize("days", ["0", "3661", "-1", "many", "1.5"])
def test_a_number_of_days_out_of_range_is_one_line(own: Path, invoke: Invoke, days: str) -> None:
    result = invoke("trust", "--prepare", days, "--warehouse", own)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Invalid value for '--prepare'" in result.stderr.splitlines()[-1]


def test_where_nothing_can_be_kept_it_is_said(own: Path, invoke: Invoke, tmp_path: Path) -> None:
    (own / "scores").write_text("in the way of the folder")
    result = invoke("trust", "--prepare", "3", "--warehouse", own)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Can't keep scores in" in result.stderr.splitlines()[-1]
    empty = invoke("trust", "--prepare", "3", "--warehouse", tmp_path / "none")
    assert empty.exit_code == 1
    assert "trustdesk demo" in empty.stderr
