"""The desk's tables: tickets, messages and the merchants' CSAT answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from analytics.demo import columns as cols
from analytics.demo import events as ev
from analytics.demo import voices
from analytics.demo.conversation import Course
from analytics.demo.tickets import TicketSpec

_TIME = pa.timestamp("us", tz="UTC")


def write_desk(out: Path, written: Sequence[tuple[TicketSpec, Course]], rng: np.random.Generator) -> tuple[int, int]:
    """Write tickets, messages and one more shard of events. Returns the messages and the events written."""
    specs = [spec for spec, _ in written]
    opened = {spec.ticket_id: spec.opened_at for spec in specs}
    rows = voices.render(specs, rng)
    ticket_ids, seqs, authors, offsets, texts = zip(*rows, strict=True)
    sent = [opened[ticket] + timedelta(seconds=offset) for ticket, offset in zip(ticket_ids, offsets, strict=True)]
    cols.write(
        out / "messages" / "0.parquet",
        {
            "message_id": pa.array(f"{ticket}-{seq + 1:02d}" for ticket, seq in zip(ticket_ids, seqs, strict=True)),
            "ticket_id": pa.array(ticket_ids),
            "sent_at": pa.array(sent, _TIME),
            "author": pa.array(authors),
            "text": pa.array(texts),
        },
    )
    last = dict(zip(ticket_ids, sent, strict=True))
    cols.write(
        out / "tickets" / "0.parquet",
        {
            "ticket_id": pa.array([s.ticket_id for s in specs]),
            "merchant_id": pa.array([s.merchant_id for s in specs]),
            "opened_by": pa.array([s.opened_by for s in specs]),
            "buyer_id": pa.array([s.buyer_id for s in specs], pa.string()),
            "order_id": pa.array([s.order_ids[0] if s.orders else None for s in specs], pa.string()),
            "opened_at": pa.array([s.opened_at for s in specs], _TIME),
            "channel": pa.array([s.channel for s in specs]),
            "subject": pa.array([voices.subject(s) for s in specs]),
            "status": pa.array([s.status for s in specs]),
            "priority": pa.array([s.priority for s in specs]),
            "resolved_at": pa.array([s.resolved_at for s in specs], _TIME),
            "csat_score": pa.array([s.csat_score for s in specs], pa.int32()),
            "updated_at": pa.array([last[s.ticket_id] for s in specs], _TIME),
        },
    )
    return len(rows), _write_csat(out, written)


def _write_csat(out: Path, written: Sequence[tuple[TicketSpec, Course]]) -> int:
    answered = [
        (spec.opened_at + timedelta(seconds=course.csat_offset), spec)
        for spec, course in written
        if course.csat_offset is not None
    ]
    answered.sort(key=lambda answer: (answer[0], answer[1].ticket_id))
    known: dict[str, list[object]] = {
        "event_id": [f"C-{spec.ticket_id}" for _, spec in answered],
        "occurred_at": [when for when, _ in answered],
        "kind": ["csat_answered"] * len(answered),
        "merchant_id": [spec.merchant_id for _, spec in answered],
        "score": [spec.csat_score for _, spec in answered],
        "reason": [spec.ticket_id for _, spec in answered],
    }
    empty: list[object] = [None] * len(answered)
    cols.write(
        out / "events" / "merchant-csat.parquet",
        {name: pa.array(known.get(name, empty), kind) for name, kind in ev.TYPES.items()},
    )
    return len(answered)
