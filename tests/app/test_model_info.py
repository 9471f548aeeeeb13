"""`trustdesk model info` says what a folder is, and one line where it can't be used."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.app.conftest import Invoke
from tests.llm.desk.tiny_desk import make_desk_model
from tests.llm.serving.tiny_checkpoint import make_checkpoint


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("models") / "Tiny-Qwen3")


def test_a_folder_is_described_and_measured(invoke: Invoke, folder: Path) -> None:
    from transformers import AutoModelForCausalLM

    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# Tiny\n")
    found = json.loads(invoke("model", "info", folder, "--measure", "--json").stdout)
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert found["engine"] == "checkpoint:Tiny-Qwen3"
    assert found["parameters"] == sum(weights.numel() for weights in model.parameters())
    assert (found["dtype"], found["context_length"], found["licence"]) == ("float32", 4096, "apache-2.0")
    assert found["memory_bytes"] > found["weight_bytes"]
    assert found["tokens_per_second"] > 0


def test_a_model_of_the_desks_own_is_described_and_measured(invoke: Invoke, tmp_path: Path) -> None:
    found = json.loads(invoke("model", "info", make_desk_model(tmp_path / "Tiny-Desk"), "--measure", "--json").stdout)
    assert (found["engine"], found["dtype"], found["context_length"]) == ("desk:Tiny-Desk", "bfloat16", 1_024)
    assert found["load_seconds"] > 0
    assert found["memory_bytes"] > found["weight_bytes"]


def test_without_a_checkpoint_macros_write(invoke: Invoke) -> None:
    found = json.loads(invoke("model", "info", "--json").stdout)
    assert found["engine"] == "macro"
    assert found["parameters"] is None


def test_what_is_no_checkpoint_gets_one_line(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("model", "info", tmp_path)
    assert result.exit_code == 1
    assert "config.json" in result.stderr


def test_an_adapter_is_never_left_out_silently(invoke: Invoke, folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "adapted")
    (copy / "adapter_config.json").write_text('{"base_model_name_or_path": "models/base"}')
    result = invoke("model", "info", copy)
    assert result.exit_code == 1
    assert "merge it into its base model (models/base)" in result.stderr
