"""What rules are predicted to do, and what came of them: drafts from saved scenarios, the track record, the lab against the past. Knows no page."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from app.services import rule_text, rules, scenarios
from app.services.reading import base_id
from app.services.rules import Prediction, Rule
from app.services.runtime import cached, get_runtime, shared
from app.services.warehouse import cursor, filter_options, snapshot

if TYPE_CHECKING:
    from analytics.trust import Programme
    from analytics.whatif import Scenario
    from analytics.whatif.backtest import Backtest
    from app.identity import Actor

COUNTED = ("merchants_below_limit", "merchants_crossing_down", "merchants_crossing_up", "orders_touched")
# A border leaves every score as it is; other rules move scores too.
PREDICTED = ("mean_score", *COUNTED)


def propose(snapshot_id: str, name: str, day: date | None, horizon_days: int, reason: str, actor: Actor) -> Rule:
    """Drafts a rule from the saved scenario `name`, with its prediction as of a day (None: the newest), over the definition with the rules approved so far.

    Raises NotFound, InputError where the scenario moves no rule or its rules can't be, NotAllowed without a reason, StaleProposal.
    """
    from analytics.trust.programme import programme_from_toml
    from analytics.whatif import scenario_from_toml
    from analytics.whatif.rule import as_rule, left_out, settings_of, with_settings

    saved = get_runtime().workspace.scenarios.get(name)
    scenario, base = scenario_from_toml(saved.body, saved.name), rule_text.agreed()
    asked = as_rule(scenario, base)
    settings = settings_of(asked, base)
    predictions = predicted(snapshot_id, asked, base, day)
    programme_from_toml(with_settings(rule_text.definition(), settings), "the definition with this rule")
    text = {
        "name": asked.name,
        "settings": [asdict(each) for each in settings],
        "left_out": [asdict(each) for each in left_out(scenario)],
        "day": scenarios.lab(snapshot_id, day).day.isoformat(),
        "snapshot_id": base_id(snapshot_id),
        "horizon_days": horizon_days,
        "predictions": [asdict(each) for each in predictions],
        "scenario": scenarios.to_toml(asked, base_id(snapshot_id)),
    }
    return rules.keep(text, reason, actor)


@shared
def predicted(snapshot_id: str, rule: Scenario, base: Programme, day: date | None) -> tuple[Prediction, ...]:
    """What a rule changes over a definition on a day, counted at each border that it moves (else at the second lowest). Raises InputError for a rule out of its bounds."""
    from analytics.trust.programme import default_programme
    from analytics.whatif.rule import at_border, counted_at

    lab = scenarios.lab(snapshot_id, day, None if base == default_programme() else base)
    moves_scores = any(lever.kind != "score_limit" for lever in rule.levers)
    found = []
    for place, level in enumerate(counted_at(rule, base)):
        wanted = PREDICTED if moves_scores and place == 0 else COUNTED
        found += [
            Prediction(each.outcome, level, each.baseline, each.value, each.change, each.ci_low, each.ci_high)
            for each in lab.run(at_border(rule, level)).outcomes
            if each.outcome in wanted and each.group.get("merchants") == "segment"
        ]
    return tuple(found)


def track_record(snapshot_id: str, chosen: tuple[Rule, ...] | None = None) -> pd.DataFrame:
    """A row a rule, outcome and border: edition, name, day, due_on, outcome, level, predicted, ci_low, ci_high, realised, error, is_inside (None until the window is over).

    Realised is what the same move of the same definition does on the day that it falls due, in the data as known then.
    """
    found = snapshot(base_id(snapshot_id))
    last = filter_options(snapshot_id).data_up_to
    rows: list[dict[str, object]] = []
    for rule in rules.approved() if chosen is None else chosen:
        due = rule.due_on(found.time_zone)
        came = _came(snapshot_id, rule, due) if due <= last else {}
        for each in rule.predictions:
            realised = came.get((each.outcome, each.level))
            rows.append(
                {
                    "edition": rule.proposal.edition,
                    "name": rule.name,
                    "day": rule.day,
                    "due_on": due,
                    "outcome": each.outcome,
                    "level": each.level,
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


def _came(snapshot_id: str, rule: Rule, due: date) -> dict[tuple[str, str], float]:
    from analytics.whatif import scenario_from_toml

    asked = replace(scenario_from_toml(rule.scenario, rule.name), snapshot_id=None)
    base = rule_text.agreed(rule.proposal.base_edition)
    return {(each.outcome, each.level): each.change for each in predicted(snapshot_id, asked, base, due)}
