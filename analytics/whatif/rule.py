"""From a scenario to a rule: the borders that it moves, what they are predicted to do, and the definition's text with them moved.

Knows scenarios and definitions; knows no workspace, and changes no file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from analytics.errors import InputError
from analytics.trust.programme import Programme, default_programme
from analytics.whatif.scenario import Scenario, Segment


def as_rule(scenario: Scenario, programme: Programme | None = None) -> Scenario:
    """What of a scenario can be put in force: its borders of levels, for every merchant, as targets; nobody's conduct can. InputError without any."""
    programme = programme or default_programme()
    minimum = {level.level_id: level.minimum for level in programme.levels}
    kept = tuple(
        replace(
            lever,
            target=minimum[lever.level] + (lever.change or 0.0) if lever.target is None else lever.target,
            change=None,
        )
        for lever in scenario.levers
        if lever.kind == "score_limit" and lever.level in minimum
    )
    moved = tuple(lever for lever in kept if lever.target != minimum[str(lever.level)])
    if not moved:
        raise InputError(
            "Scenario {name} moves no border of a level, so there is no rule to change: move one, save it, then propose it.",
            name=scenario.name,
        )
    return replace(scenario, segment=Segment(), levers=moved, limit=None, snapshot_id=None)


def borders(rule: Scenario) -> dict[str, float]:
    """Level → the score at which a rule has it begin."""
    return {str(lever.level): float(lever.target or 0.0) for lever in rule.levers}


def with_borders(text: str, moved: Mapping[str, float]) -> str:
    """The text of a definition with borders of levels moved and nothing else touched, its comments neither. InputError for a level that it hasn't got."""
    for level, minimum in moved.items():
        inside = r"(?:(?!^\[).)*?"
        pattern = (
            rf'(^\[\[levels\]\]\s*$(?:{inside})^level_id\s*=\s*"{re.escape(level)}"{inside}^minimum\s*=\s*)[0-9.]+'
        )
        text, found = re.subn(pattern, rf"\g<1>{minimum:.10g}", text, flags=re.MULTILINE | re.DOTALL)
        if found != 1:
            raise InputError("The definition has no level {level} whose minimum could be moved.", level=level)
    return text
