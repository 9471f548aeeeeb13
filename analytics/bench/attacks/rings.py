"""Attack 8: merchants that share reviewers, with the traces that such rings leave. Knows no finder of rings."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analytics.bench.attacks import forged
from analytics.bench.attacks.forged import Forgery, forge, with_orders
from analytics.bench.attacks.market import DAY, Ints, Market
from analytics.bench.attacks.truth import Attacked, Truth
from analytics.bench.attacks.words import review_texts

_COVER = 0.75  # share of the members that a reviewer rates
_CAMPAIGNS = 3
_IN_CAMPAIGN = 0.6
_COPIED = 0.6


def collusion_ring(market: Market, members: int, rng: np.random.Generator, rings: int = 1) -> Attacked:
    """8: `rings` rings of `members` merchants each, whose reviewers rate three quarters of the members five stars.

    members: 5, 10 or 20 in the suite. A ring has members + 12 reviewers: half are bought accounts with an honest record,
    half are new and rate one to four outsiders honestly too. Six in ten of the false ratings fall into three campaigns
    of two days that all members share; six in ten of the texts are near-duplicates of two drafts.
    Members are ordinary merchants of the lower 60 % by true quality, in no other ring. truth.added holds the honest
    orders of new accounts too, truth.false_ratings only the ring's.
    """
    free = _candidates(market)
    if len(free) < members * rings:
        raise ValueError(
            f"{rings} rings of {members} need {members * rings} merchants with a record; there are {len(free)}"
        )
    chosen = np.sort(rng.choice(free, (rings, members), replace=False), axis=1)
    after, added, lies, raters = market, [], [], []
    opened = 0
    for ring in chosen:
        forgery, new = _ring(market, ring, opened, rng)
        opened += len(new)
        after, number = forge(after, forgery, rng, copied=_COPIED, worded=0.7)
        after, honest = _honest(market, after, new, rng)
        lies.append(number)
        added += [number, honest]
        raters.append(forgery.buyer)
    truth = Truth(
        "collusion_ring",
        attackers=np.sort(chosen.ravel()),
        raters=np.unique(np.concatenate(raters)),
        added=np.sort(np.concatenate(added)),
        false_ratings=np.sort(np.concatenate(lies)),
        rings=tuple(chosen),
    )
    return Attacked(after, truth)


def _candidates(market: Market) -> Ints:
    """Merchants of the lower 60 % that have joined in the first half, with 10 to 400 orders."""
    merchants = market.merchants
    sizes = market.orders["merchant_id"].value_counts().reindex(merchants["merchant_id"], fill_value=0).to_numpy()
    able = (
        (merchants["true_quality"] <= merchants["true_quality"].quantile(0.6)).to_numpy()
        & (merchants["joined_at"] < market.start + (market.end - market.start) / 2).to_numpy()
        & (sizes >= 10)
        & (sizes <= 400)
    )
    return np.sort(merchants["merchant_id"].to_numpy()[able])


def _ring(market: Market, members: Ints, opened: int, rng: np.random.Generator) -> tuple[Forgery, Ints]:
    """The ring's false orders, and its new accounts."""
    n = len(members) + 12
    bought, new = forged.accounts(market, n, 0.5, rng, skip=opened, ratings=2)
    reviewers = np.concatenate([bought, new])
    rater, member = np.nonzero(rng.random((n, len(members))) < _COVER)
    count = len(rater)
    lives = np.array([forged.life(market, int(m)) for m in members])
    first, last = lives[:, 0].max(), lives[:, 1].min()
    window = first + rng.random(_CAMPAIGNS) * max(last - first - forged.BURST_DAYS * DAY, 0.0)
    burst = window[rng.integers(0, _CAMPAIGNS, count)] + rng.random(count) * forged.BURST_DAYS * DAY
    spread = lives[member, 0] + rng.random(count) * (lives[member, 1] - lives[member, 0])
    second = np.where(rng.random(count) < _IN_CAMPAIGN, burst, spread).astype(np.int64)
    value = np.zeros(count, dtype=np.int64)
    for i, merchant in enumerate(members.tolist()):
        mine = member == i
        value[mine] = forged.usual_values(market, merchant, rng.random(int(mine.sum())))
    stars = np.where(rng.random(count) < 0.95, 5, 4)
    return Forgery(members[member], reviewers[rater], second, stars, value), new


def _honest(clean: Market, market: Market, buyers: Ints, rng: np.random.Generator) -> tuple[Market, Ints]:
    """One to four honest orders of each new account: what real orders of the clean market met, up to 3 days later."""
    buyer = np.repeat(buyers, rng.integers(1, 5, len(buyers)))
    orders = clean.orders
    able = orders.index[orders["rating"].notna() & (orders["rated_at"] < clean.end - pd.Timedelta(days=4))]
    like = orders.loc[rng.choice(able.to_numpy(), len(buyer), replace=False)].reset_index(drop=True)
    later = pd.to_timedelta(rng.integers(0, 3 * DAY, len(buyer)), unit="s")
    number = int(market.orders["order_id"].max()) + 1 + np.arange(len(buyer))
    words = review_texts(like["rating"].to_numpy(dtype=np.int64), like["late"].to_numpy(), rng)
    words[rng.random(len(buyer)) >= 0.5] = None
    told = like.assign(
        order_id=number,
        buyer_id=buyer,
        ordered_at=like["ordered_at"] + later,
        rated_at=like["rated_at"] + later,
        text=pd.Series(words, dtype=object),
    )
    return with_orders(market, told), number
