"""Ten attacks on a clean marketplace, each with its truth, in the sizes of the suite. Knows no score.

After Hoffman, Zage and Nita-Rotaru (2009, A survey of attack and defense techniques for reputation systems) and the
attack models of Zhang, Cohen and Larson (2012) and Irissappane, Jiang and Zhang (2012): self-promotion, slander,
whitewashing, orchestration; constant, camouflaged and sybil raters; merchants that oscillate. Attackers behave as real
ones do: their orders cost value, their ratings come when ratings come, in part in bursts, and accounts that are bought
have honest ratings of their own. The moves of a search for the worst attack are in injection.py.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from analytics.bench.attacks import forged
from analytics.bench.attacks.forged import Forgery, forge
from analytics.bench.attacks.gates import GATES
from analytics.bench.attacks.injection import Injection, random_injection
from analytics.bench.attacks.market import CATEGORIES, DAY, Bools, Floats, Ints, Market, conduct, marketplace, speak
from analytics.bench.attacks.rings import collusion_ring
from analytics.bench.attacks.truth import Attacked, Truth
from analytics.bench.attacks.words import review_texts

__all__ = [
    "GATES",
    "Injection",
    "bad_mouthing",
    "ballot_stuffing",
    "camouflage",
    "collusion_ring",
    "marketplace",
    "newcomers",
    "oscillation",
    "random_injection",
    "sybil",
    "unfair_buyers",
    "value_imbalance",
    "whitewashing",
]
_STUFFERS = 0.10  # share of merchants that stuff
_ORDERS_TO_COUNT = 20  # a merchant below this is no top merchant and no attacker with a record to protect
_BOUGHT = 0.4  # share of a stuffer's accounts that are taken over from honest buyers


def ballot_stuffing(market: Market, share: float, rng: np.random.Generator) -> Attacked:
    """1: one merchant in ten, of the lower half by true quality, adds `share` of its own ratings with five stars.

    share: 0.10, 0.25, 0.50 or 1.00 in the suite. An account is used three times on average; half of the orders lie
    in a burst of two days, half over the merchant's life; one text in four is a near-duplicate of another.
    """
    attackers = pick_merchants(market, max(1, round(_STUFFERS * len(market.merchants))), rng, 0.0, 0.5)
    own = rating_counts(market)
    parts, opened = [], 0
    for merchant in attackers.tolist():
        n = max(1, round(share * own.get(merchant, 0)))
        bought, new = forged.accounts(market, -(-n // 3), _BOUGHT, rng, skip=opened)
        opened += len(new)
        first, last = forged.life(market, merchant)
        second = forged.times(first, last, rng.random(n), rng.random(n), rng.random(), 0.5)
        value = forged.usual_values(market, merchant, rng.random(n))
        parts.append(
            Forgery(np.full(n, merchant), rng.choice(np.concatenate([bought, new]), n), second, np.full(n, 5), value)
        )
    forgery = forged.joined(parts)
    after, added = forge(market, forgery, rng, copied=0.25)
    raters = np.unique(forgery.buyer)
    return Attacked(
        after, Truth("ballot_stuffing", attackers=attackers, raters=raters, added=added, false_ratings=added)
    )


def bad_mouthing(market: Market, share: float, rng: np.random.Generator) -> Attacked:
    """2: `share` of all buyers give one star to every order they have with a merchant of the top decile.

    share: 0.05, 0.10 or 0.20 in the suite. The top decile is by true quality, of merchants with 20 orders or more.
    They bought for real; those who would have been silent speak.
    """
    quality = counted_merchants(market)
    victims = np.sort(quality.nlargest(max(1, round(0.1 * len(quality)))).index.to_numpy())
    raters = pick_buyers(market, share, rng)
    orders = market.orders
    rows = (orders["buyer_id"].isin(raters) & orders["merchant_id"].isin(victims)).to_numpy()
    after, changed = rerate(market, rows, np.ones(int(rows.sum()), dtype=np.int64), rng)
    truth = Truth("bad_mouthing", victims=victims, raters=raters, changed=changed, false_ratings=changed)
    return Attacked(after, truth)


def sybil(market: Market, accounts: int, rng: np.random.Generator, merchant: int | None = None) -> Attacked:
    """3: `accounts` new accounts each order once from one merchant and rate it five stars.

    accounts: 10, 50 or 200 in the suite; with equal generators the orders of few are the first of those of many, so
    that a search may ask how many it takes. The merchant is one of the lower half unless it is named.
    """
    who, burst, spread, at, value, words = rng.spawn(6)
    attacker = int(pick_merchants(market, 1, who, 0.0, 0.5)[0]) if merchant is None else merchant
    first, last = forged.life(market, attacker)
    second = forged.times(first, last, burst.random(accounts), spread.random(accounts), at.random(), 0.5)
    forgery = Forgery(
        np.full(accounts, attacker),
        forged.new_buyers(market, accounts),
        second,
        np.full(accounts, 5),
        forged.usual_values(market, attacker, value.random(accounts)),
    )
    after, added = forge(market, forgery, words, copied=0.25)
    truth = Truth("sybil", attackers=np.array([attacker]), raters=forgery.buyer, added=added, false_ratings=added)
    return Attacked(after, truth)


def whitewashing(market: Market, rng: np.random.Generator, attackers: int = 10) -> Attacked:
    """4: bad merchants vanish half-way through their orders and go on at once under a new merchant_id.

    They are drawn from the lowest fifth by true quality with 60 orders or more (the busiest of that fifth when too few
    have so many). Conduct, buyers and ratings stay what they were; only the id of the later orders differs, and the
    new merchant joined at the moment of the first of them. successors leads from old to new.
    """
    old = pick_merchants(market, attackers, rng, 0.0, 0.2, min_orders=60)
    first_new = int(market.merchants["merchant_id"].max()) + 1
    new = first_new + np.arange(len(old))
    orders = market.orders.copy()
    ids = orders["merchant_id"].to_numpy().copy()
    changed, joined_at = [], []
    for before, after in zip(old.tolist(), new.tolist(), strict=True):
        rows = np.flatnonzero(ids == before)
        rows = rows[len(rows) // 2 :]  # orders are in order of time
        ids[rows] = after
        changed.append(orders["order_id"].to_numpy()[rows])
        joined_at.append(orders["ordered_at"].iloc[rows[0]])
    orders["merchant_id"] = ids
    was = market.merchants.set_index("merchant_id").loc[old].reset_index()
    again = was.assign(merchant_id=new, joined_at=pd.Series(joined_at).dt.as_unit("us"))
    merchants = pd.concat([market.merchants, again], ignore_index=True)
    truth = Truth(
        "whitewashing",
        attackers=np.sort(new),
        changed=np.sort(np.concatenate(changed)),
        successors=dict(zip(old.tolist(), new.tolist(), strict=True)),
    )
    return Attacked(replace(market, orders=orders, merchants=merchants), truth)


def oscillation(
    market: Market, rng: np.random.Generator, good_days: int = 30, bad_days: int = 10, attackers: int = 10
) -> Attacked:
    """5: busy merchants serve well for `good_days`, then badly for `bad_days`, over and over.

    They have one and a half orders a day or more (else the busiest are taken). Each starts its cycle at a day of its
    own, with good days; what became of their orders is drawn anew, who bought what and when stays.
    bad_periods lists every bad phase that has an order.
    """
    days = (market.end - market.start).days
    merchants = pick_merchants(market, attackers, rng, 0.0, 1.0, min_orders=round(1.5 * days))
    cycle = good_days + bad_days
    offset = dict(zip(merchants.tolist(), rng.integers(0, cycle, len(merchants)).tolist(), strict=True))
    rows = np.flatnonzero(market.orders["merchant_id"].isin(merchants).to_numpy())
    orders = market.orders.iloc[rows]
    day = ((orders["ordered_at"] - market.start) // pd.Timedelta(days=1)).to_numpy()
    phase = day - orders["merchant_id"].map(offset).to_numpy()
    is_bad = (phase >= 0) & (phase % cycle >= good_days)
    after = _retold(market, rows, np.where(is_bad, -2.6, 1.6), rng)
    number = (phase // cycle)[is_bad]
    seen = pd.DataFrame({"merchant_id": orders["merchant_id"].to_numpy()[is_bad], "cycle": number}).drop_duplicates()
    start = seen["merchant_id"].map(offset) + seen["cycle"] * cycle + good_days
    periods = pd.DataFrame(
        {
            "merchant_id": seen["merchant_id"],
            "from_at": market.start + pd.to_timedelta(start, unit="D"),
            "to_at": market.start + pd.to_timedelta(start + bad_days, unit="D"),
        }
    ).sort_values(["merchant_id", "from_at"], ignore_index=True)
    changed = np.sort(orders["order_id"].to_numpy())
    return Attacked(after, Truth("oscillation", attackers=merchants, changed=changed, bad_periods=periods))


def camouflage(
    market: Market, rng: np.random.Generator, lying: float = 0.30, share: float = 0.10, attackers: int = 10
) -> Attacked:
    """6: `share` of the buyers who rate at least twice praise a few bad merchants in `lying` of all their ratings.

    The rest of their ratings is the honest record that they have; the lies are further orders with five stars at ten
    merchants of the lowest third, two thirds of them spread, with words of their own.
    """
    merchants = pick_merchants(market, attackers, rng, 0.0, 0.33)
    counts = market.orders.loc[market.orders["rating"].notna(), "buyer_id"].value_counts().sort_index()
    able = counts[counts >= 2]
    raters = np.sort(rng.choice(able.index.to_numpy(), max(1, round(share * len(able))), replace=False))
    honest = able.loc[raters].to_numpy()
    upto = np.floor(np.cumsum(honest) * lying / (1.0 - lying)).astype(np.int64)
    buyer = np.repeat(raters, np.diff(upto, prepend=0))
    parts = []
    seller = rng.choice(merchants, len(buyer))
    for merchant in merchants.tolist():
        mine = buyer[seller == merchant]
        n = len(mine)
        first, last = forged.life(market, merchant)
        second = forged.times(first, last, rng.random(n), rng.random(n), rng.random(), 1 / 3)
        value = forged.usual_values(market, merchant, rng.random(n))
        parts.append(Forgery(np.full(n, merchant), mine, second, np.full(n, 5), value))
    after, added = forge(market, forged.joined(parts), rng)
    return Attacked(after, Truth("camouflage", attackers=merchants, raters=raters, added=added, false_ratings=added))


def value_imbalance(
    market: Market,
    rng: np.random.Generator,
    cheap: tuple[int, int] = (50, 1),
    dear: tuple[int, int] = (5, 500),
    attackers: int = 5,
) -> Attacked:
    """7: new merchants serve 50 orders of value 1 well, then take 5 of value 500 and send nothing in time.

    cheap, dear: how many and their value in major units. All buyers are real and rate truly, five stars and then one;
    the dear orders are late and disputed (upheld). bad_periods spans the dear ones. ValueError below 75 days of market.
    """
    span = (market.end - market.start).days
    if span < 75:
        raise ValueError(f"value_imbalance needs a market of 75 days or more, not {span}")
    first_new = int(market.merchants["merchant_id"].max()) + 1
    merchants = first_new + np.arange(attackers)
    total = cheap[0] + dear[0]
    start = rng.uniform(0.1, 0.9, attackers) * (span - 70)
    day = np.concatenate([rng.random((attackers, cheap[0])) * 40, 42 + rng.random((attackers, dear[0])) * 8], axis=1)
    is_dear = np.tile(np.arange(total) >= cheap[0], attackers)
    known = market.buyers["buyer_id"].to_numpy()
    forgery = Forgery(
        np.repeat(merchants, total),
        np.concatenate([rng.choice(known, total, replace=False) for _ in range(attackers)]),
        ((start[:, None] + day) * DAY).astype(np.int64).ravel(),
        np.where(is_dear, 1, 5),
        np.where(is_dear, dear[1], cheap[1]) * 100,
    )
    members = pd.DataFrame(
        {
            "merchant_id": merchants,
            "joined_at": (market.start + pd.to_timedelta(start, unit="D")).floor("s").as_unit("us"),
            "category": rng.choice(np.array(CATEGORIES, dtype=object), attackers),
            "true_quality": np.full(attackers, cheap[0] / total),
        }
    )
    grown = replace(market, merchants=pd.concat([market.merchants, members], ignore_index=True))
    after, added = forge(grown, forgery, rng)
    bad = after.orders["order_id"].isin(added[is_dear])
    told = after.orders.assign(late=after.orders["late"] | bad, disputed=after.orders["disputed"] | bad)
    periods = pd.DataFrame(
        {
            "merchant_id": merchants,
            "from_at": members["joined_at"] + pd.Timedelta(days=42),
            "to_at": members["joined_at"] + pd.Timedelta(days=50, seconds=1),
        }
    )
    truth = Truth("value_imbalance", attackers=merchants, added=added, bad_periods=periods)
    return Attacked(replace(after, orders=told), truth)


def unfair_buyers(market: Market, share: float, rng: np.random.Generator) -> Attacked:
    """9: `share` of all buyers turn their ratings round: one star for the better half of merchants, five for the rest.

    share: 0.1 to 0.6 by 0.1 in the suite. Who rates which order, and when, stays; so do the facts of the orders.
    """
    raters = pick_buyers(market, share, rng)
    orders = market.orders
    quality = market.merchants.set_index("merchant_id")["true_quality"]
    is_better = orders["merchant_id"].map(quality >= quality.median()).to_numpy(dtype=bool)
    rows = (orders["buyer_id"].isin(raters) & orders["rating"].notna()).to_numpy()
    after, told = rerate(market, rows, np.where(is_better, 1, 5)[rows], rng)
    return Attacked(after, Truth("unfair_buyers", raters=raters, changed=told, false_ratings=told))


def newcomers(market: Market, limit: float = 0.10) -> Attacked:
    """10: no injection. groups: truly good merchants (true share of bad orders at or below `limit`) by their size.

    good_small: under 50 orders (and at least one); good_large: over 500; bad_small and bad_large: the truly bad ones
    of those sizes, for the miss rates. Take a market of 2,000 merchants or more: the groups of 300 are too small.
    """
    sizes = market.orders.groupby("merchant_id").size()
    quality = market.merchants.set_index("merchant_id")["true_quality"].reindex(sizes.index)
    is_good = quality >= 1.0 - limit
    named = {"small": sizes < 50, "large": sizes > 500}
    groups = {f"good_{name}": np.sort(sizes.index[is_good & of].to_numpy()) for name, of in named.items()}
    groups |= {f"bad_{name}": np.sort(sizes.index[~is_good & of].to_numpy()) for name, of in named.items()}
    return Attacked(market, Truth("newcomers", groups=groups))


def rating_counts(market: Market) -> dict[int, int]:
    """How many ratings each merchant has."""
    counts = market.orders.loc[market.orders["rating"].notna(), "merchant_id"].value_counts()
    return {int(str(merchant)): int(n) for merchant, n in counts.items()}


def counted_merchants(market: Market) -> pd.Series:
    """True quality by merchant_id of those with 20 orders or more; of all when there are none."""
    sizes = market.orders["merchant_id"].value_counts()
    quality = market.merchants.set_index("merchant_id")["true_quality"]
    counted = quality[sizes.reindex(quality.index, fill_value=0) >= _ORDERS_TO_COUNT]
    return counted if len(counted) else quality


def pick_merchants(
    market: Market, n: int, rng: np.random.Generator, low: float, high: float, min_orders: int = _ORDERS_TO_COUNT
) -> Ints:
    """n merchants (sorted) whose true quality lies between two quantiles and that have min_orders or more.

    When fewer have so many orders, the busiest between the quantiles; never more than there are.
    """
    quality = market.merchants.set_index("merchant_id")["true_quality"]
    between = quality[quality.between(quality.quantile(low), quality.quantile(high))].index
    sizes = market.orders["merchant_id"].value_counts().reindex(between, fill_value=0)
    able = sizes[sizes >= min_orders].index
    if len(able) < n:
        return np.sort(sizes.sort_index().nlargest(n).index.to_numpy())
    return np.sort(rng.choice(able.to_numpy(), n, replace=False))


def pick_buyers(market: Market, share: float, rng: np.random.Generator) -> Ints:
    """A share of the buyers that have ordered (sorted)."""
    known = np.sort(market.orders["buyer_id"].unique())
    return np.sort(rng.choice(known, max(1, round(share * len(known))), replace=False))


def rerate(market: Market, rows: Bools, stars: Ints, rng: np.random.Generator) -> tuple[Market, Ints]:
    """The market with other stars (one per true row) and words to match; and the ids of the orders that differ.

    Who was silent speaks a few days after the order, unless that is after the end.
    """
    at = np.flatnonzero(rows)
    chosen = market.orders.iloc[at]
    wait = pd.to_timedelta((DAY * (4.0 + rng.gamma(1.3, 2.4, len(at)))).astype(np.int64), unit="s")
    rated_at = chosen["rated_at"].fillna(chosen["ordered_at"] + wait)
    seen = (rated_at < market.end).to_numpy()
    told = chosen.assign(rating=pd.array(stars, dtype="Int8"), rated_at=rated_at.dt.as_unit("us"))
    words = review_texts(stars, chosen["late"].to_numpy(), rng)
    words[rng.random(len(at)) >= 0.6] = None
    told["text"] = pd.Series(words, index=told.index, dtype=object)
    told = told[seen]
    differs = (told["rating"] != chosen["rating"][seen]).fillna(True).to_numpy(dtype=bool)
    told = told[differs]
    orders = market.orders.copy()
    for column in ("rating", "rated_at", "text"):
        orders.loc[told.index, column] = told[column]
    return replace(market, orders=orders), np.sort(told["order_id"].to_numpy())


def _retold(market: Market, rows: Ints, trait: Floats, rng: np.random.Generator) -> Market:
    """The market with what became of some orders drawn anew, their seller having the given trait in both respects."""
    chosen = market.orders.iloc[rows]
    buyers = market.buyers.set_index("buyer_id").reindex(chosen["buyer_id"])
    category = market.merchants.set_index("merchant_id")["category"].reindex(chosen["merchant_id"])
    codes: Ints = np.array([CATEGORIES.index(name) for name in category], dtype=np.int64)
    harshness = buyers["harshness"].fillna(0.0).to_numpy()
    outcome = conduct(trait, trait, rng.normal(0.0, 0.3, len(rows)), harshness, codes, rng)
    talkativeness = buyers["talkativeness"].fillna(1.0).to_numpy()
    told = speak(outcome, chosen["ordered_at"], talkativeness, market.end, rng)
    orders = market.orders.copy()
    for column in told.columns:
        orders.loc[told.index, column] = told[column]
    return replace(market, orders=orders)
