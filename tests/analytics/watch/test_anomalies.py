"""Merchants' unusual days: what must be found, what must not, and how often chance is taken for an incident."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from analytics.errors import InputError
from analytics.metrics import Scope, UnknownMetric
from analytics.watch import Anomaly, anomalies
from analytics.watch.anomalies import COUNT_FLOOR
from analytics.watch.judge import _calibrated, judge
from analytics.watch.panel import seen_cells
from app.bench.panels import FIRST_DAY as PANEL_DAY
from app.bench.panels import simulate_panel
from tests.analytics.watch.market import FIRST_DAY, cursor_of, name

DAYS = 120
Floats = NDArray[np.float64]


def market(merchants: int, seed: int, *, per_day: float = 30.0) -> Floats:
    """Orders in pairs and singles around each merchant's level and the marketplace's week."""
    rng = np.random.default_rng(seed)
    level = per_day * np.exp(rng.uniform(-0.7, 0.7, (merchants, 1)))
    week = np.array([1.0, 0.9, 1.0, 1.1, 1.3, 0.8, 0.6])[np.arange(DAYS) % 7]
    pairs = rng.poisson(level * week / 1.3)
    return (pairs + rng.binomial(pairs, 0.3)).astype(float)


def drawn_seed() -> int:
    seed = secrets.randbelow(10**6)
    print(f"seed {seed}")
    return seed


def day(place: int) -> date:
    return FIRST_DAY + timedelta(days=place)


def spike(orders: Floats) -> float:
    """Eight times a merchant's mean day: never a day of chance, as six times a low day of a small merchant may be."""
    return float(round(8 * orders.mean()))


def found_in(orders: Floats, late: Floats | None = None, metric: str = "orders", **options: object) -> list[Anomaly]:
    cursor = cursor_of(orders, late, last_at=options.pop("last_at", None))  # type: ignore[arg-type]
    return anomalies(cursor, [metric], day(DAYS - 30), day(DAYS - 1), **options)  # type: ignore[arg-type]


def test_a_spike_in_one_of_500_merchants_is_found_and_told_exactly() -> None:
    orders = market(500, drawn_seed())
    orders[123, 110] = round(4 * orders[123, 60:110].mean())
    (found, *others) = found_in(orders)
    assert (found.metric, found.merchant_id) == ("orders", name(123))
    assert found.first_day <= day(110) <= found.day
    assert (
        found.value
        == found.n
        == orders[123, (found.first_day - FIRST_DAY).days : (found.day - FIRST_DAY).days + 1].sum()
    )
    assert found.low <= found.expected <= found.high < found.value
    assert 0 < found.p_value <= found.q_value < 0.05
    assert (found.direction, found.is_bad) == ("up", False)
    assert len(others) <= 1


def test_a_day_of_several_rows_adds_up() -> None:
    """A load leaves the day's row and adds one with what changed."""
    orders = market(60, drawn_seed())
    orders[5, 110] = round(4 * orders[5, 60:110].mean())
    cursor = cursor_of(orders)
    window = (["orders", "late_seller_rate"], day(DAYS - 30), day(DAYS - 1))
    whole = anomalies(cursor, *window)
    assert name(5) in {one.merchant_id for one in whole}
    cursor.connection.execute(
        "insert into merchant_day select * replace (-1 as order_count, 0 as delivery_due_count) from merchant_day"
    )
    cursor.connection.execute(
        "insert into merchant_day select * replace (1 as order_count, 0 as delivery_due_count) from merchant_day where order_count > 0"
    )
    assert anomalies(cursor, *window) == whole


def test_tiny_volumes_are_below_the_floor() -> None:
    seed = drawn_seed()
    orders = market(200, seed)
    orders[:40] = np.random.default_rng(seed).poisson(0.2, (40, DAYS))
    orders[7, 110] = 6
    assert not [one for one in found_in(orders) if one.merchant_id < name(40)]


def test_an_outage_of_days_is_found_but_not_a_single_day_off() -> None:
    orders = market(100, drawn_seed())
    orders[3, 105:109] = 1.0
    orders[4, 106] = 0.0
    found = {one.merchant_id: one for one in found_in(orders)}
    assert name(4) not in found
    assert (found[name(3)].direction, found[name(3)].is_bad) == ("down", True)
    # A day before or after it that was low by chance may be told with it.
    assert day(104) <= found[name(3)].first_day <= day(108)
    assert day(105) <= found[name(3)].day <= day(109)


def test_what_moves_the_whole_marketplace_is_nobodys_anomaly() -> None:
    seed = drawn_seed()
    orders = market(300, seed)
    feels = np.random.default_rng(seed).uniform(1.6, 2.6, (300, 1))
    orders[:, 100:104] = np.round(orders[:, 100:104] * feels)
    orders[:, 110] = np.round(orders[:, 110] * 0.3)
    reported = [one for one in found_in(orders) if one.first_day <= day(110) and day(100) <= one.day]
    assert len(reported) <= 2
    largest = int(orders[:, 60:100].mean(axis=1).argmax())  # of a small one fivefold may be chance, where all double
    orders[largest, 102] *= 5
    spiked = [one for one in found_in(orders) if one.merchant_id == name(largest)]
    assert any(one.first_day <= day(102) <= one.day for one in spiked)


def test_a_rate_that_jumps_is_found_in_either_direction_alike() -> None:
    rng = np.random.default_rng(drawn_seed())
    orders = market(150, 1)
    late = rng.binomial(orders.astype(int), 0.05).astype(float)
    late[11, 108:113] = np.round(0.4 * orders[11, 108:113])
    (found, *_) = found_in(orders, late, "late_seller_rate")
    assert (found.merchant_id, found.direction, found.is_bad) == (name(11), "up", True)
    stretch = slice((found.first_day - FIRST_DAY).days, (found.day - FIRST_DAY).days + 1)
    assert found.n == orders[11, stretch].sum()
    assert found.value == pytest.approx(late[11, stretch].sum() / orders[11, stretch].sum())
    options = {"first_day": FIRST_DAY, "first_judged": DAYS - 30, "floor": 20.0, "q": 0.05}
    up = judge(late, orders, **options)  # type: ignore[arg-type]
    down = judge(orders - late, orders, **options)  # type: ignore[arg-type]
    assert [(e.merchant, e.first, e.last, e.p_value) for e in up] == [
        (e.merchant, e.first, e.last, e.p_value) for e in down
    ]
    assert {e.is_up for e in up} != {e.is_up for e in down}


@pytest.mark.parametrize("metric", ["orders", "late"])
def test_quiet_panels_raise_few_false_alarms(metric: str) -> None:
    """With nothing planted each alarm is false; at q = 5 % one panel in twenty may hold some. Beyond 4 of 12 is one chance in 400."""
    seeds = [drawn_seed() for _ in range(12)]
    alarmed = 0
    for seed in seeds:
        panel = simulate_panel(seed, merchants=300, days=150)
        y, exposure, floor = (
            (panel.orders, None, COUNT_FLOOR) if metric == "orders" else (panel.late, panel.orders, 20.0)
        )
        alarmed += bool(judge(y, exposure, first_day=PANEL_DAY, first_judged=120, floor=floor, q=0.05))
    assert alarmed <= 4


def test_planted_incidents_are_found_and_few_others() -> None:
    found = false = hit = planted = 0
    for seed in [drawn_seed() for _ in range(6)]:
        panel = simulate_panel(seed, incidents=15, order_sizes=(5.0, 8.0), floor=15.0)
        episodes = judge(panel.orders, None, first_day=PANEL_DAY, first_judged=150, floor=COUNT_FLOOR, q=0.05)
        for one in panel.order_incidents:
            planted += 1
            hit += any(e.merchant == one.merchant and e.first <= one.last and one.first <= e.last for e in episodes)
        merchants = {one.merchant for one in panel.order_incidents}
        found += len(episodes)
        false += sum(e.merchant not in merchants for e in episodes)
    assert hit / planted >= 0.75
    assert false / max(found, 1) <= 0.2


def test_young_days_of_a_slow_metric_are_not_judged() -> None:
    orders = market(150, drawn_seed())
    late = np.random.default_rng(3).binomial(orders.astype(int), 0.05).astype(float)
    disputed = late.copy()
    disputed[5, 112:118] = orders[5, 112:118]  # disputes mature in 14 days
    assert found_in(orders, disputed, "dispute_rate") == []
    disputed[5, 95:101] = orders[5, 95:101]
    assert {one.merchant_id for one in found_in(orders, disputed, "dispute_rate")} == {name(5)}
    assert all(one.day <= day(DAYS - 1 - 15) for one in found_in(orders, disputed, "dispute_rate"))


def test_a_last_day_that_is_not_complete_is_left_out() -> None:
    orders = market(150, drawn_seed())
    orders[5, DAYS - 1] = spike(orders[5])
    assert (name(5), day(DAYS - 1)) in {(one.merchant_id, one.day) for one in found_in(orders)}
    noon = datetime.combine(day(DAYS - 1), datetime.min.time()) + timedelta(hours=12)
    assert all(one.day < day(DAYS - 1) for one in found_in(orders, last_at=noon))


def test_filters_choose_who_is_judged_not_what_is_usual() -> None:
    orders = market(200, drawn_seed())
    for merchant in (20, 150):
        orders[merchant, 110] = spike(orders[merchant])
    south = found_in(orders, scope=Scope(FIRST_DAY, day(1), regions=("south",)))
    assert name(150) in {one.merchant_id for one in south}
    assert all(one.merchant_id >= name(100) for one in south)


def test_the_future_changes_nothing() -> None:
    orders = market(150, drawn_seed())
    orders[5, 100] *= 6
    later = orders.copy()
    later[:, 110:] = np.round(later[:, 110:] * 3)
    window = (["orders"], day(80), day(109))
    assert anomalies(cursor_of(orders), *window) == anomalies(cursor_of(later), *window)


def test_a_lost_day_is_unknown_and_a_merchant_that_is_gone_is_not_judged() -> None:
    has_row = np.ones((3, 60), dtype=bool)
    has_row[0, 30] = False
    has_row[1, 40:] = False
    has_row[2, ::2] = False
    seen = seen_cells(has_row, is_telling=True)
    assert not seen[0, 30]
    assert seen[0].sum() == 59
    assert seen[1].sum() == 40
    assert seen[2].sum() == 60
    assert seen_cells(has_row, is_telling=False)[0].all()


def test_bad_questions_get_one_line() -> None:
    cursor = cursor_of(market(30, 1))
    window = (day(80), day(100))
    with pytest.raises(InputError, match="above 0 and below 1"):
        anomalies(cursor, ["orders"], *window, q=1.5)
    with pytest.raises(InputError, match="can't be watched"):
        anomalies(cursor, ["gmv"], *window)
    with pytest.raises(UnknownMetric, match="Did you mean orders"):
        anomalies(cursor, ["ordrs"], *window)
    with pytest.raises(InputError, match="swap the two dates"):
        anomalies(cursor, ["orders"], day(100), day(80))
    assert anomalies(cursor, ["rating_mean"], *window) == []


@pytest.mark.parametrize("days", [36, 50])
def test_one_merchant_of_few_weeks_tells_nothing(days: int) -> None:
    """Its own days are too few to tell how rare a surprise is."""
    orders = np.random.default_rng(1).poisson(50.0, (1, days)).astype(float)
    orders[0, -1] = 500
    assert judge(orders, None, first_day=FIRST_DAY, first_judged=0, floor=COUNT_FLOOR, q=0.05) == []


@pytest.mark.parametrize("cells", [20, 88, 89, 199, 200, 201, 449, 450, 20_000])
def test_a_panel_of_any_size_tells_how_rare_a_surprise_is(cells: int) -> None:
    """Surprises of a right model are exponential: with exactly 200 the tail's three quantiles were one and the same."""
    surprise = np.asarray(stats.expon.ppf((np.arange(cells) + 0.5) / cells)).reshape(1, -1)
    found = _calibrated(surprise, np.ones_like(surprise, dtype=bool))
    assert np.isfinite(found).all()
    assert np.all(np.diff(found[0]) <= 1e-12)
    assert found[0, -1] <= 4 / cells + 1e-3
    assert found[0, 0] == 1.0
