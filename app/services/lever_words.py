"""What levers are called on pages and in documents, and the unit of their values. Knows no page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from app.i18n import N_, _, difference, figure
from app.services import programmes, trust

if TYPE_CHECKING:
    from analytics.whatif import Lever

# kind of lever → its name, with what it is of, and its unit (of a clause: `lever_unit`)
KINDS: Mapping[str, tuple[str, str]] = {
    "late_rate": (N_("Late deliveries by the merchant's fault"), "rate"),
    "rate": ("{of}", "rate"),
    "coverage": (N_("Answers an order: {of}"), "rate"),
    "score_limit": (N_("Limit of “{level}”"), "points"),
    "half_life_days": (N_("Half-life of an order, in days"), "count"),
    "window_days": (N_("Window of the score, in days"), "count"),
    "min_n": (N_("Orders needed for a score"), "count"),
    "weight": (N_("Points for “{of}”"), "points"),
    "good": (N_("Full credit at: {of}"), "rate"),
    "bad": (N_("No credit at: {of}"), "rate"),
    "bound": (N_("Belief beyond the facts: {of}"), "rate"),
    "carrier_share": (N_("Share of shipped orders with {of}"), "rate"),
    "category_share": (N_("Share of orders at merchants of {of}"), "rate"),
    "region_share": (N_("Share of orders at merchants in {of}"), "rate"),
    "clause_limit": (N_("Limit of {of}"), ""),
}
ACTION_LIMIT = N_("Limit where crossings are counted")


def lever_label(kind: str, of: str | None, level: str | None, instead_of: str | None = None) -> str:
    """A lever's name in the reader's language; carriers, categories and regions keep theirs."""
    from analytics.whatif.scenario import MIX

    if kind in MIX:
        label = _(KINDS[kind][0], of=of)
        return label if instead_of is None else _("{name} instead of {other}", name=label, other=instead_of)
    if kind == "score_limit" and level is None:
        return _(ACTION_LIMIT)
    if kind == "clause_limit":
        return _(KINDS[kind][0], of=clause_words(of or ""))
    rates = {weight.rate_id: weight.label for weight in trust.weights()}
    rate = _(rates.get(of or "", of or ""))
    return (
        rate
        if kind == "rate"
        else _(KINDS[kind][0], of=rate, level=_(trust.level_labels().get(level or "", level or "")))
    )


def clause_words(of: str) -> str:
    """A clause with its programme, as a lever names both: programme/clause."""
    programme_id, _slash, clause_id = of.partition("/")
    info = programmes.infos().get(programme_id)
    if info is None:
        return of
    return f"{_(info.name)} · {_(info.clause_labels.get(clause_id, clause_id))}"


def lever_unit(kind: str, of: str | None = None) -> str:
    """The unit of a lever's values: rate, points, stars or count."""
    if kind != "clause_limit":
        return KINDS[kind][1]
    programme_id, _slash, clause_id = str(of).partition("/")
    programme = programmes.available().get(programme_id)
    forms = {} if programme is None else {clause.clause_id: clause.form for clause in programme.clauses}
    return {"rate": "rate", "mean": "stars"}.get(forms.get(clause_id, "count"), "count")


def lever_figure(kind: str, value: float, of: str | None = None) -> str:
    """A lever's value in its unit."""
    return figure(round(value, 6), lever_unit(kind, of))


def lever_change(lever: Lever) -> str:
    """A lever and what it is set to: a new value, or a change of the present one."""
    label = lever_label(lever.kind, lever.of, lever.level, lever.instead_of)
    if lever.target is not None:
        return _("{name}: {value}", name=label, value=lever_figure(lever.kind, lever.target, lever.of))
    return _("{name}: {value}", name=label, value=difference(lever.change, lever_unit(lever.kind, lever.of)))
