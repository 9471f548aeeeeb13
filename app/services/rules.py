"""Rules made of scenarios: drafts that a second person decides on, and what each changes in the score's definition. Knows no page.

A rule is a proposal of the workspace (`app.workspace.proposals`, kind "rule") whose text holds its settings, the scenario and its prediction. Approving one changes no file:
see `rule_text` for the definition's text with it, `rule_record` for what came of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from app.services.runtime import get_runtime
from app.services.warehouse import local_day
from app.workspace import NewProposal

if TYPE_CHECKING:
    from analytics.whatif import Lever
    from analytics.whatif.definition import Setting
    from app.identity import Actor
    from app.workspace import Proposal

PROGRAMME = "trustdesk"
HORIZONS = (30, 60, 90)  # days after which a rule is held against what came


@dataclass(frozen=True)
class Prediction:
    """What a rule was predicted to change, over the day that it was asked of: the change with its 95 % interval, and the value that it leads to.
    Merchants and orders are counted at the border of `level`."""

    outcome: str
    level: str
    baseline: float
    value: float
    change: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class Rule:
    """A change of the definition: each value that it moves or that gives way (`settings`), and the levers of its scenario that no rule can hold (`left_out`).
    `day`: the last day of data that the prediction saw."""

    proposal: Proposal
    name: str
    settings: tuple[Setting, ...]
    left_out: tuple[Lever, ...]
    day: date
    snapshot_id: str
    horizon_days: int
    predictions: tuple[Prediction, ...]
    scenario: str

    def due_on(self, time_zone: str) -> date:
        """The day at whose end it is held against the data: the horizon after it was approved, or after the prediction's day where that is later."""
        return max(self.day, local_day(self.proposal.updated_at, time_zone)) + timedelta(days=self.horizon_days)


def keep(text: dict[str, Any], reason: str, actor: Actor) -> Rule:
    """Keeps a draft over the rules approved so far; `text` has the fields of a Rule but for its proposal. Raises NotAllowed without a reason, StaleProposal."""
    body = json.dumps(text, ensure_ascii=False, indent=1)
    new = NewProposal("rule", PROGRAMME, body, reason, len(approved()))
    return _rule(get_runtime().workspace.proposals.create(new, actor))


def approve(rule: Rule, reason: str, actor: Actor) -> Rule:
    """A second person puts a rule in force. Raises NotAllowed for its writer, StaleProposal where it was decided or another one came first."""
    proposal = rule.proposal
    return _rule(
        get_runtime().workspace.proposals.approve(proposal.proposal_id, proposal.version, actor, reason=reason)
    )


def reject(rule: Rule, reason: str, actor: Actor) -> Rule:
    """Puts a draft away with a reason. Raises NotAllowed without one, StaleProposal."""
    proposal = rule.proposal
    return _rule(get_runtime().workspace.proposals.reject(proposal.proposal_id, proposal.version, actor, reason=reason))


def waiting() -> list[Rule]:
    """Drafts that nobody decided on, last changed first."""
    return [_rule(each) for each in get_runtime().workspace.proposals.all(kind="rule", status="draft")]


def rejected() -> list[Rule]:
    """Drafts that were put away, last changed first."""
    return [_rule(each) for each in get_runtime().workspace.proposals.all(kind="rule", status="rejected")]


def approved() -> list[Rule]:
    """Rules in the order in which they were approved."""
    found = get_runtime().workspace.proposals.all(kind="rule", status="approved")
    return [_rule(each) for each in sorted(found, key=lambda proposal: proposal.edition or 0)]


def is_behind(rule: Rule) -> bool:
    """Whether another rule was approved since this one was drafted: draft it anew over that."""
    return rule.proposal.base_edition != len(approved())


def _rule(proposal: Proposal) -> Rule:
    from analytics.whatif import Lever
    from analytics.whatif.definition import Setting

    body = _as_now(json.loads(proposal.text))
    return Rule(
        proposal=proposal,
        name=body["name"],
        settings=tuple(Setting(**each) for each in body["settings"]),
        left_out=tuple(Lever(**each) for each in body["left_out"]),
        day=date.fromisoformat(body["day"]),
        snapshot_id=body["snapshot_id"],
        horizon_days=body["horizon_days"],
        predictions=tuple(Prediction(**each) for each in body["predictions"]),
        scenario=body["scenario"],
    )


def _as_now(body: dict[str, Any]) -> dict[str, Any]:
    """A rule's text as it is written now; when rules were borders alone, it held level → score, and crossings were counted at the first."""
    if "settings" in body:
        return body
    moved = [
        {"kind": "score_limit", "of": None, "level": level, "before": body["was"][level], "after": to}
        for level, to in body["borders"].items()
    ]
    predictions = [{"level": moved[0]["level"], **each} for each in body["predictions"]]
    return body | {"settings": moved, "left_out": [], "predictions": predictions}
