"""Posteriors of the rates and reproducible draws from them.

Counts and a fitted model in, arrays out; no database. A merchant's draws depend on its id, the day and the seed alone, not on which
other merchants are scored, on the process or on the order of rows. Two scenarios with one seed share their random numbers, and
the draws move smoothly with the counts, so equal counts give equal draws and a difference is free of Monte Carlo noise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import special

from analytics.trust.joint import Joint
from analytics.trust.prior import Floats, TrustModel, heard

_POOL = 1 << 20
_ORDERS = 1 << 12
_CHUNK = 250  # merchants at a time: their draws of all rates are 5 MB, and stay near the processor
_SLIGHT = 0.02  # a correlation below this is none
_MIX = np.uint64(0x9E3779B97F4A7C15)

Draws = NDArray[np.float32]


@dataclass(frozen=True)
class Posterior:
    """Beta(alpha, beta) of each merchant's rate, and the part of each that the prior gave, strength / (strength + orders), from 0
    to 1; all of shape (merchants, rates)."""

    alpha: Floats
    beta: Floats
    borrowed: Floats

    @property
    def mean(self) -> Floats:
        return self.alpha / (self.alpha + self.beta)


def posterior(counts: pd.DataFrame, model: TrustModel) -> Posterior:
    """Conjugate update of the category's prior by what is believed of the recency-weighted counts; `replace(model, lines=())` believes all.

    The weighted sum serves as the number of orders. Kish's effective number is never smaller, so intervals err to the wide side,
    and an added late order can only raise a late rate, which a rescaled count would not guarantee.
    """
    rows = model.rows(counts["category"])
    mean, strength = model.mean[rows], model.strength[rows]
    counted, total = heard(counts, model)
    alpha, beta = mean * strength + counted, (1 - mean) * strength + total - counted
    return Posterior(alpha, beta, np.minimum(strength / (alpha + beta), 1))  # rounding can lift it a hair above 1


def credit(rates: Floats, model: TrustModel) -> Floats:
    """Share of its points that a rate earns: 1 at `good` or better, 0 at `bad` or worse, in proportion between."""
    good = np.array([rate.good for rate in model.rates])
    bad = np.array([rate.bad for rate in model.rates])
    earned: Floats = np.clip((rates - bad) / (good - bad), 0, 1)
    return earned


def merchant_keys(merchant_ids: Sequence[str], as_of: str, seed: int) -> NDArray[np.uint64]:
    """A stable 64-bit key per merchant, day and seed (BLAKE2b; Python's hash() changes with each process)."""
    digests = [hashlib.blake2b(f"{seed}|{as_of}|{name}".encode(), digest_size=8).digest() for name in merchant_ids]
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)


def chunks(merchants: int) -> list[slice]:
    """The rows of so many merchants in stretches that `score_draws` works on at a time."""
    return [slice(start, min(start + _CHUNK, merchants)) for start in range(0, merchants, _CHUNK)]


def score_draws(joints: Joint, keys: NDArray[np.uint64], model: TrustModel, draws: int, rows: slice) -> Draws:
    """Scores (0–100) of the rows' merchants drawn from the joint posterior of their rates, shape (merchants, draws).

    A Gaussian copula over Beta marginals. The error of a rate is a part that it has in common with the merchant's other rates (one normal a
    merchant, times the loading) and a part of its own. Own parts of two rates that share orders (a late order is also badly reviewed)
    correlate as those orders do, √((1 − B)(1 − B')) of it with B the part that is borrowed from the prior.
    """
    total = np.zeros((rows.stop - rows.start, draws), dtype=np.float32)
    for earned in points_draws(joints, keys, model, draws, rows, range(len(model.rates))):
        total += earned
    return total


def points_draws(
    joints: Joint, keys: NDArray[np.uint64], model: TrustModel, draws: int, rows: slice, columns: Iterable[int]
) -> Iterator[Draws]:
    """The parts of `score_draws`: points (0 to max_points) that the rates of `columns` earn, each of shape (merchants, draws)."""
    asked = tuple(columns)
    for column, error in zip(asked, rate_errors(joints, keys, model, draws, rows, asked), strict=True):
        error *= np.float32(joints.widening)
        drawn = beta_quantiles(joints.alpha[rows, column], joints.beta[rows, column], error)
        yield points_of(drawn, model, column)


def points_of(rates: Draws, model: TrustModel, column: int) -> Draws:
    """Points (0 to max_points) that drawn rates earn; in place."""
    rate, most = model.rates[column], model.max_points[column]
    slope = most / (rate.good - rate.bad)
    rates *= np.float32(slope)
    rates -= np.float32(slope * rate.bad)
    return np.clip(rates, 0, np.float32(most), out=rates)


def rate_errors(
    joints: Joint, keys: NDArray[np.uint64], model: TrustModel, draws: int, rows: slice, columns: Iterable[int]
) -> Iterator[Draws]:
    """The errors of the rates of `columns` as standard normals (merchants, draws) that go together as the joint posterior says, not widened."""
    steps = _sharing(model)
    conduct = strata(keys[rows], "conduct", draws)
    noise: dict[int, Draws] = {}
    for column in columns:
        for one in (column, *(k for k, _ in steps[column])):
            if one not in noise:
                noise[one] = normals(keys[rows], model.rates[one].rate_id, draws)
        loading = joints.loading[rows, column]
        error = _own_error(column, noise, np.sqrt(1 - joints.borrowed[rows]), steps[column])
        error *= _column(np.sqrt(np.maximum(1 - loading**2, 0)))
        error += _column(loading) * conduct
        yield error


def _sharing(model: TrustModel) -> list[list[tuple[int, float]]]:
    """For each rate the earlier rates whose noise it shares, and how much: the rows of the Cholesky factor of the sharing of orders."""
    position = {rate.rate_id: column for column, rate in enumerate(model.rates)}
    shared = np.eye(len(position))
    for overlap in model.programme.overlaps:
        if {overlap.first, overlap.second} <= position.keys():
            first, second = position[overlap.first], position[overlap.second]
            shared[first, second] = shared[second, first] = overlap.correlation
    root = np.linalg.cholesky(shared)
    return [[(k, float(root[j, k])) for k in range(j) if abs(root[j, k]) > _SLIGHT] for j in range(len(root))]


def _own_error(column: int, noise: Mapping[int, Draws], seen: Floats, steps: list[tuple[int, float]]) -> Draws:
    """The rate's own normal with what it shares of earlier rates' mixed in, of unit variance; `seen` is √(1 − B) of every rate."""
    parts = [(k, weight * seen[:, column] * seen[:, k]) for k, weight in steps]
    left = 1 - sum((part**2 for _, part in parts), start=np.zeros(len(seen)))
    error = noise[column] * _column(np.sqrt(left))
    for k, part in parts:
        error += _column(part) * noise[k]
    return error


def beta_quantiles(alpha: Floats, beta: Floats, normals: Draws) -> Draws:
    """Quantiles of Beta(alpha, beta), one row each, at the probabilities of standard normals: they rise with them.

    A ratio G / (G + H) of gammas by Wilson and Hilferty's cube (1931, PNAS 17), a smooth function of the shapes, both driven by the one normal in
    proportion to their part in log G − log H. Quantiles from .025 up are off by less than .01 in probability for shapes from 0.5; below
    that the lower tail is cut at 0, which is a rate that earns full or no points anyway.
    """
    whole = alpha + beta
    first = _gamma(alpha, np.sqrt(beta / whole), normals)
    second = _gamma(beta, -np.sqrt(alpha / whole), normals)
    second += first
    np.divide(first, second, out=first, where=second > 0)
    return first


def _column(values: Floats) -> Draws:
    return values[:, None].astype(np.float32)


def _gamma(shape: Floats, part: Floats, normals: Draws) -> Draws:
    """Wilson and Hilferty's gamma, shape · (1 − 1/9shape + part · normal / 3√shape)³."""
    root = np.cbrt(shape)
    roots = normals * _column(root * part / (3 * np.sqrt(shape)))
    roots += _column(root * (1 - 1 / (9 * shape)))
    np.maximum(roots, 0, out=roots)
    cubes = roots * roots
    cubes *= roots
    return cubes


def normals(keys: NDArray[np.uint64], name: str, draws: int) -> Draws:
    """Standard normals, a run of `draws` for each key and stream: (keys, draws)."""
    pool = _pool(draws)
    return pool[_starts(keys, name, len(pool))]


def strata(keys: NDArray[np.uint64], name: str, draws: int) -> Draws:
    """Standard normals that fill the distribution evenly, in an order of each key's own: (keys, draws). What matters most for a score is
    drawn so, and ends of an interval scatter a third less."""
    orders = _orders(draws)
    return orders[_starts(keys, name, len(orders))]


def _starts(keys: NDArray[np.uint64], name: str, positions: int) -> NDArray[np.intp]:
    """Where in the pool a merchant's run of draws begins: its key and the stream's name, mixed by SplitMix64's finaliser."""
    stream = np.frombuffer(hashlib.blake2b(name.encode(), digest_size=8).digest(), dtype="<u8")[0]
    mixed = (keys ^ stream) * _MIX
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    starts: NDArray[np.intp] = (mixed % np.uint64(positions)).astype(np.intp)
    return starts


@cache
def _pool(draws: int) -> Draws:
    """Runs of `draws` standard normals, as views of one pool that every merchant reads from other places: copying a run costs a
    tenth of generating it, and two merchants' draws of one index coincide once in a million."""
    generator = np.random.default_rng(20_260_101)
    return sliding_window_view(generator.standard_normal(_POOL + draws, dtype=np.float32), draws)


@cache
def _orders(draws: int) -> Draws:
    """The normal quantiles of the middles of `draws` equal parts, in many orders."""
    generator = np.random.default_rng(20_260_102)
    even = special.ndtri((np.arange(draws) + 0.5) / draws).astype(np.float32)
    return generator.permuted(np.tile(even, (_ORDERS, 1)), axis=1)
