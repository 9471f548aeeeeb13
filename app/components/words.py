"""Short phrases that several pages say alike: windows, comparisons, periods."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from app.i18n import N_, _, day, span

if TYPE_CHECKING:
    from app.filters import Compare, Filters

BASES = {
    "previous": N_("vs period before"),
    "week": N_("vs week before"),
    "year": N_("vs year before"),
}
_FAULTS = {
    "seller": N_("merchant's fault"),
    "carrier": N_("carrier's fault"),
    "buyer": N_("buyer's fault"),
    "platform": N_("platform's fault"),
    "unknown": N_("fault unknown"),
}
_CHANNELS = {"email": N_("e-mail"), "portal": N_("portal"), "chat": N_("chat"), "phone": N_("phone")}
# kinds of event as the canonical tables have them
_KINDS = {
    "view": N_("Product viewed"),
    "cart": N_("Put in the cart"),
    "order_placed": N_("Order placed"),
    "order_cancelled": N_("Order cancelled"),
    "order_shipped": N_("Order shipped"),
    "order_delivered": N_("Order delivered"),
    "tracking_scanned": N_("Parcel scanned"),
    "return_requested": N_("Return requested"),
    "refund_paid": N_("Refund paid"),
    "dispute_opened": N_("Dispute opened"),
    "dispute_closed": N_("Dispute closed"),
    "chargeback": N_("Chargeback"),
    "review_posted": N_("Review posted"),
    "dsr_rated": N_("Detail rated"),
    "csat_answered": N_("Satisfaction survey answered"),
    "nps_answered": N_("Recommendation survey answered"),
    "question_asked": N_("Question asked"),
    "question_answered": N_("Question answered"),
    "penalty_issued": N_("Penalty issued"),
    "penalty_appealed": N_("Penalty appealed"),
    "penalty_lifted": N_("Penalty lifted"),
}
# code of a warehouse column → its name; what a source calls otherwise stays as it is
_CODES = {
    "kind": _KINDS,
    "opened_by": {"merchant": N_("merchant"), "buyer": N_("buyer")},
    "channel": _CHANNELS,
    "status": {"open": N_("open"), "pending": N_("pending"), "resolved": N_("resolved"), "closed": N_("closed")},
    "priority": {"critical": N_("critical"), "high": N_("high"), "normal": N_("normal"), "low": N_("low")},
    "detail": {
        **_FAULTS,
        **_CHANNELS,
        "upheld": N_("upheld"),
        "refunded": N_("settled by a refund"),
        "withdrawn": N_("withdrawn"),
        "denied": N_("denied"),
    },
}
_DIMENSIONS = {
    "category": N_("Category"),
    "region": N_("Region"),
    "tier": N_("Tier"),
    "merchant": N_("Merchant"),
    "month": N_("Month"),
    "week": N_("Week"),
}
_PERIODS = {"day": N_("day"), "week": N_("week"), "month": N_("month")}


def base_words(compare: Compare) -> str:
    """What a change compares with, short."""
    if isinstance(compare, tuple):
        return _("vs {window}", window=span(*compare))
    return _(BASES[compare])


def dimension_name(dimension: str) -> str:
    """What figures are grouped by, as a heading."""
    return _(_DIMENSIONS[dimension])


def group_name(dimension: str, key: str) -> str:
    """The name of a group of a dimension: months as 2026-11, weeks by their first day, anything else as it is."""
    if dimension == "month":
        return key[:7]
    return day(date.fromisoformat(key)) if dimension == "week" else key


def period_name(period: str) -> str:
    """day, week or month in the reader's language."""
    return _(_PERIODS[period])


def window_words(filters: Filters, time_zone: str) -> str:
    """The window and its zone, for a chart's caption."""
    return f"{span(filters.date_from, filters.date_to)} · {time_zone}"


def code_name(column: str, code: object) -> str:
    """The name of a code that a warehouse column holds, in the reader's language; an unknown code as it is, nothing as ''."""
    if not isinstance(code, str):
        return ""
    known = _CODES[column]
    return _(known[code]) if code in known else code
