"""What the records say of a matter, as sentences of a reply: each order with its days, refunds, chargebacks and terms, each citing its fact.

Reads the facts of a brief by their names; knows neither the warehouse nor how a reply is put together.
"""

import re
from collections.abc import Iterator
from datetime import date

from llm.language import CHINESE, ENGLISH
from llm.moves import decides_penalty
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
_FAULTS = {
    "seller": {ENGLISH: "the merchant", CHINESE: "商家"},
    "carrier": {ENGLISH: "the carrier", CHINESE: "承运商"},
    "buyer": {ENGLISH: "the buyer", CHINESE: "买家"},
    "platform": {ENGLISH: "the platform", CHINESE: "平台"},
}
_WORDS = {
    "placed": {ENGLISH: "was placed on {}", CHINESE: "于{}下单"},
    "cancelled": {ENGLISH: "cancelled on {}", CHINESE: "{}取消"},
    "shipped": {ENGLISH: "handed to {carrier} on {}", CHINESE: "{}交给{carrier}"},
    "delivered": {ENGLISH: "delivered on {}", CHINESE: "{}签收"},
    "carrier": {ENGLISH: "the carrier", CHINESE: "承运商"},
    "deliver by": {ENGLISH: "the promised day {} {}", CHINESE: "承诺送达日为{1}"},
    "deliver by time": {ENGLISH: "the promised time was {} that day ({})", CHINESE: "承诺送达时间为当日 {}（{}）"},
    "deliver by past": {ENGLISH: "the promised day, {1}, has passed", CHINESE: "承诺送达日{1}已过"},
    "open": {ENGLISH: "our records show no delivery so far", CHINESE: "目前没有签收记录"},
    "late": {ENGLISH: "Order {} is recorded as late, with {} as the cause.", CHINESE: "订单 {} 记录为延误，原因记在{}一方。"},
    "late otherwise": {ENGLISH: "Order {} is recorded as late, with {} as the cause, so it is not counted as late through the merchant.", CHINESE: "订单 {} 记录为延误，原因记在{}一方，因此不计为商家责任延误。"},
    "left out": {ENGLISH: "This ticket names {} as well, which this answer does not go into.", CHINESE: "本工单还提到 {}，本次答复未涉及。"},
    "settlements": {
        ENGLISH: "By the delivery days and the payout rules, the days of settlement are these, unless the payout page names a hold: {}.",
        CHINESE: "按签收日和结算规则，各订单的结算日如下，打款页面写明暂缓原因的除外：{}。",
    },
    "settlements more": {
        ENGLISH: "By the same rules, and with the same exception: {}.",
        CHINESE: "按同样的规则，暂缓的同样除外：{}。",
    },
    "settlements each": {ENGLISH: "{} {} (transfer by {})", CHINESE: "{} {}（最晚{}到账）"},
    "refund": {ENGLISH: "Our records show a refund of {} for order {}, dated {}.", CHINESE: "记录显示，订单 {1} 于{2}有一笔 {0} 的退款。"},
    "no refund": {ENGLISH: "Our records show no refund for order {} so far.", CHINESE: "记录中目前没有订单 {} 的退款。"},
    "chargeback": {ENGLISH: "A chargeback on order {} is on record from {}.", CHINESE: "记录显示，订单 {} 于{}收到拒付通知。"},
    "settlement": {
        ENGLISH: "By the delivery day and the payout rules, order {} settles on {}, and the transfer takes until {} at most, unless the payout page names a hold.",
        CHINESE: "按签收日和结算规则，订单 {} 的结算日为{}，银行到账最晚为{}，打款页面写明暂缓原因的除外。",
    },
    "settlement past": {
        ENGLISH: "By the delivery day and the payout rules, order {} was to settle on {}, and the transfer was to arrive by {} at the latest, unless the payout page names a hold.",
        CHINESE: "按签收日和结算规则，订单 {} 的结算日原为{}，银行到账最晚应为{}，打款页面写明暂缓原因的除外。",
    },
    "evidence past": {ENGLISH: "The period for evidence on the chargeback of order {} ended on {}.", CHINESE: "订单 {} 拒付的举证期限已于{}截止。"},
    "no payouts": {ENGLISH: "Our records hold orders, refunds and penalties but no payouts, so the payout page tells the state of each transfer.", CHINESE: "记录里有订单、退款和处罚，没有打款，每笔打款的状态以打款页面为准。"},
    "nothing": {ENGLISH: "Our records hold orders, refunds, penalties and scores, and nothing on this matter.", CHINESE: "记录里有订单、退款、处罚和信任分，没有与此事有关的内容。"},
    "possible": {ENGLISH: "Your message names no order; by our records it may be about {}: please tell us which one you mean.", CHINESE: "您未写明订单号；从记录看，可能涉及 {}，请告知是哪一笔。"},
    "possible late": {ENGLISH: "{} (promised for {}, and late)", CHINESE: "{}（承诺{}送达，已延误）"},
    "possible refund": {ENGLISH: "{} (return asked for on {}, no refund then)", CHINESE: "{}（{}申请退货，当时未退款）"},
    "possible dispute": {ENGLISH: "{} (dispute opened on {}, not decided then)", CHINESE: "{}（{}发起纠纷，当时未裁定）"},
    "unknown": {ENGLISH: "Our records of this shop hold no order {}; please check the number.", CHINESE: "该店铺的记录中没有订单 {}，请核对订单号。"},
    "lifted": {ENGLISH: "Our records show that the penalty under clause {} was lifted on {}.", CHINESE: "记录显示，条款 {} 的处罚自{}起撤销。"},
    "decided": {ENGLISH: "The decision on this penalty stands in our earlier message under this ticket.", CHINESE: "该处罚的裁定见我们此前在本工单中的回复。"},
    "in time": {ENGLISH: "Your message of {} came within the appeal period, which ran until {}.", CHINESE: "您{}的来信在申诉期限内，该期限至{}为止。"},
    "ended": {ENGLISH: "The period for appealing this penalty ended on {}.", CHINESE: "该处罚的申诉期限已于{}截止。"},
    "too late": {ENGLISH: "The appeal period ran until {}, and your first message is of {}; the reviewer decides whether a late appeal is heard.", CHINESE: "申诉期限至{}为止，您的首条消息发于{}；逾期申诉是否受理由审理人员决定。"},
}  # fmt: skip
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


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
    return {order for order, fault in _faults(brief).items() if fault in _FAULTS.keys() - {"seller"}}


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
        return Sentence(_WORDS[key][self.language].format(*values), (fact.cite,))

    def _appeal(self) -> Iterator[Sentence]:
        """The decision where there is one; before it, whether the appeal came in time."""
        decided = decision(self.brief)
        clause = self.facts.get("penalty_clause")
        if isinstance(decided, Message):
            yield Sentence(_WORDS["decided"][self.language], (decided.cite,))
        elif decided is not None and clause is not None:
            text = _WORDS["lifted"][self.language].format(clause.value, self._day(str(decided.value)))
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
        text = _WORDS["in time" if is_in_time else "too late"][self.language]
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
            listed.append(_WORDS[f"possible {reason}"][self.language].format(order, self._day(day)))
        text = _WORDS["possible"][self.language].format(("、" if self.language == CHINESE else ", ").join(listed))
        yield Sentence(text, tuple(fact.cite for fact in found))

    def _settled(self, orders: list[Fact]) -> dict[Fact, Fact]:
        """Where a payout of several orders is asked for: those with a day of settlement, by their records."""
        if "payout_delay" not in self.matters or len(orders) < 2:
            return {}
        own = {fact: self.facts.get(f"order.{parsed(str(fact.value))[0]}.settlement") for fact in orders}
        return {fact: settlement for fact, settlement in own.items() if settlement is not None}

    def _settlements(self, settled: dict[Fact, Fact]) -> Iterator[Sentence]:
        """When each order settles, a few in a sentence; then whose fault it is that they were late and what else the records hold of their money, where that is asked."""
        each = _WORDS["settlements each"][self.language]
        terms = list(settled.values())
        for start in range(0, len(terms), _SETTLEMENTS):
            some = terms[start : start + _SETTLEMENTS]
            listed = [
                each.format(order, *(self._day(day) for day in _DAY.findall(days)))
                for order, _, days in (str(settlement.value).partition(": ") for settlement in some)
            ]
            text = _WORDS["settlements more" if start else "settlements"][self.language]
            joined = ("；" if self.language == CHINESE else "; ").join(listed)
            yield Sentence(text.format(joined), tuple(settlement.cite for settlement in some))
        for fact in settled:
            yield from self._cause(fact)
            yield from self._money(fact, is_settled=True)

    def _left_out(self, orders: list[Fact]) -> Iterator[Sentence]:
        """Which orders of the message are gone past; a reply that leaves some out says so."""
        if orders:
            names = [parsed(str(fact.value))[0] for fact in orders]
            text = _WORDS["left out"][self.language].format(("、" if self.language == CHINESE else ", ").join(names))
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
        cause = _FAULTS.get(record.get("fault", ""))
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
                text = _WORDS["evidence past"][self.language].format(order, self._day(str(ended.value)))
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
        carrier = record.get("carrier") or _WORDS["carrier"][self.language]
        if self.language == CHINESE and not carrier.startswith("承"):
            carrier = f" {carrier}"
        times = _BY_HOURS.fullmatch(record.get("delivered at", ""))
        days = {step: self._day(record[step]) for step in steps}
        if times and "delivered" in days:
            days["delivered"] += f" {times[1]} " if self.language == CHINESE else f" at {times[1]}"
        parts = [_WORDS[step][self.language].format(days[step], carrier=carrier) for step in steps]
        tail = ""
        if "deliver by" in record and "cancelled" not in record:
            is_open, promised = "delivered" not in record, record["deliver by"]
            key = "deliver by past" if is_open and self._is_past(promised) else "deliver by"
            tail = _WORDS[key][self.language].format("is" if is_open else "was", self._day(promised))
            if times:
                tail = _WORDS["deliver by time"][self.language].format(times[2], times[3])
            if is_open:
                opening = _WORDS["open"][self.language]
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


def shown_day(value: str, language: str) -> str | None:
    """A day as a reader of the language writes it; None for what begins with no date."""
    match = re.match(r"(\d{4})-(\d{2})-(\d{2})(?:$|[T ])", value)
    if match is None:
        return None
    try:
        day = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
    if language == CHINESE:
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
