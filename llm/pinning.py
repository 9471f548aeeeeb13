"""The record of a pulled model: where its files came from, and the size and sha256 that each had then.

A folder without the record is nobody's promise and passes. Reads and writes files only; never goes online.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from llm.errors import CheckpointError

RECORD = "pulled.json"
# All that a model is loaded from, and what says who may use it; never a pickle, never code, nothing in a subfolder.
WANTED = (
    "model*.safetensors",
    "adapter_model*.safetensors",
    "*.json",
    "*.jinja",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
    "vocab.txt",
    "merges.txt",
    "README.md",
    "LICENSE*",
    "LICENCE*",
    "NOTICE*",
)
_WORDS = ("README.md", "LICENSE*", "LICENCE*", "NOTICE*")  # read by people, not by the model


@dataclass(frozen=True)
class PulledFile:
    """A file as it came."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Pulled:
    """What was pulled: `revision` is a commit; `pulled_at` is UTC, ISO 8601; files by name."""

    name: str
    revision: str
    endpoint: str
    licence: str | None
    pulled_at: str
    files: Mapping[str, PulledFile]


def is_wanted(name: str) -> bool:
    """Whether a file of a repository is pulled."""
    return "/" not in name and "\\" not in name and _matches(name, WANTED) and name != RECORD


def read_record(folder: Path) -> Pulled | None:
    """None where the folder was not pulled. Raises CheckpointError for a record that can't be read."""
    path = folder / RECORD
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text("utf-8"))
        return Pulled(**found | {"files": {name: PulledFile(**file) for name, file in found["files"].items()}})
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise CheckpointError(f"{path}: cannot be read; pull the model again into another folder.") from error


def write_record(folder: Path, record: Pulled) -> None:
    """Beside the files."""
    text = json.dumps(asdict(record), indent=2, ensure_ascii=False)
    (folder / RECORD).write_text(text + "\n", "utf-8")


def pinned(path: Path) -> PulledFile:
    """Size and sha256 of a file as it is now."""
    with path.open("rb") as file:
        return PulledFile(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def check_sizes(folder: Path) -> None:
    """That each file of the record is there with its size, and none was added that a model is loaded from. Costs no reading.

    Raises CheckpointError.
    """
    record = read_record(folder)
    if record is None:
        return
    for name, file in record.files.items():
        path = folder / name
        if not path.is_file():
            raise CheckpointError(f"{folder}: lacks {name}, which was pulled with it; {_again(record)}.")
        if path.stat().st_size != file.bytes:
            raise _changed(path, record)
    added = [
        path.name
        for path in sorted(folder.iterdir())
        if is_wanted(path.name) and not _matches(path.name, _WORDS) and path.name not in record.files
    ]
    if added:
        raise CheckpointError(
            f"{folder / added[0]}: was added after {record.name} was pulled; take it away, or copy the folder without {RECORD}."
        )


def check_hashes(folder: Path) -> None:
    """As `check_sizes`, and that each file has the sha256 it was pulled with. Reads every byte."""
    check_sizes(folder)
    record = read_record(folder)
    for name, file in record.files.items() if record else ():
        if pinned(folder / name).sha256 != file.sha256:
            assert record is not None
            raise _changed(folder / name, record)


def _changed(path: Path, record: Pulled) -> CheckpointError:
    return CheckpointError(f"{path}: is not what was pulled (its size or sha256 differs); {_again(record)}.")


def _again(record: Pulled) -> str:
    return f"remove the folder and run `trustdesk model pull {record.name} --revision {record.revision[:12]}`"


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
