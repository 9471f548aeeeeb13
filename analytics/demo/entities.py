"""The tables of merchants, buyers and products."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from analytics.demo import columns as cols
from analytics.demo import events as ev
from analytics.demo.market import Market
from analytics.demo.world import CATEGORIES, REGIONS, TIERS


def write_entities(out: Path, market: Market) -> None:
    """Write merchants, buyers and products, each as one shard, in order of their ids."""
    merchants, products, buyers = market.merchants, market.products, market.buyers
    end = market.calendar.end
    n = len(merchants)
    regions = [region.name for region in REGIONS]
    categories = [category.name for category in CATEGORIES]
    cols.write(
        out / "merchants" / "0.parquet",
        {
            "merchant_id": ev.ids(ev.MERCHANT, np.arange(n)),
            "name": pa.array(merchants.name),
            "category": cols.coded(merchants.category, categories),
            "region": cols.coded(merchants.region, regions),
            "tier": cols.coded(merchants.tier, TIERS),
            "joined_at": cols.instants(merchants.joined_at),
            "updated_at": cols.instants(np.full(n, end)),
        },
    )
    cols.write(
        out / "buyers" / "0.parquet",
        {
            "buyer_id": ev.ids(ev.BUYER, np.arange(buyers.count)),
            "region": cols.coded(buyers.region, regions),
            "joined_at": cols.instants(buyers.joined_at),
            "updated_at": cols.instants(buyers.joined_at),
        },
    )
    owner = products.merchant
    cols.write(
        out / "products" / "0.parquet",
        {
            "product_id": ev.ids(ev.PRODUCT, np.arange(len(owner))),
            "merchant_id": ev.ids(ev.MERCHANT, owner),
            "category": cols.coded(merchants.category[owner], categories),
            "title": pa.array(products.title),
            "price_amount": cols.money(products.price_minor),
            "currency": cols.coded(ev.currency_codes(merchants.region[owner]), ev.CURRENCIES),
            "updated_at": cols.instants(np.maximum(merchants.joined_at[owner], 0)),
        },
    )
