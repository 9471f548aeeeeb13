"""Both languages: no text untranslated, no placeholder lost, and numbers as each locale writes them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest
from babel.messages.pofile import read_po

from app import i18n
from app.components.thread import plain
from app.i18n import isolated, undirected, use_language
from app.services.warehouse import distinct_names
from tests.app import msgids

FOLDER = i18n.LOCALE_FOLDER / "zh_Hans" / "LC_MESSAGES"
PLACEHOLDER = re.compile(r"\{(\w+)")


def translated() -> set[str]:
    found = i18n.catalogue("zh-Hans")
    return {*found.texts, *found.plurals}


def test_every_marked_text_is_translated() -> None:
    known = translated()
    missing = [f"{where}: {text!r}" for text, where in msgids.marked() if text not in known]
    assert not missing, "no Chinese for\n" + "\n".join(missing)


def test_every_text_of_the_metrics_is_translated() -> None:
    known = translated()
    missing = [f"{where}: {text!r}" for text, where in msgids.of_data() if text not in known]
    assert not missing, "no Chinese for\n" + "\n".join(missing)


def test_no_text_is_put_together_before_it_is_translated() -> None:
    assert list(msgids.unmarkable()) == []


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.po")), ids=lambda path: path.name)
def test_a_catalogue_is_whole(path: Path) -> None:
    with path.open("rb") as file:
        messages = [message for message in read_po(file, abort_invalid=True) if message.id]
    assert [message.id for message in messages if message.fuzzy] == []
    for message in messages:
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        for text in texts:
            assert text, f"{ids[0]!r} has no translation"
            assert set(PLACEHOLDER.findall(str(text))) <= set(PLACEHOLDER.findall(" ".join(ids))), ids[0]
            lost = set(PLACEHOLDER.findall(ids[-1])) - set(PLACEHOLDER.findall(str(text)))
            assert not lost, f"{ids[0]!r} loses {lost}"


def test_a_text_means_the_same_in_every_catalogue() -> None:
    seen: dict[object, object] = {}
    for path in sorted(FOLDER.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file):
                if message.id:
                    assert seen.setdefault(message.id, message.string) == message.string, f"{path.name}: {message.id!r}"


def test_a_missing_text_shows_in_english() -> None:
    with use_language("zh-Hans"):
        assert i18n._("no such text {n}", n=3) == "no such text 3"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("zh-CN", "zh-Hans"), ("zh_TW", "zh-Hans"), ("en-GB", "en"), ("de", "en"), ("", "en"), (None, "en")],
)
def test_the_nearest_language(wanted: str | None, found: str) -> None:
    assert i18n.match_language(wanted) == found


def test_a_session_keeps_its_language() -> None:
    def choose(session: str | None, url: str | None, setting: str, browser: str | None) -> str:
        return i18n.choose_language(session=session, url=url, setting=setting, browser=browser)

    assert choose("en", "zh-Hans", "zh-Hans", "zh") == "en"
    assert choose(None, "zh-Hans", "en", "en") == "zh-Hans"
    assert choose(None, "xx", "zh-Hans", "en") == "zh-Hans"
    assert choose(None, None, "auto", "zh-CN") == "zh-Hans"


FORMATS = [
    (lambda: i18n.compact(12_400), "12.4k", "1.2万"),
    (lambda: i18n.compact(999), "999", "999"),
    (lambda: i18n.compact(6658.780000000001), "6.7k", "6,658.8"),
    (lambda: i18n.number(1234567.891, digits=2), "1,234,567.89", "1,234,567.89"),
    (lambda: i18n.rate(0.0481), "4.8%", "4.8%"),
    (lambda: i18n.rate_difference(0.0481 - 0.0470), "+0.11 pp", "+0.11 个百分点"),
    (lambda: i18n.rate_difference(-0.02), "−2.00 pp", "−2.00 个百分点"),
    (lambda: i18n.stars(4.3333), "4.33", "4.33"),
    (lambda: i18n.money(1234.5, "CNY"), "CN¥1,234.50", "¥1,234.50"),
    (lambda: i18n.money(12_400, "BRL", short=True), "R$12.4k", "R$1.2万"),
    (lambda: i18n.money(6658.780000000001, "USD", short=True), "$6.7k", "US$6,658.78"),
    (lambda: i18n.duration(45), "45 sec", "45秒"),
    (lambda: i18n.duration(750), "12.5 min", "12.5分钟"),
    (lambda: i18n.duration(3.24 * 3600), "3.2 hr", "3.2小时"),
    (lambda: i18n.duration(2.4 * 86_400), "2.4 days", "2.4天"),
    (lambda: i18n.difference(-3600, "seconds"), "−1.0 hr", "−1.0小时"),
    (lambda: i18n.difference(0.05, "stars"), "+0.05", "+0.05"),
    (lambda: i18n.figure(None, "rate"), "–", "–"),
    (lambda: i18n.day(date(2026, 11, 30)), "Nov 30, 2026", "2026年11月30日"),
    (lambda: i18n.span(date(2026, 11, 1), date(2026, 11, 30)), "Nov 1 – 30, 2026", "2026年11月1日至30日"),
    (
        lambda: i18n.moment(datetime(2026, 11, 30, 16, 0, tzinfo=UTC), "Asia/Shanghai"),
        "Dec 1, 2026, 12:00:00 AM",
        "2026年12月1日 00:00:00",
    ),
    (lambda: i18n.ngettext("{n} row", "{n} rows", 1), "1 row", None),
    (lambda: i18n.ngettext("{n} row", "{n} rows", 1200), "1,200 rows", None),
]


@pytest.mark.parametrize(("write", "english", "chinese"), FORMATS, ids=[str(number) for number in range(len(FORMATS))])
def test_formats(write, english: str, chinese: str | None) -> None:
    with use_language("en"):
        assert _plain(write()) == english
    if chinese is not None:
        with use_language("zh-Hans"):
            assert _plain(write()) == chinese


def _plain(text: str) -> str:
    """CLDR writes thin and no-break spaces; which of them is its business."""
    return re.sub(r"[\u00a0\u2009\u202f]", " ", text)


def test_no_one_takes_a_month_for_a_day() -> None:
    at = datetime(2018, 10, 8, 22, 43, tzinfo=UTC)
    with i18n.use_language("en"):
        assert i18n.moment(at, "America/Sao_Paulo", length="short").startswith("Oct 8, 2018, 7:43")
    with i18n.use_language("zh-Hans"):
        assert i18n.moment(at, "America/Sao_Paulo", length="short") == "2018年10月8日 19:43"


@pytest.mark.parametrize("control", [*"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"])
def test_controls_of_direction_do_not_reorder_the_line_around_them(control: str) -> None:
    name = f"Fox{control}Cub"
    assert undirected(name) == isolated(name) == "FoxCub"
    assert f"{plain(name)} 12 %" == "FoxCub 12 %"
    profiles = pd.DataFrame({"merchant_id": ["M-1", "M-2"], "name": ["FoxCub", undirected(name)]})
    assert distinct_names(profiles) == {"M-1": "FoxCub (M-1)", "M-2": "FoxCub (M-2)"}


def test_words_from_right_to_left_stand_apart() -> None:
    assert isolated("שועל") == "\u2068שועל\u2069"
    assert plain("ثعلب *1*") == "\u2068ثعلب \\*1\\*\u2069"
    assert plain("👩‍💻 Fox 狐狸") == "👩‍💻 Fox 狐狸"


def test_no_space_stands_between_two_chinese_characters() -> None:
    with use_language("zh-Hans"):
        assert i18n._("Clauses of {programme}", programme="亚马逊") == "亚马逊的条款"
        assert i18n._("Clauses of {programme}", programme="eBay") == "eBay 的条款"
        on = i18n.day(date(2026, 10, 1))
        assert i18n._("At the evaluation of {day}, falls first.", day=on) == "2026年10月1日的评估，下降者在前。"
        assert i18n._("peers {median}", median="张 三") == "同类张 三", "what somebody wrote stays as it is"
        assert i18n.ngettext("{n} merchant", "{n} merchants", 3) == "3 个商家"
        for text in i18n.catalogue("zh-Hans").texts.values():
            names = {} if ":g}" in text else dict.fromkeys(PLACEHOLDER.findall(text), "狐")
            shown = i18n._filled(text, names).replace("狐 狐", "") if names else ""
            assert not re.search("[一-鿿] 狐|狐 [一-鿿]", shown), text


def test_chinese_sentences_follow_each_other_without_a_space() -> None:
    assert i18n.sentences("One.", "Two.") == "One. Two."
    with use_language("zh-Hans"):
        assert i18n.sentences("一。", "二。") == "一。二。"
