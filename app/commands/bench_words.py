"""Benches of what reads and writes words: `trustdesk bench language`, `llm`, `drafting`, `vectors` and `themes`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path
from typing import Protocol

import click

from app.commands.plumbing import (
    drawn_seed,
    json_option,
    note,
    one_line_errors,
    print_records,
    print_rows,
    runtime,
    warehouse_option,
)


class Measured(Protocol):
    """A figure that knows its JSON."""

    def to_json(self) -> dict[str, object]: ...


@click.command()
@click.option(
    "--threads", type=click.IntRange(1), default=20, show_default=True, help="Threads, half in each language."
)
@click.option("--drafts", type=click.IntRange(1), default=500, show_default=True, help="Drafts that are counted anew.")
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(
        ["threads", "drafts", "checks", "retrieval", "answers", "private", "injection", "triage", "aspects", "money"]
    ),
    help="Only this part; may be given several times (default: all). All but threads and drafts need no data.",
)
@click.option(
    "--half",
    type=click.Choice(("report", "develop", "all")),
    default="report",
    show_default=True,
    help="Which of the labelled cases of checks, private and injection; what is written down is the half to report by.",
)
@click.option(
    "--sentences",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A file of sentences with private data that others wrote (full_text, spans): what of it is masked, beside private.",
)
@json_option
@warehouse_option
@one_line_errors
def language(
    threads: int,
    drafts: int,
    only: tuple[str, ...],
    half: str,
    sentences: Path | None,
    as_json: bool,
    warehouse: Path | None,
) -> None:
    """Summaries and drafts of threads (speed, first sentence, unsourced); checks, retrieval, answers, private data, hidden instructions, triage, aspects of reviews and replies that commit money on the labelled sets' reporting half."""
    from app.bench import (
        answers,
        aspects,
        injection,
        money,
        private,
        private_public,
        retrieval,
        sentence_checks,
        triage,
    )
    from app.bench import drafts as counted
    from app.bench.language import measure
    from app.services.desk import load_knowledge

    parts: dict[str, Callable[[], Iterable[Measured]]] = {
        "threads": lambda: measure(threads),
        "drafts": lambda: counted.measure(drafts),
        "checks": lambda: sentence_checks.measure(load_knowledge(), half),
        "retrieval": retrieval.measure,
        "answers": answers.measure,
        "private": lambda: chain(private.measure(half), private_public.measure(sentences) if sentences else ()),
        "injection": lambda: injection.measure(half),
        "triage": triage.measure,
        "aspects": aspects.measure,
        "money": money.measure,
    }
    with runtime(warehouse):
        rows = (row.to_json() for name, part in parts.items() if not only or name in only for row in part())
        print_records(rows, as_json=as_json)


@click.command()
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    help="Folder of a desk model (default: the shipped one, else random weights).",
)
@click.option(
    "--runs", type=click.IntRange(1), default=5, show_default=True, help="Answers an engine and prompt length."
)
@click.option("--threads", type=click.IntRange(1), default=2, show_default=True, help="Of every engine.")
@click.option(
    "--geometry",
    "geometries",
    multiple=True,
    type=click.Choice(["small", "medium", "0.6b"]),
    help="Random weights of this size (may be repeated); 0.6b takes minutes and 8 GB.",
)
@click.option("--engine", "engines", multiple=True, help="Only engines with these words in their name, beside ours.")
@click.option(
    "--prompt", "prompts", multiple=True, type=click.IntRange(1, 1_900), help="Tokens (default: three lengths)."
)
@click.option("--tokens", type=click.IntRange(3, 148), default=61, show_default=True, help="Of an answer.")
@json_option
@one_line_errors
def llm(
    model: Path | None,
    runs: int,
    threads: int,
    geometries: tuple[str, ...],
    engines: tuple[str, ...],
    prompts: tuple[int, ...],
    tokens: int,
    as_json: bool,
) -> None:
    """Decode answers with our path and every other engine that is installed: time to the first token, tokens a second, the memory's limit."""
    from llm.desk.speed import ENGINES, measure, shipped_model

    chosen = {name for name in ENGINES for part in engines if part.casefold() in name.casefold()}
    if engines and not chosen:
        raise click.BadParameter(f"no engine has it in its name: {', '.join(ENGINES)}.", param_hint="--engine")
    if model is None and not geometries and shipped_model() is None:
        note("No model is shipped in data/models: a medium geometry with random weights is measured.")
    rows = measure(
        model, runs=runs, threads=threads, geometries=geometries, engines=chosen, prompts=prompts, tokens=tokens
    )
    print_rows((row.to_json() for row in rows), as_json=as_json)


@click.command()
@click.option(
    "--model", type=click.Path(path_type=Path), help="Folder of a model (default: small geometry, random weights)."
)
@click.option("--people", type=click.IntRange(2), default=5, show_default=True, help="Who draft at once.")
@click.option("--runs", type=click.IntRange(1), default=5, show_default=True, help="Drafts of each.")
@click.option("--threads", type=click.IntRange(1), default=2, show_default=True, help="Of the model.")
@click.option("--page/--no-page", "has_page", default=True, show_default=True, help="In the served app, too.")
@click.option("--seed", type=click.IntRange(0), help="Draws the same moments of cancels again (default: drawn).")
@json_option
@warehouse_option
@one_line_errors
def drafting(
    model: Path | None,
    people: int,
    runs: int,
    threads: int,
    has_page: bool,
    seed: int | None,
    as_json: bool,
    warehouse: Path | None,
) -> None:
    """Let people draft at once, cancel, work in the background and hang: first words, free engine, the page beside it, with limits."""
    from app.bench.drafting import measure

    if model is None:
        note("A small geometry with random weights is measured.")
    with runtime(warehouse) as opened:
        root = opened.settings.warehouse.absolute()
        rows = measure(
            model, people=people, runs=runs, threads=threads, seed=drawn_seed(seed), has_page=has_page, warehouse=root
        )
        print_rows((row.to_json() for row in rows), as_json=as_json)


@click.command()
@click.option(
    "--messages", type=click.IntRange(1), default=10_000, show_default=True, help="Different ones, in English."
)
@click.option("--threads", type=click.IntRange(1), default=2, show_default=True, help="Of every way.")
@json_option
@one_line_errors
def vectors(messages: int, threads: int, as_json: bool) -> None:
    """Embed messages as the desk does, then once more, beside transformers in float32 and OpenVINO: messages a second."""
    from app.bench.vectors import measure

    print_rows((row.to_json() for row in measure(messages, threads)), as_json=as_json)


@click.command()
@click.option("--messages", type=click.IntRange(10), default=10_000, show_default=True, help="Texts to group.")
@json_option
@warehouse_option
@one_line_errors
def themes(messages: int, as_json: bool, warehouse: Path | None) -> None:
    """Group messages and reviews into themes: cold, once more, and a day later with 2 % new ones."""
    from app.bench.themes import measure

    with runtime(warehouse):
        print_rows((timing.to_json() for timing in measure(messages)), as_json=as_json)


COMMANDS = (language, llm, drafting, vectors, themes)
