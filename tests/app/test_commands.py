"""The commands: their JSON, their exit codes, and one clear line for whatever is wrong."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result

from app.commands import main
from app.commands.plumbing import print_rows
from app.services.level_change import MEASURES
from app.workspace.cases import STEPS
from tests.app.conftest import Invoke, write_source

THREAD = {
    "ticket_id": "t1",
    "merchant_id": "a",
    "messages": [
        {
            "message_id": "m1",
            "sent_at": "2026-02-01T09:00:00Z",
            "author": "merchant",
            "text": "Order TD-1001 was late because of the carrier. Please lift the 6 penalty points.",
        }
    ],
}


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def jsonl(path: Path, *rows: object) -> Path:
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


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


class TestMetrics:
    def test_a_rate_is_that_of_the_events(self, invoke: Invoke, warehouse: Path) -> None:
        window = ("--from", "2026-01-01", "--to", "2026-02-16")
        arguments = ("metrics", "--metric", "late_delivery_rate", "--by", "merchant", *window, "--json")
        rows = {row["group"]["merchant"]: row for row in lines(invoke(*arguments, "--warehouse", warehouse))}
        assert (rows["a"]["numerator"], rows["a"]["denominator"], rows["a"]["status"]) == (10, 40, "ok")
        assert rows["a"]["value"] == pytest.approx(0.25)
        assert (rows["b"]["status"], rows["b"]["value"]) == ("too_few", None)
        assert {
            "metric",
            "from",
            "to",
            "time_zone",
            "unit",
            "currency",
            "ci_low",
            "ci_high",
            "n",
            "snapshot_id",
        } <= set(rows["a"])

    def test_both_ends_of_the_window_count(self, invoke: Invoke, warehouse: Path) -> None:
        window = ("--from", "2026-01-02", "--to", "2026-01-04")
        row = lines(invoke("metrics", "--metric", "orders", *window, "--json", "--warehouse", warehouse))[0]
        assert (row["value"], row["from"], row["to"]) == (3, "2026-01-02", "2026-01-04")

    def test_as_of_knows_nothing_later(self, invoke: Invoke, warehouse: Path) -> None:
        arguments = ("metrics", "--metric", "orders", "--from", "2026-01-01", "--to", "2026-12-31", "--json")
        row = lines(invoke(*arguments, "--as-of", "2026-01-07", "--warehouse", warehouse))[0]
        assert row["value"] == 7

    def test_a_change_comes_in_parts_that_add_up_to_it(self, invoke: Invoke, warehouse: Path) -> None:
        arguments = (
            "metrics",
            "--metric",
            "orders",
            "--explain",
            "--by",
            "merchant",
            "--warehouse",
            warehouse,
            "--json",
        )
        *parts, whole = lines(invoke(*arguments, "--from", "2026-02-05", "--to", "2026-02-10"))
        assert parts
        assert whole["group"] == {}
        assert (whole["base_from"], whole["base_to"]) == ("2026-01-30", "2026-02-04")
        assert whole["change"] == whole["after"] - whole["before"]
        assert sum(part["change"] for part in parts) + whole["overlap"] == pytest.approx(whole["change"], abs=1e-9)
        for part in parts:
            assert part["volume"] + part["mix"] + part["rate"] == pytest.approx(part["change"], abs=1e-9)

    def test_a_change_against_two_days_of_ones_own(self, invoke: Invoke, warehouse: Path) -> None:
        window = ("--from", "2026-02-05", "--to", "2026-02-10", "--warehouse", warehouse, "--json")
        asked = ("metrics", "--metric", "orders", "--explain")
        *_parts, whole = lines(invoke(*asked, "--base-from", "2026-01-02", "--base-to", "2026-01-04", *window))
        assert (whole["base_from"], whole["base_to"]) == ("2026-01-02", "2026-01-04")
        assert (whole["before"], whole["after"], whole["change"]) == (3, 6, 3)
        for wrong in (
            ("--base-from", "2026-01-02"),
            ("--base-from", "2026-01-02", "--base-to", "2026-01-04", "--compare", "week"),
        ):
            result = invoke(*asked, *wrong, *window)
            assert (result.exit_code, "--base-from and --base-to go together" in result.stderr) == (2, True)

    def test_totals_are_figures_of_their_own(self, invoke: Invoke, warehouse: Path) -> None:
        window = ("--from", "2026-01-01", "--to", "2026-02-28", "--json", "--warehouse", warehouse)
        by = ("--by", "merchant", "--by", "month")
        shared = ("metrics", "--metric", "late_delivery_rate")
        found = [json.loads(line) for line in invoke(*shared, *by, "--totals", *window).stdout.splitlines()]
        cells = [json.loads(line) for line in invoke(*shared, *by, *window).stdout.splitlines()]
        assert [row for row in found if not row["is_total"]] == [row | {"is_total": False} for row in cells]
        for dimensions in (("merchant",), ("month",), ()):
            options = [part for name in dimensions for part in ("--by", name)]
            alone = [json.loads(line) for line in invoke(*shared, *options, *window).stdout.splitlines()]
            assert alone == [
                {key: value for key, value in row.items() if key != "is_total"}
                for row in found
                if tuple(row["group"]) == dimensions
            ]
        assert [row["value"] for row in found if row["group"] == {}] == [
            10 / 43
        ]  # the last order is of the unfinished day

    @pytest.mark.parametrize("options", [(), ("--by", "month", "--anomalies"), ("--metric", "orders", "--explain")])
    def test_totals_need_figures_by_a_dimension(
        self, invoke: Invoke, warehouse: Path, options: tuple[str, ...]
    ) -> None:
        result = invoke("metrics", "--totals", *options, "--warehouse", warehouse)
        assert (result.exit_code, "--totals goes with" in result.stderr) == (2, True)

    def test_a_metric_that_can_not_be_split_stops_no_other(self, invoke: Invoke, warehouse: Path) -> None:
        asked = [part for name in ("buyer_concentration", "no_such", "orders") for part in ("--metric", name)]
        window = ("--from", "2026-02-05", "--to", "2026-02-10", "--warehouse", warehouse)
        result = invoke("metrics", "--explain", *asked, *window, "--json")
        unsplit, unknown, *parts = lines(result)
        assert result.exit_code == 1
        assert (unsplit["metric"], unsplit["error"]["code"]) == ("buyer_concentration", "not_explained")
        assert "no sum over groups" in unsplit["error"]["message"]
        assert (unknown["metric"], unknown["error"]["code"]) == ("no_such", "unknown_metric")
        assert {part["metric"] for part in parts} == {"orders"}
        shown = invoke("metrics", "--explain", *asked, *window)
        assert shown.exit_code == 1
        assert "orders" in shown.stdout
        assert "buyer_concentration: This figure is no sum over groups" in shown.stderr

    def test_a_metric_that_can_not_be_forecast_stops_no_other(self, invoke: Invoke, warehouse: Path) -> None:
        asked = ("--metric", "nps", "--metric", "orders", "--json", "--warehouse", warehouse)
        result = invoke("metrics", "--forecast", *asked)
        assert [row["metric"] for row in lines(result) if "error" in row] == ["nps", "orders"]
        assert result.exit_code == 1

    def test_explain_needs_a_metric_and_one_dimension(self, invoke: Invoke, warehouse: Path) -> None:
        for wrong in ((), ("--metric", "orders", "--by", "tier", "--by", "region")):
            result = invoke("metrics", "--explain", *wrong, "--warehouse", warehouse)
            assert result.exit_code == 2
            assert "--explain needs --metric" in result.stderr
        result = invoke("metrics", "--compare", "week", "--warehouse", warehouse)
        assert result.exit_code == 2
        assert "--compare goes with --explain" in result.stderr

    def test_a_table_for_people(self, invoke: Invoke, warehouse: Path) -> None:
        shown = invoke("metrics", "--metric", "orders", "--warehouse", warehouse).stdout.splitlines()
        assert shown[0].split()[:3] == ["metric", "group", "value"]
        assert len(shown) == 2

    @pytest.mark.parametrize(
        ("arguments", "code", "message"),
        [
            (("--metric", "late_delivry_rate"), 1, "late_delivery_rate"),
            (("--by", "colour"), 1, "no dimension 'colour'"),
            (("--from", "2026-02-01", "--to", "2026-01-01"), 1, "swap the two dates"),
            (("--from", "soon"), 2, "does not match the format"),
            (("--from", "0001-01-01"), 2, "from 1900-01-01 to 2200-12-31"),
            (("--to", "9999-12-31"), 2, "from 1900-01-01 to 2200-12-31"),
            (("--as-of", "9999-12-31"), 2, "from 1900-01-01 to 2200-12-31"),
            (("--as-of", "1999-12-31"), 1, "no event up to the end of 1999-12-31"),
            (("--merchant", "zz"), 1, "no merchant 'zz'"),
            (("--region", "nrth"), 1, "no region 'nrth'"),
            (("--metrics",), 2, "No such option"),
        ],
    )
    def test_what_is_wrong_is_said(
        self, invoke: Invoke, warehouse: Path, arguments: tuple[str, ...], code: int, message: str
    ) -> None:
        result = invoke("metrics", *arguments, "--warehouse", warehouse)
        assert (result.exit_code, result.stdout) == (code, "")
        assert message in result.stderr

    def test_without_data_it_says_what_to_do(self, invoke: Invoke, tmp_path: Path) -> None:
        result = invoke("metrics", "--warehouse", tmp_path / "none")
        assert result.exit_code == 1
        assert "trustdesk demo" in result.stderr


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


class TestWords:
    def test_a_bad_line_keeps_its_place_and_the_rest_goes_on(self, invoke: Invoke, tmp_path: Path) -> None:
        file = jsonl(
            tmp_path / "f.jsonl", THREAD, "{broken", {"ticket_id": "t2", "messages": []}, {**THREAD, "ticket_id": "t3"}
        )
        result = invoke("summarize", file, "--json")
        assert result.exit_code == 1
        first, broken, empty, last = lines(result)
        assert (first["ticket_id"], last["ticket_id"]) == ("t1", "t3")
        assert all(sentence["cites"] == ["message:m1"] for sentence in first["sentences"])
        assert (broken["line"], broken["error"]["code"]) == (2, "bad_input")
        assert (empty["ticket_id"], empty["error"]["code"]) == ("t2", "bad_input")
        assert "2 lines failed" in result.stderr

    def test_a_draft_has_sources_and_checks(self, invoke: Invoke, tmp_path: Path) -> None:
        file = jsonl(
            tmp_path / "f.jsonl", {**THREAD, "facts": [{"fact_id": "f1", "name": "points", "value": 6, "unit": ""}]}
        )
        row = lines(invoke("draft", file, "--tone", "warm", "--length", "short", "--json"))[0]
        assert list(row) == ["ticket_id", "reply", "sentences", "checks", "language", "engine", "latency_ms"]
        assert row["engine"] == "macro"
        assert all(sentence["cites"] for sentence in row["sentences"])
        assert all(check["passed"] for check in row["checks"])

    def test_satisfaction_is_inferred_with_an_interval(self, invoke: Invoke, tmp_path: Path) -> None:
        def thread(ticket_id: str, author: str, text: str) -> dict[str, object]:
            said = {"message_id": "m1", "sent_at": "2026-03-01T09:00:00Z", "author": author, "text": text}
            return {"ticket_id": ticket_id, "merchant_id": "a", "messages": [said]}

        angry, content = "这是第三次了！！没人管，太差了，我要投诉！", "问题解决了，非常感谢，你们太好了！"
        file = jsonl(
            tmp_path / "f.jsonl",
            *(thread(name, "merchant", text) for name, text in (("bad", angry), ("good", content))),
            thread("nobody", "agent", "Hello?"),
            thread("pt", "buyer", "Onde está o meu pedido? Já faz duas semanas que espero a entrega."),
            "{broken",
        )
        result = invoke("satisfaction", file, "--json")
        bad, good, nobody, other, broken = lines(result)
        assert list(bad) == ["ticket_id", "score", "ci_low", "ci_high", "language"]
        assert 1 <= bad["score"] < 2.5 < 3.5 < good["score"] <= 5
        assert all(1 <= row["ci_low"] < row["score"] < row["ci_high"] <= 5 for row in (other,))
        assert (good["language"], other["language"]) == ("zh-Hans", "pt")
        assert (nobody["ticket_id"], nobody["error"]["code"]) == ("nobody", "bad_input")
        assert (broken["line"], result.exit_code) == (5, 1)

    def test_texts_come_from_stdin_too(self, invoke: Invoke) -> None:
        result = invoke(
            "classify", "-", "--json", stdin='\ufeff{"id": "1", "text": "我的货款还没有到账"}\n\n{"id": "2"}\n'
        )
        good, bad = lines(result)
        assert (good["id"], good["language"], good["intents"][0]["name"]) == ("1", "zh-Hans", "payout_delay")
        assert (bad["id"], bad["error"]["code"]) == ("2", "bad_input")

    def test_private_data_is_masked_on_the_original_text(self, invoke: Invoke) -> None:
        text = "\u200b😀 Kind regards, Marta Kowalska, +48 512 604 337, order TD-10017578"
        asked = f'{json.dumps({"id": "1", "text": text})}\n{{"id": "2"}}\nnope\n{{"id": "3", "text": ""}}\n'
        result = invoke("redact", "-", "--json", stdin=asked)
        first, second, third, fourth = lines(result)
        assert [(text[s["start"] : s["end"]], s["type"]) for s in first["spans"]] == [
            ("Marta Kowalska", "PERSON"),
            ("+48 512 604 337", "PHONE"),
        ]
        assert first["text"] == "\u200b😀 Kind regards, [PERSON], [PHONE], order TD-10017578"
        assert [second["error"]["code"], third["error"]["code"]] == ["bad_input", "bad_input"]
        assert (result.exit_code, third["line"], fourth) == (1, 3, {"id": "3", "text": "", "spans": []})

    def test_a_number_too_long_to_read_fails_its_line_alone(self, invoke: Invoke) -> None:
        huge = f'{{"id": "1", "text": "hi", "n": {"9" * 5000}}}'
        result = invoke("classify", "-", "--json", stdin=f'{huge}\n{{"id": "2", "text": "hi"}}\n')
        bad, good = lines(result)
        assert (result.exit_code, bad["line"], bad["error"]["code"], good["id"]) == (1, 1, "bad_input", "2")

    def test_an_empty_file_is_said(self, invoke: Invoke, tmp_path: Path) -> None:
        file = jsonl(tmp_path / "f.jsonl", "", "  ")
        result = invoke("classify", file, "--json")
        assert (result.exit_code, result.stdout) == (0, "")
        assert f"{file} holds no line" in result.stderr

    def test_themes_of_an_unknown_merchant(self, invoke: Invoke, warehouse: Path) -> None:
        result = invoke("themes", "--merchant", "zz", "--json", "--warehouse", warehouse)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "no merchant 'zz'" in result.stderr

    def test_no_file(self, invoke: Invoke, tmp_path: Path) -> None:
        result = invoke("draft", tmp_path / "none.jsonl")
        assert result.exit_code == 1
        assert "is not a file" in result.stderr


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
