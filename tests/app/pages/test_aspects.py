"""What reviews complain of, and how the grouping and the aspects are measured."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from analytics import threads
from analytics.metrics import Scope
from app.bench import aspects as measured
from app.bench import themes as timed
from app.bench.labelled import FOLDER
from app.services import aspects
from app.services.runtime import Runtime, snapshot_id
from tests.app.pages.desk_marketplace import desk, desk_warehouse

__all__ = ["desk", "desk_warehouse"]

DAY = date(2026, 2, 12)
SCOPE = Scope(DAY - timedelta(days=29), DAY)
LATE, PRAISE = "The parcel came days late.", "Fast delivery, well packed!"


def reviews(*written: tuple[str, int, int, date]) -> pd.DataFrame:
    """Reviews: (text, stars, how many, day), half of them of merchant a, half of b."""
    found = [
        (
            f"r-{text[:3]}-{day}-{n}",
            "ab"[n % 2],
            f"o-{n}",
            datetime(day.year, day.month, day.day, tzinfo=UTC),
            day,
            stars,
            text,
        )
        for text, stars, count, day in written
        for n in range(count)
    ]
    columns = ["event_id", "merchant_id", "order_id", "reviewed_at", "review_date", "score", "text"]
    return pd.DataFrame(found, columns=columns)


def test_shares_are_of_the_reviews_with_words(desk: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    before = SCOPE.date_from - timedelta(days=3)
    held = reviews((LATE, 1, 10, DAY), (PRAISE, 5, 30, DAY), (LATE, 1, 2, before), (PRAISE, 5, 38, before))
    monkeypatch.setattr(threads, "reviewed", lambda cursor, scope: held)
    found = {one.aspect_id: one for one in aspects.aspect_trends(snapshot_id(), SCOPE)}
    assert list(found) == ["description", "service", "logistics", "refund", "price"]
    late = found["logistics"]
    assert (late.complaints, late.praise, late.now.n, late.before.n) == (10, 30, 40, 40)
    assert (late.now.value, late.before.value, late.change) == (0.25, 0.05, pytest.approx(0.2))
    assert late.change_low is not None
    assert late.change_high is not None
    assert 0 < late.change_low < 0.2 < late.change_high
    assert [point.n for point in late.months][-2:] == [40, 40]
    assert [point.is_complete for point in late.months][-2:] == [True, False]
    assert found["refund"].now.value == 0.0


def test_too_few_reviews_tell_no_share(desk: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "reviewed", lambda cursor, scope: reviews((LATE, 1, 19, DAY)))
    late = next(one for one in aspects.aspect_trends(snapshot_id(), SCOPE) if one.aspect_id == "logistics")
    assert (late.complaints, late.now.value, late.change) == (19, None, None)
    monkeypatch.setattr(threads, "reviewed", lambda cursor, scope: reviews())
    assert aspects.aspect_trends(snapshot_id(), SCOPE) == ()


def test_labelled_reviews_and_what_is_counted_of_them() -> None:
    rows = [json.loads(line) for line in (FOLDER / "reviews.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len({row["id"] for row in rows}) == len({row["text"] for row in rows}) == len(rows) == 64
    said = {pair for row in rows for pair in row["aspects"].items()}
    names = {"description", "service", "logistics", "refund", "price"}
    assert said <= {(name, polarity) for name in names for polarity in ("positive", "negative")}
    found = list(measured.measure())
    assert [(row.language, row.figure) for row in found if row.by == "trustdesk"] == [
        ("en", "precision"),
        ("en", "recall"),
        ("zh-Hans", "precision"),
        ("zh-Hans", "recall"),
    ]
    assert {row.n for row in found if row.figure == "recall"} == {35}
    assert all((row.ci_low or 0) <= (row.value or 0) <= (row.ci_high or 0) for row in found)


def test_a_second_look_reads_nothing_and_a_day_later_what_is_new(desk: Runtime) -> None:
    cold, warm, later = timed.measure(100)
    assert (cold.read, warm.read, later.read) == (100, 0, 2)
    assert warm.themes == warm.kept_ids == cold.themes
