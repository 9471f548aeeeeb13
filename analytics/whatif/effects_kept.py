"""The effects of a snapshot, fitted once and kept as a file of the warehouse named by the snapshot's id. A torn or foreign file is replaced.

The files hold no buyer and no merchant's name, and may be deleted at any time.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analytics.errors import WarehouseError
from analytics.whatif.effect_types import Effect
from analytics.whatif.effects import FittedEffect, SegmentEffect, fit_effects
from analytics.whatif.refute import Refuter

if TYPE_CHECKING:
    from collections.abc import Callable

    from analytics.warehouse import Warehouse

FOLDER = "effects"
EFFECT_VERSION = 3  # of the way that effects are fitted: raise it when a number would change


@dataclass(frozen=True)
class SnapshotEffects:
    """Every lever's and outcome's effect in a snapshot; `seed` gives the same ones again. made_at: UTC."""

    snapshot_id: str
    seed: int
    made_at: datetime
    effects: tuple[FittedEffect, ...]


def read_effects(warehouse: Warehouse, snapshot_id: str) -> SnapshotEffects | None:
    """What is kept of a snapshot; None where nothing is that can be used."""
    try:
        return _load(json.loads(_path(warehouse, snapshot_id).read_text(encoding="utf-8")), snapshot_id)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def make_effects(
    warehouse: Warehouse, snapshot_id: str, seed: int = 1, progress: Callable[[int, int], None] | None = None
) -> SnapshotEffects:
    """What is kept of a snapshot, or fitted and kept; a warehouse that only can be read keeps nothing. Raises InputError and WarehouseError."""
    kept = read_effects(warehouse, snapshot_id)
    if kept is not None and kept.seed == seed:
        return kept
    if snapshot_id not in {one.snapshot_id for one in warehouse.snapshots()}:
        raise WarehouseError(
            f"effects: snapshot '{snapshot_id}' has been removed. Choose one of `trustdesk snapshots`."
        )
    with warehouse.cursor(snapshot_id, time_limit=None) as cursor:
        made = SnapshotEffects(snapshot_id, seed, datetime.now(UTC), fit_effects(cursor, seed, progress))
    with suppress(OSError):
        _keep(warehouse, made)
    return made


def _path(warehouse: Warehouse, snapshot_id: str) -> Path:
    return warehouse.root / FOLDER / f"{snapshot_id}-{EFFECT_VERSION}.json"


def _keep(warehouse: Warehouse, made: SnapshotEffects) -> None:
    """Writes the file, whole or not at all, and drops those of snapshots that are no more. Raises OSError."""
    path = _path(warehouse, made.snapshot_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.stem}.{os.getpid()}-{id(made)}.tmp")
    try:
        temporary.write_text(json.dumps({**asdict(made), "made_at": made.made_at.isoformat()}), encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    known = {f"{one.snapshot_id}-{EFFECT_VERSION}.json" for one in warehouse.snapshots()}
    for other in path.parent.glob("*.json"):
        if other.name not in known:
            other.unlink(missing_ok=True)


def _load(found: dict[str, Any], snapshot_id: str) -> SnapshotEffects:
    """Raises ValueError, KeyError or TypeError for what is no such file, or another snapshot's."""
    if found["snapshot_id"] != snapshot_id:
        raise ValueError("the file is another snapshot's")
    effects = tuple(
        FittedEffect(
            **{
                **one,
                "effect": one["effect"] and Effect(**one["effect"]),
                "raw": one["raw"] and tuple(one["raw"]),
                "refuters": tuple(Refuter(**refuter) for refuter in one["refuters"]),
                "segments": tuple(SegmentEffect(**segment) for segment in one["segments"]),
                "differs": tuple(one["differs"]),
            }
        )
        for one in found["effects"]
    )
    return SnapshotEffects(snapshot_id, int(found["seed"]), datetime.fromisoformat(found["made_at"]), effects)
