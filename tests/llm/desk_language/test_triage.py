from pathlib import Path

import pytest

from llm.errors import CheckpointError
from llm.fields import asks_of, fields_of
from llm.knowledge import Knowledge
from llm.taught import Correction
from llm.triage import Triage, classify, triage_of
from llm.triage_weights import TriageWeights, shipped


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Our account was suspended this morning and we cannot sell anything!", "account_suspended"),
        ("Please take the 4 points back, we shipped on time and appeal the penalty.", "penalty_appeal"),
        ("The buyer sent back an empty box and got the refund anyway.", "refund_recovery"),
        ("店铺被封了，什么都卖不了！", "account_suspended"),
        ("请问打款什么时候到账", "payout_delay"),
        ("asdf qwer zxcv", "other"),
        ("The weather in the mountains was lovely and we walked for two days.", "other"),
        ("", "other"),
        ("😀", "other"),
    ],
)
def test_the_matter_is_told(triage: Triage, text: str, intent: str) -> None:
    assert triage.classify(text).intents[0].name == intent


def test_two_matters_in_one_message_both_show(triage: Triage) -> None:
    text = "We appeal the penalty of 4 points for late delivery. Also, when will our payout be transferred?"
    assert {i.name for i in triage.classify(text).intents} >= {"penalty_appeal", "payout_delay"}


def test_sentiment_hears_negation_and_shouting(triage: Triage) -> None:
    assert triage.sentiment("Thank you, great help!") > 0.3
    assert triage.sentiment("This is unfair and useless.") < -0.3
    assert triage.sentiment("not helpful") < 0 < triage.sentiment("helpful")
    assert triage.sentiment("THIS IS UNFAIR!!!") < triage.sentiment("this is unfair")
    assert triage.sentiment("客服态度很好，谢谢") > 0.3
    assert triage.sentiment("不满意") < 0 < triage.sentiment("满意")
    assert triage.sentiment("The parcel is blue.") == 0


def test_aspects_have_polarity(triage: Triage) -> None:
    aspects = {a.name: a.polarity for a in triage.classify("Exactly as described, but the support was rude.").aspects}
    assert aspects["description"] == "positive"
    assert aspects["service"] == "negative"


def test_urgency_follows_the_matter_and_its_words(triage: Triage) -> None:
    assert triage.classify("Our account was suspended this morning.").urgency.name == "critical"
    assert triage.classify("How is the score calculated? no rush").urgency.name == "low"


def test_fields_are_as_written(knowledge: Knowledge) -> None:
    text = "Order TD-10017578 via BlueArrow on 3 Nov cost $12.50. Could you check it?"
    result = classify(text, knowledge.taxonomy, text_id="x").to_json()
    assert result["id"] == "x"
    assert result["fields"] == {
        "orders": ["TD-10017578"],
        "amounts": ["$12.50"],
        "dates": ["3 Nov"],
        "carriers": ["BlueArrow"],
        "asks": ["Could you check it?"],
    }


@pytest.mark.parametrize(
    "text", ["\x00\x01\x02", "مرحبا اين طلبي", "<script>alert(1)</script>", "a" * 100_000, "订单" * 50_000, "\ud800"]
)
def test_odd_text_is_classified_without_error(triage: Triage, text: str) -> None:
    result = triage.classify(text)
    assert -1 <= result.sentiment <= 1
    assert all(0 <= i.confidence <= 1 for i in result.intents)


def test_the_same_text_gives_the_same_answer(knowledge: Knowledge) -> None:
    text = "Please explain the fee of 2% on order TD-10017578."
    assert Triage(knowledge.taxonomy).classify(text) == Triage(knowledge.taxonomy).classify(text)


@pytest.mark.parametrize("text", ["one", "bad surrogate", "One!", "一个", "客户"])
def test_a_word_or_two_is_no_matter_unless_it_is_plain(triage: Triage, text: str) -> None:
    assert [intent.name for intent in triage.classify(text).intents] == ["other"]


@pytest.mark.parametrize(("text", "intent"), [("refund status", "refund_status"), ("payout delay", "payout_delay")])
def test_two_plain_words_are_understood(triage: Triage, text: str, intent: str) -> None:
    assert triage.classify(text).intents[0].name == intent


def test_what_people_said_tells_of_texts_like_it_and_of_no_others(knowledge: Knowledge, triage: Triage) -> None:
    odd = "Our stall at the spring fair in {}: who brings the tables and the {} banners?"
    towns = [
        (town, colour)
        for town in ("Lund", "Ghent", "Porto", "Turku")
        for colour in ("red", "blue", "long", "old", "new")
    ]
    said = tuple(Correction(odd.format(*names), "campaign_enrolment", "critical") for names in towns)
    taught = triage_of(knowledge.taxonomy, said)
    new, other = (
        "Spring fair in Aarhus, our stall: who brings the banners and the tables?",
        "When is my payout transferred?",
    )
    assert (triage.classify(new).intents[0].name, triage.classify(new).urgency.name) != (
        "campaign_enrolment",
        "critical",
    )
    told = taught.classify(new)
    assert (told.intents[0].name, told.urgency.name) == ("campaign_enrolment", "critical")
    assert told.intents[0].confidence > 0.6
    assert taught.classify(other) == triage.classify(other)


def test_corrections_count_in_their_own_language_and_unknown_labels_teach_nothing(
    knowledge: Knowledge, triage: Triage
) -> None:
    text = "春季展会的摊位谁来搭？"
    said = tuple(Correction(text, intent) for intent in ("campaign_enrolment", "no_such_intent", ""))
    assert triage_of(knowledge.taxonomy, said).classify(text).intents[0].name == "campaign_enrolment"
    english = "Who sets up the stall?"
    assert triage_of(knowledge.taxonomy, said).classify(english) == triage.classify(english)


def test_asks_are_the_clauses_that_ask() -> None:
    assert asks_of("Good day, please register an appeal against it, the message was not ours.") == (
        "please register an appeal against it",
    )
    assert asks_of("Just wondering: why is our score a range?") == ("why is our score a range?",)
    assert asks_of("绿台灯下面那条说的是帐篷，帮看下是不是写错商品了？") == ("帮看下是不是写错商品了？",)
    assert asks_of("The parcel is blue.") == ()


def test_codes_of_orders_and_money_without_a_currency_are_fields() -> None:
    found = fields_of(
        "You hold our 980.50 for WP-3301, request RQ-77, sent by Tallis Freight on 14 September. It is 1.90 kg."
    )
    assert (found.orders, found.amounts, found.dates, found.carriers) == (
        ("WP-3301",),
        ("980.50",),
        ("14 September",),
        ("Tallis Freight",),
    )


def test_the_weights_know_every_intent_of_the_taxonomy(knowledge: Knowledge) -> None:
    assert {intent.intent_id for intent in knowledge.taxonomy.intents} == set(shipped().intents)


def test_weights_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "other.npz").write_bytes(b"PK\x03\x04 none of ours")
    for name in ("other.npz", "absent.npz"):
        with pytest.raises(CheckpointError, match="train-triage"):
            TriageWeights.load(tmp_path / name)
