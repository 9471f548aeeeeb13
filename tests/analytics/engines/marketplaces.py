"""A marketplace for comparing engines: the random one, and rows where engines are known to part ways."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.analytics.metrics.marketplace import Row, build, merchant
from tests.analytics.metrics.random_marketplace import random_tables

EPOCH = datetime(2014, 1, 1, tzinfo=UTC)
# Instants around which a local day begins: São Paulo's midnight in summer and in winter, both changes of its clock in
# 2018 (at midnight: one midnight never was, one hour came twice), and midnight in Kathmandu, 5:45 ahead of UTC.
DAY_BORDERS = (
    datetime(2018, 1, 15, 2, tzinfo=UTC),
    datetime(2018, 2, 18, 1, tzinfo=UTC),
    datetime(2018, 2, 18, 2, tzinfo=UTC),
    datetime(2018, 2, 18, 3, tzinfo=UTC),
    datetime(2018, 11, 4, 3, tzinfo=UTC),
    datetime(2018, 6, 30, 3, tzinfo=UTC),
    datetime(2018, 6, 30, 18, 15, tzinfo=UTC),
)
MICROSECOND = timedelta(microseconds=1)


# (line, merchant, amount, currency): halves of a cent, two currencies in one order of three merchants.
SPLIT_ORDER = (
    ("1", "m1", "1.0050", "EUR"),
    ("2", "m2", "1.0150", "EUR"),
    ("3", "m3", "2.3449", "USD"),
    ("4", "m1", "0.0001", "USD"),
)
# The least of several words goes by bytes, whatever the case, the accents and the plane.
CARRIERS = (
    ("m1", "ups"), ("m1", "UPS"), ("m1", "Ärger"), ("m2", "é"), ("m2", "z"), ("m2", "e\u0301"),
    ("m3", "\U0001f600"), ("m3", "\uffee"),
)  # fmt: skip
# Milliseconds at which was asked and answered: seconds are counted between the borders of seconds.
ASKED_AND_ANSWERED = ((900, 1100), (1100, 1900), (0, 999), (999, 1000), (5, 5))
# Reviews whose ids have no copies, one part, or too many parts.
REVIEW_IDS = ("plain", "r|words", "r|words|m1|x", "|", "R|words|m1")


def edge_tables() -> dict[str, list[Row]]:
    """The random marketplace with the rows above; the same on every call."""
    tables = random_tables(1)
    for number, row in enumerate((*_at_day_borders(), *_orders(), *_words())):
        tables["events"].append({"event_id": f"x{number}", **row})
    tables["tickets"] += _at_bucket_borders()
    tables["merchants"].append({**merchant("m5"), "joined_at": None, "name": "Zoë's \\ shop"})
    return tables


def _row(kind: str, when: datetime, merchant_id: str, **values: object) -> Row:
    return {"occurred_at": when, "kind": kind, "merchant_id": merchant_id, **values}


def _at_day_borders() -> Iterator[Row]:
    day = timedelta(days=1)
    for border in DAY_BORDERS:
        for step in (-1, 0, 1):
            when = border + step * MICROSECOND
            order = {"order_id": f"o-{border:%m%d%H%M}{step:+}", "buyer_id": "b1"}
            yield _row("order_placed", when, "m1", **order, amount="0.005", currency="EUR", deliver_by_at=when + day)
            yield _row("order_delivered", when + day + step * MICROSECOND, "m1", **order)
            yield _row("penalty_issued", when, "m1", penalty_points=1)


def _orders() -> Iterator[Row]:
    for line, merchant_id, amount, currency in SPLIT_ORDER:
        money = {"amount": amount, "currency": currency}
        yield _row("order_placed", EPOCH, merchant_id, order_id="split", line_id=line, **money)
    yield _row("refund_paid", EPOCH, "m1", order_id="split", amount="0.015", currency="EUR")
    yield _row("refund_paid", EPOCH, "m2", order_id="split", amount="7", currency="JPY")
    for merchant_id in ("m1", "m2", "m3"):
        yield _row("order_placed", EPOCH, merchant_id, order_id="words", line_id="1")
    for merchant_id, carrier in CARRIERS:
        yield _row("order_shipped", EPOCH, merchant_id, order_id="words", carrier=carrier)


def _words() -> Iterator[Row]:
    for buyer, (asked, answered) in enumerate(ASKED_AND_ANSWERED):
        yield _row("question_asked", EPOCH + timedelta(milliseconds=asked), "m1", buyer_id=f"q{buyer}")
        yield _row("question_answered", EPOCH + timedelta(milliseconds=answered), "m1", buyer_id=f"q{buyer}")
    for event_id in REVIEW_IDS:
        yield _row("review_posted", EPOCH, "m1", order_id="words", score=3, event_id=event_id)
    for score in (1, 2):  # two answers at one instant: the larger event_id is the last
        yield _row("csat_answered", EPOCH + timedelta(days=1), "m4", score=score, reason="d9-0")


def _at_bucket_borders() -> list[Row]:
    """Tickets resolved just before and after every border of the duration buckets up to nine years."""
    tickets = []
    for bucket in range(449):
        for step in (0, 1):
            opened = EPOCH + timedelta(milliseconds=500 * step)
            tickets.append(
                {
                    "ticket_id": f"d{bucket}-{step}", "merchant_id": "m4", "opened_by": "merchant", "opened_at": opened,
                    "status": "resolved", "resolved_at": opened + timedelta(seconds=int(2 ** (bucket / 16)) + step),
                }
            )  # fmt: skip
    return tickets


def write_canonical(folder: Path, tables: dict[str, list[Row]]) -> Path:
    """The tables as Parquet files that `load(…, "canonical", folder)` reads."""
    folder.mkdir(parents=True)
    connection = build(tables).connection
    for name in tables:
        connection.execute(f"copy (select * exclude (source, load_id) from {name}) to '{folder}/{name}.parquet'")
    return folder
