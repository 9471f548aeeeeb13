"""Where the score bounds what reviews say beyond a merchant's facts: the sentences that tell it, in the reader's language. Knows no page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from app.i18n import _, difference, joined, rate

if TYPE_CHECKING:
    from analytics.trust import ComponentRate
    from analytics.trust.changes import ScoreChange

LEAST = 0.0005  # points: what is shown as none


def rate_sentences(rates: Iterable[ComponentRate]) -> tuple[str, ...]:
    """A sentence a rate that a bound holds: from what it says by itself to what counts, beside which facts and by how much at most."""
    from analytics.trust import default_programme

    programme = default_programme()
    labels = {one.rate_id: _(one.label) for one in programme.rates}
    bounds = {bound.rate: bound for bound in programme.bounds}
    return tuple(
        _(
            "{rate}: {alone} by itself, {counted} counts. What it says beyond the merchant's facts counts by {bound} at most; the facts: {facts}.",
            rate=labels[one.rate_id],
            alone=rate(one.unbounded_mean),
            counted=rate(one.posterior_mean),
            bound=rate(bounds[one.rate_id].bound),
            facts=joined([labels[fact] for fact in bounds[one.rate_id].facts]),
        )
        for one in rates
        if one.unbounded_mean is not None
    )


def change_sentence(split: ScoreChange) -> str | None:
    """What the bound makes of a change; None where it makes nothing."""
    points = float(split.rates["bounded"].sum())
    if split.rates["bounded"].abs().max() < LEAST:
        return None
    return _(
        "Orders are listed as if every review were believed. What reviews say beyond the merchant's facts counts up to a bound: that makes {points} points of the change, which belong to no single order.",
        points=difference(points, "points"),
    )
