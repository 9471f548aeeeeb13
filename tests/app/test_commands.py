"""The commands: their JSON, their exit codes, and one clear line for whatever is wrong."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import click
import pytest

from app.commands import main
from app.commands.plumbing import print_rows
from app.services.level_change import MEASURES
from app.workspace.cases import STEPS
from tests.app.conftest import Invoke, lines, write_source


class TestLoading:
    def test_a_load_twice_changes_nothing(self, invoke: Invoke, tmp_path: Path) -> None:
        source = write_source(tmp_path / "source")
        arguments = ("ingest", "canonical", source, "--warehouse", tmp_path / "w", "--json")
        first, second = lines(invoke(*arguments))[0], lines(invoke(*arguments))[0]
        assert list(first) == ["source", "read", "loaded", "duplicate", "conflict", "quarantined", "snapshot_id"]
        assert (first["read"], first["loaded"], first["quarantined"]) == (134, 134, 0)
        assert (second["loaded"], second["duplicate"], second["snapshot_id"]) == (0, 134, first["snapshot_id"])

    def test_a_bad_row_is_listed_with_its_place(self, invoke: Invoke, tmp_path: Path) -> None:
        source = write_source(tmp_path / "source")
        with (source / "events.jsonl").open("a") as file:
            file.write('{"event_id": "bad", "kind": "teleported", "occurred_at": "2026-01-01T00:00:00Z"}\n')
        assert (
            lines(invoke("ingest", "canonical", source, "--warehouse", tmp_path / "w", "--json"))[0]["quarantined"] == 1
        )
        row = lines(invoke("quarantine", "--warehouse", tmp_path / "w", "--json"))[0]
        assert (row["line"], row["column"], row["table"]) == (133, "kind", "events")
        assert "teleported" in row["reason"] + row["raw"]

    def test_rolling_back_serves_the_older_snapshot(self, invoke: Invoke, tmp_path: Path) -> None:
        source, root = write_source(tmp_path / "source"), tmp_path / "w"
        first = lines(invoke("ingest", "canonical", source, "--warehouse", root, "--json"))[0]["snapshot_id"]
        (source / "buyers.jsonl").write_text('{"buyer_id": "u1", "updated_at": "2026-01-01T00:00:00Z"}\n')
        second = lines(invoke("ingest", "canonical", source, "--warehouse", root, "--json"))[0]["snapshot_id"]
        listed = lines(invoke("snapshots", "--rollback", first, "--warehouse", root, "--json"))
        assert [(row["snapshot_id"], row["is_current"]) for row in listed] == [(second, False), (first, True)]

    def test_a_snapshot_whose_manifest_is_torn_is_named_beside_the_list(self, invoke: Invoke, tmp_path: Path) -> None:
        source, root = write_source(tmp_path / "source"), tmp_path / "w"
        torn = lines(invoke("ingest", "canonical", source, "--warehouse", root, "--json"))[0]["snapshot_id"]
        served = lines(invoke("build", "--warehouse", root, "--json"))[0]["snapshot_id"]
        (root / "snapshots" / f"{torn}.json").write_text("{\n")
        result = invoke("snapshots", "--warehouse", root, "--json")
        assert [row["snapshot_id"] for row in lines(result)] == [served]
        (said,) = result.stderr.splitlines()
        assert f"{torn}.json is no manifest" in said

    def test_a_demo_leaves_a_filled_warehouse_alone(self, invoke: Invoke, warehouse: Path) -> None:
        result = invoke("demo", "--if-empty", "--warehouse", warehouse, "--json")
        assert (result.exit_code, result.stdout) == (0, "")
        assert "nothing was simulated" in result.stderr

    def test_a_demo_never_replaces_real_data(self, invoke: Invoke, warehouse: Path) -> None:
        result = invoke("demo", "--warehouse", warehouse)
        assert result.exit_code == 1
        assert "real data" in result.stderr


class TestTrust:
    def test_contributions_add_up_to_the_score(self, invoke: Invoke, warehouse: Path) -> None:
        rows = lines(invoke("trust", "--warehouse", warehouse, "--json"))
        assert [row["merchant_id"] for row in rows] == ["a", "b"]
        assert list(rows[0]) == [
            "merchant_id",
            "as_of",
            "score",
            "level",
            "ci_low",
            "ci_high",
            "n",
            "status",
            "contributions",
        ]
        assert all(
            row["score"] is None or sum(row["contributions"].values()) == pytest.approx(row["score"], abs=1e-9)
            for row in rows
        )

    def test_an_unknown_merchant(self, invoke: Invoke, warehouse: Path) -> None:
        result = invoke("trust", "--merchant", "zz", "--warehouse", warehouse)
        assert result.exit_code == 1
        assert "no merchant 'zz'" in result.stderr


QUESTIONS = ("goal", "search", "tornado", "map")


class TestWhatif:
    def test_a_scenario_gives_its_outcomes(self, invoke: Invoke, warehouse: Path, tmp_path: Path) -> None:
        scenario = tmp_path / "s.toml"
        scenario.write_text('version = 1\nname = "As it is"\n[[levers]]\nkind = "late_rate"\nchange = 0.0\n')
        rows = lines(invoke("whatif", scenario, "--warehouse", warehouse, "--json"))
        assert {"outcome", "group", "baseline", "value", "change", "ci_low", "ci_high", "label", "assumptions"} <= set(
            rows[0]
        )
        assert all(row["change"] in (0, None) for row in rows)

    def test_orders_that_go_with_another_carrier(self, invoke: Invoke, demo_warehouse: Path) -> None:
        example = Path(__file__).parents[2] / "docs/examples/carriers.toml"
        found = {
            row["outcome"]: row for row in lines(invoke("whatif", example, "--warehouse", demo_warehouse, "--json"))
        }
        orders, late = found["carrier_orders"], found["late_any"]
        assert orders["group"] == {"merchants": "segment", "carrier": "BlueArrow"}
        assert orders["value"] < orders["baseline"]
        assert late["ci_low"] < late["change"] < late["ci_high"]
        assert any("take on the new carrier's rates" in sentence for sentence in late["assumptions"])

    def test_orders_that_go_to_merchants_of_another_category(self, invoke: Invoke, demo_warehouse: Path) -> None:
        example = Path(__file__).parents[2] / "docs/examples/category.toml"
        found = {
            row["outcome"]: row for row in lines(invoke("whatif", example, "--warehouse", demo_warehouse, "--json"))
        }
        assert found["mix_orders"]["group"] == {"merchants": "segment", "category": "Fashion"}
        assert found["mix_orders"]["value"] > found["mix_orders"]["baseline"]
        assert found["pooled_rate"]["ci_low"] < found["pooled_rate"]["change"] < found["pooled_rate"]["ci_high"]

    def test_questions_are_answered_under_the_same_keys(self, invoke: Invoke, warehouse: Path, tmp_path: Path) -> None:
        scenario = tmp_path / "s.toml"
        scenario.write_text(
            'version = 1\nname = "x"\n[goal]\nlever = "late_rate"\noutcome = "median_score"\ntarget = 99.9\n'
            '[search]\nminimise = "cost"\nevaluations = 50\n[[search.levers]]\nlever = "late_rate"\ncost = 1\n'
            '[tornado]\noutcome = "median_score"\nlevers = ["late_rate"]\n'
            '[map]\nfirst = "late_rate"\nsecond = "score_limit good"\noutcome = "median_score"\nsteps = 2\n'
        )
        rows = lines(invoke("whatif", scenario, "--warehouse", warehouse, "--json"))
        assert len({frozenset(row) for row in rows if row["outcome"].partition(".")[0] in QUESTIONS}) == 1
        found = {row["outcome"]: row for row in rows}
        assert {"goal", "goal.lever", "search.cost", "search.lever", "tornado", "map"} <= set(found)
        assert found["goal"]["group"]["target"] == 99.9
        assert found["search.cost"]["value"] == 0  # nothing has to be kept, so nothing has to move
        assert sum(row["outcome"] == "map" for row in rows) == 4

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("as_of = 2100-01-01", "Error: as_of: 2100-01-01 is after the data, which end on 2026-02-16."),
            ('snapshot_id = "a\\u001b[2Jb"', "belongs to snapshot a\ufffd[2Jb, this is"),
            (f'kind = "{"k" * 100_000}"', "unknown key 'kind'"),
            (f'"{"k" * 100_000}" = 1', "unknown key 'kkk"),
        ],
    )
    def test_a_mistake_is_one_line_of_no_more_than_a_page(
        self, invoke: Invoke, warehouse: Path, tmp_path: Path, line: str, said: str
    ) -> None:
        scenario = tmp_path / "s.toml"
        scenario.write_text(f'version = 2\nname = "x"\n{line}\n[[levers]]\nkind = "late_rate"\nchange = 0.0\n')
        result = invoke("whatif", scenario, "--warehouse", warehouse)
        assert (result.exit_code, type(result.exception)) == (1, SystemExit)
        assert said in result.stderr
        assert (result.stderr.count("\n"), len(result.stderr) < 2_100, "\x1b" in result.stderr) == (1, True, False)

    def test_a_misspelt_key(self, invoke: Invoke, warehouse: Path, tmp_path: Path) -> None:
        scenario = tmp_path / "s.toml"
        scenario.write_text('version = 1\nname = "x"\nsede = 1\n[[levers]]\nkind = "late_rate"\nchange = 0.0\n')
        result = invoke("whatif", scenario, "--warehouse", warehouse)
        assert result.exit_code == 1
        assert "seed" in result.stderr


def test_serve_hands_the_settings_on_to_the_server(invoke: Invoke, monkeypatch: Any, tmp_path: Path) -> None:
    started: list[Any] = []
    monkeypatch.setattr("os.execve", lambda *arguments: started.append(arguments))
    result = invoke("serve", "--port", "8600", "--warehouse", tmp_path)
    _, arguments, environment = started[0]
    assert arguments[1:] == ["-m", "app.server"]
    assert (environment["TRUSTDESK_PORT"], environment["TRUSTDESK_WAREHOUSE"]) == ("8600", str(tmp_path))
    assert "http://127.0.0.1:8600" in result.stderr


def test_serve_says_that_the_address_is_taken_before_it_names_it(invoke: Invoke, monkeypatch: Any) -> None:
    monkeypatch.setattr("os.execve", lambda *arguments: pytest.fail("the server was started"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = invoke("serve", "--port", str(taken.getsockname()[1]))
    assert result.exit_code == 1
    assert "--port" in result.stderr
    assert "TrustDesk is at" not in result.stderr
    unknown = invoke("serve", "--address", "300.1.1.1")
    assert (unknown.exit_code, len(unknown.stderr.splitlines())) == (1, 1)
    assert "300.1.1.1" in unknown.stderr


def test_a_wrong_setting_is_one_line(invoke: Invoke, monkeypatch: Any) -> None:
    monkeypatch.setenv("TRUSTDESK_PROT", "1")
    result = invoke("metrics")
    assert (result.exit_code, result.stderr) == (
        1,
        "Error: Unknown setting prot in the environment: did you mean port?\n",
    )


@pytest.mark.parametrize("name", list(main.commands))
def test_every_command_explains_itself(invoke: Invoke, name: str) -> None:
    result = invoke(name, "--help")
    assert result.exit_code == 0
    assert main.commands[name].help


def test_a_table_shows_control_characters_and_obeys_none(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([{"reason": "a\x1b[2Jb\x9b\nc", "n": 1}], as_json=False)
    assert "a\ufffd[2Jb\ufffd c" in capsys.readouterr().out


def test_choices_that_a_command_names_before_it_loads_them_are_those_that_there_are() -> None:
    for command, name, known in (("cases", "status", STEPS), ("statement", "measure", MEASURES)):
        (option,) = (param for param in main.commands[command].params if param.name == name)
        assert isinstance(option.type, click.Choice)
        assert set(option.type.choices) == set(known)
