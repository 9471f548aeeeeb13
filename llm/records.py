"""What the records say of a matter, as sentences of a reply: each order with its days, refunds, chargebacks and terms, each citing its fact.

Reads the facts of a brief by their names; knows neither the warehouse nor how a reply is put together.
"""

import re
from collections.abc import Iterator

from llm.language import CHINESE
from llm.moves import decides_penalty
from llm.record_words import FAULTS, WORDS
from llm.shown import shown_day
from llm.types import Fact, IssueBrief, Message, Sentence

MONEY = frozenset({"payout_delay", "fee_question", "refund_recovery", "chargeback_dispute"})
REFUNDS = frozenset({"refund_status", "refund_recovery", "return_dispute", "case_dispute", "item_not_as_described", "item_not_received", "order_cancellation", "buyer_abuse"})  # fmt: skip
PENALTIES = frozenset({"penalty_appeal", "penalty_explanation"})
LATENESS = frozenset({"late_delivery_dispute", "carrier_outage", "penalty_appeal", "penalty_explanation", "order_status", "item_not_received", "case_dispute"})  # fmt: skip
_LABELS = ("placed", "ship by", "shipped", "deliver by", "delivered at", "delivered", "cancelled", "carrier")
_BY_HOURS = re.compile(r"([\d:]+) instead of ([\d:]+) \((.+)\)")
"""The times of a parcel that came on the promised day, too late: when it came, by when it was promised, in which zone."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SETTLEMENTS = 3
"""Orders whose days of settlement one sentence lists: more with long numbers would be withheld as too long."""
_FAULT = "late, recorded as the fault of: "


def told(brief: IssueBrief, language: str, limit: int) -> Iterator[Sentence]:
    """What the records say of the brief's matter, most telling first; of at most `limit` orders."""
    return _Records(brief, language, limit).sentences()


def decision(brief: IssueBrief) -> Fact | Message | None:
    """What tells that the penalty that the brief is about is decided: the record that it was lifted, else the desk's newest message that says so."""
    if not PENALTIES.intersection(brief.matters):
        return None
    lifted = next((fact for fact in brief.facts if fact.name == "penalty_lifted_on"), None)
    return lifted or next((message for message in reversed(brief.thread.messages) if decides_penalty(message)), None)


def is_late_through_others(brief: IssueBrief) -> bool:
    """Whether the records have orders of the brief as late, and none of them through the merchant."""
    faults = _faults(brief)
    return bool(faults) and laid_on_others(brief) == faults.keys()


def laid_on_others(brief: IssueBrief) -> set[str]:
    """The orders of the brief that the records have as late through somebody known who is not the merchant."""
    return {order for order, fault in _faults(brief).items() if fault in FAULTS.keys() - {"seller"}}


def _faults(brief: IssueBrief) -> dict[str, str]:
    """Whose fault each late order of the brief is by its record."""
    records = dict(parsed(str(fact.value)) for fact in brief.facts if fact.name == "order_record")
    return {order: record["fault"] for order, record in records.items() if record.get("fault")}


class _Records:
    def __init__(self, brief: IssueBrief, language: str, limit: int) -> None:
        self.brief, self.language, self.limit = brief, language, limit
        self.matters = frozenset(brief.matters)
        self.facts = {fact.fact_id: fact for fact in brief.facts}
        asking = [message.author for message in brief.thread.messages if message.author in {"merchant", "buyer"}]
        self.is_to_buyer = asking[-1:] == ["buyer"]

    def sentences(self) -> Iterator[Sentence]:
        yield from self._appeal()
        yield from self._unknown()
        orders = [fact for fact in self.brief.facts if fact.name == "order_record"]
        settled = self._settled(orders)
        yield from self._settlements(settled)
        one_by_one = [fact for fact in orders if fact not in settled]
        for fact in one_by_one[: self.limit]:
            yield from self._order(fact)
        yield from self._left_out(one_by_one[self.limit :])
        possible = [] if orders or self.is_to_buyer else list(self._possible())
        yield from possible
        if "records_hold" in self.facts and not orders and not possible:
            yield self._said("no payouts" if "payout_delay" in self.matters else "nothing", self.facts["records_hold"])

    def _said(self, key: str, fact: Fact, *values: str) -> Sentence:
        return Sentence(WORDS[key][self.language].format(*values), (fact.cite,))

    def _appeal(self) -> Iterator[Sentence]:
        """The decision where there is one; before it, whether the appeal came in time."""
        decided = decision(self.brief)
        clause = self.facts.get("penalty_clause")
        if isinstance(decided, Message):
            yield Sentence(WORDS["decided"][self.language], (decided.cite,))
        elif decided is not None and clause is not None:
            text = WORDS["lifted"][self.language].format(clause.value, self._day(str(decided.value)))
            yield Sentence(text, (decided.cite, clause.cite))
        if decided is not None:
            return
        period, first = self.facts.get("appeal_period_end"), self.facts.get("appeal_first_message")
        if period is None or first is None or not PENALTIES & self.matters:
            return
        if "penalty_appeal" not in self.matters:
            yield self._said("ended", period, self._day(str(period.value)))
            return
        end, said = self._day(str(period.value)), self._day(str(first.value))
        is_in_time = str(first.value) <= str(period.value)
        text = WORDS["in time" if is_in_time else "too late"][self.language]
        yield Sentence(text.format(*((said, end) if is_in_time else (end, said))), (period.cite, first.cite))

    def _unknown(self) -> Iterator[Sentence]:
        separator = "、" if self.language == CHINESE else ", "
        if fact := self.facts.get("orders_unknown"):
            yield self._said("unknown", fact, str(fact.value).replace(", ", separator))

    def _possible(self) -> Iterator[Sentence]:
        """The orders that a question without an order's number may be about, each with what makes it one; claims none."""
        found = [fact for fact in self.brief.facts if fact.name == "order_possible"]
        if not found or not self.matters & (LATENESS | REFUNDS):
            return
        listed = []
        for fact in found:
            order, _, rest = str(fact.value).partition(": ")
            reason, day = rest.split()
            listed.append(WORDS[f"possible {reason}"][self.language].format(order, self._day(day)))
        text = WORDS["possible"][self.language].format(("、" if self.language == CHINESE else ", ").join(listed))
        yield Sentence(text, tuple(fact.cite for fact in found))

    def _settled(self, orders: list[Fact]) -> dict[Fact, Fact]:
        """Where a payout of several orders is asked for: those with a day of settlement, by their records."""
        if "payout_delay" not in self.matters or len(orders) < 2:
            return {}
        own = {fact: self.facts.get(f"order.{parsed(str(fact.value))[0]}.settlement") for fact in orders}
        return {fact: settlement for fact, settlement in own.items() if settlement is not None}

    def _settlements(self, settled: dict[Fact, Fact]) -> Iterator[Sentence]:
        """When each order settles, a few in a sentence; then whose fault it is that they were late and what else the records hold of their money, where that is asked."""
        each = WORDS["settlements each"][self.language]
        terms = list(settled.values())
        for start in range(0, len(terms), _SETTLEMENTS):
            some = terms[start : start + _SETTLEMENTS]
            listed = [
                each.format(order, *(self._day(day) for day in _DAY.findall(days)))
                for order, _, days in (str(settlement.value).partition(": ") for settlement in some)
            ]
            text = WORDS["settlements more" if start else "settlements"][self.language]
            joined = ("；" if self.language == CHINESE else "; ").join(listed)
            yield Sentence(text.format(joined), tuple(settlement.cite for settlement in some))
        for fact in settled:
            yield from self._cause(fact)
            yield from self._money(fact, is_settled=True)

    def _left_out(self, orders: list[Fact]) -> Iterator[Sentence]:
        """Which orders of the message are gone past; a reply that leaves some out says so."""
        if orders:
            names = [parsed(str(fact.value))[0] for fact in orders]
            text = WORDS["left out"][self.language].format(("、" if self.language == CHINESE else ", ").join(names))
            yield Sentence(text, tuple(fact.cite for fact in orders))

    def _order(self, fact: Fact) -> Iterator[Sentence]:
        order, record = parsed(str(fact.value))
        if text := self._course(order, record):
            yield Sentence(text, (fact.cite,))
        yield from self._cause(fact)
        yield from self._money(fact)

    def _cause(self, fact: Fact) -> Iterator[Sentence]:
        """Whose fault a late order is recorded as, where that is asked; what it is counted as is the merchant's matter alone."""
        order, record = parsed(str(fact.value))
        cause = FAULTS.get(record.get("fault", ""))
        if cause and self.matters & LATENESS and not self.is_to_buyer:
            key = "late" if record["fault"] == "seller" else "late otherwise"
            yield self._said(key, fact, order, cause[self.language])

    def _money(self, record: Fact, is_settled: bool = False) -> Iterator[Sentence]:
        """What the facts under the order's id say of money, where the matter is money; not when it settles, where that is told (`is_settled`)."""
        order = parsed(str(record.value))[0]
        own = {name: self.facts.get(f"order.{order}.{name}") for name in ("chargeback", "settlement")}
        refunded = list(self._refunded(order))
        yield from refunded
        if not refunded and self.matters & {"refund_status", "refund_recovery"}:
            yield self._said("no refund", record, order)
        if (chargeback := own["chargeback"]) and "chargeback_dispute" in self.matters:
            yield self._said("chargeback", chargeback, order, self._day(str(chargeback.value).split(": ")[-1]))
            if ended := self.facts.get(f"order.{order}.evidence_period_end"):
                text = WORDS["evidence past"][self.language].format(order, self._day(str(ended.value)))
                yield Sentence(text, (ended.cite, chargeback.cite))  # which names the order
        if (settlement := own["settlement"]) and "payout_delay" in self.matters and not is_settled:
            days = _DAY.findall(str(settlement.value))
            key = "settlement past" if self._is_past(days[-1]) else "settlement"
            yield self._said(key, settlement, order, *(self._day(day) for day in days))

    def _refunded(self, order: str) -> Iterator[Sentence]:
        """The refund on record for an order, where the matter is money."""
        refund = self.facts.get(f"order.{order}.refund")
        if refund and self.matters & (MONEY | REFUNDS):
            amount, day = str(refund.value).split(": ")[-1].split(" on ")
            yield self._said("refund", refund, amount, order, self._day(day))

    def _course(self, order: str, record: dict[str, str]) -> str:
        """The order's way in one sentence: placed, handed over, delivered or cancelled, and the day that was promised."""
        steps = [step for step in ("placed", "shipped", "delivered", "cancelled") if step in record]
        if not steps:
            return ""
        carrier = record.get("carrier") or WORDS["carrier"][self.language]
        if self.language == CHINESE and not carrier.startswith("承"):
            carrier = f" {carrier}"
        times = _BY_HOURS.fullmatch(record.get("delivered at", ""))
        days = {step: self._day(record[step]) for step in steps}
        if times and "delivered" in days:
            days["delivered"] += f" {times[1]} " if self.language == CHINESE else f" at {times[1]}"
        parts = [WORDS[step][self.language].format(days[step], carrier=carrier) for step in steps]
        tail = ""
        if "deliver by" in record and "cancelled" not in record:
            is_open, promised = "delivered" not in record, record["deliver by"]
            key = "deliver by past" if is_open and self._is_past(promised) else "deliver by"
            tail = WORDS[key][self.language].format("is" if is_open else "was", self._day(promised))
            if times:
                tail = WORDS["deliver by time"][self.language].format(times[2], times[3])
            if is_open:
                opening = WORDS["open"][self.language]
                tail = f"{opening}，{tail}" if self.language == CHINESE else f"{opening}, and {tail}"
        if self.language == CHINESE:
            return f"订单 {order} {'，'.join(parts)}{'，' + tail if tail else ''}。"
        joined = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
        joined = joined if steps[0] == "placed" else f"was {joined}"
        return f"Order {order} {joined}{'; ' + tail if tail else ''}."

    def _is_past(self, day: str) -> bool:
        """Whether an ISO day lies before the day that the brief counts from; no day does where it names none."""
        today = self.facts.get("today")
        return today is not None and day < str(today.value)

    def _day(self, written: str) -> str:
        return shown_day(written, self.language) or written


def parsed(value: str) -> tuple[str, dict[str, str]]:
    """The order and what its record holds under each label: days as YYYY-MM-DD, `carrier`, and `fault` where it was late."""
    order, _, rest = value.partition(": ")
    record: dict[str, str] = {}
    if _FAULT in rest:
        rest, _, record["fault"] = rest.partition(_FAULT)
    for part in rest.strip(", ").split(", "):
        label = next((label for label in _LABELS if part.startswith(f"{label} ")), None)
        if label is not None:
            record[label] = part.removeprefix(f"{label} ").strip()
    is_day = re.compile(r"\d{4}-\d{2}-\d{2}").fullmatch
    return order.strip(), {
        key: text for key, text in record.items() if key in {"carrier", "fault", "delivered at"} or is_day(text)
    }
