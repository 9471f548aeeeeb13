"""The global filters: sidebar widgets and the URL ↔ one frozen Filters, kept for the session on every page.

The URL carries ids and ISO dates (as_of, from, to, compare as a name or FIRST..LAST, category, region, tier, merchant, lang), so that a link means the same in
both languages. Everything that comes from it is checked against the snapshot again. Knows no SQL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal, cast

from app.i18n import N_, _, day, joined, ngettext, span
from app.services.reading import DAYS

if TYPE_CHECKING:
    from analytics.metrics import Scope

NamedBase = Literal["previous", "week", "year"]
AsOf = Literal["latest", "now"] | date
Compare = NamedBase | tuple[date, date]  # or the first and last day of a window of one's own, both included
COMPARISONS: Mapping[str, str] = {
    "previous": N_("the period before"),
    "week": N_("the week before"),
    "year": N_("the year before"),
}
WINDOW_DAYS = 30
URL_KEYS = ("as_of", "from", "to", "compare", "category", "region", "tier", "merchant")


@dataclass(frozen=True)
class FilterOptions:
    """What the snapshot offers to choose from. Windows lie within data_from … data_up_to, days of `time_zone`, and end at default_to
    unless chosen otherwise; `merchants` maps id → name, largest first."""

    data_from: date
    data_up_to: date
    default_to: date
    categories: tuple[str, ...]
    regions: tuple[str, ...]
    tiers: tuple[str, ...]
    merchants: Mapping[str, str]
    time_zone: str = "UTC"


@dataclass(frozen=True)
class Filters:
    """What the reader looks at. Both dates are included and are days of the reporting time zone; empty means all. `as_of`: what was
    known latest (all that is loaded), now, or at the end of a day."""

    date_from: date
    date_to: date
    categories: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    merchants: tuple[str, ...] = ()
    compare: Compare = "previous"
    as_of: AsOf = "latest"

    @property
    def day_count(self) -> int:
        """Days in the window."""
        return window_days(self.date_from, self.date_to)

    def scope(self) -> Scope:
        """The same as analytics wants it."""
        from analytics.metrics import Scope

        return Scope(
            date_from=self.date_from,
            date_to=self.date_to,
            categories=self.categories,
            regions=self.regions,
            tiers=self.tiers,
            merchants=self.merchants,
        )

    def describe(self, names: Mapping[str, str] | None = None) -> str:
        """The filters in words; `names` maps merchant ids to names."""
        window = _("{span}, compared with {base}", span=span(self.date_from, self.date_to), base=self._base_words())
        parts = [
            window,
            *self._lengths(),
            joined(list(self.categories)) or _("all categories"),
            joined(list(self.regions)) or _("all regions"),
        ]
        if self.as_of != "latest":
            parts.insert(
                0, _("as known now") if self.as_of == "now" else _("as known at the end of {day}", day=day(self.as_of))
            )
        if self.tiers:
            parts.append(joined(list(self.tiers)))
        if self.merchants:
            known = names or {}
            shown = [known.get(merchant, merchant) for merchant in self.merchants[:3]]
            more = len(self.merchants) - len(shown)
            parts.append(joined(shown) + (ngettext(" and {n} more", " and {n} more", more) if more else ""))
        return " · ".join(parts)

    def _base_words(self) -> str:
        if isinstance(self.compare, tuple):
            return span(*self.compare)
        if self.compare == "previous":
            return ngettext("the day before", "the {n} days before", self.day_count)
        return _(COMPARISONS[self.compare])

    def _lengths(self) -> list[str]:
        if not isinstance(self.compare, tuple) or window_days(*self.compare) == self.day_count:
            return []
        return [lengths_in_words(self.day_count, window_days(*self.compare))]

    def to_params(self, default: Filters) -> dict[str, list[str]]:
        """The URL's query parameters, without what equals the default window."""
        params: dict[str, list[str]] = {}
        if self.as_of != default.as_of:
            params["as_of"] = [str(self.as_of)]
        if (self.date_from, self.date_to) != (default.date_from, default.date_to):
            params |= {"from": [self.date_from.isoformat()], "to": [self.date_to.isoformat()]}
        if self.compare != default.compare:
            compare = self.compare
            params["compare"] = [compare if isinstance(compare, str) else "..".join(day.isoformat() for day in compare)]
        chosen = {
            "category": self.categories,
            "region": self.regions,
            "tier": self.tiers,
            "merchant": self.merchants,
        }
        return params | {key: list(values) for key, values in chosen.items() if values}


def window_days(first: date, last: date) -> int:
    """Days from the first to the last, both included."""
    return (last - first).days + 1


def lengths_in_words(days: int, base_days: int) -> str:
    """How long two windows that are compared are, for windows of different length."""
    return _(
        "{days} compared with {base_days}",
        days=ngettext("{n} day", "{n} days", days),
        base_days=ngettext("{n} day", "{n} days", base_days),
    )


def own_window(filters: Filters, options: FilterOptions) -> tuple[date, date]:
    """The window of one's own that the filters compare with; without one, what to begin with: the days before, within the data."""
    if isinstance(filters.compare, tuple):
        return filters.compare
    last = max(filters.date_from - timedelta(days=1), options.data_from)
    return max(last - timedelta(days=filters.day_count - 1), options.data_from), last


def default_filters(options: FilterOptions) -> Filters:
    """The last 30 complete days with orders, everything else open."""
    last = options.default_to
    return Filters(max(options.data_from, last - timedelta(days=WINDOW_DAYS - 1)), last)


def parse_params(params: Mapping[str, Sequence[str]], options: FilterOptions) -> Filters:
    """Filters from query parameters; whatever the snapshot does not know falls back to the default, silently."""
    default = default_filters(options)
    compare = (params.get("compare") or ["previous"])[0]
    first, last = _date(params.get("from")), _date(params.get("to"))
    return valid(
        Filters(
            first or default.date_from,
            last or default.date_to,
            tuple(params.get("category", ())),
            tuple(params.get("region", ())),
            tuple(params.get("tier", ())),
            tuple(params.get("merchant", ())),
            _window(compare) or cast(NamedBase, compare),
            asked_as_of(params),
        ),
        options,
    )


def valid(filters: Filters, options: FilterOptions) -> Filters:
    """The filters with every choice that the snapshot does not offer dropped, dates kept within the data."""
    default = default_filters(options)
    first = max(filters.date_from, options.data_from)
    last = min(filters.date_to, options.data_up_to)
    if first > last:
        first, last = default.date_from, default.date_to
    return Filters(
        first,
        last,
        _known(filters.categories, options.categories),
        _known(filters.regions, options.regions),
        _known(filters.tiers, options.tiers),
        _known(filters.merchants, options.merchants),
        _offered(filters.compare, options) or default.compare,
        filters.as_of,
    )


def asked_as_of(params: Mapping[str, Sequence[str]]) -> AsOf:
    """What the query parameters ask to be known; the latest for anything that is neither `now` nor a day of DAYS."""
    asked = params.get("as_of", ())
    if list(asked[:1]) == ["now"]:
        return "now"
    day = _date(asked)
    return day if day is not None and DAYS[0] <= day <= DAYS[1] else "latest"


def _offered(compare: Compare, options: FilterOptions) -> Compare | None:
    """A known comparison, or a window cut to the data; None for anything else."""
    if not isinstance(compare, tuple):
        return compare if compare in COMPARISONS else None
    first, last = max(compare[0], options.data_from), min(compare[1], options.data_up_to)
    return (first, last) if first <= last else None


def changed(filters: Filters, changes: Mapping[str, object]) -> Filters:
    """The filters with some fields replaced; a TypeError for a field that there is not."""
    return replace(filters, **changes)  # type: ignore[arg-type]  # the caller's fields, checked by replace itself


def _known(chosen: Sequence[str], offered: Sequence[str] | Mapping[str, str]) -> tuple[str, ...]:
    allowed = set(offered)
    return tuple(dict.fromkeys(value for value in chosen if value in allowed))


def _window(raw: str) -> tuple[date, date] | None:
    first, _dots, last = raw.partition("..")
    days = _date([first]), _date([last])
    return None if days[0] is None or days[1] is None else (days[0], days[1])


def _date(raw: Sequence[str] | None) -> date | None:
    try:
        return date.fromisoformat(raw[0]) if raw else None
    except ValueError:
        return None
