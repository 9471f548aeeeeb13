"""Whom to believe among raters, and what is left of the ratees' scores then: `standings` of a table of ratings.

Knows no warehouse, no page; the method and what it was chosen from are in docs/decisions/011.
"""

from analytics.trust.credibility.standings import RateeStanding, RaterStanding, standings
from analytics.trust.credibility.table import RatingTable, read_ratings

__all__ = ["RateeStanding", "RaterStanding", "RatingTable", "read_ratings", "standings"]
