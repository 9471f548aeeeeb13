"""The desk's writer as an encoder-decoder that begins as a sentence encoder: how it begins, what it computes.

BERT2BERT of Rothe, Narayan and Severyn, "Leveraging Pre-trained Checkpoints for Sequence Generation Tasks" (2020). It reads and writes the
tokens of the desk's own model, so that grammar, slots and checks are the same. Trained by `llm.desk.warm_start`; why no such weights are
shipped: docs/decisions/024-a-writer-warm-started-from-minilm.md.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders
from torch import Tensor, nn
from torch.nn import functional

from llm.desk.decode import DeskDecoder, Reading
from llm.desk.layers import product
from llm.desk.prompt import END, PAD, special_tokens
from llm.desk.tokenizer import load_tokenizer
from llm.errors import CheckpointError, PromptTooLongError, one_line

READ_TOKENS = 400
"""Tokens that a prompt is cut to, of the 512 positions that MiniLM knows."""

WRITTEN_TOKENS = 448
START, SEPARATOR = "[CLS]", "[SEP]"
IGNORED = -1
_KEPT = ("word_embeddings", "position_embeddings", "token_type_embeddings", "pooler")
_ENDING = r"(?:s|t|re|ve|ll|d|m)(?!\w)"
_SPACES = (
    rf" (?=['’] {_ENDING})",
    rf"(?<=['’]) (?={_ENDING})",
    r" (?=[.,;:!?%)\]”…])",
    r"(?<=[(\[“#$£€]) ",
    r" (?=[-/] \w)",
    r"(?<=\w[-/]) ",
)
"""Spaces that word pieces lose track of and no sentence has."""

Batch = tuple[Tensor, Tensor, Tensor, Tensor]
"""Read ids (B, S), whether they are no padding (B, S), written ids so far (B, T), and the next ones (B, T), IGNORED beyond the end."""


def grown_tokenizer(base: Path) -> Any:
    """A `tokenizers.Tokenizer`: MiniLM's word pieces with the desk's tokens behind them; what it decodes reads as written, but in lower case."""
    tokenizer: Any = Tokenizer.from_file(str(base / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.post_processor = None
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special_tokens()])
    spaces = [decoders.Replace(Regex(pattern), "") for pattern in _SPACES]
    me = decoders.Replace(Regex(r"(?<![\w'’-])i(?![\w-])"), "I")
    tokenizer.decoder = decoders.Sequence([decoders.WordPiece(cleanup=False), decoders.Fuse(), *spaces, me])
    return tokenizer


class WarmModel(nn.Module):
    """The encoder-decoder while it learns: MiniLM's vectors of words stand still, those of the `added` tokens are shared by both sides."""

    words: Tensor
    model: Any

    def __init__(self, base: Path, tokenizer: Any) -> None:
        super().__init__()
        from transformers import BertLMHeadModel, BertModel, EncoderDecoderModel

        options: dict[str, Any] = {"local_files_only": True, "use_safetensors": True, "dtype": torch.float32}
        options["attention_probs_dropout_prob"] = 0.0  # costs a quarter of a step on a CPU
        encoder: Any = BertModel.from_pretrained(base, **options)
        decoder: Any = BertLMHeadModel.from_pretrained(base, is_decoder=True, add_cross_attention=True, **options)
        known = encoder.config.vocab_size
        words = encoder.embeddings.word_embeddings.weight.detach()
        # Not from the words of their names: where a slot isn't offered, its nearest neighbour would be written, "order order order".
        added = words.mean(0) + words.std() * torch.randn(len(special_tokens()), words.shape[1])
        self.added = nn.Parameter(added)  # (A, D)
        for side in (encoder, decoder):
            side.resize_token_embeddings(known + len(added), mean_resizing=False)
        _look_as_read(decoder)
        self.model = EncoderDecoderModel(encoder=encoder, decoder=decoder)
        start, end, pad = (tokenizer.token_to_id(token) for token in (START, END, PAD))
        for config in (self.model.config, self.model.generation_config):
            config.decoder_start_token_id, config.eos_token_id, config.pad_token_id = start, end, pad
        self.register_buffer("words", words.clone(), persistent=False)  # (W, D)
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad = not any(part in name for part in _KEPT)

    def embedded(self, ids: Tensor) -> Tensor:
        """The vectors of ids (B, T), (B, T, D)."""
        known = len(self.words)
        old = functional.embedding(ids.clamp(max=known - 1), self.words)
        new = functional.embedding((ids - known).clamp(min=0), self.added)
        return torch.where((ids >= known)[..., None], new, old)

    def loss(self, batch: Batch, smoothing: float = 0.0) -> tuple[Tensor, int]:
        """The mean negative log likelihood (nats) of the written tokens, and their number."""
        reads, is_read, inputs, following = batch
        states = self.model.encoder(inputs_embeds=self.embedded(reads), attention_mask=is_read).last_hidden_state
        hidden = self.model.decoder.bert(
            inputs_embeds=self.embedded(inputs),
            encoder_hidden_states=states,
            encoder_attention_mask=is_read,
            use_cache=False,
        ).last_hidden_state  # (B, T, D); what pads the end is behind all that counts
        counts = following != IGNORED
        head = self.model.decoder.cls.predictions
        chosen = head.transform(hidden[counts])  # (N, D)
        logits = torch.cat([chosen @ self.words.T, chosen @ self.added.T], -1) + head.bias
        return functional.cross_entropy(logits.float(), following[counts], label_smoothing=smoothing), int(counts.sum())

    def save(self, folder: Path) -> None:
        """The model as `transformers` serves it, in half precision."""
        vectors = torch.cat([self.words, self.added.detach()])
        for name, tensor in self.model.state_dict().items():
            if "word_embeddings" in name:
                tensor.copy_(vectors)
        state = {
            name: tensor.bfloat16()
            for name, tensor in self.model.state_dict().items()
            if not name.startswith("decoder.cls.predictions.decoder.")
        }
        self.model.save_pretrained(folder, state_dict=state)


def _look_as_read(decoder: Any) -> None:
    """Cross-attention begins with the weights by which each layer attends to its own tokens, not at random: from the first step on, a
    word looks at its likes in what is read."""
    for layer in decoder.bert.encoder.layer:
        layer.crossattention.load_state_dict(layer.attention.state_dict())


def framed(prompt: Sequence[int], tokenizer: Any) -> list[int]:
    """A prompt's ids between the tokens that MiniLM learnt to read texts between."""
    return [tokenizer.token_to_id(START), *prompt, tokenizer.token_to_id(SEPARATOR)]


class WarmDecoder(DeskDecoder):
    """A saved encoder-decoder in this process, decoded greedily. Raises CheckpointError for other weights."""

    def __init__(self, folder: Path) -> None:
        from transformers import EncoderDecoderModel

        kind: Any = EncoderDecoderModel
        try:
            options: dict[str, Any] = {"local_files_only": True, "use_safetensors": True, "dtype": torch.float32}
            self.model = kind.from_pretrained(folder, **options)
        except (OSError, ValueError, LookupError, RuntimeError) as error:
            raise CheckpointError(f"{folder}: does not load as an encoder-decoder ({one_line(error)}).") from error
        for module in self.model.eval().modules():
            if isinstance(module, nn.Linear):
                _halve(module)
        self.tokenizer: Any = load_tokenizer(folder)
        self.name = folder.resolve().name
        self.ends = frozenset(i for i in [self.tokenizer.token_to_id(END)] if i is not None)
        self.vocabulary = int(self.model.decoder.config.vocab_size)
        self.context = READ_TOKENS + WRITTEN_TOKENS
        self.stops_circles = True

    def reading(self, prompt: list[int], room: int) -> Reading:
        """Of a prompt and at most `room` tokens after it."""
        return _WarmReading(self, prompt)

    def logits(self, state: Tensor) -> Tensor:
        """Of the next token, (V,)."""
        found: Tensor = self.model.decoder.cls(state)[0]
        return found


class _WarmReading:
    """What the encoder made of one prompt, and the decoder's keys and values of its answer."""

    def __init__(self, decoder: WarmDecoder, prompt: list[int]) -> None:
        self._decoder = decoder
        self._prompt = prompt
        self._cache: Any = None

    def read(self, is_cancelled: Callable[[], bool]) -> Tensor | None:
        """The state (1, D) before the first written token; None when it was cancelled. Raises PromptTooLongError beyond MiniLM's positions."""
        model, tokenizer = self._decoder.model, self._decoder.tokenizer
        ids = framed(self._prompt, tokenizer)
        longest = model.encoder.config.max_position_embeddings
        if len(ids) > longest:
            raise PromptTooLongError(f"The prompt has {len(ids):,} tokens and {self._decoder.name} reads {longest:,}.")
        if is_cancelled():
            return None
        self._read = model.encoder(torch.tensor([ids])).last_hidden_state  # (1, S, D)
        return self.advance([tokenizer.token_to_id(START)])

    def advance(self, ids: list[int]) -> Tensor:
        """The state (1, D) of the last of new written tokens, whose keys and values are kept."""
        output = self._decoder.model.decoder.bert(
            torch.tensor([ids]), encoder_hidden_states=self._read, past_key_values=self._cache, use_cache=True
        )
        self._cache = output.past_key_values
        state: Tensor = output.last_hidden_state[:, -1]
        return state


def _halve(linear: nn.Linear) -> None:
    """Reads half as many bytes a token where the processor multiplies half precision: twice the tokens a second."""
    multiply, bias = product(linear.weight), linear.bias
    linear.forward = lambda input: multiply(input) + bias  # type: ignore[method-assign]
