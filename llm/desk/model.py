"""The desk's own Transformer: a decoder-only language model in PyTorch, in the shape of Llama (Touvron et al. 2023).

Token embedding, rotary positions (Su et al. 2021), pre-norm blocks of causal self-attention softmax(QKᵀ/√d)V and a gated feed-forward layer
(SwiGLU, Shazeer 2020), RMSNorm (Zhang and Sennrich 2019), and an output layer that shares the embedding's weights. Parameters carry the names
of `transformers`' LlamaForCausalLM, so that a saved checkpoint loads there without code of ours. Knows no text, no data and no training.

Shapes in comments: B sequences, T new positions, S positions seen so far (S ≥ T), D width, H heads, d = D/H, V vocabulary.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from llm.errors import CheckpointError


@dataclass(frozen=True)
class Geometry:
    """The sizes of a model; `context` in tokens. The defaults are `medium`, about 30 M parameters."""

    vocabulary: int = 12_000
    width: int = 448
    layers: int = 10
    heads: int = 7
    inner: int = 1_216
    context: int = 2_048
    rope_theta: float = 10_000.0
    norm_eps: float = 1e-5


GEOMETRIES = {
    "small": Geometry(vocabulary=8_000, width=256, layers=6, heads=4, inner=704),
    "medium": Geometry(),
}


class RMSNorm(nn.Module):
    """x / √(mean x² + ε), scaled; over the last axis, in float32."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:  # (B, T, D) → (B, T, D)
        return functional.rms_norm(x, self.weight.shape, self.weight.to(x.dtype), self.eps)


def rotary_table(geometry: Geometry) -> tuple[Tensor, Tensor]:
    """cos and sin of every position's angles, each (context, d); the two halves of d turn together, as Llama's do."""
    d = geometry.width // geometry.heads
    frequencies = geometry.rope_theta ** (-torch.arange(0, d, 2).float() / d)  # (d/2,)
    angles = torch.outer(torch.arange(geometry.context).float(), frequencies)  # (context, d/2)
    both = torch.cat([angles, angles], dim=-1)
    return both.cos(), both.sin()


def rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turns queries or keys (B, H, T, d) by their positions' angles, cos and sin (T, d)."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat([-second, first], dim=-1) * sin


class Cache:
    """Keys and values of the positions seen so far, one pair (B, H, S, d) a layer; `length` is S."""

    def __init__(self) -> None:
        self.layers: list[tuple[Tensor, Tensor]] = []

    @property
    def length(self) -> int:
        return self.layers[0][0].shape[2] if self.layers else 0

    def extended(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Adds T new positions of one layer and gives all S."""
        if layer == len(self.layers):
            self.layers.append((k, v))
        else:
            old_k, old_v = self.layers[layer]
            self.layers[layer] = (torch.cat([old_k, k], dim=2), torch.cat([old_v, v], dim=2))
        return self.layers[layer]


class Attention(nn.Module):
    """Causal self-attention: softmax(QKᵀ/√d)V in H heads, each position seeing itself and what came before."""

    def __init__(self, geometry: Geometry) -> None:
        super().__init__()
        self.heads = geometry.heads
        self.q_proj = nn.Linear(geometry.width, geometry.width, bias=False)
        self.k_proj = nn.Linear(geometry.width, geometry.width, bias=False)
        self.v_proj = nn.Linear(geometry.width, geometry.width, bias=False)
        self.o_proj = nn.Linear(geometry.width, geometry.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, cache: Cache | None, layer: int) -> Tensor:
        batch, new, width = x.shape

        def by_head(y: Tensor) -> Tensor:  # (B, T, D) → (B, H, T, d)
            return y.view(batch, new, self.heads, width // self.heads).transpose(1, 2)

        q = rotated(by_head(self.q_proj(x)), cos, sin)
        k = rotated(by_head(self.k_proj(x)), cos, sin)
        v = by_head(self.v_proj(x))
        if cache is not None:
            k, v = cache.extended(layer, k, v)  # (B, H, S, d)
        y = attention(q, k, v)  # (B, H, T, d)
        out: Tensor = self.o_proj(y.transpose(1, 2).reshape(batch, new, width))
        return out


def attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """softmax(QKᵀ/√d)V where query t of T sees the keys up to S − T + t; q (B, H, T, d), k and v (B, H, S, d)."""
    new, seen = q.shape[2], k.shape[2]
    if new == seen:
        return functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    if new == 1:
        return functional.scaled_dot_product_attention(q, k, v)
    allowed = torch.ones(new, seen, dtype=torch.bool, device=q.device).tril(seen - new)
    return functional.scaled_dot_product_attention(q, k, v, attn_mask=allowed)


class FeedForward(nn.Module):
    """down(silu(gate x) · up x), position by position."""

    def __init__(self, geometry: Geometry) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(geometry.width, geometry.inner, bias=False)
        self.up_proj = nn.Linear(geometry.width, geometry.inner, bias=False)
        self.down_proj = nn.Linear(geometry.inner, geometry.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:  # (B, T, D) → (B, T, D)
        out: Tensor = self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))
        return out


class Block(nn.Module):
    """x + attention(norm x), then x + feed-forward(norm x); in training a share `dropout` of what is added is left out."""

    dropout = 0.0

    def __init__(self, geometry: Geometry) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(geometry.width, geometry.norm_eps)
        self.self_attn = Attention(geometry)
        self.post_attention_layernorm = RMSNorm(geometry.width, geometry.norm_eps)
        self.mlp = FeedForward(geometry)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, cache: Cache | None, layer: int) -> Tensor:
        x = x + self._kept(self.self_attn(self.input_layernorm(x), cos, sin, cache, layer))
        return x + self._kept(self.mlp(self.post_attention_layernorm(x)))

    def _kept(self, added: Tensor) -> Tensor:
        return functional.dropout(added, self.dropout, self.training) if self.dropout else added


class Stack(nn.Module):
    """Embedding, blocks and the last norm."""

    def __init__(self, geometry: Geometry) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(geometry.vocabulary, geometry.width)
        self.layers = nn.ModuleList(Block(geometry) for _ in range(geometry.layers))
        self.norm = RMSNorm(geometry.width, geometry.norm_eps)


class DeskModel(nn.Module):
    """The language model: token ids in, logits of the next token out."""

    cos: Tensor
    sin: Tensor

    def __init__(self, geometry: Geometry) -> None:
        super().__init__()
        self.geometry = geometry
        self.model = Stack(geometry)
        cos, sin = rotary_table(geometry)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self._initialise()

    def _initialise(self) -> None:
        """Normal weights of deviation 0.02; what is added to the stream is scaled down by the number of additions (Radford et al. 2019)."""
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                added = name.endswith(("o_proj.weight", "down_proj.weight"))
                nn.init.normal_(parameter, std=0.02 / (2 * self.geometry.layers) ** 0.5 if added else 0.02)

    def forward(self, ids: Tensor, cache: Cache | None = None) -> Tensor:
        """Logits (B, T, V) of ids (B, T); with a cache, these follow the positions it holds and are added to it."""
        return functional.linear(self.hidden(ids, cache), self.model.embed_tokens.weight)

    def hidden(self, ids: Tensor, cache: Cache | None = None) -> Tensor:
        """The states (B, T, D) before the output layer."""
        start = cache.length if cache is not None else 0
        cos, sin = self.cos[start : start + ids.shape[1]], self.sin[start : start + ids.shape[1]]
        x: Tensor = self.model.embed_tokens(ids)
        cos, sin = cos.to(x.dtype), sin.to(x.dtype)
        for layer, block in enumerate(self.model.layers):
            x = block(x, cos, sin, cache, layer)
        out: Tensor = self.model.norm(x)
        return out

    @property
    def parameter_count(self) -> int:
        return sum(parameter.numel() for parameter in self.parameters())


def save_model(model: DeskModel, folder: Path, *, ends: Sequence[int], padding: int) -> None:
    """Writes `config.json`, `generation_config.json` and `model.safetensors` (bfloat16) as a Llama checkpoint; `ends` stop a generation."""
    geometry = model.geometry
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: p.detach().to("cpu", torch.bfloat16).contiguous() for name, p in model.named_parameters()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": geometry.vocabulary,
        "hidden_size": geometry.width,
        "num_hidden_layers": geometry.layers,
        "num_attention_heads": geometry.heads,
        "num_key_value_heads": geometry.heads,
        "intermediate_size": geometry.inner,
        "max_position_embeddings": geometry.context,
        "rope_theta": geometry.rope_theta,
        "rms_norm_eps": geometry.norm_eps,
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": True,
        "bos_token_id": None,
        "eos_token_id": list(ends),
        "pad_token_id": padding,
        "dtype": "bfloat16",
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1), "utf-8")
    generation = {"eos_token_id": list(ends), "pad_token_id": padding, "do_sample": False}
    (folder / "generation_config.json").write_text(json.dumps(generation, indent=1), "utf-8")


def load_model(folder: Path, dtype: torch.dtype = torch.float32) -> DeskModel:
    """A saved model, ready to run. Raises CheckpointError when the folder holds another shape."""
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        model = DeskModel(geometry_of(config))
        model.load_state_dict(load_file(folder / "model.safetensors"))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        said = " ".join(str(error).split())[:200].rstrip(".")
        raise CheckpointError(f"{folder}: holds no model of the desk's own shape ({said}).") from error
    return model.to(dtype).eval()


def geometry_of(config: dict[str, Any]) -> Geometry:
    """The sizes that a saved `config.json` gives. Raises KeyError or ValueError where another architecture is meant."""
    for name, ours in {"model_type": "llama", "hidden_act": "silu", "tie_word_embeddings": True}.items():
        if config[name] != ours:
            raise ValueError(f"{name} is {config[name]!r}, not {ours!r}")
    if config["hidden_size"] % (2 * config["num_attention_heads"]):
        raise ValueError("hidden_size must be an even number of columns a head")
    return Geometry(
        vocabulary=config["vocab_size"],
        width=config["hidden_size"],
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        inner=config["intermediate_size"],
        context=config["max_position_embeddings"],
        rope_theta=config["rope_theta"],
        norm_eps=config["rms_norm_eps"],
    )
