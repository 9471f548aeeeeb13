"""A theme keeps its id from day to day, and what is told as news is no noise."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np

from llm.knowledge import Knowledge
from llm.near_duplicates import same_texts, signature
from llm.theme_identity import KeptTheme, ThemeMark, identities
from llm.theme_news import Counted, told
from llm.theme_reading import ThemeItem
from llm.themes import Found, find_themes

DAY = date(2026, 10, 1)
TOPICS = {
    "dark": ["dark", "mode", "night", "colours", "screen", "dashboard", "brightness", "eyes", "contrast", "evening"],
    "webinar": ["webinar", "photography", "lesson", "recording", "speaker", "slides", "training", "course", "camera"],
    "map": ["warehouse", "map", "pins", "distance", "region", "route", "picture", "zoom", "satellite", "layer"],
}


def mark(*members: str, intent: str = "other", key: str = "terms:x", **words: float) -> ThemeMark:
    return ThemeMark(intent, key, frozenset(members), words or {"x": 1.0})


def ids(prefix: str, first: int, last: int) -> list[str]:
    return [f"{prefix}{n}" for n in range(first, last)]


def kept(theme_id: str, known: ThemeMark) -> KeptTheme:
    return KeptTheme(theme_id, known, DAY, DAY)


class TestMatching:
    def test_members_that_both_days_hold_tell(self) -> None:
        yesterday = [kept("A", mark(*ids("a", 0, 10))), kept("B", mark(*ids("b", 0, 10)))]
        today = [mark(*ids("b", 5, 40), key="terms:other"), mark(*ids("a", 3, 12), "b4")]
        present = {*ids("a", 3, 12), *ids("b", 4, 40)}
        assert [one.theme_id for one in identities(today, yesterday, present)] == ["B", "A"]

    def test_all_are_matched_at_once(self) -> None:
        """Taken one by one, the first group would take the theme that is the second's only one."""
        yesterday = [kept("A", mark(*ids("m", 0, 10))), kept("B", mark(*ids("m", 10, 16)))]
        today = [mark(*ids("m", 0, 5), *ids("m", 10, 16), key="terms:1"), mark(*ids("m", 5, 10), key="terms:2")]
        found = identities(today, yesterday, set(ids("m", 0, 16)))
        assert [one.theme_id for one in found] == ["B", "A"]

    def test_words_tell_where_no_member_is_left(self) -> None:
        yesterday = [kept("A", mark("a", dark=3.0, mode=2.0)), kept("B", mark("b", webinar=3.0))]
        today = [mark("z", webinar=2.5, slides=0.5), mark("y", dark=3.0, mode=1.0), mark("x", tax=1.0)]
        found = identities(today, yesterday, {"x", "y", "z"})
        assert [one.theme_id for one in found[:2]] == ["B", "A"]
        assert found[2].first_on is None

    def test_a_split_and_a_merger_are_told(self) -> None:
        yesterday = [
            kept("A", mark(*ids("a", 0, 20))),
            kept("B", mark(*ids("b", 0, 8))),
            kept("C", mark(*ids("c", 0, 9))),
        ]
        today = [
            mark(*ids("a", 0, 12), key="terms:1"),
            mark(*ids("a", 12, 20), key="terms:2"),
            mark(*ids("b", 0, 8), *ids("c", 0, 9)),
        ]
        first, second, third = identities(today, yesterday, {*ids("a", 0, 20), *ids("b", 0, 8), *ids("c", 0, 9)})
        assert (first.theme_id, first.split_from) == ("A", None)
        assert (second.first_on, second.split_from) == (None, "A")
        assert (third.theme_id, third.merged) == ("C", ("B",))

    def test_what_was_told_today_is_told_again_and_no_longer_tomorrow(self) -> None:
        known = [KeptTheme("A", mark(*ids("a", 0, 9)), DAY, DAY, "Z", ("Y",))]
        today = [mark(*ids("a", 0, 9))]
        (again,) = identities(today, known, ids("a", 0, 9), DAY)
        (later,) = identities(today, known, ids("a", 0, 9), DAY + timedelta(1))
        assert (again.split_from, again.merged, later.split_from, later.merged) == ("Z", ("Y",), None, ())

    def test_what_has_a_name_is_known_by_it(self) -> None:
        named = ThemeMark("payout_delay", "", frozenset(ids("p", 0, 9)))
        other = ThemeMark("fee_question", "", frozenset(ids("p", 0, 9)))
        first, second = identities([other, named], [kept("P", named)], set(ids("p", 0, 9)))
        assert (second.theme_id, first.first_on) == ("P", None)
        assert first.theme_id != "P"

    def test_namesakes_have_ids_of_their_own(self) -> None:
        (first,) = identities([mark("a")], [], {"a"})
        (second,) = identities([mark("b", y=1.0)], [kept(first.theme_id, mark("a"))], {"b"})
        assert second.theme_id != first.theme_id


class TestNews:
    def test_chance_is_no_news(self) -> None:
        """Fifty themes whose shares don't change, many days: nearly none of them has news."""
        drawn = np.random.default_rng(11)
        days = [
            [Counted(int(now), 600, int(before), 600) for now, before in drawn.poisson(12, (50, 2))] for _ in range(40)
        ]
        alarmed = sum(any(status != "steady" for status in told(counts, 5)) for counts in days)
        assert alarmed <= 6  # 5 % of 40 days, and room for chance

    def test_a_new_and_a_vanished_theme_are_told_among_many(self) -> None:
        steady = [Counted(12, 640, 12, 640)] * 40
        assert told([Counted(16, 640, 0, 640), Counted(1, 640, 18, 640), *steady], 5)[:3] == [
            "new",
            "vanished",
            "steady",
        ]
        assert told([Counted(60, 640, 20, 640), Counted(20, 640, 60, 640), *steady], 5)[:2] == ["growing", "shrinking"]
        assert told([Counted(5, 640, 1, 640), *steady], 5)[0] == "steady"

    def test_nothing_before_tells_nothing(self) -> None:
        assert told([Counted(9, 20, 0, 0)], 5) == ["steady"]
        assert told([], 5) == []


def test_near_duplicates_are_found_and_others_are_not() -> None:
    text = "Dear sir or madam, our payout for order TD-1001 has not arrived in our account yet, please check it today."
    texts = [text, text.replace("TD-1001", "TD-2077").upper(), "Where can I see my score?", "", "!!", text + " Thanks"]
    labels = same_texts([signature(one) for one in texts])
    assert labels[0] == labels[1] == labels[5]
    assert len({labels[0], labels[2], labels[3]}) == 3


def day_of(n: int, topics: Sequence[str], rng: random.Random, drift: int = 0) -> list[ThemeItem]:
    """Twelve messages a topic, which come to speak of it in other words as `drift` grows."""
    return [
        ThemeItem(
            f"{topic}-{n}-{k}",
            " ".join(rng.sample(TOPICS[topic][min(drift, 4) :], 4)),
            sent_at=datetime(2026, 10, 1, tzinfo=UTC) + timedelta(days=n),
            intent="other",
        )
        for topic in topics
        for k in range(12)
    ]


def topics_of(found: Found) -> dict[str, str]:
    """Topic → id of the theme that holds most of its messages."""
    names = {}
    for theme in found.themes:
        own = [message_id.partition("-")[0] for message_id in theme.message_ids]
        names[max(sorted(set(own)), key=own.count)] = theme.theme_id
    return names


def test_a_theme_keeps_its_id_while_messages_come_go_and_drift(knowledge: Knowledge) -> None:
    rng = random.Random(3)
    days = [day_of(n, list(TOPICS), rng, drift=n) for n in range(7)]
    known: dict[str, KeptTheme] = {}
    told_ids = []
    for n in range(2, 7):
        window = [item for day in days[n - 2 : n + 1] for item in day]
        found, shuffled = (
            find_themes(
                sorted(window, key=key), knowledge.taxonomy, kept=tuple(known.values()), today=DAY + timedelta(n)
            )
            for key in (lambda item: item.message_id, lambda item: item.message_id[::-1])
        )
        assert found == shuffled
        told_ids.append(topics_of(found))
        known |= {theme.theme_id: theme for theme in found.alive}
    assert set(told_ids[0]) == set(TOPICS)
    assert all(one == told_ids[0] for one in told_ids)


def test_a_theme_that_went_away_has_its_id_when_it_comes_back(knowledge: Knowledge) -> None:
    rng = random.Random(5)
    first = find_themes(day_of(0, ["dark", "map"], rng), knowledge.taxonomy, today=DAY)
    second = find_themes(day_of(1, ["map", "webinar"], rng), knowledge.taxonomy, kept=first.alive, today=DAY)
    known = {theme.theme_id: theme for theme in (*first.alive, *second.alive)}
    third = find_themes(day_of(2, ["dark", "map"], rng), knowledge.taxonomy, kept=tuple(known.values()), today=DAY)
    assert topics_of(third) == topics_of(first)
    assert topics_of(second)["map"] == topics_of(first)["map"]
    assert topics_of(second)["webinar"] not in topics_of(first).values()


def test_what_comes_out_of_a_theme_is_told_on_its_first_day(knowledge: Knowledge) -> None:
    def said(text: str, first: int, last: int) -> list[ThemeItem]:
        return [ThemeItem(f"{text[:3]}{n}", text, intent="carrier_outage") for n in range(first, last)]

    before = [*said("The carrier does not collect.", 0, 30), *said("BlueArrow does not collect.", 0, 4)]
    now = [*before, *said("BlueArrow does not collect.", 4, 12)]
    first = find_themes(before, knowledge.taxonomy, today=DAY)
    second = find_themes(now, knowledge.taxonomy, kept=first.alive, today=DAY + timedelta(1))
    third = find_themes(now, knowledge.taxonomy, kept=second.alive, today=DAY + timedelta(2))
    (whole,) = first.themes
    rest, named = second.themes
    assert (rest.theme_id, named.split_from) == (whole.theme_id, whole.theme_id)
    assert [(theme.theme_id, theme.split_from) for theme in third.themes] == [
        (rest.theme_id, None),
        (named.theme_id, None),
    ]
