"""Training of an English writer that is warm-started from MiniLM (`llm.desk.warm_model`), from the pairs that the desk's own model learns from.

`python -m llm.desk.warm_start --out DIR` trains on one core or a GPU; `trustdesk model evaluate DIR` judges the result. What came of it: docs/decisions/024-a-writer-warm-started-from-minilm.md.
"""

import argparse
import json
import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from llm.desk.card import CARD
from llm.desk.corpus import read_corpus
from llm.desk.examples import Pair, PairMaker
from llm.desk.prompt import END, PAD, WRITE, fitted
from llm.desk.tokenizer import save_tokenizer
from llm.desk.train import encoded, house_tokens, plain_texts, reference_rows, slotless, split
from llm.desk.variation import noised
from llm.desk.warm_model import IGNORED, READ_TOKENS, START, WRITTEN_TOKENS, Batch, WarmModel, framed, grown_tokenizer
from llm.encoder import find_weights, verify_weights
from llm.knowledge import Knowledge
from llm.language import ENGLISH, is_chinese

POOL = 12
"""So many batches are drawn at once and cut by length."""

TEXT_CHARACTERS = 420
DROPPED = 0.2
"""The share of a running text's words that are taken away; the model writes the text whole."""

TEXTS_UNTIL = 0.4
"""Running texts grow fewer until so much of the run is over; then there are none."""

DEVELOPMENT_ROWS = 48
"""Of each task so many references of development threads choose the moment."""

_FRESH = ("crossattention", "cls.predictions", "added")

Row = tuple[list[int], list[int]]
"""What is read (framed) and what is written, as ids."""


@dataclass(frozen=True)
class WarmOptions:
    """One run. `rate` is for MiniLM's weights, `fresh_rate` for what begins at random; `text_share` is running text's at the start."""

    minutes: float = 60.0
    batch_tokens: int = 2_048
    rate: float = 3e-4
    fresh_rate: float = 1e-3
    weight_decay: float = 0.01
    smoothing: float = 0.1
    text_share: float = 0.4
    checks: int = 12
    threads: int = 0
    seed: int = 20261128


def optimiser_of(model: WarmModel, options: WarmOptions) -> torch.optim.AdamW:
    """AdamW, faster where the weights are new."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups.setdefault((any(part in name for part in _FRESH), parameter.dim() > 1), []).append(parameter)
    return torch.optim.AdamW(
        [
            {
                "params": these,
                "weight_decay": options.weight_decay if is_matrix else 0.0,
                "full_rate": options.fresh_rate if is_fresh else options.rate,
            }
            for (is_fresh, is_matrix), these in groups.items()
        ],
        lr=options.rate,
        betas=(0.9, 0.98),
        fused=True,
    )


class Rows:
    """Rows and batches without end, of pairs and of running texts to be written whole."""

    def __init__(self, maker: PairMaker, texts: Sequence[str], tokenizer: Any, options: WarmOptions) -> None:
        self._texts, self._maker, self._tokenizer, self._options = texts, maker, tokenizer, options
        self._deal = random.Random(options.seed)
        self._pairs = maker.pairs(options.seed)

    def row(self, row: tuple[list[int], int]) -> Row:
        """The row of a pair as `llm.desk.train.encoded` gives it."""
        ids, prompt = row
        return framed(ids[:prompt], self._tokenizer), ids[prompt:]

    def _drawn(self, share: float) -> Row:
        while True:
            pair = self._text() if self._deal.random() < share else next(self._pairs)
            read, written = self.row(encoded(pair, self._tokenizer))
            if len(read) <= READ_TOKENS + 32 and len(written) < WRITTEN_TOKENS:
                return read, written

    def _text(self) -> Pair:
        if not self._texts or self._deal.random() < 0.3:
            return self._maker.echo(self._deal)
        text = slotless(self._deal.choice(self._texts))
        start = self._deal.randrange(max(1, len(text) - TEXT_CHARACTERS))
        words = text[start : start + TEXT_CHARACTERS].split()[1 if start else 0 :]
        left = " ".join(word for word in words if self._deal.random() > DROPPED)
        return Pair(f"<{ENGLISH}><merchant>{noised(left, ENGLISH, self._deal)}{WRITE}", f"{' '.join(words)}{END}")

    def batches(self, share: float) -> list[Batch]:
        """POOL batches or so, of rows of like length."""
        rows: list[Row] = []
        while sum(len(read) + len(written) for read, written in rows) < POOL * self._options.batch_tokens:
            rows.append(self._drawn(share))
        found = list(batched(rows, self._options.batch_tokens, self._tokenizer))
        self._deal.shuffle(found)
        return found


def batched(rows: Sequence[Row], batch_tokens: int, tokenizer: Any) -> Iterator[Batch]:
    """Rows in batches of at most so many tokens with their padding, by length."""
    held: list[Row] = []
    for row in sorted(rows, key=lambda row: (len(row[0]) + len(row[1]), len(row[0]))):
        wider = [*held, row]
        if held and len(wider) * (max(len(r) for r, _ in wider) + max(len(w) for _, w in wider)) > batch_tokens:
            yield stacked(held, tokenizer)
            held = []
        held.append(row)
    if held:
        yield stacked(held, tokenizer)


def stacked(rows: Sequence[Row], tokenizer: Any) -> Batch:
    """One batch."""
    start, pad = tokenizer.token_to_id(START), tokenizer.token_to_id(PAD)
    reads = torch.full((len(rows), max(len(read) for read, _ in rows)), pad)
    inputs = torch.full((len(rows), max(len(written) for _, written in rows)), pad)
    following = torch.full_like(inputs, IGNORED)
    for n, (read, written) in enumerate(rows):
        reads[n, : len(read)] = torch.tensor(read)
        inputs[n, : len(written)] = torch.tensor([start, *written[:-1]])
        following[n, : len(written)] = torch.tensor(written)
    return reads, (reads != pad).long(), inputs, following


class _Run:
    """One run: steps until its minutes are over, and at each check with the lowest loss so far the model is written."""

    def __init__(
        self, model: WarmModel, rows: Rows, chosen_by: dict[str, list[Batch]], options: WarmOptions, out: Path
    ) -> None:
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model, self.rows, self.chosen_by = model.to(self.device), rows, chosen_by
        self.options, self.out = options, out
        self.optimiser = optimiser_of(model, options)
        self.pairs = self.written = 0
        self.best: dict[str, float] = {}
        self._began = time.monotonic()

    @property
    def _minutes(self) -> float:
        return (time.monotonic() - self._began) / 60

    def go(self) -> None:
        checked, progress = 0, 0.0
        recent: list[float] = []
        pool: list[Batch] = []
        self.model.train()
        while progress < 1:
            pool = pool or self.rows.batches(self.options.text_share * max(0.0, 1 - progress / TEXTS_UNTIL))
            recent.append(self._step(pool.pop(), progress))
            progress = min(1.0, self._minutes / self.options.minutes)
            if progress * self.options.checks >= checked + 1:
                checked = math.floor(progress * self.options.checks)
                self._check(sum(recent) / len(recent))
                recent.clear()

    def _step(self, batch: Batch, progress: float) -> float:
        """Linear warm-up over 4 %, then a cosine down to 2 %."""
        rate = min(1.0, progress / 0.04 + 0.02) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))
        for group in self.optimiser.param_groups:
            group["lr"] = group["full_rate"] * rate
        loss, count = self._loss(batch, self.options.smoothing)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.pairs, self.written = self.pairs + len(batch[0]), self.written + count
        return float(loss.detach())

    def _loss(self, batch: Batch, smoothing: float = 0.0) -> tuple[Tensor, int]:
        reads, is_read, inputs, following = (tensor.to(self.device) for tensor in batch)
        with torch.autocast(self.device, torch.bfloat16):
            return self.model.loss((reads, is_read, inputs, following), smoothing)

    @torch.no_grad()
    def _development_loss(self) -> dict[str, float]:
        """Nats a written token by task, and their mean."""
        self.model.eval()
        found = {}
        for name, batches in self.chosen_by.items():
            losses = [self._loss(batch) for batch in batches]
            found[name] = sum(float(loss) * count for loss, count in losses) / sum(count for _, count in losses)
        self.model.train()
        return {**found, "all": sum(found.values()) / max(1, len(found))}

    def _check(self, trained: float) -> None:
        found = self._development_loss()
        line = {"pairs": self.pairs, "written": self.written, "minutes": round(self._minutes, 1)}
        line |= {"cpu_minutes": round(time.process_time() / 60, 1), "train": trained, **found}
        with (self.out / "log.jsonl").open("a") as log:
            print(json.dumps(line), file=log)
        print(json.dumps(line), flush=True)
        if found["all"] < self.best.get("all", math.inf):
            self.best = found
            self.model.save(self.out)


def train(
    corpus: Path, knowledge_folder: Path, out: Path, options: WarmOptions, texts_folder: Path | None, base: Path
) -> dict[str, Any]:
    """Trains for so many minutes by the clock, writing `log.jsonl` and, at each new best development loss, the model into `out`."""
    torch.manual_seed(options.seed)
    knowledge = Knowledge.load(knowledge_folder)
    english = [thread for thread in read_corpus(corpus) if thread.language == ENGLISH]
    threads, development = split(english, options.threads)
    tokenizer: Any = grown_tokenizer(base)
    fit = partial(fitted, count=lambda text: len(tokenizer.encode(text).ids), budget=READ_TOKENS - 8)
    maker = PairMaker(threads, knowledge, fit)
    texts = [text for text in plain_texts(texts_folder, knowledge) if not is_chinese(text)]
    rows = Rows(maker, texts, tokenizer, options)
    references = reference_rows(
        development, PairMaker(development, knowledge, fit), tokenizer, READ_TOKENS + WRITTEN_TOKENS
    )
    chosen_by = {
        name: list(batched([rows.row(row) for row in these[:DEVELOPMENT_ROWS]], options.batch_tokens, tokenizer))
        for name, these in references.items()
    }
    save_tokenizer(tokenizer, out, READ_TOKENS)
    (out / CARD).write_text(json.dumps({"format": 1, "house": house_tokens(threads, maker, tokenizer)}), "utf-8")
    run = _Run(WarmModel(base, tokenizer), rows, chosen_by, options, out)
    run.go()
    done = {"options": asdict(options), "threads": len(threads), "pairs": run.pairs, "written": run.written}
    (out / "training.json").write_text(json.dumps(done | {"best": run.best}, indent=1), "utf-8")
    return done | {"best": run.best}


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m llm.desk.warm_start --out DIR …`; prints one JSON line a check and one at the end."""
    parser = argparse.ArgumentParser(prog="python -m llm.desk.warm_start")
    parser.add_argument("--corpus", type=Path, default=Path("data/corpus/threads"))
    parser.add_argument("--knowledge", type=Path, default=Path("data/knowledge"))
    parser.add_argument("--texts", type=Path, default=None, help="a folder with bitext, banking77, qmsum")
    parser.add_argument("--base", type=Path, default=None, help="a BERT's folder (default: the installed MiniLM)")
    parser.add_argument("--out", type=Path, required=True)
    for name, value in asdict(WarmOptions()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    chosen = vars(parser.parse_args(arguments))
    options = WarmOptions(**{name: chosen[name] for name in asdict(WarmOptions())})
    base = chosen["base"]
    if base is None:
        base = find_weights()
        verify_weights(base)
    print(json.dumps(train(chosen["corpus"], chosen["knowledge"], chosen["out"], options, chosen["texts"], base)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
