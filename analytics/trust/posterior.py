"""Posteriors of the rates and reproducible draws from them.

Counts and a fitted model in, arrays out; no database. A merchant's draws depend on its id, the day and the seed alone, not on which
other merchants are scored, on the process or on the order of rows. Two scenarios with one seed share their random numbers, and
the draws move smoothly with the counts, so equal counts give equal draws and a difference is free of Monte Carlo noise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from analytics.trust.prior import Floats, TrustModel, recent

_POOL = 1 << 20
_CHUNK = 1_000  # merchants at a time: 400 draws of them are 1.6 MB, and stay in the processor's cache
_MIX = np.uint64(0x9E3779B97F4A7C15)

Draws = NDArray[np.float32]


@dataclass(frozen=True)
class Posterior:
    """Beta(alpha, beta) of each merchant's rate; both have shape (merchants, rates)."""

    alpha: Floats
    beta: Floats

    @property
    def mean(self) -> Floats:
        return self.alpha / (self.alpha + self.beta)


def posterior(counts: pd.DataFrame, model: TrustModel) -> Posterior:
    """Conjugate update of the category's prior by the recency-weighted counts.

    The weighted sum serves as the number of orders. Kish's effective number is never smaller, so intervals err to the wide side,
    and an added late order can only raise a late rate, which a rescaled count would not guarantee.
    """
    rows = model.rows(counts["category"])
    mean, strength = model.mean[rows], model.strength[rows]
    alpha, beta = mean * strength, (1 - mean) * strength
    for column, rate in enumerate(model.rates):
        numerator, denominator = recent(counts, rate)
        alpha[:, column] += numerator
        beta[:, column] += denominator - numerator
    return Posterior(alpha, beta)


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


def score_draws(
    posteriors: Posterior, keys: NDArray[np.uint64], model: TrustModel, draws: int
) -> Iterator[tuple[slice, Draws]]:
    """Scores (0–100) drawn from the posteriors, chunk by chunk: the rows' slice and an array (merchants, draws)."""
    for start in range(0, len(keys), _CHUNK):
        rows = slice(start, min(start + _CHUNK, len(keys)))
        total = np.zeros((rows.stop - rows.start, draws), dtype=np.float32)
        for column, rate in enumerate(model.rates):
            drawn = _beta(
                posteriors.alpha[rows, column], posteriors.beta[rows, column], keys[rows], rate.rate_id, draws
            )
            drawn -= np.float32(rate.bad)
            drawn *= np.float32(1 / (rate.good - rate.bad))
            np.clip(drawn, 0, 1, out=drawn)
            drawn *= np.float32(model.max_points[column])
            total += drawn
        yield rows, total


def _beta(alpha: Floats, beta: Floats, keys: NDArray[np.uint64], name: str, draws: int) -> Draws:
    first = _gamma(alpha, keys, f"{name}|alpha", draws)
    second = _gamma(beta, keys, f"{name}|beta", draws)
    second += first
    first /= second
    return first


def _gamma(shape: Floats, keys: NDArray[np.uint64], name: str, draws: int) -> Draws:
    """Gamma(shape) variates, smooth in the shape: G(a) = G(a + 1) U^(1/a), and G(a + 1) by Wilson and Hilferty's cube
    (1931, PNAS 17) of a normal. The largest error of the distribution function is .003 (a = 1), .001 from a = 5 on."""
    normals, exponentials = _pools(draws)
    raised = (shape + 1)[:, None]
    variates = normals[_starts(keys, f"{name}|normal", len(normals))]
    variates *= (1 / (3 * np.sqrt(raised))).astype(np.float32)
    variates += (1 - 1 / (9 * raised)).astype(np.float32)
    np.maximum(variates, 0, out=variates)
    cubes = variates * variates
    cubes *= variates
    cubes *= raised.astype(np.float32)
    powers = exponentials[_starts(keys, f"{name}|power", len(exponentials))]
    powers *= (-1 / shape[:, None]).astype(np.float32)
    cubes *= np.exp(powers, out=powers)
    return cubes


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
def _pools(draws: int) -> tuple[Draws, Draws]:
    """Runs of `draws` standard normals and exponentials, as views of two pools that every merchant reads from another place:
    copying a run costs a tenth of generating it, and two merchants' draws of one index coincide once in a million."""
    generator = np.random.default_rng(20_260_101)
    normals = generator.standard_normal(_POOL + draws, dtype=np.float32)
    exponentials = generator.standard_exponential(_POOL + draws, dtype=np.float32)
    return sliding_window_view(normals, draws), sliding_window_view(exponentials, draws)
