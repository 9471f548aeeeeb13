"""What a checkpoint folder holds, read without loading it: a Hugging Face model, or an adapter and the model it belongs to.

Reads files only, imports no torch and is for every process. Knows nothing of how a model is run.
"""

import json
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from llm.errors import CheckpointError, one_line
from llm.pinning import check_sizes

CheckpointKind = Literal["causal", "encoder-decoder"]
PromptLayout = Literal["chat template", "plain"]

ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
_MAX_HEADER_BYTES = 100_000_000  # the safetensors format's own limit
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")
_TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer.model",
    "vocab.json",
    "vocab.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
)
_CONTEXT_KEYS = ("max_position_embeddings", "n_positions", "max_encoder_position_embeddings")
_UNSTATED_CONTEXT = (
    1_024  # encoder-decoders with relative positions (mT5) state no limit and learnt from about this much
)
_LARGEST_CONTEXT = 10_000_000  # a tokenizer without a limit of its own writes 1e30


@dataclass(frozen=True)
class CheckpointInfo:
    """What a folder holds; `context_length` in tokens, None where it does not say; `weight_bytes` on disk, the base's too.

    Of an adapter, `base` is the folder of the model that it changes, and architecture, kind and context are that model's.
    `tokenizer` is the folder whose tokenizer is used. `summary_prefix` is what its config has a text to be summarised begin with, as T5's does.
    """

    name: str
    folder: Path
    architecture: str
    kind: CheckpointKind
    context_length: int | None
    weight_bytes: int
    layout: PromptLayout
    tokenizer: Path
    base: Path | None = None
    summary_prefix: str = ""

    @property
    def weight_paths(self) -> tuple[Path, ...]:
        """The safetensors files: the model's, then the adapter's."""
        if self.base is None:
            return tuple(weight_files(self.folder))
        return (*weight_files(self.base), self.folder / ADAPTER_WEIGHTS)


def inspect_checkpoint(folder: Path) -> CheckpointInfo:
    """Looks at a checkpoint folder without loading it. Raises CheckpointError, one line that says what is amiss."""
    if not folder.is_dir():
        raise CheckpointError(
            f"{folder}: is not a folder; name one that holds config.json, a tokenizer and model.safetensors."
        )
    check_sizes(folder)
    if (folder / ADAPTER_CONFIG).is_file():
        return _inspect_adapter(folder)
    config = _json_object(folder / "config.json")
    architecture = _architecture(config)
    if architecture is None:
        raise CheckpointError(
            f"{folder / 'config.json'}: names neither architectures nor model_type; not a checkpoint."
        )
    weights = weight_files(folder)
    for path in weights:
        _check_safetensors(path)
    if not _has_tokenizer(folder):
        raise CheckpointError(
            f"{folder}: has no tokenizer ({', '.join(_TOKENIZER_FILES)}); copy it beside the weights."
        )
    is_encoder_decoder = config.get("is_encoder_decoder") is True and not architecture.endswith("ForCausalLM")
    return CheckpointInfo(
        name=folder.resolve().name,
        folder=folder,
        architecture=architecture,
        kind="encoder-decoder" if is_encoder_decoder else "causal",
        context_length=_context_length(folder, config) or (_UNSTATED_CONTEXT if is_encoder_decoder else None),
        weight_bytes=sum(path.stat().st_size for path in weights),
        layout="chat template" if _has_chat_template(folder) else "plain",
        tokenizer=folder,
        summary_prefix=_summary_prefix(config),
    )


def _summary_prefix(config: dict[str, Any]) -> str:
    tasks = config.get("task_specific_params")
    task = tasks.get("summarization") if isinstance(tasks, dict) else None
    prefix = task.get("prefix") if isinstance(task, dict) else None
    return prefix if isinstance(prefix, str) else ""


def _inspect_adapter(folder: Path) -> CheckpointInfo:
    named = _json_object(folder / ADAPTER_CONFIG).get("base_model_name_or_path")
    if not isinstance(named, str) or not named:
        raise CheckpointError(f"{folder / ADAPTER_CONFIG}: names no base_model_name_or_path; not a PEFT adapter.")
    base = _base_folder(folder, named)
    weights = folder / ADAPTER_WEIGHTS
    if not weights.is_file():
        pickles = _pickles(folder)
        raise (
            _refused(folder, pickles[0])
            if pickles
            else CheckpointError(f"{folder}: has no {ADAPTER_WEIGHTS}; copy the adapter's weights into it.")
        )
    _check_safetensors(weights)
    if (base / ADAPTER_CONFIG).is_file():
        raise CheckpointError(
            f"{folder}: belongs to another adapter ({base}); merge that one into its base model first."
        )
    if find_spec("peft") is None:
        raise CheckpointError(
            f"{folder}: holds an adapter, which needs the package peft: pip install 'trustdesk[adapters]'."
        )
    info = inspect_checkpoint(base)
    tokenizer = folder if _has_tokenizer(folder) else base
    return replace(
        info,
        name=folder.resolve().name,
        folder=folder,
        weight_bytes=info.weight_bytes + weights.stat().st_size,
        layout="chat template" if _has_chat_template(tokenizer) else "plain",
        tokenizer=tokenizer,
        base=base,
    )


def _base_folder(folder: Path, named: str) -> Path:
    """The base model as a path (from the adapter's folder on, where relative), or as a folder of its name beside the adapter."""
    beside = folder.resolve().parent
    for path in (folder / named, beside / named.replace("/", "--"), beside / named.rpartition("/")[2]):
        if path.is_dir() and path.resolve() != folder.resolve():
            return path.resolve()
    raise CheckpointError(
        f"{folder}: holds an adapter of {named}, which is no folder here; put that model beside it as "
        f"{beside / named.rpartition('/')[2]}, or name its folder in {ADAPTER_CONFIG}."
    )


def _architecture(config: dict[str, Any]) -> str | None:
    named = config.get("architectures")
    found = named[0] if isinstance(named, list) and named else config.get("model_type")
    return found if isinstance(found, str) else None


def _json_object(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise CheckpointError(
            f"{path.parent}: has no {path.name}; it is not a Hugging Face checkpoint folder."
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: cannot be read as JSON ({one_line(error)}); copy the folder again.") from error
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
    pickles = _pickles(folder)
    if pickles:
        raise _refused(folder, pickles[0])
    raise CheckpointError(f"{folder}: has no model.safetensors; copy the weights into it.")


def _pickles(folder: Path) -> list[str]:
    return sorted(path.name for pattern in _PICKLES for path in folder.glob(pattern))


def _refused(folder: Path, name: str) -> CheckpointError:
    return CheckpointError(
        f"{folder}: holds pickled weights ({name}), which can run code and are refused; use the model's safetensors files."
    )


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


def _has_tokenizer(folder: Path) -> bool:
    return any((folder / name).is_file() for name in _TOKENIZER_FILES)


def _has_chat_template(folder: Path) -> bool:
    if (folder / "chat_template.jinja").is_file() or (folder / "chat_template.json").is_file():
        return True
    path = folder / "tokenizer_config.json"
    return path.is_file() and bool(_json_object(path).get("chat_template"))


def _context_length(folder: Path, config: dict[str, Any]) -> int | None:
    """What the config says, else what the tokenizer does."""
    text = config.get("text_config")
    for part in (config, text if isinstance(text, dict) else {}):
        for key in _CONTEXT_KEYS:
            if isinstance(part.get(key), int):
                return int(part[key])
    path = folder / "tokenizer_config.json"
    stated = _json_object(path).get("model_max_length") if path.is_file() else None
    return stated if isinstance(stated, int) and 0 < stated <= _LARGEST_CONTEXT else None
