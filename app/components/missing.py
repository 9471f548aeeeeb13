"""The words that stand where a value would, so that nothing missing looks like zero."""

from __future__ import annotations

from app.i18n import N_, _, number

_NEEDED = {
    "order": N_("{n} of {min_n} orders needed"),
    "review": N_("{n} of {min_n} reviews needed"),
    "survey answer": N_("{n} of {min_n} answers needed"),
    "question": N_("{n} of {min_n} questions needed"),
    "ticket": N_("{n} of {min_n} tickets needed"),
}


def why_missing(status: str, n: int, min_n: int, grain: str = "") -> str:
    """Why a figure has no value; `status` is that of a metric's result or of a trust score, `grain` what n counts."""
    if status in ("too_few", "new"):
        return _(_NEEDED.get(grain, N_("{n} of {min_n} needed")), n=number(n), min_n=number(min_n))
    if status == "immature":
        return _("Too recent to judge")
    if status == "not_in_source":
        return _("Not in this source")
    return _("Does not apply")
