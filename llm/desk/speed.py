"""`trustdesk bench llm`: decoding one answer on this machine's CPU: our path, transformers as it comes, its peers, and the memory's limit.

Every engine runs the same weights, prompts and number of tokens, in turn; a peer that is absent or
can't take the model says so. Prompts are random ids: what a token costs does not depend on which it is.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from llm.desk.decode import DeskDecoder
from llm.desk.model import GEOMETRIES, DeskModel, Geometry, load_model, save_model
from llm.peers import Run, compiled, generating, loaded, openvino, quantised, timed

SHIPPED = Path(__file__).resolve().parents[2] / "data" / "models"
PROMPTS = (300, 700, 1_200)
ANSWER = 61
LARGE = Geometry(
    vocabulary=151_936, width=1_024, layers=32, heads=16, inner=3_072
)  # a dense model of 0.59 B parameters
RANDOM = {**GEOMETRIES, "0.6b": LARGE}
OURS = "trustdesk"
SLOW_TO_START = frozenset({"torch.compile"})
_COPIED_BYTES = 2**28


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


def measure(
    model: Path | None,
    *,
    runs: int,
    threads: int,
    geometries: Collection[str] = (),
    engines: Collection[str] = (),
    prompts: Collection[int] = (),
    tokens: int = ANSWER,
) -> Iterator[DecodeTiming]:
    """A row an engine and prompt length for the model, and for random weights of each geometry; without either, for the shipped model.

    Without a shipped one it is the medium geometry. Ours is always among the engines (default: all).
    """
    torch.set_num_threads(threads)
    with TemporaryDirectory(prefix="trustdesk-bench-") as scratch:
        asked = (runs, engines, prompts or PROMPTS, tokens)
        folder = model if model or geometries else shipped_model()
        if folder is not None:
            yield from _measured(folder, Path(scratch), *asked)
        for name in geometries or (() if folder else ("medium",)):
            random = random_model(Path(scratch) / f"{name}-random-weights", RANDOM[name])
            yield from _measured(random, Path(scratch), *asked)


def random_writer(folder: Path, geometry: Geometry, texts: Iterable[str]) -> Path:
    """A model of the desk's own with random weights and a tokenizer trained on the texts; it has no words of its own, so that it writes those of
    the sources that a sentence names."""
    from llm.desk.card import CARD
    from llm.desk.prompt import END, PAD
    from llm.desk.tokenizer import save_tokenizer, train_tokenizer

    tokenizer = train_tokenizer(texts, geometry.vocabulary)
    torch.manual_seed(7)
    end, padding = tokenizer.token_to_id(END), tokenizer.token_to_id(PAD)
    assert end is not None, "special tokens come first"
    assert padding is not None, "special tokens come first"
    save_model(DeskModel(geometry), folder, ends=[end], padding=padding)
    save_tokenizer(tokenizer, folder, geometry.context)
    (folder / CARD).write_text(json.dumps({"format": 1, "house": {"en": [end], "zh-Hans": [end]}}), "utf-8")
    return folder


def random_model(folder: Path, geometry: Geometry) -> Path:
    torch.manual_seed(0)
    save_model(DeskModel(geometry), folder, ends=[2], padding=0)
    return folder


def _measured(
    folder: Path, scratch: Path, runs: int, engines: Collection[str], prompts: Collection[int], tokens: int
) -> Iterator[DecodeTiming]:
    opened = {
        name: _opened(name, folder, scratch, engines)
        for name in ENGINES
        if name in (engines or ENGINES) or name == OURS
    }
    vocabulary = load_model(folder).geometry.vocabulary
    generator = torch.Generator().manual_seed(1)
    for length in prompts:
        times: dict[str, list[tuple[float, float]]] = {}
        for turn in range(runs + 1):
            prompt = torch.randint(3, vocabulary, (length,), generator=generator).tolist()
            for name, run in opened.items():
                if not isinstance(run, str):
                    found = _timed(run, prompt, tokens)
                    if turn:  # the first is each engine's warm-up
                        times.setdefault(name, []).append(found)
        for name, run in opened.items():
            yield _row(folder.name, name, length, times, run if isinstance(run, str) else "ok")
    yield _limit(folder)


def _opened(name: str, folder: Path, scratch: Path, engines: Collection[str]) -> Run | str:
    if name in SLOW_TO_START and name not in engines:
        return f"left out: it compiles for minutes; ask for it with --engine {name}"
    return ENGINES[name](folder, scratch)


def _timed(run: Run, prompt: list[int], tokens: int) -> tuple[float, float]:
    """Milliseconds to the first token, tokens a second after it."""
    start, first, *rest = run(prompt, tokens)
    return (first - start) * 1000, len(rest) / (rest[-1] - first)


def _row(model: str, name: str, length: int, times: dict[str, list[tuple[float, float]]], status: str) -> DecodeTiming:
    if name not in times:
        return DecodeTiming(model, name, length, None, None, None, status)
    multiples = [ours[1] / other[1] for ours, other in zip(times[OURS], times[name], strict=True)]
    first, rate = (statistics.median(column) for column in zip(*times[name], strict=True))
    return DecodeTiming(
        model, name, length, round(first), round(rate, 1), round(statistics.median(multiples), 2), status
    )


def _ours(folder: Path) -> Run:
    decoder = DeskDecoder(folder)
    decoder.ends = frozenset()
    decoder.stops_circles = False  # random weights repeat themselves, and the peers don't look
    return timed(lambda prompt, tokens: decoder.generate(prompt, max_tokens=tokens))


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


ENGINES: dict[str, Callable[[Path, Path], Run | str]] = {  # folder, scratch → a run, or why there is none
    OURS: lambda folder, _: _ours(folder),
    "transformers, as it comes": lambda folder, _: generating(loaded(folder, "auto")),
    "transformers, float32": lambda folder, _: generating(loaded(folder, "float32")),
    "torch.compile": lambda folder, _: compiled(folder),
    "torch, int8": lambda folder, _: quantised(folder),
    "CTranslate2, int8": lambda folder, scratch: _ctranslate2(folder, scratch),
    "OpenVINO": lambda folder, _: openvino(folder, is_int8=False),
    "OpenVINO, int8 weights": lambda folder, _: openvino(folder, is_int8=True),
}


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
