"""Words of the satisfaction studies: names of causes, measures and outcomes, figures with intervals, and notes that say what a figure is not."""

from __future__ import annotations

from datetime import date

from app.i18n import N_, _, difference, figure, number, rate, span

CAUSES = {
    "slow_reply": N_("Question unanswered for a day"),
    "late_seller": N_("Late because of the merchant"),
    "late_other": N_("Late through others"),
    "cancelled": N_("Cancelled"),
    "price": N_("Twice the usual price"),
    "returned": N_("Return requested"),
    "disputed": N_("Dispute opened"),
}
OUTCOMES = {
    "rating": N_("Stars"),
    "positive": N_("Positive review"),
    "repeat": N_("Back within 90 days"),
    "effective": N_("Positive, of delivered orders"),
    "bad": N_("Bad experience"),
    "merchant_repeat": N_("Back at the same merchant within 90 days"),
}
MEASURES = {
    "orders": N_("Orders"),
    "days_since": N_("Days since the last order"),
    "order_size": N_("Order size"),
    "variety": N_("Merchants per order"),
    "bad_share": N_("Bad experiences"),
    "review_share": N_("Orders reviewed"),
    "claim_share": N_("Returns and disputes"),
    "growth": N_("Growth in the half-year"),
    "late_share": N_("Late deliveries"),
    "cancel_share": N_("Cancellations"),
    "positive_share": N_("Positive reviews"),
    "reply_share": N_("Answers within a day"),
    "repeat_share": N_("Buyers who come back"),
}
# measure → (name of a segment where it is higher than of all, and where it is lower): true whatever the value itself is
HIGH_LOW = {
    "orders": (N_("more orders"), N_("fewer orders")),
    "days_since": (N_("longer away"), N_("ordered more lately")),
    "order_size": (N_("larger orders"), N_("smaller orders")),
    "variety": (N_("more merchants per order"), N_("fewer merchants per order")),
    "bad_share": (N_("more bad experiences"), N_("fewer bad experiences")),
    "review_share": (N_("reviews more"), N_("reviews less")),
    "claim_share": (N_("more returns and disputes"), N_("fewer returns and disputes")),
    "growth": (N_("higher growth"), N_("lower growth")),
    "late_share": (N_("more late deliveries"), N_("fewer late deliveries")),
    "cancel_share": (N_("cancels more"), N_("cancels less")),
    "positive_share": (N_("better reviewed"), N_("worse reviewed")),
    "reply_share": (N_("answers more within a day"), N_("answers less within a day")),
    "repeat_share": (N_("more buyers come back"), N_("fewer buyers come back")),
}
MISSING = {
    "too_few": N_("too few orders to tell"),
    "not_in_source": N_("not in this source"),
    "not_told": N_("hardly varies within a merchant"),
}
OBSERVATIONAL = N_(
    "Observational: orders as they came, not an experiment. What nobody recorded may stand behind a difference."
)


def measured(value: float, unit: str) -> str:
    """A segment's mean in words: a share, a count, days, or times a typical order."""
    if unit == "rate":
        return rate(value, digits=0)
    if unit == "days":
        return _("{n} days", n=number(value))
    if unit == "times":
        return _("{n} × a typical order", n=number(value, digits=1))
    return number(value, digits=1 if value < 10 else 0)


def trait_words(measure: str, unit: str, value: float, overall: float, distance: float) -> str:
    """What sets a segment apart: 'more orders (6.2; all: 1.9)'."""
    high, low = HIGH_LOW[measure]
    return _(
        "{trait} ({value}; all: {overall})",
        trait=_(high if distance > 0 else low),
        value=measured(value, unit),
        overall=measured(overall, unit),
    )


def between(value: float | None, low: float | None, high: float | None, unit: str, *, is_change: bool = True) -> str:
    """A figure with its 95 % interval: '−0.31 (−0.36 to −0.26)'; an en dash when there is none."""
    if value is None or low is None or high is None:
        return "–"
    if is_change:
        return _(
            "{value} ({low} to {high})",
            value=difference(value, unit),
            low=difference(low, unit),
            high=difference(high, unit),
        )
    return _("{value} ({low} to {high})", value=figure(value, unit), low=figure(low, unit), high=figure(high, unit))


def window_of(window: tuple[date, date], zone: str) -> str:
    """The days that a study looked at, with their zone."""
    return f"{span(*window)} · {zone}"


def sample_words(every: int) -> str:
    """' · one in 25 read' for a sample; nothing where all were read."""
    return "" if every == 1 else " · " + _("a sample: one in {n}", n=number(every))
