import re
from dataclasses import replace

import pytest
from desk_threads import PENALTY_EN, PENALTY_FACTS, thread_of
from hypothesis import given
from hypothesis import strategies as st

from llm.grounding import CHECK_NAMES, EvidenceBook, check_sentence, failing, missing_figures, missing_names
from llm.promises import blame_in, promises_in
from llm.types import Fact, Passage, Sentence

POLICY = Passage(
    "late_delivery",
    2,
    "The limit is 4%; above it clause F-2.1 applies, with 4 points that expire after 90 days.",
    "en",
    "Late delivery",
)
ZH_POLICY = Passage(
    "late_delivery", 2, "上限为 4%，超过即适用条款 F-2.1，扣 4 分，90 天后失效。", "zh-Hans", "送达延误"
)
BOOK_MESSAGES = thread_of(PENALTY_EN, ("agent", "We answered on 2026-11-06 at 10:30.")).messages
BOOK = EvidenceBook(BOOK_MESSAGES, (*PENALTY_FACTS, Fact("gmv", "sales lost", 1234.5, "USD")), (POLICY,), "T-000123")
M1, ALL_FACTS, RULE = "message:m1", tuple(fact.cite for fact in PENALTY_FACTS), "article:late_delivery#2"


def failed(text: str, *cites: str, language: str = "en", actions: tuple[str, ...] = ()) -> list[str]:
    checks = check_sentence(Sentence(text, cites), BOOK, language=language, allowed_actions=actions)
    assert tuple(check.name for check in checks) == CHECK_NAMES
    return [check.name for check in failing(checks)]


@pytest.mark.parametrize(
    ("text", "cites"),
    [
        ("The penalty was issued on 3 Nov 2026 under clause F-2.1.", (M1,)),
        ("The penalty was issued on November 3rd.", ("fact:f2",)),
        ("The penalty was issued on 2026-11-03 with four points.", ("fact:f2", "fact:f4")),
        ("It concerns orders TD-10017578 and TD-10017579.", (M1,)),
        ("You name a loss of USD 1234.5.", (M1,)),
        ("You name a loss of 1,234.50 dollars.", ("fact:gmv",)),
        ("Your late rate is 4.70 %.", ("fact:f7",)),
        ("Points expire after ninety days.", (RULE,)),
        ("You wrote on 5 Nov 2026 about BlueArrow.", (M1,)),
    ],
)
def test_figures_are_held_against_evidence_in_any_of_their_forms(text: str, cites: tuple[str, ...]) -> None:
    assert failed(text, *cites) == []


@pytest.mark.parametrize(
    ("text", "cites", "missing"),
    [
        ("You name a loss of $1,234.60.", (M1,), "$1,234.60"),
        ("The penalty was issued on 4 Nov 2026.", (M1, "fact:f2"), "4 Nov 2026"),
        ("The penalty was issued on 3 Nov 2025.", (M1,), "3 Nov 2025"),
        ("It concerns order TD-10017577.", (M1, *ALL_FACTS), "TD-10017577"),
        ("Clause F-2.2 applies.", (M1, RULE), "F-2.2"),
        ("Points expire after 4 days.", (RULE,), "4 days"),
        ("Your late rate is 4.8%.", ("fact:f7",), "4.8%"),
        ("The penalty has five points.", (M1, "fact:f4"), "five points"),
        ("There are 47 orders.", ALL_FACTS, "47 orders"),
        ("On 11/03 it was issued.", (M1,), "11/03"),
        ("处罚于2026年11月4日作出。", (M1,), "2026年11月4日"),
        ("扣五分。", ("fact:f4",), "五分"),
    ],
)
def test_a_planted_figure_is_flagged(text: str, cites: tuple[str, ...], missing: str) -> None:
    assert missing in missing_figures(text, BOOK.cited(cites))


def test_only_the_sources_a_sentence_names_count() -> None:
    assert failed("Points expire after 90 days.", M1) == ["figures_in_evidence"]
    assert failed("Points expire after 90 days.") == ["figures_in_evidence", "has_source"]
    assert failed("We have read your message.", "message:m99") == ["has_source"]


# Without sending times, which are evidence too.
TIMELESS = EvidenceBook([replace(m, sent_at=None) for m in BOOK_MESSAGES], PENALTY_FACTS, (POLICY,), "T-000123")
GROUNDED = [
    ("The penalty was issued on 3 Nov 2026 under clause F-2.1 with 4 points, which expire on 1 Feb 2027.", ALL_FACTS),
    ("It concerns orders TD-10017578, TD-10017579 and a loss of $1,234.50.", (M1,)),
    ("The limit is 4%; above it clause F-2.1 applies, with 4 points that expire after 90 days.", (RULE,)),
    ("该处罚于2026年11月3日作出，扣 4 分，2027年2月1日失效，延误率 4.7%。", ALL_FACTS),
    ("订单 TD-10017578 损失 1,234.50 美元，我们于2026年11月6日 10:30 回复。", (M1, "message:m2")),
]


@given(st.sampled_from(GROUNDED), st.data())
def test_any_changed_digit_is_flagged_unless_it_still_stands_in_the_evidence(
    grounded: tuple[str, tuple[str, ...]], data: st.DataObject
) -> None:
    text, cites = grounded
    evidence = TIMELESS.cited(cites)
    assert missing_figures(text, evidence) == []
    place = data.draw(st.sampled_from([m.start() for m in re.finditer(r"\d", text)]))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != text[place]]))
    changed = text[:place] + digit + text[place + 1 :]
    # Equal after all: 03 for 3, or another figure of the same evidence (an order of the same list, 4 points for 4 %).
    token = next(m.group() for m in re.finditer(r"[A-Za-z-]*[\d.,]*\d", changed) if m.start() <= place < m.end())
    still_there = any(re.search(rf"(?<!\d){re.escape(token)}(?!\d)", entry.text) for entry in evidence)
    assert missing_figures(changed, evidence) or still_there


def test_names_must_stand_in_the_evidence() -> None:
    evidence = BOOK.cited([M1])
    assert missing_names("We asked BlueArrow about it.", evidence) == []
    assert missing_names("我们已联系蓝箭物流。", evidence) == []
    assert missing_names("We asked SwiftParcel about it.", evidence) == ["SwiftParcel"]
    assert missing_names("Please ask Wang Fang about it.", evidence) == ["Wang Fang"]
    assert missing_names("请联系王经理。", evidence) == ["王"]


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("We will refund you in full.", "refund"),
        ("I've issued a full refund for the order.", "refund"),
        ("Your refund has been approved.", "refund"),
        ("You will receive a full refund.", "refund"),
        ("We'll lift the penalty.", "lift_penalty"),
        ("The penalty has been removed.", "lift_penalty"),
        ("We have approved your appeal.", "approve_appeal"),
        ("We will delete the review.", "remove_review"),
        ("Your account will be restored.", "restore"),
        ("We will call you tomorrow.", "call_back"),
        ("We guarantee a result.", "guarantee"),
        ("We will compensate you.", "compensate"),
        ("We will release the payout.", "pay"),
        ("If the parcel is lost, we will refund you.", "refund"),
        ("如果丢件，我们会为您退款。", "refund"),
        ("我们会为您退款。", "refund"),
        ("我们将撤销该处罚。", "lift_penalty"),
        ("您的处罚已撤销。", "lift_penalty"),
        ("我们会删除这条评价。", "remove_review"),
        ("我们会恢复您的账号。", "restore"),
        ("我们保证解决。", "guarantee"),
        ("平台将给您补偿。", "compensate"),
    ],
)
def test_promises_are_found_and_fail_without_backing(text: str, action: str) -> None:
    assert action in promises_in(text)
    language = "en" if text.isascii() else "zh-Hans"
    assert "no_unbacked_promise" in failed(text, M1, language=language)
    assert "no_unbacked_promise" not in failed(text, M1, language=language, actions=promises_in(text))


@pytest.mark.parametrize(
    "text",
    [
        "We cannot promise that the penalty is lifted.",
        "A person decides whether the penalty is lifted.",
        "You asked us to refund the order.",
        "Our article “When a review can be removed” says how.",
        "When the penalty is lifted, the points go.",
        "If the appeal succeeds, the points leave the running total.",
        "Please send us the order number.",
        "是否撤销处罚由人工裁定。",
        "客服台不能承诺退款。",
        "请提供订单号。",
    ],
)
def test_what_promises_nothing_passes(text: str) -> None:
    assert promises_in(text) == ()


def test_policy_quoted_word_for_word_may_say_what_it_says() -> None:
    passage = Passage("returns", 1, "The marketplace will refund the buyer when the parcel is lost.", "en", "Returns")
    book = EvidenceBook(passages=[passage])
    assert failing(check_sentence(Sentence(passage.text, (passage.cite,)), book)) == []
    twisted = Sentence("The marketplace will refund you when the parcel is lost.", (passage.cite,))
    assert [check.name for check in failing(check_sentence(twisted, book))] == ["no_unbacked_promise"]


def test_language_blame_private_data_and_length() -> None:
    assert failed("我们已收到您的来信，感谢您的耐心。", M1) == ["right_language"]
    assert failed("TD-10017578", M1) == []
    assert "no_blame" in failed("This is your own fault.", M1)
    assert blame_in("这是您自己的责任。")
    assert "no_private_data" in failed("Write to li@example.com about it.", M1)
    assert failed("We look at it with care. " * 20, M1) == ["length"]


def test_chinese_numerals_in_policy() -> None:
    book = EvidenceBook(passages=[ZH_POLICY])
    assert missing_figures("九十天后失效，扣四分。", book.cited([ZH_POLICY.cite])) == []
    assert missing_figures("八十天后失效。", book.cited([ZH_POLICY.cite])) == ["八十天"]


def test_supporting_names_the_sources_that_hold_all_figures_or_none() -> None:
    assert BOOK.supporting("The limit is 4% and points expire after 90 days.") == (RULE,)
    assert BOOK.supporting("The limit is 4% and points expire after 91 days.") == ()
