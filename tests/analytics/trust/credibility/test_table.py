"""A table of ratings as it comes: every row counts, or is named with its line and the reason."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pandas as pd
import pytest

from analytics.errors import InputError
from analytics.trust.credibility import read_ratings, standings

HEADER = "rater,ratee,score,time\n"


def written(tmp_path: Path, rows: str, header: str = HEADER, name: str = "r.csv") -> Path:
    path = tmp_path / name
    path.write_text(header + rows, encoding="utf-8")
    return path


def test_what_does_not_count_is_named_by_line_and_reason(tmp_path: Path) -> None:
    rows = 'a,x,5,1\n"b\nb",x,4,2\na,a,5,3\nb,y,oops,4\n\nc,y,50,4\n,z,3,1\nc,,3,1\nc,y,nan,1\nd,y\n'
    table = read_ratings(written(tmp_path, rows))
    assert table.set_aside == {
        "no rater": (9,),
        "no ratee": (10,),
        "score is no number": (6, 11, 12),
        "rater rates themselves": (5,),
        "score outside 1 to 5": (8,),
    }
    assert table.ratings.count.sum() == 2
    assert {"a", "x", "y", "z"} == set(table.ratings.ratees), "whoever is named has a place"
    assert [one.n for one in standings(table.ratings)[0]] == [0, 2, 0, 0]


def test_what_counts_otherwise_than_it_stands_is_remarked(tmp_path: Path) -> None:
    table = read_ratings(written(tmp_path, "a,x,5,1\na,x,3,1\na,x,5,2\nb,x,2,soon\nc,x,1,\n"))
    assert list(table.remarks.values()) == [(3,), (5, 6)]
    assert table.set_aside == {}
    assert dict(zip(table.ratings.raters, table.ratings.count, strict=True)) == {"a": 2, "b": 1, "c": 1}


def test_the_first_and_the_last_day_of_the_calendar_are_times(tmp_path: Path) -> None:
    ratings = read_ratings(written(tmp_path, "a,x,5,9999-12-31\nb,x,3,0001-01-01\n")).ratings
    assert sorted(ratings.time.tolist()) == [-62135596800.0, 253402214400.0]


def test_a_fault_is_blamed_on_one_reason_only(tmp_path: Path) -> None:
    table = read_ratings(written(tmp_path, "a,x,4,1\nb,x,4,1\n,,bad,1\n"))
    assert table.set_aside == {"no rater": (4,)}


@pytest.mark.parametrize(
    ("scores", "scale"),
    [
        ([1, 2, 3, 5], (1, 5)),
        ([0, 1, 1], (0, 1)),
        ([-10, 1, 2, 10], (-10, 10)),
        ([3, 4, 0, 5], (0, 5)),
        ([5, 5, 4, 10], (1, 10)),
        ([87, 91, 45], (0, 100)),
        ([4, 5, 3, 50], (1, 5)),
        ([4, 5, 3, 11], (1, 5)),
        ([2500, 1800], (1800, 2500)),
        ([4] * 990 + [9] * 10, (1, 10)),
        ([4] * 995 + [99] * 5, (1, 5)),
    ],
)
def test_the_scale_is_found_from_the_scores(tmp_path: Path, scores: list[int], scale: tuple[int, int]) -> None:
    rows = "".join(f"b{n},s,{score},0\n" for n, score in enumerate(scores))
    ratings = read_ratings(written(tmp_path, rows)).ratings
    assert (ratings.low, ratings.high) == scale


def test_a_scale_that_is_named_holds(tmp_path: Path) -> None:
    table = read_ratings(written(tmp_path, "a,x,4,0\nb,x,6,0\n"), (1, 5))
    assert table.set_aside == {"score outside 1 to 5": (3,)}
    with pytest.raises(InputError, match="has no room"):
        read_ratings(written(tmp_path, "a,x,4,0\n"), (5, 5))
    for endless in ((-math.inf, math.inf), (-1e308, 1e308)):
        with pytest.raises(InputError, match="has no room"):
            read_ratings(written(tmp_path, "a,x,4,0\n"), endless)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        (HEADER, "holds no rating"),
        (
            "rater,ratee,stars\na,b,1\n",
            "has no column score and no column time: expected rater, ratee, score, time, found",
        ),
        (HEADER + "a,a,5,0\nb,c,x,0\n", r"No row of .* counts: score is no number \(1\); rater rates themselves \(1\)"),
        (HEADER + 'a,b,5,0\n"a,b,' + "x" * 200_000, "no readable CSV from line 3"),
    ],
)
@pytest.mark.parametrize("limit", [131_072, 10**7], ids=["fresh", "raised"])
def test_a_file_that_cannot_be_used_gives_one_clear_line(tmp_path: Path, text: str, message: str, limit: int) -> None:
    before = csv.field_size_limit(limit)  # the process has one limit, which other readers raise
    try:
        with pytest.raises(InputError, match=message) as raised:
            read_ratings(written(tmp_path, text, header=""))
    finally:
        csv.field_size_limit(before)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file"):
        read_ratings(tmp_path / "none.csv")


def test_columns_are_found_by_name_in_any_order_case_and_dialect(tmp_path: Path) -> None:
    rows = "1;x;5;note;a\n2;x;4;note;b\n"
    table = read_ratings(written(tmp_path, rows, header="Time; Ratee ;SCORE;remark;rater\n"))
    assert (table.ratings.raters, table.ratings.ratees) == (("a", "b"), ("x",))
    assert table.ratings.time.tolist() == [1.0, 2.0]


def test_parquet_epochs_and_iso_times_say_the_same_as_csv(tmp_path: Path) -> None:
    iso = ["2024-01-01T00:00:00Z", "2024-01-01 02:00:00+02:00", "2024-01-02"]
    frame = pd.DataFrame({"rater": [1, 2, 3], "ratee": ["x", "x", "y"], "score": [5.0, 4.0, 2.5], "time": iso})
    frame.to_csv(tmp_path / "r.csv", index=False)
    instants = pd.to_datetime(frame["time"], format="ISO8601", utc=True)
    frame.assign(time=instants).to_parquet(tmp_path / "r.parquet")
    frame.assign(time=[1_704_067_200, 1_704_067_200, 1_704_153_600]).to_parquet(tmp_path / "epoch.parquet")
    found = [read_ratings(tmp_path / name).ratings for name in ("r.csv", "r.parquet", "epoch.parquet")]
    assert found[0].time.tolist() == [1_704_067_200, 1_704_067_200, 1_704_153_600]
    assert standings(found[0]) == standings(found[1]) == standings(found[2])


def test_rows_of_parquet_are_counted_from_one(tmp_path: Path) -> None:
    frame = pd.DataFrame({"rater": ["a", None], "ratee": ["x", "x"], "score": [5, 4], "time": [1, 2]})
    frame.to_parquet(tmp_path / "r.parquet")
    table = read_ratings(tmp_path / "r.parquet")
    assert (table.set_aside, table.row_word) == ({"no rater": (2,)}, "row")
