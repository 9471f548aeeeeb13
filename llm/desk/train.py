"""Training of the desk's model: pairs without end from the written corpus, one command, CPU or GPU, resumable after a kill.

`python -m llm.desk.train` is what `trustdesk model train` runs; it needs torch, tokenizers and safetensors only.
"""

import argparse
import csv
import json
import math
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from llm.desk.card import CARD
from llm.desk.corpus import CorpusThread, read_corpus
from llm.desk.examples import Pair, PairMaker
from llm.desk.model import GEOMETRIES, Block, DeskModel, save_model
from llm.desk.prompt import END, PAD, flat
from llm.desk.tokenizer import load_tokenizer, save_tokenizer, train_tokenizer
from llm.knowledge import Knowledge

PROMPT_SHARE = 0.1
"""Of a prompt's tokens so many count in the loss, drawn anew each time; of written ones all. The output layer reads no others."""

ECHOES = 0.3
"""Among running texts, the share of pairs that ask for a noised message as it was: they teach copying, in both languages."""

HOUSE_THREADS = 8
BATCHES_AN_ITEM = 16
DEVELOPMENT_IN = 10
PAIRS_A_THREAD = 10
"""Of each thread the tokenizer is trained on so many pairs."""

IGNORED = -1


@dataclass(frozen=True)
class TrainingOptions:
    """One training run. `tokens` is what is seen in all; `minutes` ends the schedule earlier where that much time has passed."""

    geometry: str = "medium"
    tokens: float = 300e6
    minutes: float = 600.0
    batch_tokens: int = 32_768
    learning_rate: float = 1.2e-3
    weight_decay: float = 0.1
    dropout: float = 0.1
    muon: int = 1
    text_share: float = 0.35
    threads: int = 0
    seed: int = 20261128
    longest: int = 1_536
    workers: int = 8
    checks: int = 40


def is_development(thread: CorpusThread) -> bool:
    """Whether a training scenario is kept for choosing the best moment of a run; no held-out one ever is."""
    return int(sha256(f"development {thread.scenario}".encode()).hexdigest(), 16) % DEVELOPMENT_IN == 0


def split(threads: Sequence[CorpusThread], limit: int = 0) -> tuple[list[CorpusThread], list[CorpusThread]]:
    """Threads to train on, at most `limit` (0: all) of them, and those to choose by; the held-out fifth is in neither."""
    open_ = [thread for thread in threads if not thread.is_held_out]
    train = [thread for thread in open_ if not is_development(thread)]
    train.sort(key=lambda thread: sha256(thread.thread_id.encode()).hexdigest())
    return train[: limit or None], [thread for thread in open_ if is_development(thread)][: limit or None]


def plain_texts(folder: Path | None, knowledge: Knowledge) -> list[str]:
    """Running text that may be trained on: the policy; and, where `folder` has them, bitext's replies, banking77's requests and
    qmsum's questions with their answers. Figures and placeholders stand as slots."""
    texts = [p.text for language in ("en", "zh-Hans") for p in knowledge.passages(language)]
    texts += [macro.text for macro in knowledge.macros]
    if folder is None or not folder.is_dir():
        return texts
    for path in sorted(folder.glob("bitext/*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            texts += [f"{row['instruction']}\n{row['response']}" for row in csv.DictReader(file)]
    for path in sorted(folder.glob("banking77/train.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            texts += [row["text"] for row in csv.DictReader(file)]
    for path in sorted(folder.glob("qmsum/*.train.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            meeting = json.loads(line)
            texts += [
                f"{q['query']}\n{q['answer']}"
                for key in ("general_query_list", "specific_query_list")
                for q in meeting[key]
            ]
            said = [f"{turn['speaker']}: {turn['content']}" for turn in meeting["meeting_transcripts"]]
            texts += ["\n".join(said[n : n + 12]) for n in range(0, len(said), 12)]
    return texts


class Batches(Dataset[list[tuple[Tensor, Tensor, Tensor]]]):
    """Item n: sixteen batches (ids, next ids, weights), each (rows, length); the same n gives the same batches, which makes a run resumable."""

    def __init__(self, maker: PairMaker, texts: Sequence[str], folder: Path, options: TrainingOptions) -> None:
        self._maker, self._texts, self._options = maker, texts, options
        self._tokenizer: Any = load_tokenizer(folder)
        self._pad: Any = self._tokenizer.token_to_id(PAD)
        items = options.tokens / (options.batch_tokens * BATCHES_AN_ITEM)
        self._length = max(1, math.ceil(items * 1.5))

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, n: int) -> list[tuple[Tensor, Tensor, Tensor]]:
        deal = random.Random(self._options.seed * 1_000_003 + n)
        share = self._options.text_share * max(0.1, 1 - 1.4 * n / (self._length / 1.5))
        wanted = self._options.batch_tokens * BATCHES_AN_ITEM
        pairs = self._maker.pairs(deal.getrandbits(32))
        rows: list[tuple[list[int], int]] = []
        held = 0
        while held < wanted:
            row = self._text(deal) if deal.random() < share else encoded(next(pairs), self._tokenizer)
            if 8 < len(row[0]) <= self._options.longest:
                rows.append(row)
                held += len(row[0])
        rows.sort(key=lambda row: len(row[0]))
        batches = list(self._cut(rows, deal))
        deal.shuffle(batches)
        return batches

    def _text(self, deal: random.Random) -> tuple[list[int], int]:
        if deal.random() < ECHOES:
            return encoded(self._maker.echo(deal), self._tokenizer)
        ids = self._tokenizer.encode(slotless(deal.choice(self._texts))).ids
        start = deal.randrange(max(1, len(ids) - 500))
        return [*ids[start : start + 512], self._tokenizer.token_to_id(END)], 0

    def _cut(
        self, rows: Sequence[tuple[list[int], int]], deal: random.Random
    ) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        batch: list[tuple[list[int], int]] = []
        for row in rows:
            if batch and (len(batch) + 1) * len(row[0]) > self._options.batch_tokens:
                yield stacked(batch, self._pad, deal)
                batch = []
            batch.append(row)
        if batch:
            yield stacked(batch, self._pad, deal)


def slotless(text: str) -> str:
    """A running text with its figures as numberless slots, as prompts never show one either."""
    return "".join("<number>" if c.isdigit() else c for c in flat(text)).replace("<number><number>", "<number>")


def encoded(pair: Pair, tokenizer: Any) -> tuple[list[int], int]:
    """The ids of a pair, and how many of them are prompt."""
    prompt, target = tokenizer.encode(pair.prompt).ids, tokenizer.encode(pair.target).ids
    return [*prompt, *target], len(prompt)


def stacked(
    rows: Sequence[tuple[list[int], int]], pad: int, deal: random.Random | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Rows of ids to inputs, next ids and what counts (written tokens; with `deal` PROMPT_SHARE of the prompts' too), each (rows, length)."""
    length = max(len(ids) for ids, _ in rows) - 1
    length += -length % 16
    inputs = torch.full((len(rows), length), pad)
    following = torch.full((len(rows), length), IGNORED)
    counts = torch.zeros(len(rows), length, dtype=torch.bool)
    for n, (ids, prompt) in enumerate(rows):
        inputs[n, : len(ids) - 1] = torch.tensor(ids[:-1])
        following[n, : len(ids) - 1] = torch.tensor(ids[1:])
        counts[n, max(0, prompt - 1) : len(ids) - 1] = True
        if deal is not None:
            counts[n, [i for i in range(prompt - 1) if deal.random() < PROMPT_SHARE]] = True
    return inputs, following, counts


def mean_loss(model: DeskModel, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """The mean negative log likelihood (nats) of the tokens that count."""
    inputs, following, counts = batch
    states = model.hidden(inputs)[counts]  # (N, D)
    logits = functional.linear(states, model.model.embed_tokens.weight)  # (N, V)
    return functional.cross_entropy(logits.float(), following[counts])


@torch.no_grad()
def development_loss(
    model: DeskModel, rows: dict[str, list[tuple[list[int], int]]], pad: int, device: str
) -> dict[str, float]:
    """Nats a written token, by task and language, of the references of threads that are not trained on."""
    model.eval()
    found = {}
    for name, these in rows.items():
        total, count = 0.0, 0
        for start in range(0, len(these), 32):
            inputs, following, counts = (t.to(device) for t in stacked(these[start : start + 32], pad))
            with torch.autocast(device, torch.bfloat16):
                loss = mean_loss(model, (inputs, following, counts))
            written = int(counts.sum())
            total, count = total + float(loss) * written, count + written
        found[name] = total / max(count, 1)
    model.train()
    found["all"] = sum(found.values()) / max(1, len(found))
    return found


def reference_rows(
    threads: Sequence[CorpusThread], maker: PairMaker, tokenizer: Any, longest: int
) -> dict[str, list[tuple[list[int], int]]]:
    """The references of threads as rows, by task and language."""
    rows: dict[str, list[tuple[list[int], int]]] = {}
    for thread in threads:
        for reply in (None, *thread.replies):
            row = encoded(maker.plain(thread, reply), tokenizer)
            if len(row[0]) <= longest:
                rows.setdefault(f"{'reply' if reply else 'summary'}.{thread.language}", []).append(row)
    return rows


def train(
    corpus: Path, knowledge_folder: Path, out: Path, options: TrainingOptions, texts_folder: Path | None = None
) -> dict[str, Any]:
    """Trains, writing `log.jsonl`, `state.pt` and, at each new best development loss, the model into `out`. Goes on where a killed run stopped."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(options.seed)
    torch.set_float32_matmul_precision("high")
    knowledge = Knowledge.load(knowledge_folder)
    all_threads = read_corpus(corpus)
    threads, development = split(all_threads, options.threads)
    texts = plain_texts(texts_folder, knowledge)
    maker = PairMaker(threads, knowledge)
    maker.warm()
    out.mkdir(parents=True, exist_ok=True)
    geometry = GEOMETRIES[options.geometry]
    if not (out / "tokenizer.json").exists():
        pairs = islice(maker.pairs(options.seed), PAIRS_A_THREAD * len(threads))
        sample = [*(text for pair in pairs for text in (pair.prompt, pair.target)), *map(slotless, texts)]
        save_tokenizer(train_tokenizer(sample, geometry.vocabulary), out, geometry.context)
    tokenizer = load_tokenizer(out)
    geometry = replace(geometry, vocabulary=-(-tokenizer.get_vocab_size() // 64) * 64)
    model = DeskModel(geometry).to(device)
    for module in model.modules():
        if isinstance(module, Block):
            module.dropout = options.dropout
    run = _Run(model, optimisers_of(model, options), tokenizer, options, out, device)
    run.resume()
    rows = reference_rows(development, PairMaker(development, knowledge), tokenizer, options.longest)
    # Before the run: what a run that was stopped has written so far can be used too.
    (out / CARD).write_text(json.dumps({"format": 1, "house": house_tokens(threads, maker, tokenizer)}), "utf-8")
    run.go(Batches(maker, texts, out, options), rows)
    done: dict[str, Any] = {
        "options": asdict(options),
        "parameters": model.parameter_count,
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
        "threads": len(threads),
        "development_threads": len(development),
        "held_out_threads": sum(thread.is_held_out for thread in all_threads),
        "tokens": run.tokens,
        "seconds": round(run.seconds),
        "best": run.best,
    }
    (out / "training.json").write_text(json.dumps(done, indent=1), "utf-8")
    return done


def house_tokens(threads: Sequence[CorpusThread], maker: PairMaker, tokenizer: Any) -> dict[str, list[int]]:
    """By language, the tokens that the references of at least HOUSE_THREADS threads use: words that need no source."""
    counts: dict[str, Counter[int]] = {}
    for thread in threads:
        targets = [maker.plain(thread, reply).target for reply in (None, *thread.replies)]
        used = {i for target in targets for i in tokenizer.encode(target).ids}
        counts.setdefault(thread.language, Counter()).update(used)
    return {
        language: sorted(token for token, count in these.items() if count >= HOUSE_THREADS)
        for language, these in counts.items()
    }


def optimisers_of(model: DeskModel, options: TrainingOptions) -> list[Any]:
    """Muon (Jordan et al. 2024) for the matrices inside the blocks, AdamW for the embedding and the norms' scales."""
    inside = [p for p in model.model.layers.parameters() if p.dim() == 2] if options.muon else []
    rest = [p for p in model.parameters() if not any(p is q for q in inside)]
    adam = torch.optim.AdamW(
        [
            {"params": [p for p in rest if p.dim() == 2], "weight_decay": options.weight_decay},
            {"params": [p for p in rest if p.dim() < 2], "weight_decay": 0.0},
        ],
        lr=options.learning_rate,
        betas=(0.9, 0.95),
        fused=True,
    )
    if not inside:
        return [adam]
    muon = torch.optim.Muon(
        inside, lr=options.learning_rate, weight_decay=options.weight_decay, adjust_lr_fn="match_rms_adamw"
    )
    return [adam, muon]


class _Run:
    """The state of one training run, kept in `state.pt` so that a kill loses minutes at most."""

    def __init__(
        self, model: DeskModel, optimisers: list[Any], tokenizer: Any, options: TrainingOptions, out: Path, device: str
    ) -> None:
        self.model, self.optimisers, self.tokenizer, self.options = model, optimisers, tokenizer, options
        self.out, self.device = out, device
        self.item = 0
        self.tokens = 0
        self.seconds = 0.0
        self.best: dict[str, float] = {}
        self._pad = tokenizer.token_to_id(PAD)

    def resume(self) -> None:
        """Takes up the saved state, if there is one of the same options."""
        path = self.out / "state.pt"
        if not path.exists():
            return
        state = torch.load(path, map_location=self.device, weights_only=True)
        if state["options"] != asdict(self.options):
            return
        self.model.load_state_dict(state["model"])
        for optimiser, kept in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(kept)
        self.item, self.tokens = state["item"], state["tokens"]
        self.seconds, self.best = state["seconds"], state["best"]
        torch.set_rng_state(state["dice"].cpu())
        if self.device == "cuda":
            torch.cuda.set_rng_state_all([dice.cpu() for dice in state["gpu_dice"]])

    def _save(self) -> None:
        state = {
            "options": asdict(self.options), "model": self.model.state_dict(), "optimisers": [o.state_dict() for o in self.optimisers],
            "item": self.item, "tokens": self.tokens, "seconds": self.seconds, "best": self.best,
            "dice": torch.get_rng_state(), "gpu_dice": torch.cuda.get_rng_state_all() if self.device == "cuda" else [],
        }  # fmt: skip
        torch.save(state, self.out / "state.tmp")
        (self.out / "state.tmp").replace(self.out / "state.pt")

    @property
    def _progress(self) -> float:
        return max(self.tokens / self.options.tokens, self.seconds / 60 / self.options.minutes)

    def _next_check(self) -> float:
        """The progress at which the next check is due: the same for a resumed run."""
        return (math.floor(self._progress * self.options.checks + 1e-9) + 1) / self.options.checks

    def _rate(self) -> float:
        """Linear warm-up over 2 %, then a cosine down to 5 %."""
        p = self._progress
        return (
            self.options.learning_rate
            * min(1.0, p / 0.02 + 0.01)
            * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(p, 1.0))))
        )

    def go(self, batches: Batches, rows: dict[str, list[tuple[list[int], int]]]) -> None:
        """Trains until the tokens or the minutes are used up; a run that is done stays as it is."""
        if self._progress >= 1:
            return
        items: Any = torch.utils.data.Subset(batches, range(self.item, len(batches)))
        loader: Any = DataLoader(
            items,
            batch_size=None,
            num_workers=self.options.workers,
            prefetch_factor=2 if self.options.workers else None,
            generator=torch.Generator(),  # else it would draw from the dropout's numbers
        )
        next_check = self._next_check()
        recent: list[float] = []
        self.model.train()
        at = time.monotonic()
        for item in loader:
            for batch in item:
                recent.append(self._step(tuple(t.to(self.device, non_blocking=True) for t in batch)))
                now = time.monotonic()
                self.seconds, at = self.seconds + now - at, now
                if self._progress >= 1:
                    break
            self.item += 1
            if self._progress >= min(next_check, 1):
                next_check = self._next_check()
                self._check(rows, sum(recent) / max(1, len(recent)))
                recent = []
                now = time.monotonic()
                self.seconds, at = self.seconds + now - at, now
            if self._progress >= 1:
                break
        if recent:
            self._check(rows, sum(recent) / len(recent))

    def _step(self, batch: Any) -> float:
        for group in (group for optimiser in self.optimisers for group in optimiser.param_groups):
            group["lr"] = self._rate()
        with torch.autocast(self.device, torch.bfloat16):
            loss = mean_loss(self.model, batch)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        self.tokens += int((batch[1] != IGNORED).sum())
        return float(loss.detach())

    def _check(self, rows: dict[str, list[tuple[list[int], int]]], trained: float) -> None:
        found = development_loss(self.model, rows, self._pad, self.device)
        line = {"tokens": self.tokens, "seconds": round(self.seconds), "rate": self._rate(), "train": trained, **found}
        with (self.out / "log.jsonl").open("a") as log:
            print(json.dumps(line), file=log)
        print(json.dumps(line), flush=True)
        if found["all"] < self.best.get("all", math.inf):
            self.best = found
            save_model(self.model, self.out, ends=[self.tokenizer.token_to_id(END)], padding=self._pad)
        self._save()


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m llm.desk.train --out DIR …`; prints one JSON line a check and one at the end."""
    parser = argparse.ArgumentParser(prog="python -m llm.desk.train")
    parser.add_argument("--corpus", type=Path, default=Path("data/corpus/threads"))
    parser.add_argument("--knowledge", type=Path, default=Path("data/knowledge"))
    parser.add_argument("--texts", type=Path, default=None, help="a folder with bitext, banking77, qmsum")
    parser.add_argument("--out", type=Path, required=True)
    for name, value in asdict(TrainingOptions()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    chosen = vars(parser.parse_args(arguments))
    options = TrainingOptions(**{name: chosen[name] for name in asdict(TrainingOptions())})
    done = train(chosen["corpus"], chosen["knowledge"], chosen["out"], options, chosen["texts"])
    print(json.dumps(done))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
