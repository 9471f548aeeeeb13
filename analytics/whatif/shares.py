"""Levers of where orders go: the share of the segment's orders at merchants of a category or a region. Merchants keep their rates and their part of their group.

Knows worlds and labels of merchants; draws no random number and reads no database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from analytics.errors import InputError
from analytics.trust.toml_table import did_you_mean
from analytics.whatif import assumptions as said
from analytics.whatif.assumptions import Assumption
from analytics.whatif.groups import Sharing
from analytics.whatif.outcomes import NORMAL, Outcome, behaviour_outcome
from analytics.whatif.scenario import GROUPED, Lever, LeverKind
from analytics.whatif.world import Floats, Mask, World, with_counts

COUNTS = ("counted", "total", "squares", "plain", "base")


def group_names(world: World, inside: Mask, kind: LeverKind) -> list[str]:
    """The labels of the segment's orders, the most frequent first; none where there is only one, so that nothing could move."""
    found = world.groups.get(GROUPED[kind])
    if found is None:
        return []
    known = inside & (found.place >= 0)
    orders = np.bincount(found.place[known], world.n[known], minlength=len(found.names))
    names = [found.names[place] for place in np.argsort(-orders, kind="stable") if orders[place] > 0]
    return names if len(names) > 1 else []


def group_share(world: World, inside: Mask, lever: Lever) -> tuple[float, float]:
    """Baseline and highest share of the segment's orders at merchants of a known label. InputError where the source or the segment lacks it."""
    one, others, known = (float(world.n[part].sum()) for part in _parts(world, inside, lever))
    return one / known, min((one + others) / known, 1.0) if lever.instead_of else 1.0


def change_share(world: World, inside: Mask, lever: Lever, target: float) -> World:
    """The world with the share at `target`: expected counts; itself at the baseline.

    Every count of a merchant (orders, numerators, denominators, squares of weights) is multiplied by what its group's orders are; priors are fitted anew, of the
    merchants that then have orders enough.
    """
    one, others, _known = _parts(world, inside, lever)
    baseline, high = group_share(world, inside, lever)
    if target == baseline:
        return world
    factor = np.ones(len(world.n))
    factor[one] = target / baseline
    factor[others] = (high - target) / (high - baseline)
    arrays = {name: np.asfortranarray(getattr(world, name) * factor[:, None]) for name in COUNTS}
    orders = np.round(world.n * factor, 9)  # so that 20 orders stay enough where 20 are needed
    changed = with_counts(world, range(len(world.model.rates)), n=orders, **arrays)
    return replace(changed, sharing=Sharing(GROUPED[lever.kind], str(lever.of), factor))


def share_outcomes(world: World, shared: World, inside: Mask, gmv: Mapping[str, Floats]) -> Iterator[Outcome]:
    """What a changed share sets itself: orders and order value at the group, the segment's order value, whom a score is left to, and each rate of all the segment's
    orders together with its cases. Of rates, what is not known of merchants' own is the interval."""
    sharing = shared.sharing
    if sharing is None:
        return
    everyone = {"merchants": "segment"}
    group = {**everyone, sharing.label: sharing.name}
    members = inside & world.groups[sharing.label].members(sharing.name)
    yield behaviour_outcome("mix_orders", group, float(world.n[members].sum()), float(shared.n[members].sum()))
    for currency, amounts in gmv.items():
        for name, named, part in (("mix_gmv", group, members), ("segment_gmv", everyone, inside)):
            if amounts[inside].any():
                old, new = float(amounts[part].sum()), float((amounts * sharing.factor)[part].sum())
                yield behaviour_outcome(name, {**named, "currency": currency}, old, new)
    scored = (float((inside & each.has_score).sum()) for each in (world, shared))
    yield behaviour_outcome("scored_merchants", everyone, *scored)
    for column, rate in enumerate(world.model.rates):
        if world.base[inside, column].any() and shared.base[inside, column].any():
            yield from _rate_outcomes(world, shared, inside, column, {**group, "rate": rate.rate_id})


def share_sentences(world: World, shared: World, inside: Mask, lever: Lever) -> list[Assumption]:
    """What a changed share rests on, and what it doesn't tell."""
    sharing = shared.sharing
    if sharing is None:
        return []
    values: dict[str, str | float] = {"group": sharing.name, "others": lever.instead_of or said.OTHER_MERCHANTS}
    found = [Assumption(said.SHARE_RATES, values), Assumption(said.SHARE_UNTOLD, {})]
    unknown = int(world.n[inside & (world.groups[sharing.label].place < 0)].sum())
    if unknown:
        text = said.NO_CATEGORY if sharing.label == "category" else said.NO_REGION
        found.append(Assumption(text, {"orders": unknown}))
    turned = int((inside & (world.has_score != shared.has_score)).sum())
    if turned:
        found.append(Assumption(said.SHARE_SCORES, {"merchants": turned}))
    return found


def _rate_outcomes(
    world: World, shared: World, inside: Mask, column: int, group: Mapping[str, str]
) -> Iterator[Outcome]:
    plain, base, later, units = (
        array[inside, column] for array in (world.plain, world.base, shared.plain, shared.base)
    )
    mean, strength = (each[world.rows[inside], column] for each in (world.model.mean, world.model.strength))
    rate = (mean * strength + plain) / (strength + base)
    error = np.sqrt(rate * (1 - rate) / (strength + base + 1))  # of a merchant's own rate, by its peers and its orders
    pooled = (float(plain.sum() / base.sum()), float(later.sum() / units.sum()))
    yield _uncertain("pooled_rate", group, pooled, (units / units.sum() - base / base.sum()) * error)
    yield _uncertain("units_changed", group, (float(plain.sum()), float(later.sum())), (units - base) * error)


def _uncertain(name: str, group: Mapping[str, str], values: tuple[float, float], errors: Floats) -> Outcome:
    """A figure before and after, whose change is off by independent errors of merchants; none falls below 0."""
    told = behaviour_outcome(name, group, *values)
    off = NORMAL * float(np.sqrt((errors**2).sum()))
    low, high = max(told.change - off, min(-told.baseline, told.change)), told.change + off
    return replace(told, ci_low=low, ci_high=high, sampling_low=low, sampling_high=high)


def _parts(world: World, inside: Mask, lever: Lever) -> tuple[Mask, Mask, Mask]:
    """The segment's merchants of the group, those that give or take its orders, and all of a known label."""
    label = GROUPED[lever.kind]
    found = world.groups.get(label)
    if found is None or not found.names:
        raise InputError(f"lever '{lever.name}': the source doesn't record merchants' {label}.")
    check_names(lever, label, found.names)
    known = inside & (found.place >= 0)
    one = inside & found.members(str(lever.of))
    others = inside & found.members(lever.instead_of) if lever.instead_of else known & ~one
    for part, words in ((one, f"of {label} '{lever.of}'"), (others, f"of {label} '{lever.instead_of}'")):
        if not world.n[part].sum() > 0:
            where = words if part is one or lever.instead_of else f"of another {label}"
            raise InputError(f"lever '{lever.name}': the segment has no orders {where}, so none can move. Widen it.")
    return one, others, known


def check_names(lever: Lever, what: str, names: tuple[str, ...]) -> None:
    """InputError where a lever of the mix names something that there is not, or the same twice."""
    for name in (lever.of, lever.instead_of):
        if name is not None and name not in names:
            raise InputError(f"lever '{lever.name}': no {what} '{name}'.{did_you_mean(name, names)}")
    if lever.of == lever.instead_of:
        raise InputError(f"lever '{lever.name}': its orders can't go with it instead of itself. Name another {what}.")
