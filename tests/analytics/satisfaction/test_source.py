"""What the statements read, told again in pandas from the facts of the small demo."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics.metrics import Scope
from analytics.satisfaction import source
from analytics.warehouse import Cursor, Warehouse


@pytest.fixture(scope="module")
def cursor(demo_warehouse: Path) -> Iterator[Cursor]:
    with Warehouse(demo_warehouse).cursor() as opened:
        yield opened


@pytest.fixture(scope="module")
def scope(cursor: Cursor) -> Scope:
    last = source.last_day(cursor)
    return Scope(last - timedelta(days=299), last - timedelta(days=10))


@pytest.fixture(scope="module")
def facts(cursor: Cursor) -> pd.DataFrame:
    return cursor.df("from fct_order")


def within(facts: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    days = facts["order_date"]
    return facts[(days >= pd.Timestamp(scope.date_from)) & (days <= pd.Timestamp(scope.date_to))]


def test_first_orders_know_when_it_went_badly(cursor: Cursor, scope: Scope, facts: pd.DataFrame) -> None:
    found = source.first_orders(cursor, scope).rows.set_index("buyer_id")
    first = within(facts, scope).sort_values(["ordered_at", "merchant_id"]).groupby("buyer_id").head(1)
    first = first.set_index("buyer_id").loc[found.index]
    bad = pd.DataFrame(
        {
            "late": first["delivered_at"].where(first["late_fault"] == "seller"),
            "cancelled": first["cancelled_at"].where(first["cancel_fault"] != "buyer"),
            "review": first["first_review_at"].where(first["first_review_score"] <= 2),
            "dispute": first["dispute_opened_at"],
        }
    ).min(axis=1)
    assert bad.notna().sum() > 100
    assert found["known_bad_at"].equals(bad.rename("known_bad_at").astype(found["known_bad_at"].dtype))
    ended = first["delivered_at"].fillna(first["cancelled_at"]).fillna(first["dispute_opened_at"])
    assert found["ended_at"].equals(ended.rename("ended_at").astype(found["ended_at"].dtype))
    later = facts.merge(found["ordered_at"].rename("first_at"), left_on="buyer_id", right_index=True)
    later = later[later["ordered_at"] > later["first_at"]].groupby("buyer_id")["ordered_at"].min().reindex(found.index)
    assert found["next_ordered_at"].equals(later.rename("next_ordered_at").astype(found["next_ordered_at"].dtype))


def test_orders_know_what_was_before_and_who_came_back_to_the_merchant(
    cursor: Cursor, scope: Scope, facts: pd.DataFrame
) -> None:
    found = source.orders(cursor, scope).rows.set_index(["merchant_id", "order_id"])
    chosen = within(facts, scope).set_index(["merchant_id", "order_id"])
    assert len(found) == len(chosen)
    instants = facts.groupby("buyer_id")["ordered_at"].agg(lambda at: np.sort(at.unique()))
    sample = found.sample(300, random_state=1)
    own = facts.set_index(["merchant_id", "buyer_id"]).sort_index()
    for key, row in sample.iterrows():
        at = chosen.loc[key, "ordered_at"]
        assert row["prior_count"] == int((instants[row["buyer_id"]] < at).sum())
        others = own.loc[[(key[0], row["buyer_id"])], "ordered_at"]
        is_back = ((others > at) & (others <= at + pd.Timedelta(days=90))).any()
        assert pd.isna(row["is_merchant_repeat"]) or row["is_merchant_repeat"] == int(is_back)
    assert found["is_merchant_repeat"].sum() > 100


def test_what_came_after_the_review_is_no_cause_of_it(cursor: Cursor, scope: Scope, facts: pd.DataFrame) -> None:
    found = source.orders(cursor, scope).rows.set_index(["merchant_id", "order_id"])
    chosen = within(facts, scope).set_index(["merchant_id", "order_id"]).loc[found.index]
    after = (chosen["dispute_opened_at"] > chosen["first_review_at"]).to_numpy()
    assert after.sum() > 5
    assert found.loc[after, "disputed"].sum() == 0
    before = (chosen["dispute_opened_at"] < chosen["first_review_at"]).to_numpy()
    assert (found.loc[before, "disputed"] == 1).all()
    silent = (chosen["dispute_opened_at"].notna() & chosen["first_review_at"].isna()).to_numpy()
    assert (found.loc[silent, "disputed"] == 1).all()


def test_buyers_add_up_to_their_orders(cursor: Cursor, scope: Scope, facts: pd.DataFrame) -> None:
    found = source.buyers(cursor, scope, limit=10**9).rows
    chosen = within(facts, scope)
    assert found["orders"].sum() == len(chosen)
    assert len(found) == chosen["buyer_id"].nunique()
    last = chosen.groupby("buyer_id")["order_date"].max().loc[found["buyer_id"]]
    days = (pd.Timestamp(scope.date_to) - pd.to_datetime(last)).dt.days
    assert found["days_since"].tolist() == days.tolist()


def test_as_of_a_day_nothing_later_is_read(demo_warehouse: Path, cursor: Cursor, scope: Scope) -> None:
    """Orders of a window, seen from its last day, are those whose outcome was known by then."""
    with Warehouse(demo_warehouse).cursor(as_of=scope.date_to) as then:
        early = source.first_orders(then, scope).rows
        up_to = then.data_up_to
    assert up_to is not None
    late = source.first_orders(cursor, scope).rows
    assert len(early) == len(late)
    for name in ("ended_at", "known_bad_at", "next_ordered_at"):
        known = late[name].where(late[name] <= up_to)
        assert early[name].equals(known.astype(early[name].dtype)), name
