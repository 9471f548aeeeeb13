"""`trustdesk bench NAME`: measures speed and quality, ours beside the peer and the limit in one run."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import click

from app.commands import bench_whatif, bench_words
from app.commands.plumbing import (
    Day,
    drawn_seed,
    json_option,
    note,
    one_line_errors,
    print_records,
    print_rows,
    runtime,
    warehouse_option,
)
from app.settings import load_settings


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
        rows = measure(root, runs=runs, visitors=visitors, seconds=seconds, seed=drawn_seed(seed))
        print_rows((row.to_json() for row in rows), as_json=as_json)


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
        drawn = drawn_seed(seed)
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
        timings = measure(opened.settings, count, loads, drawn_seed(seed))
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

    first = drawn_seed(seed)
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

    first = drawn_seed(seed)
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
                seed=drawn_seed(seed),
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

    first = drawn_seed(seed)
    columns = ("gate", "attack", "size", "method", "measure", "value", "ci_low", "ci_high", "worst", "target", "is_met")
    print_rows(measure(range(first, first + markets), gates, merchants), as_json=as_json, columns=columns)


for _command in (*bench_words.COMMANDS, bench_whatif.whatif):
    bench.add_command(_command)
