"""What each check on a generated sentence withholds and lets through, on sentences written for the rule, in both languages."""

import pytest

from llm.checks.clauses import is_conditional
from llm.checks.compensation import over_the_limits
from llm.checks.done import reported_done
from llm.checks.identity import mistaken_for
from llm.checks.outcomes import foretold_in
from llm.checks.people import given_away
from llm.checks.purity import foreign_in, traditional_in
from llm.checks.reproach import reproaches_in
from llm.grounding import EvidenceBook, missing_figures
from llm.types import Fact

FAULT = (
    Fact("f1", "platform_fault", "upload down on 2026-05-02"),
    Fact("f2", "goodwill_granted_this_month", 150, "USD"),
)
SHOP = (Fact("f1", "merchant_name", "Harbour Lane Books"), Fact("f2", "buyer_name", "Greta Holm"))
RECORDS = (
    Fact("a", "order_record", "AB-100: ship by 2026-05-04, handed over 2026-05-06, delivered 2026-05-09"),
    Fact("b", "order_record", "AB-200: ship by 2026-05-11, handed over 2026-05-11"),
    Fact("w", "weight_sent", 1.2, "kg"),
    Fact("c", "fee_a", 12.5, "USD"),
    Fact("d", "fee_b", 7.5, "USD"),
    Fact("t", "last_scan", "2026-05-08 15:30 UTC"),
)


@pytest.mark.parametrize(
    ("text", "is_granted_too_much"),
    [
        ("We credit USD 50 for AB-100.", False),
        ("We credit USD 50.01 for AB-100.", True),
        ("We credit USD 30 for AB-100 and USD 25 for AB-200.", True),  # 55 with the 150 of the month
        ("We can't credit USD 300.", False),
        ("You ask for 300 dollars.", False),
        ("We waive the fee of 2.50.", True),
        ("我们给您补偿60美元。", True),
        ("我们给您补偿40美元。", False),
        ("手续费给您免了。", True),
    ],
)
def test_money_within_the_limits(text: str, is_granted_too_much: bool) -> None:
    assert bool(over_the_limits(text, FAULT, ("goodwill_credit",))) == is_granted_too_much
    assert not over_the_limits(text, FAULT, ("team_lead_approval",))


def test_no_credit_without_a_mistake_of_the_marketplace() -> None:
    assert over_the_limits("We credit USD 20 for the storm.", (), ())


@pytest.mark.parametrize(
    ("text", "is_missing"),
    [
        ("AB-100 was handed over on 6 May.", False),
        ("AB-100 was handed over on 4 May.", True),
        ("AB-200 was handed over on 6 May.", True),
        ("It weighed 1,200 g.", False),
        ("It weighed 1.2 斤.", True),
        ("Together that is USD 20.", False),
        ("Together that is USD 21.", True),
        ("The last scan was at 3.30 pm.", False),
        ("The last scan was at 3.30 am.", True),
        ("五月八日有扫描。", False),
        ("五月七日有扫描。", True),
    ],
)
def test_figures_in_other_spellings_and_of_the_right_record(text: str, is_missing: bool) -> None:
    evidence = EvidenceBook(facts=RECORDS).cited([fact.cite for fact in RECORDS])
    assert bool(missing_figures(text, evidence)) == is_missing


def test_one_language_throughout() -> None:
    assert foreign_in("The refund 已到账 today.", "en", "") == ["已到账"]
    assert foreign_in("您的 refund 已到账。", "zh-Hans", "") == ["refund"]
    assert not foreign_in("您的 Aurora Lamp 已到账，时间为 UTC 8:00。", "zh-Hans", "Aurora Lamp")
    assert traditional_in("訂單已經處理") == ["訂", "單", "經", "處"]
    assert not traditional_in("订单已经处理")


def test_the_right_shop_in_its_own_role() -> None:
    def found(text: str) -> list[str]:
        return mistaken_for(text, (), SHOP, merchant_id="M-100", known="Harbour Lane Books M-100", is_seller=True)

    assert not found("Dear Harbour Lane Books, merchant M-100 is concerned.")
    assert found("Merchant M-010 is concerned.")
    assert found("Dear Harbour Street Books, we have read it.")
    assert found("Thank you for your purchase.")
    assert found("感谢您的购买。")


def test_nobody_is_given_away() -> None:
    assert given_away("Greta says so.", (), SHOP, "")
    assert not given_away("Greta says so.", (), SHOP, "Greta wrote to me")
    assert given_away("The complaint comes from a rival.", (), SHOP, "")
    assert not given_away("We can't tell you who complained.", (), SHOP, "")


@pytest.mark.parametrize("text", ["You should have checked it.", "The buyer is evidently lying.", "难怪会扣分。"])
def test_a_reproach_is_found(text: str) -> None:
    assert reproaches_in(text)


@pytest.mark.parametrize(
    "text", ["Nobody says that you were careless.", "The delay was the carrier's.", "您认为买家撒谎，我们会核查。"]
)
def test_what_reproaches_nobody_passes(text: str) -> None:
    assert not reproaches_in(text)


@pytest.mark.parametrize(
    "text", ["Your payout will be released tomorrow.", "您的处罚明天就会撤销。", "We have asked the carrier."]
)
def test_what_is_not_decided_is_not_foretold(text: str) -> None:
    assert foretold_in(text)


def test_conditions_denials_and_actions_taken_are_no_promises() -> None:
    assert not foretold_in("If the bank agrees, the money will be returned.")
    assert not foretold_in("We can't say when the payout will be released.")
    assert not foretold_in("We have asked the carrier.", frozenset({"contact_carrier"}))


KNOWN = "review_status removed\nWe have credited 20.00 USD to your account."


@pytest.mark.parametrize(
    "text",
    [
        "Your account has been reopened.",
        "We hereby approve the refund.",
        "The suspension is over.",
        "Both disputes were settled in your favour.",
        "您的扣分现已全部清零。",
        "申诉已获批准，请放心。",
    ],
)
def test_nothing_is_reported_as_done_that_no_record_says(text: str) -> None:
    assert reported_done(text, "penalty_points 4")


@pytest.mark.parametrize(
    "text",
    [
        "The review was removed.",
        "We have credited 20.00 USD.",
        "Your account has not been reopened.",
        "If the claim has been approved, the money is paid out on Friday.",
        "You say that the penalty was lifted.",
        "We won't guess.",
        "We confirm receipt of your letter.",
        "已经收到您的更正申请。",
        "您已确认是发错。",
    ],
)
def test_records_denials_conditions_and_claims_report_nothing(text: str) -> None:
    assert reported_done(text, KNOWN) == ()


def test_an_action_that_was_taken_may_be_told() -> None:
    assert reported_done("We have credited 26.60 for each of the three orders.", "") != ()
    assert reported_done("We have credited 26.60 for each of the three orders.", "", {"goodwill_credit"}) == ()


def test_a_figure_with_a_point_ends_no_promise() -> None:
    assert foretold_in("Your payout of 2,310.55 will be released within the hour.")


def test_since_when_it_is_so_is_no_condition() -> None:
    assert not is_conditional("已经改判，延误全在承运商")
