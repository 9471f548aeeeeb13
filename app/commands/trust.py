"""`trustdesk trust`: scores, levels and what they are made of; merchants against seller programmes, and their penalty ledger."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import click

from app.commands.plumbing import (
    Day,
    as_of_option,
    json_option,
    note,
    one_line_errors,
    print_rows,
    runtime,
    warehouse_option,
)
from app.errors import InputFileError
from app.services.runtime import snapshot_id

if TYPE_CHECKING:
    from datetime import date

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
EVALUATION_KEYS = (
    *(
        "merchant_id",
        "evaluated_on",
        "level",
        "previous_level",
        "change",
        "score_level",
        "score",
        "n",
        "status",
        "known",
    ),
    "made_at",
)
CHANGE_KEYS = (
    "record",
    "rate_id",
    "change",
    "entered",
    "left",
    "faded",
    "known",
    "peers",
    "bounded",
    "row_id",
    "day",
    "cause",
)
PATH_KEYS = (
    *("merchant_id", "as_of", "level", "next_level", "step", "reachable", "probability"),
    *("rate_id", "now", "target", "best", "orders"),
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
@click.option(
    "--evaluations",
    type=click.IntRange(1, 100),
    help="The last so many evaluations instead: the level that each decided, held against small moves.",
)
@click.option(
    "--known",
    type=click.Choice(["then", "now"]),
    default="then",
    help="With --evaluations: as first evaluated (default), or as the data now loaded would have it.",
)
@click.option("--since", type=Day(), help="With --merchant: why the score changed since the end of this day.")
@click.option("--path", "is_path", is_flag=True, help="With --merchant: the smallest changes that lift its level.")
@click.option(
    "--definition",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Try out a copy of data/programmes/trustdesk.toml: the scores that it would give. Nothing is kept.",
)
@click.option(
    "--prepare",
    "prepared_days",
    metavar="DAYS",
    type=click.IntRange(1, 3660),
    help="Compute and keep the scores of each of the last so many days, newest first, so that pages find them ready. Run it after a load.",
)
@json_option
@warehouse_option
@one_line_errors
def trust(
    as_of: AsOf,
    merchant: str | None,
    programmes: tuple[str, ...],
    is_ledger: bool,
    evaluations: int | None,
    known: Literal["then", "now"],
    since: date | None,
    is_path: bool,
    definition: Path | None,
    prepared_days: int | None,
    as_json: bool,
    warehouse: Path | None,
) -> None:
    """Print trust scores (0–100) with level, interval and contributions, which add up to the score.

    With --programme P, print each merchant's clauses of it instead: value, limit, verdict, distance to the limit, and how likely the true rate
    is beyond it. With --evaluations N, the levels decided at the last evaluations. With --merchant ID --since D, the change of its score by rate
    and cause, and the orders behind it: the parts add up. With --merchant ID alone, JSON also holds its rates, and its score with the events
    counted that were not its fault. With --definition FILE, the scores that an edited copy of the score's definition would give. With --prepare DAYS, scores of past days are made ready; what an interrupted run has done stays done.
    """
    from app.services.warehouse import as_known

    if prepared_days is not None:
        if (
            as_of != "latest"
            or known != "then"
            or any((programmes, is_ledger, evaluations, since, merchant, is_path, definition))
        ):
            raise click.UsageError("--prepare goes with --warehouse and --json only: run it on its own.")
        with runtime(warehouse):
            print_rows([_prepare(snapshot_id(), prepared_days)], as_json=as_json)
        return
    _check(programmes, is_ledger, evaluations, since, merchant, is_path, known, definition)
    with runtime(warehouse):
        reading = as_known(snapshot_id(), as_of)
        rows: Iterable[Mapping[str, object]]
        columns: tuple[str, ...] | None
        if is_ledger:
            rows, columns = _ledger(reading, programmes, merchant), None
        elif programmes:
            rows, columns = _clauses(reading, programmes, merchant), (*CLAUSE_KEYS, *MORE_CLAUSE_KEYS)
        elif evaluations:
            rows, columns = _evaluations(reading, evaluations, known, merchant), EVALUATION_KEYS
        elif since and merchant:
            rows, columns = _change(reading, since, merchant), CHANGE_KEYS
        elif is_path and merchant:
            rows, columns = _path(reading, merchant, as_json=as_json), PATH_KEYS
        else:
            rows, columns = _scores(reading, merchant, definition), KEYS
        print_rows(rows, as_json=as_json, columns=columns)
        _say_left_out(programmes)


def _say_left_out(names: tuple[str, ...]) -> None:
    """Where all programmes were asked for: a line each that can't be read, and exit status 1."""
    from app.services.programmes import ALL, faults

    wrong = faults() if ALL in names else []
    for line in wrong:
        note(f"Left out: {line}")
    if wrong:
        raise click.exceptions.Exit(1)


def _check(
    programmes: tuple[str, ...],
    is_ledger: bool,
    evaluations: int | None,
    since: date | None,
    merchant: str | None,
    is_path: bool,
    known: str,
    definition: Path | None,
) -> None:
    """Usage error for options that don't go together."""
    if is_ledger and not programmes:
        raise click.UsageError("--ledger goes with --programme only: leave it out, or add --programme.")
    if since and not merchant:
        raise click.UsageError("--since goes with --merchant only: name the merchant whose change is split.")
    if is_path and not merchant:
        raise click.UsageError("--path goes with --merchant only: name the merchant.")
    if known != "then" and not evaluations:
        raise click.UsageError("--known goes with --evaluations only: scores are always those of what is known.")
    if sum(map(bool, (programmes, evaluations, since, is_path, definition))) > 1:
        raise click.UsageError(
            "--programme, --evaluations, --since, --path and --definition each print something of their own: choose one."
        )


def _prepare(snapshot: str, days: int) -> Mapping[str, object]:
    from app.services.scores import prepare

    start = clock = time.monotonic()
    done = {True: 0, False: 0}
    for day, is_new in prepare(snapshot, days):
        done[is_new] += 1
        now, clock = time.monotonic() - clock, time.monotonic()
        note(f"{day}: {f'kept in {now:.1f} s' if is_new else 'kept already'}")
    return {"prepared": done[True], "already": done[False], "seconds": round(clock - start, 3)}


def _scores(reading: str, merchant: str | None, definition: Path | None) -> Iterable[Mapping[str, object]]:
    from app.services.scores import scores, tried

    found = scores(reading) if definition is None else tried(reading, definition)
    if merchant is not None:
        found = tuple(score for score in found if score.merchant_id == merchant)
        if not found:
            raise _unknown(merchant)
    rows = [{key: value for key, value in asdict(score).items() if key in KEYS} for score in found]
    return (
        rows if merchant is None or definition is not None else [{**row, **_reasons(reading, merchant)} for row in rows]
    )


def _reasons(reading: str, merchant: str) -> Mapping[str, object]:
    """What a single merchant's row holds beside the score."""
    from app.services.path import accountable
    from app.services.trust import reasons

    found = accountable(reading, None, merchant)
    return {
        "score_with_all_faults": found.with_all_faults,
        "excluded": found.excluded.drop(columns="label")
        .assign(order_date=found.excluded["order_date"].dt.date)
        .to_dict("records"),
        "rates": [
            {key: value for key, value in asdict(rate).items() if key != "label"}
            for rate in reasons(reading, None, merchant)
        ],
    }


def _path(reading: str, merchant: str, *, as_json: bool) -> Iterable[Mapping[str, object]]:
    """A row a step as JSON; a row a lever in a table."""
    from app.services.path import path, records
    from app.services.scores import scores

    own = next((score for score in scores(reading) if score.merchant_id == merchant), None)
    if own is None:
        raise _unknown(merchant)
    steps = records(path(reading, None, merchant), own.as_of, merchant)
    if as_json:
        return steps
    return [{**step, **lever} for step in steps for lever in cast("list[dict[str, object]]", step["levers"]) or [{}]]


def _evaluations(
    reading: str, count: int, known: Literal["then", "now"], merchant: str | None
) -> Iterable[Mapping[str, object]]:
    from app.services.levels import history

    found = history(reading, None, count, known)
    if merchant is not None:
        if not (found["merchant_id"] == merchant).any():
            raise _unknown(merchant)
        found = found[found["merchant_id"] == merchant]
    if found.empty:
        note("The data cover no evaluation day up to then.")
    rows = found.assign(known=known).to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in rows]


def _change(reading: str, since: date, merchant: str) -> Iterable[Mapping[str, object]]:
    from app.services.changes import between, records

    return records(between(reading, since, None, merchant))


def _clauses(reading: str, names: tuple[str, ...], merchant: str | None) -> Iterable[Mapping[str, object]]:
    from analytics.trust.programmes import clause_records
    from app.services.programmes import chosen, evaluated

    found = evaluated(reading, None, chosen(names))
    _check_known(reading, merchant)
    return clause_records(found, None if merchant is None else [merchant])


def _ledger(reading: str, names: tuple[str, ...], merchant: str | None) -> list[Mapping[str, object]]:
    from app.services.programmes import chosen, ledger

    _check_known(reading, merchant)
    rows: list[Mapping[str, object]] = []
    for programme in chosen(names):
        found = ledger(reading, None, programme, merchant).to_dict("records")
        rows += [{str(key): value for key, value in row.items()} for row in found]
    return rows


def _check_known(reading: str, merchant: str | None) -> None:
    from app.services.warehouse import filter_options

    if merchant is not None and merchant not in filter_options(reading).merchants:
        raise _unknown(merchant)


def _unknown(merchant: str) -> InputFileError:
    return InputFileError("There is no merchant '{merchant}' in the warehouse: check the spelling.", merchant=merchant)
