"""Every way to take in a file keeps the same rows, so that their times are those of the same work; and the file is the one asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from analytics.bench import events, ways
from analytics.tables import TABLES

ROWS = 3_000


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Demo events with one of them twice and seven that break the contract, as Parquet and as CSV."""
    folder = tmp_path_factory.mktemp("events")
    written = events.write_events(folder, ROWS)
    table = pq.read_table(written["parquet"] / "events.parquet")
    assert table.num_rows == ROWS
    frame = table.to_pandas()
    assert frame["occurred_at"].is_monotonic_increasing
    assert frame["event_id"].is_unique
    spoiled = frame.head(7).copy()
    spoiled["event_id"] = [f"bad{place}" for place in range(7)]
    spoiled.loc[0, "kind"] = "teleported"
    spoiled.loc[1, ["kind", "order_id"]] = ["order_shipped", None]
    spoiled.loc[2, ["kind", "score"]] = ["review_posted", 6]
    spoiled.loc[3, "occurred_at"] = None
    spoiled.loc[4, "product_id"] = "P\x01"
    spoiled.loc[5, "quantity"] = -1
    spoiled.loc[6, "currency"] = "dollar"
    whole = pd.concat([frame, frame.tail(1), spoiled])[list(TABLES["events"].column_names())]
    typed = table.schema.remove_metadata()
    pq.write_table(pa_table(whole, typed), written["parquet"] / "events.parquet")
    whole = whole.astype(dict.fromkeys(("quantity", "score", "penalty_points"), "Int64"))  # 1, not 1.0
    whole.to_csv(written["csv"] / "events.csv", index=False)
    return written


def pa_table(frame: pd.DataFrame, schema: object) -> object:
    import pyarrow as pa

    return pa.Table.from_pandas(frame, schema=schema, preserve_index=False)


@pytest.mark.parametrize("name", ["parquet", "csv"])
@pytest.mark.parametrize("way", list(ways.WAYS))
def test_each_way_keeps_the_same_rows(
    sources: dict[str, Path], tmp_path: Path, way: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ways.main(way, str(sources[name] / f"events.{name}"), str(tmp_path), "2", "1GB")
    found = json.loads(capsys.readouterr().out)
    assert found["rows"] == (ROWS + 8 if way == "limit" else ROWS)
    assert found["seconds"] == pytest.approx(sum(found["steps"].values()))
    assert found["peak_memory_mib"] > 10
    steps = {"ours": ["read", "merge", "marts", "publish"], "limit": ["read"]}
    assert list(found["steps"]) == steps.get(way, ["read", "contract", "merge", "marts", "write"])


def test_beyond_the_demo_it_is_repeated_under_other_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def short(out: Path, **_: object) -> None:
        stamps = pd.to_datetime(["2026-01-01", "2026-01-02"], utc=True)
        frame = pd.DataFrame({"event_id": ["a", "b"], "occurred_at": stamps, "order_id": ["o", None]})
        (out / "events").mkdir()
        frame.to_parquet(out / "events" / "1.parquet")

    monkeypatch.setattr(events, "generate", short)
    written = events.write_events(tmp_path, 5)
    ids = pd.read_csv(written["csv"] / "events.csv")
    assert ids["event_id"].tolist() == ["a", "b", "t1-a", "t1-b", "t2-a"]
    assert ids["order_id"].dropna().tolist() == ["o", "t1-o", "t2-o"]
