"""Fast greedy decoding of the desk's own Transformer on a plain CPU.

The computation is that of `llm.desk.model`, arranged for one sequence: matrices that read the same input are one, weights are held in
half precision and multiplied in float32, keys and values lie in a buffer made once an answer, only the last position gets logits, and the
prompt's part that the previous prompt began with is not computed again. The decoder holds nothing of an answer, so that several may be under
way. Knows no text: token ids in, token ids out. Why this way and not another: docs/decisions/017-how-the-desks-model-is-served.md.

Shapes in comments: T new positions, D width, L layers, H heads, d = D/H, V vocabulary.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal, Protocol

import torch
import torch.nn.functional as F  # noqa: N812  the name all PyTorch code gives it
from torch import Tensor

from llm.checkpoint import MIN_ANSWER_TOKENS
from llm.desk.layers import Layer, product, turns_of
from llm.desk.model import Block, load_model, rotary_table
from llm.errors import CheckpointError, EngineError, InputError, PromptTooLongError

Reason = Literal["stop", "length", "cancelled", "repetition"]
Allowed = Callable[[list[int]], Tensor | None]

CHUNK = 128  # positions of a prompt computed at once; a cancel is looked for in between
LONGEST_PERIOD = 64
REPEATS = 3
REPEATED_TOKENS = 24


class Reading(Protocol):
    """One answer's own part of decoding: the positions of its prompt, then of what is written."""

    def read(self, is_cancelled: Callable[[], bool]) -> Tensor | None:
        """The state (1, D) after the prompt, or None when it was cancelled."""
        ...

    def advance(self, ids: list[int]) -> Tensor:
        """The state (1, D) of the last of T new positions, whose keys and values are kept."""
        ...


class DeskDecoder:
    """A saved desk model in this process. Not for two threads at once; but its answers may go on in turns.

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
        self.heads = geometry.heads
        self.turns = turns_of(*rotary_table(geometry))
        self.embedding = model.model.embed_tokens.weight.detach().bfloat16()  # as it is saved; (V, D)
        self._eps = geometry.norm_eps
        self._norm = model.model.norm.weight.detach()
        self._logits = product(model.model.embed_tokens.weight)
        self.layers = [
            Layer.of(block, geometry.heads, geometry.norm_eps)
            for block in model.model.layers
            if isinstance(block, Block)
        ]
        self.latest: _DeskReading | None = None

    def generate(
        self,
        prompt_ids: Sequence[int],
        *,
        max_tokens: int,
        allowed: Allowed | None = None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> "Generation":
        """The answer's tokens, each the likeliest of those allowed, without the end token.

        `allowed` is asked before each token with those generated so far, and gives a mask (V,) or None for every token. Raises InputError for
        ids that the model doesn't have, PromptTooLongError when the prompt leaves no room.
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
        return Generation(self, prompt, room, allowed, is_cancelled)

    def reading(self, prompt: list[int], room: int) -> Reading:
        """Of a prompt and at most `room` tokens after it."""
        return _DeskReading(self, prompt, room)

    def logits(self, state: Tensor) -> Tensor:
        """Of the next token, (V,)."""
        return self._logits(F.rms_norm(state, self._norm.shape, self._norm, self._eps))[0]


class _DeskReading:
    """Keys and values of one answer. Those of its prompt are written once, so that the next one may copy what it begins with, too."""

    def __init__(self, decoder: DeskDecoder, prompt: list[int], room: int) -> None:
        depth, heads, width = len(decoder.layers), decoder.heads, decoder.embedding.shape[1]
        self._decoder = decoder
        self._prompt = prompt
        self._keys_values = torch.empty(depth, 2, heads, len(prompt) + room, width // heads)  # (L, 2, H, positions, d)
        self._layers = list(zip(decoder.layers, self._keys_values, strict=True))
        self._known = 0  # positions whose keys and values are there
        self._reusable = 0  # of the prompt's, those computed in whole chunks

    def read(self, is_cancelled: Callable[[], bool]) -> Tensor | None:
        """The state (1, D) after the prompt, or None when it was cancelled.

        Reused and new positions meet where chunks meet, so that every chunk is computed as it would be without reuse, bit for bit: an
        answer never depends on what else is asked.
        """
        self._copy_what_is_known()
        state: Tensor | None = None
        while self._known < len(self._prompt):
            if is_cancelled():
                return None
            chunk = self._prompt[self._known : self._known + CHUNK]
            state = self.advance(chunk)
            self._reusable += CHUNK if len(chunk) == CHUNK else 0
        return state

    def _copy_what_is_known(self) -> None:
        other, self._decoder.latest = self._decoder.latest, self
        if other is None:
            return
        shared = min(_common(other._prompt[: other._reusable], self._prompt), len(self._prompt) - 1) // CHUNK * CHUNK
        self._keys_values[:, :, :, :shared] = other._keys_values[:, :, :, :shared]
        self._known = self._reusable = shared

    def advance(self, ids: list[int]) -> Tensor:
        """The state (1, D) of the last of T new positions, whose keys and values are kept."""
        decoder, start, seen = self._decoder, self._known, self._known + len(ids)
        turns = decoder.turns[start:seen]
        mask = torch.ones(len(ids), seen, dtype=torch.bool).tril(start) if len(ids) > 1 else None
        x = decoder.embedding[torch.tensor(ids)].float()  # (T, D)
        for layer, keys_values in self._layers:
            x = layer(x, turns, mask, start, keys_values)
        self._known = seen
        return x[-1:]


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
        self._reading = decoder.reading(prompt, room)
        self._room = room
        self._allowed = allowed
        self._is_cancelled = is_cancelled

    def __next__(self) -> int:
        """The next token. Raises EngineError where the mask leaves none."""
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
        if self._is_cancelled():
            return "cancelled"
        if self._decoder.stops_circles and is_circling(self.tokens):
            return "repetition"
        return "length" if len(self.tokens) >= self._room else None

    def _state(self) -> Tensor | None:
        if not self.tokens:
            return self._reading.read(self._is_cancelled)
        return self._reading.advance(self.tokens[-1:])

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
