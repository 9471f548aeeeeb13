"""The whole run: bytes, counts, plausible figures, references between tables."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from analytics.demo import fill, generate
from analytics.errors import WarehouseError
from analytics.ingest import load
from analytics.warehouse import Warehouse
from tests.analytics.demo.conftest import SEED, Made


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.parquet"))
    }


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(made: Made, tmp_path: Path) -> None:
    generate(tmp_path / "again", scale="small", seed=SEED)
    generate(tmp_path / "other", scale="small", seed=SEED + 1)
    first, other = digests(made.folder), digests(tmp_path / "other")
    assert digests(tmp_path / "again") == first
    assert other.keys() == first.keys()
    # Only what was done to the marketplace is the same in every seed.
    assert [name for name in first if first[name] == other[name]] == ["truth/interventions.parquet"]


def test_counts_are_near_the_target_and_the_summary_tells_them(made: Made, events: pd.DataFrame) -> None:
    summary = made.summary
    assert summary.merchants == len(made.table("merchants")) == 203  # 200, and three shops of attackers
    assert summary.events == len(events) == pytest.approx(200_000, rel=0.05)
    assert summary.orders == events[events.kind == "order_placed"].order_id.nunique()
    assert summary.tickets == len(made.table("tickets")) == pytest.approx(700, rel=0.1)
    assert summary.messages == len(made.table("messages"))
    assert summary.buyers == len(made.table("buyers"))
    assert (str(summary.date_from), str(summary.date_to)) == ("2025-09-01", "2026-10-31")
    assert str(events.occurred_at.min().date()) == "2025-09-01"
    assert str(events.occurred_at.max().date()) == "2026-10-31"


def test_an_unknown_scale_is_named() -> None:
    with pytest.raises(ValueError, match="small, medium, large, not 'tiny'"):
        generate(Path("unused"), scale="tiny", seed=1)  # type: ignore[arg-type]


def test_figures_are_plausible(orders: pd.DataFrame, events: pd.DataFrame) -> None:
    delivered = orders[orders.delivered_at.notna()]
    reviews = events[events.kind == "review_posted"]
    share = reviews.score.value_counts(normalize=True)
    assert 0.03 < delivered.is_late.mean() < 0.12
    assert 4.1 < reviews.score.mean() < 4.5
    assert share[5] > 0.5
    assert share[1] > share[2]  # J-shaped
    assert 0.35 < delivered.score.notna().mean() < 0.60
    assert 0.008 < orders.is_disputed.mean() < 0.025
    early = orders[orders.placed_at < "2026-07-25"].sort_values("placed_at", kind="stable")
    next_at = orders.sort_values("placed_at", kind="stable").groupby("buyer_id").placed_at.shift(-1)
    again = (next_at.reindex(early.index) - early.placed_at) <= pd.Timedelta(days=90)
    assert 0.18 < again.mean() < 0.32


def test_every_reference_leads_somewhere(made: Made, events: pd.DataFrame) -> None:
    merchants, buyers = made.table("merchants").merchant_id, made.table("buyers").buyer_id
    products, tickets = made.table("products"), made.table("tickets")
    for table in (merchants, buyers, products.product_id, tickets.ticket_id, events.event_id):
        assert table.is_unique
    assert events.merchant_id.isin(merchants).all()
    assert events.buyer_id.dropna().isin(buyers).all()
    owner = products.set_index("product_id").merchant_id
    sold = events[events.product_id.notna()]
    assert (owner.reindex(sold.product_id).to_numpy() == sold.merchant_id.to_numpy()).all()
    placed = events[events.kind == "order_placed"].groupby("order_id").merchant_id.first()
    named = events[events.order_id.notna()]
    assert (placed.reindex(named.order_id).to_numpy() == named.merchant_id.to_numpy()).all()
    issued = events[events.kind == "penalty_issued"].set_index("event_id")
    later = events[events.kind.isin(["penalty_appealed", "penalty_lifted"])]
    assert len(later) > 10
    assert (issued.merchant_id.reindex(later.reason).to_numpy() == later.merchant_id.to_numpy()).all()
    assert (issued.occurred_at.reindex(later.reason).to_numpy() < later.occurred_at.to_numpy()).all()


def test_things_happen_in_order(events: pd.DataFrame, made: Made) -> None:
    at = events[events.order_id.notna()].groupby(["order_id", "kind"]).occurred_at.min().unstack()
    for before, after in (
        ("order_placed", "order_shipped"),
        ("order_shipped", "order_delivered"),
        ("order_delivered", "return_requested"),
        ("dispute_opened", "dispute_closed"),
        ("order_placed", "review_posted"),
        ("order_placed", "order_cancelled"),
    ):
        both = at[[before, after]].dropna()
        assert len(both) > 100
        assert (both[before] < both[after]).all(), (before, after)
    joined = made.table("merchants").set_index("merchant_id").joined_at
    placed = events[events.kind == "order_placed"]
    assert (placed.occurred_at.to_numpy() >= joined.reindex(placed.merchant_id).to_numpy()).all()


def test_filling_a_warehouse_passes_the_contract_without_one_bad_row(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse")
    result = fill(warehouse, "small", SEED)
    assert (result.quarantined, result.conflict, result.duplicate) == (0, 0, 0)
    assert result.loaded == result.read > 200_000
    assert warehouse.snapshot().is_demo
    assert {path.name for path in (warehouse.root / "truth").iterdir()} == {
        "attackers.parquet",
        "effects.parquet",
        "false_reviews.parquet",
        "interventions.parquet",
        "merchants.parquet",
        "orders.parquet",
        "penalties.parquet",
        "tickets.parquet",
    }
    assert not list(warehouse.root.glob("demo-*"))


def test_real_data_is_not_replaced_by_a_demo(tmp_path: Path) -> None:
    real = tmp_path / "merchants.csv"
    real.write_text("merchant_id,name\nm1,Ada\n", encoding="utf-8")
    warehouse = Warehouse(tmp_path / "warehouse")
    load(warehouse, "canonical", real, time_zone="UTC")
    with pytest.raises(WarehouseError, match="holds real data"):
        fill(warehouse, "small", SEED)
    assert not warehouse.snapshot().is_demo
