"""Buyers' and merchants' satisfaction, assembled from the metric catalogue. Knows nothing of pages; adds no figure of its own."""

from analytics.satisfaction.overview import (
    TOUCHPOINTS,
    SatisfactionFigure,
    SatisfactionOverview,
    satisfaction_overview,
)

__all__ = ["TOUCHPOINTS", "SatisfactionFigure", "SatisfactionOverview", "satisfaction_overview"]
