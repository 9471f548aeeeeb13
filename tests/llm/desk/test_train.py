"""A tiny model learns in a few steps, and a run that was stopped ends as one that wasn't."""

import json
import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from llm.desk import train as module
from llm.desk.corpus import CorpusThread
from llm.desk.examples import Pair
from llm.desk.model import GEOMETRIES, DeskModel, Geometry, load_model
from llm.desk.tokenizer import load_tokenizer, save_tokenizer
from llm.desk.train import (
    IGNORED,
    PROMPT_SHARE,
    TrainingOptions,
    encoded,
    mean_loss,
    plain_texts,
    slotless,
    stacked,
    train,
)
from llm.knowledge import Knowledge
from tests.llm.desk.conftest import KNOWLEDGE, THREADS

OPTIONS = TrainingOptions(
    geometry="tiny",
    tokens=30_000,
    batch_tokens=512,
    learning_rate=4e-3,
    longest=1_200,
    workers=0,
    checks=4,
    text_share=0.2,
)


@pytest.fixture
def small(tmp_path: Path, tokenizer: Any, corpus: tuple[CorpusThread, ...], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a few short threads, two of them for choosing, in which `out` holds a tokenizer already."""
    monkeypatch.setitem(GEOMETRIES, "tiny", Geometry(width=32, layers=2, heads=2, inner=64, context=1_280))
    short = [t.thread_id for t in corpus if not t.is_held_out and len(t.messages) == 1]
    chosen = [i for i in short if module.is_development(next(t for t in corpus if t.thread_id == i))][:4] + short[:16]
    lines = [line for path in sorted(THREADS.glob("*.jsonl")) for line in path.read_text("utf-8").split("\n") if line]
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "w.jsonl").write_text("\n".join(x for x in lines if json.loads(x)["thread_id"] in chosen), "utf-8")
    for name in ("one", "two"):
        save_tokenizer(tokenizer, tmp_path / name, 1_280)
    return tmp_path


def _log(folder: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name != "seconds"} for line in lines]


def _stopping_after(checks: int) -> Callable[..., None]:
    whole = module._Run._check
    seen = 0

    def check(self: Any, *arguments: Any) -> None:
        nonlocal seen
        whole(self, *arguments)
        seen += 1
        if seen == checks:
            raise KeyboardInterrupt

    return check


def test_a_run_learns_and_a_stopped_and_resumed_run_is_the_same_run(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = train(small / "corpus", KNOWLEDGE, small / "one", OPTIONS)
    log = _log(small / "one")
    assert len(log) == OPTIONS.checks
    assert log[-1]["all"] < log[0]["all"] - 0.3
    assert done["best"]["all"] == min(line["all"] for line in log)
    assert done["tokens"] >= OPTIONS.tokens
    assert all(a["tokens"] < b["tokens"] for a, b in pairwise(log))

    whole = module._Run._check
    monkeypatch.setattr(module._Run, "_check", _stopping_after(2))
    with pytest.raises(KeyboardInterrupt):
        train(small / "corpus", KNOWLEDGE, small / "two", OPTIONS)
    monkeypatch.setattr(module._Run, "_check", whole)
    assert _log(small / "two") == log[:2]
    torch.rand(7)  # another process has other dice
    train(small / "corpus", KNOWLEDGE, small / "two", OPTIONS)
    assert _log(small / "two") == log
    one, two = load_model(small / "one").state_dict(), load_model(small / "two").state_dict()
    assert all(torch.equal(one[name], two[name]) for name in one)
    train(small / "corpus", KNOWLEDGE, small / "two", OPTIONS)
    assert _log(small / "two") == log, "a run that is done trains no further"
    house = json.loads((small / "one" / "desk.json").read_text())["house"]
    assert load_tokenizer(small / "one").token_to_id("<end>") in house["zh-Hans"]


def test_rows_become_inputs_next_ids_and_what_counts() -> None:
    inputs, following, counts = stacked([([5, 6, 7, 8], 2), ([9, 10], 0)], pad=0)
    assert inputs.shape == (2, 16)
    assert inputs[0, :3].tolist() == [5, 6, 7]
    assert following[0, :4].tolist() == [6, 7, 8, IGNORED]
    # the prompt's tokens are 5 and 6; what is to be written, 7 and 8, follows 6 and 7
    assert counts[0, :4].tolist() == [False, True, True, False]
    assert (inputs[1, :2].tolist(), following[1, :2].tolist(), counts[1, :2].tolist()) == (
        [9, 0],
        [10, IGNORED],
        [True, False],
    )


def test_a_share_of_the_prompts_tokens_counts_too() -> None:
    _, _, counts = stacked([(list(range(2_011)), 2_001)], pad=0, deal=random.Random(3))
    assert counts[0, 2_000:2_010].all()
    assert not counts[0, 2_010:].any()
    assert int(counts[0, :2_000].sum()) == pytest.approx(2_000 * PROMPT_SHARE, rel=0.25)


def test_the_loss_is_the_mean_negative_log_likelihood_of_what_counts() -> None:
    torch.manual_seed(5)
    model = DeskModel(Geometry(vocabulary=32, width=16, layers=1, heads=2, inner=32, context=16))
    inputs, following = torch.tensor([[3, 4, 5, 0]]), torch.tensor([[4, 5, 6, IGNORED]])
    counts = torch.tensor([[True, False, True, False]])
    p = torch.log_softmax(model(inputs)[0], dim=-1)
    assert float(mean_loss(model, (inputs, following, counts))) == pytest.approx(float(-(p[0, 4] + p[2, 6]) / 2))


def test_a_pair_is_encoded_whole_with_the_length_of_its_prompt(tokenizer: Any) -> None:
    ids, prompt = encoded(Pair("<summary><en><s1><merchant>late<write>", "<s1>Late.<line><end>"), tokenizer)
    assert tokenizer.decode(ids[prompt:], skip_special_tokens=False) == "<s1>Late.<line><end>"


def test_running_text_shows_no_figure_and_no_token() -> None:
    assert slotless("A <b> of 12 or 3") == "A ‹b› of <number> or <number>"


def test_running_text_is_the_policy_and_the_macros_and_what_a_folder_adds(tmp_path: Path, knowledge: Knowledge) -> None:
    policy = plain_texts(None, knowledge)
    assert set(policy) == {
        *(p.text for language in ("en", "zh-Hans") for p in knowledge.passages(language)),
        *(macro.text for macro in knowledge.macros),
    }
    (tmp_path / "banking77").mkdir()
    (tmp_path / "banking77" / "train.csv").write_text("text,category\nWhere is my card?,card\n", "utf-8")
    (tmp_path / "banking77" / "test.csv").write_text("text,category\nNever read.,card\n", "utf-8")
    assert plain_texts(tmp_path, knowledge) == [*policy, "Where is my card?"]


def test_the_same_number_gives_the_same_batches(small: Path, maker: Any, deal: random.Random) -> None:
    batches = module.Batches(maker, ["some running text, long enough to be a row of its own"], small / "one", OPTIONS)
    n = deal.randrange(len(batches))
    first, again = batches[n], batches[n]
    assert all(torch.equal(a, b) for x, y in zip(first, again, strict=True) for a, b in zip(x, y, strict=True))
    assert all(ids.shape[0] * ids.shape[1] <= OPTIONS.batch_tokens or ids.shape[0] == 1 for ids, _, _ in first)
