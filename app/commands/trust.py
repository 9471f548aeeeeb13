"""`trustdesk trust`: scores, levels and what they are made of; merchants against seller programmes, and their penalty ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.commands.plumbing import as_of_option, json_option, one_line_errors, print_rows, runtime, warehouse_option
from app.errors import InputFileError
from app.services.runtime import snapshot_id

if TYPE_CHECKING:
    from app.filters import AsOf

KEYS = ("merchant_id", "as_of", "score", "level", "ci_low", "ci_high", "n", "status", "contributions")
CLAUSE_KEYS = (
    "merchant_id",
    "programme",
    "clause",
    "value",
    "limit",
    "n",
    "passed",
    "distance",
    "probability_over_limit",
)
MORE_CLAUSE_KEYS = ("status", "level", "merchant_level", "next_evaluation", "projected_level")


@click.command()
@as_of_option
@click.option("--merchant", help="Only this merchant's id.")
@click.option(
    "--programme",
    "programmes",
    multiple=True,
    help="A seller programme: its id, all, or the path of a file; may be given more than once. Prints its clauses instead of scores.",
)
@click.option(
    "--ledger", "is_ledger", is_flag=True, help="With --programme: the penalties and whether their points count."
)
@json_option
@warehouse_option
@one_line_errors
def trust(
    as_of: AsOf,
    merchant: str | None,
    programmes: tuple[str, ...],
    is_ledger: bool,
    as_json: bool,
    warehouse: Path | None,
) -> None:
    """Print trust scores (0–100) with level, interval and contributions, which add up to the score.

    With --programme P, print each merchant's clauses of it instead: value, limit, verdict, distance to the limit, and how likely the true rate
    is beyond it.
    """
    from app.services.warehouse import as_known

    if is_ledger and not programmes:
        raise click.UsageError("--ledger goes with --programme only: leave it out, or add --programme.")
    with runtime(warehouse):
        reading = as_known(snapshot_id(), as_of)
        rows: Iterable[Mapping[str, object]]
        columns: tuple[str, ...] | None
        if is_ledger:
            rows, columns = _ledger(reading, programmes, merchant), None
        elif programmes:
            rows, columns = _clauses(reading, programmes, merchant), (*CLAUSE_KEYS, *MORE_CLAUSE_KEYS)
        else:
            rows, columns = _scores(reading, merchant), KEYS
        print_rows(rows, as_json=as_json, columns=columns)


def _scores(reading: str, merchant: str | None) -> Iterable[Mapping[str, object]]:
    from app.services.scores import scores

    found = scores(reading)
    if merchant is not None:
        found = tuple(score for score in found if score.merchant_id == merchant)
        if not found:
            raise _unknown(merchant)
    return [{key: value for key, value in asdict(score).items() if key in KEYS} for score in found]


def _clauses(reading: str, names: tuple[str, ...], merchant: str | None) -> Iterable[Mapping[str, object]]:
    from analytics.trust.programmes import clause_records
    from app.services.programmes import chosen, evaluated

    found = evaluated(reading, None, chosen(names))
    if merchant is not None and merchant not in set(found.merchants["merchant_id"]):
        raise _unknown(merchant)
    return clause_records(found, None if merchant is None else [merchant])


def _ledger(reading: str, names: tuple[str, ...], merchant: str | None) -> list[Mapping[str, object]]:
    from app.services.programmes import chosen, ledger

    rows: list[Mapping[str, object]] = []
    for programme in chosen(names):
        found = ledger(reading, None, programme, merchant).to_dict("records")
        rows += [{str(key): value for key, value in row.items()} for row in found]
    return rows


def _unknown(merchant: str) -> InputFileError:
    return InputFileError("There is no merchant {merchant} in the warehouse.", merchant=merchant)
