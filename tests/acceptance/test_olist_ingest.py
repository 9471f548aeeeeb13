"""Olist, loaded by its adapter, gives the published figures exactly, computed from the canonical events."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from analytics.ingest import LoadResult, load
from analytics.warehouse import Cursor, Warehouse

OLIST = Path(__file__).resolve().parents[3] / "shared" / "data" / "olist"

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not OLIST.is_dir(), reason=f"the public Olist files are not at {OLIST}"),
]

# One row an order of the marketplace, with its reviews' scores.
ORDERS = """
with placed as (
    select order_id, any_value(deliver_by_at) as deliver_by_at
    from events where kind = 'order_placed' group by order_id
),
delivered as (
    select order_id, any_value(occurred_at) as delivered_at
    from events where kind = 'order_delivered' group by order_id
),
facts as (
    select order_id, delivered_at, delivered_at > deliver_by_at as is_late
    from placed left join delivered using (order_id)
),
reviews as (
    select distinct split_part(event_id, '|', 1) as review_id, order_id, score
    from events where kind = 'review_posted'
)
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Warehouse, LoadResult]:
    root = tmp_path_factory.mktemp("olist")
    warehouse = Warehouse(root / "warehouse", marts_folder=root / "no_marts")
    return warehouse, load(warehouse, "olist", OLIST)


@pytest.fixture(scope="module")
def cursor(loaded: tuple[Warehouse, LoadResult]) -> Iterator[Cursor]:
    with loaded[0].cursor() as opened:
        yield opened


def one(cursor: Cursor, sql: str) -> list[object]:
    (row,) = cursor.rows(sql)
    return list(row.values())


def test_every_row_is_loaded_and_none_is_refused(loaded: tuple[Warehouse, LoadResult]) -> None:
    warehouse, result = loaded
    assert (result.duplicate, result.conflict, result.quarantined) == (0, 0, 0)
    assert result.read == result.loaded
    assert warehouse.snapshot().time_zone == "America/Sao_Paulo"


def test_loading_it_again_changes_nothing(loaded: tuple[Warehouse, LoadResult]) -> None:
    warehouse, first = loaded
    again = load(warehouse, "olist", OLIST)
    assert (again.loaded, again.duplicate, again.snapshot_id) == (0, first.read, first.snapshot_id)


def test_orders_delivered_and_cancelled(cursor: Cursor) -> None:
    sql = "select kind, count(distinct order_id) as n from events group by kind"
    counted = {row["kind"]: row["n"] for row in cursor.rows(sql)}
    assert counted["order_placed"] == 10_669
    assert counted["order_delivered"] == 10_493
    assert counted["order_cancelled"] == 40


def test_items_sellers_and_price_sum(cursor: Cursor) -> None:
    sql = "select count(*), count(distinct merchant_id), sum(amount), min(currency), max(currency) from events "
    found = one(cursor, sql + "where kind = 'order_placed'")
    assert found == [11_943, 761, Decimal("1395637.3000"), "BRL", "BRL"]


def test_orders_of_several_sellers_make_more_merchant_orders(cursor: Cursor) -> None:
    sql = """
        with sellers as (
            select order_id, count(distinct merchant_id) as seller_count
            from events where kind = 'order_placed' group by order_id
        )
        select count(*) filter (where seller_count > 1), sum(seller_count)::bigint from sellers
    """
    assert one(cursor, sql) == [51, 10_720]


def test_late_share_of_delivered_orders(cursor: Cursor) -> None:
    late, delivered = one(cursor, ORDERS + "select count(*) filter (where is_late), count(delivered_at) from facts")
    assert isinstance(late, int)
    assert isinstance(delivered, int)
    assert delivered == 10_493
    assert round(100 * late / delivered, 2) == 7.73


@pytest.mark.parametrize(
    ("which", "count", "mean"), [("true", 7_696, 4.076), ("is_late", 584, 2.461), ("not is_late", 6_944, 4.266)]
)
def test_mean_review_of_all_late_and_punctual_orders(cursor: Cursor, which: str, count: int, mean: float) -> None:
    sql = ORDERS + f"select count(*), round(avg(score), 3) from reviews inner join facts using (order_id) where {which}"
    assert one(cursor, sql) == [count, mean]


def test_a_review_id_repeats_over_orders(cursor: Cursor) -> None:
    assert one(cursor, ORDERS + "select count(distinct review_id), count(*) from reviews") == [7_690, 7_696]


def test_sellers_have_short_names_a_state_and_an_english_category(cursor: Cursor) -> None:
    sql = "select count(*), count(category), count(distinct region), min(name) from merchants"
    assert one(cursor, sql) == [1_028, 747, 17, "Seller 0015a8"]
    categories = {row["category"] for row in cursor.rows("select distinct category from merchants")}
    assert "health_beauty" in categories
    assert "beleza_saude" not in categories


def test_buyers_are_pseudonymous_people_not_purchases(cursor: Cursor) -> None:
    sql = "select count(*), count(*) filter (where regexp_full_match(buyer_id, 'b_[0-9a-f]{24}')) from buyers"
    assert one(cursor, sql) == [10_608, 10_608]
    assert one(cursor, "select count(*) from events where buyer_id not in (select buyer_id from buyers)") == [0]


def test_times_are_read_in_sao_paulo(cursor: Cursor) -> None:
    sql = """select strftime(occurred_at, '%Y-%m-%d %H:%M:%S') from events
        where order_id = '001c85b5f68d2be0cb0797afc9e8ce9a' and kind = 'order_placed'"""
    assert one(cursor, sql) == ["2017-11-24 21:19:18"]  # 19:19:18 local, two hours behind UTC in summer time
