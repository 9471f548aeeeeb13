"""Attacks and rings as pages ask for them: what false evidence would do to our own merchants, and who shares reviewers. Words stay msgids.

Every function that reads data takes a snapshot id first. What is computed belongs to the end of a window. Knows no page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from app.i18n import N_
from app.services import trust
from app.services.private import masked_rows
from app.services.runtime import cached
from app.services.scores import scores
from app.services.warehouse import cursor, filter_options

if TYPE_CHECKING:
    from analytics.metrics import Scope
    from analytics.trust.attacks import Evidence
    from analytics.trust.rings import Ring

SEED = 20261127  # the same attack for everybody who looks at a snapshot
TOP = "top"
METHOD_LABELS = {
    "trustdesk": N_("TrustDesk score"),
    "ours": N_("Standing of orders"),
    "mean": N_("Mean rating"),
    "wilson": N_("Wilson's lower bound"),
    "beta": N_("Beta reputation"),
    "eb": N_("Empirical Bayes on ratings"),
    "orders_eb": N_("Empirical Bayes on orders"),
}


@dataclass(frozen=True)
class AttackInfo:
    """An attack as the page offers it: label and text are msgids, `sizes` in the attack's unit (`share` 0–1, or `count`)."""

    name: str
    label: str
    text: str
    sizes: tuple[float, ...]
    unit: str


ATTACKS = (
    AttackInfo("stuffed", N_("Bought praise"), N_("Adds this share of the merchant's own ratings with five stars, by accounts used three times each."), (0.10, 0.25, 0.50, 1.00), "share"),
    AttackInfo("sybils", N_("Made-up accounts"), N_("So many new accounts order once each and give five stars."), (10, 50, 200), "count"),
    AttackInfo("slandered", N_("Slander"), N_("This share of the merchant's buyers give one star to every order they have with it."), (0.05, 0.10, 0.20), "share"),
    AttackInfo("betrayed", N_("Dear orders betrayed"), N_("So many orders of twenty times the usual value are taken at the end and not served."), (1, 5, 20), "count"),
)  # fmt: skip


@dataclass(frozen=True)
class RaterStanding:
    """Who rates a merchant: shares 0–1, means in stars (None without ratings), `value_score` and `score` 0–1."""

    rating_count: int
    credible_share: float | None
    rating_mean: float | None
    credible_mean: float | None
    value_mean: float | None
    score: float
    ci_low: float
    ci_high: float
    value_score: float
    is_imbalanced: bool
    is_on_probation: bool


@cached
def simulate(snapshot_id: str, day: date, attack: str, size: float, merchant: str) -> pd.DataFrame:
    """What an attack on a merchant (or on the TOP tenth by trust score) would do: a row a method of METHOD_LABELS.

    Columns: method, score_before, score_after (0–100, each on its own scale), percentile_before, percentile_after, shift (of 100; the mean over the merchants), n (merchants).
    """
    from analytics.trust.attacks import attack as run
    from analytics.trust.attacks import best_tenth

    evidence, clean = _evidence(snapshot_id, day, ())
    if merchant != TOP and merchant not in set(
        evidence.merchants["merchant_id"]
    ):  # not in the sample of a large marketplace
        evidence, clean = _evidence(snapshot_id, day, (merchant,))
    chosen = best_tenth(evidence) if merchant == TOP else [merchant]
    frame = run(evidence, attack, size, chosen, SEED, clean)
    columns = ["score_before", "score_after", "percentile_before", "percentile_after"]
    means = frame.groupby("method")[columns].mean().reindex(list(METHOD_LABELS))
    means[["score_before", "score_after"]] *= 100
    means["shift"] = means["percentile_after"] - means["percentile_before"]
    return means.assign(n=len(chosen)).reset_index()


def targets(snapshot_id: str, scope: Scope) -> dict[str, str]:
    """A scope's merchants with a trust score at the end of its window: id → name."""
    names = filter_options(snapshot_id).merchants
    found = trust.scope_scores(snapshot_id, scope)
    return {score.merchant_id: names[score.merchant_id] for score in found if score.score is not None}


def rings(snapshot_id: str, day: date) -> tuple[Ring, ...]:
    """Merchants that share reviewers more than chance explains, at the end of a day."""
    return _rings(snapshot_id, trust.as_of_day(snapshot_id, day))


def ring_ids(snapshot_id: str, day: date | None = None) -> set[str]:
    """The rings of all that is known, and those at the end of a day."""
    found = (*_rings(snapshot_id, None), *(() if day is None else rings(snapshot_id, day)))
    return {ring.ring_id for ring in found}


@cached
def _rings(snapshot_id: str, as_of: date | None) -> tuple[Ring, ...]:
    from analytics.trust.rings import find_rings, read_reviews

    with cursor(snapshot_id, as_of) as opened:
        return find_rings(read_reviews(opened))


def ring_rows(snapshot_id: str) -> list[dict[str, object]]:
    """A row a ring of all that is known, as the command prints it: with every piece of its evidence."""
    return [
        {
            "ring_id": ring.ring_id,
            "members": list(ring.members),
            "shared": ring.shared,
            "expected": ring.expected,
            "p_value": ring.p_value,
            "text_share": ring.texts.share,
            "usual_text_share": ring.texts.usual_share,
            "burst_days": [first.isoformat() for first, _, _ in ring.burst_days],
            "reviewers": [{"buyer_id": buyer, "members": n} for buyer, n in ring.reviewers],
            "links": [asdict(link) for link in ring.links],
            "similar_texts": ring_texts(ring).to_dict("records"),
            "order_ids": list(ring.order_ids),
        }
        for ring in _rings(snapshot_id, None)
    ]


def ring_table(found: Sequence[Ring]) -> pd.DataFrame:
    """A row a ring: ring_id, members, reviewers, shared, expected, p_value (text), texts (share), bursts."""
    rows = [
        (
            ring.ring_id,
            len(ring.members),
            len(ring.reviewers),
            ring.shared,
            ring.expected,
            _chance(ring.p_value),
            ring.texts.share,
            ring.texts.usual_share,
            len(ring.burst_days),
            len(ring.order_ids),
        )
        for ring in found
    ]
    columns = [
        "ring_id",
        "members",
        "reviewers",
        "shared",
        "expected",
        "p_value",
        "texts",
        "usual_texts",
        "bursts",
        "orders",
    ]
    return pd.DataFrame(rows, columns=columns)


def ring_members(snapshot_id: str, day: date, ring: Ring) -> pd.DataFrame:
    """A row a member: merchant_id, name, score, level, shared (reviewers with the other members), praised (by the ring's reviewers)."""
    names = filter_options(snapshot_id).merchants
    known = {score.merchant_id: score for score in scores(snapshot_id, trust.as_of_day(snapshot_id, day))}
    shared = dict.fromkeys(ring.members, 0)
    for link in ring.links:
        shared[link.merchant_id] += link.shared
        shared[link.other_id] += link.shared
    rows = [
        (
            member,
            names.get(member, member),
            known[member].score if member in known else None,
            (known[member].level or known[member].status) if member in known else None,
            shared[member],
        )
        for member in ring.members
    ]
    return pd.DataFrame(rows, columns=["merchant_id", "name", "score", "level", "shared"]).astype({"score": float})


def ring_links(snapshot_id: str, ring: Ring) -> pd.DataFrame:
    """A row a pair of members: name, other, shared, expected, p_value (text)."""
    names = filter_options(snapshot_id).merchants
    return pd.DataFrame(
        [
            (names.get(link.merchant_id, link.merchant_id), names.get(link.other_id, link.other_id), link.shared, link.expected, _chance(link.p_value))
            for link in ring.links
        ],
        columns=["name", "other", "shared", "expected", "p_value"],
    )  # fmt: skip


def ring_reviewers(ring: Ring) -> pd.DataFrame:
    """A row a reviewer: buyer_id (pseudonymous), members (that they praised)."""
    return pd.DataFrame(list(ring.reviewers), columns=["buyer_id", "members"])


def ring_texts(ring: Ring) -> pd.DataFrame:
    """A row a pair of reviews in nearly the same words, private data masked: order_id, other_id, text, other, likeness (0–1)."""
    pairs = pd.DataFrame(list(ring.texts.pairs), columns=["order_id", "other_id", "text", "other", "likeness"])
    return masked_rows(pairs, ("text", "other"))


@cached
def rater_standing(snapshot_id: str, day: date, merchant_id: str) -> RaterStanding | None:
    """Who rates a merchant and what its orders say by weight and by value; None when it has no order in the window."""
    frame = _standings(snapshot_id, day)
    row = frame[frame["merchant_id"] == merchant_id]
    if row.empty and merchant_id in filter_options(snapshot_id).merchants:  # not in the sample of a large marketplace
        frame = _standings(snapshot_id, day, (merchant_id,))
        row = frame[frame["merchant_id"] == merchant_id]
    if row.empty or not int(row["n"].iloc[0]):
        return None
    told = row.iloc[0]

    def known(name: str) -> float | None:
        return None if pd.isna(told[name]) else float(told[name])

    return RaterStanding(
        int(told["rating_count"]),
        known("credible_share"),
        known("rating_mean"),
        known("credible_mean"),
        known("value_mean"),
        float(told["score"]),
        float(told["ci_low"]),
        float(told["ci_high"]),
        float(told["value_score"]),
        bool(told["is_imbalanced"]),
        bool(told["is_on_probation"]),
    )


@cached
def _standings(snapshot_id: str, day: date, kept: tuple[str, ...] = ()) -> pd.DataFrame:
    from analytics.trust.credibility.order_standing import stand
    from analytics.trust.standing_rows import read_orders

    with cursor(snapshot_id, trust.as_of_day(snapshot_id, day)) as opened:
        orders, merchants, at = read_orders(opened, kept)
    return stand(orders, merchants, at).by_merchant


@cached
def _evidence(snapshot_id: str, day: date, kept: tuple[str, ...]) -> tuple[Evidence, dict[str, pd.Series[float]]]:
    """What is attacked, and its scores before."""
    from analytics.trust.attacks import clean_scores
    from analytics.trust.standing_rows import read_evidence

    with cursor(snapshot_id, trust.as_of_day(snapshot_id, day)) as opened:
        evidence = read_evidence(opened, kept)
    return evidence, clean_scores(evidence)


def _chance(p: float) -> str:
    return "< 1e-99" if p < 1e-99 else f"{p:.1e}"
