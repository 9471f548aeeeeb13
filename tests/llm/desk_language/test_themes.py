import math
import time
from datetime import UTC, datetime

import pytest

from llm.knowledge import Knowledge
from llm.themes import ThemeItem, distinctive_terms, find_themes, share_growth

SINCE = datetime(2026, 10, 1, tzinfo=UTC)


def items(
    text: str, count: int, prefix: str, *, when: datetime = datetime(2026, 10, 5, tzinfo=UTC), intent: str | None = None
) -> list[ThemeItem]:
    return [ThemeItem(f"{prefix}{n}", text, f"M-{n % 3}", when, intent) for n in range(count)]


def test_one_issue_in_two_languages_is_one_theme(knowledge: Knowledge) -> None:
    english = items("BlueArrow has stopped in our region, all parcels stand still.", 8, "e", intent="carrier_outage")
    chinese = items("蓝箭物流在我们地区停运了，包裹都不动。", 6, "c", intent="carrier_outage")
    other = items("Suteng Express lost our parcels during the outage.", 7, "s", intent="carrier_outage")
    themes = find_themes([*english, *chinese, *other], knowledge.taxonomy)
    assert [(t.label, t.count) for t in themes] == [
        ("Carrier outage · BlueArrow", 14),
        ("Carrier outage · Suteng Express", 7),
    ]
    assert themes[0].share == pytest.approx(14 / 21)
    assert themes[0].merchants == ("M-0", "M-1", "M-2")
    assert set(themes[0].message_ids) == {f"e{n}" for n in range(8)} | {f"c{n}" for n in range(6)}
    assert "[message:e" in themes[0].summary
    assert find_themes([*english, *chinese, *other], knowledge.taxonomy, language="zh-Hans")[0].label.startswith(
        "承运商中断 · "
    )


def test_a_theme_keeps_its_id_when_more_messages_come(knowledge: Knowledge) -> None:
    first = items("When will the payout be transferred?", 6, "a")
    later = [*first, *items("where is our payout, it is late", 9, "b")]
    assert find_themes(first, knowledge.taxonomy)[0].theme_id == find_themes(later, knowledge.taxonomy)[0].theme_id


def test_growth_compares_shares_with_an_interval(knowledge: Knowledge) -> None:
    before = datetime(2026, 9, 5, tzinfo=UTC)
    listed = [
        *items("payout late", 20, "p1", intent="payout_delay"),
        *items("fee", 20, "f1", intent="fee_question"),
        *items("payout late", 10, "p0", when=before, intent="payout_delay"),
        *items("fee", 30, "f0", when=before, intent="fee_question"),
    ]
    payout = next(t for t in find_themes(listed, knowledge.taxonomy, since=SINCE) if t.intent == "payout_delay")
    spread = 1.959963984540054 * math.sqrt(1 / 20 - 1 / 40 + 1 / 10 - 1 / 40)
    assert payout.count == 20
    assert payout.growth == pytest.approx(1.0)
    assert payout.ci_low == pytest.approx(2 * math.exp(-spread) - 1)
    assert payout.ci_high == pytest.approx(2 * math.exp(spread) - 1)
    assert share_growth(5, 10, 0, 10) == (None, None, None)


def test_what_fits_no_intent_falls_into_clusters_by_its_words(knowledge: Knowledge) -> None:
    dark = [ThemeItem(f"d{n}", f"dark mode for the dashboard would be lovely {n}", intent="other") for n in range(20)]
    praise = [ThemeItem(f"p{n}", f"the webinar about photography was wonderful {n}", intent="other") for n in range(20)]
    themes = find_themes([*dark, *praise], knowledge.taxonomy)
    assert sorted(t.count for t in themes) == [20, 20]
    assert all(t.label.startswith("Other · ") for t in themes)


def test_distinctive_terms() -> None:
    assert distinctive_terms(["dark mode please", "dark mode"], ["light please", "light"], chinese=False) == [
        "dark",
        "mode",
    ]
    assert distinctive_terms(["深色模式", "深色界面"], ["浅色模式", "打款"], chinese=True)[0] == "深色"


def test_few_none_and_empty(knowledge: Knowledge) -> None:
    assert find_themes([], knowledge.taxonomy) == []
    assert find_themes(items("payout late", 2, "p"), knowledge.taxonomy) == []
    assert find_themes(items("", 6, "e"), knowledge.taxonomy)[0].count == 6


def test_ten_thousand_messages_take_seconds(knowledge: Knowledge) -> None:
    texts = [
        text for intent in knowledge.taxonomy.intents for language in intent.examples.values() for text in language
    ]
    listed = [
        ThemeItem(f"m{n}", f"{texts[n % len(texts)]} {texts[(7 * n) % len(texts)]}", f"M-{n % 50}")
        for n in range(10_000)
    ]
    started = time.process_time()
    assert find_themes(listed, knowledge.taxonomy)
    assert time.process_time() - started < 60
