"""Truth tables: what the simulator knows and a real marketplace never would. Only tests read them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analytics.demo import columns as cols
from analytics.demo import events as ev
from analytics.demo.orders import Orders
from analytics.demo.stream import FAULTS
from analytics.demo.world import Ints


class OrderTruth:
    """Writes truth/orders.parquet batch by batch: the causes behind each order's fate."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._writer: pq.ParquetWriter | None = None

    def add(self, orders: Orders, number: Ints) -> None:
        """Append a batch in the order given."""
        hours = np.where(orders.answered >= 0, (orders.answered - orders.asked) / 3600.0, -1.0)
        table = pa.table(
            {
                "order_id": ev.ids(ev.ORDER, number),
                "merchant_id": ev.ids(ev.MERCHANT, orders.merchant),
                "latent_experience": pa.array(orders.latent.astype(np.float32)),
                "days_late": pa.array(orders.days_late.astype(np.float32)),
                "late_fault": cols.coded(orders.late_fault, FAULTS),
                "is_outage": pa.array(orders.is_outage),
                "is_campaign": pa.array(orders.is_campaign),
                "is_lost": pa.array(orders.is_lost),
                "is_defective": pa.array(orders.is_defective),
                "is_asked": pa.array(orders.asked >= 0),
                "reply_hours": pa.array(hours.astype(np.float32), mask=hours < 0),
                "refund_days": pa.array(orders.refund_days.astype(np.float32), mask=orders.refund_days < 0),
            }
        )
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self._path, table.schema, compression="zstd", compression_level=1, store_schema=False
            )
        self._writer.write_table(table, row_group_size=cols.ROW_GROUP)

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()
