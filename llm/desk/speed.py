"""`trustdesk bench llm`: decoding one answer on this machine's CPU: our path, transformers as it comes, CTranslate2, and the memory's limit.

Every engine runs the same weights, prompts and number of tokens, in turn; a peer that is absent or
can't take the model says so. Prompts are random ids: what a token costs does not depend on which it is.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from llm.desk.decode import DeskDecoder
from llm.desk.model import GEOMETRIES, DeskModel, Geometry, load_model, save_model

SHIPPED = Path(__file__).resolve().parents[2] / "data" / "models"
PROMPTS = (300, 700, 1_200)
ANSWER = 61
LARGE = Geometry(
    vocabulary=151_936, width=1_024, layers=32, heads=16, inner=3_072
)  # a dense model of 0.59 B parameters
_COPIED_BYTES = 2**28

Run = Callable[
    [list[int], int], list[float]
]  # prompt, tokens → instants (perf_counter) at the start and at every token


@dataclass(frozen=True)
class DecodeTiming:
    """One engine, one prompt length: medians over the runs. Milliseconds to the first token, then tokens a second.

    ours_as_multiple: our tokens a second over this engine's, median of the rounds.
    """

    model: str
    engine: str
    prompt_tokens: int
    first_token_ms: float | None
    tokens_per_second: float | None
    ours_as_multiple: float | None
    status: str

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def shipped_model() -> Path | None:
    """The first folder of data/models that holds a model of the desk's own."""
    return next((path.parent for path in sorted(SHIPPED.glob("*/model.safetensors"))), None)


def measure(model: Path | None, *, runs: int, threads: int, has_large: bool) -> Iterator[DecodeTiming]:
    """A row an engine and prompt length for the model (default: the shipped one, else random weights), then for 0.6 B random weights."""
    torch.set_num_threads(threads)
    with TemporaryDirectory(prefix="trustdesk-bench-") as scratch:
        folder = model or shipped_model()
        if folder is None:
            folder = random_model(Path(scratch) / "medium-random-weights", GEOMETRIES["medium"])
        yield from _measured(folder, Path(scratch), runs)
        if has_large:
            yield from _measured(random_model(Path(scratch) / "0.6B-random-weights", LARGE), Path(scratch), runs=2)


def random_model(folder: Path, geometry: Geometry) -> Path:
    torch.manual_seed(0)
    save_model(DeskModel(geometry), folder, ends=[2], padding=0)
    return folder


def _measured(folder: Path, scratch: Path, runs: int) -> Iterator[DecodeTiming]:
    opened: dict[str, Run | str] = {
        "trustdesk": _ours(folder),
        "transformers, as it comes": _transformers(folder, "auto"),
        "transformers, float32": _transformers(folder, "float32"),
        "CTranslate2, int8": _ctranslate2(folder, scratch),
    }
    vocabulary = load_model(folder).geometry.vocabulary
    generator = torch.Generator().manual_seed(1)
    for length in PROMPTS:
        times: dict[str, list[tuple[float, float]]] = {}
        for turn in range(runs + 1):
            prompt = torch.randint(3, vocabulary, (length,), generator=generator).tolist()
            for name, run in opened.items():
                if not isinstance(run, str):
                    found = _timed(run, prompt)
                    if turn:  # the first is each engine's warm-up
                        times.setdefault(name, []).append(found)
        for name, run in opened.items():
            yield _row(folder.name, name, length, times, run if isinstance(run, str) else "ok")
    yield _limit(folder)


def _timed(run: Run, prompt: list[int]) -> tuple[float, float]:
    """Milliseconds to the first token, tokens a second after it."""
    start, first, *rest = run(prompt, ANSWER)
    return (first - start) * 1000, len(rest) / (rest[-1] - first)


def _row(model: str, name: str, length: int, times: dict[str, list[tuple[float, float]]], status: str) -> DecodeTiming:
    if name not in times:
        return DecodeTiming(model, name, length, None, None, None, status)
    multiples = [ours[1] / other[1] for ours, other in zip(times["trustdesk"], times[name], strict=True)]
    first, rate = (statistics.median(column) for column in zip(*times[name], strict=True))
    return DecodeTiming(
        model, name, length, round(first), round(rate, 1), round(statistics.median(multiples), 2), status
    )


def _ours(folder: Path) -> Run:
    decoder = DeskDecoder(folder)
    decoder.ends = frozenset()
    decoder.stops_circles = False  # random weights repeat themselves, and the peers don't look

    def run(prompt: list[int], tokens: int) -> list[float]:
        instants = [time.perf_counter()]
        instants += [time.perf_counter() for _ in decoder.generate(prompt, max_tokens=tokens)]
        return instants

    return run


class _Instants:
    """A streamer for `generate` that notes when each token came."""

    def __init__(self) -> None:
        self.noted: list[float] = []

    def put(self, _: object) -> None:
        """The prompt first, then each token."""
        self.noted.append(time.perf_counter())

    def end(self) -> None:
        """Nothing more comes."""


def _transformers(folder: Path, dtype: str) -> Run:
    from transformers import AutoModelForCausalLM

    causal: Any = AutoModelForCausalLM
    model = causal.from_pretrained(folder, dtype=dtype, local_files_only=True).eval()
    model.generation_config.eos_token_id = None

    def run(prompt: list[int], tokens: int) -> list[float]:
        ids, instants = torch.tensor([prompt]), _Instants()
        model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=tokens, do_sample=False, streamer=instants
        )
        return instants.noted

    return run


def _ctranslate2(folder: Path, scratch: Path) -> Run | str:
    """Or why not. Its converter wants a tokenizer; a folder without one gets names that are the ids."""
    if find_spec("ctranslate2") is None:
        return "not installed"
    import ctranslate2  # type: ignore[import-not-found,unused-ignore]

    source, converted = scratch / f"{folder.name}-source", scratch / f"{folder.name}-ct2"
    source.mkdir()
    for path in folder.glob("*.*"):
        (source / path.name).symlink_to(path.resolve())
    _name_tokens(source)
    try:
        ctranslate2.converters.TransformersConverter(str(source)).convert(str(converted), quantization="int8")
        generator = ctranslate2.Generator(str(converted), device="cpu", intra_threads=torch.get_num_threads())
    except (RuntimeError, ValueError, OSError, KeyError, AttributeError) as error:
        return f"does not convert: {str(error).splitlines()[0][:80] if str(error) else type(error).__name__}"

    def run(prompt: list[int], tokens: int) -> list[float]:
        instants = [time.perf_counter()]

        def noted(_: object) -> bool:
            instants.append(time.perf_counter())
            return False  # true would end the answer

        asked = [[f"t{token}" for token in prompt]]
        options = {"max_length": tokens, "min_length": tokens, "sampling_topk": 1, "include_prompt_in_result": False}
        generator.generate_batch(asked, callback=noted, **options)
        return instants

    return run


def _name_tokens(folder: Path) -> None:
    vocabulary = json.loads((folder / "config.json").read_text("utf-8"))["vocab_size"]
    from tokenizers import Tokenizer, models

    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink(missing_ok=True)
    Tokenizer(models.WordLevel({f"t{token}": token for token in range(vocabulary)}, unk_token="t0")).save(
        str(folder / "tokenizer.json")
    )
    special = {"unk_token": "t0", "bos_token": "t1", "eos_token": "t2", "pad_token": "t0"}
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", **special}), "utf-8"
    )


def _limit(folder: Path) -> DecodeTiming:
    """Tokens a second if a token cost nothing but reading its saved weights once from memory. Weights in the cache can beat it."""
    rate = memory_bandwidth() / (folder / "model.safetensors").stat().st_size
    return DecodeTiming(folder.name, "limit: weights from memory", 0, None, round(rate, 1), None, "ok")


def memory_bandwidth() -> float:
    """Bytes a second read from memory by every thread of torch: the best of five sums over 256 MiB."""
    values = torch.ones(_COPIED_BYTES // 4)
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        values.sum()
        best = min(best, time.perf_counter() - start)
    return _COPIED_BYTES / best
