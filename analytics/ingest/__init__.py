"""Source files → contract → quarantine or warehouse: the only way that data comes in.

Knows no page, no command and no metric.
"""

from analytics.ingest.adapters import Adapter, find_adapter, list_adapters
from analytics.ingest.builds import BuildResult, build
from analytics.ingest.loads import LoadResult, Progress, load, rebuild
from analytics.ingest.mapping import ColumnMap, guess_map, map_to_toml, read_map
from analytics.ingest.preview import CheckResult, FilePreview, check, preview
from analytics.ingest.readers import Dialect
from analytics.ingest.replays import Correction, replay

__all__ = [
    "Adapter",
    "BuildResult",
    "CheckResult",
    "ColumnMap",
    "Correction",
    "Dialect",
    "FilePreview",
    "LoadResult",
    "Progress",
    "build",
    "check",
    "find_adapter",
    "guess_map",
    "list_adapters",
    "load",
    "map_to_toml",
    "preview",
    "read_map",
    "rebuild",
    "replay",
]
