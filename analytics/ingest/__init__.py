"""Source files → contract → quarantine or warehouse: the only way that data comes in.

Knows no page, no command and no metric.
"""

from analytics.ingest.adapters import Adapter, find_adapter, list_adapters
from analytics.ingest.loads import LoadResult, Progress, load, rebuild
from analytics.ingest.mapping import ColumnMap, guess_map, map_to_toml, read_map

__all__ = [
    "Adapter",
    "ColumnMap",
    "LoadResult",
    "Progress",
    "find_adapter",
    "guess_map",
    "list_adapters",
    "load",
    "map_to_toml",
    "read_map",
    "rebuild",
]
