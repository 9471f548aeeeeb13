"""A seeded marketplace simulator whose true trust, causes and effects are known. Knows no model that is fitted to it."""

from analytics.demo.fill import fill
from analytics.demo.generate import DemoSummary, generate

__all__ = ["DemoSummary", "fill", "generate"]
