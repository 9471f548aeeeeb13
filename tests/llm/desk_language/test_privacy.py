import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm.people_rules import called
from llm.privacy import Pseudonyms, find, find_all, mask, redact


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
        ("CNPJ 11.222.333/0001-81", "CNPJ [NATIONAL_ID]"),
        ("NIK saya 3204123456780001", "NIK saya [NATIONAL_ID]"),
        ("rekening BCA 123 456 7890", "rekening BCA [BANK_ACCOUNT]"),
        ("write to ann dot lee at mailbox dot org", "write to [EMAIL]"),
        ("卡号４１１１１１１１１１１１１１１１", "卡号[CARD]"),
        ("visit tern-shop.de/new today", "visit [URL] today"),
        ("hubungi +62 812 3456 7890", "hubungi [PHONE]"),
        ("收件人：张伟民，浙江省杭州市西湖区文三路 12 号 3 栋 402 室", "收件人：[PERSON]，[ADDRESS]"),
        ("Dear Maria Santos, it went to 14 Mill Lane, Leeds LS2 7EW.", "Dear [PERSON], it went to [ADDRESS]."),
        ("来自198.51.100.23的登录", "来自[IP]的登录"),
        ("邮箱joe at example dot com，谢谢", "邮箱[EMAIL]，谢谢"),
        ("NPWP kami 12.345.678.9-012.345", "NPWP kami [NATIONAL_ID]"),
        ("PhilHealth no. 12-345678901-2", "PhilHealth no. [NATIONAL_ID]"),
        ("回乡证号H1234567801", "回乡证号[NATIONAL_ID]"),
        ("Emirates ID 784-1980-1234567-1", "Emirates ID [NATIONAL_ID]"),
        ("driving licence MORGA657054SM9IJ", "driving licence [NATIONAL_ID]"),
        ("Ag. 0001 C/C 1234567-8", "Ag. [BANK_ACCOUNT] C/C [BANK_ACCOUNT]"),
        ("农行 10-123456789012345", "农行 [BANK_ACCOUNT]"),
        ("07700 900123", "[PHONE]"),
        ("邮箱wang艾特example点com", "邮箱[EMAIL]"),
        ("see hxxp://bad.example.com/x or bad.example[.]com", "see [URL] or [URL]"),
        ("203[.]0[.]113[.]7 tried", "[IP] tried"),
        ("电话一三八零零一三八零零零", "电话[PHONE]"),
        ("报关行滕小姐说谢谢先生", "报关行[PERSON]小姐说谢谢先生"),
        ("Please call me at 7654321", "Please call me at [PHONE]"),
        ("Please verify: 45.155.205.99 was refused", "Please verify: [IP] was refused"),
        ("for the papers: 42101-1234567-3", "for the papers: [NATIONAL_ID]"),
        ("账号是用手机13912345678开的", "账号是用手机[PHONE]开的"),
        ("邮箱li(艾特)youjian点example", "邮箱[EMAIL]"),
        ("楼上的覃阿姨收了，隔壁仇老板没收", "楼上的[PERSON]阿姨收了，隔壁[PERSON]老板没收"),
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
        "last call 2026-03-02 14:58, next 2026-03-09 10:00",
        "phone support is open until 2026-11-03 18:30",
        "app 2.10.0.4 shows my orders twice",
        "barcode 9787508644712, batch 20260107",
        "orders 4111111111111111, 5500005555555559 and 4012888888881881",
        "we sold 1,234,567 items in 2026",
        "in transit since 2026-08-05",
        "phone case model 12345678, batch 123-456-789",
        "合同编号 HT2026112800123，批次 20261128",
        "payout 2,310.55 on 12/03, nothing on 26/03",
        "客户在越南胡志明市，不在上海市",
        "It left Ohio and reached Florida.",
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


def test_pseudonyms_are_one_a_thing_and_can_be_told_again() -> None:
    hidden = Pseudonyms()
    first = hidden.hide("mail a@b.com or c@d.org")
    assert (first, hidden.hide("a@b.com!")) == ("mail [EMAIL_1] or [EMAIL_2]", "[EMAIL_1]!")
    assert hidden.show(f"{first}, [EMAIL_9]") == "mail a@b.com or c@d.org, [EMAIL_9]"


def test_what_was_private_once_is_private_wherever_it_stands_again() -> None:
    hidden = Pseudonyms()
    hidden.hide("My name is Jorge Medina, account number 91827364.")
    assert hidden.hide("please note 91827364 (Jorge Medina)") == "please note [BANK_ACCOUNT_1] ([PERSON_1])"
    assert len(hidden) == 2


def test_an_orders_number_stays_though_the_same_digits_were_private_elsewhere() -> None:
    hidden = Pseudonyms()
    hidden.hide("card 4111111111111111")
    assert hidden.hide("order 4111111111111111") == "order 4111111111111111"


def test_texts_read_together_are_read_as_alone() -> None:
    texts = ["My name is Jorge Medina.", "", "我叫李晓梅", "call +86 138 0013 8000"] * 3
    assert [*find_all(texts)] == [find(text) for text in texts]


def test_a_name_told_in_full_is_found_by_its_part_too() -> None:
    assert mask("Kind regards, Wiremu Tapsell. I am Tapsell, not Taylor Ltd.").count("[PERSON]") == 2
    assert list(called("张伟民", frozenset())) == ["伟民"]
    assert list(called("张方便", frozenset({"方便"}))) == []
    assert list(called("Ann", frozenset())) == []
