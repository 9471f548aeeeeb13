"""The studies as flat records, for scripts: one dictionary a figure. Knows no page; computes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analytics.satisfaction.chain import Chain, Link
from analytics.satisfaction.cohorts import MARKS, Cohorts
from analytics.satisfaction.drift import Drift
from analytics.satisfaction.drivers import Drivers
from analytics.satisfaction.index import Index, Silence
from analytics.satisfaction.regression import Slope
from analytics.satisfaction.segments import Segments

Record = dict[str, Any]


def index_records(index: Index) -> Iterator[Record]:
    """The index itself (component `index`), then its parts; values 0–100."""
    status = "ok" if index.value is not None else "too_few"
    yield {
        "part": "index",
        "component": "index",
        "value": index.value,
        "ci_low": index.ci_low,
        "ci_high": index.ci_high,
        "n": index.n,
        "coverage": index.coverage,
        "weight": 1.0,
        "status": status,
    }
    for part in index.parts:
        yield {
            "part": "index",
            "component": part.component_id,
            "value": part.value,
            "ci_low": part.ci_low,
            "ci_high": part.ci_high,
            "n": part.n,
            "coverage": part.coverage,
            "weight": part.weight,
            "status": part.status,
        }


def silence_record(silence: Silence, category: str) -> Record:
    """Positive shares with silence ignored, taken as not positive (the lower bound) and as positive; category empty for all."""
    return {
        "part": "silence",
        "category": category,
        "plain_share": silence.plain,
        "effective_share": silence.effective,
        "upper_share": silence.upper,
        "delivered": silence.delivered,
        "reviewed": silence.reviewed,
        "positive": silence.positive,
    }


def drift_records(drift: Drift) -> Iterator[Record]:
    """Slopes in stars a year."""
    for name, slope in (("trend", drift.trend), ("within", drift.within), ("standards", drift.standards)):
        yield {
            "part": "drift",
            "slope": name,
            **_value(slope),
            "n": drift.reviews if slope is None else slope.n,
            "raters": drift.raters,
            "verdict": drift.verdict,
            "explained": drift.explained,
        }


def driver_records(drivers: Drivers) -> Iterator[Record]:
    """One record a cause."""
    for driver in drivers.drivers:
        yield {
            "part": "drivers",
            "outcome": drivers.outcome,
            "cause": driver.cause,
            "unit": drivers.unit,
            "n": driver.n,
            "share": driver.share,
            **_both(driver.raw, driver.adjusted),
            "moves": driver.moves,
            "status": driver.status,
        }
    if not drivers.drivers:
        yield {
            "part": "drivers",
            "outcome": drivers.outcome,
            "cause": None,
            "n": drivers.orders,
            "status": drivers.status,
        }


def return_records(cohorts: Cohorts) -> Iterator[Record]:
    """Shares back at some days after the order ended, then the difference good − bad."""
    for curve in cohorts.curves:
        for mark in MARKS:
            place = curve.at(mark)
            if place is not None:
                yield {
                    "part": "returns",
                    "experience": curve.experience,
                    "day": mark,
                    "value": curve.back[place],
                    "ci_low": curve.ci_low[place],
                    "ci_high": curve.ci_high[place],
                    "at_risk": curve.at_risk[place],
                    "n": curve.buyers,
                    "status": "ok",
                }
    yield {
        "part": "returns",
        "experience": "difference",
        "day": cohorts.difference_day,
        "value": cohorts.difference,
        "ci_low": cohorts.difference_low,
        "ci_high": cohorts.difference_high,
        "n": cohorts.buyers,
        "returns": cohorts.returns,
        "p_value": cohorts.p_value,
        "status": cohorts.status,
    }


def segment_records(segments: Segments, of: str) -> Iterator[Record]:
    """One record a segment; one with status alone where there is none."""
    common: Record = {
        "part": "segments",
        "of": of,
        "k": segments.k,
        "ari": segments.ari,
        "ari_low": segments.ari_low,
        "silhouette": segments.silhouette,
        "sampled": segments.n,
        "total": segments.total,
        "status": segments.status,
    }
    if not segments.segments:
        yield common
    for segment in segments.segments:
        traits = [
            {"measure": t.measure, "value": t.value, "overall": t.overall, "distance": t.distance}
            for t in segment.traits
        ]
        yield {**common, "segment": segment.number + 1, "n": segment.n, "share": segment.share, "traits": traits}


def chain_records(chain: Chain) -> Iterator[Record]:
    """Outcomes by trust level, then what ten points of trust, and a bad order, go with."""
    days: Record = {"as_of": chain.day, "from": chain.orders_from, "to": chain.orders_to, "status": chain.status}
    if not chain.bands:
        yield {"part": "chain", **days}
    for band in chain.bands:
        yield {
            "part": "chain",
            "outcome": band.outcome,
            "group": {"level": band.band},
            "unit": band.unit,
            "n": band.n,
            "merchants": band.merchants,
            **_both(band.raw, band.adjusted),
            **days,
            "status": "too_few" if band.raw is None and band.adjusted is None else chain.status,
        }
    for link in chain.links:
        yield _link(link, {"points": 10}) | days
    if chain.experience is not None:
        yield _link(chain.experience, {"bad_order": 1}) | {"outcome": "repeat"} | days


def _link(link: Link, per: Record) -> Record:
    given = link.given_experience
    return {
        "part": "chain",
        "outcome": link.outcome,
        "per": per,
        "unit": link.unit,
        **_both(link.raw, link.adjusted),
        "given_experience": None if given is None else given.value,
        "given_experience_low": None if given is None else given.ci_low,
        "given_experience_high": None if given is None else given.ci_high,
    }


def _value(slope: Slope | None) -> Record:
    if slope is None:
        return {"value": None, "ci_low": None, "ci_high": None}
    return {"value": slope.value, "ci_low": slope.ci_low, "ci_high": slope.ci_high}


def _both(raw: Slope | None, adjusted: Slope | None) -> Record:
    found: Record = {}
    for name, slope in (("raw", raw), ("adjusted", adjusted)):
        found[name] = None if slope is None else slope.value
        found[f"{name}_low"] = None if slope is None else slope.ci_low
        found[f"{name}_high"] = None if slope is None else slope.ci_high
    return found
