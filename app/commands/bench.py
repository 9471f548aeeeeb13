"""`trustdesk bench NAME`: measures speed and quality, ours beside the peer and the limit in one run."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterable
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Protocol

import click

from app.commands.plumbing import (
    Day,
    json_option,
    note,
    one_line_errors,
    print_records,
    print_rows,
    runtime,
    warehouse_option,
)
from app.settings import load_settings


class Measured(Protocol):
    """A figure that knows its JSON."""

    def to_json(self) -> dict[str, object]: ...


class Times(click.ParamType[float]):
    """How many times the events of a warehouse."""

    name = "times"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Usage error for what no marts can be made of."""
        from analytics.bench.grown import MOST, is_size

        try:
            times = float(str(value))
        except ValueError:
            times = math.nan
        if not is_size(times):
            self.fail(
                f"{value!r} is no size: give a whole number up to {MOST}, or a share between 0 and 1.", param, ctx
            )
        return times


@click.group()
def bench() -> None:
    """Measure, and print the figures."""


@bench.command()
@click.option("--runs", type=click.IntRange(2), default=10, show_default=True, help="Loads and repaints a page.")
@json_option
@warehouse_option
@one_line_errors
def pages(runs: int, as_json: bool, warehouse: Path | None) -> None:
    """Time every page in a real browser: load and click to repainted, in milliseconds."""
    from app.bench.pages import measure

    root = warehouse or load_settings().warehouse
    print_rows((timing.to_json() for timing in measure(root.absolute(), runs=runs)), as_json=as_json)


@bench.command()
@click.option("--runs", type=click.IntRange(2), default=10, show_default=True, help="Clicks of a kind in the browser.")
@click.option("--visitors", type=click.IntRange(1), default=10, show_default=True, help="Who click at once at the end.")
@click.option("--seconds", type=click.FloatRange(1), default=30.0, show_default=True, help="For how long they click.")
@click.option("--seed", type=int, help="Draws the windows and categories (default: at random, and printed).")
@json_option
@warehouse_option
@one_line_errors
def clicks(runs: int, visitors: int, seconds: float, seed: int | None, as_json: bool, warehouse: Path | None) -> None:
    """Click on windows and categories of the Overview: one visitor in a real browser, then many without one."""
    from app.bench.clicks import measure

    with runtime(warehouse) as opened:
        root = opened.settings.warehouse.absolute()
        chosen = secrets.randbits(32) if seed is None else seed
        rows = measure(root, runs=runs, visitors=visitors, seconds=seconds, seed=chosen)
        print_rows((row.to_json() for row in rows), as_json=as_json)


@bench.command()
@click.option(
    "--threads", type=click.IntRange(1), default=20, show_default=True, help="Threads, half in each language."
)
@click.option("--drafts", type=click.IntRange(1), default=500, show_default=True, help="Drafts that are counted anew.")
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(
        ["threads", "drafts", "checks", "retrieval", "answers", "private", "injection", "triage", "aspects"]
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
    """Summaries and drafts of threads (speed, first sentence, unsourced); checks, retrieval, answers, private data, hidden instructions, triage and aspects of reviews on the labelled sets' reporting half."""
    from app.bench import answers, aspects, injection, private, private_public, retrieval, sentence_checks, triage
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
    }
    with runtime(warehouse):
        rows = (row.to_json() for name, part in parts.items() if not only or name in only for row in part())
        print_records(rows, as_json=as_json)


@bench.command()
@click.option("--rows", type=click.IntRange(1), default=2_000_000, show_default=True, help="Events to take in.")
@json_option
@one_line_errors
def ingest(rows: int, as_json: bool) -> None:
    """Load a file of events into an empty warehouse, beside DuckDB alone, pandas and Polars: rows a second, memory, steps."""
    from app.bench.ingest import measure

    settings = load_settings()
    timings = measure(rows, threads=settings.threads, memory_limit=settings.memory_limit)
    print_rows((timing.to_json() for timing in timings), as_json=as_json)


@bench.command()
@click.option("--windows", type=click.IntRange(1), default=30, show_default=True, help="Random windows a page.")
@click.option("--page", "pages", multiple=True, help="Only this page; may be given several times (default: all).")
@click.option("--seed", type=click.IntRange(0), help="Draws the same windows and filters again (default: drawn).")
@click.option("--grow", type=Times(), help="On marts of so many times the events, e.g. 10 or 0.1 (in a copy).")
@json_option
@warehouse_option
@one_line_errors
def queries(
    windows: int, pages: tuple[str, ...], seed: int | None, grow: float | None, as_json: bool, warehouse: Path | None
) -> None:
    """Ask what every page asks, uncached, for random windows and filters; beside SQL over the events and pandas."""
    from app.bench.queries import measure, measure_grown
    from app.bench.visits import PAGES, SUMS

    known = PAGES if grow is None else SUMS
    if unknown := [page for page in pages if page not in known]:
        raise click.BadParameter(f"no page {unknown[0]!r}: choose of {', '.join(known)}.", param_hint="--page")
    with runtime(warehouse):
        drawn = _seed(seed)
        rows = measure(windows, drawn, pages) if grow is None else measure_grown(grow, windows, drawn, pages, note)
        print_rows((row.to_json() for row in rows), as_json=as_json)


@bench.command()
@click.option("--days", type=click.IntRange(1), default=3, show_default=True, help="Days loaded one after another.")
@click.option("--rebuild/--no-rebuild", default=True, show_default=True, help="Build all marts anew, too.")
@json_option
@warehouse_option
@one_line_errors
def refresh(days: int, rebuild: bool, as_json: bool, warehouse: Path | None) -> None:
    """Load a day that could come next into a copy of the warehouse: seconds until a reader sees it, beside a full rebuild."""
    from app.bench.refresh import measure

    with runtime(warehouse) as opened:
        timings = measure(opened.warehouse, days, has_rebuild=rebuild)
        print_rows((timing.to_json() for timing in timings), as_json=as_json)


@bench.command()
@click.option("--readers", "count", type=click.IntRange(1), default=20, show_default=True, help="Readers at once.")
@click.option("--loads", type=click.IntRange(1), default=3, show_default=True, help="Days loaded meanwhile.")
@click.option("--seed", type=click.IntRange(0), help="Draws the same visits again (default: drawn).")
@json_option
@warehouse_option
@one_line_errors
def readers(count: int, loads: int, seed: int | None, as_json: bool, warehouse: Path | None) -> None:
    """Let many readers ask random pages of a copy of the warehouse while it is loaded: errors, and times beside one reader's."""
    from app.bench.readers import measure

    with runtime(warehouse) as opened:
        timings = measure(opened.settings, count, loads, _seed(seed))
        print_rows((timing.to_json() for timing in timings), as_json=as_json)


@bench.command()
@click.option("--seeds", type=click.IntRange(1), default=10, show_default=True, help="Panels of each kind.")
@click.option("--merchants", type=click.IntRange(20), default=20_000, show_default=True, help="Of the timed panel.")
@click.option("--days", type=click.IntRange(90), default=730, show_default=True, help="Of the timed panel.")
@json_option
@one_line_errors
def watch(seeds: int, merchants: int, days: int, as_json: bool) -> None:
    """Find planted incidents and forecast simulated series: precision, recall, false alarms, coverage, time."""
    from app.bench.watch import measure

    for row in measure(seeds, merchants, days):
        print_rows([row], as_json=as_json)


@bench.command()
@click.option("--networks", type=click.IntRange(1), default=20, show_default=True, help="Networks of each kind.")
@click.option("--seed", type=click.IntRange(0), help="Draws the same networks again (default: drawn).")
@click.option("--labelled", type=click.Path(path_type=Path), help="Folder of a real network: ratings.csv, labels.csv.")
@json_option
@one_line_errors
def reputation(networks: int, seed: int | None, labelled: Path | None, as_json: bool) -> None:
    """Tell good from fraudulent ratees under planted attacks, beside the mean, Wilson's bound and published methods."""
    from app.bench.reputation import measure

    first = _seed(seed)
    rows = measure(range(first, first + networks), labelled)
    columns = ("network", "method", "auc", "tau", "mae", "coverage", "rater_auc", "seconds")
    print_rows(rows, as_json=as_json, columns=columns)


@bench.command()
@click.option(
    "--days", type=click.IntRange(1), default=5, show_default=True, help="Scored, the newest and as of random ones."
)
@click.option(
    "--markets", type=click.IntRange(0), default=4, show_default=True, help="Small demos judged against truth."
)
@click.option(
    "--lives", type=click.IntRange(10), default=60, show_default=True, help="Replays that tell the truth of each."
)
@click.option("--seed", type=click.IntRange(0), help="Draws the same days and demos again (default: drawn).")
@json_option
@warehouse_option
@one_line_errors
def scores(days: int, markets: int, lives: int, seed: int | None, as_json: bool, warehouse: Path | None) -> None:
    """Score all merchants on random days: seconds; and hold intervals and probabilities against the truth of replayed demos."""
    from app.bench.scores import measure_time, measure_truth

    first = _seed(seed)
    columns = ("what", "merchants", "open_s", "score_s", "worst_score_s", "covered", "width", "rmse", "ece")
    with runtime(warehouse):
        rows = list(measure_time(days, first))
    rows += measure_truth(markets, lives, first) if markets else []
    print_rows(rows, as_json=as_json, columns=columns)


@bench.command()
@click.option(
    "--every", type=click.IntRange(1), default=30, show_default=True, help="Days from one as-of day to the next."
)
@click.option("--from", "date_from", type=Day(), help="First as-of day (default: after 150 days of orders).")
@click.option("--to", "date_to", type=Day(), help="Last as-of day (default: 105 days before the end of the data).")
@click.option("--orders", type=click.Path(path_type=Path), help="CSV with a column order_id: only these orders.")
@click.option("--resamples", "number", type=click.IntRange(20), default=1000, show_default=True, help="Of merchants.")
@click.option("--seed", type=click.IntRange(0), help="Draws the same resamples again (default: drawn).")
@json_option
@warehouse_option
@one_line_errors
def backtest(
    every: int,
    date_from: date | None,
    date_to: date | None,
    orders: Path | None,
    number: int,
    seed: int | None,
    as_json: bool,
    warehouse: Path | None,
) -> None:
    """Foretell each merchant's bad orders of the next 60 days at past days from what was known then, beside published methods."""
    from app.bench.backtest import measure

    with runtime(warehouse) as opened:
        rows = list(
            measure(
                opened.warehouse,
                every=every,
                date_from=date_from,
                date_to=date_to,
                orders=orders,
                number=number,
                seed=_seed(seed),
            )
        )
    print_records(rows, as_json=as_json)


@bench.command()
@click.option("--markets", type=click.IntRange(1), default=5, show_default=True, help="Markets a gate.")
@click.option(
    "--gate",
    "gates",
    type=click.IntRange(1, 11),
    multiple=True,
    help="Only this attack of the suite (may be repeated).",
)
@click.option("--merchants", type=click.IntRange(60), default=300, show_default=True, help="Of a market.")
@click.option("--seed", type=click.IntRange(0), help="Draws the same markets again (default: drawn).")
@json_option
@one_line_errors
def attacks(markets: int, gates: tuple[int, ...], merchants: int, seed: int | None, as_json: bool) -> None:
    """Attack simulated markets in eleven ways: what the mean, Wilson's bound, beta reputation, empirical Bayes and ours make of it."""
    from app.bench.attacks import measure

    first = _seed(seed)
    columns = ("gate", "attack", "size", "method", "measure", "value", "ci_low", "ci_high", "worst", "target", "is_met")
    print_rows(measure(range(first, first + markets), gates, merchants), as_json=as_json, columns=columns)


@bench.command()
@click.option("--only", type=click.Choice(["truth"]), default="truth", show_default=True, help="Part to measure.")
@click.option("--replicates", type=click.IntRange(2), default=200, show_default=True, help="Marketplaces of each kind.")
@click.option("--seed", type=click.IntRange(0), help="Draws the same marketplaces again (default: drawn).")
@json_option
@one_line_errors
def whatif(only: str, replicates: int, seed: int | None, as_json: bool) -> None:
    """Hold the what-if lab's effects against marketplaces lived with and without each cause: coverage, errors, the raw difference beside."""
    from app.bench.whatif_truth import measure

    for row in measure(replicates, _seed(seed), progress=note):
        print_rows([row], as_json=as_json)


@bench.command()
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


@bench.command()
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
            model, people=people, runs=runs, threads=threads, seed=_seed(seed), has_page=has_page, warehouse=root
        )
        print_rows((row.to_json() for row in rows), as_json=as_json)


@bench.command()
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


@bench.command("whatif")
@click.option("--moves", type=click.IntRange(2), default=40, show_default=True, help="Of a slider.")
@click.option(
    "--merchants",
    "sizes",
    multiple=True,
    type=click.IntRange(20),
    default=(20_000, 100_000),
    show_default=True,
    help="Synthetic ones that are timed; may be repeated.",
)
@click.option("--seed", type=click.IntRange(0), help="Draws the same counts and moves again (default: drawn).")
@json_option
@warehouse_option
@one_line_errors
def whatif_lab(moves: int, sizes: tuple[int, ...], seed: int | None, as_json: bool, warehouse: Path | None) -> None:
    """The what-if lab beside its limits: recomputed scores and served ones, lists and a recount by SQL, one slider move and reading the orders anew."""
    from app.bench.whatif import measure

    with runtime(warehouse) as opened:
        rows = measure(opened.warehouse, sizes, moves, _seed(seed))
        print_rows((row.to_json() for row in rows), as_json=as_json)


def _seed(given: int | None) -> int:
    """The seed given, or one drawn now; it is said, so that a run can be had again."""
    seed = secrets.randbelow(2**31) if given is None else given
    note(f"seed {seed}")
    return seed


@bench.command()
@click.option("--messages", type=click.IntRange(10), default=10_000, show_default=True, help="Texts to group.")
@json_option
@warehouse_option
@one_line_errors
def themes(messages: int, as_json: bool, warehouse: Path | None) -> None:
    """Group messages and reviews into themes: cold, once more, and a day later with 2 % new ones."""
    from app.bench.themes import measure

    with runtime(warehouse):
        print_rows((timing.to_json() for timing in measure(messages)), as_json=as_json)
