"""Frames of a lab: what is known of its merchants, their scores before and after, and who crosses. Knows worlds; draws nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.trust.programme import Programme
from analytics.whatif.apply import Applied
from analytics.whatif.outcomes import People
from analytics.whatif.world import levels_of

SMALL = ("0", "1-9", "10-49")  # size bands of small merchants, by orders of the last 90 days


def score_table(applied: Applied, names: pd.DataFrame) -> pd.DataFrame:
    """The columns of `WhatifResult.scores`; `names` has merchant_id and name, in the world's order."""
    before, after = applied.before, applied.after
    programme = before.model.programme
    short = np.where(before.tenure < programme.new_days, "new", "too_few")
    absent = "ok" if before.model.rates else "not_in_source"
    enough = before.n >= programme.min_n
    return names.assign(
        is_in_segment=applied.inside,
        n=before.n,
        status=_objects(np.where(enough, absent, short)),
        score_before=before.score,
        score_after=after.score,
        level_before=_objects(levels_of(before)),
        level_after=_objects(levels_of(after)),
    )


def _objects(values: NDArray[Any]) -> pd.Series[Any]:
    """Texts as they are: to look for a better kind of column for each takes longer than the scores."""
    return pd.Series(values, dtype=object)


def people_of(counts: pd.DataFrame, amounts: pd.DataFrame, programme: Programme) -> People:
    """What outcomes need of each merchant; `amounts` has merchant_id, currency, gmv_minor."""
    gmv = {}
    ids = pd.Index(counts["merchant_id"])
    for currency, rows in amounts.groupby("currency"):
        found = np.zeros(len(ids))
        place = ids.get_indexer(pd.Index(rows["merchant_id"]))
        np.add.at(found, place[place >= 0], rows["gmv_minor"].to_numpy(dtype=float)[place >= 0] / 100)
        gmv[str(currency)] = found
    return People(
        orders=counts["n"].to_numpy(dtype=float),
        gmv=gmv,
        is_new=(counts["tenure_days"] < programme.new_days).to_numpy(dtype=bool),
        is_small=counts["size_band"].isin(SMALL).to_numpy(dtype=bool),
    )


def crossings_of(scores: pd.DataFrame, limit_before: float, limit_after: float) -> pd.DataFrame:
    """The rows of `scores` that cross the limit, with `direction`, largest change first. NaN compares false on both sides, so merchants without a score never cross."""
    old, new = scores["score_before"].to_numpy(), scores["score_after"].to_numpy()
    rows = np.flatnonzero(((old >= limit_before) & (new < limit_after)) | ((old < limit_before) & (new >= limit_after)))
    crossing = scores.iloc[rows].copy()
    crossing["direction"] = np.where(new[rows] < limit_after, "down", "up")
    order = np.lexsort((crossing["merchant_id"].to_numpy(dtype=str), -np.abs(new[rows] - old[rows])))
    return crossing.iloc[order].reset_index(drop=True)
