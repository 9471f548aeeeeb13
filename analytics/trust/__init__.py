"""Trust of merchants: a score from 0 to 100 from component rates, with its uncertainty and its reasons.

Knows marts of counts and a definition file; knows no page, no words model. The formulas are in `docs/trust-score.md`.
"""

from analytics.trust.accountable import Accountable, accountable
from analytics.trust.counts import MARTS, daily_counts, score_day
from analytics.trust.merchants import (
    ComponentRate,
    Mover,
    explain,
    explain_from_counts,
    movers,
    score_merchants,
    trust_history,
)
from analytics.trust.path import Path, path_to_next_level
from analytics.trust.prior import TrustModel, fit_model
from analytics.trust.programme import Programme, Rate, default_programme, load_programme
from analytics.trust.score import TrustScore, draw_scores, score_from_counts, trust_scores

__all__ = [
    "MARTS",
    "Accountable",
    "ComponentRate",
    "Mover",
    "Path",
    "Programme",
    "Rate",
    "TrustModel",
    "TrustScore",
    "accountable",
    "daily_counts",
    "default_programme",
    "draw_scores",
    "explain",
    "explain_from_counts",
    "fit_model",
    "load_programme",
    "movers",
    "path_to_next_level",
    "score_day",
    "score_from_counts",
    "score_merchants",
    "trust_history",
    "trust_scores",
]
