"""The index adds up, names what is missing, and its interval covers; silence is bounded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics.errors import InputError
from analytics.satisfaction.index import (
    DEFINITION,
    default_definition,
    index_by_month,
    index_of,
    load_definition,
    silence_of,
)

COLUMNS = sorted(
    {"order_count", "review_count"}
    | {c for part in default_definition().components for c in (part.plus, part.minus, part.answers) if c}
)


def sums(**columns: list[float]) -> pd.DataFrame:
    """One row a merchant; what is not named is zero."""
    length = len(next(iter(columns.values())))
    return pd.DataFrame({name: columns.get(name, [0.0] * length) for name in COLUMNS})


def test_the_weights_as_committed_add_up_to_a_hundred() -> None:
    assert sum(c.weight for c in default_definition().components) == pytest.approx(100.0)


def test_a_missing_part_is_left_out_and_named() -> None:
    found = index_of(
        sums(order_count=[40, 60], review_count=[10, 10], review_score_sum=[40, 50], csat_count=[5, 4], csat_sum=[9, 9])
    )
    assert found.value == pytest.approx(100 * (4.5 - 1) / 4)  # stars alone: nine surveys are one too few
    assert found.coverage == pytest.approx(0.2)
    assert found.n == 20
    assert "Satisfaction survey (CSAT)" in found.left_out
    assert "Stars of reviews" not in found.left_out
    statuses = {part.component_id: part.status for part in found.parts}
    assert (statuses["stars"], statuses["csat"], statuses["nps"], statuses["ces"]) == (
        "ok",
        "too_few",
        "not_in_source",
        "not_in_source",
    )


def test_parts_weigh_in_proportion_and_add_up() -> None:
    found = index_of(
        sums(
            order_count=[100] * 2,
            review_count=[50] * 2,
            review_score_sum=[200] * 2,
            nps_count=[20] * 2,
            nps_promoter_count=[12] * 2,
            nps_detractor_count=[4] * 2,
        )
    )
    assert found.value == pytest.approx((35 * 75.0 + 10 * 70.0) / 45)
    assert found.value == pytest.approx(sum(p.weight * (p.value or 0.0) for p in found.parts))


def test_no_answers_is_no_index_and_never_zero() -> None:
    found = index_of(sums(order_count=[5]))
    assert found.value is None
    assert found.ci_low is None
    assert len(found.left_out) == len(found.parts)
    assert index_of(sums(order_count=[])).coverage is None


def test_the_interval_covers_the_truth_when_merchants_differ() -> None:
    seed = int(np.random.SeedSequence().entropy) % 2**32
    rng = np.random.default_rng(seed)
    covered = 0
    for _ in range(200):
        mood = np.clip(rng.normal(3.9, 0.4, 60), 1, 5)  # the mean of mood is known: all merchants answer alike often
        stars = np.clip(mood[:, None] + rng.normal(0, 0.6, (60, 25)), 1, 5)
        found = index_of(
            sums(order_count=[100.0] * 60, review_count=[25.0] * 60, review_score_sum=list(stars.sum(axis=1)))
        )
        truth = (
            100
            * (np.clip(np.clip(rng.normal(3.9, 0.4, 20_000), 1, 5) + rng.normal(0, 0.6, 20_000), 1, 5).mean() - 1)
            / 4
        )
        covered += found.ci_low is not None and found.ci_high is not None and found.ci_low <= truth <= found.ci_high
    print(f"seed {seed}: {covered} of 200 intervals cover")
    assert 178 <= covered <= 199


def test_months_are_apart() -> None:
    frame = pd.concat(
        [
            sums(order_count=[20], review_count=[10], review_score_sum=[50]).assign(month="2026-01-01"),
            sums(order_count=[20], review_count=[10], review_score_sum=[10]).assign(month="2026-02-01"),
        ]
    )
    assert [m.index.value for m in index_by_month(frame)] == [100.0, 0.0]


def test_silence_is_bounded_by_all_discontent_and_all_content() -> None:
    found = silence_of(
        pd.DataFrame(
            {"delivered_count": [60, 40], "delivered_reviewed_count": [30, 10], "delivered_positive_count": [20, 8]}
        )
    )
    assert found.plain == pytest.approx(28 / 40)
    assert found.effective == pytest.approx(28 / 100)
    assert found.upper == pytest.approx(88 / 100)


def test_silence_without_reviews_is_unknown() -> None:
    found = silence_of(
        pd.DataFrame({"delivered_count": [9], "delivered_reviewed_count": [0], "delivered_positive_count": [0]})
    )
    assert (found.plain, found.effective, found.upper) == (None, None, None)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("weight = 35.0", "wieght = 35.0", "did you mean 'weight'"),
        ("high = 5.0", "high = 1.0", "above low"),
        ("min_n = 10", "min_n = 0", "whole number"),
        ("weight = 35.0", "weight = -1", "from 0 to 100"),
        ('total = "review_score_sum"', 'total = "review_sum"', "Did you mean 'review_score_sum'"),
    ],
)
def test_a_faulty_definition_is_one_clear_line(tmp_path: Path, before: str, after: str, said: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(DEFINITION.read_text(encoding="utf-8").replace(before, after, 1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_definition(path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
