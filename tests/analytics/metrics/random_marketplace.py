"""A seeded jumble of events of every kind, with ties, several merchants in one order, lines, two currencies and gaps."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.analytics.metrics.marketplace import Row, merchant

START = datetime(2024, 1, 1, tzinfo=UTC)
FAULTS = ("seller", "carrier", "buyer", "platform", "unknown", None)


class _Maker:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.rows: list[Row] = []

    def add(self, kind: str, when: datetime, merchant_id: str, **values: Any) -> None:
        row = {
            "event_id": f"e{len(self.rows)}",
            "occurred_at": when,
            "kind": kind,
            "merchant_id": merchant_id,
            **values,
        }
        self.rows.append(row)

    def later(self, when: datetime, days: int) -> datetime:
        return when + timedelta(hours=self.random.randrange(0, 24 * days, 6))

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def order(self, number: int) -> None:
        pick = self.random.choice
        when = START + timedelta(hours=self.random.randrange(0, 24 * 200, 6))
        order_id, buyer_id = f"o{number}", f"b{self.random.randrange(12)}" if self.chance(0.95) else None
        for merchant_id in self.random.sample(["m1", "m2", "m3", "m4"], 2 if self.chance(0.15) else 1):
            common = {"order_id": order_id, "buyer_id": buyer_id}
            for line in range(1 + self.chance(0.3)):
                self.add(
                    "order_placed", when, merchant_id, **common, line_id=str(line), product_id="p", quantity=1,
                    amount=self.random.randrange(100, 9999) / 100, currency=pick(["EUR", "EUR", "EUR", "USD"]),
                    ship_by_at=when + timedelta(days=2) if self.chance(0.9) else None,
                    deliver_by_at=when + timedelta(days=6) if self.chance(0.9) else None,
                )  # fmt: skip
            self._afterwards(when, merchant_id, common)

    def _afterwards(self, when: datetime, merchant_id: str, common: Mapping[str, Any]) -> None:
        pick = self.random.choice
        if self.chance(0.1):
            self.add("order_cancelled", self.later(when, 5), merchant_id, **common, fault=pick(FAULTS))
        if self.chance(0.85):
            shipped = self.later(when, 4)
            self.add(
                "order_shipped", shipped, merchant_id, **common, carrier=pick(["dhl", "ups", None]),
                is_tracking_valid=pick([True, True, False, None]),
            )  # fmt: skip
            if self.chance(0.9):
                self.add(
                    "order_delivered", self.later(shipped, 8), merchant_id, **common, fault=pick((None, None, *FAULTS))
                )
        self._complaints(when, merchant_id, common)
        self._opinions(when, merchant_id, common)

    def _complaints(self, when: datetime, merchant_id: str, common: Mapping[str, Any]) -> None:
        pick = self.random.choice
        for kind, share in (("return_requested", 0.1), ("dispute_opened", 0.15), ("chargeback", 0.05)):
            if self.chance(share):
                self.add(kind, self.later(when, 30), merchant_id, **common, fault=pick(FAULTS))
        if self.chance(0.1):
            self.add(
                "dispute_closed",
                self.later(when, 40),
                merchant_id,
                **common,
                outcome=pick(["upheld", "denied", "withdrawn", "refunded"]),
            )
        if self.chance(0.1):
            self.add(
                "refund_paid", self.later(when, 30), merchant_id, **common, amount=3.5, currency=pick(["EUR", "USD"])
            )

    def _opinions(self, when: datetime, merchant_id: str, common: Mapping[str, Any]) -> None:
        pick = self.random.choice
        if self.chance(0.6):
            self.add("review_posted", self.later(when, 20), merchant_id, **common, score=self.random.randint(1, 5))
            self.rows[-1]["event_id"] = f"r{common['order_id']}|{common['order_id']}|{merchant_id}"
        for kind, low, high in (("csat_answered", 1, 5), ("nps_answered", 0, 10), ("dsr_rated", 1, 5)):
            if self.chance(0.3):
                reason = pick(["description", "service", "logistics"]) if kind == "dsr_rated" else None
                self.add(
                    kind,
                    self.later(when, 20),
                    merchant_id,
                    **common,
                    score=self.random.randint(low, high),
                    reason=reason,
                )

    def talk(self, number: int) -> None:
        asked = START + timedelta(hours=self.random.randrange(0, 24 * 200, 3))
        merchant_id, who = (
            self.random.choice(["m1", "m2"]),
            {"buyer_id": f"b{self.random.randrange(5)}", "product_id": "p"},
        )
        self.add("question_asked", asked, merchant_id, **who)
        if self.chance(0.8):
            self.add("question_answered", asked + timedelta(minutes=self.random.randrange(3000)), merchant_id, **who)
        if number % 7 == 0:
            self.add("penalty_issued", asked, merchant_id, penalty_points=self.random.randint(1, 4), clause="late")
            self.add("penalty_appealed", self.later(asked, 9), merchant_id, reason=self.rows[-1]["event_id"])


def random_tables(seed: int, *, orders: int = 150) -> dict[str, list[Row]]:
    """Canonical tables, the same for the same seed."""
    maker = _Maker(seed)
    for number in range(orders):
        maker.order(number)
    for number in range(60):
        maker.talk(number)
    tickets, messages = [], []
    for number in range(50):
        opened = START + timedelta(hours=maker.random.randrange(0, 24 * 200, 6))
        resolved = opened + timedelta(hours=maker.random.randrange(1, 300)) if maker.chance(0.8) else None
        by = maker.random.choice(["merchant", "merchant", "buyer", "platform"])
        tickets.append(
            {
                "ticket_id": f"t{number}", "merchant_id": maker.random.choice(["m1", "m2", "m3"]), "opened_by": by,
                "opened_at": opened, "status": "resolved" if resolved else "open", "resolved_at": resolved,
                "csat_score": maker.random.randint(1, 5) if resolved and maker.chance(0.5) else None,
            }
        )  # fmt: skip
        for k, author in enumerate(("merchant", "agent", "agent")):
            sent = opened + timedelta(hours=k * maker.random.randrange(1, 40))
            messages.append(
                {"message_id": f"t{number}-{k}", "ticket_id": f"t{number}", "sent_at": sent, "author": author}
            )
        if maker.chance(0.3):
            maker.add(
                "csat_answered",
                maker.later(opened, 20),
                tickets[-1]["merchant_id"],
                score=maker.random.randint(1, 5),
                reason=f"t{number}",
            )
    merchants = [
        merchant("m1", "toys", "north"),
        merchant("m2", "toys", "south"),
        merchant("m3", "books", "north"),
        merchant("m4", None, None, None),
    ]
    return {"events": maker.rows, "merchants": merchants, "tickets": tickets, "messages": messages}


def truncate(tables: Mapping[str, list[Row]], end: datetime) -> dict[str, list[Row]]:
    """The same marketplace as it was known just before `end`."""
    tickets = [
        row
        if row["resolved_at"] is None or row["resolved_at"] < end
        else {**row, "resolved_at": None, "status": "open", "csat_score": None}
        for row in tables["tickets"]
        if row["opened_at"] < end
    ]
    return {
        "events": [row for row in tables["events"] if row["occurred_at"] < end],
        "merchants": list(tables["merchants"]),
        "tickets": tickets,
        "messages": [row for row in tables["messages"] if row["sent_at"] < end],
    }
