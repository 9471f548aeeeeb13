import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm.spans import extract, texts_of


def read(text: str) -> list[tuple[str, str, str]]:
    return [(span.kind, span.value, span.unit) for span in extract(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$1,234.50", ("amount", "1234.5", "USD")),
        ("R$ 1.234,50", ("amount", "1234.5", "BRL")),
        ("1234.5 USD", ("amount", "1234.5", "USD")),
        ("1.2万元", ("amount", "12000", "CNY")),
        ("¥88", ("amount", "88", "CNY")),
        ("4.70 %", ("percent", "4.7", "percent")),
        ("4.7个百分点", ("pp", "4.7", "pp")),
        ("2026-11-03", ("date", "2026-11-03", "")),
        ("3 Nov 2026", ("date", "2026-11-03", "")),
        ("Nov 3rd, 2026", ("date", "2026-11-03", "")),
        ("2026年11月3日", ("date", "2026-11-03", "")),
        ("11月3号", ("date", "--11-03", "")),
        ("Nov 3", ("date", "--11-03", "")),
        ("11/03", ("date", "--11-03|--03-11", "")),
        ("13/11/2026", ("date", "2026-11-13", "")),
        ("4 points", ("points", "4", "points")),
        ("4分", ("points", "4", "points")),
        ("five business days", ("duration", "5", "business_day")),
        ("5个工作日", ("duration", "5", "business_day")),
        ("十四天", ("duration", "14", "day")),
        ("24-hour", ("duration", "24", "hour")),
        ("20 late orders", ("count", "20", "count")),
        ("12单", ("count", "12", "count")),
        ("F-2.1", ("clause", "f-2.1", "")),
        ("TD-10017578", ("order", "td-10017578", "")),
        ("53cdb2fc8bc7dce0b6741e2150273451", ("order", "53cdb2fc8bc7dce0b6741e2150273451", "")),
        ("order 41234567", ("order", "41234567", "")),
        ("订单号：A2026110", ("order", "a2026110", "")),
        ("BlueArrow", ("carrier", "bluearrow", "")),
        ("蓝箭物流", ("carrier", "bluearrow", "")),
        ("v1.0.64", ("id", "v1.0.64", "")),
    ],
)
def test_one_thing_is_read(text: str, expected: tuple[str, str, str]) -> None:
    assert read(text) == [expected]


@pytest.mark.parametrize("text", ["一个问题", "three or so", "ups and downs", "we may be late", "三四天"])
def test_what_is_no_figure_is_none(text: str) -> None:
    assert read(text) == []


def test_a_pasted_list_is_orders_once_one_is_named_as_such() -> None:
    spans = extract("order 4123-77, then 4123-78\n4123-79 and AB-1")
    assert texts_of(spans, "order") == ("4123-77", "4123-78", "4123-79")


@given(st.text(alphabet=st.sampled_from("0123456789.,-/:#$¥%￥年月日天分 aTD\nNov Oct１٣"), max_size=60))
def test_every_digit_lies_in_exactly_one_span(text: str) -> None:
    spans = extract(text)
    covered = [0] * len(text)
    for span in spans:
        assert text[span.start : span.end] == span.text
        for place in range(span.start, span.end):
            covered[place] += 1
    assert max(covered, default=0) <= 1
    assert all(covered[i] for i, c in enumerate(text) if c.isdecimal())


@pytest.mark.parametrize("unit", ["1,", "a-1", "1.2.3", "order ", "9", "a-", "三", "a.b", "#a-", "1-", "1 ", "a@"])
def test_time_is_linear(unit: str) -> None:
    started = time.process_time()
    extract((unit * 100_000)[:100_000])
    assert time.process_time() - started < 5
