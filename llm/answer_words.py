"""What the desk says by itself besides policy and facts, in both languages, and how it names the merchant's facts. Decides nothing."""

import re
from collections.abc import Mapping

from llm.language import CHINESE, ENGLISH

_ByLanguage = Mapping[str, str]

MACHINE: _ByLanguage = {
    ENGLISH: "This is an automatic answer by a machine.",
    CHINESE: "这是机器自动生成的答复。",
}
CLOSE: _ByLanguage = {
    ENGLISH: "If this does not settle it, ask for a person and one will answer you.",
    CHINESE: "如未解决您的问题，请回复要求人工答复。",
}
ASK: _ByLanguage = {
    ENGLISH: "Which order, penalty, payout, listing or rule is it about?",
    CHINESE: "请问您说的是哪笔订单、哪次处罚、哪笔打款、哪个商品或哪条规则？",
}
ASK_WHICH: _ByLanguage = {ENGLISH: "Do you mean {options}?", CHINESE: "请问您说的是{options}？"}
OR: _ByLanguage = {ENGLISH: " or ", CHINESE: "还是"}
HAND_OVER: _ByLanguage = {
    ENGLISH: "I am a machine, and I pass this to a person, who will answer you here.",
    CHINESE: "我是机器助手，现已将此事转交给人工，由人工在此答复您。",
}
WHY: Mapping[str, _ByLanguage] = {
    "self_harm": {
        ENGLISH: "If you may be in danger, please call your local emergency number or somebody you trust now.",
        CHINESE: "如果您可能有危险，请立即拨打当地急救电话，或联系您信任的人。",
    },
    "money": {
        ENGLISH: "A payment, credit or waiver is decided by a person.",
        CHINESE: "付款、补偿或减免须由人工决定。",
    },
    "unsure": {
        ENGLISH: "I have not found a rule that answers this, or it needs a decision.",
        CHINESE: "我没有找到能回答此问题的规则，或此事需要裁定。",
    },
    "other_merchants_data": {
        ENGLISH: "Data of other shops are not passed on.",
        CHINESE: "其他店铺的数据不会对外提供。",
    },
    "frustrated": {
        ENGLISH: "I am sorry that this has been so tiring.",
        CHINESE: "很抱歉让您如此费心。",
    },
    "repeated": {
        ENGLISH: "My last answer has not helped you.",
        CHINESE: "我之前的答复没有帮到您。",
    },
    "unsupported_language": {
        ENGLISH: "I can answer by myself in English and Chinese only.",
        CHINESE: "我只能用英文和中文自动答复。",
    },
}
"""A sentence before the hand-over, where the reason needs one."""

RULES = {"unsure": 5, "unsupported_language": 5}
RULE = 4
"""Paragraph of `desk_promises` that a hand-over rests on, by reason: who is handed to a person, and what is done when unsure."""

NOTE: _ByLanguage = {
    ENGLISH: "Reason: {reason}. Newest message: {message}. The desk's answers before: {answers}. Nearest passages: {passages}.",
    CHINESE: "原因：{reason}。最新消息：{message}。此前自动答复：{answers} 条。最接近的条文：{passages}。",
}

NO_SUCH_ORDER: _ByLanguage = {
    ENGLISH: "Our records of your shop hold no order {orders}.",
    CHINESE: "贵店的记录中没有订单 {orders}。",
}
RECORD: _ByLanguage = {ENGLISH: "Our records show {name}: {value}.", CHINESE: "我们的记录显示，{name}：{value}。"}
FACT_NAMES: Mapping[str, _ByLanguage] = {
    "score": {ENGLISH: "trust score", CHINESE: "信任分"},
    "trust_score": {ENGLISH: "trust score", CHINESE: "信任分"},
    "score_level": {ENGLISH: "trust level", CHINESE: "信任等级"},
    "trust_score_status": {ENGLISH: "trust score status", CHINESE: "信任分状态"},
    "late_rate": {ENGLISH: "late delivery rate", CHINESE: "送达延误率"},
    "late_dispatch_rate": {ENGLISH: "late dispatch rate", CHINESE: "发货超时率"},
    "seller_cancellation_rate": {ENGLISH: "seller cancellation rate", CHINESE: "商家取消率"},
    "valid_tracking_rate": {ENGLISH: "valid tracking rate", CHINESE: "有效单号率"},
    "reply_within_24h_rate": {ENGLISH: "share of messages answered in time", CHINESE: "及时回复率"},
    "running_points": {ENGLISH: "running points", CHINESE: "累计扣分"},
    "points_expire_on": {ENGLISH: "the last points expire on", CHINESE: "扣分失效日期"},
    "penalty_date": {ENGLISH: "penalty issued on", CHINESE: "处罚日期"},
    "penalty_clause": {ENGLISH: "penalty under clause", CHINESE: "处罚条款"},
    "penalty_points": {ENGLISH: "points of the penalty", CHINESE: "处罚扣分"},
    "penalty_expires_on": {ENGLISH: "the penalty's points expire on", CHINESE: "处罚扣分失效日期"},
    "appeal_until": {ENGLISH: "appeal possible until", CHINESE: "申诉截止日期"},
    "order_record": {ENGLISH: "order", CHINESE: "订单"},
    "order_carrier": {ENGLISH: "carrier of the order", CHINESE: "订单承运商"},
    "refund_amount": {ENGLISH: "refund", CHINESE: "退款金额"},
    "refund_date": {ENGLISH: "refund sent on", CHINESE: "退款日期"},
    "chargeback_date": {ENGLISH: "chargeback on", CHINESE: "拒付日期"},
    "orders_30d": {ENGLISH: "recent orders", CHINESE: "近期订单数"},
}
NOT_SAID = frozenset(
    {"merchant_name", "score_date", "late_rate_limit", "order_id", "order_placed_date"}
    | {
        "answer_due_date",
        "review_due_date",
        "evidence_due_date",
        "evidence_period_end",
        "today",
        "appeal_period_end",
        "appeal_first_message",
    }
    | {"order_refund", "order_chargeback", "order_settlement", "records_hold", "orders_unknown"}
)
"""Facts that stand in other facts, or that an answer has no use for."""

_RECORD_WORDS = {
    "late, recorded as the fault of": "延误，责任方记录为",
    "ship by": "应发货",
    "shipped": "已发货",
    "placed": "下单",
    "deliver by": "应送达",
    "delivered at": "送达时间",
    "instead of": "而非",
    "delivered": "送达",
    "cancelled": "取消",
    "carrier": "承运商",
}


def fact_name(name: str, language: str) -> str | None:
    """How a fact is called in that language; English names that are unknown are read as words, Chinese ones are None."""
    if name in FACT_NAMES:
        return FACT_NAMES[name][language]
    return name.replace("_", " ") if language == ENGLISH or re.search(r"[\u4e00-\u9fff]", name) else None


def record_in(value: str, language: str) -> str:
    """An order's record in that language; ids, dates and names stay."""
    if language == CHINESE:
        for english, chinese in _RECORD_WORDS.items():
            value = re.sub(rf"\b{english}\b", chinese, value)
    return value


_GENERIC_ENGLISH = """a about again an and any anything are as at be been but by can can't cannot check correct could did do does doesn't doing done don't
        either else first fix for from get go got had happen happened happens happening has have hello help here hey hi how i i'm if in is isn't it it's its
        just know last left let like long look many matter me mean more much must my need new next no not nothing now number of ok okay on once one only
        or order other our please pls problem question quick right same second see should so some something still tell thank thanks that the their them then
        there these they thing things this those time to today too two up us very want was we were what when where which who why will with work works
        working would wrong yes yet you your"""
GENERIC = frozenset(_GENERIC_ENGLISH.split())
"""Words that name no matter: a message of these alone can't be answered without asking what it is about."""
GENERIC_CHINESE = re.compile(
    r"请问|你好|您好|在吗|麻烦|帮忙|帮我|看看|看一下|一下|怎么回事|怎么办|怎么|什么|为什么|哪个|哪里|哪|几天|多久|多少|还剩|还有|这个|那个|两个|里面|我的|我们|我|你们|你|您|的|了|吗|呢|啊|吧|是|不|对|号码|订单|"
    r"问题|错|改|用|能|可以|要|有|没|再|给|在|到|到底|就|也|都|和|跟|去|来|做|办|弄|好|行|谢谢|请|这|那|它|他|她|一个|个|时候|现在|还|又|次|查|处理|搞|定|期|限|时间"
)


def is_vague(text: str, language: str) -> bool:
    """Whether no word of the text names a matter."""
    if language == CHINESE:
        return len(re.findall(r"[\u4e00-\u9fff]|[A-Za-z\d]{2,}", GENERIC_CHINESE.sub("", text))) < 2
    words = re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", text.casefold().replace("’", "'"))
    return not [word for word in words if word not in GENERIC]
