"""`trustdesk bench llm` on a tiny model: a row an engine and prompt length, and why a peer is missing. No time is judged."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from app.commands import main
from llm import peers
from llm.desk import speed
from llm.desk.decode import DeskDecoder
from llm.desk.model import Geometry

TINY = Geometry(vocabulary=300, width=32, layers=2, heads=2, inner=48, context=256)


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(speed, "PROMPTS", (20, 40))
    monkeypatch.setattr(speed, "_COPIED_BYTES", 2**20)
    monkeypatch.setattr(speed, "find_spec", lambda _name: None)
    monkeypatch.setattr(peers, "find_spec", lambda _name: None)
    return speed.random_model(tmp_path / "tiny", TINY)


def test_every_engine_has_a_row_a_prompt_length(model: Path) -> None:
    threads = str(torch.get_num_threads())
    result = CliRunner().invoke(
        main, ["bench", "llm", "--model", str(model), "--runs", "2", "--threads", threads, "--json"]
    )
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    engines = list(speed.ENGINES)
    assert [(row["engine"], row["prompt_tokens"]) for row in rows[:-1]] == [
        (engine, length) for length in (20, 40) for engine in engines
    ]
    absent = {
        "CTranslate2, int8": "not installed",
        "OpenVINO": "not installed",
        "OpenVINO, int8 weights": "not installed",
    }
    absent["torch.compile"] = "left out: it compiles for minutes; ask for it with --engine torch.compile"
    for row in rows[:-1]:
        assert row["status"] == absent.get(row["engine"], "ok")
        assert (row["tokens_per_second"] is None) is (row["engine"] in absent)
    assert {row["ours_as_multiple"] for row in rows if row["engine"] == "trustdesk"} == {1.0}
    assert rows[-1]["engine"] == "limit: weights from memory"
    assert rows[-1]["tokens_per_second"] > 0


def test_without_a_shipped_model_random_weights_are_measured_and_said(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed, "SHIPPED", model.parent / "none")
    monkeypatch.setitem(speed.GEOMETRIES, "medium", TINY)
    result = CliRunner().invoke(
        main, ["bench", "llm", "--engine", "float32", "--prompt", "20", "--runs", "1", "--threads", "1", "--json"]
    )
    assert result.exit_code == 0, result.output
    assert "random weights" in result.stderr
    assert json.loads(result.stdout.splitlines()[0])["model"] == "medium-random-weights"


def test_a_folder_without_a_desk_model_is_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["bench", "llm", "--model", str(tmp_path)])
    assert result.exit_code == 1
    assert "holds no model of the desk's own shape" in result.stderr


def test_engines_geometries_and_prompts_are_chosen(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(speed.RANDOM, "0.6b", TINY)
    asked = ["bench", "llm", "--geometry", "0.6b", "--engine", "FLOAT32", "--prompt", "30", "--runs", "1", "--json"]
    result = CliRunner().invoke(main, [*asked, "--threads", str(torch.get_num_threads())])
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(row["model"], row["engine"], row["prompt_tokens"]) for row in rows] == [
        ("0.6b-random-weights", "trustdesk", 30),
        ("0.6b-random-weights", "transformers, float32", 30),
        ("0.6b-random-weights", "limit: weights from memory", 0),
    ]
    result = CliRunner().invoke(main, ["bench", "llm", "--engine", "abacus"])
    assert result.exit_code == 2
    assert "no engine has it in its name: trustdesk, transformers, as it comes" in result.stderr


def test_openvino_writes_what_we_write(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openvino")
    decoder = DeskDecoder(model)
    decoder.ends, decoder.stops_circles = frozenset(), False
    exact: dict[str, object] = {"INFERENCE_PRECISION_HINT": "f32"}
    answer = peers.openvino_tokens(model, is_int8=False, options=exact)
    near = peers.openvino_tokens(model, is_int8=True, options=exact)
    for start in (3, 50):  # twice: the first answer leaves nothing behind in the second
        prompt = list(range(start, start + 30))
        ours = list(decoder.generate(prompt, max_tokens=20))
        assert list(answer(prompt, 20)) == ours
        assert next(near(prompt, 1)) in range(TINY.vocabulary)
    assert len(peers.timed(answer)([5, 6, 7], 9)) == 10
    assert sys.modules["openvino_telemetry"] is None  # it would report to its maker


def test_int8_weights_are_near_the_exact_ones() -> None:
    torch.manual_seed(3)
    weight, x = torch.randn(40, 64), torch.randn(5, 64)
    exact = x @ weight.T
    found = peers._Int8Linear(weight)(x)
    assert float((found - exact).norm() / exact.norm()) < 0.01
