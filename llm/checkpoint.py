"""Any local Hugging Face checkpoint as a writer: loaded offline without custom code, streamed, cancelled between layers.

Causal and encoder-decoder models, with a chat template or the plain layout, and adapters on either. Loads torch and belongs
in the worker; `llm.checkpoint_files` reads a folder without. Knows no queue and no evidence.
"""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import psutil

from llm.chat import ChatMessage, GenerateOptions
from llm.checkpoint_files import ADAPTER_WEIGHTS, CheckpointInfo, inspect_checkpoint, weight_files
from llm.errors import CheckpointError, EngineError, PromptTooLongError, one_line
from llm.inspection import describe_checkpoint
from llm.pinning import check_hashes
from llm.plain_layout import STOPS, Until, plain_prompt

__all__ = [
    "MIN_ANSWER_TOKENS",
    "Checkpoint",
    "CheckpointDtype",
    "CheckpointInfo",
    "FinishReason",
    "inspect_checkpoint",
]

CheckpointDtype = Literal["auto", "float32", "bfloat16"]
FinishReason = Literal["stop", "length", "cancelled"]

MIN_ANSWER_TOKENS = 16  # a prompt that leaves less room than this is refused
_CHARACTER_TOKENS = 4  # a character has at most 4 bytes, so at most as many tokens; beyond, the text is really broken
_HALF_CHARACTER = "\N{REPLACEMENT CHARACTER}"
# Of the generation in this thread; the model's layers are everybody's.
_is_cancelled: ContextVar[Callable[[], bool]] = ContextVar("is_cancelled", default=lambda: False)


class Checkpoint:
    """A checkpoint in this process: loads torch and the weights. Raises CheckpointError when they do not fit together, and EngineError when
    they do not fit into the memory that is free now."""

    def __init__(self, folder: Path, dtype: CheckpointDtype = "auto") -> None:
        self.info = inspect_checkpoint(folder)
        check_room(folder, dtype)
        for pulled in {folder, self.info.base or folder}:
            check_hashes(pulled)
        import torch
        from huggingface_hub.errors import StrictDataclassError
        from jinja2 import TemplateError
        from safetensors import SafetensorError

        self._torch = torch
        self._template_error = TemplateError
        try:
            self._load(dtype)
        except (
            OSError,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            ImportError,
            StrictDataclassError,
        ) as error:
            raise CheckpointError(f"{folder}: does not load ({one_line(error)}); is it a chat model?") from error
        except (RuntimeError, MemoryError, SafetensorError) as error:
            raise CheckpointError(
                f"{folder}: its weights do not load ({one_line(error)}); they are foreign, damaged or too large for this machine."
            ) from error
        self._check_start()
        self._model.eval()
        self._watch_layers()

    @property
    def _is_encoder_decoder(self) -> bool:
        return self.info.kind == "encoder-decoder"

    def _load(self, dtype: CheckpointDtype) -> None:
        from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

        kind: Any = AutoModelForSeq2SeqLM if self._is_encoder_decoder else AutoModelForCausalLM
        options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        self._tokenizer = AutoTokenizer.from_pretrained(self.info.tokenizer, **options)
        self._check_shapes(kind, options)
        self._model, loaded = kind.from_pretrained(
            self.info.base or self.info.folder,
            use_safetensors=True,
            dtype=dtype if dtype == "auto" else getattr(self._torch, dtype),
            output_loading_info=True,
            **options,
        )
        self._check_fit(loaded["missing_keys"])
        # Some close an answer that is cut off; then nobody could tell it from a whole one.
        self._model.generation_config.forced_eos_token_id = None
        if self.info.base is not None:
            self._apply_adapter()

    def _apply_adapter(self) -> None:
        """Adds the adapter's weights into the model's own where its kind allows that, so that it costs no speed."""
        from peft import PeftConfig, get_peft_model, set_peft_model_state_dict
        from safetensors.torch import load_file

        folder = self.info.folder
        config = PeftConfig.from_pretrained(str(folder), local_files_only=True)
        config.inference_mode = True
        adapted: Any = get_peft_model(self._model, config)
        expected = {name for name, _ in adapted.named_parameters() if ".default" in name or "_prompt" in name}
        result: Any = set_peft_model_state_dict(adapted, load_file(folder / ADAPTER_WEIGHTS))
        absent = expected & set(result.missing_keys)
        if result.unexpected_keys or absent:
            name = min([*result.unexpected_keys, *absent])
            raise CheckpointError(
                f"{folder}: its adapter does not belong to {self.info.base} ({name} fits nothing there, or is lacking)."
            )
        self._model = adapted.merge_and_unload() if hasattr(adapted.base_model, "merge_and_unload") else adapted

    def _check_shapes(self, kind: Any, options: dict[str, Any]) -> None:
        """Before any weights are read: the loader says of tensors of another shape only that there are some."""
        from safetensors import safe_open
        from transformers import AutoConfig

        config = AutoConfig.from_pretrained(self.info.base or self.info.folder, **options)
        if getattr(config, "quantization_config", None) is not None:
            return  # packed: its tensors have shapes of their own
        with self._torch.device("meta"):
            wanted = {name: list(tensor.shape) for name, tensor in kind.from_config(config).state_dict().items()}
        for path in weight_files(self.info.base or self.info.folder):
            with safe_open(path, "pt") as file:
                for name in sorted(wanted.keys() & set(file.keys())):
                    stored = file.get_slice(name).get_shape()
                    if stored != wanted[name]:
                        raise CheckpointError(
                            f"{self.info.folder}: its weights have another shape than its config.json gives them ({name}: "
                            f"{_shape(stored)} where {_shape(wanted[name])} belong); they are another model's."
                        )

    def _check_fit(self, missing: Sequence[str]) -> None:
        folder = self.info.folder
        if missing:
            raise CheckpointError(
                f"{folder}: its weights lack {len(missing)} tensors of a {self.info.architecture} "
                f"(such as {min(missing)}); they belong to another config.json."
            )
        tokens = len(self._tokenizer)
        embeddings = (self._model.get_input_embeddings(), self._model.get_output_embeddings())
        rows = min(int(found.weight.shape[0]) for found in embeddings if found is not None)
        # More rows than tokens are padding, to a round number; far more are another model's.
        if not tokens <= rows <= max(2 * tokens, tokens + 512):
            raise CheckpointError(
                f"{folder}: its tokenizer has {tokens} tokens, the weights {rows}; they do not belong together."
            )
        ends = self._model_ends()
        if ends and not ends & {*self._tokenizer.all_special_ids, *self._tokenizer.added_tokens_decoder}:
            raise CheckpointError(
                f"{folder}: the token that ends an answer ({min(ends)}) is a word of its tokenizer; they do not belong together."
            )

    def _model_ends(self) -> set[int]:
        configured = self._model.generation_config.eos_token_id
        ends = configured if isinstance(configured, list) else [configured]
        return {int(token) for token in ends if token is not None}

    def _check_start(self) -> None:
        if not self._is_encoder_decoder:
            return
        configs = (self._model.generation_config, self._model.config)
        starts = [
            getattr(config, key, None) for config in configs for key in ("decoder_start_token_id", "bos_token_id")
        ]
        if all(start is None for start in starts):
            raise CheckpointError(
                f"{self.info.folder}: names no decoder_start_token_id in config.json or generation_config.json; "
                "an encoder-decoder cannot begin to write without."
            )

    def _watch_layers(self) -> None:
        """Looks for a cancel before every layer, so that a long prompt is left as quickly as a long answer."""
        for module in self._model.modules():
            if isinstance(module, self._torch.nn.ModuleList):
                for layer in module:
                    layer.register_forward_pre_hook(_stop_if_cancelled)

    def generate(
        self,
        messages: Sequence[ChatMessage],
        options: GenerateOptions,
        on_text: Callable[[str], None],
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> FinishReason:
        """Writes the assistant's turn, handing each piece to `on_text` as it is known. Not for two threads at once; but others may
        generate, each in a thread of its own, while this one is within `is_cancelled`.

        Raises PromptTooLongError when the prompt leaves no room for an answer, CheckpointError when the chat template
        does not take the messages, EngineError when the model's own code fails.
        """
        inputs = self._prompt(messages)
        answer = Until(STOPS if self.info.layout == "plain" and not self._is_encoder_decoder else (), on_text)
        pieces = _Pieces(self._tokenizer, answer)
        ends = self._end_tokens()
        sampling = (
            {"do_sample": True, "temperature": options.temperature} if options.temperature > 0 else {"do_sample": False}
        )
        room = self._room(inputs["input_ids"].shape[1], options.max_tokens)
        asked = _is_cancelled.set(is_cancelled)
        try:
            with self._torch.inference_mode():
                output = self._model.generate(
                    **inputs,
                    max_new_tokens=room,
                    num_beams=1,  # a summariser's own setting may be 4, and beams cannot be streamed
                    eos_token_id=ends or None,
                    pad_token_id=self._tokenizer.pad_token_id if self._tokenizer.pad_token_id is not None else 0,
                    streamer=pieces,
                    **sampling,
                )
        except _Cancelled:
            return "cancelled"
        except _Over:
            return "stop"
        except (RuntimeError, ValueError, LookupError, MemoryError) as error:
            raise EngineError(f"The model failed while it wrote ({one_line(error)}).") from error
        finally:
            _is_cancelled.reset(asked)
        answer.end()
        return "stop" if answer.is_over or int(output[0, -1]) in ends else "length"

    def _prompt(self, messages: Sequence[ChatMessage]) -> dict[str, Any]:
        """`input_ids` and `attention_mask`, (1, tokens) each."""
        encoded = self._plain(messages) if self.info.layout == "plain" else self._templated(messages)
        return {name: encoded[name] for name in ("input_ids", "attention_mask")}

    def _plain(self, messages: Sequence[ChatMessage]) -> Any:
        text = plain_prompt(messages, has_headings=not self._is_encoder_decoder)
        encoded = self._tokenizer(text, return_tensors="pt")
        if not self._is_encoder_decoder and int(encoded["input_ids"][0, -1]) in self._end_tokens():
            # Some tokenizers close every text; a text to be gone on with is open.
            return {name: encoded[name][:, :-1] for name in ("input_ids", "attention_mask")}
        return encoded

    def _templated(self, messages: Sequence[ChatMessage]) -> Any:
        def render(turns: list[dict[str, str]]) -> Any:
            return self._tokenizer.apply_chat_template(
                turns, add_generation_prompt=True, return_tensors="pt", return_dict=True, enable_thinking=False
            )

        turns = [asdict(message) for message in messages]
        try:
            return render(turns)
        except self._template_error as error:
            if len(turns) < 2 or turns[0]["role"] != "system":
                raise CheckpointError(
                    f"{self.info.folder}: its chat template refuses the prompt ({one_line(error)})."
                ) from error
        first = {**turns[1], "content": f"{turns[0]['content']}\n\n{turns[1]['content']}"}
        try:  # some templates know no system turn
            return render([first, *turns[2:]])
        except self._template_error as error:
            raise CheckpointError(
                f"{self.info.folder}: its chat template refuses the prompt ({one_line(error)})."
            ) from error

    def _room(self, prompt_tokens: int, wanted: int) -> int:
        """Tokens that the answer may have. An encoder-decoder's stands beside the prompt, each within the context."""
        limit = self.info.context_length
        if limit is None:
            return wanted
        room = min(wanted, limit - (0 if self._is_encoder_decoder else prompt_tokens))
        if room < min(wanted, MIN_ANSWER_TOKENS) or (self._is_encoder_decoder and prompt_tokens > limit):
            raise PromptTooLongError(
                f"The prompt has {prompt_tokens:,} tokens and the context of {self.info.name} {limit:,}: "
                "no room for an answer. Give less evidence."
            )
        return room

    def _end_tokens(self) -> list[int]:
        own = self._tokenizer.eos_token_id
        return sorted(self._model_ends() | (set() if own is None else {int(own)}))


def _shape(sizes: Sequence[int]) -> str:
    return " × ".join(f"{size:,}" for size in sizes)


def check_room(folder: Path, dtype: CheckpointDtype) -> None:
    """Before anything is read: else a model that is too large would press everybody else's memory out before it is ended."""
    described = describe_checkpoint(folder)
    sizes = {"float32": 4 * described.parameters, "bfloat16": 2 * described.parameters}
    needed = sizes.get(dtype, described.info.weight_bytes)
    free = psutil.virtual_memory().available
    if needed > free:
        raise EngineError(
            f"{folder}: needs {needed / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are free; end other programs, choose a smaller model, "
            "or a server for it."
        )


class _Cancelled(BaseException):
    """Leaves transformers' generation loop; BaseException so that nothing on the way takes it for a failure."""


class _Over(BaseException):
    """As `_Cancelled`, when the text has reached a stop."""


def _stop_if_cancelled(*_: object) -> None:
    if _is_cancelled.get()():
        raise _Cancelled


class _Pieces:
    """A streamer for `generate`: decodes a window of new tokens, holding back half characters."""

    def __init__(self, tokenizer: Any, answer: Until) -> None:
        self._tokenizer = tokenizer
        self._answer = answer
        self._ids: list[int] = []
        self._window = 0  # tokens before it no longer change what comes
        self._told = 0  # tokens whose text was handed on
        self._is_prompt = True

    def put(self, tokens: Any) -> None:
        """The prompt first (an encoder-decoder's first token), then each token."""
        if self._is_prompt:
            self._is_prompt = False
            return
        _stop_if_cancelled()
        self._ids.extend(tokens.flatten().tolist())
        self._tell(is_end=False)
        if self._answer.is_over:
            raise _Over

    def end(self) -> None:
        """Nothing more comes."""
        self._tell(is_end=True)

    def _tell(self, *, is_end: bool) -> None:
        before, text = self._decode(self._ids[self._window : self._told]), self._decode(self._ids[self._window :])
        is_half = text.endswith(_HALF_CHARACTER) and len(self._ids) - self._told < _CHARACTER_TOKENS
        if len(text) <= len(before) or (is_half and not is_end):
            return
        self._window, self._told = self._told, len(self._ids)
        self._answer.feed(text[len(before) :])

    def _decode(self, ids: list[int]) -> str:
        return str(self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))
