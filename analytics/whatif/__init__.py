"""What if a rate or a limit were different: levers, counterfactual scores, who crosses, with the uncertainty.

Knows the trust score's pure functions; knows no page. Results are conditional on the assumptions they carry.
"""

from analytics.whatif.assumptions import Assumption
from analytics.whatif.clause_lab import Standards
from analytics.whatif.effect_types import Effect
from analytics.whatif.lab import Lab, WhatifResult
from analytics.whatif.levers import LeverRange
from analytics.whatif.outcomes import Outcome
from analytics.whatif.scenario import Lever, Scenario, Segment, dump_scenario, load_scenario, scenario_from_toml
from analytics.whatif.simulate import carrier_counts, lever_ranges, make_lab, named_programme, simulate, simulate_counts

__all__ = [
    "Assumption",
    "Effect",
    "Lab",
    "Lever",
    "LeverRange",
    "Outcome",
    "Scenario",
    "Segment",
    "Standards",
    "WhatifResult",
    "carrier_counts",
    "dump_scenario",
    "lever_ranges",
    "load_scenario",
    "make_lab",
    "named_programme",
    "scenario_from_toml",
    "simulate",
    "simulate_counts",
]
