"""`trustdesk bench whatif`: the lab's speed and exactness beside limits and served scores, its effects beside known truth."""

from __future__ import annotations

from pathlib import Path

import click

from app.commands.plumbing import drawn_seed, json_option, note, one_line_errors, print_rows, runtime, warehouse_option


@click.command()
@click.option(
    "--only",
    type=click.Choice(["lab", "levers", "truth"]),
    default="lab",
    show_default=True,
    help="The lab on a warehouse and on synthetic counts; or behaviour levers (minutes) or effects (half an hour) on marketplaces whose truth is known.",
)
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
@click.option("--replicates", type=click.IntRange(2), default=200, show_default=True, help="Marketplaces of each kind.")
@click.option("--seed", type=click.IntRange(0), help="Draws the same again (default: drawn).")
@json_option
@warehouse_option
@one_line_errors
def whatif(
    only: str,
    moves: int,
    sizes: tuple[int, ...],
    replicates: int,
    seed: int | None,
    as_json: bool,
    warehouse: Path | None,
) -> None:
    """The what-if lab beside its limits: recomputed scores and served ones, lists and a recount by SQL, one slider move and reading the orders
    anew. Or on marketplaces whose truth is known: intervals of its behaviour levers (--only levers), and its effects where each cause was lived with and without
    (--only truth): coverage, errors, the raw difference beside."""
    first = drawn_seed(seed)
    if only == "levers":
        from analytics.bench.lever_truth import measure as hold

        print_rows(hold(replicates, first, note), as_json=as_json)
        return
    if only == "truth":
        from app.bench.whatif_truth import measure as judge

        for row in judge(replicates, first, progress=note):
            print_rows([row], as_json=as_json)
        return
    from app.bench.whatif import measure

    with runtime(warehouse) as opened:
        print_rows((row.to_json() for row in measure(opened.warehouse, sizes, moves, first)), as_json=as_json)
