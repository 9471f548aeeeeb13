"""Hard text through a whole load, from file to column: unchanged."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from analytics.ingest import Correction, load, replay
from tests.analytics.ingest.folders import make_warehouse

DATA = next(
    (parent / "shared" / "data" for parent in Path(__file__).parents if (parent / "shared" / "data").is_dir()), Path()
)
# The expected file of location_coordinates holds another telephone number than its CSV.
SPECTRUM = sorted(
    path for path in (DATA / "csv_spectrum" / "csvs").glob("*.csv") if path.stem != "location_coordinates"
)
NAUGHTY = DATA / "naughty_strings" / "blns.json"

ADAPTER = """
name = "any"
[files.any]
match = "any.csv"
"""

pytestmark = pytest.mark.acceptance


@pytest.mark.skipif(not SPECTRUM, reason="the csv-spectrum files are not there")
@pytest.mark.parametrize("path", SPECTRUM, ids=lambda path: path.stem)
def test_every_cell_of_csv_spectrum_comes_through_a_load(tmp_path: Path, path: Path) -> None:
    expected = json.loads((path.parents[1] / "json" / f"{path.stem}.json").read_text())
    own, source = tmp_path / "own", tmp_path / "in"
    own.mkdir()
    source.mkdir()
    (source / "any.csv").write_bytes(path.read_bytes())
    (own / "adapter.toml").write_text(ADAPTER)
    of_column = (
        f"select _line || '|{name}' as message_id, '{name}' as ticket_id, '2024-01-01' as sent_at, 'agent' as author, "
        f'"{name}" as text, _file, _line from raw_any'
        for name in expected[0]
    )
    (own / "messages.sql").write_text(" union all ".join(of_column))
    warehouse = make_warehouse(tmp_path)
    result = load(warehouse, own, source)
    assert (result.read, result.loaded) == (len(expected) * len(expected[0]),) * 2
    with warehouse.cursor() as cursor:
        found = cursor.rows("select ticket_id, text from messages")
    assert Counter((row["ticket_id"], row["text"] or "") for row in found) == Counter(
        (name, cell) for row in expected for name, cell in row.items()
    )


@pytest.mark.skipif(not NAUGHTY.is_file(), reason="the naughty strings are not there")
@pytest.mark.parametrize("is_replayed", [False, True], ids=["loaded", "replayed"])
def test_every_naughty_string_comes_through_a_load_and_a_replay(tmp_path: Path, is_replayed: bool) -> None:
    strings = json.loads(NAUGHTY.read_text(encoding="utf-8"))
    assert len(strings) > 500
    source = tmp_path / "in"
    source.mkdir()
    with (source / "messages.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("message_id", "ticket_id", "sent_at", "author", "text"))
        sent_at = "" if is_replayed else "2024-01-01"
        writer.writerows((f"m{place}", "t", sent_at, "agent", text) for place, text in enumerate(strings))
    warehouse = make_warehouse(tmp_path)
    result = load(warehouse, "canonical", source)
    if is_replayed:
        assert (result.loaded, result.quarantined) == (0, len(strings))
        dated = [Correction(row_id, {"sent_at": "2024-01-01"}) for row_id in warehouse.quarantine()["row_id"]]
        result = replay(warehouse, dated)
    assert result.loaded == len(strings)
    with warehouse.cursor() as cursor:
        found = {row["message_id"]: row["text"] or "" for row in cursor.rows("select message_id, text from messages")}
    assert found == {f"m{place}": text for place, text in enumerate(strings)}
