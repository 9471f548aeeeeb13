"""Seller programmes side by side: published standards of marketplaces as data, evaluated on the same marts.

Knows marts of counts and definition files; knows no page. The rules are in `docs/programmes.md`.
"""

from analytics.trust.programmes.definition import Clause, SellerProgramme, load_seller_programme, presets, read_folder
from analytics.trust.programmes.evaluate import (
    ClauseResult,
    Evaluation,
    Prepared,
    ProgrammeResult,
    evaluate,
    prepare,
)
from analytics.trust.programmes.ledger import penalty_ledger
from analytics.trust.programmes.probability import peer_prior, probability_over
from analytics.trust.programmes.records import clause_frame, clause_records, standing_frame

__all__ = [
    "Clause",
    "ClauseResult",
    "Evaluation",
    "Prepared",
    "ProgrammeResult",
    "SellerProgramme",
    "clause_frame",
    "clause_records",
    "evaluate",
    "load_seller_programme",
    "peer_prior",
    "penalty_ledger",
    "prepare",
    "presets",
    "probability_over",
    "read_folder",
    "standing_frame",
]
