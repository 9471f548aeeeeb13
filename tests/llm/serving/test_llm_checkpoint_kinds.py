"""Encoder-decoders, models without a chat template and adapters write as `transformers` alone would, or get one clear line."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from llm import checkpoint_files
from llm.chat import ChatMessage, GenerateOptions
from llm.checkpoint import Checkpoint
from llm.checkpoint_files import inspect_checkpoint
from llm.engine import Engine
from llm.errors import CheckpointError, EngineError, PromptTooLongError
from llm.plain_layout import STOPS, Until, plain_prompt
from llm.worker import WorkerConfig
from tests.llm.serving.tiny_checkpoint import EncoderDecoder, make_adapter, make_checkpoint, make_encoder_decoder

ASK = [ChatMessage("system", "Answer the merchant."), ChatMessage("user", "Why was order A-1001 late?")]


@pytest.fixture(scope="module", params=["t5", "mt5", "bart"])
def encoder_decoder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    kind: EncoderDecoder = request.param
    return Checkpoint(make_encoder_decoder(tmp_path_factory.mktemp("models") / kind, kind))


def written(checkpoint: Checkpoint, tokens: int = 40) -> tuple[str, list[str]]:
    pieces: list[str] = []
    return checkpoint.generate(ASK, GenerateOptions(max_tokens=tokens), pieces.append), pieces


def test_an_encoder_decoder_streams_what_transformers_writes(encoder_decoder: Checkpoint) -> None:
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    info = encoder_decoder.info
    assert (info.kind, info.layout, info.context_length) == ("encoder-decoder", "plain", 128)
    reason, pieces = written(encoder_decoder)
    tokenizer: Any = AutoTokenizer.from_pretrained(info.folder)
    model: Any = AutoModelForSeq2SeqLM.from_pretrained(info.folder)
    model.generation_config.forced_eos_token_id = None
    inputs = tokenizer(f"{ASK[0].content}\n\n{ASK[1].content}", return_tensors="pt")
    kept = {name: inputs[name] for name in ("input_ids", "attention_mask")}
    output = model.generate(**kept, max_new_tokens=40, do_sample=False, num_beams=1)
    assert "".join(pieces) == tokenizer.decode(output[0], skip_special_tokens=True)
    assert reason == "length"
    assert len(pieces) > 1


def test_an_encoder_decoder_is_cancelled_and_stops_by_itself(encoder_decoder: Checkpoint) -> None:
    pieces: list[str] = []
    began = time.monotonic()
    options = GenerateOptions(max_tokens=120)
    assert encoder_decoder.generate(ASK, options, pieces.append, lambda: len(pieces) >= 2) == "cancelled"
    assert len(pieces) == 2
    assert encoder_decoder.generate(ASK, options, pieces.append, lambda: True) == "cancelled"
    assert time.monotonic() - began < 5
    import torch

    head, end = encoder_decoder._model.get_output_embeddings(), encoder_decoder._end_tokens()[0]
    with torch.no_grad(), pytest.MonkeyPatch.context() as patch:
        ending = torch.full((1, 1, head.weight.shape[0]), -9.0)
        ending[..., end] = 9
        patch.setattr(head, "forward", lambda *_: ending)
        assert written(encoder_decoder, 5) == ("stop", [])


def test_an_encoder_decoder_reads_no_more_than_its_context(encoder_decoder: Checkpoint) -> None:
    long = [ChatMessage("user", "late " * 200)]
    with pytest.raises(PromptTooLongError, match=r"The prompt has .* and the context of .* 128"):
        encoder_decoder.generate(long, GenerateOptions(), lambda _: None)
    # The answer stands beside the prompt: a prompt that fills the context leaves all of it.
    filled = [ChatMessage("user", " late" * 20)]
    pieces: list[str] = []
    assert encoder_decoder.generate(filled, GenerateOptions(max_tokens=10_000), pieces.append) == "length"


def test_an_encoder_decoder_writes_through_the_engine(encoder_decoder: Checkpoint) -> None:
    with Engine(WorkerConfig(checkpoint=encoder_decoder.info.folder, threads=1)) as engine:
        assert "".join(engine.generate(ASK, GenerateOptions(max_tokens=12))) == "".join(written(encoder_decoder, 12)[1])


def test_an_encoder_decoder_that_cannot_begin_is_one_line(tmp_path: Path) -> None:
    folder = make_encoder_decoder(tmp_path / "t5", "t5")
    for name in ("config.json", "generation_config.json"):
        found = json.loads((folder / name).read_text())
        found.pop("decoder_start_token_id", None)
        (folder / name).write_text(json.dumps(found))
    with pytest.raises(CheckpointError, match="names no decoder_start_token_id"):
        Checkpoint(folder)


def test_without_a_limit_of_its_own_an_encoder_decoder_has_one(tmp_path: Path) -> None:
    folder = make_encoder_decoder(tmp_path / "mt5", "mt5", context_length=int(1e30))
    assert inspect_checkpoint(folder).context_length == 1_024


# Without a chat template.


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return Checkpoint(make_checkpoint(tmp_path_factory.mktemp("models") / "Tiny-Base", chat_template=None))


def test_a_base_model_reads_the_plain_layout(base: Checkpoint) -> None:
    assert base.info.layout == "plain"
    text = base._tokenizer.decode(base._prompt(ASK)["input_ids"][0])
    assert text == "Answer the merchant.\n\n### Question\nWhy was order A-1001 late?\n\n### Answer\n"
    assert written(base)[0] == "length"


def test_a_base_models_answer_ends_where_the_next_question_begins(
    base: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    said = "It was late. 您的订单 \n### Question\nAnd the next?"
    script = base._tokenizer(said)["input_ids"]
    count = iter(range(10_000))

    def next_token(*_: object, **__: object) -> object:
        logits = torch.zeros(1, 1, base._model.config.vocab_size)
        logits[0, 0, script[min(next(count), len(script) - 1)]] = 9
        return logits

    monkeypatch.setattr(base._model.lm_head, "forward", next_token)
    reason, pieces = written(base, 200)
    assert (reason, "".join(pieces)) == ("stop", "It was late. 您的订单 ")
    assert next(count) < len(script)  # it didn't go on writing what nobody reads


@pytest.mark.parametrize("size", [1, 2, 3, 50])
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("One.\nTwo.", "One.\nTwo."),
        ("One.\n### Question\nTwo", "One."),
        ("One.\nUser: two", "One."),
        ("One.\n##", "One.\n##"),
        ("One.\n## Two\nUse", "One.\n## Two\nUse"),
        ("好的。\n问题：", "好的。"),
        ("\n### Question", ""),
    ],
)
def test_text_ends_at_a_stop_however_it_is_cut(text: str, shown: str, size: int) -> None:
    told: list[str] = []
    answer = Until(STOPS, told.append)
    for start in range(0, len(text), size):
        answer.feed(text[start : start + size])
    answer.end()
    assert "".join(told) == shown
    assert "" not in told


def test_earlier_answers_stand_under_their_heading() -> None:
    messages = [ChatMessage("user", "a"), ChatMessage("assistant", "b"), ChatMessage("user", "c")]
    assert plain_prompt(messages, has_headings=True) == (
        "### Question\na\n\n### Answer\nb\n\n### Question\nc\n\n### Answer\n"
    )


def test_a_tokenizer_that_closes_every_text_leaves_the_prompt_open(base: Checkpoint, tmp_path: Path) -> None:
    from tokenizers.processors import TemplateProcessing

    copy = Path(shutil.copytree(base.info.folder, tmp_path / "copy"))
    closed = Checkpoint(copy)
    end = closed._end_tokens()[0]
    closed._tokenizer._tokenizer.post_processor = TemplateProcessing(
        single="$A <|im_end|>", special_tokens=[("<|im_end|>", end)]
    )
    assert closed._tokenizer("a")["input_ids"][-1] == end
    assert closed._prompt(ASK)["input_ids"][0].tolist() == base._prompt(ASK)["input_ids"][0].tolist()


@pytest.mark.parametrize(("tokens", "rows"), [(600, 0), (0, 2_000)])
def test_a_tokenizer_of_another_model_is_one_line(base: Checkpoint, tmp_path: Path, tokens: int, rows: int) -> None:
    from transformers import AutoTokenizer

    copy = Path(shutil.copytree(base.info.folder, tmp_path / "copy"))
    if tokens:
        tokenizer: Any = AutoTokenizer.from_pretrained(copy)
        tokenizer.add_tokens([f"<extra_{n}>" for n in range(tokens)])
        tokenizer.save_pretrained(copy)
    if rows:
        base_model: Any = Checkpoint(copy)._model
        base_model.resize_token_embeddings(rows)
        base_model.save_pretrained(copy)
    with pytest.raises(
        CheckpointError, match=r"its tokenizer has .* tokens, the weights .*; they do not belong"
    ) as caught:
        Checkpoint(copy)
    assert "\n" not in str(caught.value)


def test_a_model_that_fails_while_it_writes_is_one_line(base: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> object:
        raise RuntimeError("no memory left\nand a trace")

    monkeypatch.setattr(base._model.lm_head, "forward", fail)
    with pytest.raises(EngineError, match=r"The model failed while it wrote \(RuntimeError: no memory left\)"):
        written(base)


# Adapters.


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a base model, `Base`, and its adapter, `Adapter`."""
    pytest.importorskip("peft")
    folder = tmp_path_factory.mktemp("models")
    make_checkpoint(folder / "Base")
    make_adapter(folder / "Adapter", folder / "Base", named="someone/Base")
    return folder


def test_an_adapter_writes_as_peft_does(models: Path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    adapted = Checkpoint(models / "Adapter")
    info = adapted.info
    assert (info.name, info.base, info.kind) == ("Adapter", (models / "Base").resolve(), "causal")
    plain: Any = AutoModelForCausalLM.from_pretrained(models / "Base")
    inputs = adapted._prompt(ASK)
    without = plain(**inputs).logits
    expected = PeftModel.from_pretrained(plain, models / "Adapter")(**inputs).logits
    found = adapted._model(**inputs).logits
    assert float((found - expected).abs().max()) < 1e-4
    assert float((found - without).abs().max()) > 1e-2
    assert written(adapted)[0] == "length"


def test_an_adapter_runs_in_the_worker(models: Path) -> None:
    with Engine(WorkerConfig(checkpoint=models / "Adapter", threads=1)) as engine:
        assert "".join(engine.generate(ASK, GenerateOptions(max_tokens=8)))


def pickled(folder: Path) -> None:
    (folder / "adapter_model.safetensors").unlink()
    (folder / "adapter_model.bin").write_bytes(b"\x80\x02}q\x00.")


def elsewhere(folder: Path) -> None:
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"base_model_name_or_path": "someone/Absent"}))


def nameless(folder: Path) -> None:
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"base_model_name_or_path": None}))


def cut(folder: Path) -> None:
    path = folder / "adapter_model.safetensors"
    os.truncate(path, path.stat().st_size - 9)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (pickled, r"holds pickled weights \(adapter_model.bin\)"),
        (elsewhere, "holds an adapter of someone/Absent, which is no folder here"),
        (nameless, "names no base_model_name_or_path"),
        (cut, "has .* bytes where .* belong"),
        (lambda folder: (folder / "adapter_model.safetensors").unlink(), "has no adapter_model.safetensors"),
        (lambda folder: (folder / "adapter_config.json").write_text("{"), "cannot be read as JSON"),
    ],
)
def test_a_bad_adapter_is_one_line(models: Path, spoil: Callable[[Path], None], message: str) -> None:
    copy = Path(shutil.copytree(models / "Adapter", models / "Copy", dirs_exist_ok=True))
    try:
        spoil(copy)
        with pytest.raises(CheckpointError, match=message) as caught:
            inspect_checkpoint(copy)
        assert "\n" not in str(caught.value)
    finally:
        shutil.rmtree(copy)


def test_an_adapter_of_another_model_is_one_line(models: Path) -> None:
    from safetensors.torch import load_file, save_file

    copy = Path(shutil.copytree(models / "Adapter", models / "Foreign"))
    path = copy / "adapter_model.safetensors"
    tensors = load_file(path)
    half = {name: tensor for name, tensor in tensors.items() if "layers.0" in name}
    save_file(half, path)
    with pytest.raises(CheckpointError, match="its adapter does not belong to"):
        Checkpoint(copy)
    foreign = {"base_model.model.model.layers.9.self_attn.q_proj.lora_A.weight": tensors[min(tensors)].clone()}
    save_file(tensors | foreign, path)
    with pytest.raises(CheckpointError, match="its adapter does not belong to"):
        Checkpoint(copy)


def test_without_peft_an_adapter_says_what_to_install(
    checkpoint_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(checkpoint_folder, tmp_path / "Base")
    folder = tmp_path / "Adapter"
    folder.mkdir()
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "someone/Base"}')
    shutil.copy(checkpoint_folder / "model.safetensors", folder / "adapter_model.safetensors")
    real = importlib.util.find_spec
    monkeypatch.setattr(checkpoint_files, "find_spec", lambda name: None if name == "peft" else real(name))
    with pytest.raises(CheckpointError, match=r"needs the package peft: pip install 'trustdesk\[adapters\]'"):
        inspect_checkpoint(folder)
