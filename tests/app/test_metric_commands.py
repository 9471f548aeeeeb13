"""`trustdesk metrics`: figures of the events, their parts and totals, and one clear line for whatever is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.app.conftest import Invoke, lines


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
