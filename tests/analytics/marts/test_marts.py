"""Every mart keeps its grain and invariants, is described column by column, and stays within portable SQL."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from analytics.tables import SQL_FOLDER
from tests.analytics.metrics.marketplace import MemoryCursor, build, mart_names
from tests.analytics.metrics.random_marketplace import random_tables

MARTS = [name.removesuffix(".sql") for name in mart_names()]
FACT_INPUTS = re.compile(r"\bfrom (events|tickets|messages)\b")
NOT_PORTABLE = re.compile(
    r"\b(list|array_agg|string_agg|quantile\w*|percentile\w*|median|approx_\w+|unnest|epoch|strftime|arg_min|arg_max|histogram|exclude|qualify|pivot)\b",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def cursor() -> MemoryCursor:
    return build(random_tables(7), time_zone="Europe/Berlin")


def sidecar(mart: str) -> dict[str, Any]:
    return tomllib.loads((SQL_FOLDER / "marts" / f"{mart}.toml").read_text(encoding="utf-8"))


def sql(mart: str) -> str:
    text = (SQL_FOLDER / "marts" / f"{mart}.sql").read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.startswith("--"))


@pytest.mark.parametrize("mart", MARTS)
def test_grain_and_invariants_hold(cursor: MemoryCursor, mart: str) -> None:
    name, described = mart.split("_", 1)[1], sidecar(mart)
    rows = cursor.rows(f"select count(*) as n, count(distinct ({', '.join(described['grain'])})) as keys from {name}")[
        0
    ]
    assert rows["n"] == rows["keys"] > 0
    for invariant in described["invariants"]:
        broken = cursor.rows(f"select count(*) as n from {name} where ({invariant}) is not true")[0]["n"]
        assert broken == 0, f"{name}: {invariant}"


@pytest.mark.parametrize("mart", MARTS)
def test_every_column_is_described_and_measures_are_integers(cursor: MemoryCursor, mart: str) -> None:
    columns = {row["column_name"]: row["column_type"] for row in cursor.rows(f"describe {mart.split('_', 1)[1]}")}
    assert list(sidecar(mart)["columns"]) == list(columns)
    measures = {name: kind for name, kind in columns.items() if name.endswith(("_count", "_sum", "_sumsq", "_minor"))}
    assert set(measures.values()) <= {"BIGINT", "INTEGER"}
    assert not {
        kind for kind in columns.values() if kind in ("DOUBLE", "FLOAT", "HUGEINT") or kind.startswith("DECIMAL")
    }


@pytest.mark.parametrize("mart", MARTS)
def test_portable_and_bounded(mart: str) -> None:
    text = sql(mart)
    assert not NOT_PORTABLE.search(text), NOT_PORTABLE.search(text)
    assert " / " not in text, "a ratio does not add up"
    assert text.count(";") == 0
    if FACT_INPUTS.search(text):
        assert "< $as_of" in text


def test_months_are_the_sum_of_their_days(cursor: MemoryCursor) -> None:
    columns = [row["column_name"] for row in cursor.rows("describe merchant_month")][2:]
    sums = ", ".join(f"sum({column}) as {column}" for column in columns)
    assert cursor.rows(f"select {sums} from merchant_day") == cursor.rows(f"select {sums} from merchant_month")


def test_shipment_with_several_lines_does_not_fan_out(cursor: MemoryCursor) -> None:
    lines = cursor.rows(
        "select count(*) as n, cast(sum(round(amount * 100)) as bigint) as minor from events where kind = 'order_placed'"
    )[0]
    assert cursor.rows("select sum(line_count) as n from fct_order")[0]["n"] == lines["n"]
    assert cursor.rows("select sum(gmv_minor) as minor from merchant_day_amount")[0]["minor"] == lines["minor"]
