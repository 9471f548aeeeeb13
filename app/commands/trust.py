"""`trustdesk trust`: scores, levels and what they are made of; merchants against seller programmes, and their penalty ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path

import click

from app.commands.plumbing import as_of_option, json_option, one_line_errors, print_rows, runtime, warehouse_option
from app.errors import InputFileError
from app.services.runtime import snapshot_id

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
PATH_KEYS = ("merchant_id", "as_of", "level", "next_level", "step", "reachable", "probability", "levers")
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
@click.option("--path", "is_path", is_flag=True, help="With --merchant: the smallest changes that lift its level.")
@json_option
@warehouse_option
@one_line_errors
def trust(
    as_of: date | None,
    merchant: str | None,
    programmes: tuple[str, ...],
    is_ledger: bool,
    is_path: bool,
    as_json: bool,
    warehouse: Path | None,
) -> None:
    """Print trust scores (0–100) with level, interval and contributions, which add up to the score.

    With --programme P, print each merchant's clauses of it instead: value, limit, verdict, distance to the limit, and how likely the true rate
    is beyond it. With --merchant ID, JSON also holds its rates, and its score with the events counted that were not its fault.
    """
    if is_path and (merchant is None or programmes):
        raise click.UsageError("--path goes with --merchant and without --programme: name the merchant.")
    if is_ledger and not programmes:
        raise click.UsageError("--ledger goes with --programme only: leave it out, or add --programme.")
    with runtime(warehouse):
        rows: Iterable[Mapping[str, object]]
        columns: tuple[str, ...] | None
        if is_ledger:
            rows, columns = _ledger(programmes, as_of, merchant), None
        elif programmes:
            rows, columns = _clauses(programmes, as_of, merchant), (*CLAUSE_KEYS, *MORE_CLAUSE_KEYS)
        elif is_path and merchant is not None:
            rows, columns = _path(as_of, merchant), PATH_KEYS
        else:
            rows, columns = _scores(as_of, merchant), KEYS
        print_rows(rows, as_json=as_json, columns=columns)


def _scores(as_of: date | None, merchant: str | None) -> Iterable[Mapping[str, object]]:
    from app.services.scores import scores

    found = scores(snapshot_id(), as_of)
    if merchant is not None:
        found = tuple(score for score in found if score.merchant_id == merchant)
        if not found:
            raise _unknown(merchant)
    rows = [{key: value for key, value in asdict(score).items() if key in KEYS} for score in found]
    return rows if merchant is None else [{**row, **_reasons(as_of, merchant)} for row in rows]


def _reasons(as_of: date | None, merchant: str) -> Mapping[str, object]:
    """What a single merchant's row holds beside the score."""
    from app.services.path import accountable
    from app.services.trust import reasons

    found = accountable(snapshot_id(), as_of, merchant)
    return {
        "score_with_all_faults": found.with_all_faults,
        "excluded": found.excluded.drop(columns="label")
        .assign(order_date=found.excluded["order_date"].dt.date)
        .to_dict("records"),
        "rates": [
            {key: value for key, value in asdict(rate).items() if key != "label"}
            for rate in reasons(snapshot_id(), as_of, merchant)
        ],
    }


def _path(as_of: date | None, merchant: str) -> Iterable[Mapping[str, object]]:
    from app.services.path import path, records
    from app.services.scores import scores

    own = next((score for score in scores(snapshot_id(), as_of) if score.merchant_id == merchant), None)
    if own is None:
        raise _unknown(merchant)
    return records(path(snapshot_id(), as_of, merchant), own.as_of, merchant)


def _clauses(names: tuple[str, ...], as_of: date | None, merchant: str | None) -> Iterable[Mapping[str, object]]:
    from analytics.trust.programmes import clause_records
    from app.services.programmes import chosen, evaluated

    found = evaluated(snapshot_id(), as_of, chosen(names))
    if merchant is not None and merchant not in set(found.merchants["merchant_id"]):
        raise _unknown(merchant)
    return clause_records(found, None if merchant is None else [merchant])


def _ledger(names: tuple[str, ...], as_of: date | None, merchant: str | None) -> list[Mapping[str, object]]:
    from app.services.programmes import chosen, ledger

    rows: list[Mapping[str, object]] = []
    for programme in chosen(names):
        found = ledger(snapshot_id(), as_of, programme, merchant).to_dict("records")
        rows += [{str(key): value for key, value in row.items()} for row in found]
    return rows


def _unknown(merchant: str) -> InputFileError:
    return InputFileError("There is no merchant {merchant} in the warehouse.", merchant=merchant)
