"""What every command shares: its options, its output (JSON lines or a table) and its exit codes.

Only results go to stdout; progress and errors go to stderr. Light: nothing heavy is imported before a command runs.
"""

from __future__ import annotations

import functools
import json
import math
import re
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from app.errors import AppError, InputFileError
from app.services.reading import DAYS
from app.services.runtime import Runtime, use_runtime
from app.settings import load_settings

if TYPE_CHECKING:
    from app.filters import AsOf

P = ParamSpec("P")
R = TypeVar("R")

MAX_LINE_BYTES = 64 * 2**20
CELL_WIDTH, LINE_WIDTH = 60, 2_000  # characters of a cell, and of an error
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

warehouse_option = click.option(
    "--warehouse",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the warehouse (default: the setting `warehouse`).",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")


class Day(click.ParamType[date]):
    """A day as YYYY-MM-DD, far enough from the calendar's ends that every window around it exists."""

    name = "date"
    first, last = DAYS

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Usage error for what is no day, or out of range."""
        day: date = click.DateTime(["%Y-%m-%d"]).convert(value, param, ctx).date()
        if not self.first <= day <= self.last:
            self.fail(f"{day} is out of range: give a day from {self.first} to {self.last}.", param, ctx)
        return day


class KnownOn(click.ParamType["AsOf"]):
    """A day, or the words now and latest."""

    name = "now|latest|date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> AsOf:
        """Usage error for what is neither."""
        return "now" if value == "now" else "latest" if value == "latest" else Day().convert(value, param, ctx)


as_of_option = click.option(
    "--as-of",
    type=KnownOn(),
    default="latest",
    help="Only what was known at the end of this day; now: of today; latest: of all loaded (the default).",
)


def window_options(command: Callable[P, R]) -> Callable[P, R]:
    """--from and --to: days of the reporting time zone, both included."""
    for name, destination in (("--to", "date_to"), ("--from", "date_from")):
        command = click.option(
            name,
            destination,
            type=Day(),
            help="First day." if name == "--from" else "Last day, included (default: the last 30 complete days).",
        )(command)
    return command


@contextmanager
def runtime(warehouse: Path | None = None) -> Iterator[Runtime]:
    """The process's runtime for one command, on the warehouse that it names."""
    overrides = {} if warehouse is None else {"warehouse": str(warehouse)}
    with use_runtime(Runtime(load_settings(overrides=overrides))) as opened:
        try:
            yield opened
        finally:
            opened.close()


def error_code(error: Exception) -> str:
    """The stable name of an error that scripts read."""
    code = getattr(error, "code", None)
    if isinstance(code, str):
        return code
    name = type(error).__name__
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).strip("_")


def expected_errors() -> tuple[type[Exception], ...]:
    """What the product raises on purpose: shown as one line."""
    from analytics.errors import AnalyticsError
    from llm.errors import LlmError

    return (AppError, AnalyticsError, LlmError)


def one_line_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Turns an error raised on purpose, or the disk's, into one line on stderr and exit status 1."""

    @functools.wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except expected_errors() as error:
            raise click.ClickException(_line(error)) from error
        except BrokenPipeError:
            raise
        except OSError as error:
            raise click.ClickException(
                _line(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "))
            ) from error

    return guarded


def _line(said: object) -> str:
    """An error as one line that a terminal shows and doesn't obey: files and arguments that it quotes are anybody's."""
    text = _CONTROL.sub("\ufffd", " ".join(str(said).split()))
    return text if len(text) <= LINE_WIDTH else text[: LINE_WIDTH - 1] + "…"


def note(text: str) -> None:
    """One line for the person at the terminal, on stderr."""
    click.echo(text, err=True)


def plain(value: object) -> Any:
    """The value as JSON has it: days and instants in ISO form, NaN and infinities as null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    return value


def print_rows(rows: Iterable[Mapping[str, object]], *, as_json: bool, columns: Sequence[str] | None = None) -> None:
    """Each row as a JSON object on its own line, or all of them as an aligned table of `columns` (default: all)."""
    if as_json:
        for row in rows:
            print_json(row)
        return
    table = [dict(row) for row in rows]
    if not table:
        note("Nothing to show.")
        return
    names = list(columns or table[0])
    cells = [
        [_cell(name) for name in names],
        *([_cell(row.get(name), "all" if name == "group" else "–") for name in names] for row in table),
    ]
    widths = [max(len(line[place]) for line in cells) for place in range(len(names))]
    is_number = [all(isinstance(row.get(name), int | float | None) for row in table) for name in names]
    for line in cells:
        padded = (
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, is_number, strict=True)
        )
        click.echo("  ".join(padded).rstrip())


def print_records(rows: Iterable[Mapping[str, object]], *, as_json: bool) -> None:
    """Rows of several kinds, told apart by `record`: JSON lines, or a table a kind."""
    if as_json:
        print_rows(rows, as_json=True)
        return
    kinds: dict[object, list[Mapping[str, object]]] = {}
    for row in rows:
        kinds.setdefault(row.get("record"), []).append({key: value for key, value in row.items() if key != "record"})
    for number, of_kind in enumerate(kinds.values()):
        if number:
            click.echo()
        print_rows(of_kind, as_json=False, columns=list(dict.fromkeys(key for row in of_kind for key in row)))


def print_load(result: Mapping[str, object], *, as_json: bool) -> None:
    """What became of a load's rows; its notes go to stderr."""
    notes = result.get("notes")
    for line in notes if isinstance(notes, tuple | list) else ():
        note(str(line))
    print_rows([{key: value for key, value in result.items() if key != "notes"}], as_json=as_json)


def print_json(row: Mapping[str, object]) -> None:
    """One object on one line of stdout, at once, so that a reader of a pipe sees it."""
    click.echo(json.dumps(plain(row), ensure_ascii=False, allow_nan=False))


def _cell(value: object, nothing: str = "–") -> str:
    """A value as text; `nothing` stands for an empty object."""
    value = plain(value)
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, dict):
        value = ", ".join(f"{key}={_cell(item)}" for key, item in value.items()) or nothing
    if isinstance(value, list):
        value = ", ".join(_cell(item) for item in value)
    text = _CONTROL.sub("\ufffd", " ".join(str(value).split()))  # a terminal would obey them
    return text if len(text) <= CELL_WIDTH else text[: CELL_WIDTH - 1] + "…"


@dataclass(frozen=True)
class InputLine:
    """One line of an input file: the object in it, or why there is none. `identity` is what its answer is called by."""

    identity: Mapping[str, object]
    value: Mapping[str, object]
    error: InputFileError | None


def input_lines(path: Path, id_key: str) -> Iterator[InputLine]:
    """The JSON objects of a file (`-` is stdin), one a line; blank lines are passed over. Raises InputFileError without a file."""
    if str(path) != "-" and not path.is_file():
        raise InputFileError("{path} is not a file: give a file of JSON lines, or - for stdin.", path=path)
    is_empty = True
    with nullcontext(sys.stdin.buffer) if str(path) == "-" else path.open("rb") as file:
        for line in _parsed(file, id_key):
            is_empty = False
            yield line
    if is_empty:
        note(f"{'stdin' if str(path) == '-' else path} holds no line: there was nothing to do.")


def one_object(path: Path) -> Mapping[str, object]:
    """The one JSON object of a file, on one line or over many. Raises InputFileError for anything else."""
    if not path.is_file():
        raise InputFileError("{path} is not a file: give a file with one JSON object.", path=path)
    try:
        if path.stat().st_size > MAX_LINE_BYTES:
            raise InputFileError("{path} is longer than {limit} MiB.", path=path, limit=64)
        value = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputFileError("{path} is not one JSON object in UTF-8: {error}", path=path, error=error) from error
    if not isinstance(value, dict):
        raise InputFileError(
            "{path} is not one JSON object in UTF-8: {error}", path=path, error="it holds another value"
        )
    return value


def _parsed(lines: Iterable[bytes], id_key: str) -> Iterator[InputLine]:
    for number, raw in enumerate(lines, start=1):
        identity: dict[str, object] = {"line": number}
        if not raw.strip():
            continue
        try:
            if len(raw) > MAX_LINE_BYTES:
                raise InputFileError("line {number}: longer than {limit} MiB.", number=number, limit=64)
            value = json.loads(raw.decode("utf-8-sig" if number == 1 else "utf-8"))
            if not isinstance(value, dict):
                raise InputFileError("line {number}: expected a JSON object.", number=number)
        except (ValueError, RecursionError) as error:  # also a number with more digits than Python reads
            fault = InputFileError("line {number} is not JSON in UTF-8: {error}", number=number, error=error)
            yield InputLine(identity, {}, fault)
        except InputFileError as error:
            yield InputLine(identity, {}, error)
        else:
            yield InputLine({id_key: value[id_key]} if id_key in value else identity, value, None)


def attempted(
    jobs: Iterable[tuple[Mapping[str, object], Callable[[], Mapping[str, object]]]],
) -> Iterator[tuple[Mapping[str, object], bool]]:
    """(answer, went well) of each (identity, job), in their order; one that fails gives its identity and the error, and the rest goes on."""
    for identity, job in jobs:
        try:
            yield job(), True
        except expected_errors() as error:
            yield _failed(identity, error), False


def answer_lines(
    lines: Iterable[InputLine], answer: Callable[[Mapping[str, object]], Mapping[str, object]]
) -> Iterator[tuple[Mapping[str, object], bool]]:
    """(answer, went well) of each line, in input order; as `attempted`."""

    def job(line: InputLine) -> Mapping[str, object]:
        if line.error is not None:
            raise line.error
        return answer(line.value)

    return attempted((line.identity, functools.partial(job, line)) for line in lines)


def _failed(identity: Mapping[str, object], error: Exception) -> dict[str, object]:
    return {**identity, "error": {"code": error_code(error), "message": " ".join(str(error).split())}}


def print_each(
    names: Sequence[str],
    rows_of: Callable[[str], Sequence[Mapping[str, object]]],
    *,
    id_key: str,
    as_json: bool,
    columns: Sequence[str],
) -> None:
    """Prints the rows of every name, in order; one that fails gives its name and the error, the rest goes on, and the exit status is 1."""
    found: list[Mapping[str, object]] = []
    failed: list[str] = []
    for name in names:
        try:
            found += rows_of(name)
        except expected_errors() as error:
            failed.append(f"{name}: {' '.join(str(error).split())}")
            found += [_failed({id_key: name}, error)] if as_json else []
    if found or not failed:
        print_rows(found, as_json=as_json, columns=columns)
    for line in failed:
        note(line)
    if failed:
        raise click.exceptions.Exit(1)


def print_answers(
    answers: Iterable[tuple[Mapping[str, object], bool]], *, as_json: bool, columns: Sequence[str]
) -> None:
    """Prints as they come (JSON) or as blocks for a person; exit status 1 at the end when a line failed."""
    failed = 0
    for answer, is_good in answers:
        failed += not is_good
        if as_json:
            print_json(answer)
        elif is_good:
            for name in columns:
                click.echo(f"{name}: {_shown(answer.get(name))}")
            click.echo()
        else:
            error = answer["error"]
            identity = next(iter(answer.values()))
            note(f"{identity}: {error['message'] if isinstance(error, dict) else error}")
    if failed:
        note(f"{failed} line{'s' if failed > 1 else ''} failed.")
        raise click.exceptions.Exit(1)


def _shown(value: object) -> str:
    return value if isinstance(value, str) else "–" if value is None else json.dumps(plain(value), ensure_ascii=False)


class Progress:
    """One line on stderr that is rewritten on a terminal, and nothing elsewhere."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()

    def __call__(self, stage: str, share: float | None = None) -> None:
        """`share` of the stage is done, 0–1; None when that can't be said."""
        if self._is_terminal:
            percent = "" if share is None else f" {share:.0%}"
            click.echo(f"\r\x1b[2K{stage}{percent}", err=True, nl=False)

    def done(self) -> None:
        """Leaves the line free for what comes next."""
        if self._is_terminal:
            click.echo("\r\x1b[2K", err=True, nl=False)


def drawn_seed(given: int | None) -> int:
    """The seed given, or one drawn now; it is said, so that a run can be had again."""
    seed = secrets.randbelow(2**31) if given is None else given
    note(f"seed {seed}")
    return seed
