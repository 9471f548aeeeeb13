import math
import time
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from llm.aspects import aspects_of
from llm.knowledge import Knowledge
from llm.terms import distinctive_terms
from llm.theme_news import share_growth
from llm.theme_reading import TextReader, ThemeItem
from llm.themes import find_themes
from llm.triage import triage_of

SINCE = datetime(2026, 10, 1, tzinfo=UTC)


def items(
    text: str, count: int, prefix: str, *, when: datetime = datetime(2026, 10, 5, tzinfo=UTC), intent: str | None = None
) -> list[ThemeItem]:
    return [ThemeItem(f"{prefix}{n}", text, f"M-{n % 3}", when, intent) for n in range(count)]


def test_one_issue_in_two_languages_is_one_theme(knowledge: Knowledge) -> None:
    english = items("BlueArrow has stopped in our region, all parcels stand still.", 8, "e", intent="carrier_outage")
    chinese = items("蓝箭物流在我们地区停运了，包裹都不动。", 6, "c", intent="carrier_outage")
    other = items("Suteng Express lost our parcels during the outage.", 7, "s", intent="carrier_outage")
    themes = find_themes([*english, *chinese, *other], knowledge.taxonomy).themes
    assert [(t.label, t.count) for t in themes] == [
        ("Carrier outage · BlueArrow", 14),
        ("Carrier outage · Suteng Express", 7),
    ]
    assert themes[0].share == pytest.approx(14 / 21)
    assert themes[0].merchants == ("M-0", "M-1", "M-2")
    assert set(themes[0].message_ids) == {f"e{n}" for n in range(8)} | {f"c{n}" for n in range(6)}
    assert "[message:e" in themes[0].summary
    assert (
        find_themes([*english, *chinese, *other], knowledge.taxonomy, language="zh-Hans")
        .themes[0]
        .label.startswith("承运商中断 · ")
    )


def test_a_theme_keeps_its_id_when_more_messages_come(knowledge: Knowledge) -> None:
    first = items("When will the payout be transferred?", 6, "a")
    later = [*first, *items("where is our payout, it is late", 9, "b")]
    assert (
        find_themes(first, knowledge.taxonomy).themes[0].theme_id
        == find_themes(later, knowledge.taxonomy).themes[0].theme_id
    )


def test_growth_compares_shares_with_an_interval(knowledge: Knowledge) -> None:
    before = datetime(2026, 9, 5, tzinfo=UTC)
    listed = [
        *items("payout late", 20, "p1", intent="payout_delay"),
        *items("fee", 20, "f1", intent="fee_question"),
        *items("payout late", 10, "p0", when=before, intent="payout_delay"),
        *items("fee", 30, "f0", when=before, intent="fee_question"),
    ]
    payout = next(t for t in find_themes(listed, knowledge.taxonomy, since=SINCE).themes if t.intent == "payout_delay")
    spread = 1.959963984540054 * math.sqrt(1 / 20 - 1 / 40 + 1 / 10 - 1 / 40)
    assert payout.count == 20
    assert payout.growth == pytest.approx(1.0)
    assert payout.ci_low == pytest.approx(2 * math.exp(-spread) - 1)
    assert payout.ci_high == pytest.approx(2 * math.exp(spread) - 1)
    assert share_growth(5, 10, 0, 10) == (None, None, None)


def test_what_fits_no_intent_falls_into_clusters_by_its_words(knowledge: Knowledge) -> None:
    dark = [ThemeItem(f"d{n}", f"dark mode for the dashboard would be lovely {n}", intent="other") for n in range(20)]
    praise = [ThemeItem(f"p{n}", f"the webinar about photography was wonderful {n}", intent="other") for n in range(20)]
    themes = find_themes([*dark, *praise], knowledge.taxonomy).themes
    assert sorted(t.count for t in themes) == [20, 20]
    assert all(t.label.startswith("Other · ") for t in themes)


def test_distinctive_terms() -> None:
    assert distinctive_terms(["dark mode please", "dark mode"], ["light please", "light"], chinese=False) == [
        "dark",
        "mode",
    ]
    assert distinctive_terms(["深色模式", "深色界面"], ["浅色模式", "打款"], chinese=True)[0] == "深色"


def test_few_none_and_empty(knowledge: Knowledge) -> None:
    assert find_themes([], knowledge.taxonomy).themes == ()
    assert find_themes(items("payout late", 2, "p"), knowledge.taxonomy).themes == ()
    assert find_themes(items("", 6, "e"), knowledge.taxonomy).themes[0].count == 6


def test_ten_thousand_messages_take_seconds(knowledge: Knowledge) -> None:
    texts = [
        text for intent in knowledge.taxonomy.intents for language in intent.examples.values() for text in language
    ]
    listed = [
        ThemeItem(f"m{n}", f"{texts[n % len(texts)]} {texts[(7 * n) % len(texts)]}", f"M-{n % 50}")
        for n in range(10_000)
    ]
    started = time.process_time()
    assert find_themes(listed, knowledge.taxonomy).themes
    assert time.process_time() - started < 60


def test_a_thread_is_about_what_it_came_to_and_reviews_about_what_they_complain_of(knowledge: Knowledge) -> None:
    opened = [ThemeItem(f"o{n}", "hello there", thread_id=f"t{n}", sent_at=SINCE, intent="other") for n in range(5)]
    asked = [
        ThemeItem(f"p{n}", "payout late", thread_id=f"t{n}", sent_at=SINCE + timedelta(1), intent="payout_delay")
        for n in range(5)
    ]
    english = [ThemeItem(f"e{n}", "The parcel came days late.", is_review=True, stars=2) for n in range(4)]
    chinese = [ThemeItem(f"c{n}", "物流太慢，等了好久。", is_review=True, stars=1) for n in range(3)]
    praise = [ThemeItem(f"g{n}", "Fast delivery, well packed!", is_review=True, stars=5) for n in range(9)]
    themes = find_themes([*opened, *asked, *english, *chinese, *praise], knowledge.taxonomy).themes
    assert [(t.label, t.kind, t.count, t.thread_count) for t in themes] == [
        (knowledge.taxonomy.intent("payout_delay").name["en"], "message", 10, 5),
        ("Reviews · Logistics", "review", 7, 7),
    ]
    payout, logistics = themes
    assert (logistics.languages, logistics.component) == (("en", "zh-Hans"), "fulfilment")
    assert logistics.share == pytest.approx(7 / 16)
    assert payout.distinct_count == 2
    assert all(cite.startswith("review:") for sentence in logistics.typical for cite in sentence.cites)


def test_a_text_is_read_once_ever(knowledge: Knowledge) -> None:
    class Store(dict[str, str]):
        def many(self, keys: Collection[str]) -> dict[str, str]:
            return {key: self[key] for key in keys if key in self}

        def store(self, values: Mapping[str, str]) -> None:
            self.update(values)

    store, triage = Store(), triage_of(knowledge.taxonomy)
    listed = [ThemeItem(f"m{n}", f"When will payout {n} be transferred?") for n in range(9)]
    first, again = (TextReader(knowledge.taxonomy, triage, store) for _ in range(2))
    before = first.read(listed)
    after = again.read([*listed, ThemeItem("new", "BlueArrow lost our parcels")])
    assert (first.read_count, again.read_count) == (9, 1)
    assert after[:9] == before


@pytest.mark.parametrize(
    ("text", "stars", "aspects"),
    [
        ("Poor quality for the price.", 2, {"description": "negative"}),
        ("The seller never replied, but it arrived early.", 3, {"service": "negative", "logistics": "positive"}),
        ("Nothing to say.", 1, {}),
        ("Delivery was what I had hoped for", 5, {"logistics": "positive"}),
        ("Delivery was what I had hoped for", 1, {"logistics": "negative"}),
        ("物流太慢，不过客服很热情。", 3, {"logistics": "negative", "service": "positive"}),
        ("没有色差，退款还没到", None, {"description": "positive", "refund": "negative"}),
    ],
)
def test_aspects_are_told_clause_by_clause(
    knowledge: Knowledge, text: str, stars: int | None, aspects: dict[str, str]
) -> None:
    assert {found.name: found.polarity for found in aspects_of(text, knowledge.taxonomy, stars)} == aspects
