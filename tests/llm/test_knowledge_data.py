"""The desk's knowledge agrees with itself: languages, figures, ids and placeholders. Reads the files only, imports nothing of ours."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
KNOWLEDGE = ROOT / "data" / "knowledge"
LANGUAGES = ("en", "zh-Hans")
COMPONENTS = {"fulfilment", "quality", "service", "integrity", "none"}
KINDS = {"acknowledge", "fact", "decision", "next_step", "close", "ask", "hand_over"}
TONES = {"neutral", "warm", "formal"}
VARIABLES = {
    "merchant_name", "order_id", "order_ids", "amount", "date", "due_date", "clause", "points", "expires_on", "score", "level",
    "late_rate", "limit", "carrier", "region", "ticket_id", "review_score", "article_title",
}  # fmt: skip
ACTIONS = {
    "review_penalty", "lift_penalty", "refund", "reinstate_listing", "remove_review", "contact_carrier", "release_payout",
    "escalate", "resend_label", "verify_identity",
}  # fmt: skip
# Outcomes that only a decision can grant: no prepared sentence may promise one.
OUTCOMES = {"lift_penalty", "refund", "reinstate_listing", "remove_review", "release_payout"}
INTENTS = {
    "penalty_appeal", "penalty_explanation", "score_question", "late_delivery_dispute", "carrier_outage",
    "tracking_invalid", "return_dispute", "refund_recovery", "chargeback_dispute", "case_dispute", "review_removal",
    "review_manipulation_report", "payout_delay", "fee_question", "listing_rejected", "listing_suppressed",
    "account_suspended", "account_access", "identity_verification", "tax_invoice", "stock_sync", "shipping_label",
    "campaign_enrolment", "policy_question", "buyer_abuse", "counterfeit_complaint", "data_privacy_request",
    "technical_bug", "order_cancellation", "address_change", "order_status", "item_not_received",
    "item_not_as_described", "refund_status", "other",
}  # fmt: skip
BUYER_INTENTS = {"order_status", "item_not_received", "item_not_as_described", "refund_status"}
FIGURE = re.compile(r"[A-Z]-\d\.\d|\d+(?:[.:]\d+)*%?")
MARKUP = re.compile(r"^([#>*|-]|\d+[.)])\s|\*\*|`|\]\(|\n|<")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def figures(text: str) -> list[str]:
    """Clause ids, amounts, limits and times, sorted, so that two languages can be compared."""
    return sorted(FIGURE.findall(text))


def read_toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def read_article(path: Path) -> tuple[dict[str, Any], list[str]]:
    empty, front, body = path.read_text(encoding="utf-8").split("+++\n", 2)
    assert empty == "", f"{path.name}: text before the front matter"
    return tomllib.loads(front), [p.strip() for p in re.split(r"\n\s*\n", body.strip())]


TAXONOMY = read_toml(KNOWLEDGE / "taxonomy.toml")
BY_INTENT = {intent["id"]: intent for intent in TAXONOMY["intent"]}
FILES = sorted((KNOWLEDGE / "articles").glob("*.md"))
ARTICLES = {(a[0]["id"], a[0]["language"]): a for a in map(read_article, FILES)}
ARTICLE_IDS = sorted({article_id for article_id, _ in ARTICLES})
MACROS = [m for path in sorted((KNOWLEDGE / "macros").glob("*.toml")) for m in read_toml(path)["macro"]]
CLAUSES = read_toml(KNOWLEDGE / "clauses.toml")["clause"]
LIMITS = read_toml(KNOWLEDGE / "limits.toml")["limit"]

each_article = pytest.mark.parametrize("article_id", ARTICLE_IDS)
each_macro = pytest.mark.parametrize("macro", MACROS, ids=[m["id"] for m in MACROS])
each_intent = pytest.mark.parametrize("intent", BY_INTENT.values(), ids=list(BY_INTENT))
each_clause = pytest.mark.parametrize("clause", CLAUSES, ids=[c["id"] for c in CLAUSES])
each_limit = pytest.mark.parametrize("limit", LIMITS, ids=[entry["id"] for entry in LIMITS])


def assert_both_languages(texts: dict[str, Any], where: str) -> None:
    assert set(texts) == set(LANGUAGES), f"{where}: languages {sorted(texts)}"
    for language, text in texts.items():
        items = [text] if isinstance(text, str) else text
        assert items, f"{where}: no {language}"
        assert all(item.strip() for item in items), f"{where}: empty {language}"
        assert bool(CHINESE.search("".join(items))) == (language == "zh-Hans"), f"{where}: not in {language}"


def test_counts() -> None:
    assert len(ARTICLE_IDS) >= 30
    assert len(MACROS) >= 40
    assert len(FILES) == len(ARTICLES) == len(ARTICLE_IDS) * len(LANGUAGES)


def test_ids_are_unique() -> None:
    tables = (MACROS, CLAUSES, LIMITS, *(TAXONOMY[name] for name in ("intent", "aspect", "urgency")))
    for table in tables:
        ids = [row["id"] for row in table]
        assert len(ids) == len(set(ids)), ids


# Articles


@each_article
def test_article_front_matter(article_id: str) -> None:
    fronts = [ARTICLES[article_id, language][0] for language in LANGUAGES]
    for language, front in zip(LANGUAGES, fronts, strict=True):
        assert (KNOWLEDGE / "articles" / f"{article_id}.{language}.md") in FILES
        assert front["audience"] in {"merchant", "buyer", "both"}
        assert front["approved_by"]
        assert front["approved_at"]
        assert front["intents"]
        assert set(front["intents"]) <= INTENTS
    shared = [{k: v for k, v in front.items() if k not in {"language", "title"}} for front in fronts]
    assert shared[0] == shared[1]
    assert_both_languages({front["language"]: front["title"] for front in fronts}, article_id)


@each_article
def test_article_passages_correspond(article_id: str) -> None:
    english, chinese = (ARTICLES[article_id, language][1] for language in LANGUAGES)
    assert len(english) == len(chinese)
    assert 4 <= len(english) <= 8
    for n, (en, zh) in enumerate(zip(english, chinese, strict=True), start=1):
        where = f"article:{article_id}#{n}"
        assert_both_languages({"en": en, "zh-Hans": zh}, where)
        assert figures(en) == figures(zh), where
        for text in (en, zh):
            assert not MARKUP.search(text), f"{where}: not a plain paragraph"


# Intents


def test_intents_are_those_agreed() -> None:
    assert set(BY_INTENT) == INTENTS
    assert {i for i, intent in BY_INTENT.items() if intent["group"] == "buyer"} == BUYER_INTENTS
    assert {intent["group"] for intent in BY_INTENT.values()} == {"merchant", "buyer"}


@each_intent
def test_intent_is_whole(intent: dict[str, Any]) -> None:
    for field in ("name", "description", "keywords", "examples"):
        assert_both_languages(intent[field], f"{intent['id']}.{field}")
    assert intent["component"] in COMPONENTS
    assert intent["urgency"] in {level["id"] for level in TAXONOMY["urgency"]}
    assert isinstance(intent["sensitive"], bool)
    for language in LANGUAGES:
        keywords, examples = intent["keywords"][language], intent["examples"][language]
        assert 8 <= len(keywords) <= 15
        assert len(set(keywords)) == len(keywords)
        assert all(keyword == keyword.lower() for keyword in keywords)
        assert len(examples) == 8


def test_no_example_belongs_to_two_intents() -> None:
    examples = [text for intent in BY_INTENT.values() for texts in intent["examples"].values() for text in texts]
    assert len(examples) == len(set(examples))


@each_intent
def test_intent_resolves_both_ways(intent: dict[str, Any]) -> None:
    name = intent["id"]
    assert set(intent["articles"]) == {i for i in ARTICLE_IDS if name in ARTICLES[i, "en"][0]["intents"]}
    assert set(intent["macros"]) == {m["id"] for m in MACROS if name in m["intents"]}
    assert intent["articles"], f"{name} has no article"


@each_intent
def test_intent_can_be_answered(intent: dict[str, Any]) -> None:
    macros = [m for m in MACROS if intent["id"] in m["intents"]]
    assert {"acknowledge", "next_step"} <= {m["kind"] for m in macros}
    # A step of its own, not only the sentences that fit everything.
    assert any(m["kind"] == "next_step" and len(m["intents"]) < 5 for m in macros)


def test_aspects_urgency_and_sentiment() -> None:
    assert [a["id"] for a in TAXONOMY["aspect"]] == ["description", "service", "logistics", "refund", "price"]
    for aspect in TAXONOMY["aspect"]:
        for field in ("name", "positive", "negative"):
            assert_both_languages(aspect[field], f"{aspect['id']}.{field}")
    assert [u["id"] for u in TAXONOMY["urgency"]] == ["low", "normal", "high", "critical"]
    for level in TAXONOMY["urgency"]:
        assert_both_languages(level["name"], level["id"])
        assert_both_languages(level["keywords"], level["id"])
    assert set(TAXONOMY["sentiment"]) == {"positive", "negative", "intensifier"}
    for name, words in TAXONOMY["sentiment"].items():
        assert_both_languages(words, f"sentiment.{name}")
    for language in LANGUAGES:
        assert not set(TAXONOMY["sentiment"]["positive"][language]) & set(TAXONOMY["sentiment"]["negative"][language])


# Macros


@each_macro
def test_macro_is_whole(macro: dict[str, Any]) -> None:
    assert macro["kind"] in KINDS
    assert macro["tone"] in TONES
    assert macro["intents"]
    assert set(macro["intents"]) <= INTENTS
    assert set(macro["variables"]) <= VARIABLES
    assert set(macro["actions"]) <= ACTIONS - OUTCOMES
    assert_both_languages(macro["text"], macro["id"])
    for language, text in macro["text"].items():
        assert set(re.findall(r"\{(.*?)\}", text)) == set(macro["variables"]), f"{macro['id']} {language}"
        assert text.count("{") == text.count("}") == len(re.findall(r"\{[a-z_]+\}", text))


@each_macro
def test_macro_figures_are_policy(macro: dict[str, Any]) -> None:
    """A fixed figure stands in both languages and in an article of every intent that the macro serves."""
    stated = figures(macro["text"]["en"])
    assert stated == figures(macro["text"]["zh-Hans"])
    for name in macro["intents"]:
        policy = {f for a in BY_INTENT[name]["articles"] for p in ARTICLES[a, "en"][1] for f in figures(p)}
        assert set(stated) <= policy, f"{macro['id']} says {set(stated) - policy} to {name}"


def test_buyers_are_never_called_merchant() -> None:
    for macro in MACROS:
        if "merchant_name" in macro["variables"]:
            assert not set(macro["intents"]) & BUYER_INTENTS, macro["id"]


# Clauses and limits


@each_clause
def test_clause_agrees_with_its_article(clause: dict[str, Any]) -> None:
    assert clause["component"] in COMPONENTS - {"none"}
    assert clause["component"][0].upper() == clause["id"][0]
    assert clause["expires_days"] == (90 if clause["points"] <= 4 else 180 if clause["points"] <= 12 else 365)
    assert clause["appeal_days"] == 14
    assert_both_languages(clause["title"], clause["id"])
    assert figures(clause["title"]["en"]) == figures(clause["title"]["zh-Hans"])
    for language in LANGUAGES:
        stating = [p for p in ARTICLES[clause["article"], language][1] if clause["id"] in p]
        points, days = ("(?<!\\d){} points", "(?<!\\d){} days") if language == "en" else ("扣 {} 分", "(?<!\\d){} 天")
        points, days = points.format(clause["points"]), days.format(clause["expires_days"])
        assert any(re.search(points, p) and re.search(days, p) for p in stating), f"{clause['id']} {language}"


def test_articles_name_only_known_clauses() -> None:
    known = {clause["id"] for clause in CLAUSES}
    for (article_id, language), (_, passages) in ARTICLES.items():
        named = set(re.findall(r"[A-Z]-\d\.\d", " ".join(passages)))
        assert named <= known, f"{article_id}.{language}: {named - known}"


@each_limit
def test_limit_is_stated_in_its_article(limit: dict[str, Any]) -> None:
    assert_both_languages(limit["name"], limit["id"])
    units = {
        "percent": ("{}%", "{}%"), "days": ("{} day", "{} 天"), "business days": ("{} business day", "{} 个工作日"),
        "hours": ("{} hour", "{} 小时"), "USD": ("USD {}", "{} 美元"), "orders": ("{} orders", "{} 笔"),
        "points": ("{} points", "{} 分"), "points of score": ("at least {}", "不低于 {}"),
    }  # fmt: skip
    for language, unit in zip(LANGUAGES, units[limit["unit"]], strict=True):
        stated = unit.format(limit["value"])
        text = "\n".join(ARTICLES[limit["article"], language][1])
        assert re.search(rf"(?<![\d.]){re.escape(stated)}", text), (
            f"{limit['id']}: {stated!r} not in {limit['article']}.{language}"
        )


def test_readme_table_is_the_data() -> None:
    readme = (KNOWLEDGE / "README.md").read_text(encoding="utf-8")
    for c in CLAUSES:
        title = f"{c['title']['en']}<br>{c['title']['zh-Hans']}"
        row = f"| {c['id']} | {c['component']} | {title} | {c['points']} | {c['expires_days']} | {c['appeal_days']} | `{c['article']}` |"
        assert row in readme, row
    for entry in LIMITS:
        row = f"| `{entry['id']}` | {entry['value']} {entry['unit']} | {entry['name']['en']}<br>{entry['name']['zh-Hans']} | `{entry['article']}` |"
        assert row in readme, row
