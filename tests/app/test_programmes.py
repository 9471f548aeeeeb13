"""`trustdesk trust --programme`: its JSON contract, the ledger, copies of one's own, and one clear line for what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.commands import main

ROOT = Path(__file__).parents[2]
CONTRACT = {
    *("merchant_id", "programme", "clause", "value", "limit", "n", "passed", "distance", "probability_over_limit"),
    *("status", "numerator", "denominator", "from", "to", "level"),
}
LEDGER = {
    *(
        "merchant_id",
        "programme",
        "event_id",
        "clause",
        "points",
        "order_id",
        "issued",
        "expires",
        "appealed",
        "lifted",
    ),
    "active",
}


@pytest.fixture
def ask(demo_warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("TRUSTDESK_PROGRAMMES", str(tmp_path / "programmes"))
    (tmp_path / "programmes").mkdir()

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["trust", "--warehouse", str(demo_warehouse), *arguments])

    return run


def rows(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def own(tmp_path: Path, text: str, name: str = "mine.toml") -> Path:
    path = tmp_path / "programmes" / name
    path.write_text(text, encoding="utf-8")
    return path


def tiktok(programme_id: str = "mine", limit: int = 3) -> str:
    text = (ROOT / "data" / "programmes" / "tiktok.toml").read_text(encoding="utf-8")
    return text.replace('programme_id = "tiktok"', f'programme_id = "{programme_id}"').replace(
        "limit = 12", f"limit = {limit}"
    )


def test_every_merchant_and_clause_has_the_keys_of_the_contract(ask: Any) -> None:
    found = rows(ask("--programme", "all", "--json"))
    assert set.intersection(*(set(row) for row in found)) >= CONTRACT
    assert len({row["merchant_id"] for row in found}) * 43 == len(found)
    assert {row["programme"] for row in found} == {
        *("amazon", "ebay", "etsy", "lazada", "shopee", "taobao", "tiktok", "walmart"),
    }  # fmt: skip
    for row in found:
        assert (row["passed"] is None) == (row["status"] != "ok")
        assert row["status"] in ("ok", "too_few", "immature", "not_in_source", "not_applicable")
        assert row["distance"] is None or row["passed"] is not None
        probability = row["probability_over_limit"]
        assert probability is None or 0 <= probability <= 1


def test_distances_keep_what_they_promise(ask: Any) -> None:
    """One bad unit fewer than the distance still passes; the distance itself doesn't: the plain rates of Walmart's."""
    for row in rows(ask("--programme", "walmart", "--json")):
        if row["distance"] is None or row["clause"] != "cancellation_rate":
            continue
        more = row["numerator"] + row["distance"]
        assert (more / row["n"] <= row["limit"]) is not row["passed"]
        nearer = more - 1 if row["passed"] else more + 1
        assert (nearer / row["n"] <= row["limit"]) is row["passed"]


def test_programmes_may_be_repeated_and_follow_the_order_given(ask: Any) -> None:
    found = rows(
        ask("--programme", "tiktok", "--programme", "ebay", "--programme", "tiktok", "--merchant", "M-00001", "--json")
    )
    assert [row["programme"] for row in found] == ["tiktok", *["ebay"] * 8]
    assert {row["next_evaluation"] for row in found if row["programme"] == "ebay"} == {"2026-11-20"}


def test_an_as_of_day_moves_the_windows(ask: Any) -> None:
    (found,) = rows(ask("--programme", "tiktok", "--merchant", "M-00001", "--as-of", "2026-08-01", "--json"))
    assert (found["from"], found["to"], found["next_evaluation"]) == ("2026-05-04", "2026-08-01", "2026-08-02")


def test_the_ledger_lists_penalties_and_adds_up_to_the_points(ask: Any) -> None:
    ledger = rows(ask("--programme", "tiktok", "--ledger", "--json"))
    assert ledger
    assert all(set(row) == LEDGER for row in ledger)
    active: dict[str, int] = {}
    for row in ledger:
        active[row["merchant_id"]] = active.get(row["merchant_id"], 0) + row["points"] * row["active"]
    points = {row["merchant_id"]: row["value"] for row in rows(ask("--programme", "tiktok", "--json"))}
    assert sum(points.values()) > 0
    assert {name: value for name, value in points.items() if value} == {name: v for name, v in active.items() if v}


def test_a_copy_in_the_folder_stands_beside_the_presets_and_a_path_needs_no_folder(ask: Any, tmp_path: Path) -> None:
    path = own(tmp_path, tiktok())
    strict = rows(ask("--programme", "mine", "--json"))
    assert {row["limit"] for row in strict} == {3.0}
    assert "mine" in {row["programme"] for row in rows(ask("--programme", "all", "--merchant", "M-00001", "--json"))}
    moved = path.rename(tmp_path / "elsewhere.toml")
    assert rows(ask("--programme", str(moved), "--json")) == strict
    plain = rows(ask("--programme", "tiktok", "--json"))
    assert sum(row["passed"] for row in strict) < sum(row["passed"] for row in plain)


def test_a_broken_copy_is_said_where_it_matters_and_stops_nothing_else(ask: Any, tmp_path: Path) -> None:
    own(tmp_path, tiktok().replace("window_days = 90", "window_days = 0"))
    assert rows(ask("--programme", "tiktok", "--json"))
    own(tmp_path, tiktok("other"), "other.toml")
    for asked in (("--merchant", "M-00001"), ("--ledger",)):
        result = ask("--programme", "all", "--json", *asked)
        assert result.exit_code == 1
        assert result.stderr.splitlines() == [
            "Left out: mine.toml [[clauses]] 1: window_days: expected a whole number from 1 to 730, found 0."
        ]
        found = {json.loads(line)["programme"] for line in result.stdout.splitlines()}
        assert {"tiktok", "other"} <= found, asked
    assert len(rows(ask("--programme", "other", "--merchant", "M-00001", "--json"))) > 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--programme", "amazn"], 1, "There is no programme amazn. Did you mean 'amazon'?"),
        (["--programme", "nowhere.toml"], 1, "nowhere.toml: can't be read"),
        (["--programme", "ebay", "--merchant", "nobody"], 1, "There is no merchant 'nobody'"),
        (["--programme", "ebay", "--as-of", "2001-01-01"], 1, "no event up to the end of 2001-01-01"),
        (["--ledger"], 2, "--ledger goes with --programme only"),
        (["--definition", "x.toml", "--path", "--merchant", "M-00001"], 2, "choose one"),
    ],
)
def test_what_is_wrong_is_one_line(ask: Any, arguments: list[str], code: int, message: str) -> None:
    result = ask(*arguments)
    assert (result.exit_code, message in result.stderr) == (code, True), result.stderr
    assert result.stdout == ""


def test_a_copy_of_the_scores_definition_is_tried_out_and_is_no_programme(ask: Any, tmp_path: Path) -> None:
    text = (ROOT / "data" / "programmes" / "trustdesk.toml").read_text(encoding="utf-8")
    copy = own(tmp_path, text.replace("min_n = 20", "min_n = 21"))
    result = ask("--programme", str(copy))
    assert (result.exit_code, result.stdout) == (1, "")
    assert (
        "'score' defines the trust score and is no seller programme. Try it out with `trustdesk trust --def"
        in result.stderr
    )
    assert "Left out: mine.toml: kind: 'score' defines" in ask("--programme", "all", "--merchant", "M-00001").stderr
    before = {row["merchant_id"]: row for row in rows(ask("--json"))}
    after = {row["merchant_id"]: row for row in rows(ask("--definition", str(copy), "--json"))}
    assert before.keys() == after.keys()
    gone = {key for key, row in before.items() if row["score"] is not None and after[key]["score"] is None}
    assert gone <= {key for key, row in before.items() if row["n"] == 20}
    assert all(row["score"] is None for row in after.values() if row["n"] <= 20)
    easy = own(tmp_path, text.replace("minimum = 85.0", "minimum = 70.5"))
    (row,) = rows(ask("--definition", str(easy), "--merchant", "M-00001", "--json"))
    assert set(row) == set(before["M-00001"])
    assert row["score"] == before["M-00001"]["score"]
    easy.write_text(text.replace("window_days = 365", "window_days = 99999999999"), encoding="utf-8")
    wrong = ask("--definition", str(easy))
    assert (wrong.exit_code, wrong.stderr.count("\n"), wrong.stdout) == (1, 1, "")
    assert "window_days: expected a whole number from 1 to 3660" in wrong.stderr
