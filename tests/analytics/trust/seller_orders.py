"""Events of sellers by hand, on the days before DAY, and what a programme's clauses say of them over marts built by the shipped SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from analytics.trust.programmes import clause_records, evaluate, presets
from tests.analytics.metrics.marketplace import Row, build, event, merchant, order

DAY = date(2024, 6, 30)
Answer = dict[str, Any]


def ago(days: int, day: date = DAY) -> str:
    return f"{day - timedelta(days=days)} 12:00"


def answers(programme: str, rows: Sequence[Row], *, day: date = DAY, merchant_id: str = "m1") -> dict[str, Answer]:
    """The clauses of one programme for one merchant, by id."""
    cursor = build({"events": rows, "merchants": [merchant("m1"), merchant("m2")]}, as_of=day)
    found = evaluate(cursor, [presets()[programme]])  # type: ignore[arg-type]
    return {str(row["clause"]): row for row in clause_records(found, [merchant_id])}


def orders(count: int, days_ago: int, prefix: str, **values: Any) -> list[Row]:
    """Plain orders of one day, each of its own buyer."""
    return [
        row
        for number in range(count)
        for row in order(f"{prefix}{number}", ago(days_ago), **{"buyer_id": f"{prefix}-b{number}", **values})
    ]


def shipped(count: int, days_ago: int, prefix: str, *, after: int = 0, is_valid: bool = True) -> list[Row]:
    """Orders with a limit of one day, shipped `after` days later than placed."""
    rows = []
    for number in range(count):
        rows += order(
            f"{prefix}{number}", ago(days_ago), buyer_id=f"{prefix}-b{number}",
            ship_by_at=moment(days_ago - 1), deliver_by_at=moment(days_ago - 3),
            then=[
                ("order_shipped", ago(days_ago - after), {"is_tracking_valid": is_valid}),
                ("tracking_scanned", ago(days_ago - after)),
                ("order_delivered", ago(days_ago - after - 2)),
            ],
        )  # fmt: skip
    return rows


def moment(days_ago: int) -> Any:
    from tests.analytics.metrics.marketplace import at

    return at(ago(days_ago))


def cancelled(count: int, days_ago: int, prefix: str, fault: str = "seller", **values: Any) -> list[Row]:
    return orders(count, days_ago, prefix, then=[("order_cancelled", ago(days_ago), {"fault": fault})], **values)


def disputed(count: int, days_ago: int, prefix: str, outcome: str, **values: Any) -> list[Row]:
    then = [("dispute_opened", ago(days_ago)), ("dispute_closed", ago(days_ago), {"outcome": outcome})]
    return orders(count, days_ago, prefix, then=then, **values)


def reviews(*stars: int, days_ago: int = 10, prefix: str = "r") -> list[Row]:
    return [
        row
        for number, score in enumerate(stars)
        for row in order(
            f"{prefix}{number}", ago(days_ago), buyer_id=f"{prefix}-b{number}",
            then=[("review_posted", ago(days_ago), {"score": score})],
        )
    ]  # fmt: skip


def questions(*hours: float | None, days_ago: int) -> list[Row]:
    """Questions of a day, each of its own buyer, answered after so many hours or never."""
    rows = []
    for number, wait in enumerate(hours):
        shared = {"buyer_id": f"q{number}", "product_id": "p1"}
        rows.append(event("question_asked", ago(days_ago), **shared))
        if wait is not None:
            when = moment(days_ago) + timedelta(hours=wait)
            rows.append(event("question_answered", f"{when:%Y-%m-%d %H:%M}", **shared))
    return rows


def penalty(
    days_ago: int, points: int, *, lifted: int | None = None, expires: int | None = None, **values: Any
) -> list[Row]:
    row = event("penalty_issued", ago(days_ago), penalty_points=points, clause="F-1", **values)
    if expires is not None:
        row["expires_at"] = moment(expires)
    rows = [row]
    if lifted is not None:
        rows.append(event("penalty_lifted", ago(lifted), reason=row["event_id"]))
    return rows
