"""Other ways to decode the same weights on a CPU, for `trustdesk bench llm`: OpenVINO, and torch compiled or with int8 weights.

Each maker gives a run, or says in a few words why there is none. Knows no figures: `llm.desk.speed` times the runs.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from llm.desk.model import Block, DeskModel, load_model, rotated
from llm.errors import one_line

Run = Callable[
    [list[int], int], list[float]
]  # prompt, tokens → instants (perf_counter) at the start and at every token
Tokens = Callable[[list[int], int], Iterator[int]]  # prompt, tokens → the greedy answer as it comes


class Instants:
    """A streamer for `generate` that notes when each token came."""

    def __init__(self) -> None:
        self.noted: list[float] = []

    def put(self, _: object) -> None:
        """The prompt first, then each token."""
        self.noted.append(time.perf_counter())

    def end(self) -> None:
        """Nothing more comes."""


def timed(answer: Tokens) -> Run:
    """A run of what gives its tokens one by one."""

    def run(prompt: list[int], tokens: int) -> list[float]:
        return [time.perf_counter(), *(time.perf_counter() for _ in answer(prompt, tokens))]

    return run


def generating(model: Any) -> Run:
    """`transformers.generate`, greedy, never ending by itself."""
    model.generation_config.eos_token_id = None

    def run(prompt: list[int], tokens: int) -> list[float]:
        ids, instants = torch.tensor([prompt]), Instants()
        model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=tokens, do_sample=False, streamer=instants
        )
        return instants.noted

    return run


def loaded(folder: Path, dtype: str) -> Any:
    """The folder's model as `transformers` loads it."""
    from transformers import AutoModelForCausalLM

    causal: Any = AutoModelForCausalLM
    return causal.from_pretrained(folder, dtype=dtype, local_files_only=True).eval()


def compiled(folder: Path) -> Run | str:
    """`generate` over a model that torch.compile has made machine code of, for any length of prompt."""
    if not any(which(name) for name in ("c++", "g++", "clang++")):
        return "no C++ compiler"
    model = loaded(folder, "auto")
    model.forward = torch.compile(model.forward, dynamic=True)
    return generating(model)


def quantised(folder: Path) -> Run | str:
    """`generate` over linear layers with int8 weights and int8 activations whose scale is found at each call."""
    quantize: Any = import_module("torch.ao.quantization").quantize_dynamic
    try:
        model = quantize(loaded(folder, "float32"), {nn.Linear}, dtype=torch.qint8)
    except (RuntimeError, AttributeError, NotImplementedError) as error:
        return f"does not quantise: {one_line(error)[:80]}"
    return generating(model)


class _Int8Linear(nn.Module):
    """Weights as int8 with a scale a row, multiplied as floats: what OpenVINO calls compressed weights."""

    weight: Tensor
    scale: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        scale = weight.abs().amax(dim=1, keepdim=True).clamp_min(1e-12) / 127
        self.register_buffer("weight", (weight / scale).round().to(torch.int8))
        self.register_buffer("scale", scale)

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.linear(x, self.weight.to(x.dtype) * self.scale)


class _Step(nn.Module):
    """The desk's model without state: ids (1, T), cos and sin (T, d), a mask (T, S) to add, then keys and values (1, H, P, d) a layer.

    Gives the last position's logits (1, V), then keys and values (1, H, S, d), S = P + T.
    """

    def __init__(self, model: DeskModel) -> None:
        super().__init__()
        self.model = model
        self.head = nn.Linear(model.geometry.width, model.geometry.vocabulary, bias=False)
        self.head.weight = model.model.embed_tokens.weight

    def forward(self, ids: Tensor, cos: Tensor, sin: Tensor, mask: Tensor, *past: Tensor) -> tuple[Tensor, ...]:
        x = self.model.model.embed_tokens(ids)
        present: list[Tensor] = []
        for number, block in enumerate(self.model.model.layers):
            assert isinstance(block, Block)
            y, k, v = self._attended(block, x, cos, sin, mask, past[2 * number], past[2 * number + 1])
            present += [k, v]
            x = x + y
            x = x + block.mlp(block.post_attention_layernorm(x))
        return (self.head(self.model.model.norm(x)[:, -1]), *present)

    def _attended(
        self, block: Block, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor, past_k: Tensor, past_v: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        attention, y = block.self_attn, block.input_layernorm(x)
        heads, width = self.model.geometry.heads, self.model.geometry.width

        def by_head(z: Tensor) -> Tensor:
            return z.view(1, -1, heads, width // heads).transpose(1, 2)

        q = rotated(by_head(attention.q_proj(y)), cos, sin)
        k = torch.cat([past_k, rotated(by_head(attention.k_proj(y)), cos, sin)], dim=2)
        v = torch.cat([past_v, by_head(attention.v_proj(y))], dim=2)
        seen = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return attention.o_proj(seen.transpose(1, 2).reshape(1, -1, width)), k, v


def openvino(folder: Path, *, is_int8: bool) -> Run | str:
    """OpenVINO as it comes: it computes in bfloat16 where the processor does."""
    if find_spec("openvino") is None:
        return "not installed"
    try:
        return timed(openvino_tokens(folder, is_int8=is_int8))
    except (RuntimeError, ValueError, TypeError) as error:
        return f"does not convert: {one_line(error)[:80]}"


def silent_openvino() -> Any:
    """The package without its telemetry, which else reports every import and conversion to its maker over the network."""
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # what is None there fails to import, and openvino goes on
    return import_module("openvino")


def openvino_tokens(folder: Path, *, is_int8: bool, options: dict[str, object] | None = None) -> Tokens:
    """The model traced into OpenVINO, its keys and values kept inside; float weights, or int8 with a scale a row."""
    ov = silent_openvino()
    model = load_model(folder)
    step = _Step(model).eval()
    if is_int8:
        _compress(step)
    request = _request(ov, step, options or {})
    cos, sin = model.cos.numpy(), model.sin.numpy()
    del model, step  # the request has weights of its own

    def answer(prompt: list[int], tokens: int) -> Iterator[int]:
        request.reset_state()
        ids, start = prompt, 0
        for _ in range(tokens):
            end = start + len(ids)
            mask = np.triu(np.full((len(ids), end), -np.inf, np.float32), start + 1)
            token = int(request.infer([np.array([ids]), cos[start:end], sin[start:end], mask])[0].argmax())
            yield token
            ids, start = [token], end

    return answer


def _compress(step: _Step) -> None:
    step.head = _Int8Linear(step.head.weight.detach())  # type: ignore[assignment]
    for block in step.model.model.layers:
        assert isinstance(block, Block)
        for part in (block.self_attn, block.mlp):
            for name, linear in list(part.named_children()):
                if isinstance(linear, nn.Linear):
                    setattr(part, name, _Int8Linear(linear.weight.detach()))


def _request(ov: Any, step: _Step, options: dict[str, object]) -> Any:
    """A request of the traced model whose past keys and values are variables inside it."""
    make_stateful = import_module("openvino._offline_transformations").apply_make_stateful_transformation
    geometry = step.model.geometry
    d, layers = geometry.width // geometry.heads, geometry.layers
    past = [torch.zeros(1, geometry.heads, 2, d) for _ in range(2 * layers)]
    example = (torch.zeros(1, 3, dtype=torch.long), step.model.cos[:3], step.model.sin[:3], torch.zeros(3, 5), *past)
    with torch.inference_mode():
        traced = ov.convert_model(step, example_input=example)
    shapes = [[1, -1], [-1, d], [-1, d], [-1, -1], *([[1, geometry.heads, -1, d]] * (2 * layers))]
    traced.reshape({port: ov.PartialShape(shape) for port, shape in zip(traced.inputs, shapes, strict=True)})
    names = {}
    for number in range(2 * layers):
        traced.inputs[4 + number].get_tensor().set_names({f"past_{number}"})
        traced.outputs[1 + number].get_tensor().set_names({f"present_{number}"})
        names[f"past_{number}"] = f"present_{number}"
    make_stateful(traced, names)
    set_up = {"INFERENCE_NUM_THREADS": torch.get_num_threads(), "PERFORMANCE_HINT": "LATENCY", **options}
    return ov.compile_model(traced, "CPU", set_up).create_infer_request()
