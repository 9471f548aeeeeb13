"""Visits of pages without a browser: what each page asks of the services, for filters drawn at random.

A visit finds no answer of an earlier one, but asks nothing twice itself, as in the app. The words (themes, summaries, drafts) belong to
`bench language`: of the desk's pages only what they read from the warehouse is asked here.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, get_args

from app.filters import Compare, FilterOptions, NamedBase
from app.services import data, figures, merchant, overview, quality, satisfaction, scenarios, trust, watch
from app.services.figures import Number
from app.services.runtime import remembering
from app.services.warehouse import cursor, filter_options, merchants

if TYPE_CHECKING:
    from analytics.metrics import Scope

WINDOW_LENGTHS = (7, 30, 90)
ROWS_BEHIND = 500
TICKETS_SHOWN = 500
UNFILTERED_SHARE = 0.4

Answers = dict[Hashable, Any]


@dataclass(frozen=True)
class Visit:
    """What a visitor looks at. `scope` has at most one filter; `merchant_id` is whose page is opened, `metric_id` whose rows."""

    scope: Scope
    base: Compare
    merchant_id: str
    metric_id: str


def draw_visit(rng: random.Random, options: FilterOptions, *, ends_newest: bool = False) -> Visit:
    """A random window of 7, 30 or 90 days that has its like before it where the data allows, and a random filter or none."""
    from analytics.metrics import Scope

    length = min(rng.choice(WINDOW_LENGTHS), (options.default_to - options.data_from).days + 1)
    earliest = min(options.data_from + timedelta(days=2 * length - 1), options.default_to)
    back = 0 if ends_newest else rng.randint(0, (options.default_to - earliest).days)
    last = options.default_to - timedelta(days=back)
    scope = Scope(last - timedelta(days=length - 1), last)
    offered = {
        "categories": options.categories,
        "regions": options.regions,
        "tiers": options.tiers,
        "merchants": tuple(options.merchants),
    }
    offered = {name: values for name, values in offered.items() if values}
    if offered and rng.random() >= UNFILTERED_SHARE:
        name = rng.choice(sorted(offered))
        only: dict[str, Any] = {name: (rng.choice(offered[name]),)}
        scope = replace(scope, **only)
    return Visit(
        scope,
        rng.choice(get_args(NamedBase)),
        rng.choice(list(options.merchants)),
        rng.choice(overview.BOARD_METRICS),
    )


def first_answers(snapshot_id: str) -> Answers:
    """What the filter bar asks once a snapshot, whatever the page."""
    answers: Answers = {}
    with remembering(answers):
        filter_options(snapshot_id)
        merchants(snapshot_id)
    return answers


def visit(page: str, snapshot_id: str, asked: Visit, known: Answers) -> None:
    """Everything that a page asks, once; `known` (see first_answers) is left as it is."""
    ask(PAGES[page], snapshot_id, asked, known)


def ask(questions: Callable[[str, Visit], None], snapshot_id: str, asked: Visit, known: Answers) -> None:
    """Some questions of a page (see SUMS), once; `known` is left as it is."""
    with remembering(dict(known)):
        questions(snapshot_id, asked)


def _overview(snapshot_id: str, asked: Visit) -> None:
    overview.overview_cards(snapshot_id, asked.scope, asked.base)
    overview.merchant_map(snapshot_id, asked.scope)
    overview.what_changed(snapshot_id, asked.scope, asked.base)
    dimension = next(iter(figures.groupings(snapshot_id)))
    overview.leaderboard(snapshot_id, asked.scope, asked.base, dimension, overview.BOARD_METRICS[0])
    if watch.is_quick(snapshot_id):  # otherwise on a button
        watch.unusual(snapshot_id, asked.scope)
    _written(snapshot_id, asked)


def _trust(snapshot_id: str, asked: Visit) -> None:
    trust.level_table(snapshot_id, asked.scope)
    trust.movers(snapshot_id, asked.scope, asked.base)
    trust.board(snapshot_id, asked.scope)
    trust.weight_table(snapshot_id)


def _satisfaction(snapshot_id: str, asked: Visit) -> None:
    satisfaction.cards(snapshot_id, asked.scope, asked.base)
    satisfaction.trend(snapshot_id, asked.scope, satisfaction.TREND_METRICS[0])
    satisfaction.touchpoints(snapshot_id, asked.scope)
    satisfaction.repeats(snapshot_id, asked.scope)
    satisfaction.shares(snapshot_id, asked.scope)


def _merchant(snapshot_id: str, asked: Visit) -> None:
    own = replace(asked.scope, categories=(), regions=(), tiers=(), merchants=(asked.merchant_id,))
    merchant.profile(snapshot_id, asked.merchant_id)
    if merchant.standing(snapshot_id, asked.scope, asked.base, asked.merchant_id) is None:
        return  # nothing was known of it by then, and the page says only that
    merchant.contributions(snapshot_id, own.date_to, asked.merchant_id)
    shown = merchant.trend(snapshot_id, asked.scope, asked.merchant_id, merchant.TREND_METRICS[1]).scope
    watch.marks(snapshot_id, shown, asked.merchant_id, merchant.TREND_METRICS[1])
    merchant.rates(snapshot_id, own.date_to, asked.merchant_id)
    merchant.timeline(snapshot_id, own)


def _merchant_list(snapshot_id: str, asked: Visit) -> None:
    trust.board(snapshot_id, asked.scope)


def _issues(snapshot_id: str, asked: Visit) -> None:
    from analytics import threads
    from app.services.scores import scores

    _written(snapshot_id, asked)
    with cursor(snapshot_id) as opened:
        found = threads.tickets(opened, asked.scope, limit=TICKETS_SHOWN)
        threads.messages(opened, list(found["ticket_id"]))
    scores(snapshot_id)


def _written(snapshot_id: str, asked: Visit) -> None:
    from analytics import threads

    with cursor(snapshot_id) as opened:
        threads.written(opened, asked.scope)


def _reply_desk(snapshot_id: str, asked: Visit) -> None:
    from analytics import desk, threads
    from app.services.scores import scores

    with cursor(snapshot_id) as opened:
        found = threads.open_tickets(opened, limit=TICKETS_SHOWN)
        threads.messages(opened, list(found["ticket_id"]))
        for ticket in found.head(1).to_dict(orient="records"):
            desk.orders_named(opened, ticket["merchant_id"], [str(ticket["order_id"])])
            desk.penalties_of(opened, ticket["merchant_id"])
    scores(snapshot_id)


def _whatif(snapshot_id: str, asked: Visit) -> None:
    from analytics.whatif import Lever, Scenario, Segment

    as_of = trust.as_of_day(snapshot_id, asked.scope.date_to)
    levers = scenarios.levers(snapshot_id, Segment(), as_of)
    border = levers.borders[0]

    chosen = Lever("score_limit", target=border.baseline, level=border.level)
    scenarios.run_scenario(snapshot_id, Scenario("bench", levers=(chosen,)), as_of)


def _rows(snapshot_id: str, asked: Visit) -> None:
    figures.rows(snapshot_id, Number(asked.metric_id, asked.scope), ROWS_BEHIND)


def _data(snapshot_id: str, asked: Visit) -> None:
    data.totals(snapshot_id)
    data.freshness(snapshot_id)
    data.loads(snapshot_id)
    data.snapshots(snapshot_id)


def _quality(snapshot_id: str, asked: Visit) -> None:
    quality.checks(snapshot_id)


PAGES: Mapping[str, Callable[[str, Visit], None]] = {
    "overview": _overview,
    "trust": _trust,
    "satisfaction": _satisfaction,
    "merchant list": _merchant_list,
    "merchant": _merchant,
    "issues": _issues,
    "reply_desk": _reply_desk,
    "whatif": _whatif,
    "rows behind a figure": _rows,
    "data": _data,
    "data quality": _quality,
}
# Pages that look at no window: a few visits say what there is to know.
WINDOWLESS = ("data", "data quality")


def _overview_sums(snapshot_id: str, asked: Visit) -> None:
    from analytics.metrics import leading_parts

    sums = overview.compared_metrics()
    figures.cards(snapshot_id, overview.BOARD_METRICS, asked.scope, asked.base, among=sums)
    if figures.base_is_covered(snapshot_id, asked.scope, asked.base):
        compared = chain.from_iterable(figures.compared(snapshot_id, sums, asked.scope, asked.base).values())
        moved = [one for one in compared if one.is_significant][: overview.CHANGES_SHOWN]
        with cursor(snapshot_id) as opened:
            leading_parts(opened, moved, asked.scope, base=asked.base, dimensions=overview.LEAD_DIMENSIONS)
    overview.merchant_map(snapshot_id, _newest(snapshot_id, asked.scope))
    dimension = next(iter(figures.groupings(snapshot_id)))
    overview.leaderboard(snapshot_id, asked.scope, asked.base, dimension, overview.BOARD_METRICS[0])
    if watch.is_quick(snapshot_id):
        watch.unusual(snapshot_id, asked.scope)


def _trust_sums(snapshot_id: str, asked: Visit) -> None:
    newest = _newest(snapshot_id, asked.scope)
    trust.level_table(snapshot_id, newest)
    trust.board(snapshot_id, newest)
    trust.weight_table(snapshot_id)


def _merchant_sums(snapshot_id: str, asked: Visit) -> None:
    own = replace(
        _newest(snapshot_id, asked.scope), categories=(), regions=(), tiers=(), merchants=(asked.merchant_id,)
    )
    merchant.profile(snapshot_id, asked.merchant_id)
    merchant.contributions(snapshot_id, own.date_to, asked.merchant_id)
    merchant.rates(snapshot_id, own.date_to, asked.merchant_id)
    period, days = merchant.TREND_PERIODS[0]
    first = max(own.date_to - timedelta(days=days - 1), filter_options(snapshot_id).data_from)
    figures.many_series(snapshot_id, (merchant.TREND_METRICS[1],), replace(own, date_from=first), period)


def _whatif_sums(snapshot_id: str, asked: Visit) -> None:
    _whatif(snapshot_id, replace(asked, scope=_newest(snapshot_id, asked.scope)))


def _newest(snapshot_id: str, scope: Scope) -> Scope:
    """The window moved to the newest day: of another day the score is told by events."""
    later = filter_options(snapshot_id).data_up_to - scope.date_to
    return replace(scope, date_from=scope.date_from + later, date_to=scope.date_to + later)


# What pages ask of nothing but sums by day and month (and who the merchants are), and a word on what that leaves of them.
SUMS: Mapping[str, tuple[Callable[[str, Visit], None], str]] = {
    "overview": (_overview_sums, "no trust card, threads"),
    "trust": (_trust_sums, "newest day; no movers"),
    "satisfaction": (_satisfaction, ""),
    "merchant": (_merchant_sums, "newest day; score, rates, trend"),
    "whatif": (_whatif_sums, "newest day; who came back is counted of orders"),
}
