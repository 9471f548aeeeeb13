"""From a scenario to a rule: which values of the score's definition it moves, and the definition's text with them moved.

Knows scenarios and definitions; knows no workspace, and changes no file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from analytics.errors import InputError
from analytics.trust.programme import Programme, programme_from_toml
from analytics.trust.toml_table import did_you_mean
from analytics.whatif.definition import Setting, change_definition, differences, values_of
from analytics.whatif.scenario import SCORE_RULES, Lever, Scenario, Segment

# kind of lever → the table that holds its value, the key that names the table's owner, and the value's key; other kinds stand before the first table
_TABLES = {
    "score_limit": ("[[levels]]", "level_id", "minimum"),
    "weight": ("[[components.rates]]", "rate_id", "points"),
    "good": ("[[components.rates]]", "rate_id", "good"),
    "bad": ("[[components.rates]]", "rate_id", "bad"),
    "bound": ("[[bounds]]", "rate", "bound"),
}


def is_policy(lever: Lever) -> bool:
    """Whether the lever moves a value of the definition: not what merchants do, orders go with or a seller programme asks, and not the limit at which crossings are only counted."""
    return lever.kind in SCORE_RULES and (lever.kind, lever.level) != ("score_limit", None)


def as_rule(scenario: Scenario, programme: Programme) -> Scenario:
    """What of a scenario can be put in force over a definition: its policy levers as targets, for every merchant.

    InputError where they move nothing, contradict each other, or name a rule that the definition lacks.
    """
    values = values_of(programme)
    kept = []
    for lever in filter(is_policy, scenario.levers):
        now = values.get((lever.kind, lever.of, lever.level))
        if now is None:
            hint = did_you_mean(lever.name, [Lever(kind, of=of, level=level).name for kind, of, level in values])
            raise InputError(f"lever '{lever.name}': the definition has no such rule.{hint}")
        target = now + (lever.change or 0.0) if lever.target is None else lever.target
        kept.append(replace(lever, target=target, change=None))
    rule = replace(scenario, segment=Segment(), levers=tuple(kept), limit=None, snapshot_id=None)
    if not settings_of(rule, programme):
        raise InputError(
            "Scenario {name} moves no rule of the score, and what merchants do can't be decreed: move a border, a weight, a window or another rule, save it, "
            "then propose it.",
            name=scenario.name,
        )
    return rule


def left_out(scenario: Scenario) -> tuple[Lever, ...]:
    """The levers of a scenario that no rule can hold; one that is said to change nothing is none."""
    return tuple(lever for lever in scenario.levers if not is_policy(lever) and lever.change != 0)


def settings_of(rule: Scenario, programme: Programme) -> tuple[Setting, ...]:
    """Every value that a rule changes in a definition: those of its levers, then those that give way to them. InputError where its levers contradict each other."""
    found = differences(programme, change_definition(programme, [(each, each.target or 0.0) for each in rule.levers]))
    own = {lever.name for lever in rule.levers}
    return tuple(sorted(found, key=lambda each: each.name not in own))


def counted_at(rule: Scenario, programme: Programme) -> tuple[str, ...]:
    """The levels at whose borders a rule's crossings are counted: those that it names, else the second lowest, which a desk acts below."""
    return tuple(each.level for each in rule.levers if each.level) or (programme.levels[-2].level_id,)


def at_border(rule: Scenario, level: str) -> Scenario:
    """The rule with its lever of this level's border first, where the lab counts crossings; as it is when it moves no border."""
    return replace(rule, levers=tuple(sorted(rule.levers, key=lambda lever: lever.level != level)))


def with_settings(text: str, settings: Iterable[Setting]) -> str:
    """The text of a definition with values changed, the points of components that follow from them, and nothing else; comments stay.

    InputError for a value that the text hasn't got.
    """
    settings = tuple(settings)
    blocks = re.split(r"(?m)^(?=\[)", text)
    for each in settings:
        header, owner, key = _TABLES.get(each.kind, ("", "", each.kind))
        _set(blocks, (header, owner, each.of or each.level or ""), key, each.after, each.name)
    points = {each.of: each.after for each in settings if each.kind == "weight"}
    for component in programme_from_toml(text, "the definition").components if points else ():
        total = sum(points.get(rate.rate_id, rate.points) for rate in component.rates)
        if total != component.points:
            name = component.component_id
            _set(blocks, ("[[components]]", "component_id", name), "points", total, f"component {name}")
    return "".join(blocks)


def _set(blocks: list[str], table: tuple[str, str, str], key: str, value: float, name: str) -> None:
    """Writes a value into the one block of a table: its header (none: what stands before the first table), its owner's key and name."""
    header, owner, owned_by = table
    named = re.compile(rf'(?m)^{owner}\s*=\s*"{re.escape(owned_by)}"') if header else re.compile("")
    places = [place for place, block in enumerate(blocks) if _starts(block, header) and named.search(block)]
    found = 0
    for place in places:
        blocks[place], count = re.subn(rf"(?m)^({key}\s*=\s*)[^\s#]+", rf"\g<1>{value:.12g}", blocks[place])
        found += count
    if found != 1:
        raise InputError("The definition has no value of {rule} that could be changed.", rule=name)


def _starts(block: str, header: str) -> bool:
    return block.partition("\n")[0].partition("#")[0].strip() == header if header else not block.startswith("[")
