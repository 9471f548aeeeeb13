"""What a change of the score is made of, in sentences and rows of a statement: own records, peers, the bound on reviews and the rest. Knows no page.

The points stated add up to the change as it is shown: what rounding leaves over goes to the largest part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.i18n import _, difference, number
from app.services import changes

if TYPE_CHECKING:
    import pandas as pd

    from analytics.trust.changes import ScoreChange

DIGITS = 2
_OTHERS = ("peers", "bounded", "other")
_SHOWN = 10**-DIGITS / 2  # points: less is shown as none


def parts(split: ScoreChange) -> dict[str, float]:
    """Points by the merchant's own records (`own`), `peers`, `bounded` and `other`, rounded as shown: they add up to the rounded change."""
    from analytics.trust.changes import ROW_CAUSES

    sums = split.rates[list(changes.CAUSES)].sum()
    exact = {"own": float(sums[list(ROW_CAUSES)].sum()), **{name: float(sums[name]) for name in _OTHERS}}
    found = {name: round(points, DIGITS) for name, points in exact.items()}
    largest = max(exact, key=lambda name: abs(exact[name]))
    found[largest] = round(found[largest] + round(split.change, DIGITS) - sum(found.values()), DIGITS)
    return found


def is_moved_by_peers(split: ScoreChange) -> bool:
    """Whether the peers' records moved the score by what is shown."""
    return bool(abs(split.rates["peers"].sum()) >= _SHOWN)


def sentence(split: ScoreChange) -> str:
    """The change between two days and its causes."""
    return _(
        "The change of {change} points is made of {own} by the merchant's own orders and other records, {peers} because the records of its peers (the other merchants that it is measured by) changed, {bounded} by the bound on reviews, and {other} by other causes.",
        change=_points(split.change),
        **{name: _points(points) for name, points in parts(split).items()},
    )


def first_sentence(split: ScoreChange) -> str:
    """A first score beside what the peers alone would give (`score_beside_peers`)."""
    own = parts(split)
    return _(
        "The records of the merchant's peers (the other merchants that it is measured by) alone would give {before}; its own orders and other records change that by {own} points, the bound on reviews by {bounded}, and other causes by {other}: {after}.",
        before=number(round(split.after, DIGITS) - sum(own.values()), digits=DIGITS),
        after=number(split.after, digits=DIGITS),
        **{name: _points(own[name]) for name in ("own", "bounded", "other")},
    )


def behind(split: ScoreChange, *, is_rise: bool) -> pd.DataFrame:
    """The rows behind a change (`changes.behind`), those that moved the score its way first, the largest part first in either."""
    rows = changes.behind(split)
    against = (rows["change"] < 0) if is_rise else (rows["change"] > 0)
    return rows.loc[against.sort_values(kind="stable").index].reset_index(drop=True)


def rows_sentence(rows: pd.DataFrame, shown: int) -> str:
    """How many rows moved the score which way, and how many of them are listed."""
    up, down = rows["change"] > 0, rows["change"] < 0
    return _(
        "{n_down} records lowered the score, by {down} points together, and {n_up} raised it, by {up}. Those that moved it the way of the decision come first, the largest part on top; {shown} are listed, the others are given on request.",
        n_down=number(int(down.sum())),
        n_up=number(int(up.sum())),
        down=_points(float(rows["change"][down].sum())),
        up=_points(float(rows["change"][up].sum())),
        shown=number(shown),
    )


def _points(points: float) -> str:
    return difference(round(points, DIGITS), "stars")
