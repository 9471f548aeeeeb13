"""The catalogue: every metric that the product knows, read once from the definition files beside this module.

Edit a definition there and every page, command, SQL text and drill follows. Knows no SQL.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from analytics.errors import InputError
from analytics.metrics.types import MetricSpec, UnknownMetric

DEFINITIONS = Path(__file__).parent / "catalogue"
_FIELDS = {field.name for field in fields(MetricSpec)}


def read_spec(metric_id: str, table: Mapping[str, Any]) -> MetricSpec:
    """One definition table as a MetricSpec. Raises InputError that names a key it does not know or misses."""
    unknown = sorted(set(table) - _FIELDS)
    if unknown:
        close = get_close_matches(unknown[0], _FIELDS, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise InputError(f"Metric {metric_id} has an unknown key {unknown[0]!r}.{hint}")
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    try:
        return MetricSpec(metric_id=metric_id, **values)
    except TypeError as error:
        raise InputError(f"Metric {metric_id} is incomplete: {error}.") from error


def load_catalogue(folder: Path = DEFINITIONS) -> Mapping[str, MetricSpec]:
    """All metrics of a folder of TOML files, in file and definition order. Raises InputError for a name defined twice."""
    specs: dict[str, MetricSpec] = {}
    for path in sorted(folder.glob("*.toml")):
        for metric_id, table in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if metric_id in specs:
                raise InputError(f"Metric {metric_id} is defined twice; the second time in {path.name}. Remove one.")
            specs[metric_id] = read_spec(metric_id, table)
    return MappingProxyType(specs)


CATALOGUE = load_catalogue()


def get_spec(metric_id: str) -> MetricSpec:
    """The definition of a metric. Raises UnknownMetric, naming the closest ids."""
    spec = CATALOGUE.get(metric_id)
    if spec is None:
        close = get_close_matches(metric_id, CATALOGUE, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(close)}?" if close else f"There are: {', '.join(CATALOGUE)}."
        raise UnknownMetric(f"There is no metric {metric_id!r}. {hint}")
    return spec
