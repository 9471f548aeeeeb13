"""What the marketplace aims at: a target for any metric that does not grow with the window, from the TOML file of the setting
`targets` (lines such as `late_seller_rate = 0.02`). Knows no page.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from app.errors import SettingsError
from app.i18n import N_
from app.services import trust, trust_number
from app.services.runtime import get_runtime

# unit → the least and largest value that a metric of it can have; others are no aim for a window of any length
RANGES = {
    "rate": (0.0, 1.0),
    "stars": (1.0, 5.0),
    "nps": (-100.0, 100.0),
    "seconds": (0.0, math.inf),
    "score": (0.0, 100.0),
}


@dataclass(frozen=True)
class Target:
    """A value to reach, in the metric's unit, and the side on which it is met."""

    metric_id: str
    value: float
    unit: str
    is_least: bool

    def is_met(self, value: float) -> bool:
        """Whether a value is the target or better."""
        return value >= self.value if self.is_least else value <= self.value


def targets() -> Mapping[str, Target]:
    """The targets by metric id, none by default. Raises SettingsError in one line that names file, metric and remedy."""
    named = get_runtime().settings.targets
    if not named:
        return {}
    path = Path(named)
    try:
        found = path.stat()
    except OSError as error:
        text = N_(
            "The targets can't be read from {path} ({error}): put the file there, or clear the setting `targets`."
        )
        raise SettingsError(text, path=path, error=error.strerror or error) from error
    return read_targets(path, (found.st_mtime_ns, found.st_size))


@lru_cache(maxsize=8)
def read_targets(path: Path, state: tuple[int, int]) -> Mapping[str, Target]:
    """The targets of a file, read anew when its state (time and size) differs. Raises SettingsError."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError, RecursionError) as error:
        raise SettingsError(N_("{path} can't be read as TOML: {error}"), path=path, error=error) from error
    return {metric_id: _target(path, metric_id, value) for metric_id, value in table.items()}


def _target(path: Path, metric_id: str, value: object) -> Target:
    unit, direction = _side(path, metric_id)
    if unit not in RANGES or direction == "neutral":
        raise SettingsError(
            N_(
                "{path}: {metric} grows with the window or has no better side, so it can have no target: take the line out."
            ),
            path=path,
            metric=metric_id,
        )
    low, high = RANGES[unit]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high or value == math.inf:
        raise SettingsError(
            N_("{path}: the target of {metric} is a number from {low} to {high}, found {value}."),
            path=path,
            metric=metric_id,
            low=f"{low:g}",
            high=f"{high:g}",
            value=repr(value),
        )
    return Target(metric_id, float(value), unit, direction == "higher")


def _side(path: Path, metric_id: str) -> tuple[str, str]:
    from analytics.metrics import UnknownMetric, get_spec

    if metric_id == trust.METRIC_ID:
        return str(trust_number.definition()["unit"]), str(trust_number.definition()["direction"])
    try:
        spec = get_spec(metric_id)
    except UnknownMetric as error:
        raise SettingsError(N_("{path}: {error}"), path=path, error=error) from error
    return spec.unit, spec.direction
