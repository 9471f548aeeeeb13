import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm.privacy import find, mask, redact


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("mail li.wei@example.com now", "mail [EMAIL] now"),
        ("see https://example.com/a?b=1.", "see [URL]."),
        ("from 192.168.1.20 today", "from [IP] today"),
        ("call +86 138 0013 8000 or 13800138000", "call [PHONE] or [PHONE]"),
        ("手机13912345678，谢谢", "手机[PHONE]，谢谢"),
        ("(415) 555-0199", "[PHONE]"),
        ("(11) 98765-4321", "[PHONE]"),
        ("card 4111 1111 1111 1111", "card [CARD]"),
        ("IBAN DE89 3704 0044 0532 0130 00", "IBAN [BANK_ACCOUNT]"),
        ("银行卡号：6222021234567890123", "银行卡号：[BANK_ACCOUNT]"),
        ("身份证11010519491231002X", "身份证[NATIONAL_ID]"),
        ("CPF 529.982.247-25", "CPF [NATIONAL_ID]"),
        ("SSN 123-45-6789", "SSN [NATIONAL_ID]"),
        ("NRIC S1234567D", "NRIC [NATIONAL_ID]"),
    ],
)
def test_private_data_is_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "order 4111111111111111",
        "订单号4111111111111111",
        "tracking 13800138000",
        "运单号：13800138000",
        "TD-10017578 and TD-13800138000",
        "53cdb2fc8bc7dce0b6741e2150273451",
        "clause F-2.1 on 2026-11-03 at 10:30:00",
        "SKU 4111 1111 1111 1111",
        "card 4111 1111 1111 1112",
        "CPF 529.982.247-26",
        "身份证110105194912310021",
        "version v1.2.3.4",
        "we sold 1,234,567 items in 2026",
    ],
)
def test_order_numbers_and_wrong_checksums_are_left_alone(text: str) -> None:
    assert mask(text) == text


@given(st.text(max_size=200))
def test_spans_rebuild_the_masked_text(text: str) -> None:
    result = redact(text)
    rebuilt, at = "", 0
    for span in result.spans:
        assert at <= span.start < span.end
        rebuilt += text[at : span.start] + f"[{span.type}]"
        at = span.end
    assert rebuilt + text[at:] == result.text


def test_positions_count_code_points() -> None:
    (span,) = find("😀😀 a@b.com")
    assert (span.start, span.end) == (3, 10)
