"""What approved rules make of the score's definition: its text with them in it, to put in force with `trustdesk trust --definition`. Knows no page."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import NotFound
from app.services.rules import PROGRAMME, Rule, approved
from app.services.runtime import get_runtime

if TYPE_CHECKING:
    from analytics.trust import Programme

DEFINITIONS = "definitions"  # folder of written copies, beside that of one's own programmes
_AROUND = 7  # lines about a changed one: enough for the name of its table


def definition(edition: int | None = None) -> str:
    """The text of the score's definition with the approved rules up to an edition (None: all) in it, after a line for each. Raises NotFound for an edition that there is not."""
    if edition is not None and not any(rule.proposal.edition == edition for rule in approved()):
        raise NotFound("There is no approved rule {edition}.", edition=edition)
    rules = _up_to(edition)
    head = "".join(
        f"# Rule {rule.proposal.edition}, approved {rule.proposal.updated_at:%Y-%m-%d}: {said(rule)}\n"
        for rule in rules
    )
    return head + _text(rules)


def agreed(edition: int | None = None) -> Programme:
    """The definition with the approved rules up to an edition (0: none, None: all) in it."""
    from analytics.trust.programme import programme_from_toml

    return programme_from_toml(_text(_up_to(edition)), "the definition with the approved rules")


def difference(rule: Rule) -> str:
    """What a rule changes in the text that it was drafted over, as a unified diff."""
    from analytics.whatif.rule import with_settings

    text = _text(_up_to(rule.proposal.base_edition))
    old, new = text.splitlines(), with_settings(text, rule.settings).splitlines()
    name = f"{PROGRAMME}.toml"
    return "\n".join(difflib.unified_diff(old, new, name, name, n=_AROUND, lineterm=""))


def said(rule: Rule) -> str:
    """What a rule changes in one line, named as levers are."""
    return "; ".join(map(str, rule.settings))


def write_definition(edition: int) -> Path:
    """Writes the definition of an edition beside the folder of one's own programmes, and says where. The committed file stays as it is."""
    folder = get_runtime().settings.programmes.parent / DEFINITIONS
    text = definition(edition)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{PROGRAMME}-rule-{edition}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _up_to(edition: int | None) -> list[Rule]:
    return [rule for rule in approved() if edition is None or (rule.proposal.edition or 0) <= edition]


def _text(rules: list[Rule]) -> str:
    """The committed text with rules in it; what is handed out can be read back."""
    from analytics.trust.programme import PROGRAMMES, programme_from_toml
    from analytics.whatif.rule import with_settings

    text = (PROGRAMMES / f"{PROGRAMME}.toml").read_text(encoding="utf-8")
    for rule in rules:
        text = with_settings(text, rule.settings)
    programme_from_toml(text, "the definition with the approved rules")
    return text
