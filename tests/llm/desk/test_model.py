"""The model is Llama to the last digit, decodes alike with and without a cache, and refuses what isn't its own in one line."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from llm.desk.model import GEOMETRIES, Cache, DeskModel, Geometry, attention, load_model, save_model
from llm.desk.tokenizer import save_tokenizer
from llm.errors import CheckpointError

TINY = Geometry(vocabulary=1_408, width=48, layers=3, heads=3, inner=96, context=128)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory, tokenizer: Any) -> Path:
    """A tiny saved model whose norms and weights are far from their first values."""
    folder = tmp_path_factory.mktemp("desk")
    torch.manual_seed(11)
    model = DeskModel(TINY)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, mean=1.0 if parameter.dim() == 1 else 0.0, std=0.15)
    save_model(model, folder, ends=[1], padding=0)
    save_tokenizer(tokenizer, folder, TINY.context)
    return folder


@pytest.fixture(scope="module")
def ids() -> torch.Tensor:
    return torch.randint(0, TINY.vocabulary, (2, 40), generator=torch.Generator().manual_seed(4))


def test_the_logits_are_those_of_transformers_on_the_same_weights(saved: Path, ids: torch.Tensor) -> None:
    from transformers import LlamaForCausalLM

    theirs: Any = LlamaForCausalLM.from_pretrained(saved, dtype=torch.float32)
    theirs.eval()
    with torch.no_grad():
        expected, found = theirs(ids).logits, load_model(saved)(ids)
    assert expected.std() > 0.1  # else nearly anything would be near
    assert (found - expected).abs().max() < 1e-5


def test_a_saved_model_opens_without_code_of_ours(saved: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(saved, trust_remote_code=False)
    model: Any = AutoModelForCausalLM.from_pretrained(saved, trust_remote_code=False)
    assert type(model).__name__ == "LlamaForCausalLM"
    text = "<summary><en><s1><merchant>没有 <order_1>, please."
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    assert tokenizer.convert_tokens_to_ids("<end>") == tokenizer.eos_token_id == 1
    written = model.generate(torch.tensor([tokenizer(text)["input_ids"]]), max_new_tokens=3)
    assert written.shape[1] > len(tokenizer(text)["input_ids"])


@pytest.mark.parametrize("cuts", [[1] * 40, [7, 1, 12, 20], [39, 1], [40]])
def test_decoding_with_a_cache_gives_the_logits_of_decoding_without(
    saved: Path, ids: torch.Tensor, cuts: list[int]
) -> None:
    model, cache = load_model(saved), Cache()
    with torch.no_grad():
        pieces = [model(piece, cache) for piece in torch.split(ids, cuts, dim=1)]
        assert (torch.cat(pieces, dim=1) - model(ids)).abs().max() < 1e-4
    assert cache.length == 40


@pytest.mark.parametrize(("new", "seen"), [(6, 6), (1, 6), (4, 9), (2, 3), (1, 1)])
def test_attention_is_the_formula(new: int, seen: int) -> None:
    torch.manual_seed(seen)
    q, k, v = torch.randn(2, 3, new, 8), torch.randn(2, 3, seen, 8), torch.randn(2, 3, seen, 8)
    found = attention(q, k, v)
    for b in range(2):
        for h in range(3):
            for t in range(new):
                weights = [
                    math.exp(float(q[b, h, t] @ k[b, h, s]) / math.sqrt(8)) if s <= seen - new + t else 0.0
                    for s in range(seen)
                ]
                expected = sum(w * v[b, h, s] for s, w in enumerate(weights)) / sum(weights)
                assert (found[b, h, t] - expected).abs().max() < 1e-5


def test_a_position_never_depends_on_what_follows(saved: Path, ids: torch.Tensor) -> None:
    model, other = load_model(saved), ids.clone()
    other[:, 25:] = (other[:, 25:] + 1) % TINY.vocabulary
    with torch.no_grad():
        assert (model(ids)[:, :25] - model(other)[:, :25]).abs().max() < 1e-5
        assert (model(ids)[:, 25:] - model(other)[:, 25:]).abs().max() > 1e-2


@pytest.mark.parametrize(("name", "least", "most"), [("small", 6e6, 8e6), ("medium", 27e6, 33e6)])
def test_the_sizes_are_what_they_are_said_to_be(name: str, least: float, most: float) -> None:
    g = GEOMETRIES[name]
    by_hand = g.vocabulary * g.width + g.width + g.layers * (4 * g.width**2 + 3 * g.width * g.inner + 2 * g.width)
    with torch.device("meta"):
        assert DeskModel(g).parameter_count == by_hand
    assert least < by_hand < most


def _without(name: str) -> Any:
    def change(folder: Path) -> None:
        (folder / name).unlink()

    return change


def _truncated(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-500])


def _no_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"PK\x03\x04 a pickle, perhaps")


def _configured(**changes: object) -> Any:
    def change(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | changes))

    return change


def _no_object(folder: Path) -> None:
    (folder / "config.json").write_text("[1, 2]")


@pytest.mark.parametrize(
    "change",
    [
        _without("config.json"),
        _without("model.safetensors"),
        _truncated,
        _no_weights,
        _no_object,
        _configured(model_type="qwen3"),
        _configured(hidden_act="gelu"),
        _configured(num_hidden_layers=4),
        _configured(hidden_size=64),
        _configured(hidden_size=None),
        _configured(num_attention_heads=5),
        _configured(tie_word_embeddings=False),
    ],
)
def test_foreign_or_truncated_weights_are_refused_in_one_line(saved: Path, tmp_path: Path, change: Any) -> None:
    for path in saved.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    load_model(tmp_path)
    change(tmp_path)
    with pytest.raises(CheckpointError) as raised:
        load_model(tmp_path)
    assert str(tmp_path) in str(raised.value)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 400
