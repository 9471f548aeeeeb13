"""A saved scenario on other data than its own: what of it they still can be asked, where the what-if page's sliders then stand, and a copy that belongs to them.

Whatever doesn't fit, or changes on the way, is said in the reader's language. Knows no page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from itertools import count
from typing import TYPE_CHECKING

from app.errors import NotAllowed
from app.i18n import _, day, joined, number, rate
from app.services import scenarios
from app.services.kept_scenarios import Kept, is_gone
from app.services.lever_sliders import MOST, SIZE_BANDS, slider_of
from app.services.lever_words import lever_figure, lever_label, lever_unit
from app.services.reading import base_id
from app.services.runtime import get_runtime
from app.services.warehouse import earlier_day, filter_options, merchants

if TYPE_CHECKING:
    from analytics.whatif import Lever, LeverRange, Scenario, Segment
    from app.identity import Actor
    from app.workspace import Document

Shown = tuple[str, date | None]  # the snapshot and the day that the page shows
_COLUMNS = {
    "categories": "category",
    "regions": "region",
    "tiers": "tier",
    "size_bands": "size_band",
    "merchants": "merchant_id",
}


@dataclass(frozen=True)
class Fit:
    """What of a scenario the data shown can be asked, of no snapshot yet, and what had to change for it, a sentence each."""

    scenario: Scenario
    said: tuple[str, ...]


@dataclass(frozen=True)
class Taken:
    """A scenario on the page's sliders. `positions`: lever's name → where its slider stands; `level` is the one whose border moves; `said`: what the sliders
    can't hold, a sentence each."""

    name: str
    segment: Segment
    positions: Mapping[str, float]
    levers: tuple[Lever, ...]
    level: str | None
    seed: int
    assumptions: tuple[str, ...]
    said: tuple[str, ...]


def is_of_shown(scenario: Scenario, shown: Shown) -> bool:
    """Whether the data shown are those that the scenario was kept with."""
    return scenario.snapshot_id in (None, base_id(shown[0])) and scenario.as_of == earlier_day(*shown)


def fitted(scenario: Scenario, shown: Shown) -> Fit:
    """The scenario without what the data shown lack, its levers within their bounds there. Raises NotAllowed where no merchant would be left of its segment,
    InputError where they match nobody."""
    segment, said = _known_segment(scenario.segment, shown[0])
    scenarios.lab(*shown).ranges(segment)  # refuses a segment that matches nobody
    levers = []
    for lever in scenario.levers:
        kept, sentence = _fitting(lever, _range(lever, segment, shown))
        levers += [kept] if kept else []
        said += [sentence] if sentence else []
    return Fit(replace(scenario, segment=segment, levers=tuple(levers), snapshot_id=None, as_of=None), tuple(said))


def taken(kept: Kept, shown: Shown) -> Taken:
    """Where the page's sliders stand for a scenario. Raises as `fitted`, and NotAllowed for one that can't be read."""
    own = _read(kept)
    fit = _with_bands_offered(fitted(own, shown))
    ranges = scenarios.levers(shown[0], fit.scenario.segment, shown[1])
    level, said = _level(fit.scenario, ranges.borders, shown)
    positions: dict[str, float] = {}
    sliders = [found for found in ranges.borders if found.level == level]
    sliders += [ranges.late_rate] if ranges.late_rate else []
    sliders += _single(fit.scenario, shown)
    offered = {found.name: found for found in (*sliders, *ranges.borders, *ranges.behaviour, *ranges.policy)}
    more: dict[bool, int] = {True: 0, False: 0}  # sliders of what merchants do, and of rules
    for lever in fit.scenario.levers:
        found = offered.get(lever.name)
        is_further = found not in sliders
        if found is None:
            said.append(_("{lever}: this page has no slider for it.", lever=_label(lever)))
        elif is_further and more[found in ranges.behaviour] == MOST:
            said.append(_("{lever}: the page has room for {n} of its kind.", lever=_label(lever), n=number(MOST)))
        else:
            more[found in ranges.behaviour] += is_further
            positions[lever.name], sentence = _position(lever, found)
            said += [sentence] if sentence else []
    said = [*fit.said, *said, *_elsewhere(own, shown)]
    return Taken(
        kept.name, fit.scenario.segment, positions, fit.scenario.levers, level, own.seed, own.assumptions, tuple(said)
    )


def copy_onto(kept: Kept, shown: Shown, actor: Actor) -> tuple[Document, tuple[str, ...]]:
    """A copy that belongs to the data shown, under a name that says so, and what is otherwise than in the original. It is asked once before it is kept: raises as
    `fitted`, NotAllowed where nothing is left to ask, InputError where the data shown can't answer."""
    own = _read(kept)
    fit = fitted(own, shown)
    if own.levers and not fit.scenario.levers:
        raise NotAllowed(
            "Nothing of {name} is left to ask of the data shown: {why}", name=kept.name, why=" ".join(fit.said)
        )
    result = scenarios.run_scenario(shown[0], fit.scenario, shown[1])
    name = _free_name(_("{name}, data of {day}", name=kept.name[:150], day=day(result.as_of)))
    copy = replace(fit.scenario, name=name, author=actor.name, parent=kept.name)
    said = (*_moved_data(own, result.as_of, shown), *fit.said, *_moved_baselines(own, fit.scenario, shown))
    return scenarios.save(copy, shown[0], actor, shown[1]), said


def _read(kept: Kept) -> Scenario:
    if kept.scenario is None:
        raise NotAllowed("{name} can't be read, so it can't be opened or copied.", name=kept.name)
    return kept.scenario


def _known_segment(segment: Segment, snapshot_id: str) -> tuple[Segment, list[str]]:
    known, changes, said = merchants(snapshot_id), {}, []
    for field in fields(segment):
        wanted = getattr(segment, field.name)
        there = set(known[_COLUMNS[field.name]].dropna().astype(str)) if wanted else set()
        gone = [value for value in wanted if value not in there]
        if gone and len(gone) == len(wanted):
            raise NotAllowed(
                "The data shown have no merchant of {values}, and without that it would be another question.",
                values=joined(gone),
            )
        if gone:
            changes[field.name] = tuple(value for value in wanted if value in there)
            said.append(
                _("Left out of the segment, because the data shown don't have it: {values}.", values=joined(gone))
            )
    return replace(segment, **changes), said


def _with_bands_offered(fit: Fit) -> Fit:
    """Without the size bands that the page doesn't offer. Raises NotAllowed where there would be none left, which would be everybody."""
    segment = fit.scenario.segment
    kept = tuple(band for band in segment.size_bands if band in SIZE_BANDS)
    gone = joined([band for band in segment.size_bands if band not in SIZE_BANDS])
    if not gone:
        return fit
    if not kept:
        raise NotAllowed("The page's levers can't be set to merchants with {bands} orders alone.", bands=gone)
    said = _("Left out of the segment, because the page doesn't offer it: merchants with {bands} orders.", bands=gone)
    return Fit(replace(fit.scenario, segment=replace(segment, size_bands=kept)), (*fit.said, said))


def _range(lever: Lever, segment: Segment, shown: Shown) -> LeverRange | None:
    """The lever's range in a segment of the data; None where they lack it."""
    from analytics.errors import InputError

    try:
        return scenarios.lab(*shown).range_of(lever, segment)
    except InputError:
        return None


def _fitting(lever: Lever, found: LeverRange | None) -> tuple[Lever | None, str]:
    if found is None:
        return None, _("{lever}: left out, because the data shown don't have it.", lever=_label(lever))
    asked = _asked(lever, found)
    if found.low <= asked <= found.high:
        return lever, ""
    bound = min(max(asked, found.low), found.high)
    words = _(
        "{lever}: {asked} is out of bounds in the data shown, so it is {value}.",
        lever=_label(lever),
        asked=lever_figure(lever.kind, asked, lever.of),
        value=lever_figure(lever.kind, bound, lever.of),
    )
    return replace(lever, target=bound, change=None), words


def _single(scenario: Scenario, shown: Shown) -> list[LeverRange]:
    """The ranges of the levers of which the page has one slider each: the first lever of the mix of orders, and of a clause that can be judged."""
    from analytics.whatif.scenario import CLAUSES, MIX

    found = []
    for kinds in (MIX, CLAUSES):
        lever = next((lever for lever in scenario.levers if lever.kind in kinds), None)
        span = _range(lever, scenario.segment, shown) if lever else None
        found += [span] if span else []
    return found


def _position(lever: Lever, found: LeverRange) -> tuple[float, str]:
    slider, asked = slider_of(found), _asked(lever, found)
    position = slider.position(asked)
    value = slider.value(position)
    if abs(value - asked) < 1e-9:
        return position, ""
    words = _(
        "{lever}: the slider stands at {value}, the nearest to {asked}.",
        lever=_label(lever),
        value=_exactly(lever, value),
        asked=_exactly(lever, asked),
    )
    return position, words


def _level(scenario: Scenario, borders: tuple[LeverRange, ...], shown: Shown) -> tuple[str | None, list[str]]:
    """The level whose border the page moves, at which it also counts crossings."""
    moved = next((lever.level for lever in scenario.levers if lever.level), None)
    if moved is not None:
        return moved, []
    limit = scenarios.lab(*shown).crossing_limit(scenario)
    level = next((found.level for found in borders if found.baseline == limit), None)
    if level is not None:
        return level, []
    return None, [_("Crossings are counted at a level's border here, not at {limit}.", limit=number(limit, digits=1))]


def _elsewhere(own: Scenario, shown: Shown) -> list[str]:
    """What a page has no slider for at all."""
    from analytics.whatif import Scenario
    from analytics.whatif.questions import NOTHING_MORE

    said = []
    if not is_of_shown(own, shown):
        said.append(_("It was saved with other data: the levers are asked of the data shown."))
    if own.draws != (usual := Scenario("").draws):
        said.append(_("Its {n} draws: the page takes {usual}.", n=number(own.draws), usual=number(usual)))
    if own.questions != NOTHING_MORE:
        said.append(_("Its questions: ask them in “{tab}”.", tab=_("Find")))
    return said


def _moved_data(own: Scenario, to: date, shown: Shown) -> list[str]:
    old, new = own.snapshot_id or base_id(shown[0]), base_id(shown[0])
    said = [] if old == new else [_("Snapshot: {before}, now {after}.", before=old, after=new)]
    if is_gone(own):
        return [*said, _("The old snapshot has been removed, so what its figures were can't be told.")]
    was = own.as_of or filter_options(old).data_up_to
    return said if was == to else [*said, _("As of: {before}, now {after}.", before=day(was), after=day(to))]


def _moved_baselines(own: Scenario, copy: Scenario, shown: Shown) -> list[str]:
    """What each lever starts from, then and now; nothing of levers that the old data lack or of data that are gone."""
    if is_gone(own):
        return []
    old: Shown = (own.snapshot_id or base_id(shown[0]), own.as_of)
    said = []
    for lever in copy.levers:
        there, here = _range(lever, own.segment, old), _range(lever, copy.segment, shown)
        if there and here and there.baseline != here.baseline:
            before, after = (lever_figure(lever.kind, each.baseline, lever.of) for each in (there, here))
            said.append(
                _("{lever}: starts from {after}, then from {before}.", lever=_label(lever), before=before, after=after)
            )
    return said


def _asked(lever: Lever, found: LeverRange) -> float:
    return lever.target if lever.target is not None else found.baseline + (lever.change or 0.0)


def _exactly(lever: Lever, value: float) -> str:
    """A value with a digit more than its slider has."""
    return rate(value, digits=2) if lever_unit(lever.kind, lever.of) == "rate" else number(value, digits=2)


def _label(lever: Lever) -> str:
    return lever_label(lever.kind, lever.of, lever.level, lever.instead_of)


def _free_name(name: str) -> str:
    names = {document.name for document in get_runtime().workspace.scenarios.all()}
    return name if name not in names else next(each for n in count(2) if (each := f"{name} ({n})") not in names)
