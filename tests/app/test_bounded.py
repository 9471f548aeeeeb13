"""The sentences that say where a bound held: both languages, from what to what, and none where nothing was held."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from analytics.trust import ComponentRate
from analytics.trust.changes import CAUSES, ScoreChange
from app.i18n import use_language
from app.services.bounded import change_sentence, rate_sentences

HELD = ComponentRate("quality", "negative_order_rate", "x", 9, 40, 5.0, 20.0, 0.07, 0.02, 0.15, 0.1, 12.0, 16.0, 0.3, 0.01, 0.22)  # fmt: skip


def split(bounded: float) -> ScoreChange:
    rates = pd.DataFrame([{"rate_id": "negative_order_rate", **dict.fromkeys(CAUSES, 0.0), "bounded": bounded}])
    return ScoreChange("m", date(2026, 1, 1), date(2026, 2, 1), 90.0, 90.0 + bounded, rates, pd.DataFrame())


def test_a_rate_is_told_from_what_to_what() -> None:
    with use_language("en"):
        (sentence,) = rate_sentences([replace(HELD, unbounded_mean=None), HELD])
    assert "22.0% by itself, 7.0% counts" in sentence
    assert "by 1.5% at most" in sentence
    assert "Delivered late by the merchant's fault" in sentence
    with use_language("zh-Hans"):
        assert "22.0%" in rate_sentences([HELD])[0]
        assert "by itself" not in rate_sentences([HELD])[0]


@pytest.mark.parametrize(("bounded", "said"), [(6.25, "+6."), (-1.5, "−1.5"), (0.0, None)])
def test_what_the_bound_made_of_a_change_is_told(bounded: float, said: str | None) -> None:
    with use_language("en"):
        sentence = change_sentence(split(bounded))
    assert sentence is None if said is None else said in str(sentence)
