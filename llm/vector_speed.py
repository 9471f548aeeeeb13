"""What `trustdesk bench vectors` embeds, and the peers it asks: plain `transformers` in float32, and OpenVINO.

The messages are those of the written threads, each typed anew by another hurried hand, so that no two are the same. Knows no store and no queue.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from llm.desk.corpus import read_corpus
from llm.desk.variation import noised
from llm.encoder import MAX_TOKENS, Vectors, find_weights
from llm.errors import one_line
from llm.language import ENGLISH

THREADS = Path(__file__).resolve().parents[1] / "data" / "corpus" / "threads"
BATCH = 32

Embed = Callable[[Sequence[str]], Vectors]


def sample_messages(number: int, is_known: Callable[[str], bool]) -> list[str]:
    """So many different messages in English that the encoder knows, the same each time; of their true lengths."""
    threads = [thread for thread in read_corpus(THREADS) if thread.language == ENGLISH]
    written = [m.text for thread in threads for m in thread.messages if is_known(m.text)]
    deal = random.Random(5)
    found: dict[str, None] = {}
    for text in cycle(written):
        if len(found) == number:
            break
        typed = f"{noised(text, ENGLISH, deal)} {len(found)}"
        if is_known(typed):
            found[typed] = None
    return list(found)


def plain(threads: int) -> Embed:
    """The model as its card runs it: float32, batches of 32 in the order of the texts, mean over tokens, unit length."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    torch.set_num_threads(threads)
    tokenizer: Any = AutoTokenizer.from_pretrained(find_weights(), local_files_only=True)
    model: Any = AutoModel.from_pretrained(find_weights(), local_files_only=True, dtype=torch.float32).eval()

    def states(inputs: dict[str, Any]) -> Any:
        with torch.inference_mode():
            return model(**inputs).last_hidden_state.numpy()

    return _batched(tokenizer, states)


def openvino(threads: int) -> Embed | str:
    """The same batches through OpenVINO, or why not."""
    if find_spec("openvino") is None:
        return "not installed"
    import torch
    from transformers import AutoModel, AutoTokenizer

    from llm.peers import silent_openvino

    ov = silent_openvino()
    tokenizer: Any = AutoTokenizer.from_pretrained(find_weights(), local_files_only=True)
    model: Any = AutoModel.from_pretrained(find_weights(), local_files_only=True, dtype=torch.float32).eval()
    example = dict(tokenizer(["a text", "another one"], padding=True, return_tensors="pt"))
    try:
        set_up = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
        compiled = ov.compile_model(ov.convert_model(model, example_input=example), "CPU", set_up)
    except (RuntimeError, ValueError, TypeError) as error:
        return f"does not convert: {one_line(error)[:80]}"
    return _batched(tokenizer, lambda inputs: compiled({name: value.numpy() for name, value in inputs.items()})[0])


def _batched(tokenizer: Any, states: Callable[[dict[str, Any]], Any]) -> Embed:
    """Unit vectors from the states (batch, tokens, 384) of a batch's tokens."""

    def embed(texts: Sequence[str]) -> Vectors:
        vectors = []
        for start in range(0, len(texts), BATCH):
            inputs = dict(
                tokenizer(
                    list(texts[start : start + BATCH]),
                    padding=True,
                    truncation=True,
                    max_length=MAX_TOKENS,
                    return_tensors="pt",
                )
            )
            mask = inputs["attention_mask"].unsqueeze(-1).numpy().astype(np.float32)
            means = (states(inputs) * mask).sum(axis=1) / mask.sum(axis=1)
            vectors.append(means / np.linalg.norm(means, axis=1, keepdims=True))
        found: Vectors = np.concatenate(vectors).astype(np.float32)
        return found

    return embed
