"""Fast greedy decoding of the desk's own Transformer on a plain CPU, one answer at a time.

The computation is that of `llm.desk.model`, arranged for one sequence: matrices that read the same input are one, weights are held in
half precision and multiplied in float32, keys and values lie in a buffer made once, only the last position gets logits, and the prompt's
part that the previous prompt began with is not computed again. Knows no text: token ids in, token ids out. Why this way and not another:
docs/decisions/017-how-the-desks-model-is-served.md.

Shapes in comments: T new positions, S positions seen so far (S ≥ T), D width, H heads, d = D/H, I inner width, V vocabulary.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F  # noqa: N812  the name all PyTorch code gives it
from torch import Tensor

from llm.checkpoint import MIN_ANSWER_TOKENS
from llm.desk.model import Block, load_model, rotary_table
from llm.errors import CheckpointError, EngineError, InputError, PromptTooLongError

Reason = Literal["stop", "length", "cancelled", "repetition"]
Allowed = Callable[[list[int]], Tensor | None]
Product = Callable[[Tensor], Tensor]

CHUNK = 128  # positions of a prompt computed at once; a cancel is looked for in between
LONGEST_PERIOD = 64
REPEATS = 3
REPEATED_TOKENS = 24


class DeskDecoder:
    """A saved desk model in this process. Not for two threads at once.

    Raises CheckpointError when the folder holds another shape.
    """

    def __init__(self, folder: Path) -> None:
        model = load_model(folder)
        geometry = model.geometry
        self.name = folder.resolve().name
        self.ends = frozenset(_end_tokens(folder))
        self.context = geometry.context
        self.vocabulary = geometry.vocabulary
        self.stops_circles = True
        self._heads = geometry.heads
        self._eps = geometry.norm_eps
        self._turns = _turns(*rotary_table(geometry))
        self._embedding = model.model.embed_tokens.weight.detach().bfloat16()  # as it is saved; (V, D)
        self._logits = product(model.model.embed_tokens.weight)
        self._norm = model.model.norm.weight.detach()
        self._layers = [self._layer(block) for block in model.model.layers if isinstance(block, Block)]
        self._known: list[int] = []  # the ids whose keys and values are in the layers' buffers, from position 0
        self._reusable = 0  # so many of them were computed in whole chunks
        self._latest: Generation | None = None

    def generate(
        self,
        prompt_ids: Sequence[int],
        *,
        max_tokens: int,
        allowed: Allowed | None = None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> "Generation":
        """The answer's tokens, each the likeliest of those allowed, without the end token.

        `allowed` is asked before each token with those generated so far, and gives a mask (V,) or None for every token. Beginning another
        generation ends this one. Raises InputError for ids that the model doesn't have, PromptTooLongError when the prompt leaves no room.
        """
        prompt = list(prompt_ids)
        if not prompt or not 0 <= min(prompt) <= max(prompt) < self.vocabulary:
            raise InputError(
                f"The prompt must be token ids of {self.name}, 0 to {self.vocabulary - 1:,}, and at least one."
            )
        room = min(max_tokens, self.context - len(prompt))
        if room < min(max_tokens, MIN_ANSWER_TOKENS):
            raise PromptTooLongError(
                f"The prompt has {len(prompt):,} tokens and the context of {self.name} {self.context:,}: "
                "no room for an answer. Give less evidence."
            )
        self._latest = Generation(self, prompt, room, allowed, is_cancelled)
        return self._latest

    def read(self, prompt: list[int], is_cancelled: Callable[[], bool]) -> Tensor | None:
        """The state (1, D) after the prompt, or None when it was cancelled.

        Reused and new positions meet where chunks meet, so that every chunk is computed as it would be without reuse, bit for bit: an
        answer never depends on what was asked before.
        """
        shared = min(_common(self._known[: self._reusable], prompt), len(prompt) - 1) // CHUNK * CHUNK
        del self._known[shared:]
        self._reusable = shared
        state: Tensor | None = None
        while len(self._known) < len(prompt):
            if is_cancelled():
                return None
            chunk = prompt[len(self._known) : len(self._known) + CHUNK]
            state = self.advance(chunk)
            self._reusable += CHUNK if len(chunk) == CHUNK else 0
        return state

    def advance(self, ids: list[int]) -> Tensor:
        """The state (1, D) of the last of T new positions, whose keys and values are kept."""
        start, seen = len(self._known), len(self._known) + len(ids)
        turns = self._turns[start:seen]
        mask = torch.ones(len(ids), seen, dtype=torch.bool).tril(start) if len(ids) > 1 else None
        x = self._embedding[torch.tensor(ids)].float()  # (T, D)
        for layer in self._layers:
            x = layer(x, turns, mask, start)
        self._known += ids
        return x[-1:]

    def logits(self, state: Tensor) -> Tensor:
        """Of the next token, (V,)."""
        return self._logits(F.rms_norm(state, self._norm.shape, self._norm, self._eps))[0]

    def _layer(self, block: Block) -> "_Layer":
        attention, feed = block.self_attn, block.mlp
        qkv = [
            _interleaved(attention.q_proj.weight, self._heads),
            _interleaved(attention.k_proj.weight, self._heads),
            attention.v_proj.weight,
        ]
        return _Layer(
            first_norm=block.input_layernorm.weight.detach(),
            qkv=product(torch.cat(qkv)),
            out=product(attention.o_proj.weight),
            second_norm=block.post_attention_layernorm.weight.detach(),
            gate_up=product(torch.cat([feed.gate_proj.weight, feed.up_proj.weight])),
            down=product(feed.down_proj.weight),
            eps=self._eps,
            heads=self._heads,
            keys_values=torch.empty(2, self._heads, self.context, self._embedding.shape[1] // self._heads),
        )


@dataclass(frozen=True)
class _Layer:
    """A block of `llm.desk.model` with its keys and values, (2, H, context, d)."""

    first_norm: Tensor
    qkv: Product
    out: Product
    second_norm: Tensor
    gate_up: Product
    down: Product
    eps: float
    heads: int
    keys_values: Tensor

    def __call__(self, x: Tensor, turns: Tensor, mask: Tensor | None, start: int) -> Tensor:
        new, width = x.shape
        qkv = self.qkv(F.rms_norm(x, self.first_norm.shape, self.first_norm, self.eps))
        pairs = torch.view_as_complex(qkv.view(new, 3, self.heads, -1, 2))  # (T, 3, H, d/2)
        qkv = torch.view_as_real(pairs * turns).flatten(-2).permute(1, 2, 0, 3)  # (3, H, T, d)
        self.keys_values.narrow(2, start, new).copy_(qkv[1:])
        keys, values = self.keys_values.narrow(2, 0, start + new).chunk(2)  # (1, H, S, d)
        y = F.scaled_dot_product_attention(qkv[:1], keys, values, attn_mask=mask)  # (1, H, T, d)
        x += self.out(y[0].transpose(0, 1).reshape(new, width))
        gate, up = self.gate_up(F.rms_norm(x, self.second_norm.shape, self.second_norm, self.eps)).chunk(2, dim=-1)
        x += self.down(F.silu(gate).mul_(up))
        return x


class Generation(Iterator[int]):
    """The tokens of one answer as they are made; afterwards `reason` says why it ended.

    stop: an end token. length: `max_tokens`, or the context is full. cancelled: `is_cancelled` said so. repetition: the model went round
    in a circle (the last tokens are one sequence, again and again).
    """

    def __init__(
        self,
        decoder: DeskDecoder,
        prompt: list[int],
        room: int,
        allowed: Allowed | None,
        is_cancelled: Callable[[], bool],
    ) -> None:
        self.tokens: list[int] = []
        self.reason: Reason | None = None
        self._decoder = decoder
        self._prompt = prompt
        self._room = room
        self._allowed = allowed
        self._is_cancelled = is_cancelled

    def __next__(self) -> int:
        """The next token. Raises EngineError where the mask leaves none, or where another generation has begun."""
        token = None if self.reason else self._next()
        if token is None:
            raise StopIteration
        self.tokens.append(token)
        return token

    def _next(self) -> int | None:
        self.reason = self._ended()
        if self.reason:
            return None
        with torch.inference_mode():
            state = self._state()
            if state is None:
                self.reason = "cancelled"
                return None
            token = self._likeliest(state)
        if token in self._decoder.ends:
            self.reason = "stop"
            return None
        return token

    def _ended(self) -> Reason | None:
        if self._decoder._latest is not self:
            raise EngineError("Another generation has begun on this model; this one can't go on.")
        if self._is_cancelled():
            return "cancelled"
        if self._decoder.stops_circles and is_circling(self.tokens):
            return "repetition"
        return "length" if len(self.tokens) >= self._room else None

    def _state(self) -> Tensor | None:
        if not self.tokens:
            return self._decoder.read(self._prompt, self._is_cancelled)
        return self._decoder.advance(self.tokens[-1:])

    def _likeliest(self, state: Tensor) -> int:
        logits = self._decoder.logits(state)
        mask = self._allowed(self.tokens) if self._allowed else None
        if mask is not None:
            if not mask.any():
                raise EngineError(f"After {len(self.tokens)} tokens no token is allowed; the answer can't be finished.")
            logits = logits.masked_fill(~mask, -torch.inf)
        return int(logits.argmax())


def is_circling(tokens: Sequence[int]) -> bool:
    """Whether the last tokens are one sequence of at most 64, at least 3 times in a row and over at least 24 tokens."""
    for period in range(1, LONGEST_PERIOD + 1):
        length = max(REPEATS * period, REPEATED_TOKENS)
        if length > len(tokens):
            break
        if tokens[-1] == tokens[-1 - period] and tokens[-length:-period] == tokens[period - length :]:
            return True
    return False


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


def _turns(cos: Tensor, sin: Tensor) -> Tensor:
    """What queries, keys and values are multiplied with at each position, (context, 3, 1, d/2): values do not turn."""
    turns = torch.complex(cos, sin)[:, : cos.shape[1] // 2]
    return torch.stack([turns, turns, torch.ones_like(turns)], dim=1)[:, :, None]


def _interleaved(weight: Tensor, heads: int) -> Tensor:
    """Query or key rows (D, D) so that the two coordinates that turn together are neighbours in each head, as complex numbers are."""
    out, width = weight.shape
    return weight.view(heads, 2, out // heads // 2, width).transpose(1, 2).reshape(out, width)


def _common(old: list[int], new: list[int]) -> int:
    """How many ids both begin with."""
    return next((place for place, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))


def _end_tokens(folder: Path) -> list[int]:
    """The ids that end an answer, from generation_config.json or else config.json."""
    for name in ("generation_config.json", "config.json"):
        try:
            ends = json.loads((folder / name).read_text("utf-8")).get("eos_token_id")
        except FileNotFoundError:
            continue
        except (OSError, ValueError, AttributeError) as error:
            raise CheckpointError(
                f"{folder / name}: cannot be read as a JSON object; copy the folder again."
            ) from error
        if ends is not None:
            return [int(end) for end in (ends if isinstance(ends, list) else [ends])]
    return []
