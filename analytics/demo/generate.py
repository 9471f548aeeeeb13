"""The demo from seed to files: canonical Parquet shards and truth tables in a folder. Knows no warehouse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from analytics.demo import attack_truth, truth
from analytics.demo.attackers import ATTACK_SIZES, Attackers, make_attackers
from analytics.demo.attacks import AttackResult, Attacks
from analytics.demo.desk import write_desk
from analytics.demo.entities import write_entities
from analytics.demo.penalties import join
from analytics.demo.planning import plan_matters
from analytics.demo.reviews import text_pool
from analytics.demo.run import RunResult, Simulation
from analytics.demo.specs import SpecWriter
from analytics.demo.voices.written import assigned
from analytics.demo.world import SIZES, ScaleName, make_calendar

Progress = Callable[[str, float], None]
LAST_DAY = date(2026, 10, 31)
_REPLICATES = {"small": 400, "medium": 150, "large": 30}
_REPLAYED = {"small": 40_000, "medium": 150_000, "large": 150_000}


@dataclass(frozen=True)
class DemoSummary:
    """What was written. Dates are the first and last day of history, UTC, both inclusive."""

    out: Path
    scale: ScaleName
    seed: int
    date_from: date
    date_to: date
    merchants: int
    buyers: int
    products: int
    orders: int
    events: int
    tickets: int
    messages: int


def generate(
    out: Path, *, scale: ScaleName, seed: int, until: date = LAST_DAY, progress: Progress | None = None
) -> DemoSummary:
    """Write the demo marketplace of a seed to `out`: events, merchants, buyers, products, tickets, messages, truth.

    Each table is a folder of Parquet shards as the canonical source takes them; truth/*.parquet is for tests only.
    The same scale, seed, until and library versions give the same bytes. `progress` gets a stage and its share done,
    0–1. Memory stays bounded by about two months of events. `out` should be empty: files of the same name are
    replaced, others left. ValueError for an unknown scale.
    """
    if scale not in SIZES:
        raise ValueError(f"scale must be one of {', '.join(SIZES)}, not {scale!r}")
    size = SIZES[scale]
    calendar = make_calendar(size, until)
    order_truth = truth.OrderTruth(out / "truth" / "orders.parquet")
    result = Simulation(size, calendar, seed, out, order_truth).run(progress)
    tickets, messages, answers = _write_desk(out, result, size.tickets, seed)
    if progress:
        progress("tickets", 1.0)
    truth.write_merchants(out / "truth" / "merchants.parquet", result.market, _REPLICATES[scale], seed)
    truth.write_effects(out / "truth" / "effects.parquet", result.market, _REPLAYED[scale], seed)
    truth.write_interventions(out / "truth" / "interventions.parquet", calendar)
    # Attackers come last, so that all the rest is what it would be without them.
    attackers, added = _attack(out, scale, result, order_truth, seed)
    order_truth.close()
    write_entities(out, attackers.market)
    truth.write_penalties(out / "truth" / "penalties.parquet", join([result.penalties, added.penalties]))
    if progress:
        progress("truth", 1.0)
    return DemoSummary(
        out=out,
        scale=scale,
        seed=seed,
        date_from=np.datetime64(calendar.start, "s").astype("datetime64[D]").item(),
        date_to=until,
        merchants=len(attackers.market.merchants),
        buyers=result.market.buyers.count,
        products=len(attackers.market.products.merchant),
        orders=result.order_count + added.order_count,
        events=result.event_count + added.event_count + answers,
        tickets=tickets,
        messages=messages,
    )


def _attack(
    out: Path, scale: ScaleName, result: RunResult, order_truth: truth.OrderTruth, seed: int
) -> tuple[Attackers, AttackResult]:
    """The attackers' events and their truth."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(7, 0)))
    attackers = make_attackers(result.market, ATTACK_SIZES[scale], rng)
    added = Attacks(attackers, ATTACK_SIZES[scale], result, order_truth, seed).run(out)
    attack_truth.write_attackers(out / "truth" / "attackers.parquet", attackers)
    attack_truth.write_false_reviews(out / "truth" / "false_reviews.parquet", attackers, added.false_reviews)
    return attackers, added


def _write_desk(out: Path, result: RunResult, target: int, seed: int) -> tuple[int, int, int]:
    """Tickets, messages and CSAT answers; returns how many of each."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(5,)))
    cases = result.casebook.cases()
    matters = plan_matters(result.market, cases, result.penalties, target, rng)
    planned = SpecWriter(result.market, cases, result.penalties, text_pool()).write(matters, rng)
    specs = assigned(spec for spec, _ in planned)
    written = [(spec, course) for spec, (_, course) in zip(specs, planned, strict=True)]
    messages, answers = write_desk(out, written, rng)
    truth.write_tickets(out / "truth" / "tickets.parquet", [spec for spec, _ in written], matters)
    return len(written), messages, answers
