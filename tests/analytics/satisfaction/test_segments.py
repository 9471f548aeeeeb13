"""Planted segments are found, counted and named; a single cloud is not called stable segments; the same rows give the same answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from analytics.satisfaction import segments
from analytics.satisfaction.segments import merchant_measures, recency_frequency, segment_buyers, segment_merchants

CONDUCT = {"prompt": (0.02, 0.95), "late": (0.40, 0.90), "silent": (0.03, 0.20)}


@pytest.fixture
def rng() -> np.random.Generator:
    seed = int(np.random.SeedSequence().entropy) % 2**32
    print(f"seed {seed}")
    return np.random.default_rng(seed)


def merchants(rng: np.random.Generator, each: int = 80) -> pd.DataFrame:
    """Merchants of three kinds, which differ in lateness and in answering alone, all else is chance; `kind` is the truth."""
    rows = []
    for kind, (late, reply) in CONDUCT.items():
        for place in range(each):
            orders = 300
            rows.append(
                {
                    "merchant_id": f"{kind}{place}",
                    "kind": kind,
                    "order_count": orders,
                    "recent_count": rng.binomial(orders, 0.5),
                    "delivered_count": orders,
                    "late_seller_count": rng.binomial(orders, late),
                    "seller_cancelled_count": rng.binomial(orders, 0.02),
                    "returned_count": rng.binomial(orders, 0.05),
                    "disputed_count": rng.binomial(orders, 0.01),
                    "delivered_reviewed_count": orders // 2,
                    "delivered_positive_count": rng.binomial(orders // 2, 0.8),
                    "question_count": 200,
                    "question_replied_24h_count": rng.binomial(200, reply),
                    "repeat_base_count": orders,
                    "repeat_count": rng.binomial(orders, 0.2),
                    "ticket_count": 0,
                }
            )
    return pd.DataFrame(rows)


def buyers(rng: np.random.Generator, n: int = 600) -> pd.DataFrame:
    """A third order often and lately, the others once and long ago."""
    is_loyal = rng.random(n) < 1 / 3
    return pd.DataFrame(
        {
            "buyer_id": [f"b{place}" for place in range(n)],
            "orders": np.where(is_loyal, rng.integers(6, 12, n), 1),
            "days_since": np.where(is_loyal, rng.integers(1, 15, n), rng.integers(150, 300, n)),
            "spend": np.where(is_loyal, 9.0, 1.0),
            "order_size": np.exp(rng.normal(0, 0.1, n)),
            "variety": np.where(is_loyal, 0.3, 1.0),
            "bad_share": 0.0,
            "review_share": rng.random(n) * 0.2,
            "claim_share": 0.0,
        }
    )


def test_planted_kinds_of_merchants_are_found_and_named(rng: np.random.Generator) -> None:
    frame = merchants(rng)
    found = segment_merchants(frame)
    assert found.status == "ok"
    kinds = frame.set_index("merchant_id")["kind"]
    of = {member: segment.number for segment in found.segments for member in segment.members}
    assert (
        adjusted_rand_score(kinds[list(of)], list(of.values())) > 0.4
    )  # 0 by chance; with more pieces than kinds it falls
    late = max(found.segments, key=lambda segment: segment.means["late_share"])
    assert any(trait.measure == "late_share" and trait.distance > 1 for trait in late.traits)
    silent = min(found.segments, key=lambda segment: segment.means["reply_share"])
    assert any(trait.measure == "reply_share" and trait.distance < -1 for trait in silent.traits)


def test_planted_kinds_of_buyers_are_found_and_named(rng: np.random.Generator) -> None:
    found = segment_buyers(buyers(rng), 600, 1)
    assert found.left_out == ("bad_share", "claim_share")
    loyal = [segment for segment in found.segments if segment.means["orders"] > 4]
    assert loyal
    assert sum(segment.n for segment in loyal) / 600 == pytest.approx(1 / 3, abs=0.1)
    assert {trait.measure for segment in loyal for trait in segment.traits} >= {"orders", "days_since"}


def test_one_cloud_is_not_called_stable_in_many_pieces(rng: np.random.Generator) -> None:
    frame = buyers(rng)
    for name in ("orders", "days_since", "order_size"):
        frame[name] = np.exp(rng.normal(3, 0.3, len(frame)))
    for name in ("variety", "bad_share", "review_share", "claim_share"):
        frame[name] = rng.normal(0.5, 0.1, len(frame))
    found = segment_buyers(frame, 600, 1)
    assert found.status == "unstable"
    assert found.silhouette is not None
    assert found.silhouette < 0.25


def test_the_same_rows_give_the_same_segments(rng: np.random.Generator) -> None:
    frame = merchants(rng, 40)
    first, second = segment_merchants(frame), segment_merchants(frame.copy())
    assert first == second
    assert sum(segment.n for segment in first.segments) == 120
    assert sum(segment.share for segment in first.segments) == pytest.approx(1.0)


def test_small_merchants_are_left_out_and_counted(rng: np.random.Generator) -> None:
    frame = merchants(rng, 40)
    frame.loc[:9, "order_count"] = 19
    found = segment_merchants(frame)
    assert (found.excluded, found.n, found.total) == (10, 110, 120)


def test_few_rows_and_equal_rows_are_no_segments(rng: np.random.Generator) -> None:
    assert segment_merchants(merchants(rng, 5)).status == "too_few"
    assert segment_buyers(buyers(rng).iloc[:0], 0, 1).status == "too_few"
    same = buyers(rng).assign(orders=1, days_since=5, order_size=1.0, variety=1.0, review_share=0.0)
    assert segment_buyers(same, 600, 1).status == "alike"


def test_rates_of_small_merchants_are_drawn_to_the_average(rng: np.random.Generator) -> None:
    frame = merchants(rng, 1).iloc[:2].copy()
    frame["delivered_count"], frame["late_seller_count"] = [20, 980], [20, 80]
    late = merchant_measures(frame)["late_share"]
    assert late.iloc[0] == pytest.approx((20 + 20 * 0.1) / 40)
    assert late.iloc[1] == pytest.approx((80 + 20 * 0.1) / 1000)


def test_recency_and_frequency_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SMALLEST", 1)
    frame = pd.DataFrame(
        {
            "days_since": [0, 30, 31, 400],
            "orders": [1, 1, 2, 9],
            "spend": [1.0, 1.0, 2.0, 6.0],
            "bad_share": [0.0, 1.0, 0.5, 0.0],
        }
    )
    found = recency_frequency(frame)
    assert found[["recency", "frequency", "buyers"]].to_numpy().tolist() == [[0, 0, 2], [1, 1, 1], [3, 3, 1]]
    assert found["spend_share"].tolist() == pytest.approx([0.2, 0.2, 0.6])
    assert found["bad_share"].tolist() == pytest.approx([0.5, 0.5, 0.0])
    assert found["share"].sum() == pytest.approx(1.0)


def test_figures_of_fewer_than_five_buyers_are_withheld() -> None:
    rows = pd.DataFrame(
        {"days_since": [10.0] * 6 + [400.0] * 4, "orders": [1] * 10, "spend": [1.0] * 10, "bad_share": [0.5] * 10}
    )
    found = segments.recency_frequency(rows)
    assert found["buyers"].tolist() == [6, 4]
    assert found["spend_share"].isna().tolist() == found["bad_share"].isna().tolist() == [False, True]


def test_a_segment_of_one_buyer_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    def one(n: int) -> segments.Segment:
        return segments.Segment(0, n, 0.5, (), {}, {}, ())

    whole = segments.Segments("ok", (one(9), one(5), one(4), one(1)), 4, 0.9, 0.9, 0.5, {}, (), 19, 19, 1, 0)
    monkeypatch.setattr(segments, "_segments", lambda *_args, **_more: whole)
    found = segments.segment_buyers(pd.DataFrame({"buyer_id": []}), 19, 1)
    assert [segment.n for segment in found.segments] == [9, 5]
