"""Readers: any text survives CSV, dialects are found, lines are those of the file."""

import csv
import io
import json
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.errors import InputError
from analytics.ingest.readers import Dialect, Reader, inspect_file, physical_lines

SPECTRUM = Path(__file__).resolve().parents[4] / "shared" / "data" / "csv_spectrum"

# location_coordinates is left out: its JSON gives another phone number than its CSV.
SPECTRUM_FILES = sorted(path for path in SPECTRUM.glob("csvs/*.csv") if path.stem != "location_coordinates")

# Any text but control characters (made visible by the contract) and lone surrogates (no UTF-8 holds them); with commas,
# quotes and line breaks more often than chance.
TEXT = st.lists(
    st.one_of(st.sampled_from([",", '"', "\n", "\r\n", ";", "\t", "'", " ", "，"]), st.characters(exclude_categories=("Cc", "Cs"))),
    max_size=12,
).map("".join)  # fmt: skip


def read(
    tmp: Path, text: str | bytes, name: str = "file.csv", dialect: Dialect | None = None
) -> list[dict[str, object]]:
    path = tmp / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    staging = tmp / "staging"
    staging.mkdir(exist_ok=True)
    with duckdb.connect(":memory:") as connection:
        file = inspect_file(path, name, dialect)
        Reader(connection, staging).open(file, "raw")
        result = connection.execute("select * exclude (_file) from raw order by _line")
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@settings(max_examples=60)
@given(rows=st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=6), delimiter=st.sampled_from(",;\t|"))
def test_any_text_survives_csv(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]], delimiter: str
) -> None:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(("first", "second", "third"))
    writer.writerows(rows)
    found = read(tmp_path_factory.mktemp("csv"), stream.getvalue())
    assert [tuple(row[name] or "" for name in ("first", "second", "third")) for row in found] == rows


@settings(max_examples=40)
@given(rows=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=6))
def test_the_line_of_a_record_is_where_it_begins(
    rows: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    stream = io.StringIO()
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
    writer.writerow(("first", "second"))
    expected = {}
    for record, row in enumerate(rows, start=2):
        expected[record] = stream.getvalue().count("\n") + 1
        writer.writerow(row)
    path = tmp_path_factory.mktemp("lines") / "file.csv"
    path.write_text(stream.getvalue(), encoding="utf-8", newline="")
    file = inspect_file(path, path.name)
    assert physical_lines(file, path, set(expected), set()) == expected


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", ['"', "'"])
def test_delimiter_and_quote_are_found(tmp_path: Path, delimiter: str, mark: str) -> None:
    rows = [("a", "b"), ("x" + delimiter + "y", "1"), ("plain", "2"), (f"say {mark}hi{mark}", "3")]
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, quotechar=mark, quoting=csv.QUOTE_ALL).writerows(rows)
    assert [(row["a"], row["b"]) for row in read(tmp_path, stream.getvalue())] == rows[1:]


def test_a_dialect_that_is_set_wins(tmp_path: Path) -> None:
    text = "a,b;c\n1,2;3\n"
    assert read(tmp_path, text, dialect=Dialect(delimiter=";"))[0] == {"a,b": "1,2", "c": "3", "_line": 2}


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbfa,b\n1,2\n")[0] == {"a": "1", "b": "2", "_line": 2}


def test_a_column_without_a_name_is_numbered(tmp_path: Path) -> None:
    assert read(tmp_path, "a,,c\n1,2,3\n")[0] == {"a": "1", "column_2": "2", "c": "3", "_line": 2}


def test_json_keys_of_any_spelling_become_columns(tmp_path: Path) -> None:
    line = {"plain": 1, 'with "quotes"': "x", "dotted.name": None, "nested": {"a": [1]}, "zh 名": "好"}
    (row,) = read(tmp_path, json.dumps(line) + "\n", "file.jsonl")
    assert row.pop("_line") == 1
    assert row == {"plain": "1", 'with "quotes"': "x", "dotted.name": None, "nested": '{"a":[1]}', "zh 名": "好"}


@pytest.mark.parametrize("name", ["_line", "_FILE"])
def test_a_name_that_the_reader_needs_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="rename it"):
        read(tmp_path, f"a,{name}\n1,2\n")


def test_a_binary_file_named_csv_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read(tmp_path, bytes(range(256)) * 20)


@pytest.mark.acceptance
@pytest.mark.skipif(not SPECTRUM.is_dir(), reason=f"the csv-spectrum files are not at {SPECTRUM}")
@pytest.mark.parametrize("path", SPECTRUM_FILES, ids=lambda path: path.stem)
def test_csv_spectrum(tmp_path: Path, path: Path) -> None:
    expected = json.loads((SPECTRUM / "json" / f"{path.stem}.json").read_text())
    found = read(tmp_path, path.read_bytes())
    assert [{k: v or "" for k, v in row.items() if k != "_line"} for row in found] == expected
