"""Which stretches of days lie outside what was to be expected: p-values calibrated on the panel itself, then false-discovery control.

Knows arrays only: no cursor, no metric's name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats
from statsmodels.stats.multitest import multipletests

from analytics.watch.expected import Bools, Expected, Floats, expect

WINDOWS = (1, 2, 3, 5, 7)  # days looked at together; a merchant of five orders a day shows nothing in one
BETWEEN = 0.2  # variance of the merchants' true spreads around that of their size, relative to its square
SIZES = 8  # bands of merchants by volume
TRIM = 3.5  # standard deviations beyond which a day does not count towards the spread
CROWD = 0.05  # share of merchants that may stray in one direction before it is the marketplace's movement
TAIL = (
    0.1,
    0.0316,
    0.01,
)  # upper probabilities at which the panel's own tail is measured; incidents lie beyond the last
SHAPE = (0.02, 0.1)  # what its shape is held to
TAIL_CELLS = 20
LEAST_STEP = 1.5  # between the probabilities of the tail's three quantiles: nearer ones tell nothing of its shape
STRAYS = 0.8  # central share of the merchants that a day is measured by
UNUSUAL = 1.4  # times the variance due from which a day is the marketplace's own
LEAST_DUE = 3.0  # expected events from which an empty day is no chance
CORE = 0.8  # share of a window's surprise that a shorter one inside it must have to stand for it
CEILING = 0.01  # p-values above it are never a discovery
PASSES = 5
WORTH_A_LOOK = 1.2  # standard deviations below which an exact probability decides nothing


@dataclass(frozen=True)
class Episode:
    """A stretch of days of one merchant (places in the panel, both included) and its verdict.

    observed, expected, low, high: sums of y over the stretch; low … high holds `level` of what chance brings. exposure: its sum.
    """

    merchant: int
    first: int
    last: int
    is_up: bool
    observed: float
    expected: float
    low: float
    high: float
    exposure: float
    p_value: float
    q_value: float


@dataclass(frozen=True)
class _Scale:
    """Sums over windows of one length, at their last day; all (merchants, days). `spread` multiplies the plain variance."""

    length: int
    observed: Floats
    expected: Floats
    exposure: Floats
    spread: Floats
    is_eligible: Bools
    forgiven: Floats  # what a fall is forgiven: a single empty day is a day off, or lost data


def _windowed(values: Floats, length: int) -> Floats:
    total = np.cumsum(values, axis=1)
    total[:, length:] = total[:, length:] - total[:, :-length]
    return total


def _is_day_off(y: Floats, expected: Floats) -> Bools:
    """Empty days beside no other empty one; a day that chance may well leave empty, a closed Sunday, counts as neither."""
    empty = np.pad((y == 0) & (expected >= LEAST_DUE), ((0, 0), (1, 1)))
    return np.asarray(empty[:, 1:-1] & ~empty[:, :-2] & ~empty[:, 2:])


def _largest(values: Floats, length: int) -> Floats:
    """The largest value of each window."""
    found = values.copy()
    for back in range(1, length):
        found[:, back:] = np.maximum(found[:, back:], values[:, :-back])
    return found


def _plain_variance(expected: Floats, exposure: Floats, *, is_count: bool) -> Floats:
    if is_count:
        return expected
    return np.asarray(expected * (1 - np.divide(expected, exposure, out=np.zeros_like(expected), where=exposure > 0)))


def _excess(residual: Floats, plain: Floats, base: Floats, is_used: Bools, length: int) -> Floats:
    """Each merchant's variance beyond the plain one, per unit of `base`, leaning on that of merchants of its size; (merchants, 1).

    How far it leans follows from how well its own days tell: windows of `length` days overlap, and few events tell little. Days
    beyond TRIM are held to it, so that an incident does not hide itself.
    """
    days = np.maximum(is_used.sum(axis=1), 1)
    own_plain, own_base = (np.where(is_used, values, 0.0).sum(axis=1) for values in (plain, base))
    bands = max(1, min(SIZES, len(days) // 20))
    band = np.searchsorted(np.quantile(own_plain / days, np.linspace(0, 1, bands + 1)[1:-1]), own_plain / days)
    squares = residual**2
    ratio = np.divide(squares, plain, out=np.full_like(plain, np.nan), where=is_used & (plain > 0))
    ratio[np.isnan(ratio).all(axis=1)] = 0.0
    typical = np.nanmedian(ratio, axis=1) / stats.chi2.median(1)
    excess = np.maximum(typical - 1, 0.0) * own_plain / np.maximum(own_base, 1e-9)
    for _ in range(3):
        top = TRIM**2 * (plain + excess[:, None] * base)
        beyond = np.where(is_used, np.minimum(squares, top) - plain, 0.0).sum(axis=1)
        peers = np.bincount(band, beyond, bands) / np.maximum(np.bincount(band, own_base, bands), 1e-9)
        peers = np.maximum(peers, 1e-3)[band]
        plain_share = own_plain / np.maximum(own_base, 1e-9)
        noise = (2 + 2 * days / np.maximum(own_plain, 1e-9)) * (plain_share / peers + 1) ** 2 * length / days
        own = beyond / np.maximum(own_base, 1e-9)
        excess = np.maximum((BETWEEN * own + noise * peers) / (BETWEEN + noise), 0.2 * peers)
    return np.asarray(excess[:, None])


def _day_excess(residual: Floats, variance: Floats, plain: Floats, is_eligible: Bools) -> Floats:
    """What a day adds to everybody's variance, per unit of the plain variance squared; (1, days), 0 on a usual day.

    A campaign moves each merchant in its own measure. On a day that strays further than chance lets the larger half of the merchants
    stray, the addition is what brings their central share of STRAYS back to its due.
    """
    found = np.zeros((1, residual.shape[1]))
    due = stats.norm.ppf((1 + STRAYS) / 2)
    for t in np.flatnonzero(is_eligible.sum(axis=0) >= 1 / CROWD):
        at = is_eligible[:, t]
        at = at & (plain[:, t] >= np.median(plain[at, t]))
        squares, own, unit = residual[at, t] ** 2, variance[at, t], plain[at, t] ** 2
        if np.quantile(squares / own, STRAYS) > UNUSUAL * due**2:
            # the quantile falls as the addition grows, so that its due is found by halving on a logarithmic scale
            low, high = 1e-6, 100.0
            for _ in range(20):
                middle = np.sqrt(low * high)
                is_above = np.quantile(squares / (own + middle * unit), STRAYS) > due**2
                low, high = (middle, high) if is_above else (low, middle)
            found[0, t] = high
    return found


def _scales(y: Floats, found: Expected, floor: float, *, is_count: bool) -> list[_Scale]:
    """The windows of every length. Their spread is each merchant's own, what unusual days add, and how little the past holds."""
    value = np.where(found.is_known, found.value, 0.0)
    moved = np.zeros_like(y)  # standard deviation that an unusual day adds
    scales = []
    for length in (length for length in WINDOWS if length <= y.shape[1]):
        is_known = _windowed(found.is_known.astype(float), length) == length
        observed, expected, exposure = (_windowed(sums, length) for sums in (y, value, found.exposure))
        is_eligible = is_known & ((expected if is_count else exposure) >= floor) & (expected > 0)
        plain = _plain_variance(expected, exposure, is_count=is_count)
        base = expected**2 if is_count else plain
        residual = observed - expected
        if length == 1:
            by_day = _day_excess(
                residual, plain + _excess(residual, plain, base, is_eligible, 1) * base, plain, is_eligible
            )
            moved = np.sqrt(by_day) * plain
            is_usual = by_day == 0
        added = _windowed(moved, length)
        is_used = is_eligible & (_windowed(is_usual.astype(float), length) == length)
        excess = _excess(
            residual, plain, base, is_used if 4 * is_used.sum() > is_eligible.sum() else is_eligible, length
        )
        excess = excess + np.divide(added**2, base, out=np.zeros_like(base), where=base > 0)
        excess = excess + found.uncertainty * (1.0 if is_count else exposure)
        forgiven = _largest(np.where(_is_day_off(y, value), value, 0.0) if is_count else np.zeros_like(y), length)
        scales.append(_Scale(length, observed, expected, exposure, excess, is_eligible, forgiven))
    return scales


def _upper(y: Floats, expected: Floats, exposure: Floats, spread: Floats, *, is_count: bool) -> Floats:
    """P(at least y) when `expected` was due, ties counted half. A count is negative binomial with the spread as its excess over
    Poisson; a share is binomial on as many rows as the spread leaves."""
    if is_count:
        size = 1 / np.maximum(spread, 1e-6)
        at = size / (size + expected)
        return np.asarray(0.5 * (stats.nbinom.sf(y, size, at) + stats.nbinom.sf(y - 1, size, at)))
    rows, share = exposure / (1 + spread), np.clip(expected / exposure, 1e-9, 1 - 1e-9)
    hits, step = y / (1 + spread), 0.5 / (1 + spread)
    return _share_above(np.maximum(hits - step, 0) + 0.5, rows, share)


def _lower(y: Floats, expected: Floats, exposure: Floats, spread: Floats, *, is_count: bool) -> Floats:
    """P(at most y), alike."""
    if not is_count:
        return _upper(exposure - y, exposure - expected, exposure, spread, is_count=False)
    size = 1 / np.maximum(spread, 1e-6)
    at = size / (size + expected)
    return np.asarray(0.5 * (stats.nbinom.cdf(y, size, at) + stats.nbinom.cdf(y - 1, size, at)))


def _share_above(hits: Floats, rows: Floats, share: Floats) -> Floats:
    """P(at least `hits` of `rows`), both of any fraction: the regularised incomplete beta function is the binomial's tail."""
    inside = np.asarray(special.betainc(np.maximum(hits, 1e-9), np.maximum(rows - hits + 1, 1e-9), share))
    return np.where(hits <= 0, 1.0, inside)


def _surprise(scale: _Scale, *, is_count: bool) -> tuple[Floats, Floats]:
    """−ln of the probability of at least, and of at most, what was seen; 0 where there is nothing to look at."""
    plain = _plain_variance(scale.expected, scale.exposure, is_count=is_count)
    variance = plain + scale.spread * (scale.expected**2 if is_count else plain)
    found = []
    for sign, tail in ((1.0, _upper), (-1.0, _lower)):
        observed = scale.observed if sign > 0 else scale.observed + scale.forgiven
        z = np.divide(observed - scale.expected, np.sqrt(variance), out=np.zeros_like(variance), where=variance > 0)
        surprise = np.zeros_like(z)
        at = scale.is_eligible & (sign * z > WORTH_A_LOOK)
        p = tail(observed[at], scale.expected[at], scale.exposure[at], scale.spread[at], is_count=is_count)
        surprise[at] = -np.log(np.clip(p, 1e-300, 1.0))
        found.append(_uncrowded(surprise, scale.is_eligible))
    return found[0], found[1]


def _uncrowded(surprise: Floats, is_eligible: Bools) -> Floats:
    """Surprises of a day on which more than chance's share of the merchants strays the same way, scaled back to chance."""
    due = -np.log(CROWD)
    for t in np.flatnonzero(is_eligible.sum(axis=0) >= 1 / CROWD):
        own = surprise[is_eligible[:, t], t]
        crowd = np.quantile(own, 1 - CROWD)
        if crowd > due:
            surprise[:, t] *= due / crowd
    return surprise


def _calibrated(surprise: Floats, is_taught: Bools) -> Floats:
    """P-values of surprises as rare as the panel's own days make them: ranks in the bulk, a generalised Pareto tail beyond.

    −ln p of a right model has an exponential tail of scale 1. Three quantiles of the panel give the real scale (never below 1) and
    shape (never below 0), as Pickands (1975, Annals of Statistics 3) reads them from spacings. A panel of too few cells is read inwards from the first.
    """
    pool = np.sort(surprise[is_taught])
    if len(pool) < TAIL_CELLS:  # too few to tell what is rare
        return np.ones_like(surprise)
    step = min(TAIL[1] / TAIL[2], np.sqrt(TAIL[0] * len(pool) / TAIL_CELLS))
    step = step if step >= LEAST_STEP else min(step, 1 / LEAST_STEP)
    near, middle, far = np.quantile(pool, [1 - TAIL[0], 1 - TAIL[0] / step, 1 - TAIL[0] / step**2])
    shape = np.log(max(far - middle, 1e-9) / max(middle - near, 1e-9)) / np.log(step)
    shape = float(np.clip(shape, *SHAPE))
    scale = shape * (far - near) / (step ** (2 * shape) - 1)
    tail = TAIL[0] * stats.genpareto.sf(surprise - near, shape, scale=max(scale, 1.0))
    bulk = 1 - np.searchsorted(pool, surprise, side="left") / len(pool)
    return np.where(surprise > near, tail, np.maximum(bulk, TAIL[0]))


@dataclass(frozen=True)
class _Stretch:
    merchant: int
    first: int
    last: int
    is_up: bool
    p_value: float


def _core(every: Floats, last: int) -> range:
    """The days of the window that surprises most of those ending with column `last`, or the shortest inside it that surprises nearly as
    much: a spike is told by its day, not by the quiet one beside it. every: (lengths, days)."""
    place = int(every[:, last].argmax())
    first = last - WINDOWS[place] + 1
    enough = CORE * every[place, last]
    for shorter, length in enumerate(WINDOWS[:place]):
        inside = every[shorter, first + length - 1 : last + 1]
        if inside.max() >= enough:
            end = first + length - 1 + int(inside.argmax())
            return range(end - length + 1, end + 1)
    return range(first, last + 1)


def _stretches(p: Floats, every: Floats, is_up: bool, first_judged: int) -> list[_Stretch]:
    """Of each merchant the most surprising stretches that share no day, of those ending on or after the column `first_judged`."""
    rows, days = np.nonzero(p[:, first_judged:] < CEILING)
    days = days + first_judged
    order = np.argsort(p[rows, days], kind="stable")
    taken: dict[int, set[int]] = {}
    found = []
    for row, last in zip(rows[order].tolist(), days[order].tolist(), strict=True):
        days_of = _core(every[:, row, :], last)
        used = taken.setdefault(row, set())
        if used.isdisjoint(days_of):
            used.update(days_of)
            found.append(_Stretch(row, days_of[0], days_of[-1], is_up, float(p[row, last])))
    return found


def judge(
    y: Floats,
    exposure: Floats | None,
    *,
    first_day: date,
    first_judged: int,
    floor: float,
    q: float,
    is_asked: NDArray[np.bool_] | None = None,
    is_seen: Bools | None = None,
) -> list[Episode]:
    """The stretches that end on or after the column `first_judged` and are false with a share of at most q, surest first.

    y, exposure: as in `expect`. floor: what a stretch must at least be expected to hold (count) or rest on (share).
    is_asked: (merchants,), those to judge (default: all); the others say what is usual. is_seen: as in `expect`.
    """
    is_count = exposure is None
    if exposure is not None and 2 * y.sum() > exposure.sum():  # the rarer outcome tells; the other is its mirror image
        mirrored = judge(
            exposure - y,
            exposure,
            first_day=first_day,
            first_judged=first_judged,
            floor=floor,
            q=q,
            is_asked=is_asked,
            is_seen=is_seen,
        )
        return [_mirror_of(episode) for episode in mirrored]
    expected = expect(y, exposure, first_weekday=first_day.weekday(), is_seen=is_seen)
    scales = _scales(y, expected, floor, is_count=is_count)
    surprises = [_surprise(scale, is_count=is_count) for scale in scales]
    is_eligible = np.logical_or.reduce([scale.is_eligible for scale in scales])
    best = [np.stack([surprise[direction] for surprise in surprises]) for direction in (0, 1)]
    is_judged = is_eligible if is_asked is None else is_eligible & is_asked[:, None]
    if not is_judged[:, first_judged:].any():
        return []
    is_taught, kept = is_eligible.copy(), dict[_Stretch, float]()
    for _ in range(PASSES):
        found = _discoveries(best, is_judged, is_taught, first_judged, q)
        if found.keys() == kept.keys():
            break
        kept = found
        for stretch in kept:  # what was found no longer teaches what is usual; without a finding nothing changes
            is_taught[stretch.merchant, stretch.first : stretch.last + max(WINDOWS)] = False
    return [_episode(stretch, q_value, scales, is_count=is_count) for stretch, q_value in kept.items()]


def _mirror_of(episode: Episode) -> Episode:
    rows = episode.exposure
    return replace(
        episode,
        is_up=not episode.is_up,
        observed=rows - episode.observed,
        expected=rows - episode.expected,
        low=rows - episode.high,
        high=rows - episode.low,
    )


def _discoveries(
    surprises: list[Floats], is_judged: Bools, is_taught: Bools, first_judged: int, q: float
) -> dict[_Stretch, float]:
    """Stretch → q-value, surest first. Each stands once for all windows that it was found by; windows looked at and passed over
    count as tests with p = 1, which keeps the rate of false stretches below q (Benjamini & Hochberg 1995)."""
    found = []
    for every, is_up in zip(surprises, (True, False), strict=True):
        p = np.minimum(2 * _calibrated(every.max(axis=0), is_taught), 1.0)  # two directions
        found += _stretches(np.where(is_judged, p, 1.0), every, is_up, first_judged)
    p_values = np.ones(max(int(is_judged[:, first_judged:].sum()), len(found)))
    p_values[: len(found)] = [stretch.p_value for stretch in found]
    is_found, q_values = multipletests(p_values, alpha=q, method="fdr_bh")[:2]
    pairs = [(stretch, float(q_values[i])) for i, stretch in enumerate(found) if is_found[i]]
    return dict(sorted(pairs, key=lambda pair: (pair[0].p_value, pair[0].merchant, pair[0].first)))


def _episode(stretch: _Stretch, q_value: float, scales: list[_Scale], *, is_count: bool) -> Episode:
    scale = next(scale for scale in scales if scale.length == stretch.last - stretch.first + 1)
    at = (stretch.merchant, stretch.last)
    e, x, s = float(scale.expected[at]), float(scale.exposure[at]), float(scale.spread[at])
    low, high = _interval(e, x, s, is_count=is_count)
    return Episode(
        stretch.merchant,
        stretch.first,
        stretch.last,
        stretch.is_up,
        float(scale.observed[at]),
        e,
        low,
        high,
        x,
        stretch.p_value,
        q_value,
    )


def _interval(expected: float, exposure: float, spread: float, *, is_count: bool) -> tuple[float, float]:
    """What 95 % of such stretches hold."""
    if is_count:
        size = 1 / max(spread, 1e-6)
        low, high = stats.nbinom.ppf([0.025, 0.975], size, size / (size + expected))
        return float(low), float(high)
    share, rows = expected / exposure, exposure / (1 + spread)
    low, high = stats.beta.ppf([0.025, 0.975], rows * share + 1e-9, rows * (1 - share) + 1e-9)
    return float(low) * exposure, float(high) * exposure
