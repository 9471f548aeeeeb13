"""What the tests of the desk's own model share: the committed corpus, the policy, and a tokenizer trained on a few pairs."""

import random
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch

from llm.desk import slots
from llm.desk.corpus import CorpusThread, read_corpus
from llm.desk.examples import PairMaker
from llm.desk.fluency import Fluency
from llm.desk.tokenizer import train_tokenizer
from llm.knowledge import Knowledge

ROOT = Path(__file__).parents[3]
THREADS = ROOT / "data" / "corpus" / "threads"
KNOWLEDGE = ROOT / "data" / "knowledge"


torch.set_num_threads(1)  # from the first test on, as `one_core` has it after each


@pytest.fixture(scope="session")
def corpus() -> tuple[CorpusThread, ...]:
    return read_corpus(THREADS)


@pytest.fixture(scope="session", autouse=True)
def corpus_read_once() -> Iterator[None]:
    """Figures and names of the corpus stay the same: whatever reads it again finds them as they were found first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slots, "_placed", cache(slots._placed.__wrapped__))
        yield


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return Knowledge.load(KNOWLEDGE)


@pytest.fixture(scope="session")
def maker(corpus: tuple[CorpusThread, ...], knowledge: Knowledge) -> PairMaker:
    """Pairs of every thread that may be trained on."""
    return PairMaker([thread for thread in corpus if not thread.is_held_out], knowledge)


@pytest.fixture(scope="session")
def fluency(corpus: tuple[CorpusThread, ...], knowledge: Knowledge) -> Fluency:
    """By all threads that may be trained on; it reads them for ten seconds."""
    return Fluency([thread for thread in corpus if not thread.is_held_out], knowledge)


@pytest.fixture(scope="session")
def tokenizer(maker: PairMaker) -> Any:
    texts = [text for pair in islice(maker.pairs(3), 150) for text in (pair.prompt, pair.target)]
    return train_tokenizer(texts, 1_400)


@pytest.fixture
def deal() -> random.Random:
    """Chance with a seed of this run; the seed is printed, so that a failure can be repeated."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    return random.Random(seed)
