"""Runs a scenario on a cursor, or on a frame of counts: a lab made for one question. Knows the warehouse's cursor; all else is in `Lab`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from analytics.errors import InputError
from analytics.trust.counts import daily_counts, score_day, sql_text
from analytics.trust.programme import Programme, default_programme
from analytics.trust.programmes import SellerProgramme, prepare, presets
from analytics.trust.toml_table import did_you_mean
from analytics.whatif.carriers import measures_of
from analytics.whatif.clause_lab import Standards
from analytics.whatif.lab import EVERYONE, Lab, Recount, WhatifResult
from analytics.whatif.levers import LeverRange
from analytics.whatif.scenario import Scenario, Segment

_SQL = Path(__file__).resolve().parents[1] / "sql" / "whatif"

if TYPE_CHECKING:
    from analytics.warehouse import Cursor


def make_lab(
    cursor: Cursor,
    *,
    programme: Programme | None = None,
    recount: Recount | None = None,
    by_carrier: Recount | None = None,
    standards: Standards | None = None,
) -> Lab:
    """The lab of the cursor's snapshot and day. `recount`, `by_carrier` and `standards` read after the cursor is closed; without them the
    cursor does."""
    programme = programme or default_programme()
    counts = daily_counts(cursor, programme)
    asked = {"day": score_day(cursor), "window_days": programme.window_days}
    amounts = cursor.df(sql_text("amounts"), asked)
    return Lab(
        counts,
        amounts,
        programme,
        cursor.snapshot_id,
        observed=cursor.df(_text("observed"), asked),
        recount=recount or (lambda changed: daily_counts(cursor, changed)),
        by_carrier=by_carrier or (lambda changed: carrier_counts(cursor, changed)),
        standards=standards or Standards(named_programme, lambda found: prepare(cursor, found)),
    )


def named_programme(name: str, known: Mapping[str, SellerProgramme] | None = None) -> SellerProgramme:
    """A seller programme by its id, of the committed ones unless said otherwise. InputError with "did you mean" for an unknown one."""
    known = presets() if known is None else known
    if name not in known:
        raise InputError(f"lever 'clause_limit': no seller programme '{name}'.{did_you_mean(name, known)}")
    return known[name]


def carrier_counts(cursor: Cursor, programme: Programme) -> pd.DataFrame:
    """The sums of `sql/whatif/carriers.sql` under a definition."""
    asked = {
        "day": score_day(cursor),
        "window_days": programme.window_days,
        "half_life_days": programme.half_life_days,
        "maturities": sorted({rate.maturity_days for rate in programme.rates}),
        "measures": "|".join(sorted(measures_of(programme))),
    }
    return cursor.df(_text("carriers"), asked)


def _text(name: str) -> str:
    return (_SQL / f"{name}.sql").read_text(encoding="utf-8")


def lever_ranges(
    cursor: Cursor, segment: Segment = EVERYONE, *, programme: Programme | None = None
) -> tuple[LeverRange, ...]:
    """Live baselines and bounds of the levers for a segment, of those that the source has: see `Lab.ranges`."""
    return make_lab(cursor, programme=programme).ranges(segment)


def simulate(cursor: Cursor, scenario: Scenario, *, programme: Programme | None = None) -> WhatifResult:
    """Runs the scenario on the cursor's snapshot and day. InputError: see `Lab.run`."""
    return make_lab(cursor, programme=programme).run(scenario)


def simulate_counts(
    counts: pd.DataFrame, amounts: pd.DataFrame, scenario: Scenario, programme: Programme, snapshot_id: str
) -> WhatifResult:
    """The pure part of `simulate`: `counts` as `daily_counts` gives them, `amounts` with merchant_id, currency, gmv_minor."""
    return Lab(counts, amounts, programme, snapshot_id).run(scenario)
