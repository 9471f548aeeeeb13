"""Levels, changes and statements of reasons as commands and pages give them, on the small demo."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from analytics.warehouse import Warehouse
from app.commands import main
from app.errors import AppError, InputFileError
from app.identity import Actor
from app.services import changes, level_change, levels, reason_sections, reasons
from app.services.reading import reading_id
from app.services.runtime import use_runtime
from app.settings import load_settings
from app.statement import FORMATS, to_markdown
from tests.app.conftest import Invoke, OnWarehouse

FILLED = {
    "TRUSTDESK_OPERATOR_NAME": "Harbour Market",
    "TRUSTDESK_TERMS_CLAUSE": "Seller terms, 7.2",
    "TRUSTDESK_APPEAL_ADDRESS": "appeals@harbour.example",
}
ON = date(2026, 11, 2)
TODAY = date(2026, 11, 5)
ANN = Actor("local:ann", "Ann", "local")


@pytest.fixture
def filled(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in FILLED.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def snapshot(opened_demo: Warehouse, filled: None, tmp_path: Path) -> Iterator[str]:
    overrides = {"warehouse": str(opened_demo.root), "workspace_url": f"sqlite:///{tmp_path}/workspace.sqlite"}
    with use_runtime(OnWarehouse(load_settings(overrides=overrides), opened_demo)) as runtime:
        yield runtime.warehouse.snapshot().snapshot_id
        runtime.close()


@pytest.fixture
def fallen(snapshot: str) -> str:
    """A merchant whose level fell at the last evaluation."""
    found = levels.history(snapshot, ON, 1)
    return str(found[found["change"] == "down"]["merchant_id"].iloc[0])


def test_a_statement_holds_every_mandatory_field_in_both_languages(snapshot: str, fallen: str) -> None:
    change = level_change.last_change(snapshot, ON, fallen)
    assert change is not None
    written = {}
    for tag in ("en", "zh-Hans"):
        document = reasons.statement(snapshot, fallen, ON, tag=tag, today=TODAY)
        assert document.language == tag
        assert all(section.blocks for section in document.sections)
        written[tag] = to_markdown(document)
    english = re.sub(r"[\u00a0\u2009\u202f]", " ", written["en"])
    for needed in (
        f"SR-{fallen}-2026-10-01",
        "Issued by: Harbour Market",
        "Seller terms, 7.2",
        "appeals@harbour.example",
        "at least 30 days before",
        "Level before:",
        "Level now:",
        f"it was {change.score:.1f}",
        "Oct 2, 2025 – Oct 1, 2026 (UTC)",
        "Takes effect: Nov 5, 2026",
        "next evaluation, on Dec 1, 2026",
        "computed automatically",
        "out-of-court",
    ):
        assert needed in english, needed
    assert (
        len(re.findall(r"^\| (Order|Question|Survey answer|Penalty) \S+ \|", english, re.MULTILINE))
        == reason_sections.ROWS_SHOWN
    )
    assert "申诉" in written["zh-Hans"]
    assert "Appeal" not in written["zh-Hans"]
    assert written["zh-Hans"].count("\n| ") == english.count("\n| ")


def _number(text: str) -> float:
    return float(text.replace("−", "-").replace("±", ""))


@pytest.mark.parametrize("form", ["md", "html"])
def test_the_points_stated_add_up_and_name_the_peers(snapshot: str, form: str) -> None:
    """Also where the peers moved a score down that the merchant's own orders moved up."""
    found = levels.history(snapshot, ON, levels.EVALUATIONS_SHOWN)
    moved = found[found["change"] == "down"]
    seen_against = False
    for merchant_id in sorted(set(moved["merchant_id"])):
        if seen_against:
            break
        change = level_change.last_change(snapshot, ON, merchant_id)
        if change is None or change.is_rise or levels.in_force(snapshot, merchant_id) != change.level:
            continue
        assert change.previous_on is not None
        split = changes.between(snapshot, change.previous_on, change.evaluated_on, merchant_id)
        text = FORMATS[form][2](reasons.statement(snapshot, merchant_id, ON, today=TODAY)).replace("\\", "")
        said = re.search(
            r"change of (\S+) points is made of (\S+) by .* records, (\S+) because .* changed, (\S+) by .* and (\S+) by",
            text,
        )
        assert said is not None
        whole, own, peers, bounded, other = map(_number, said.groups())
        assert whole == pytest.approx(split.change, abs=0.0051)
        assert own + peers + bounded + other == pytest.approx(whole, abs=1e-9)
        assert peers == pytest.approx(split.rates["peers"].sum(), abs=0.021)
        assert ("records of the merchant's peers" in html.unescape(text)) == (abs(split.rates["peers"].sum()) >= 0.005)
        listed = changes.behind(split)
        first = re.search(r"(?:Order|Question|Survey answer|Penalty) ([\w.-]+)(?: \||</td>)", text)
        assert first is not None
        assert first[1] == listed.loc[listed["change"].idxmin(), "row_id"]
        seen_against |= own > 0 > whole
    assert seen_against


def _last_first(snapshot: str) -> str:
    found = levels.history(snapshot, ON, 1)
    return str(found[found["change"] == "first"]["merchant_id"].iloc[0])


def test_a_first_level_is_stated_beside_its_peers(snapshot: str) -> None:
    merchant_id = _last_first(snapshot)
    change = level_change.last_change(snapshot, ON, merchant_id)
    assert change is not None
    assert change.previous_level is None
    text = to_markdown(reasons.statement(snapshot, merchant_id, ON, today=TODAY))
    assert f"Level before: none at the {change.looked_back} evaluations before" in text
    assert change.looked_back in range(1, levels.EVALUATIONS_SHOWN + 1)
    assert "has a score, and by it a level, while 20 of its orders" in text
    said = re.search(r"alone would give (\S+); .* by (\S+) points, .* by (\S+), and .* by (\S+): (\S+)\.\n", text)
    assert said is not None
    *parts, after = map(_number, said.groups())
    assert sum(parts) == pytest.approx(after, abs=1e-9)
    assert after == pytest.approx(change.score, abs=0.0051)
    assert "次评估均无" in to_markdown(reasons.statement(snapshot, merchant_id, ON, tag="zh-Hans", today=TODAY))
    split = changes.beside_peers(snapshot, change.evaluated_on, merchant_id)
    assert split.rates["change"].sum() == pytest.approx(split.change, abs=1e-9)
    assert split.rates["peers"].abs().max() == pytest.approx(0, abs=1e-9)


def test_a_first_level_since_the_calendar_began_is_stated_as_that(
    snapshot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    merchant_id = _last_first(snapshot)
    own = levels.of_merchant(snapshot, ON, merchant_id)
    begun = own.assign(previous_on=[*own["previous_on"].iloc[:-1], pd.NaT])
    monkeypatch.setattr(levels, "of_merchant", lambda *_args: begun)
    assert "Level before: none yet" in to_markdown(reasons.statement(snapshot, merchant_id, ON, today=TODAY))


def test_a_level_held_before_the_oldest_evaluation_shown_is_named(
    snapshot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    merchant_id = _last_first(snapshot)
    own = levels.of_merchant(snapshot, ON, merchant_id)
    held = own.assign(previous_level=[*own["previous_level"].iloc[:-1], "watch"])
    monkeypatch.setattr(levels, "of_merchant", lambda *_args: held)
    text = to_markdown(reasons.statement(snapshot, merchant_id, ON, today=TODAY))
    assert "Level before: none at the evaluation before; Watch at an earlier one" in text


def test_a_level_lost_and_one_regained_are_stated(snapshot: str, monkeypatch: pytest.MonkeyPatch) -> None:
    merchant_id = _last_first(snapshot)
    own = levels.of_merchant(snapshot, ON, merchant_id)
    assert len(own) >= 3
    earlier = own.assign(level=[own["level"].iloc[0], None, "good", *[None] * (len(own) - 3)])
    regained = earlier.assign(previous_level=[*earlier["level"].iloc[1:], None])
    monkeypatch.setattr(levels, "of_merchant", lambda *_args: regained)
    text = to_markdown(reasons.statement(snapshot, merchant_id, ON, today=TODAY))
    assert "Level before: none at the evaluation before; Good at an earlier one" in text
    lost = own.assign(level=None, previous_level=["good", *[None] * (len(own) - 1)], n=7)
    monkeypatch.setattr(levels, "of_merchant", lambda *_args: lost)
    monkeypatch.setattr(levels, "in_force", lambda *_args: None)
    text = to_markdown(reasons.statement(snapshot, merchant_id, ON, today=TODAY))
    assert "Level before: Good" in text
    assert "Level now: none\n" in text
    assert "there was no trust score: 7 orders lay in the period" in text
    with pytest.raises(AppError, match="lost its level"):
        reasons.statement(snapshot, merchant_id, ON, measure="termination", today=TODAY)


def test_the_end_of_an_account_waits_for_the_notice(snapshot: str, fallen: str) -> None:
    text = to_markdown(reasons.statement(snapshot, fallen, ON, measure="termination", today=TODAY))
    assert "Takes effect: Dec 5, 2026" in text
    assert "the account ends 30 days after the date of this statement, on Dec 5, 2026" in text
    assert "decided by a person" in text


@pytest.mark.parametrize("measure", ["restriction", "termination"])
def test_a_rise_is_no_ground_for_a_sanction(snapshot: str, measure: level_change.Measure) -> None:
    found = levels.history(snapshot, ON, 1)
    risen = str(found[found["change"] == "up"]["merchant_id"].iloc[0])
    with pytest.raises(AppError, match=f"{risen} rose to a better level on 2026-10-01: only the level itself"):
        reasons.statement(snapshot, risen, ON, measure=measure)
    assert reasons.statement(snapshot, risen, ON).sections


@pytest.mark.parametrize("name", [*FILLED])
def test_a_field_that_is_not_filled_refuses_the_statement(
    invoke: Invoke, demo_warehouse: Path, filled: None, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "  ")
    result = invoke("statement", "M-00001", "--warehouse", demo_warehouse)
    assert result.exit_code == 1
    setting = name.removeprefix("TRUSTDESK_").lower()
    assert result.stderr == f"Error: The statement of reasons lacks {setting}: fill these settings, then try again.\n"


def test_a_notice_below_thirty_days_is_no_setting() -> None:
    with pytest.raises(AppError, match=r"notice_days .* at least 30, found '29'"):
        load_settings({"TRUSTDESK_NOTICE_DAYS": "29"})


def test_without_a_change_there_is_nothing_to_state(snapshot: str) -> None:
    found = levels.history(snapshot, ON, levels.EVALUATIONS_SHOWN)
    moved = set(found[found["change"].isin(["up", "down", "first"])]["merchant_id"])
    still = next(name for name in sorted(set(found["merchant_id"])) if name not in moved)
    with pytest.raises(AppError, match=f"{still} had no change of level in its last 6 evaluations"):
        reasons.statement(snapshot, still, ON)
    with pytest.raises(InputFileError, match="no merchant 'M-0' in the warehouse"):
        reasons.statement(snapshot, "M-0", ON)


def test_a_decision_that_is_no_longer_in_force_is_not_stated(snapshot: str) -> None:
    """As of an earlier day, and by a window that ends then: what was decided then isn't what holds."""
    told = levels.history(snapshot, None, levels.EVALUATIONS_SHOWN)
    first, newest = (
        told[told["evaluated_on"] == at] for at in (told["evaluated_on"].min(), told["evaluated_on"].max())
    )
    now = dict(zip(newest["merchant_id"], newest["level"], strict=True))
    moved = first[first["change"].isin(["up", "down"])]
    gone = next(row for row in moved.to_dict("records") if now.get(row["merchant_id"]) != row["level"])
    merchant_id, day = gone["merchant_id"], gone["evaluated_on"]
    for reading, up_to in ((reading_id(snapshot, day + timedelta(days=3)), None), (snapshot, day)):
        with pytest.raises(AppError, match=f"{merchant_id} was given on {day} is no longer in force") as caught:
            reasons.statement(reading, merchant_id, up_to, today=TODAY)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("before", "now", "borders"),
    [
        ("excellent", "poor", ["Excellent", "Good", "Watch"]),
        ("poor", "good", ["Watch", "Good"]),
        ("good", "watch", ["Good"]),
    ],
)
def test_every_border_that_was_crossed_is_named(
    snapshot: str, fallen: str, monkeypatch: pytest.MonkeyPatch, before: str, now: str, borders: list[str]
) -> None:
    change = level_change.last_change(snapshot, ON, fallen)
    assert change is not None
    other = replace(change, level=now, previous_level=before)
    monkeypatch.setattr(reasons, "last_change", lambda *_args: other)
    monkeypatch.setattr(levels, "in_force", lambda *_args: now)
    text = to_markdown(reasons.statement(snapshot, fallen, ON, today=TODAY))
    assert re.findall(r"The level (\w+) begins at \d+ points", text) == borders


def test_a_change_at_the_oldest_evaluation_shown_counts(snapshot: str) -> None:
    found = levels.history(snapshot, ON, levels.EVALUATIONS_SHOWN)
    oldest = found["evaluated_on"].min()
    since = found[found["change"].isin(["up", "down", "first"])].groupby("merchant_id")["evaluated_on"].max()
    merchant_id = str(since[since == oldest].index[0])
    change = level_change.last_change(snapshot, ON, merchant_id)
    assert change is not None
    assert (change.evaluated_on, change.previous_on) == (oldest, date(2026, 4, 1))
    assert f"it was {change.score:.1f}" in to_markdown(reasons.statement(snapshot, merchant_id, ON, today=TODAY))


def test_what_is_taken_along_is_in_the_audit_log_by_its_hash(snapshot: str, fallen: str) -> None:
    from app.services.runtime import get_runtime

    text = reasons.issue(snapshot, fallen, ON, tag="en", measure="level", form="html", actor=ANN)
    assert text.startswith("<!doctype html>")
    (entry,) = get_runtime().workspace.audit.entries(subject=f"merchant:{fallen}")
    assert (entry.action, entry.actor_name, entry.detail["format"]) == ("statement.issued", "Ann", "html")
    assert len(entry.detail["text_sha256"]) == 64


def test_later_data_are_said(snapshot: str, fallen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The evaluation was made from a snapshot that is gone, and gave other scores than today's data do."""
    told = levels.history(snapshot, ON, levels.EVALUATIONS_SHOWN)
    other = told.assign(snapshot_id="gone", score=told["score"] - 1.0)
    monkeypatch.setattr(levels, "history", lambda *_args, **_more: other)
    change = level_change.last_change(snapshot, ON, fallen)
    assert change is not None
    text = to_markdown(reasons.statement(snapshot, fallen, ON, today=TODAY))
    assert f"it was {change.score:.1f}" in text
    assert f"and {change.score + 1:.1f}; the tables below show those" in text


def test_the_evaluations_of_the_command_are_those_of_the_service(
    snapshot: str, invoke: Invoke, demo_warehouse: Path
) -> None:
    result = invoke("trust", "--evaluations", "2", "--json", "--warehouse", demo_warehouse)
    assert result.exit_code == 0, result.stderr
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    found = levels.history(snapshot, None, 2)
    assert [row["level"] for row in rows] == found["level"].tolist()
    assert {row["evaluated_on"] for row in rows} == {"2026-09-01", "2026-10-01"}
    assert {row["known"] for row in rows} == {"then"}
    held = [row for row in rows if row["change"] == "same"]
    assert held
    assert all(row["level"] == row["previous_level"] for row in held)
    late = invoke("trust", "--evaluations", "1", "--as-of", "2020-01-01", "--warehouse", demo_warehouse)
    assert late.exit_code == 0
    assert "The data cover no evaluation day up to then." in late.stderr


def test_a_change_of_the_command_adds_up(snapshot: str, invoke: Invoke, demo_warehouse: Path, fallen: str) -> None:
    arguments = ("--merchant", fallen, "--since", "2026-09-01", "--as-of", "2026-10-01", "--json")
    result = invoke("trust", *arguments, "--warehouse", demo_warehouse)
    assert result.exit_code == 0, result.stderr
    rows = pd.DataFrame([json.loads(line) for line in result.stdout.splitlines()])
    by_record = rows.groupby("record")["change"].sum()
    score = rows[rows["record"] == "score"].iloc[0]
    assert by_record["rate"] == pytest.approx(score["after"] - score["before"], abs=1e-9)
    rates = rows[rows["record"] == "rate"]
    assert rows.groupby("record")["share"].sum()[["rate", "row"]].tolist() == pytest.approx([1, 1])
    of_rows = rates[["entered", "left", "faded", "known"]].sum().sum()
    assert by_record["row"] == pytest.approx(of_rows, abs=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--since", "2026-09-01"), "--since goes with --merchant only"),
        (("--evaluations", "2", "--programme", "ebay"), "choose one"),
        (("--evaluations", "0"), "0 is not in the range"),
        (("--known", "now"), "--known goes with --evaluations only"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(arguments: tuple[str, ...], message: str) -> None:
    result = CliRunner().invoke(main, ["trust", *arguments])
    assert result.exit_code == 2
    assert message in result.stderr
