"""Any local Hugging Face chat checkpoint as a writer: folder checked, loaded offline without custom code, streamed.

`inspect_checkpoint` reads files only and is for every process; `Checkpoint` loads torch and belongs in the worker.
Knows no queue and no evidence.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from llm.chat import ChatMessage, GenerateOptions
from llm.errors import CheckpointError, PromptTooLongError

CheckpointDtype = Literal["auto", "float32", "bfloat16"]
FinishReason = Literal["stop", "length", "cancelled"]

MIN_ANSWER_TOKENS = 16  # a prompt that leaves less room than this is refused
_MAX_HEADER_BYTES = 100_000_000  # the safetensors format's own limit
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt")
_CHARACTER_TOKENS = 4  # a character has at most 4 bytes, so at most as many tokens; beyond, the text is really broken
_HALF_CHARACTER = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True)
class CheckpointInfo:
    """What a folder holds; `context_length` in tokens, None where its config does not say; `weight_bytes` on disk."""

    name: str
    folder: Path
    architecture: str
    context_length: int | None
    weight_bytes: int


def inspect_checkpoint(folder: Path) -> CheckpointInfo:
    """Looks at a checkpoint folder without loading it. Raises CheckpointError, one line that says what is amiss."""
    if not folder.is_dir():
        raise CheckpointError(
            f"{folder}: is not a folder; name one that holds config.json, a tokenizer and model.safetensors."
        )
    if (folder / "adapter_config.json").is_file():
        base = _json_object(folder / "adapter_config.json").get("base_model_name_or_path")
        raise CheckpointError(
            f"{folder}: holds an adapter (adapter_config.json), which is not applied; "
            f"merge it into its base model{f' ({base})' if base else ''} and name the merged folder."
        )
    config = _json_object(folder / "config.json")
    architectures = config.get("architectures")
    architecture = architectures[0] if isinstance(architectures, list) and architectures else config.get("model_type")
    if not isinstance(architecture, str):
        raise CheckpointError(
            f"{folder / 'config.json'}: names neither architectures nor model_type; not a checkpoint."
        )
    weights = weight_files(folder)
    for path in weights:
        _check_safetensors(path)
    if not any((folder / name).is_file() for name in _TOKENIZER_FILES):
        raise CheckpointError(
            f"{folder}: has no tokenizer ({', '.join(_TOKENIZER_FILES)}); copy it beside the weights."
        )
    if not _has_chat_template(folder):
        raise CheckpointError(
            f"{folder}: has no chat template (chat_template.jinja, or chat_template in tokenizer_config.json); "
            "use an instruction-tuned checkpoint, not a base one."
        )
    return CheckpointInfo(
        name=folder.resolve().name,
        folder=folder,
        architecture=architecture,
        context_length=_context_length(config),
        weight_bytes=sum(path.stat().st_size for path in weights),
    )


def _json_object(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise CheckpointError(
            f"{path.parent}: has no {path.name}; it is not a Hugging Face checkpoint folder."
        ) from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: cannot be read as JSON ({_one_line(error)}); copy the folder again.") from error
    if not isinstance(value, dict):
        raise CheckpointError(f"{path}: holds no JSON object; copy the folder again.")
    return value


def weight_files(folder: Path) -> list[Path]:
    """The folder's safetensors files, one or its shards. Raises CheckpointError when they are absent or pickled."""
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        shards = _json_object(index).get("weight_map")
        if not isinstance(shards, dict) or not shards:
            raise CheckpointError(f"{index}: has no weight_map; copy the folder again.")
        paths = [folder / str(name) for name in sorted(set(shards.values()))]
        absent = [path.name for path in paths if not path.is_file()]
        if absent:
            raise CheckpointError(f"{folder}: lacks {', '.join(absent)}, named in {index.name}; copy the folder again.")
        return paths
    if (folder / "model.safetensors").is_file():
        return [folder / "model.safetensors"]
    pickles = sorted(path.name for pattern in _PICKLES for path in folder.glob(pattern))
    if pickles:
        raise CheckpointError(
            f"{folder}: holds pickled weights ({pickles[0]}), which can run code and are refused; "
            "use the model's safetensors files."
        )
    raise CheckpointError(f"{folder}: has no model.safetensors; copy the weights into it.")


def _check_safetensors(path: Path) -> None:
    """Whether the file is as long as its header says: 8 bytes of header length, JSON header, then the tensors."""
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            header_bytes = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(header_bytes)) if header_bytes <= min(size, _MAX_HEADER_BYTES) else None
    except (OSError, ValueError):
        header = None
    if not isinstance(header, dict):
        raise CheckpointError(f"{path}: is not a safetensors file; copy it again.")
    try:
        end = max(entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__")
    except (ValueError, TypeError, KeyError, IndexError):
        raise CheckpointError(f"{path}: has a damaged header; copy it again.") from None
    if size != 8 + header_bytes + end:
        raise CheckpointError(f"{path}: has {size:,} bytes where {8 + header_bytes + end:,} belong; copy it again.")


def _has_chat_template(folder: Path) -> bool:
    if (folder / "chat_template.jinja").is_file() or (folder / "chat_template.json").is_file():
        return True
    path = folder / "tokenizer_config.json"
    return path.is_file() and bool(_json_object(path).get("chat_template"))


def _context_length(config: dict[str, Any]) -> int | None:
    text = config.get("text_config")
    for part in (config, text if isinstance(text, dict) else {}):
        for key in ("max_position_embeddings", "n_positions"):
            if isinstance(part.get(key), int):
                return int(part[key])
    return None


class Checkpoint:
    """A checkpoint in this process: loads torch and the weights. Raises CheckpointError when they do not fit together."""

    def __init__(self, folder: Path, dtype: CheckpointDtype = "auto") -> None:
        self.info = inspect_checkpoint(folder)
        import torch
        from huggingface_hub.errors import StrictDataclassError
        from jinja2 import TemplateError
        from safetensors import SafetensorError
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self._torch = torch
        self._template_error = TemplateError
        causal: Any = AutoModelForCausalLM
        options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(folder, **options)
            self._model, loaded = causal.from_pretrained(
                folder,
                use_safetensors=True,
                dtype=dtype if dtype == "auto" else getattr(torch, dtype),
                output_loading_info=True,
                **options,
            )
        except (
            OSError,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            ImportError,
            StrictDataclassError,
        ) as error:
            raise CheckpointError(f"{folder}: does not load ({_one_line(error)}); is it a chat model?") from error
        except (RuntimeError, MemoryError, SafetensorError) as error:
            raise CheckpointError(
                f"{folder}: its weights do not load ({_one_line(error)}); they are foreign, damaged or too large for this machine."
            ) from error
        self._check_fit(loaded["missing_keys"])
        self._model.eval()
        self._is_cancelled: Callable[[], bool] = lambda: False
        self._watch_layers()

    def _check_fit(self, missing: Sequence[str]) -> None:
        folder, rows = self.info.folder, self._model.get_input_embeddings().weight.shape[0]
        if missing:
            raise CheckpointError(
                f"{folder}: its weights lack {len(missing)} tensors of a {self.info.architecture} "
                f"(such as {min(missing)}); they belong to another config.json."
            )
        if len(self._tokenizer) > rows:
            raise CheckpointError(
                f"{folder}: its tokenizer has {len(self._tokenizer)} tokens, the weights {rows}; they do not belong together."
            )

    def _watch_layers(self) -> None:
        """Looks for a cancel before every layer, so that a long prompt is left as quickly as a long answer."""

        def stop_if_cancelled(*_: object) -> None:
            if self._is_cancelled():
                raise _Cancelled

        for module in self._model.modules():
            if isinstance(module, self._torch.nn.ModuleList):
                for layer in module:
                    layer.register_forward_pre_hook(stop_if_cancelled)

    def generate(
        self,
        messages: Sequence[ChatMessage],
        options: GenerateOptions,
        on_text: Callable[[str], None],
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> FinishReason:
        """Writes the assistant's turn, handing each piece to `on_text` as it is known. Not for two threads at once.

        Raises PromptTooLongError when the prompt leaves no room for an answer, CheckpointError when the chat template
        does not take the messages.
        """
        inputs = self._prompt(messages)
        prompt_tokens = inputs["input_ids"].shape[1]
        pieces = _Pieces(self._tokenizer, on_text)
        ends = self._end_tokens()
        sampling = (
            {"do_sample": True, "temperature": options.temperature} if options.temperature > 0 else {"do_sample": False}
        )
        self._is_cancelled = is_cancelled
        try:
            with self._torch.inference_mode():
                output = self._model.generate(
                    **inputs,
                    max_new_tokens=self._room(prompt_tokens, options.max_tokens),
                    eos_token_id=ends or None,
                    pad_token_id=self._tokenizer.pad_token_id if self._tokenizer.pad_token_id is not None else 0,
                    streamer=pieces,
                    **sampling,
                )
        except _Cancelled:
            return "cancelled"
        return "stop" if int(output[0, -1]) in ends else "length"

    def _prompt(self, messages: Sequence[ChatMessage]) -> Any:
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
                    f"{self.info.folder}: its chat template refuses the prompt ({_one_line(error)})."
                ) from error
        first = {**turns[1], "content": f"{turns[0]['content']}\n\n{turns[1]['content']}"}
        try:  # some templates know no system turn
            return render([first, *turns[2:]])
        except self._template_error as error:
            raise CheckpointError(
                f"{self.info.folder}: its chat template refuses the prompt ({_one_line(error)})."
            ) from error

    def _room(self, prompt_tokens: int, wanted: int) -> int:
        limit = self.info.context_length
        room = wanted if limit is None else min(wanted, limit - prompt_tokens)
        if room < min(wanted, MIN_ANSWER_TOKENS):
            raise PromptTooLongError(
                f"The prompt has {prompt_tokens:,} tokens and the context of {self.info.name} {limit:,}: "
                "no room for an answer. Give less evidence."
            )
        return room

    def _end_tokens(self) -> list[int]:
        configured = self._model.generation_config.eos_token_id
        ends = configured if isinstance(configured, list) else [configured]
        return sorted({int(token) for token in [*ends, self._tokenizer.eos_token_id] if token is not None})


class _Cancelled(BaseException):
    """Leaves transformers' generation loop; BaseException so that nothing on the way takes it for a failure."""


class _Pieces:
    """A streamer for `generate`: decodes a window of new tokens, holding back half characters."""

    def __init__(self, tokenizer: Any, on_text: Callable[[str], None]) -> None:
        self._tokenizer = tokenizer
        self._on_text = on_text
        self._ids: list[int] = []
        self._window = 0  # tokens before it no longer change what comes
        self._told = 0  # tokens whose text was handed on
        self._is_prompt = True

    def put(self, tokens: Any) -> None:
        if self._is_prompt:
            self._is_prompt = False
            return
        self._ids.extend(tokens.flatten().tolist())
        self._tell(is_end=False)

    def end(self) -> None:
        self._tell(is_end=True)

    def _tell(self, *, is_end: bool) -> None:
        before, text = self._decode(self._ids[self._window : self._told]), self._decode(self._ids[self._window :])
        is_half = text.endswith(_HALF_CHARACTER) and len(self._ids) - self._told < _CHARACTER_TOKENS
        if len(text) <= len(before) or (is_half and not is_end):
            return
        self._window, self._told = self._told, len(self._ids)
        self._on_text(text[len(before) :])

    def _decode(self, ids: list[int]) -> str:
        return str(self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))


def _one_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
