"""`trustdesk reputation` and its benchmark: the JSON, the exit codes, and what is said on stderr."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.bench import reputation as bench
from tests.app.conftest import Invoke

RATINGS = "rater,ratee,score,time\na,x,5,1\nb,x,4,2\nb,y,2,2\nc,y,1,2024-01-01\n"


def write(tmp_path: Path, text: str = RATINGS) -> Path:
    path = tmp_path / "ratings.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_ratees_then_raters_as_json(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("reputation", write(tmp_path), "--json")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [list(row) for row in (rows[0], rows[-1])] == [
        ["record", "ratee", "score", "ci_low", "ci_high", "n"],
        ["record", "rater", "credibility", "n"],
    ]
    assert [row.get("ratee", row.get("rater")) for row in rows] == ["x", "y", "a", "b", "c"]
    assert rows[0]["score"] > rows[1]["score"]
    for row in rows[:2]:
        assert 1 <= row["ci_low"] <= row["score"] <= row["ci_high"] <= 5
    assert all(0 <= row["credibility"] <= 1 for row in rows[2:])
    assert "Ratings that count: 4, on a scale of 1 to 5 (found from the scores" in result.stderr


def test_a_ratee_without_a_counted_rating_has_no_score(invoke: Invoke, tmp_path: Path) -> None:
    file = write(tmp_path, RATINGS + "z,z,5,1\n")
    rows = [json.loads(line) for line in invoke("reputation", file, "--json").stdout.splitlines()]
    found = next(row for row in rows if row.get("ratee") == "z")
    assert (found["score"], found["ci_low"], found["ci_high"], found["n"]) == (None, None, None, 0)
    line = next(line for line in invoke("reputation", file).stdout.splitlines() if line.startswith("z "))
    assert "no counted rating" in line


def test_the_same_for_people(invoke: Invoke, tmp_path: Path) -> None:
    lines = invoke("reputation", write(tmp_path)).stdout.splitlines()
    assert lines[0].split() == ["ratee", "score", "ci_low", "ci_high", "n"]
    assert ["rater", "credibility", "n"] in [line.split() for line in lines]


def test_rows_that_do_not_count_are_counted_and_named(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("reputation", write(tmp_path, RATINGS + "x,x,5,1\nd,x,many,1\ne,y,many,1\nd,y,77,1\na,x,5,1\n"))
    assert result.exit_code == 0
    for sentence in (
        "Left out, rater rates themselves: 1 row (line 6).",
        "Left out, score is no number: 2 rows (lines 7, 8).",
        "Left out, score outside 1 to 5: 1 row (line 9).",
        "as a row before (they count once, with the mean of their scores): 1 row (line 10).",
    ):
        assert sentence in result.stderr


def test_only_the_first_of_very_many_lines_are_named(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("reputation", write(tmp_path, RATINGS + "d,x,many,1\n" * 500))
    assert "500 rows (lines 6, 7, 8" in result.stderr
    assert max(map(len, result.stderr.splitlines())) < 200


def test_the_scale_can_be_named(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("reputation", write(tmp_path), "--range", "0", "10", "--json")
    assert "on a scale of 0 to 10." in result.stderr


def test_what_cannot_be_served_is_one_line_and_exit_1(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("reputation", write(tmp_path, "rater,ratee,time\na,b,1\n"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    assert "has no column score" in result.stderr
    assert invoke("reputation").exit_code == 2


def test_the_benchmark_puts_every_method_beside_ours(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "KINDS", ("none", "ring"))
    folder = tmp_path / "real"
    folder.mkdir()
    rows = [f"b{n},s{n % 6},{1 + (n % 6 >= 3) * 3 + n % 2},{n}" for n in range(60)]
    (folder / "ratings.csv").write_text("rater,ratee,score,time\n" + "\n".join(rows), encoding="utf-8")
    labels = [f"s{n},{'trusted' if n >= 3 else 'fraud'}" for n in range(6)]
    (folder / "labels.csv").write_text("user,label\n" + "\n".join([*labels, "s99,fraud"]), encoding="utf-8")
    result = invoke("bench", "reputation", "--networks", "1", "--seed", "3", "--labelled", folder, "--json")
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert {row["method"] for row in found if row["network"] == "none"} >= {"trustdesk", "mean", "wilson bound", "REV2"}
    real = [row for row in found if row["network"] == "real"]
    assert all((row["good"], row["frauds"], row["auc"]) == (3, 3, 1.0) for row in real if row["method"] == "trustdesk")
    assert "seed 3" in result.stderr
