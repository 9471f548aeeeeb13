"""`trustdesk bench llm` on a tiny model: a row an engine and prompt length, and why a peer is missing. No time is judged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from app.commands import main
from llm.desk import speed
from llm.desk.model import Geometry

TINY = Geometry(vocabulary=300, width=32, layers=2, heads=2, inner=48, context=256)


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(speed, "PROMPTS", (20, 40))
    monkeypatch.setattr(speed, "_COPIED_BYTES", 2**20)
    monkeypatch.setattr(speed, "find_spec", lambda _name: None)
    return speed.random_model(tmp_path / "tiny", TINY)


def test_every_engine_has_a_row_a_prompt_length(model: Path) -> None:
    threads = str(torch.get_num_threads())
    result = CliRunner().invoke(
        main, ["bench", "llm", "--model", str(model), "--runs", "2", "--threads", threads, "--json"]
    )
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    engines = ["trustdesk", "transformers, as it comes", "transformers, float32", "CTranslate2, int8"]
    assert [(row["engine"], row["prompt_tokens"]) for row in rows[:-1]] == [
        (engine, length) for length in (20, 40) for engine in engines
    ]
    for row in rows[:-1]:
        is_absent = row["engine"].startswith("CTranslate2")
        assert row["status"] == ("not installed" if is_absent else "ok")
        assert (row["tokens_per_second"] is None) is is_absent
    assert {row["ours_as_multiple"] for row in rows if row["engine"] == "trustdesk"} == {1.0}
    assert rows[-1]["engine"] == "limit: weights from memory"
    assert rows[-1]["tokens_per_second"] > 0


def test_without_a_shipped_model_random_weights_are_measured_and_said(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed, "SHIPPED", model.parent / "none")
    monkeypatch.setitem(speed.GEOMETRIES, "medium", TINY)
    result = CliRunner().invoke(main, ["bench", "llm", "--runs", "1", "--threads", "1", "--json"])
    assert result.exit_code == 0, result.output
    assert "random weights" in result.stderr
    assert json.loads(result.stdout.splitlines()[0])["model"] == "medium-random-weights"


def test_a_folder_without_a_desk_model_is_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["bench", "llm", "--model", str(tmp_path)])
    assert result.exit_code == 1
    assert "holds no model of the desk's own shape" in result.stderr
