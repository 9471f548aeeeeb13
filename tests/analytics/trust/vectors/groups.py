"""Expands the groups that vectors are written in into canonical event rows: one line of JSON stands for a whole batch of orders.

Knows the canonical tables only. A moment is a number, hours after the group's first `at`, or a timestamp; each further
member of a group lies `step_hours` later. Ids hold the group's merchant and tag, so members never meet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta

Row = dict[str, str]
Moment = float | str

RELATIVE_DAY = re.compile(r"D-(\d+)T(\d\d:\d\d:\d\d)Z")


def instant(text: str, as_of: date) -> datetime:
    """The UTC instant of an ISO timestamp, or of `D-20T12:00:00Z`: that time, 20 days before the day of the case."""
    if match := RELATIVE_DAY.fullmatch(text):
        day = as_of - timedelta(days=int(match[1]))
        return datetime.combine(day, time.fromisoformat(match[2]), UTC)
    return datetime.fromisoformat(text)


def written(moment: datetime) -> str:
    """A timestamp as canonical files hold it, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def cell(value: object) -> str:
    """A canonical CSV cell: empty for NULL, true and false in lower case."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


@dataclass(frozen=True)
class Group:
    """What every group has: whose it is, a tag for its ids, when its first member begins and how many follow how far apart."""

    merchant_id: str
    tag: str
    at: str
    count: int = 1
    step_hours: float = 1.0

    def moment(self, as_of: date, member: int, moment: Moment) -> str:
        """The timestamp of a milestone of a member (from 0)."""
        start = instant(moment if isinstance(moment, str) else self.at, as_of)
        hours = self.step_hours * member + (0 if isinstance(moment, str) else moment)
        return written(start + timedelta(hours=hours))

    def name(self, member: int) -> str:
        """The stem of a member's ids."""
        return f"{self.merchant_id}-{self.tag}-{member + 1:04d}"


@dataclass(frozen=True)
class Orders(Group):
    """Orders that all went the same way, of `lines` lines at `amount` each. By default shipped, scanned and delivered in time, and nothing else.

    A milestone that is None did not happen. A cancelled order is neither shipped nor delivered. `scanned` is as `shipped`
    unless set. `fault` is that of the cancellation, "" when unknown. `dispute` is its outcome, or "open".
    `bare` leaves nothing but the order line: no promises, no milestones.
    """

    bare: bool = False
    lines: int = 1
    amount: str = "20.00"
    currency: str = "USD"
    buyer: str | None = None
    ship_by: Moment | None = 48
    deliver_by: Moment | None = 168
    shipped: Moment | None = 24
    scanned: Moment | None = None
    delivered: Moment | None = 96
    tracking: bool | None = True
    fault: str | None = None
    cancelled: Moment = 2
    stars: int | None = None
    reviewed: Moment = 120
    second_stars: int | None = None
    dispute: str | None = None
    disputed: Moment = 130
    closed: Moment = 200
    chargeback: Moment | None = None
    return_fault: str | None = None
    returned: Moment = 140
    refunded: Moment | None = None
    dsr: dict[str, int] = field(default_factory=dict)
    rated: Moment = 100

    def rows(self, as_of: date) -> Iterator[Mapping[str, object]]:
        """The canonical rows of every member."""
        for member in range(self.count):
            name = self.name(member)
            base = {"merchant_id": self.merchant_id, "buyer_id": self.buyer or f"buyer-{name}", "order_id": name}
            for number, (kind, moment, more) in enumerate(self._events(), start=1):
                own = {
                    "event_id": f"{name}-{number}-{kind}",
                    "occurred_at": self.moment(as_of, member, moment),
                    "kind": kind,
                }
                if kind == "order_placed":
                    own |= {
                        key: self.moment(as_of, member, promise)
                        for key, promise in (("ship_by_at", self.ship_by), ("deliver_by_at", self.deliver_by))
                        if promise is not None and not self.bare
                    }
                if kind == "review_posted":
                    own["event_id"] = f"review|{name}|{self.merchant_id}" + (
                        "" if more["score"] == self.stars else "|2"
                    )
                yield base | own | more

    def _events(self) -> Iterator[tuple[str, Moment, dict[str, object]]]:
        money: dict[str, object] = {"amount": self.amount, "currency": self.currency}
        for line in range(1, self.lines + 1):
            yield "order_placed", 0, {"line_id": line, "product_id": f"p{line}", "quantity": 1, **money}
        if self.bare:
            return
        yield from self._parcel()
        yield from self._opinions()
        yield from self._trouble(money)

    def _parcel(self) -> Iterator[tuple[str, Moment, dict[str, object]]]:
        if self.fault is not None:
            yield "order_cancelled", self.cancelled, {"fault": self.fault or None}
            return
        if self.shipped is None:
            return
        yield "order_shipped", self.shipped, {"carrier": "C1", "is_tracking_valid": self.tracking}
        yield "tracking_scanned", self.shipped if self.scanned is None else self.scanned, {"carrier": "C1"}
        if self.delivered is not None:
            yield "order_delivered", self.delivered, {}

    def _opinions(self) -> Iterator[tuple[str, Moment, dict[str, object]]]:
        if self.stars is not None:
            yield "review_posted", self.reviewed, {"score": self.stars}
        if self.second_stars is not None:
            yield "review_posted", self.reviewed, {"score": self.second_stars}
        for dimension, score in self.dsr.items():
            yield "dsr_rated", self.rated, {"score": score, "text": dimension}

    def _trouble(self, money: dict[str, object]) -> Iterator[tuple[str, Moment, dict[str, object]]]:
        if self.dispute is not None:
            yield "dispute_opened", self.disputed, {"reason": "not as described"}
        if self.dispute not in (None, "open"):
            fault = "seller" if self.dispute in ("upheld", "refunded") else "buyer"
            yield "dispute_closed", self.closed, {"outcome": self.dispute, "fault": fault}
        if self.chargeback is not None:
            yield "chargeback", self.chargeback, money
        if self.return_fault is not None:
            yield "return_requested", self.returned, {"fault": self.return_fault}
        if self.refunded is not None:
            yield "refund_paid", self.refunded, money


@dataclass(frozen=True)
class Questions(Group):
    """Questions of as many buyers, answered after `answered` hours, or never."""

    answered: Moment | None = 2

    def rows(self, as_of: date) -> Iterator[Mapping[str, object]]:
        """The canonical rows of every member."""
        for member in range(self.count):
            name = self.name(member)
            base = {"merchant_id": self.merchant_id, "buyer_id": f"buyer-{name}", "product_id": "p1"}
            for kind, moment in (("question_asked", 0.0), ("question_answered", self.answered)):
                if moment is not None:
                    at = self.moment(as_of, member, moment)
                    yield {"event_id": f"{name}-{kind}", "occurred_at": at, "kind": kind, **base}


@dataclass(frozen=True)
class Penalties(Group):
    """Penalties of `points` each, appealed and lifted at those moments, if they were."""

    points: int = 1
    appealed: Moment | None = None
    lifted: Moment | None = None

    def rows(self, as_of: date) -> Iterator[Mapping[str, object]]:
        """The canonical rows of every member."""
        for member in range(self.count):
            issued = f"{self.name(member)}-penalty_issued"
            base = {"merchant_id": self.merchant_id, "clause": "late dispatch"}
            own = {"event_id": issued, "occurred_at": self.moment(as_of, member, 0), "kind": "penalty_issued"}
            yield base | own | {"penalty_points": self.points}
            for kind, moment in (("penalty_appealed", self.appealed), ("penalty_lifted", self.lifted)):
                if moment is not None:
                    at = self.moment(as_of, member, moment)
                    event_id = f"{self.name(member)}-{kind}"
                    yield base | {"event_id": event_id, "occurred_at": at, "kind": kind, "reason": issued}


KINDS: dict[str, type[Orders] | type[Questions] | type[Penalties]] = {
    "orders": Orders,
    "questions": Questions,
    "penalties": Penalties,
}


def expand(written_group: Mapping[str, object], as_of: date) -> list[Row]:
    """The canonical rows of one group, in the order in which they are told; no NULLs.

    `written_group` names its kind in `of`. Raises ValueError for an unknown kind or key.
    """
    given = dict(written_group)
    kind = KINDS.get(str(given.pop("of", None)))
    if kind is None:
        raise ValueError(f"a group is of {', '.join(KINDS)}; found {written_group!r}")
    unknown = set(given) - {one.name for one in fields(kind)}
    if unknown:
        raise ValueError(f"a group of {kind.__name__} has no {', '.join(sorted(unknown))}")
    group = kind(**given)  # type: ignore[arg-type]
    return [{key: cell(value) for key, value in row.items() if value is not None} for row in group.rows(as_of)]
