"""The standing of orders: facts and ratings by hand, slander and praise bounded, bad rows named, no order of rows that matters."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analytics.bench.attacks.market import Market, marketplace
from analytics.trust.credibility.mixture import fit_mixture
from analytics.trust.credibility.order_standing import NEW_DAYS, stand
from analytics.trust.credibility.order_weights import bounded_crowd, one_voice, weigh_orders

START = pd.Timestamp("2026-01-01", tz="UTC")


@pytest.fixture(scope="module")
def market() -> Market:
    return marketplace(31, merchants=120)


def order(
    number: int, merchant: object, buyer: object, rating: float | None = None, **told: object
) -> dict[str, object]:
    at = START + pd.Timedelta(minutes=number % 100_000)
    row = {
        "order_id": number,
        "merchant_id": merchant,
        "buyer_id": buyer,
        "ordered_at": at,
        "value_minor": 1000,
        "rating": rating,
    }
    row |= {"rated_at": at if rating is not None else pd.NaT, "late": False, "cancelled": False, "disputed": False}
    return row | told


def slandered(market: Market, merchant: int, raters: np.ndarray, stars: int = 1) -> pd.DataFrame:
    """The market's orders and one more per rater at the merchant, on time and rated."""
    last = int(market.orders["order_id"].max())
    at = market.end - pd.Timedelta(days=20)
    rows = [
        order(last + 1 + i, merchant, rater, stars, ordered_at=at, rated_at=at + pd.Timedelta(days=5))
        for i, rater in enumerate(raters.tolist())
    ]
    return pd.concat([market.orders, pd.DataFrame(rows)], ignore_index=True)


def scores(market: Market, orders: pd.DataFrame | None = None) -> pd.Series:
    found = stand(market.orders if orders is None else orders, market.merchants, market.end)
    return found.by_merchant.set_index("merchant_id")["score"]


class TestWeights:
    def test_orders_of_one_buyer_are_one_voice(self) -> None:
        weight = one_voice(np.array([0, 0, 0, 1, 0]), np.array([5, 5, 5, 5, -1]))
        assert weight == pytest.approx([1 / np.sqrt(3)] * 3 + [1, 1])

    def test_accounts_that_buy_here_alone_add_no_more_than_the_others_explain(self) -> None:
        merchant = np.repeat([0, 1, 2], [30, 30, 230])
        buyer = np.concatenate([np.arange(30), np.arange(30), np.arange(30), 100 + np.arange(200)])
        weight = bounded_crowd(merchant, buyer, np.zeros(290, dtype=bool))
        assert (weight[:90] == 1).all()
        assert weight[90:].sum() == pytest.approx(1.0)  # nobody else has such buyers: one is let pass

    def test_what_went_wrong_is_not_doubted(self) -> None:
        merchant, buyer = (
            np.repeat([0, 1], [30, 60]),
            np.concatenate([np.arange(30), np.arange(30), 100 + np.arange(30)]),
        )
        failed = np.arange(90) >= 60
        assert (bounded_crowd(merchant, buyer, failed) == 1).all()

    def test_bad_rows_are_named_and_do_not_count(self) -> None:
        rows = [order(1, "a", "u", 5), order(2, "a", "a", 5), order(3, "a", "v", 9), order(4, "b", None, 2)]
        found = weigh_orders(pd.DataFrame(rows))
        assert found.set_aside == {"a merchant's order with itself": (2,), "a rating outside 1 to 5": (3,)}
        assert found.orders["order_id"].tolist() == [1, 3, 4]
        assert found.rating[1] == 0
        assert found.rating[[0, 2]].min() > 0

    def test_equal_times_and_the_order_of_rows_do_not_matter(self, market: Market) -> None:
        orders = market.orders.assign(rated_at=market.orders["rated_at"].where(market.orders["rated_at"].isna(), START))
        once = scores(market, orders)
        again = scores(market, orders.sample(frac=1.0, random_state=3).reset_index(drop=True))
        assert np.abs(once - again).max() < 1e-9


class TestMixture:
    def test_a_merchant_without_orders_is_as_its_peers_and_one_with_many_speaks_for_itself(self) -> None:
        bad, n = np.array([0.0, 900.0, 5.0, 4.0, 6.0]), np.array([0.0, 3000.0, 100.0, 100.0, 100.0])
        found = fit_mixture(bad, n)
        assert found.mean[0] == pytest.approx(found.peers)
        assert found.mean[1] == pytest.approx(0.3, abs=0.02)
        assert found.posterior.sum(axis=1) == pytest.approx(np.ones(5))

    def test_over_falls_from_one_to_nothing(self) -> None:
        found = fit_mixture(np.array([5.0, 50.0]), np.array([100.0, 100.0]))
        chances = np.stack([found.over(np.full(2, cut)) for cut in (0.0, 0.02, 0.1, 0.4, 1.0)])
        assert (np.diff(chances, axis=0) <= 1e-12).all()
        assert chances[0] == pytest.approx([1, 1])
        assert chances[2, 0] < 0.1 < 0.9 < chances[2, 1]


class TestStanding:
    def test_it_tells_good_from_bad(self, market: Market) -> None:
        quality = market.merchants.set_index("merchant_id")["true_quality"]
        found = stand(market.orders, market.merchants, market.end).by_merchant.set_index("merchant_id")
        assert found["score"].corr(quality, method="spearman") > 0.7
        assert abs(float((found["score"] - quality).mean())) < 0.02
        assert (found["ci_low"] <= found["score"]).all()
        assert (found["score"] <= found["ci_high"]).all()
        assert found["score"].between(0, 1).all()

    def test_five_bad_mouthers_move_a_score_by_less_than_two_hundredths(self, market: Market) -> None:
        before = scores(market)
        sizes = market.orders["merchant_id"].value_counts()
        orders = market.orders
        fine = ~(orders["late"] | orders["cancelled"] | orders["disputed"]) & (orders["rating"].fillna(5) >= 4)
        for merchant in sizes[sizes.between(20, 120)].index[:5].tolist():
            lies = orders.index[fine & (orders["merchant_id"] == merchant)][:5]
            told = orders.copy()
            told.loc[lies, "rating"] = 1
            told.loc[lies, "rated_at"] = told.loc[lies, "ordered_at"] + pd.Timedelta(days=5)
            assert -0.02 < scores(market, told).loc[merchant] - before.loc[merchant] <= 1e-9

    def test_fifty_new_accounts_hardly_lift_a_bad_merchant(self, market: Market) -> None:
        before = scores(market)
        sizes = market.orders["merchant_id"].value_counts()
        merchant = int(before[sizes.reindex(before.index, fill_value=0).between(40, 200)].idxmin())
        accounts = int(market.buyers["buyer_id"].max()) + 1 + np.arange(50)
        after = scores(market, slandered(market, merchant, accounts, stars=5))
        plain = len(market.orders[market.orders["merchant_id"] == merchant])
        assert after.loc[merchant] - before.loc[merchant] < 0.3 * (1 - before.loc[merchant]) * 50 / (50 + plain)

    def test_a_newcomer_gets_no_more_than_its_peers(self, market: Market) -> None:
        joined = market.end - pd.Timedelta(days=NEW_DAYS - 30)
        new = pd.DataFrame([{"merchant_id": 9999, "joined_at": joined, "category": "Toys"}])
        buyers = market.buyers["buyer_id"].to_numpy()[:30]
        orders = slandered(market, 9999, buyers, stars=5)
        frame = stand(orders, pd.concat([market.merchants, new]), market.end).by_merchant.set_index("merchant_id")
        row = frame.loc[9999]
        assert row["is_on_probation"]
        assert row["score"] == pytest.approx(row["prior"])
        older = new.assign(joined_at=market.end - pd.Timedelta(days=NEW_DAYS + 1))
        frame = stand(orders, pd.concat([market.merchants, older]), market.end).by_merchant.set_index("merchant_id")
        assert frame.loc[9999, "score"] > row["score"]

    def test_ratings_turned_against_the_facts_are_not_heard(self, market: Market) -> None:
        quality = market.orders["merchant_id"].map(market.merchants.set_index("merchant_id")["true_quality"])
        stars = np.where(quality >= quality.median(), 1.0, 5.0)
        turned = market.orders.assign(rating=np.where(market.orders["rating"].notna(), stars, np.nan))
        assert stand(market.orders, market.merchants, market.end).link == 1
        assert stand(turned, market.merchants, market.end).link == 0

    def test_failing_on_dear_orders_is_named(self, market: Market) -> None:
        rows = [
            order(10**7 + i, 7777, 20 + i, 1 if i >= 40 else 5, value_minor=50_000 if i >= 40 else 100, late=i >= 40)
            for i in range(45)
        ]
        new = pd.DataFrame([{"merchant_id": 7777, "joined_at": START, "category": "Toys"}])
        orders = pd.concat([market.orders, pd.DataFrame(rows)], ignore_index=True)
        frame = stand(orders, pd.concat([market.merchants, new]), market.end).by_merchant.set_index("merchant_id")
        assert frame["is_imbalanced"].loc[7777]
        assert frame["is_imbalanced"].sum() <= 2
        assert frame["value_score"].loc[7777] < frame["score"].loc[7777] - 0.2

    def test_without_any_rating_or_any_order_it_stands_at_its_peers(self) -> None:
        silent = pd.DataFrame([order(i, "a" if i % 2 else "b", f"u{i}", late=i % 4 == 0) for i in range(60)])
        merchants = pd.DataFrame(
            {
                "merchant_id": ["a", "b", "c"],
                "joined_at": [START - pd.Timedelta(days=400)] * 3,
                "category": [None, "Toys", "Toys"],
            }
        )
        frame = stand(silent, merchants, START + pd.Timedelta(days=90)).by_merchant.set_index("merchant_id")
        assert frame.loc["a", "score"] > frame.loc["b", "score"]
        assert frame.loc["c", "score"] == pytest.approx(frame.loc["c", "prior"])
        nothing = stand(silent.iloc[:0], merchants, START).by_merchant
        assert nothing["score"].to_numpy() == pytest.approx(nothing["prior"].to_numpy())
