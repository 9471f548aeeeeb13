"""One small marketplace for all tests of this folder: its tables as pandas frames."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow.dataset as ds
import pytest

from analytics.demo import DemoSummary, generate

SEED = 7


@dataclass(frozen=True)
class Made:
    folder: Path
    summary: DemoSummary

    def table(self, name: str) -> pd.DataFrame:
        """A canonical table, or truth/NAME."""
        path = self.folder / (f"{name}.parquet" if name.startswith("truth/") else name)
        return ds.dataset(path).to_table().to_pandas()


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("demo")
    return Made(folder, generate(folder, scale="small", seed=SEED))


@pytest.fixture(scope="session")
def events(made: Made) -> pd.DataFrame:
    return made.table("events")


@pytest.fixture(scope="session")
def orders(made: Made, events: pd.DataFrame) -> pd.DataFrame:
    """One row per order, put together from its events alone, with the merchant's region beside it."""
    placed = events[events.kind == "order_placed"].groupby("order_id").agg(
        merchant_id=("merchant_id", "first"),
        buyer_id=("buyer_id", "first"),
        placed_at=("occurred_at", "min"),
        ship_by_at=("ship_by_at", "first"),
        deliver_by_at=("deliver_by_at", "first"),
    )  # fmt: skip
    for kind, name in (("order_shipped", "shipped_at"), ("order_delivered", "delivered_at")):
        placed[name] = events[events.kind == kind].set_index("order_id").occurred_at
    placed["carrier"] = events[events.kind == "order_shipped"].set_index("order_id").carrier
    placed["score"] = events[events.kind == "review_posted"].groupby("order_id").score.min()
    placed["is_disputed"] = placed.index.isin(events[events.kind == "dispute_opened"].order_id)
    placed["is_late"] = placed.delivered_at > placed.deliver_by_at
    placed["is_late_dispatch"] = placed.shipped_at > placed.ship_by_at
    merchants = made.table("merchants").set_index("merchant_id")
    placed["region"] = merchants.region.reindex(placed.merchant_id).to_numpy()
    return placed.reset_index()
