"""`trustdesk model info` says what a folder is, and one line where it can't be used."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.app.conftest import Invoke
from tests.llm.desk.tiny_desk import make_desk_model
from tests.llm.serving.tiny_checkpoint import make_adapter, make_checkpoint, make_encoder_decoder


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


def test_an_adapter_is_named_with_its_base(invoke: Invoke, folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("peft")
    shutil.copytree(folder, tmp_path / "Tiny-Qwen3")
    adapter = make_adapter(tmp_path / "Adapter", tmp_path / "Tiny-Qwen3", named="someone/Tiny-Qwen3")
    found = json.loads(invoke("model", "info", adapter, "--measure", "--json").stdout)
    alone = json.loads(invoke("model", "info", folder, "--json").stdout)
    assert (found["engine"], found["kind"]) == ("checkpoint:Adapter", "adapter on Tiny-Qwen3 (causal)")
    assert alone["parameters"] < found["parameters"] < 1.1 * alone["parameters"]
    assert found["weight_bytes"] > alone["weight_bytes"]
    assert found["tokens_per_second"] > 0


def test_an_adapter_without_its_base_is_one_line(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text('{"base_model_name_or_path": "someone/Absent"}')
    result = invoke("model", "info", tmp_path)
    assert result.exit_code == 1
    assert "holds an adapter of someone/Absent, which is no folder here" in result.stderr


def test_kind_and_prompt_layout_are_said(invoke: Invoke, tmp_path: Path) -> None:
    encoder_decoder = make_encoder_decoder(tmp_path / "t5", "t5")
    found = json.loads(invoke("model", "info", encoder_decoder, "--json").stdout)
    assert (found["kind"], found["prompt_layout"], found["context_length"]) == ("encoder-decoder", "plain", 128)
    base = make_checkpoint(tmp_path / "base", chat_template=None)
    found = json.loads(invoke("model", "info", base, "--json").stdout)
    assert (found["kind"], found["prompt_layout"]) == ("causal", "plain")


def test_a_server_is_named_as_one(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTDESK_SERVER_URL", "http://models.example/v1")
    monkeypatch.setenv("TRUSTDESK_SERVER_MODEL", "large")
    found = json.loads(invoke("model", "info", "--json").stdout)
    assert (found["engine"], found["kind"], found["folder"]) == ("server:large", "server", "http://models.example/v1")
