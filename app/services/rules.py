"""From scenario to rule: drafts that a second person decides on, what they were predicted to do, and what came of it. Knows no page.

A rule is a proposal of the workspace (`app.workspace.proposals`, kind "rule") whose text holds the scenario and its prediction. Approving one changes no file: `definition`
gives the text of the score's definition with every approved rule in it, for `trustdesk trust --definition`.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from app.errors import NotFound
from app.services import scenarios
from app.services.reading import base_id
from app.services.runtime import cached, get_runtime
from app.services.warehouse import cursor, filter_options, local_day, snapshot
from app.workspace import NewProposal

if TYPE_CHECKING:
    from analytics.whatif import Scenario
    from analytics.whatif.backtest import Backtest
    from app.identity import Actor
    from app.workspace import Proposal

PROGRAMME = "trustdesk"
HORIZONS = (30, 60, 90)  # days after which a rule is held against what came
DEFINITIONS = "definitions"  # folder of written copies, beside that of one's own programmes
# What a border does: counts of merchants and orders; a score stays as it is.
PREDICTED = ("merchants_below_limit", "merchants_crossing_down", "merchants_crossing_up", "orders_touched")


@dataclass(frozen=True)
class Prediction:
    """What a rule was predicted to change, over the day that it was asked of: the change with its 95 % interval, and the value that it leads to."""

    outcome: str
    baseline: float
    value: float
    change: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class Rule:
    """A change of the definition: level → where it is to begin (`borders`), and where it began (`was`). `day`: the last day of data that the prediction saw."""

    proposal: Proposal
    name: str
    borders: dict[str, float]
    was: dict[str, float]
    day: date
    snapshot_id: str
    horizon_days: int
    predictions: tuple[Prediction, ...]
    scenario: str

    def due_on(self, time_zone: str) -> date:
        """The day at whose end it is held against the data: the horizon after it was approved, or after the prediction's day where that is later."""
        return max(self.day, local_day(self.proposal.updated_at, time_zone)) + timedelta(days=self.horizon_days)


def propose(snapshot_id: str, name: str, day: date | None, horizon_days: int, reason: str, actor: Actor) -> Rule:
    """Drafts a rule from the saved scenario `name`, with its prediction as of a day (None: the newest).

    Raises NotFound, InputError where the scenario moves no border, NotAllowed without a reason, StaleProposal.
    """
    from analytics.trust.programme import default_programme
    from analytics.whatif import scenario_from_toml
    from analytics.whatif.rule import as_rule, borders

    saved = get_runtime().workspace.scenarios.get(name)
    asked = as_rule(scenario_from_toml(saved.body, saved.name))
    moved = borders(asked)
    result = scenarios.run_scenario(snapshot_id, asked, day)
    text = {
        "name": asked.name,
        "borders": moved,
        "was": {level.level_id: level.minimum for level in default_programme().levels if level.level_id in moved},
        "day": result.as_of.isoformat(),
        "snapshot_id": result.snapshot_id,
        "horizon_days": horizon_days,
        "predictions": [asdict(each) for each in _predictions(snapshot_id, asked, day)],
        "scenario": scenarios.to_toml(asked, base_id(snapshot_id)),
    }
    new = NewProposal("rule", PROGRAMME, json.dumps(text, ensure_ascii=False, indent=1), reason, len(approved()))
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


def definition(edition: int | None = None) -> str:
    """The text of the score's definition with the approved rules up to an edition (None: all) in it. Raises NotFound for an edition that there is not."""
    from analytics.trust.programme import PROGRAMMES, load_programme
    from analytics.whatif.rule import with_borders

    rules = approved()
    if edition is not None:
        if not any(rule.proposal.edition == edition for rule in rules):
            raise NotFound("There is no approved rule {edition}.", edition=edition)
        rules = [rule for rule in rules if (rule.proposal.edition or 0) <= edition]
    text = (PROGRAMMES / f"{PROGRAMME}.toml").read_text(encoding="utf-8")
    for rule in rules:
        text = with_borders(text, rule.borders)
    head = "".join(
        f"# Rule {rule.proposal.edition}, approved {rule.proposal.updated_at:%Y-%m-%d}: "
        f"{', '.join(f'{level} from {minimum:g}' for level, minimum in rule.borders.items())}\n"
        for rule in rules
    )
    with tempfile.TemporaryDirectory() as folder:  # what is handed out can be read back
        written = Path(folder) / f"{PROGRAMME}.toml"
        written.write_text(head + text, encoding="utf-8")
        load_programme(written)
    return head + text


def write_definition(edition: int) -> Path:
    """Writes the definition of an edition beside the folder of one's own programmes, and says where. The committed file stays as it is."""
    folder = get_runtime().settings.programmes.parent / DEFINITIONS
    text = definition(edition)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{PROGRAMME}-rule-{edition}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def track_record(snapshot_id: str, rules: tuple[Rule, ...] | None = None) -> pd.DataFrame:
    """A row a rule and outcome: edition, name, day, due_on, outcome, predicted, ci_low, ci_high, realised, error, is_inside (None until the window is over).

    Realised is what the same move of the border does on the day that it falls due, in the data as known then.
    """
    found = snapshot(base_id(snapshot_id))
    last = filter_options(snapshot_id).data_up_to
    rows: list[dict[str, object]] = []
    for rule in approved() if rules is None else rules:
        due = rule.due_on(found.time_zone)
        came = _came(snapshot_id, rule, due) if due <= last else {}
        for each in rule.predictions:
            realised = came.get(each.outcome)
            rows.append(
                {
                    "edition": rule.proposal.edition,
                    "name": rule.name,
                    "day": rule.day,
                    "due_on": due,
                    "outcome": each.outcome,
                    "predicted": each.change,
                    "ci_low": each.ci_low,
                    "ci_high": each.ci_high,
                    "realised": realised,
                    "error": None if realised is None else each.change - realised,
                    "is_inside": None if realised is None else each.ci_low <= realised <= each.ci_high,
                    "snapshot_id": rule.snapshot_id,
                }
            )
    return pd.DataFrame(rows)


@cached
def looked_back(snapshot_id: str, horizon_days: int = 60, pairs: int = 3, most: int = 12) -> Backtest:
    """The lab against past changes in this snapshot; see `analytics.whatif.backtest`. Raises InputError where the data are too short."""
    from analytics.whatif.backtest import backtest

    options = filter_options(snapshot_id)
    return backtest(
        lambda day: cursor(snapshot_id, day),
        options.data_from,
        options.data_up_to,
        horizon_days=horizon_days,
        pairs=pairs,
        most=most,
    )


def _came(snapshot_id: str, rule: Rule, due: date) -> dict[str, float]:
    from analytics.whatif import scenario_from_toml

    asked = replace(scenario_from_toml(rule.scenario, rule.name), snapshot_id=None)
    return {each.outcome: each.change for each in _predictions(snapshot_id, asked, due)}


def _predictions(snapshot_id: str, asked: Scenario, day: date | None) -> tuple[Prediction, ...]:
    found = scenarios.run_scenario(snapshot_id, asked, day).outcomes
    return tuple(
        Prediction(each.outcome, each.baseline, each.value, each.change, each.ci_low, each.ci_high)
        for each in found
        if each.outcome in PREDICTED and each.group.get("merchants") == "segment"
    )


def _rule(proposal: Proposal) -> Rule:
    body = json.loads(proposal.text)
    return Rule(
        proposal=proposal,
        name=body["name"],
        borders=body["borders"],
        was=body["was"],
        day=date.fromisoformat(body["day"]),
        snapshot_id=body["snapshot_id"],
        horizon_days=body["horizon_days"],
        predictions=tuple(Prediction(**each) for each in body["predictions"]),
        scenario=body["scenario"],
    )
