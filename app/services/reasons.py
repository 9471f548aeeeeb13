"""Statements of reasons: what a merchant is told when its level changed, in its language, with all that the law asks for.

The fields are those of Regulation (EU) 2019/1150 ("P2B"), article 4, and Regulation (EU) 2022/2065 ("DSA"), article 17(3): the decision,
its scope and duration; the facts, with the orders behind them; the clause; what was automatic; how to appeal; the notice before an
account is ended. A field that is not filled refuses the whole. What it is not: legal advice, or a decision; a person sends it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from app.errors import AppError
from app.i18n import N_, _, language, use_language
from app.services import changes, levels, trust
from app.services.level_change import LevelChange, Measure, last_change
from app.services.reading import base_id
from app.services.reason_sections import decision, facts, rights
from app.services.runtime import get_runtime
from app.services.warehouse import snapshot
from app.statement import FORMATS, Document
from app.workspace.audit import text_hash

if TYPE_CHECKING:
    from analytics.trust.changes import ScoreChange
    from app.identity import Actor

MANDATORY = ("operator_name", "terms_clause", "appeal_address")


def missing() -> list[str]:
    """The settings that a statement needs and that are empty."""
    settings = get_runtime().settings
    return [name for name in MANDATORY if not str(getattr(settings, name)).strip()]


def superseded(snapshot_id: str, found: LevelChange) -> AppError | None:
    """Why no statement may be written for a change: the newest evaluation gives the merchant another level, or none. None where it may."""
    if levels.in_force(snapshot_id, found.merchant_id) == found.level:
        return None
    return AppError(
        N_(
            "The level that merchant {merchant} was given on {day} is no longer in force: a statement is written for the level it has now alone."
        ),
        merchant=found.merchant_id,
        day=found.evaluated_on,
    )


def statement(
    snapshot_id: str,
    merchant_id: str,
    up_to: date | None = None,
    *,
    tag: str = "en",
    measure: Measure = "level",
    today: date | None = None,
) -> Document:
    """The statement for a merchant's last change of level, in `en` or `zh-Hans`; `today` is its date (default: the
    day that it is in the reporting time zone).

    Raises AppError, in one line, where a mandatory field is not filled, no level changed or the level is no longer in force; InputFileError for an unknown merchant.
    """
    if lacking := missing():
        raise AppError(
            N_("The statement of reasons lacks {fields}: fill these settings, then try again."),
            fields=", ".join(lacking),
        )
    found = last_change(snapshot_id, up_to, merchant_id)
    if found is None:
        raise AppError(
            N_(
                "Merchant {merchant} had no change of level in its last {n} evaluations: there is nothing to state reasons for."
            ),
            merchant=merchant_id,
            n=levels.EVALUATIONS_SHOWN,
        )
    if refused := superseded(snapshot_id, found):
        raise refused
    if refused := _no_ground(found, measure):
        raise refused
    # The data that were evaluated then, as long as they are kept.
    known = found.snapshot_id if found.snapshot_id in _kept() else base_id(snapshot_id)
    split = _split(known, found)
    reasons = trust.reasons(known, found.evaluated_on, merchant_id)
    zone = snapshot(known).time_zone
    on = today or datetime.now(ZoneInfo(zone)).date()
    with use_language(tag):
        return Document(
            _("Statement of reasons {reference}", reference=found.reference),
            language(),
            (
                *decision(found, measure, on, get_runtime().settings),
                *facts(found, split, reasons, zone),
                *rights(found, split, measure, get_runtime().settings),
            ),
        )


def _no_ground(found: LevelChange, measure: Measure) -> AppError | None:
    """Why a change of level bears no measure beyond itself; None where it does."""
    if measure == "level" or (found.level is not None and not found.is_rise):
        return None
    if found.is_between_levels:
        return AppError(
            N_(
                "Merchant {merchant} rose to a better level on {day}: only the level itself can be stated, not a restriction or the end of the account."
            ),
            merchant=found.merchant_id,
            day=found.evaluated_on,
        )
    return AppError(
        N_(
            "Merchant {merchant} got a first level above the lowest, or lost its level for too few orders, on {day}: only that itself can be stated, not a restriction or the end of the account."
        ),
        merchant=found.merchant_id,
        day=found.evaluated_on,
    )


def _split(known: str, found: LevelChange) -> ScoreChange | None:
    """What moved the score since the evaluation before, or what made a first one; None without a score."""
    if found.level is None:
        return None
    if found.previous_level is None or found.previous_on is None:
        return changes.beside_peers(known, found.evaluated_on, found.merchant_id)
    return changes.between(known, found.previous_on, found.evaluated_on, found.merchant_id)


def issue(
    snapshot_id: str, merchant_id: str, up_to: date | None, *, tag: str, measure: Measure, form: str, actor: Actor
) -> str:
    """The text of a statement that a person takes along, with an entry in the audit log. Raises as `statement`."""
    document = statement(snapshot_id, merchant_id, up_to, tag=tag, measure=measure)
    text = FORMATS[form][2](document)
    get_runtime().workspace.audit.note(
        actor,
        "statement.issued",
        f"merchant:{merchant_id}",
        title=document.title,
        measure=measure,
        language=tag,
        format=form,
        text_sha256=text_hash(text),
    )
    return text


def _kept() -> set[str]:
    return {kept.snapshot_id for kept in get_runtime().warehouse.snapshots()}
