"""Data quality: every fault that is put in is counted exactly, and clean data has none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from analytics.errors import InputError
from analytics.ingest import Correction, load, replay
from analytics.quality import Check, _departure, check_quality, failing_rows, percent, texts
from analytics.snapshots import Load
from analytics.warehouse import Warehouse
from tests.analytics.ingest.folders import write_events

HEADER = (
    "event_id,occurred_at,kind,merchant_id,buyer_id,order_id,product_id,amount,currency,score,ship_by_at,deliver_by_at"
)


def placed(number: int, at: str = "2024-02-01", merchant: str = "m1", currency: str = "EUR", amount: str = "10") -> str:
    return f"p{number},{at},order_placed,{merchant},ann,o{number},x1,{amount},{currency},,2024-03-01,2024-03-05"


def then(number: int, kind: str, at: str, order: str | None = None, amount: str = "", currency: str = "") -> str:
    return f"{kind}{number},{at},{kind},m1,ann,{order or f'o{number}'},,{amount},{currency},,,"


def entities(folder: Path) -> None:
    write_events(folder, ("m1,Shop,2024-01-01",), "merchant_id,name,updated_at", "merchants.csv")
    write_events(folder, ("ann,2024-01-01",), "buyer_id,updated_at", "buyers.csv")
    write_events(folder, ("x1,m1,2024-01-01",), "product_id,merchant_id,updated_at", "products.csv")


def loaded(
    tmp_path: Path, rows: tuple[str, ...], more: Mapping[str, tuple[str, tuple[str, ...]]] | None = None
) -> Warehouse:
    folder = write_events(tmp_path / "in", rows, HEADER)
    entities(folder)
    for name, (header, lines) in (more or {}).items():
        write_events(folder, lines, header, f"{name}.csv")
    warehouse = Warehouse(tmp_path / "warehouse")
    load(warehouse, "canonical", folder)
    return warehouse


def checks(warehouse: Warehouse) -> dict[str, Check]:
    return {check.check_id: check for check in check_quality(warehouse)}


def failed(warehouse: Warehouse) -> dict[str, tuple[int | None, int | None]]:
    """What is not all right, the age of the fixtures aside."""
    found = check_quality(warehouse)
    bad = [check for check in found if check.status in ("warn", "fail") and check.kind != "freshness"]
    return {check.check_id: (check.count, check.total) for check in bad}


CLEAN = tuple(placed(number) for number in range(100))


def test_clean_data_has_nothing_to_report(tmp_path: Path) -> None:
    assert failed(loaded(tmp_path, CLEAN)) == {}


def test_five_per_cent_without_a_date_are_counted_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = tuple(placed(number, at="" if number % 20 == 0 else "2024-02-01") for number in range(1000))
    warehouse = loaded(tmp_path, rows)
    check = checks(warehouse)["events.lacks:occurred_at"]
    assert (check.count, check.total, check.share, check.status) == (50, 1000, 0.05, "fail")
    assert check.describe() == "5 % of the rows have no date"
    with monkeypatch.context() as patched:
        patched.setattr(Warehouse, "quarantine", None)  # all rows set aside may not fit in memory
        behind = failing_rows(warehouse, check.check_id, limit=20)
        refused = failing_rows(warehouse, "events.refused", limit=100)
    assert (len(behind), len(refused)) == (20, 50)
    assert set(behind["reason"]) == {"occurred_at is missing"}
    assert set(failed(warehouse)) == {"events.lacks:occurred_at", "events.refused"}


def test_rows_that_were_corrected_are_missing_no_longer(tmp_path: Path) -> None:
    warehouse = loaded(tmp_path, (*CLEAN, placed(100, at="")))
    assert failed(warehouse) == {"events.lacks:occurred_at": (1, 101), "events.refused": (1, 101)}
    (row,) = warehouse.quarantine().to_dict("records")
    replay(warehouse, [Correction(row["row_id"], {"occurred_at": "2024-02-01"})])
    assert failed(warehouse) == {}
    assert checks(warehouse)["events.lacks:occurred_at"].total == 101


@pytest.mark.parametrize(
    ("change", "check_id"),
    [
        (("m1", "m9"), "events.unknown_merchant"),
        ((",ann,", ",zoe,"), "events.unknown_buyer"),
        ((",x1,", ",x9,"), "events.unknown_product"),
    ],
    ids=["merchant", "buyer", "product"],
)
def test_five_per_cent_orphans_are_counted_and_shown(tmp_path: Path, change: tuple[str, str], check_id: str) -> None:
    rows = tuple(row.replace(*change) if place % 20 == 0 else row for place, row in enumerate(CLEAN))
    warehouse = loaded(tmp_path, rows)
    assert failed(warehouse) == {check_id: (5, 100)}
    check = checks(warehouse)[check_id]
    assert (check.status, check.describe().startswith("5 % of the events")) == ("fail", True)
    assert set(failing_rows(warehouse, check_id)["event_id"]) == {"p0", "p20", "p40", "p60", "p80"}


def test_events_of_an_order_that_was_never_placed_are_orphans(tmp_path: Path) -> None:
    orphans = (then(1, "return_requested", "2024-02-09", "lost"), then(2, "order_delivered", "2024-02-09", "lost"))
    warehouse = loaded(tmp_path, (*CLEAN, then(0, "order_delivered", "2024-02-04"), *orphans))
    assert failed(warehouse) == {"events.order_never_placed": (2, 3)}
    assert set(failing_rows(warehouse, "events.order_never_placed")["order_id"]) == {"lost"}


def test_tickets_messages_and_products_without_their_parents_are_orphans(tmp_path: Path) -> None:
    more = {
        "tickets": (
            "ticket_id,merchant_id,buyer_id,order_id,opened_at",
            ("t1,m1,ann,o1,2024-02-02", "t2,m9,zoe,lost,2024-02-02"),
        ),
        "messages": (
            "message_id,ticket_id,sent_at,author,text",
            ("a,t1,2024-02-02,agent,hi", "b,t9,2024-02-02,agent,hi", "c,t1,2024-01-02,agent,hi"),
        ),
        "products": ("product_id,merchant_id,updated_at", ("x1,m1,2024-01-01", "x2,m9,2024-01-01")),
    }
    assert failed(loaded(tmp_path, CLEAN, more)) == {
        "tickets.unknown_merchant": (1, 2),
        "tickets.unknown_buyer": (1, 2),
        "tickets.unknown_order": (1, 2),
        "messages.unknown_ticket": (1, 3),
        "messages.before_ticket": (1, 2),
        "products.unknown_merchant": (1, 2),
    }


def test_clocks_that_are_wrong_are_counted(tmp_path: Path) -> None:
    skewed = (
        then(0, "order_shipped", "2024-01-31"),
        then(0, "order_delivered", "2024-01-30"),
        then(1, "order_shipped", "2024-02-05"),
        then(1, "order_delivered", "2024-02-04"),
        then(2, "refund_paid", "2024-01-20", amount="1", currency="EUR"),
        then(3, "order_shipped", "2024-02-05"),
        placed(200, at="1999-12-31"),
        placed(201).replace("2024-03-05", "2024-01-05"),
    )
    assert failed(loaded(tmp_path, (*CLEAN, *skewed))) == {
        "orders.shipped_before_ordered": (1, 3),
        "orders.delivered_before_ordered": (1, 2),
        "orders.delivered_before_shipped": (2, 2),
        "orders.refund_before_order": (1, 1),
        "events.too_old": (1, 108),
        "events.promise_before_order": (1, 102),
    }


def test_what_lies_after_its_load_is_counted_and_far_futures_and_1970_are_set_aside(tmp_path: Path) -> None:
    soon = (datetime.now(UTC) + timedelta(hours=12)).strftime("%Y-%m-%d %H:%M:%S")
    odd = (placed(200, at=soon), placed(201, at="1970-01-01"), placed(202, at="2099-01-01"))
    ahead = "2040-01-01,2040-01-02"  # promises may lie ahead
    warehouse = loaded(tmp_path, (*CLEAN, *(row.replace("2024-03-01,2024-03-05", ahead) for row in odd)))
    found = failed(warehouse)
    assert found["events.in_future"] == (1, 101)
    assert found["events.refused"] == (2, 103)
    assert list(warehouse.quarantine()["reason"]) == [
        "occurred_at is outside 1990 to tomorrow: 1970-01-01",
        "occurred_at is outside 1990 to tomorrow: 2099-01-01",
    ]


def test_orders_in_several_currencies_are_counted_and_never_added_up(tmp_path: Path) -> None:
    second = "q0,2024-02-01,order_placed,m1,ann,o0,x1,5,USD,,2024-03-01,2024-03-05"
    other = "q1,2024-02-01,order_placed,m1,ann,o1,x1,5,EUR,,2024-03-01,2024-03-05"
    refund = then(2, "refund_paid", "2024-02-09", amount="1", currency="USD")
    warehouse = loaded(tmp_path, (*CLEAN, second, other, refund, placed(300, currency="", amount="")))
    assert failed(warehouse)["orders.currency_mix"] == (2, 101)
    behind = failing_rows(warehouse, "orders.currency_mix")
    assert dict(zip(behind["order_id"], behind["currencies"], strict=True)) == {"o0": "EUR, USD", "o2": "EUR, USD"}
    with warehouse.cursor() as cursor:
        assert cursor.rows("select amount_minor from fct_order where order_id = 'o0'") == [{"amount_minor": None}]


def test_ids_with_other_content_and_duplicates_are_counted(tmp_path: Path) -> None:
    warehouse = loaded(tmp_path, (*CLEAN, CLEAN[0], CLEAN[1].replace(",10,", ",99,")))
    found = checks(warehouse)
    conflict, duplicate = found["events.conflict"], found[".duplicate"]
    assert (conflict.count, conflict.total, conflict.status) == (1, 101, "warn")
    assert (duplicate.count, duplicate.total, duplicate.status) == (1, 105, "ok")
    assert list(failing_rows(warehouse, "events.conflict")["line"]) == [103]
    assert failing_rows(warehouse, "events.refused").empty, "a conflict was counted apart"


def test_lines_of_no_known_table_are_counted(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "adapter.toml").write_text('name = "own"\n[files.a]\nmatch = "a.csv"\n')
    (own / "events.sql").write_text("select * from raw_a")
    (own / "merchants.sql").write_text("select distinct merchant_id from raw_a")
    warehouse = Warehouse(tmp_path / "warehouse")
    load(warehouse, own, write_events(tmp_path / "in", (*CLEAN, "torn,line"), HEADER, "a.csv"))
    check = checks(warehouse)[".malformed"]
    assert (check.count, check.total) == (1, 102), "of 100 events, a merchant and the line"
    assert list(failing_rows(warehouse, ".malformed")["line"]) == [102]


def test_what_the_source_lacks_altogether_is_no_fault(tmp_path: Path) -> None:
    rows = tuple(row.replace(",x1,", ",,") for row in CLEAN)
    warehouse = Warehouse(tmp_path / "warehouse")
    load(warehouse, "canonical", write_events(tmp_path / "in", rows, HEADER))
    assert failed(warehouse) == {}
    states = {check_id: check.status for check_id, check in checks(warehouse).items()}
    assert {states[name] for name in ("events.unknown_merchant", "events.no_product", "messages.no_text")} == {
        "not_in_source"
    }


def test_an_order_whose_merchant_comes_later_is_an_orphan_until_then_and_counts_rightly_after(tmp_path: Path) -> None:
    warehouse = loaded(tmp_path, (*CLEAN, placed(200, merchant="m2")))
    assert failed(warehouse) == {"events.unknown_merchant": (1, 101)}
    before = "select category, recent_order_count from merchant_profile where merchant_id = 'm2'"
    with warehouse.cursor() as cursor:
        assert cursor.rows(before) == [{"category": None, "recent_order_count": 1}]
    later = write_events(
        tmp_path / "later", ("m2,Late,toys,2024-01-01",), "merchant_id,name,category,updated_at", "merchants.csv"
    )
    load(warehouse, "canonical", later)
    assert "events.unknown_merchant" not in failed(warehouse)
    with warehouse.cursor() as cursor:
        assert cursor.rows(before) == [{"category": "toys", "recent_order_count": 1}]
        (order,) = cursor.rows("select category from fct_order where order_id = 'o200'")
    assert order == {"category": "toys"}


def days(count_of: Mapping[int, int]) -> tuple[str, ...]:
    """Orders of ten weeks, ten a day but for the days (back from the last whole one) that are named; and one of the day under way."""
    last = date(2024, 6, 30)
    rows = []
    for back in range(70):
        day = last - timedelta(days=back)
        rows += [f"v{back}-{n},{day} 12:00:00,view,m1,ann,,x1,,,,," for n in range(count_of.get(back, 20))]
    return (*rows, "last,2024-07-01 08:00:00,view,m1,ann,,x1,,,,,")


@pytest.mark.parametrize(
    ("counts", "status", "said"),
    [
        ({}, "ok", "view: 20 on 2024-06-30, which is usual"),
        ({0: 12}, "ok", "view: 12 on 2024-06-30, which is usual"),
        ({7: 0, 14: 400}, "ok", "view: 20 on 2024-06-30, which is usual"),
        ({0: 0}, "fail", "view: 0 on 2024-06-30, where 20 are usual on that weekday"),
        ({0: 60}, "warn", "view: 60 on 2024-06-30, where 20 are usual on that weekday"),
        (dict.fromkeys(range(7), 9), "fail", "view: 63 in the seven days to 2024-06-30, where 140 are usual"),
    ],
    ids=["usual", "chance", "odd weeks before", "nothing", "many", "a thin week"],
)
def test_the_last_day_and_week_are_compared_with_those_before(
    tmp_path: Path, counts: dict[int, int], status: str, said: str
) -> None:
    check = checks(loaded(tmp_path, days(counts)))["events.volume:view"]
    assert (check.status, check.describe()) == (status, said)


def test_few_weeks_or_few_events_are_not_judged(tmp_path: Path) -> None:
    assert _departure([0, 50, 50, 50]) == ("ok", 0.0)
    assert _departure([0, 9, 9, 9, 9, 9])[0] == "ok"
    check = checks(loaded(tmp_path, (*CLEAN, placed(300, at="2024-02-02"))))["events.volume:order_placed"]
    assert check.describe().endswith("too few weeks or too few events to say what is usual")


def test_old_data_is_said_and_simulated_data_does_not_age(tmp_path: Path) -> None:
    check = checks(loaded(tmp_path, CLEAN))["events.freshness"]
    age = (datetime.now(UTC) - datetime(2024, 2, 1, tzinfo=UTC)).days
    assert (check.status, check.describe()) == ("fail", f"The newest event is {age:,} days older than its load")


def test_a_load_much_smaller_than_those_before_is_told(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse")
    for number in range(4):
        rows = tuple(placed(100 * number + n) for n in range(100 if number < 3 else 8))
        load(warehouse, "canonical", write_events(tmp_path / f"in{number}", rows, HEADER))
    check = checks(warehouse)[".volume:canonical"]
    assert (check.status, check.describe()) == ("fail", "The last load of canonical read 8 rows, where 100 are usual")
    assert isinstance(warehouse.snapshot().loads[0], Load)


def test_the_worst_comes_first(tmp_path: Path) -> None:
    rows = tuple(placed(number, at="" if number % 20 == 0 else "2024-02-01") for number in range(100))
    found = check_quality(loaded(tmp_path, (*rows, then(1, "order_shipped", "2024-01-31"))))
    order = ["fail", "warn", "ok", "not_in_source"]
    places = [order.index(check.status) for check in found]
    assert places == sorted(places)
    shares = [check.share or 0 for check in found if check.status == "fail"]
    assert shares == sorted(shares, reverse=True)


def test_no_check_of_that_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no check 'events\.nothing'"):
        failing_rows(loaded(tmp_path, CLEAN), "events.nothing")


def test_shares_are_said_shortly_and_never_as_nothing() -> None:
    assert [percent(*pair) for pair in ((0, 5), (1, 20), (1, 3), (1, 10**6), (5, 5), (0, 0))] == [
        "0 %",
        "5 %",
        "33.33 %",
        "< 0.01 %",
        "100 %",
        "0 %",
    ]


def test_every_sentence_is_listed_for_translation(tmp_path: Path) -> None:
    known = set(texts())
    found = check_quality(loaded(tmp_path, days({0: 0})))
    assert {check.sentence for check in found} | {check.name for check in found} <= known
