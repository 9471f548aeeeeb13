"""Levers of the mix of orders. Those that go with another carrier take on its rates, as far as merchants that use both tell them, and keep their merchant; those that go
to merchants of another category or region are moved by `shares.py`.

Knows worlds and counts by carrier; draws no random number and reads no database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from analytics.errors import InputError
from analytics.whatif import assumptions as said
from analytics.whatif.assumptions import Assumption
from analytics.whatif.carriers import Carriers, Side
from analytics.whatif.contrast import Floats, Mixing, contrast
from analytics.whatif.outcomes import NORMAL, Outcome, behaviour_outcome, with_parameter
from analytics.whatif.scenario import GROUPED, Lever
from analytics.whatif.shares import change_share, check_names, group_names, group_share, share_outcomes, share_sentences
from analytics.whatif.usual import usual_of
from analytics.whatif.world import Mask, World, with_counts


def mix_levers(world: World, inside: Mask) -> Iterator[Lever]:
    """The levers that the segment's orders have: carriers, then categories, then regions, those with the most orders first."""
    yield from (Lever("carrier_share", of=name) for name in _carrier_names(world, inside))
    for kind in GROUPED:
        yield from (Lever(kind, of=name) for name in group_names(world, inside, kind))


def _carrier_names(world: World, inside: Mask) -> list[str]:
    """The carriers of the segment's shipped orders, the most used first."""
    found = world.carriers()
    if found is None:
        return []
    mine = np.bincount(found.carrier, found.counts.shipped * inside[found.merchant], minlength=len(found.names))
    return [found.names[place] for place in np.argsort(-mine, kind="stable") if mine[place] > 0]


def shares(world: World, inside: Mask, lever: Lever) -> tuple[float, float, float, tuple[float, float] | None]:
    """Baseline, lowest and highest share of the segment's orders (shipped ones, of a carrier), and the middle nine tenths of its merchants' own where
    a merchant has one. InputError where the source lacks it."""
    if lever.kind in GROUPED:
        baseline, high = group_share(world, inside, lever)
        return baseline, 0.0, high, None
    carriers = _carriers(world, lever)
    one, others = _sides(carriers, lever)
    all_ = carriers.everything.shipped
    if not all_[inside].sum() > 0:
        raise InputError(f"lever '{lever.name}': the segment has no shipped orders with a known carrier. Widen it.")
    baseline = float(one.shipped[inside].sum() / all_[inside].sum())
    room = float(others.shipped[inside].sum() / all_[inside].sum()) if lever.instead_of else 1.0 - baseline
    enough = (all_ > 0) & (all_ >= world.model.programme.min_n)
    own = one.shipped[enough] / all_[enough]
    return baseline, 0.0, min(baseline + room, 1.0), usual_of(own, inside[enough])


def change_mix(world: World, inside: Mask, lever: Lever, target: float) -> World:
    """The world with a share at `target`: expected counts; itself at the baseline.

    Carriers: going down, every merchant gives up one part of its orders with the carrier; going up, one part of those with the others. The orders that change over
    bring numerators by the difference of the carriers' rates at their merchant (`contrast`); denominators stay.
    """
    if lever.kind in GROUPED:
        return change_share(world, inside, lever, target)
    baseline, _low, high, _usual = shares(world, inside, lever)
    if target == baseline:
        return world
    carriers = _carriers(world, lever)
    one, others = _sides(carriers, lever)
    pull = world.model.programme.prior.pull_merchants
    key = ("contrast", lever.of, lever.instead_of, inside.tobytes(), pull)
    found = carriers.memo.kept(key, lambda: contrast(one, others, inside, pull))
    if not found.is_told.any():
        raise InputError(
            f"lever '{lever.name}': no merchant ships both with it and otherwise, so nothing tells what would change."
        )
    is_fall = target < baseline
    part = 1 - target / baseline if is_fall else (target - baseline) / (high - baseline)
    leaving, sign = (one, -1.0) if is_fall else (others, 1.0)
    touched = (inside[:, None] & found.is_told) * (sign * part)
    rates = len(world.model.rates)
    total, units = touched * leaving.total, touched * leaving.base
    everything = carriers.everything
    whole = np.where(everything.total > 0, everything.total, 1.0)
    whole[:, :rates] = np.where(world.total > 0, world.total, 1.0)
    parcels = float(one.shipped[inside].sum())
    after = target * float(everything.shipped[inside].sum())
    columns = [column for column in range(rates) if (total[:, column] * found.delta[:, column]).any()]
    now, base = (
        np.column_stack(pair)
        for pair in ((world.plain, everything.plain[:, rates]), (world.base, everything.base[:, rates]))
    )
    counted, plain = (
        np.asfortranarray(np.clip(old + moved * found.delta[:, : old.shape[1]], 0.0, all_))
        for old, moved, all_ in ((world.counted, total[:, :rates], world.total), (now, units, base))
    )
    mixing = Mixing(str(lever.of), (parcels, after), total / whole, units, plain - now, found)
    return replace(with_counts(world, columns, counted=counted, plain=plain[:, :rates]), mixing=mixing)


def mix_outcomes(world: World, mixed: World, inside: Mask, gmv: Mapping[str, Floats]) -> list[Outcome]:
    """What a changed mix sets itself: orders with the carrier, late ones whoever's fault, and the cases of each rate that the carriers differ in; of merchants'
    categories and regions see `share_outcomes`. `gmv`: order value by currency, (merchants,)."""
    mixing, carriers = mixed.mixing, mixed.carriers()
    if mixing is None or carriers is None:
        return list(share_outcomes(world, mixed, inside, gmv))
    group = {"merchants": "segment", "carrier": mixing.carrier}
    found = [behaviour_outcome("carrier_orders", group, *mixing.parcels)]
    last = len(world.model.rates)
    if carriers.everything.base[inside, last].any():
        found.append(_cases("late_any", group, mixing, last, carriers.everything.plain[inside, last]))
    for column, rate in enumerate(world.model.rates):
        if (mixing.units[:, column] * mixing.contrast.delta[:, column]).any():
            named = {**group, "rate": rate.rate_id}
            found.append(_cases("units_changed", named, mixing, column, world.plain[inside, column]))
    return found


def _cases(name: str, group: Mapping[str, str], mixing: Mixing, column: int, now: Floats) -> Outcome:
    """How many cases of a rate there are (`now`, by merchant) and would be."""
    change, error = mixing.change(column)
    told = behaviour_outcome(name, group, float(now.sum()), float(now.sum()) + change)
    return with_parameter(told, told.change - NORMAL * error, told.change + NORMAL * error)


def mix_sentences(world: World, mixed: World, inside: Mask, lever: Lever) -> list[Assumption]:
    """What a changed mix rests on, and what the data don't bear out of it."""
    mixing, carriers = mixed.mixing, mixed.carriers()
    if mixing is None or carriers is None:
        return share_sentences(world, mixed, inside, lever)
    other = lever.instead_of or said.ALL_OTHERS
    found = [Assumption(said.CARRIERS_RATE, {"carrier": mixing.carrier, "others": other})]
    compared = int(mixing.contrast.compared.max(initial=0))
    if compared < world.model.programme.prior.pull_merchants:
        values: dict[str, str | float] = {"merchants": compared, "carrier": mixing.carrier, "others": other}
        found.append(Assumption(said.CARRIER_RARE, values))
    recorded = carriers.everything.base.sum(axis=0) > 0
    for column, rate in enumerate(world.model.rates):
        if recorded[column] and not mixing.contrast.is_told[column]:
            found.append(Assumption(said.CARRIER_UNTOLD, {"rate": rate.label}))
    return found


def _carriers(world: World, lever: Lever) -> Carriers:
    found = world.carriers()
    if found is None or not found.names:
        raise InputError(f"lever '{lever.name}': the source doesn't record carriers.")
    check_names(lever, "carrier", found.names)
    return found


def _sides(carriers: Carriers, lever: Lever) -> tuple[Side, Side]:
    one = carriers.side(str(lever.of))
    if lever.instead_of:
        return one, carriers.side(lever.instead_of)
    return one, carriers.memo.kept(("without", lever.of), lambda: carriers.everything.without(one))
