"""Short phrases that several pages say alike: windows, comparisons, periods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.i18n import N_, _, span

if TYPE_CHECKING:
    from app.filters import Filters

BASES = {
    "previous": N_("vs period before"),
    "week": N_("vs week before"),
    "year": N_("vs year before"),
}
_PERIODS = {"day": N_("day"), "week": N_("week"), "month": N_("month")}


def base_words(compare: str) -> str:
    """What a change compares with, short."""
    return _(BASES[compare])


def period_name(period: str) -> str:
    """day, week or month in the reader's language."""
    return _(_PERIODS[period])


def window_words(filters: Filters, time_zone: str) -> str:
    """The window and its zone, for a chart's caption."""
    return f"{span(filters.date_from, filters.date_to)} · {time_zone}"
