"""The global filters: sidebar widgets and the URL ↔ one frozen Filters, kept for the session on every page.

The URL carries ids and ISO dates (from, to, compare, category, region, tier, merchant, lang), so that a link means the same in
both languages. Everything that comes from it is checked against the snapshot again. Knows no SQL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal, cast

from app.i18n import N_, _, joined, ngettext, span

if TYPE_CHECKING:
    from analytics.metrics import Scope

Compare = Literal["previous", "week", "year"]
COMPARISONS: Mapping[str, str] = {
    "previous": N_("the period before"),
    "week": N_("the week before"),
    "year": N_("the year before"),
}
WINDOW_DAYS = 30
URL_KEYS = ("from", "to", "compare", "category", "region", "tier", "merchant")


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
    """What the reader looks at. Both dates are included and are days of the reporting time zone; empty means all."""

    date_from: date
    date_to: date
    categories: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    merchants: tuple[str, ...] = ()
    compare: Compare = "previous"

    @property
    def day_count(self) -> int:
        """Days in the window."""
        return (self.date_to - self.date_from).days + 1

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
        base = (
            ngettext("the day before", "the {n} days before", self.day_count)
            if self.compare == "previous"
            else _(COMPARISONS[self.compare])
        )
        window = _("{span}, compared with {base}", span=span(self.date_from, self.date_to), base=base)
        parts = [
            window,
            joined(list(self.categories)) or _("all categories"),
            joined(list(self.regions)) or _("all regions"),
        ]
        if self.tiers:
            parts.append(joined(list(self.tiers)))
        if self.merchants:
            known = names or {}
            shown = [known.get(merchant, merchant) for merchant in self.merchants[:3]]
            more = len(self.merchants) - len(shown)
            parts.append(joined(shown) + (ngettext(" and {n} more", " and {n} more", more) if more else ""))
        return " · ".join(parts)

    def to_params(self, default: Filters) -> dict[str, list[str]]:
        """The URL's query parameters, without what equals the default window."""
        params: dict[str, list[str]] = {}
        if (self.date_from, self.date_to) != (default.date_from, default.date_to):
            params |= {"from": [self.date_from.isoformat()], "to": [self.date_to.isoformat()]}
        if self.compare != default.compare:
            params["compare"] = [self.compare]
        chosen = {
            "category": self.categories,
            "region": self.regions,
            "tier": self.tiers,
            "merchant": self.merchants,
        }
        return params | {key: list(values) for key, values in chosen.items() if values}


def default_filters(options: FilterOptions) -> Filters:
    """The last 30 complete days with orders, everything else open."""
    last = options.default_to
    return Filters(max(options.data_from, last - timedelta(days=WINDOW_DAYS - 1)), last)


def parse_params(params: Mapping[str, Sequence[str]], options: FilterOptions) -> Filters:
    """Filters from query parameters; whatever the snapshot does not know falls back to the default, silently."""
    default = default_filters(options)
    compare = (params.get("compare") or [default.compare])[0]
    first, last = _date(params.get("from")), _date(params.get("to"))
    return valid(
        Filters(
            first or default.date_from,
            last or default.date_to,
            tuple(params.get("category", ())),
            tuple(params.get("region", ())),
            tuple(params.get("tier", ())),
            tuple(params.get("merchant", ())),
            cast(Compare, compare),
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
        filters.compare if filters.compare in COMPARISONS else default.compare,
    )


def changed(filters: Filters, changes: Mapping[str, object]) -> Filters:
    """The filters with some fields replaced; a TypeError for a field that there is not."""
    return replace(filters, **changes)  # type: ignore[arg-type]  # the caller's fields, checked by replace itself


def _known(chosen: Sequence[str], offered: Sequence[str] | Mapping[str, str]) -> tuple[str, ...]:
    allowed = set(offered)
    return tuple(dict.fromkeys(value for value in chosen if value in allowed))


def _date(raw: Sequence[str] | None) -> date | None:
    try:
        return date.fromisoformat(raw[0]) if raw else None
    except ValueError:
        return None
