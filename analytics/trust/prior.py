"""Empirical-Bayes priors: what the peers of a merchant tell about a rate before its own orders speak.

Knows counts and a score definition, no database. Sources: Kleinman (1973, JASA 68) for the moments of proportions with extra
variance, Morris (1983, JASA 78) and Casella (1985, The American Statistician 39) for parametric empirical Bayes, Kish (1965) for
the effective sample size of weighted counts.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.trust.bounded import Line, fit_lines
from analytics.trust.bounded import heard as bounded_counts
from analytics.trust.correlation import correlation, square_root
from analytics.trust.programme import PriorSettings, Programme, Rate

Floats = NDArray[np.float64]
_STEPS = 5  # Kleinman's weights depend on the spread that they estimate; the iteration settles in three or four
FEWEST = 10  # with fewer merchants above min_n, all merchants tell the prior


@dataclass(frozen=True)
class TrustModel:
    """A score definition fitted to a marketplace: Beta(mean × strength, (1 − mean) × strength) per category and rate.

    `mean` and `strength` have shape (categories + 1, rates); their last row is the marketplace, for merchants of no or of an
    unseen category. `left_out` are the rates that the source doesn't record; `max_points` are those of `rates` after the points
    of the left-out ones went to their neighbours, and add up to 100. `common` (rates, rates) is a square root of the correlation of the
    merchants' true rates (`analytics.trust.correlation`). `peer_count` merchants told the priors; 0 when they are known otherwise.
    `lines` say how far rates of opinions are believed (`analytics.trust.bounded`); without them everything is.
    """

    programme: Programme
    rates: tuple[Rate, ...]
    max_points: tuple[float, ...]
    left_out: tuple[str, ...]
    categories: tuple[str, ...]
    mean: Floats
    strength: Floats
    common: Floats
    peer_count: int = 0
    lines: tuple[Line, ...] = ()

    def rows(self, category: pd.Series[str]) -> NDArray[np.intp]:
        """The row of `mean` and `strength` for each merchant's category."""
        found = pd.Index(self.categories, dtype="object").get_indexer(pd.Index(category, dtype="object"))
        return np.where(found < 0, len(self.categories), found).astype(np.intp)


def fit_model(counts: pd.DataFrame, programme: Programme, *, left_out: Collection[str] | None = None) -> TrustModel:
    """Fits the priors to the counts of all merchants (the frame of `daily_counts`).

    The priors are those of the merchants that get a score (n >= min_n): shops of three orders, whose orders all fell into one bad or
    good week, would make merchants look far more different than they are. With fewer than ten such merchants all of them count.

    A rate with no evidence anywhere is left out. `left_out` fixes that choice instead: a what-if that removes every late order
    must not make lateness disappear from the score.
    """
    if left_out is None:
        left_out = [rate.rate_id for rate in programme.rates if not _is_recorded(counts, rate)]
    rates = tuple(rate for rate in programme.rates if rate.rate_id not in left_out)
    peers = counts[counts["n"] >= programme.min_n]
    counts = peers if len(peers) >= FEWEST else counts
    categories = tuple(sorted({str(name) for name in counts["category"].dropna()}))
    group = pd.Index(categories, dtype="object").get_indexer(pd.Index(counts["category"], dtype="object"))
    fits = [_fit_rate(counts, rate, group, len(categories), programme.prior) for rate in rates]
    shape = (len(categories) + 1, len(rates))
    mean = np.array([mean for mean, _ in fits], dtype=float).T.reshape(shape)
    strength = np.array([strength for _, strength in fits], dtype=float).T.reshape(shape)
    model = TrustModel(
        programme=programme,
        rates=rates,
        max_points=tuple(max_points(programme, left_out)),
        left_out=tuple(rate.rate_id for rate in programme.rates if rate.rate_id in left_out),
        categories=categories,
        mean=mean,
        strength=strength,
        common=_common(counts, rates, mean[group], strength[group], programme.prior.pull_merchants),
        peer_count=len(counts),
    )
    if not programme.bounds:
        return model
    peers_own = (mean[group], strength[group])
    return replace(model, lines=fit_lines(programme.bounds, rates, *tallies(counts, rates), *peers_own))


def _common(counts: pd.DataFrame, rates: tuple[Rate, ...], mean: Floats, strength: Floats, pull: float) -> Floats:
    """Square root of the correlation of the true rates; `mean` and `strength` are each merchant's priors."""
    if not rates or not len(counts):
        return np.eye(len(rates))
    share, weight = np.zeros(mean.shape), np.zeros(mean.shape)
    for column, rate in enumerate(rates):
        numerator, denominator = recent(counts, rate)
        effective = _effective(counts, rate, denominator)
        share[:, column] = numerator / np.where(denominator > 0, denominator, 1.0)
        weight[:, column] = effective / (1 + (effective - 1) / (strength[:, column] + 1))
    variance = mean * (1 - mean) / (strength + 1)
    spread = np.sqrt((weight * variance).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-12))
    return square_root(correlation(share, weight, mean, spread, pull))


def _effective(counts: pd.DataFrame, rate: Rate, denominator: Floats) -> Floats:
    """Kish's effective number of orders behind a recency-weighted rate; 0 where there are none."""
    squares = counts[f"{rate.rate_id}.square_denominator"].to_numpy(dtype=float)
    found: Floats = np.where(squares > 0, denominator**2 / np.where(squares > 0, squares, 1.0), 0.0)
    return found


def recent(counts: pd.DataFrame, rate: Rate) -> tuple[Floats, Floats]:
    """Recency-weighted numerator and denominator of a rate, shape (merchants,). A numerator anchored on another day than its
    denominator (penalties) may exceed it: it is cut there."""
    denominator = np.maximum(counts[f"{rate.rate_id}.recent_denominator"].to_numpy(dtype=float), 0.0)
    numerator = counts[f"{rate.rate_id}.recent_numerator"].to_numpy(dtype=float)
    return np.clip(numerator, 0.0, denominator), denominator


def tallies(counts: pd.DataFrame, rates: tuple[Rate, ...]) -> tuple[Floats, Floats]:
    """`recent` of several rates, each of shape (merchants, rates)."""
    counted, total = np.zeros((2, len(counts), len(rates)))
    for column, rate in enumerate(rates):
        counted[:, column], total[:, column] = recent(counts, rate)
    return counted, total


def heard(counts: pd.DataFrame, model: TrustModel) -> tuple[Floats, Floats]:
    """What is believed of the recency-weighted counts, (numerators, denominators) of shape (merchants, rates): all but what a rate of opinions
    says beyond the facts by more than its bound."""
    rows = model.rows(counts["category"])
    counted, total = tallies(counts, model.rates)
    return bounded_counts(model.lines, counted, total, model.mean[rows], model.strength[rows]), total


def _is_recorded(counts: pd.DataFrame, rate: Rate) -> bool:
    columns = (f"{rate.rate_id}.evidence", f"{rate.rate_id}.recent_denominator")
    return all(counts[column].sum() > 0 for column in columns)


def max_points(programme: Programme, left_out: Collection[str]) -> list[float]:
    """Points of the rates in use: a left-out rate's go to its component's others, an absent component's to the other components."""
    used = {
        component.component_id: [rate for rate in component.rates if rate.rate_id not in left_out]
        for component in programme.components
    }
    present = sum(component.points for component in programme.components if used[component.component_id])
    points = []
    for component in programme.components:
        rates = used[component.component_id]
        kept = sum(rate.points for rate in rates)
        points += [100.0 * component.points * rate.points / (present * kept) for rate in rates]
    return points


def _fit_rate(
    counts: pd.DataFrame, rate: Rate, group: NDArray[np.intp], groups: int, prior: PriorSettings
) -> tuple[list[float], list[float]]:
    """Prior mean and strength per category and, last, for the marketplace."""
    numerator, denominator = recent(counts, rate)
    return fit_proportions(numerator, denominator, _effective(counts, rate, denominator), group, groups, prior)


def fit_proportions(
    numerator: Floats,
    denominator: Floats,
    effective: Floats,
    group: NDArray[np.intp],
    groups: int,
    prior: PriorSettings,
) -> tuple[list[float], list[float]]:
    """Prior mean and strength of a rate per group and, last, for all; inputs have one entry a merchant.

    `effective` is the number of units behind each rate (the denominator itself where nothing is weighted); `group` is 0 … groups − 1, or −1.
    """
    told = np.flatnonzero(effective > 0)
    own = (group[told] + 1).astype(np.min_scalar_type(groups))  # a small type is sorted by counting
    told = told[np.argsort(own, kind="stable")]
    ends = np.cumsum(np.bincount(own, minlength=groups + 1))
    share, effective = numerator[told] / denominator[told], effective[told]
    edge = 0.5 / (float(denominator.sum()) + 1.0)
    lowest, highest = 1 / (prior.highest_strength + 1), 1 / (prior.lowest_strength + 1)
    default = 1 / (prior.default_strength + 1)
    market_mean, market_spread = _moments(share, effective, default, (lowest, highest), edge)
    means, spreads = [], []
    for start, end in itertools.pairwise(ends.tolist()):
        heard = (end - start) / (end - start + prior.pull_merchants)
        mean, spread = _moments(share[start:end], effective[start:end], market_spread, (lowest, highest), edge)
        means.append(heard * mean + (1 - heard) * market_mean)
        spreads.append(heard * spread + (1 - heard) * market_spread)
    means.append(market_mean)
    spreads.append(market_spread)
    return means, [1 / spread - 1 for spread in spreads]


def _moments(
    share: Floats, effective: Floats, default: float, bounds: tuple[float, float], edge: float
) -> tuple[float, float]:
    """Mean and intra-merchant correlation ρ = 1 / (strength + 1) of proportions, by Kleinman's weighted moments.

    With weights u = n / (1 + ρ (n − 1)) and mean m = Σup / Σu, the expectation of Σu(p − m)² is
    m(1 − m) [ρB + (1 − ρ)A], B = Σu(1 − u/Σu), A = Σu(1 − u/Σu)/n; solved for ρ, weights renewed, repeated.
    Fewer than three merchants, or no variation to speak of, tell no spread: `default`.
    """
    if not len(share):
        return 0.5, default
    spread, mean, more = default, 0.5, effective - 1
    for _ in range(_STEPS):
        part = 1 / (1 + spread * more)  # u / n
        weight = effective * part
        total = float(weight.sum())
        mean = min(max(float(weight @ share) / total, edge), 1 - edge)
        within = float(part.sum()) - float(weight @ part) / total
        between = total - float(weight @ weight) / total
        if len(share) < 3 or between - within < 1e-9:
            return mean, default
        off = share - mean
        scatter = float(weight @ (off * off)) / (mean * (1 - mean))
        spread = min(max((scatter - within) / (between - within), bounds[0]), bounds[1])
    return mean, spread
