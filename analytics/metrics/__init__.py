"""The metric layer: one catalogue of definitions, and figures, comparisons, rows and SQL that all follow from it.

Knows nothing of pages, charts or languages; reads only the marts of the cursor that it is given.
"""

from analytics.metrics.catalogue import CATALOGUE, get_spec
from analytics.metrics.comparison import base_scope, compare, compare_many, peers, peers_many
from analytics.metrics.compute import compute, compute_many, figures_many, result_record
from analytics.metrics.drill import drill, sql_text
from analytics.metrics.explain import (
    REASONS,
    Explanation,
    Lead,
    NotExplained,
    Part,
    explain,
    explanation_records,
    leading_parts,
)
from analytics.metrics.figures import Figures
from analytics.metrics.templates import dimensions
from analytics.metrics.totals import compute_with_totals
from analytics.metrics.types import (
    Comparison,
    Drill,
    MetricCursor,
    MetricResult,
    MetricSpec,
    PeerBenchmark,
    Scope,
    UnknownDimension,
    UnknownMetric,
)

__all__ = [
    "CATALOGUE",
    "REASONS",
    "Comparison",
    "Drill",
    "Explanation",
    "Figures",
    "Lead",
    "MetricCursor",
    "MetricResult",
    "MetricSpec",
    "NotExplained",
    "Part",
    "PeerBenchmark",
    "Scope",
    "UnknownDimension",
    "UnknownMetric",
    "base_scope",
    "compare",
    "compare_many",
    "compute",
    "compute_many",
    "compute_with_totals",
    "dimensions",
    "drill",
    "explain",
    "explanation_records",
    "figures_many",
    "get_spec",
    "leading_parts",
    "peers",
    "peers_many",
    "result_record",
    "sql_text",
]
