"""Opens one source file as a DuckDB view of rows with their file and line: CSV, Parquet or JSON lines.

CSV and JSON lines are read as text, Parquet with its own types. Knows no contract and no source.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from analytics.engines.duckdb import first_line, quote
from analytics.errors import InputError
from analytics.ingest.encodings import detect_encoding, to_utf8

FORMATS: Mapping[str, str] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_SAMPLE = 1 << 16
_MAX_LINE = 16_000_000


@dataclass(frozen=True)
class Dialect:
    """What a person may set of a text file; None = detected."""

    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None


@dataclass(frozen=True)
class SourceFile:
    """A file as found: `name` is its path inside the folder given, `columns` are in file order."""

    path: Path
    name: str
    format: str
    columns: tuple[str, ...]
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'


def inspect_file(path: Path, name: str, dialect: Dialect | None = None) -> SourceFile:
    """Find out a file's format, encoding, dialect and columns. InputError says in one line what is wrong with it."""
    if not path.is_file():
        raise InputError(f"There is no file {path}: check the path.")
    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty (0 bytes): export it again.")
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise InputError(f"{path} is no {', '.join(FORMATS)} file: convert it to one of them.")
    if kind == "parquet":
        return SourceFile(path, name, kind, _parquet_columns(path))
    dialect = dialect or Dialect()
    encoding = dialect.encoding or detect_encoding(path)
    sample = _sample(path, encoding)
    if not sample.strip():
        raise InputError(f"{path} is empty (blank lines only): export it again.")
    if kind == "jsonl":
        return SourceFile(path, name, kind, (), encoding)
    delimiter = dialect.delimiter or _guess_delimiter(path, sample)
    quote_character = dialect.quote or _guess_quote(sample, delimiter)
    columns = _csv_columns(path, sample, delimiter, quote_character)
    return SourceFile(path, name, kind, columns, encoding, delimiter, quote_character)


def _parquet_columns(path: Path) -> tuple[str, ...]:
    try:
        with duckdb.connect(":memory:") as connection:
            rows = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({quote(path)})").fetchall()
    except duckdb.Error as error:
        raise InputError(
            f"{path} is no complete Parquet file ({first_line(error)}): wait until it is written, or copy it again."
        ) from error
    check_names(path, [row[0] for row in rows])
    return tuple(row[0] for row in rows)


def _sample(path: Path, encoding: str) -> str:
    try:
        with path.open("r", encoding=encoding, errors="replace", newline="") as stream:
            return stream.read(_SAMPLE).removeprefix("\ufeff")
    except LookupError:
        raise InputError(
            f"{encoding!r} is no encoding that Python knows: set one such as utf-8, cp1252 or gb18030."
        ) from None
    except UnicodeError as error:
        raise InputError(f"{path} is not in the encoding {encoding}: set encoding under [file] in the map.") from error


def _guess_delimiter(path: Path, sample: str) -> str:
    header = next(line for line in sample.splitlines() if line.strip())
    counts = {candidate: header.count(candidate) for candidate in (",", ";", "\t", "|")}
    best = max(counts, key=lambda candidate: counts[candidate])
    if counts[best] == 0 and path.suffix.lower() == ".tsv":
        return "\t"
    return best


def _guess_quote(sample: str, delimiter: str) -> str:
    opened = {mark: sample.count(delimiter + mark) + sample.count("\n" + mark) for mark in ('"', "'")}
    return "'" if opened['"'] == 0 and opened["'"] > 1 and "'" + delimiter in sample else '"'


def _csv_columns(path: Path, sample: str, delimiter: str, quote_character: str) -> tuple[str, ...]:
    try:
        reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, quotechar=quote_character)
        header = next(row for row in reader if row)
    except (csv.Error, TypeError, StopIteration) as error:
        raise InputError(f"The first line of {path} is no CSV header ({error}): set delimiter under [file].") from error
    columns = tuple(name.strip() or f"column_{place}" for place, name in enumerate(header, start=1))
    if any(not character.isprintable() for name in columns for character in name):
        raise InputError(f"The first line of {path} holds control characters: set encoding under [file] in the map.")
    check_names(path, columns)
    return columns


def check_names(path: Path, columns: Sequence[str]) -> None:
    """InputError when two columns share a name (SQL doesn't tell case apart), or one is called as the reader's own."""
    seen: set[str] = set()
    for name in columns:
        if name.lower() in ("_file", "_line"):
            raise InputError(f"{path} has a column named {name!r}, which is used to keep a row's origin: rename it.")
        if name.lower() in seen:
            raise InputError(f"{path} has two columns named {name!r}: rename one of them.")
        seen.add(name.lower())


class Reader:
    """Makes views of source files in one connection, converting text through `staging`; keeps what CSV refused."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, staging: Path) -> None:
        self._connection = connection
        self._staging = staging
        self._count = 0
        self.files: dict[str, SourceFile] = {}
        self.utf8: dict[str, Path] = {}
        self.without_rows: list[str] = []
        connection.execute("CREATE TABLE malformed (file VARCHAR, byte BIGINT, reason VARCHAR, raw VARCHAR)")

    def open(self, file: SourceFile, view: str) -> None:
        """Create the view: the file's columns, `_file` (its name) and `_line`.

        `_line` counts rows from 1 for Parquet, lines from 1 for JSON lines, and for CSV records from 2, the header being
        1 (`physical_lines` makes lines of those). Malformed CSV and JSON lines go to the table `malformed`. The name of a
        file that gives neither a row nor a malformed line goes to `without_rows`.
        """
        self._count += 1
        self.files[file.name] = file
        if file.format == "parquet":
            sql = _numbered(file.path, file, 1)
        else:
            text = to_utf8(file.path, file.encoding, self._staging / f"utf8_{self._count}")
            self.utf8[file.name] = text
            try:
                sql = self._csv(file, text) if file.format == "csv" else self._json_lines(file, text)
            except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
                raise InputError(f"{file.path} can't be read as {file.format}: {first_line(error)}") from error
        self._connection.execute(f'CREATE OR REPLACE VIEW "{view}" AS {sql}')
        rows = f'SELECT 1 FROM "{view}" UNION ALL SELECT 1 FROM malformed WHERE file = {quote(file.name)} LIMIT 1'
        if not self._connection.execute(rows).fetchall():
            self.without_rows.append(file.name)

    def _csv(self, file: SourceFile, text: Path) -> str:
        columns = ", ".join(f"{quote(name)}: 'VARCHAR'" for name in file.columns)
        rejects = f"rejects_{self._count}"
        target = self._staging / f"raw_{self._count}.parquet"
        self._connection.execute(
            f"COPY (SELECT * FROM read_csv({quote(text)}, auto_detect = false, "
            f"header = true, delim = {quote(file.delimiter)}, quote = {quote(file.quote)}, escape = {quote(file.quote)}, "
            f"columns = {{{columns}}}, max_line_size = {_MAX_LINE}, buffer_size = {2 * _MAX_LINE}, store_rejects = true, rejects_limit = 0, "
            f"rejects_table = '{rejects}', rejects_scan = '{rejects}_scan')) TO {quote(target)} (FORMAT parquet)"
        )
        # One bad line can be listed several times, once a column: the first says why.
        self._connection.execute(
            f"INSERT INTO malformed SELECT {quote(file.name)}, line_byte_position, min_by(error_message, column_idx), "
            f"any_value(left(trim(csv_line, chr(10) || chr(13)), 4000)) FROM {rejects} GROUP BY line_byte_position"
        )
        # Rows are written in the order of the file, by several threads; counting them while reading would take one.
        return _numbered(target, file, 2)

    def _json_lines(self, file: SourceFile, text: Path) -> str:
        target = self._staging / f"raw_{self._count}.parquet"
        self._connection.execute(
            f"COPY (SELECT CASE WHEN is_row THEN line END AS line, CASE WHEN NOT is_row THEN line END AS refused, _line "
            f"FROM (SELECT line, row_number() OVER () AS _line, "
            f"CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' ELSE false END AS is_row "
            f"FROM read_csv({quote(text)}, auto_detect = false, header = false, delim = chr(31), quote = '', escape = '', "
            f"columns = {{'line': 'VARCHAR'}}, max_line_size = {_MAX_LINE}, buffer_size = {2 * _MAX_LINE}))) TO {quote(target)} (FORMAT parquet)"
        )
        lines = f"read_parquet({quote(target)})"
        self._connection.execute(
            f"INSERT INTO malformed SELECT {quote(file.name)}, -_line, 'is no JSON object', left(refused, 4000) "
            f"FROM {lines} WHERE refused IS NOT NULL"
        )
        keys = self._connection.execute(
            f"SELECT DISTINCT unnest(json_keys(line)) AS key FROM {lines} WHERE line IS NOT NULL ORDER BY key"
        ).fetchall()
        columns = "".join(f", line ->> {quote(_json_path(key))} AS {_identifier(key)}" for (key,) in keys)
        check_names(file.path, [key for (key,) in keys])
        return f"SELECT {quote(file.name)} AS _file, _line{columns} FROM {lines} WHERE line IS NOT NULL"


def _numbered(parquet: Path, file: SourceFile, first: int) -> str:
    """The rows of a Parquet file with their origin; the first one is at line `first`."""
    return (
        f"SELECT * EXCLUDE (file_row_number), {quote(file.name)} AS _file, file_row_number + {first} AS _line "
        f"FROM read_parquet({quote(parquet)}, file_row_number = true)"
    )


def _json_path(key: str) -> str:
    return '$."' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def physical_lines(file: SourceFile, text: Path, records: set[int], malformed_lines: set[int]) -> dict[int, int]:
    """Where CSV records begin in the file: record number (header = 1) → line from 1.

    Records that begin on a malformed line have no number. One pass over the text, up to the last record asked for.
    """
    csv.field_size_limit(_MAX_LINE)
    found: dict[int, int] = {}
    last = max(records, default=0)
    record = 0
    with text.open("r", encoding="utf-8", errors="replace", newline="") as stream:
        reader = csv.reader(stream, delimiter=file.delimiter, quotechar=file.quote)
        begins = 1
        for row in reader:
            if row and begins not in malformed_lines:
                record += 1
                if record in records:
                    found[record] = begins
                if record >= last:
                    break
            begins = reader.line_num + 1
    return found


def lines_in_open_quote(file: SourceFile, text: Path, position: int) -> int:
    """How many lines after its first the record at a byte position (from 1) takes with a quote that never closes; 0: none does."""
    csv.field_size_limit(_MAX_LINE)
    with text.open("rb") as binary:
        binary.seek(position - 1)
        stream = io.TextIOWrapper(binary, encoding="utf-8", errors="replace", newline="")
        reader = csv.reader(stream, delimiter=file.delimiter, quotechar=file.quote, strict=True)
        begins = 1
        try:
            while not next(reader, ["end"]):
                begins = reader.line_num + 1
        except csv.Error as error:
            return reader.line_num - begins if "unexpected end of data" in str(error) else 0
    return 0


def lines_of_bytes(text: Path, positions: Sequence[int]) -> dict[int, int]:
    """Byte positions → the lines (from 1) that they lie on, skipping blank lines at the position itself."""
    found: dict[int, int] = {}
    line, offset = 1, 0
    with text.open("rb") as stream:
        for position in sorted(positions):
            while offset < position:
                chunk = stream.read(min(1 << 20, position - offset))
                if not chunk:
                    break
                line += chunk.count(b"\n")
                offset += len(chunk)
            skipped = 0
            while (following := stream.read(1)) in (b"\n", b"\r"):
                skipped += following == b"\n"
                offset += 1
            offset += len(following)
            line += skipped
            found[position] = line
    return found
