"""What a checkpoint folder says of itself, beyond whether it may be loaded: parameters, stored type, licence.

Reads headers and text only; loads no weights. Knows no speed: that is measured by whoever runs the model.
"""

import json
import math
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from llm.checkpoint_files import CheckpointInfo, inspect_checkpoint
from llm.pinning import read_record

_STORED_TYPES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I8": "int8", "U8": "uint8"}
_LICENCE_FILES = ("LICENSE*", "LICENCE*", "COPYING*")
_FRONT_MATTER = re.compile(r"\A---\s*\n(.*?)\n---", re.S)
_CARD_BYTES = 100_000


@dataclass(frozen=True)
class CheckpointDescription:
    """`parameters` counts stored tensor elements (a tied matrix once; packed integers as stored); `dtype` is that of most bytes.

    An adapter's elements count with its base's. `licence` is what was accepted when it was pulled, else a file's name, else what the
    model card's head names, else None: the folder then says nothing. `pulled` is repository@commit, None where it was not pulled.
    """

    info: CheckpointInfo
    parameters: int
    dtype: str
    licence: str | None
    pulled: str | None


def describe_checkpoint(folder: Path) -> CheckpointDescription:
    """Raises CheckpointError, as `inspect_checkpoint` does, for a folder that would not be loaded."""
    info = inspect_checkpoint(folder)
    elements: Counter[str] = Counter()
    stored: Counter[str] = Counter()
    for path in info.weight_paths:
        with path.open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        for name, entry in header.items():
            if name != "__metadata__":
                start, end = entry["data_offsets"]
                elements[entry["dtype"]] += math.prod(entry["shape"])
                stored[entry["dtype"]] += end - start
    (most, _), *_ = stored.most_common(1)
    record = read_record(folder)
    return CheckpointDescription(
        info,
        elements.total(),
        _STORED_TYPES.get(most, most),
        licence=(record and record.licence) or _licence(folder),
        pulled=f"{record.name}@{record.revision[:12]}" if record else None,
    )


def _licence(folder: Path) -> str | None:
    files = sorted(path.name for pattern in _LICENCE_FILES for path in folder.glob(pattern) if path.is_file())
    if files:
        return files[0]
    card = folder / "README.md"
    if not card.is_file():
        return None
    with card.open("rb") as file:
        head = _FRONT_MATTER.match(file.read(_CARD_BYTES).decode("utf-8", "replace"))
    named = re.search(r"^license:\s*['\"]?([\w.+-]+)", head[1], re.M) if head else None
    return named[1] if named else None
