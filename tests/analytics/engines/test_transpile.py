"""Mart SQL stays inside what both engines compute alike, and each rewrite says in Spark what DuckDB means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from analytics.engines.marts import Mart, read_marts
from analytics.engines.transpile import not_portable, parse, to_spark
from analytics.errors import WarehouseError


def spark_text(sql: str, as_of: datetime | None = None, time_zone: str = "Asia/Kathmandu") -> str:
    return to_spark(sql, as_of=as_of, time_zone=time_zone)


@pytest.mark.parametrize("mart", read_marts(), ids=lambda mart: mart.name)
def test_every_mart_is_portable(mart: Mart) -> None:
    assert not_portable(parse(mart.sql)) == []


@pytest.mark.parametrize(
    "expression",
    [
        "median(a)",
        "quantile_cont(a, 0.9)",
        "percentile_cont(0.9) within group (order by a)",
        "list(distinct a order by a)",
        "string_agg(a, ',')",
        "approx_count_distinct(a)",
        "avg(a)",
        "a / b",
        "a // b",
        "a % b",
        "a || b",
        "a ilike 'x%'",
        "first(a)",
        "any_value(a)",
        "arg_max(a, b)",
        "date_diff('day', a, b)",
        "date_trunc('week', a)",
        "date_trunc('day', a)",
        "a + interval '1' day",
        "a + interval '1' month",
        "cast(a as double)",
        "cast(a as timestamp)",
        "cast(a as decimal(18, 2))",
        "a at time zone 'UTC'",
        "round(a, 1)",
        "row_number() over (partition by a)",
        "lead(a, 2) over (order by b)",
        "* exclude (a)",
        "* replace (1 as a)",
        "a in (select b from t)",
        "(select max(b) from t)",
        "some_macro(a)",
        "$other",
        "now()",
        "random()",
    ],
)
def test_what_engines_may_compute_differently_is_refused(expression: str) -> None:
    sql = f"select {expression} from t"
    assert not_portable(parse(sql))
    with pytest.raises(WarehouseError, match="not known to mean the same"):
        spark_text(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "select a from t limit 1",
        "select a from t order by a",
        "select a, count(*) from t group by all",
        "select a from t group by rollup (a)",
        "select a from t qualify row_number() over (order by a) = 1",
        "select a from t asof join u on t.a >= u.a",
        "select a from t full join u on t.a = u.a",
        "select a from t join u using (a)",
        "select distinct on (a) a, b from t",
        "select a from t union by name select a from u",
        "select a from t except select a from u",
        "select a from read_parquet('x')",
        "select a from other.t",
        "with recursive r as (select 1 as a union all select a from r) select a from r",
    ],
)
def test_queries_that_engines_may_read_differently_are_refused(sql: str) -> None:
    assert not_portable(parse(sql))


@pytest.mark.parametrize("sql", ["select 1; select 2", "select from where", "drop table t"])
def test_only_one_select_is_taken(sql: str) -> None:
    with pytest.raises(WarehouseError):
        spark_text(sql)


def test_seconds_between_instants_are_borders_crossed() -> None:
    assert spark_text("select date_diff('second', a, b) as s from t") == (
        "SELECT (UNIX_SECONDS(b) - UNIX_SECONDS(a)) AS s FROM t"
    )


def test_the_bound_is_a_typed_instant_in_utc() -> None:
    local = datetime(2024, 3, 1, 5, 45, 0, 1, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    assert spark_text("select a from t where a < $as_of", local) == (
        "SELECT a FROM t WHERE a < CAST('2024-03-01 00:00:00.000001+00:00' AS TIMESTAMP)"
    )
    assert spark_text("select a from t where a < $as_of", datetime(2024, 3, 1, tzinfo=UTC)).count("2024-03-01") == 1


def test_no_bound_is_the_end_of_time() -> None:
    assert "'9999-12-31 23:59:59.999999+00:00'" in spark_text("select a from t where a < $as_of")


def test_a_local_date_is_that_of_the_reporting_zone() -> None:
    assert spark_text("select cast(a at time zone $time_zone as date) as d from t") == (
        "SELECT CAST(FROM_UTC_TIMESTAMP(a, 'Asia/Kathmandu') AS DATE) AS d FROM t"
    )


def test_nulls_come_last_as_in_duckdb() -> None:
    text = spark_text("select lead(a) over (partition by b order by a, c desc) as n from t")
    assert "ORDER BY a NULLS LAST, c DESC" in text  # Spark puts nulls last in descending order by itself
