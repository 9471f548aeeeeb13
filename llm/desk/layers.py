"""The blocks of the desk's own Transformer arranged for one sequence on a plain CPU: a computation of `llm.desk.decode`, without any state.

Shapes in comments: T new positions, S positions seen so far (S ≥ T), D width, H heads, d = D/H.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import torch
import torch.nn.functional as F  # noqa: N812  the name all PyTorch code gives it
from torch import Tensor

from llm.desk.model import Block

Product = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Layer:
    """A block of `llm.desk.model`; holds weights alone."""

    first_norm: Tensor
    qkv: Product
    out: Product
    second_norm: Tensor
    gate_up: Product
    down: Product
    eps: float

    @classmethod
    def of(cls, block: Block, heads: int, eps: float) -> Self:
        attention, feed = block.self_attn, block.mlp
        qkv = [
            _interleaved(attention.q_proj.weight, heads),
            _interleaved(attention.k_proj.weight, heads),
            attention.v_proj.weight,
        ]
        return cls(
            first_norm=block.input_layernorm.weight.detach(),
            qkv=product(torch.cat(qkv)),
            out=product(attention.o_proj.weight),
            second_norm=block.post_attention_layernorm.weight.detach(),
            gate_up=product(torch.cat([feed.gate_proj.weight, feed.up_proj.weight])),
            down=product(feed.down_proj.weight),
            eps=eps,
        )

    def __call__(self, x: Tensor, turns: Tensor, mask: Tensor | None, start: int, keys_values: Tensor) -> Tensor:
        """Of T new positions from `start` on, (T, D); their keys and values go into `keys_values`, (2, H, positions, d)."""
        new, width = x.shape
        qkv = self.qkv(F.rms_norm(x, self.first_norm.shape, self.first_norm, self.eps))
        pairs = torch.view_as_complex(qkv.view(new, 3, keys_values.shape[1], -1, 2))  # (T, 3, H, d/2)
        qkv = torch.view_as_real(pairs * turns).flatten(-2).permute(1, 2, 0, 3)  # (3, H, T, d)
        keys_values.narrow(2, start, new).copy_(qkv[1:])
        keys, values = keys_values.narrow(2, 0, start + new).chunk(2)  # (1, H, S, d)
        y = F.scaled_dot_product_attention(qkv[:1], keys, values, attn_mask=mask)  # (1, H, T, d)
        x += self.out(y[0].transpose(0, 1).reshape(new, width))
        gate, up = self.gate_up(F.rms_norm(x, self.second_norm.shape, self.second_norm, self.eps)).chunk(2, dim=-1)
        x += self.down(F.silu(gate).mul_(up))
        return x


def product(weight: Tensor) -> Product:
    """x (T, in) → x·weightᵀ (T, out), in float32; weights in half precision where the processor multiplies those."""
    if not has_half_precision():
        kept = weight.detach().contiguous()
        return lambda x: F.linear(x, kept)
    torch.backends.quantized.engine = "fbgemm"
    packed = torch.ops.quantized.linear_prepack_fp16(weight.detach().contiguous(), None)
    multiply = torch.ops.quantized.linear_dynamic_fp16.default
    return lambda x: multiply(x, packed)


def has_half_precision() -> bool:
    """Whether this build of torch multiplies by weights in half precision (x86 with AVX2)."""
    return "fbgemm" in torch.backends.quantized.supported_engines


def turns_of(cos: Tensor, sin: Tensor) -> Tensor:
    """What queries, keys and values are multiplied with at each position, (context, 3, 1, d/2): values do not turn."""
    turns = torch.complex(cos, sin)[:, : cos.shape[1] // 2]
    return torch.stack([turns, turns, torch.ones_like(turns)], dim=1)[:, :, None]


def _interleaved(weight: Tensor, heads: int) -> Tensor:
    """Query or key rows (D, D) so that the two coordinates that turn together are neighbours in each head, as complex numbers are."""
    out, width = weight.shape
    return weight.view(heads, 2, out // heads // 2, width).transpose(1, 2).reshape(out, width)
