"""A folder is a chat checkpoint or gets one clear line; a good one streams what transformers itself would write."""

import json
import os
import pickle
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from llm.chat import ChatMessage, GenerateOptions
from llm.checkpoint import Checkpoint, _Pieces
from llm.checkpoint_files import inspect_checkpoint
from llm.errors import CheckpointError, EngineError, PromptTooLongError, one_line
from llm.plain_layout import Until
from tests.llm.serving.tiny_checkpoint import make_checkpoint

ASK = [ChatMessage("system", "Answer the merchant."), ChatMessage("user", "Why was order A-1001 late?")]


@pytest.fixture(scope="module")
def checkpoint(checkpoint_folder: Path) -> Checkpoint:
    return Checkpoint(checkpoint_folder)


@pytest.fixture
def copy(checkpoint_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(checkpoint_folder, tmp_path / "copy"))


def test_inspect_reads_name_architecture_and_context(checkpoint_folder: Path) -> None:
    info = inspect_checkpoint(checkpoint_folder)
    assert (info.name, info.architecture, info.context_length) == ("Tiny-Qwen3", "Qwen3ForCausalLM", 4096)
    assert info.weight_bytes == (checkpoint_folder / "model.safetensors").stat().st_size


def change_json(name: str, **changes: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / name
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return change


def truncate(folder: Path) -> None:
    os.truncate(folder / "model.safetensors", (folder / "model.safetensors").stat().st_size - 100)


def remove(*names: str) -> Callable[[Path], None]:
    return lambda folder: [os.remove(folder / name) for name in names] and None


def replace(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(content) and None


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (shutil.rmtree, "is not a folder; name one that holds config.json"),
        (remove("config.json"), "has no config.json"),
        (replace("config.json", b"{"), r"config.json: cannot be read as JSON"),
        (replace("config.json", b"[1]"), "holds no JSON object"),
        (replace("config.json", b"{}"), "names neither architectures nor model_type"),
        (remove("model.safetensors"), "has no model.safetensors"),
        (truncate, "model.safetensors: has .* bytes where .* belong"),
        (replace("model.safetensors", b"\x80\x02}q\x00."), "is not a safetensors file"),
        (replace("model.safetensors", b"\x02\0\0\0\0\0\0\0{}"), "has a damaged header"),
        (remove("tokenizer.json"), "has no tokenizer"),
        (
            replace("model.safetensors.index.json", b'{"weight_map": {"a": "model-00001-of-00002.safetensors"}}'),
            "lacks model-00001-of-00002.safetensors",
        ),
    ],
)
def test_bad_folder_gives_one_clear_line(copy: Path, spoil: Callable[[Path], None], message: str) -> None:
    spoil(copy)
    with pytest.raises(CheckpointError, match=message) as caught:
        inspect_checkpoint(copy)
    assert "\n" not in str(caught.value)
    assert str(copy) in str(caught.value)


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt"])
def test_pickled_weights_are_refused_and_never_opened(copy: Path, tmp_path: Path, name: str) -> None:
    (copy / "model.safetensors").unlink()
    (copy / name).write_bytes(pickle.dumps(Bomb(tmp_path / "exploded")))
    with pytest.raises(CheckpointError, match=f"pickled weights .{name}., which can run code and are refused"):
        Checkpoint(copy)
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (change_json("config.json", num_hidden_layers=3), "does not load"),
        (
            change_json("config.json", num_hidden_layers=3, layer_types=None),
            "its weights lack .* tensors of a Qwen3ForCausalLM",
        ),
        (
            change_json("config.json", hidden_size=32),
            r"another shape than its config.json gives them \(lm_head.weight: \d+ × 64 where \d+ × 32 belong\)",
        ),
        (change_json("generation_config.json", eos_token_id=300), r"ends an answer \(300\) is a word of its tokenizer"),
        (change_json("config.json", model_type="of-tomorrow"), "does not load"),
        (replace("tokenizer.json", b"{}"), "does not load"),
        (replace("tokenizer.json", b"half a file"), "does not load"),
    ],
)
def test_parts_that_do_not_belong_together_give_one_clear_line(
    copy: Path, spoil: Callable[[Path], None], message: str
) -> None:
    spoil(copy)
    with pytest.raises(CheckpointError, match=message) as caught:
        Checkpoint(copy)
    assert "\n" not in str(caught.value)


def test_custom_code_is_never_run(copy: Path, tmp_path: Path) -> None:
    change_json("config.json", model_type="of-tomorrow", auto_map={"AutoConfig": "own.OwnConfig"})(copy)
    (copy / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(CheckpointError, match="does not load"):
        Checkpoint(copy)
    assert not (tmp_path / "ran").exists()


def test_streams_what_transformers_writes(checkpoint: Checkpoint, checkpoint_folder: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    pieces: list[str] = []
    assert checkpoint.generate(ASK, GenerateOptions(max_tokens=40), pieces.append) == "length"

    tokenizer = AutoTokenizer.from_pretrained(checkpoint_folder)
    model = AutoModelForCausalLM.from_pretrained(checkpoint_folder)
    inputs = tokenizer.apply_chat_template(
        [{"role": message.role, "content": message.content} for message in ASK],
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
    )
    output = model.generate(**inputs, max_new_tokens=40, do_sample=False)
    expected = tokenizer.decode(output[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    assert "".join(pieces) == expected
    assert len(pieces) > 3


def test_answer_ends_where_the_context_does(tmp_path: Path) -> None:
    small = Checkpoint(make_checkpoint(tmp_path / "small", context_length=128))
    pieces: list[str] = []
    assert small.generate(ASK[1:], GenerateOptions(max_tokens=10_000), pieces.append) == "length"
    with pytest.raises(PromptTooLongError, match="and the context of small 128: no room for an answer"):
        small.generate([ChatMessage("user", "late " * 400)], GenerateOptions(), pieces.append)


def test_stops_before_the_next_layer_when_cancelled(checkpoint: Checkpoint) -> None:
    pieces: list[str] = []
    started = time.monotonic()
    reason = checkpoint.generate(ASK, GenerateOptions(max_tokens=4000), pieces.append, lambda: len(pieces) >= 3)
    assert (reason, len(pieces)) == ("cancelled", 3)
    assert checkpoint.generate(ASK, GenerateOptions(), pieces.append, lambda: True) == "cancelled"
    assert len(pieces) == 3
    assert time.monotonic() - started < 2


def test_template_without_a_system_turn_gets_it_in_the_first_question(tmp_path: Path, checkpoint: Checkpoint) -> None:
    refusing = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system turn') }}{% endif %}"
    template = refusing + "{% for message in messages %}{{ message['content'] }}{% endfor %}"
    odd = Checkpoint(make_checkpoint(tmp_path / "odd", chat_template=template))
    assert odd._tokenizer.decode(odd._prompt(ASK)["input_ids"][0]) == f"{ASK[0].content}\n\n{ASK[1].content}"
    with pytest.raises(CheckpointError, match=r"its chat template refuses the prompt .*no system turn"):
        odd._prompt(ASK[:1])


def test_pieces_never_split_a_character(checkpoint: Checkpoint) -> None:
    text = "Refund 25.00 USD 🙂👩‍👩‍👧 您的订单 à bientôt"
    tokenizer = checkpoint._tokenizer
    ids = tokenizer(text, return_tensors="pt")["input_ids"][0]
    pieces: list[str] = []
    stream = _Pieces(tokenizer, Until((), pieces.append))
    stream.put(ids[:1])  # the prompt
    for token in ids:
        stream.put(token)
    stream.end()
    assert "".join(pieces) == text
    assert not any("\ufffd" in piece for piece in pieces)
    assert len(pieces) > 10


def test_a_model_that_does_not_fit_into_free_memory_is_not_begun(
    checkpoint_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = inspect_checkpoint(checkpoint_folder).weight_bytes
    free = stored + 1_000

    class Memory:
        available = free

    monkeypatch.setattr("psutil.virtual_memory", Memory)
    Checkpoint(checkpoint_folder)
    Memory.available = stored // 2 + 1_000
    Checkpoint(checkpoint_folder, "bfloat16")
    with pytest.raises(
        EngineError, match=r"Tiny-Qwen3: needs 0\.\d GB of memory and 0\.\d GB are free; end other"
    ) as found:
        Checkpoint(checkpoint_folder, "float32")
    assert not isinstance(found.value, CheckpointError), "it may fit another time"
    assert "\n" not in str(found.value)


def test_a_foreign_error_is_one_line_that_says_something() -> None:
    assert one_line(ValueError("two\nlines")) == "ValueError: two"
    assert one_line(ValueError("Checks failed for 'x':\n    ValueError: 5 layers of 2")) == (
        "ValueError: Checks failed for 'x': ValueError: 5 layers of 2"
    )
    assert one_line(MemoryError()) == "MemoryError"
    assert len(one_line(ValueError("x" * 900))) == 212
