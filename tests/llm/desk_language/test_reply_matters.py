"""Which matter a reply answers, for whom, and what is decided already."""

import re
from dataclasses import replace

import pytest
from desk_briefs import LATE_EN, brief_of, failed
from desk_threads import PENALTY_EN, PENALTY_FACTS, PENALTY_ZH, thread_of

from llm.briefing import build_brief
from llm.knowledge import Knowledge
from llm.reply import draft
from llm.types import Fact


def test_a_tickets_subject_tells_its_matter_where_the_message_does_not(knowledge: Knowledge) -> None:
    asked = thread_of(
        ("merchant", "Two parcels were delivered two weeks ago and still nothing. We rely on it, please help!")
    )
    alone, told = (build_brief(asked, knowledge, subject=subject) for subject in ("", "Where is our payout?"))
    assert "payouts" not in {passage.article_id for passage in alone.passages}, (
        "the message alone tells too much for this test"
    )
    assert told.passages[0].article_id == "payouts"
    assert any(macro.macro_id.startswith("payout") for macro in told.macros)


@pytest.mark.parametrize(
    ("matter", "opening", "later"),
    [
        (
            "payout_delay",
            "上周的货款到现在没到账，什么时候打款？供应商等着结账。",
            ("银行信息没有动过，能不能让人工看一下？", "还是没有消息，我们很着急，请尽快给个说法。"),
        ),
        (
            "fee_question",
            "There is a fee in our statement that nobody here understands. Why were we charged it?",
            (
                "Bumping this one, our Monday meeting needs it.",
                "Could a person look at this, please?",
                "Somebody must have the details by now.",
                "Very happy with this, thank you.",
            ),
        ),
    ],
)
def test_who_only_asks_for_news_is_answered_on_what_the_thread_was_opened_for(
    knowledge: Knowledge, matter: str, opening: str, later: tuple[str, ...]
) -> None:
    brief = brief_of(knowledge, *(("merchant", text) for text in (opening, *later)), facts=())
    assert brief.matters == (matter,)
    turned = brief_of(knowledge, ("merchant", opening), ("merchant", later[0]), PENALTY_EN, facts=())
    assert turned.matters[0] == "penalty_appeal"
    opened_by_another = brief_of(knowledge, ("buyer", opening), *(("merchant", text) for text in later), facts=())
    assert opened_by_another.matters != (matter,)


APPEAL_TERMS = (
    Fact("end", "appeal_period_end", "2026-11-17"),
    Fact("review_due_date", "review_due_date", "2026-12-04"),
)


@pytest.mark.parametrize(
    ("asked", "word", "said", "registered"),
    [
        (PENALTY_EN, "After the review the penalty under clause F-2.1 is kept, because the scans do not change it.", "stands in our earlier message", "is registered"),
        (PENALTY_ZH, "处罚已复核完毕，复核后维持处罚。", "见我们此前在本工单中的回复", "申诉已登记"),
    ],
)  # fmt: skip
def test_a_decided_appeal_is_not_registered_again(
    knowledge: Knowledge, asked: tuple[str, str], word: str, said: str, registered: str
) -> None:
    facts = (*(fact for fact in PENALTY_FACTS if fact.name != "due_date"), *APPEAL_TERMS)
    last = ("merchant", asked[1].splitlines()[-1])
    unsure = ("agent", "We will tell you whether the penalty is lifted. 是否撤销处罚将由人工裁定。")
    for desk, decided in ((("agent", word), True), (("merchant", word), False), (unsure, False)):
        reply = draft(brief_of(knowledge, asked, desk, last, facts=facts))
        assert failed(reply) == {}
        assert (said in reply.reply) is decided
        assert (registered in reply.reply) is not decided


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (PENALTY_EN, "under clause F-2.1 was lifted on 9 Nov 2026"),
        (PENALTY_ZH, "条款 F-2.1 的处罚自2026年11月9日起撤销"),
    ],
)
def test_a_penalty_that_the_records_show_as_lifted_is_told_so(
    knowledge: Knowledge, asked: tuple[str, str], said: str
) -> None:
    lifted = (
        Fact("penalty_clause", "penalty_clause", "F-2.1"),
        Fact("penalty_lifted_on", "penalty_lifted_on", "2026-11-09"),
        *APPEAL_TERMS,
    )
    reply = draft(brief_of(knowledge, asked, facts=lifted))
    assert failed(reply) == {}
    assert said in reply.reply
    assert not re.search("registered|已登记", reply.reply)


def test_two_matters_get_two_next_steps(knowledge: Knowledge) -> None:
    text = "We appeal the penalty of 4 points for late delivery. Also, when will our payout be transferred?"
    reply = draft(brief_of(knowledge, ("merchant", text))).reply
    assert "You can appeal until 17 Nov 2026" in reply
    assert "payments team" in reply


@pytest.mark.parametrize("text", [LATE_EN, "我的订单12345678晚到了3天！能退款50美元吗？"])
@pytest.mark.parametrize(("asker", "other"), [("merchant", "buyer"), ("buyer", "merchant")])
def test_nobody_is_told_what_is_meant_for_the_other_side(
    knowledge: Knowledge, text: str, asker: str, other: str
) -> None:
    brief = brief_of(knowledge, (other, "Where is order 12345678? It has not arrived."), (asker, text), facts=())
    audience = {article.article_id: article.audience for article in knowledge.articles}
    assert brief.passages
    assert {audience[passage.article_id] for passage in brief.passages} <= {asker, "both"}
    group = {intent.intent_id: intent.group for intent in knowledge.taxonomy.intents if intent.intent_id != "other"}
    assert all(asker in {group.get(intent) for intent in macro.intents} for macro in brief.macros)
    assert not re.search(r"write to the merchant first|payment reference", draft(brief).reply) or asker == "buyer"


RECORD = "TD-10017578: placed 2026-11-01, deliver by 2026-11-06"
PASSED = (
    Fact("today", "today", "2026-11-29"),
    Fact("order.TD-10017578", "order_record", RECORD),
    Fact("order.TD-10017578.chargeback", "order_chargeback", "TD-10017578: 2026-11-10"),
    Fact("order.TD-10017578.evidence_period_end", "evidence_period_end", "2026-11-20"),
    Fact(
        "order.TD-10017578.settlement",
        "order_settlement",
        "TD-10017578: settlement 2026-11-12, transfer until 2026-11-16",
    ),
    Fact("appeal_period_end", "appeal_period_end", "2026-11-17"),
    Fact("appeal_first_message", "appeal_first_message", "2026-11-25"),
)


@pytest.mark.parametrize(
    ("asked", "passed", "never"),
    [
        (
            "Please explain what clause F-2.1 means and why our shop was given 4 points for it.",
            "ended on 17 Nov 2026",
            "can appeal until",
        ),
        ("我们的店铺为什么被处罚扣分？请解释处罚原因。", "申诉期限已于2026年11月17日截止", "前申诉"),
        ("A chargeback came for TD-10017578, what now?", "ended on 20 Nov 2026", "Please send the evidence"),
        ("订单 TD-10017578 收到银行拒付，怎么办？", "举证期限已于2026年11月20日截止", "前提交"),
        (
            "The payout for TD-10017578 has not arrived, when will it come?",
            "was to settle on 12 Nov 2026",
            "settles on",
        ),
        ("订单 TD-10017578 的货款没有到账，什么时候打款？", "结算日原为2026年11月12日", "结算日为"),
        (
            "TD-10017578 is counted as late, please check.",
            "the promised day, 6 Nov 2026, has passed",
            "promised day is",
        ),
        ("订单 TD-10017578 被算作延误，请核查。", "承诺送达日2026年11月6日已过", "送达日为"),
    ],
)
def test_a_day_that_has_passed_is_told_as_passed(knowledge: Knowledge, asked: str, passed: str, never: str) -> None:
    result = draft(brief_of(knowledge, ("merchant", asked), facts=PASSED))
    assert failed(result) == {}
    assert passed in result.reply
    assert never not in result.reply
    sources = {fact.cite: str(fact.value) for fact in PASSED}
    for sentence in result.sentences:
        if passed in sentence.text and "TD-10017578" in sentence.text:
            assert any("TD-10017578" in sources.get(cite, "") for cite in sentence.cites), (
                "the order's number stands in a source"
            )


LATE_BY_HOURS = Fact(
    "order.TD-10017578",
    "order_record",
    "TD-10017578: placed 2026-11-01, deliver by 2026-11-06, delivered 2026-11-06, delivered at 21:30 instead of 20:00 (Asia/Shanghai),"
    " late, recorded as the fault of: seller",
)


@pytest.mark.parametrize(
    ("asked", "said", "fault"),
    [
        (
            "TD-10017578 is counted as late, why?",
            "delivered on 6 Nov 2026 at 21:30; the promised time was 20:00 that day (Asia/Shanghai)",
            "with the merchant as the cause",
        ),
        (
            "订单 TD-10017578 为什么被算作延误？",
            "2026年11月6日 21:30 签收，承诺送达时间为当日 20:00（Asia/Shanghai）",
            "原因记在商家一方",
        ),
    ],
)
def test_a_parcel_late_by_hours_is_told_with_its_times_and_whose_fault_to_the_merchant_alone(
    knowledge: Knowledge, asked: str, said: str, fault: str
) -> None:
    for asker in ("merchant", "buyer"):
        result = draft(brief_of(knowledge, (asker, asked), facts=(LATE_BY_HOURS,)))
        assert failed(result) == {}
        assert said in result.reply
        assert (fault in result.reply) is (asker == "merchant")


@pytest.mark.parametrize(
    ("asked", "shop"),
    [("Where is our payout?", "锦源宠物用品旗舰店"), ("我们的货款什么时候到账？", "River Wonder Direct")],
)
def test_a_shop_is_greeted_by_its_name_in_any_script(knowledge: Knowledge, asked: str, shop: str) -> None:
    result = draft(brief_of(knowledge, ("merchant", asked), facts=(Fact("merchant_name", "merchant_name", shop),)))
    assert failed(result) == {}
    assert shop in result.reply.split("\n\n")[0]


def test_a_penalty_for_something_else_is_not_explained_by_the_late_rate(knowledge: Knowledge) -> None:
    rate = (Fact("late_rate", "late_rate", 0.097, "rate"), Fact("late_rate_limit", "late_rate_limit", 4.0, "percent"))
    text = "Please explain what the clause means and why our shop was given points for it."
    for clause, is_told in (("F-2.1", True), ("F-1.2", False)):
        facts = (*rate, Fact("penalty_clause", "penalty_clause", clause))
        assert ("9.7%" in draft(brief_of(knowledge, ("merchant", text), facts=facts)).reply) is is_told


@pytest.mark.parametrize("word", ["One more thing: t", "T"])
def test_a_neighbouring_matter_gets_a_next_step_only_where_it_is_announced(knowledge: Knowledge, word: str) -> None:
    text = (
        f"The commission on our statement looks wrong, please correct it. {word}he buyer sent the parcel back damaged."
    )
    matters = ("fee_question", "return_dispute")
    macros = tuple(macro for matter in matters for macro in knowledge.suggest_macros(matter, "en", "neutral"))
    facts = (Fact("order_id", "order_id", "TD-10017578"),)
    brief = replace(brief_of(knowledge, ("merchant", text), facts=facts), matters=matters, macros=macros)
    reply = draft(brief).reply
    assert "the line of the statement" in reply
    assert ("photographs of the parcel" in reply) is word.startswith("One")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            "A parcel of ours is counted as late though it was the carrier. Please check the fault.",
            "may be about TD-10017578 (promised for 6 Nov 2026, and late), TD-10017601 (dispute opened on 4 Nov 2026",
        ),
        (
            "我们有个包裹被算作延误，其实是快递的原因，请核查责任。",
            "可能涉及 TD-10017578（承诺2026年11月6日送达，已延误）、TD-10017601",
        ),
    ],
)
def test_orders_that_a_question_may_be_about_are_named_as_possible_to_the_merchant_alone(
    knowledge: Knowledge, asked: str, said: str
) -> None:
    facts = (
        Fact("possible.TD-10017578", "order_possible", "TD-10017578: late 2026-11-06"),
        Fact("possible.TD-10017601", "order_possible", "TD-10017601: dispute 2026-11-04"),
    )
    for asker in ("merchant", "buyer"):
        result = draft(brief_of(knowledge, (asker, asked), facts=facts))
        assert failed(result) == {}
        assert (said in result.reply) is (asker == "merchant")
    own = (*facts, Fact("order.TD-1", "order_record", RECORD))
    assert said not in draft(brief_of(knowledge, ("merchant", asked), facts=own)).reply


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("Our payout of last week has not arrived. When is it paid?", "no payouts, so the payout page tells"),
        ("上周的货款到现在没到账，什么时候打款？", "没有打款，每笔打款的状态以打款页面为准"),
        ("Why are the photos of our product page blurred?", "nothing on this matter"),
        ("我们商品页的图片为什么很模糊？", "没有与此事有关的内容"),
    ],
)
def test_that_the_records_hold_nothing_of_a_matter_is_said_in_either_language(
    knowledge: Knowledge, asked: str, said: str
) -> None:
    held = (Fact("records_hold", "records_hold", "orders, refunds, penalties, scores; no payouts"),)
    assert said in draft(brief_of(knowledge, ("merchant", asked), facts=held)).reply


@pytest.mark.parametrize(
    ("asked", "fault", "said", "never"),
    [
        ("TD-10017578 is counted as late through us, which is wrong. Please check.", "buyer", "is not counted as late through the merchant", "acceptance scan"),
        ("TD-10017578 is counted as late through us, which is wrong. Please check.", "seller", "acceptance scan", "is not counted"),
        ("TD-10017578 显示因商家责任延误，我们不认可，请核查。", "carrier", "不计为商家责任延误", "揽收记录"),
        ("TD-10017578 显示因商家责任延误，我们不认可，请核查。", "seller", "揽收记录", "不计为"),
    ],
)  # fmt: skip
def test_a_merchant_that_the_records_clear_is_told_so_and_asked_for_no_evidence(
    knowledge: Knowledge, asked: str, fault: str, said: str, never: str
) -> None:
    record = f"TD-10017578: placed 2026-10-07, shipped 2026-10-07, deliver by 2026-10-23, delivered 2026-10-24, carrier BlueArrow, late, recorded as the fault of: {fault}"
    result = draft(brief_of(knowledge, ("merchant", asked), facts=(Fact("order.TD-10017578", "order_record", record),)))
    assert failed(result) == {}
    assert said in result.reply
    assert never not in result.reply


def _orders(count: int) -> tuple[Fact, ...]:
    ids = [f"TD-{place}" for place in range(1, count + 1)]
    records = (
        Fact(f"order.{each}", "order_record", f"{each}: placed 2026-07-18, delivered 2026-07-21") for each in ids
    )
    return tuple(records)


@pytest.mark.parametrize(
    ("asked", "each"),
    [
        ("Where is our payout for these orders? It has not arrived.", "TD-{} 28 Jul 2026 (transfer by 30 Jul 2026)"),
        ("这几单的货款到现在没到账，什么时候打款？", "TD-{} 2026年7月28日（最晚2026年7月30日到账）"),
    ],
)
def test_a_payout_of_several_orders_is_told_of_each(knowledge: Knowledge, asked: str, each: str) -> None:
    days = "settlement 2026-07-28, transfer until 2026-07-30"
    settlements = (
        Fact(f"order.TD-{place}.settlement", "order_settlement", f"TD-{place}: {days}") for place in range(1, 7)
    )
    result = draft(brief_of(knowledge, ("merchant", asked), facts=(*_orders(6), *settlements)))
    assert failed(result) == {}
    assert all(each.format(place) in result.reply for place in range(1, 7))


def test_orders_that_a_reply_leaves_out_are_named(knowledge: Knowledge) -> None:
    asked = "Orders TD-1, TD-2, TD-3, TD-4, TD-5 and TD-6 are counted as late, which is wrong. Please check them."
    reply = draft(brief_of(knowledge, ("merchant", asked), facts=_orders(6))).reply
    assert "Order TD-4 was placed" in reply
    assert "This ticket names TD-5, TD-6 as well, which this answer does not go into." in reply


LATE_TWICE = "{}: placed 2026-10-07, deliver by 2026-10-23, delivered 2026-10-24, late, recorded as the fault of: {}"
TODAY = Fact("today", "today", "2026-11-29")


def _records(**faults: str) -> tuple[Fact, ...]:
    orders = {order.replace("_", "-"): fault for order, fault in faults.items()}
    return tuple(
        Fact(f"order.{each}", "order_record", LATE_TWICE.format(each, fault)) for each, fault in orders.items()
    )


def _settlement(order: str) -> Fact:
    days = "settlement 2026-10-31, transfer until 2026-11-03"
    return Fact(f"order.{order}.settlement", "order_settlement", f"{order}: {days}")


@pytest.mark.parametrize("length", ["short", "normal", "long"])
@pytest.mark.parametrize(
    "asked", ["Where is our payout for these orders? It has not arrived.", "这几单的货款到现在没到账，什么时候打款？"]
)
def test_the_payout_of_as_many_orders_as_a_ticket_may_name_is_told_whole(
    knowledge: Knowledge, asked: str, length: str
) -> None:
    ids = [f"{place:032x}" for place in range(0xE481F51CBDC5, 0xE481F51CBDC5 + 8)]
    records = (
        Fact(f"order.{each}", "order_record", f"{each}: placed 2026-10-07, delivered 2026-10-24") for each in ids
    )
    facts = (TODAY, *records, *map(_settlement, ids))
    reply = draft(brief_of(knowledge, ("merchant", asked), facts=facts, length=length))
    assert failed(reply) == {}
    assert all(each in reply.reply for each in ids)
    assert not re.search("show today|today：", reply.reply)


def test_a_payout_that_is_told_leaves_no_other_matter_of_its_orders_out(knowledge: Knowledge) -> None:
    asked = "When is our payout for TD-10017578 and TD-10017601 paid? Also, TD-10017601 is counted as late through us, which is wrong."
    orders = _records(TD_10017578="seller", TD_10017601="carrier")
    facts = (TODAY, *orders, _settlement("TD-10017578"), _settlement("TD-10017601"))
    reply = draft(brief_of(knowledge, ("merchant", asked), facts=facts)).reply
    assert "TD-10017601 is recorded as late, with the carrier as the cause" in reply


def test_no_evidence_is_asked_for_an_order_that_the_records_lay_on_others(knowledge: Knowledge) -> None:
    asked = "Orders TD-10017578 and TD-10017601 are counted as late through us, which is wrong. Please check."
    facts = (TODAY, *_records(TD_10017578="seller", TD_10017601="carrier"))
    reply = draft(brief_of(knowledge, ("merchant", asked), facts=facts)).reply
    assert "acceptance scan for TD-10017578. " in reply
