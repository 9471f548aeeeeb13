"""Orders that go with another carrier: nothing at the baseline, counts as SQL counts them, and what the data can't tell said in one line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.errors import InputError
from analytics.trust import daily_counts, default_programme, fit_model, score_from_counts
from analytics.whatif import Lab, Lever, Scenario, Segment, make_lab
from analytics.whatif.carriers import Side
from analytics.whatif.contrast import contrast
from tests.analytics.trust.marketplaces import FakeCursor, cursor_over
from tests.analytics.whatif.picked import pick

NORTH, SOUTH = Segment(regions=("north",)), Segment(regions=("south",))
DAYS = pd.date_range("2024-01-10", "2024-06-28", periods=40)
WINDOW = "order_date > date '2024-06-30' - 365 and order_date <= date '2024-06-30'"


def market(merchants: int = 24, seed: int | None = None) -> FakeCursor:
    """Merchants that ship 10, 20 or 30 orders with Swift and 20 with Post, of which a fifth and a tenth come late (by chance, with a seed), in the south 4 with
    Barge as well, and 8 of which no carrier is known."""
    generator = np.random.default_rng(seed)
    rows = []
    for number in range(merchants):
        is_south = number % 2 == 1
        for carrier, orders, late in (("Swift", 10 * (1 + number % 3), 0.2), ("Post", 20, 0.1)):
            for place in range(orders):
                is_late = place < late * orders if seed is None else generator.random() < late
                rows.append((number, DAYS[place].date(), carrier, is_late))
        rows += [(number, date.date(), None, False) for date in DAYS[::5]]
        rows += [(number, date.date(), "Barge", False) for date in DAYS[::10] if is_south]
    orders = pd.DataFrame(rows, columns=["number", "order_date", "carrier", "late_seller_count"])
    profiles: list[dict[str, object]] = [
        {"merchant_id": f"m{n:02d}", "category": "toys", "region": "south" if n % 2 else "north"}
        for n in range(merchants)
    ]
    cursor = cursor_over([], profiles)
    cursor.connection.register("made", orders)
    measures = "1 as order_count, 1 as shipped_count, 1 as delivery_due_count, late_seller_count::int as late_seller_count, late_seller_count::int as delivered_late_count"
    cursor.connection.execute(
        "insert into order_measure by name select 'merchant' as grain, printf('m%02d', number) as merchant_id,"
        f" printf('o%05d', row_number() over ()) as order_id, order_date, carrier, {measures} from made"
    )
    cursor.connection.execute(
        "insert into merchant_day by name select merchant_id, order_date as day, sum(columns('_count$')) from order_measure group by all"
    )
    return cursor


CURSOR = market()
LAB = make_lab(CURSOR)  # type: ignore[arg-type]
CHANCE = make_lab(market(30, 5))  # type: ignore[arg-type]


def ask(*levers: Lever, segment: Segment = NORTH) -> Scenario:
    return Scenario("test", segment=segment, levers=levers, draws=80)


def swift(target: float | None = None, change: float | None = None, instead_of: str | None = None) -> Lever:
    return Lever("carrier_share", target, change, of="Swift", instead_of=instead_of)


def counted(sql: str) -> Sequence[float]:
    row = CURSOR.connection.execute(sql).fetchone()
    assert row is not None
    return [float(value) for value in row]


@pytest.mark.parametrize("instead_of", [None, "Post"])
@pytest.mark.parametrize("lab", [LAB, CHANCE])
def test_at_its_baseline_it_changes_exactly_nothing(lab: Lab, instead_of: str | None) -> None:
    share = next(found for found in lab.ranges(SOUTH) if found.name == "carrier_share Swift").baseline
    for lever in (swift(change=0.0, instead_of=instead_of), swift(share, instead_of=instead_of)):
        result = lab.run(ask(lever, segment=SOUTH))
        assert all((o.change, o.ci_low, o.ci_high) == (0.0, 0.0, 0.0) for o in result.outcomes)
        assert not result.warnings
    window = Lever("window_days", target=150.0)
    both, alone = (lab.run(ask(*levers, segment=SOUTH)) for levers in ((window, swift(change=0.0)), (window,)))
    pd.testing.assert_frame_equal(both.scores, alone.scores, check_exact=True)
    assert both.outcomes[0].ci_low == alone.outcomes[0].ci_low


def test_the_share_and_what_is_moved_are_what_sql_counts() -> None:
    """All of Swift's orders go with Post: each merchant's then come late as often as its own with Post do."""
    shipped, mine, late, expected = counted(f"""
        with rated as (
            select *, avg(late_seller_count) filter (where carrier = 'Post') over (partition by merchant_id) as post_rate
            from order_measure join merchant_profile using (merchant_id)
            where region = 'north' and carrier is not null and {WINDOW}
        )
        select count(*), count(*) filter (where carrier = 'Swift'), sum(late_seller_count),
            sum(if(carrier = 'Swift', post_rate, late_seller_count)) from rated""")
    found = next(item for item in LAB.ranges(NORTH) if item.name == "carrier_share Swift")
    assert (found.baseline, found.low, found.high) == (mine / shipped, 0.0, 1.0)
    result = LAB.run(ask(swift(0.0, instead_of="Post")))
    assert pick(result, "carrier_orders").baseline == mine
    assert pick(result, "carrier_orders").value == 0.0
    for name in ("late_any", "units_changed"):
        told = pick(result, name)
        assert (told.baseline, told.value) == (late, pytest.approx(expected))
        assert told.effect_low < told.change < told.effect_high
    assert pick(result, "mean_score").change > 0
    assert {outcome.label for outcome in result.outcomes} == {"assumption"}
    assert any("take on the new carrier's rates" in str(sentence) for sentence in result.assumptions)


def test_scores_are_those_of_the_changed_counts() -> None:
    applied = CHANCE._applied(ask(swift(0.1)))
    programme, place = default_programme(), applied.after.column("late_seller_rate")
    changed = daily_counts(market(30, 5), programme)  # type: ignore[arg-type]
    changed["late_seller_rate.numerator"] = applied.after.plain[:, place]
    changed["late_seller_rate.recent_numerator"] = applied.after.counted[:, place]
    expected = score_from_counts(changed, fit_model(changed, programme))["score"]
    assert (applied.after.score - expected).abs().max() <= 1e-9
    assert (applied.after.counted != applied.before.counted).any()


@given(st.floats(0, 1), st.sampled_from([None, "Post", "Barge"]))
@settings(max_examples=30)
def test_counts_stay_counts_and_only_those_of_the_segment_move(part: float, instead_of: str | None) -> None:
    high = (
        1.0
        if instead_of is None
        else min(CHANCE._applied(ask(swift(change=0.0, instead_of=instead_of))).mix[0].span.high, 1.0)
    )
    applied = CHANCE._applied(ask(swift(part * high, instead_of=instead_of)))
    old, new = applied.before, applied.after
    for numerator, denominator in ((new.counted, new.total), (new.plain, new.base)):
        assert ((numerator >= 0) & (numerator <= denominator)).all()
    assert (old.base == new.base).all()
    assert (old.plain[~applied.inside] == new.plain[~applied.inside]).all()


def test_behaviour_starts_from_the_changed_mix() -> None:
    mix = swift(0.1)
    alone, both = (CHANCE.run(ask(*levers)) for levers in ((mix,), (mix, Lever("late_rate", change=0.0))))
    pd.testing.assert_frame_equal(alone.scores, both.scores, check_exact=True)
    mean, further = (
        pick(CHANCE.run(ask(*levers)), "mean_score") for levers in ((mix,), (mix, Lever("late_rate", target=0.0)))
    )
    assert further.change > mean.change > 0
    assert further.ci_low < further.change < further.ci_high


def test_what_is_not_known_of_the_carriers_widens_the_interval() -> None:
    told = pick(CHANCE.run(ask(swift(0.0))), "mean_score")
    assert told.effect_low < told.change < told.effect_high
    assert told.ci_low <= min(told.sampling_low, told.effect_low)
    assert told.ci_high >= max(told.sampling_high, told.effect_high)


def test_a_segment_without_orders_of_the_carrier_takes_the_rates_of_others_and_says_so() -> None:
    barge = Lever("carrier_share", target=0.5, of="Barge")
    found = CHANCE._applied(ask(Lever("carrier_share", change=0.0, of="Barge"))).mix[0].span
    assert (found.baseline, found.high) == (0.0, 1.0)
    assert "carrier_share Barge" not in {item.name for item in CHANCE.ranges(NORTH)}
    result = CHANCE.run(ask(barge))
    assert any(
        "Only 0 of these merchants shipped both with “Barge” and with all others" in str(each)
        for each in result.warnings
    )
    assert pick(result, "carrier_orders").baseline == 0.0
    assert pick(result, "late_any").change != 0.0


@pytest.mark.parametrize(
    ("levers", "message"),
    [
        ((swift(1.2),), r"lever 'carrier_share Swift': 1\.2 is out of bounds, from 0 to 1"),
        ((swift(change=-0.9),), "out of bounds"),
        (
            (Lever("carrier_share", target=0.9, of="Barge", instead_of="Post"),),
            r"0\.9 is out of bounds, from 0 to 0\.5",
        ),
        ((Lever("carrier_share", target=0.4, of="Swiff"),), "no carrier 'Swiff'. Did you mean 'Swift'"),
        ((swift(0.4, instead_of="Pots"),), "no carrier 'Pots'. Did you mean 'Post'"),
        ((swift(0.4, instead_of="Swift"),), "instead of itself"),
        ((swift(0.4), Lever("carrier_share", target=0.1, of="Post")), "both change the mix of orders. Keep one"),
        ((Lever("carrier_share", target=0.4),), "needs of = a carrier"),
    ],
)
def test_mistakes_are_one_clear_line(levers: tuple[Lever, ...], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        LAB.run(ask(*levers))
    assert "\n" not in str(caught.value)


def test_what_the_source_lacks_is_one_clear_line() -> None:
    counts = daily_counts(CURSOR)  # type: ignore[arg-type]
    amounts = pd.DataFrame({"merchant_id": [], "currency": [], "gmv_minor": []})
    without = Lab(counts, amounts, default_programme(), "snapshot-1")
    with pytest.raises(InputError, match="the source doesn't record carriers"):
        without.run(ask(swift(0.4)))
    assert not any(found.kind == "carrier_share" for found in without.ranges())
    apart = market(20)
    apart.connection.execute(
        "update order_measure set carrier = if(merchant_id < 'm10', 'Swift', 'Post') where carrier is not null"
    )
    with pytest.raises(InputError, match="no merchant ships both with it and otherwise"):
        make_lab(apart).run(ask(swift(0.4)))  # type: ignore[arg-type]
    apart.connection.execute("update order_measure set carrier = null where merchant_id < 'm10'")
    few = Segment(merchants=("m02", "m04"))
    with pytest.raises(InputError, match="no shipped orders with a known carrier"):
        make_lab(apart).run(ask(Lever("carrier_share", target=0.4, of="Post"), segment=few))  # type: ignore[arg-type]


@pytest.mark.parametrize("scatter", [0.0, 0.03])
def test_the_difference_of_carriers_lies_within_its_interval(scatter: float) -> None:
    """Merchants differ in their rates and choose carriers as they like; a fixed seed, so that the share is always the same."""
    generator = np.random.default_rng(7)
    hits = 0
    for _ in range(150):
        n, m = (generator.integers(0, 60, 120).astype(float) for _ in range(2))
        rate = generator.beta(6, 40, 120)
        true = np.clip(rate + 0.05 + scatter * generator.standard_normal(120), 0, 1)
        x, y = generator.binomial(n.astype(int), true), generator.binomial(m.astype(int), rate)
        inside = np.arange(120) < 30
        one, others = (
            Side(all_, part[:, None], all_[:, None], part[:, None].astype(float), all_[:, None])
            for all_, part in ((n, x), (m, y))
        )
        found = contrast(one, others, inside, 20.0)
        units = np.where(inside, m, 0.0)
        off = float((units * (found.delta[:, 0] - (true - rate))).sum())
        common = (units * found.leaning[:, 0]).sum() * found.pooled_error[0]
        hits += abs(off) <= 1.96 * np.hypot(common, np.sqrt(((units * found.own_error[:, 0]) ** 2).sum()))
    assert 134 <= hits <= 150
