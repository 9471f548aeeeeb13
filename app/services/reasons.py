"""Statements of reasons: what a merchant is told when its level changed, in its language, with all that the law asks for.

The fields are those of Regulation (EU) 2019/1150 ("P2B"), article 4, and Regulation (EU) 2022/2065 ("DSA"), article 17(3): the decision,
its scope and duration; the facts, with the orders behind them; the clause; what was automatic; how to appeal; the notice before an
account is ended. A field that is not filled refuses the whole. What it is not: legal advice, or a decision; a person sends it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

import pandas as pd

from app.errors import AppError, InputFileError
from app.i18n import N_, _, day, difference, language, number, rate, span, use_language
from app.services import changes, levels, trust
from app.services.bounded import change_sentence, rate_sentences
from app.services.reading import base_id
from app.services.runtime import get_runtime
from app.services.warehouse import filter_options, snapshot
from app.statement import FORMATS, Document, Section, Table
from app.workspace.audit import text_hash

if TYPE_CHECKING:
    from analytics.trust import ComponentRate
    from analytics.trust.changes import ScoreChange
    from app.identity import Actor
    from app.services.trust import LevelBand
    from app.settings import Settings

Measure = Literal["level", "restriction", "termination"]
MEASURES: dict[Measure, str] = {
    "level": N_("Change of level"),
    "restriction": N_("Restriction of the account"),
    "termination": N_("End of the account"),
}
MANDATORY = ("operator_name", "terms_clause", "appeal_address")
ROWS_SHOWN = 20
SAME_POINTS = 0.05  # what rounds to the same figure


@dataclass(frozen=True)
class LevelChange:
    """One merchant's last change of level as it was evaluated then; scores 0–100, days of the reporting zone."""

    merchant_id: str
    name: str
    evaluated_on: date
    previous_on: date
    level: str
    previous_level: str
    score: float
    previous_score: float
    ci_low: float
    ci_high: float
    n: int
    snapshot_id: str

    @property
    def reference(self) -> str:
        """What the statement is cited by."""
        return f"SR-{self.merchant_id}-{self.evaluated_on}"

    @property
    def steps(self) -> tuple[int, int]:
        """The levels before and now, counted from the lowest."""
        order = [band.level for band in trust.bands()]
        return order.index(self.previous_level), order.index(self.level)

    @property
    def is_rise(self) -> bool:
        """Whether the level now is the better one."""
        before, now = self.steps
        return now > before


def missing() -> list[str]:
    """The settings that a statement needs and that are empty."""
    settings = get_runtime().settings
    return [name for name in MANDATORY if not str(getattr(settings, name)).strip()]


def last_change(snapshot_id: str, up_to: date | None, merchant_id: str) -> LevelChange | None:
    """The merchant's last change of level in the evaluations shown up to a day (None: of all that is known); None without one.

    Raises InputFileError for a merchant that is not in the warehouse.
    """
    names = filter_options(snapshot_id).merchants
    if merchant_id not in names:
        raise InputFileError(
            "There is no {name} '{value}' in the warehouse: check the spelling.", name="merchant", value=merchant_id
        )
    own = levels.of_merchant(snapshot_id, up_to, merchant_id)
    for row in own.to_dict("records"):
        if row["change"] in ("up", "down"):
            return LevelChange(
                merchant_id,
                names[merchant_id],
                row["evaluated_on"],
                row["previous_on"],
                row["level"],
                row["previous_level"],
                row["score"],
                row["previous_score"],
                row["ci_low"],
                row["ci_high"],
                row["n"],
                row["snapshot_id"],
            )
    return None


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
    if measure != "level" and found.is_rise:
        raise AppError(
            N_(
                "Merchant {merchant} rose to a better level on {day}: only the level itself can be stated, not a restriction or the end of the account."
            ),
            merchant=merchant_id,
            day=found.evaluated_on,
        )
    # The data that were evaluated then, as long as they are kept.
    known = found.snapshot_id if found.snapshot_id in _kept() else base_id(snapshot_id)
    split = changes.between(known, found.previous_on, found.evaluated_on, merchant_id)
    reasons = trust.reasons(known, found.evaluated_on, merchant_id)
    zone = snapshot(known).time_zone
    on = today or datetime.now(ZoneInfo(zone)).date()
    with use_language(tag):
        return Document(
            _("Statement of reasons {reference}", reference=found.reference),
            language(),
            (
                *_decision(found, measure, on, get_runtime().settings),
                *_facts(found, split, reasons, zone),
                *_rights(found, measure, get_runtime().settings),
            ),
        )


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


def _decision(found: LevelChange, measure: Measure, today: date, settings: Settings) -> Iterator[Section]:
    names = {level: _(label) for level, label in trust.level_labels().items()}
    yield Section(
        _("Decision"),
        (
            Table(
                (
                    (_("To"), f"{found.name} ({found.merchant_id})"),
                    (_("Issued by"), settings.operator_name),
                    (_("Date"), day(today)),
                    (_("Measure"), _(MEASURES[measure])),
                    (_("Level before"), names[found.previous_level]),
                    (_("Level now"), names[found.level]),
                    (_("Decided at the evaluation of"), day(found.evaluated_on)),
                    (_("Takes effect"), day(_effect(found, measure, today, settings))),
                    (_("Applies to"), _("the whole account of the merchant on this marketplace")),
                    (_("Lasts"), _lasts(found, measure, today)),
                )
            ),
            _("Notice: {words}", words=_notice(measure, today, settings)),
        ),
    )
    rules = levels.rules()
    yield Section(
        _("Ground"),
        (
            _("The decision rests on this clause of the terms: {clause}", clause=settings.terms_clause),
            _(
                "By it, each merchant's trust score (0 to 100) is evaluated on fixed days. {borders} A level "
                "changes once the score clears its border by {margin} points, or stays beyond it in {n} evaluations in a row.",
                borders=" ".join(
                    _("The level {level} begins at {border} points.", level=_(band.label), border=number(band.low))
                    for band in _crossed(found)
                ),
                margin=number(rules.margin, digits=1),
                n=number(rules.in_a_row),
            ),
        ),
    )


def _crossed(found: LevelChange) -> list[LevelBand]:
    """The levels whose borders lie between the one before and the one now, in the order in which the score met them."""
    bands = trust.bands()
    before, now = found.steps
    met = list(bands[min(before, now) + 1 : max(before, now) + 1])
    return met if now > before else met[::-1]


def _effect(found: LevelChange, measure: Measure, today: date, settings: Settings) -> date:
    """Never before the statement itself."""
    if measure == "termination":
        return today + timedelta(days=settings.notice_days)
    return max(found.evaluated_on, today)


def _lasts(found: LevelChange, measure: Measure, today: date) -> str:
    if measure == "termination":
        return _("for good")
    following = levels.next_day(max(found.evaluated_on, today))
    return _("at least until the next evaluation, on {day}", day=day(following))


def _notice(measure: Measure, today: date, settings: Settings) -> str:
    if measure == "termination":
        return _(
            "the account ends {n} days after the date of this statement, on {day}.",
            n=number(settings.notice_days),
            day=day(today + timedelta(days=settings.notice_days)),
        )
    return _(
        "this measure does not end the account. That would need a statement of its own, at least {n} days before.",
        n=number(settings.notice_days),
    )


def _facts(
    found: LevelChange, split: ScoreChange, reasons: tuple[ComponentRate, ...], time_zone: str
) -> Iterator[Section]:
    first = found.evaluated_on - timedelta(days=trust.window_days() - 1)
    sentences = [
        _(
            "On {previous_day} the trust score was {before}; on {day} it was {after} (95% interval {low} to {high}), from {n} orders.",
            previous_day=day(found.previous_on),
            before=number(found.previous_score, digits=1),
            day=day(found.evaluated_on),
            after=number(found.score, digits=1),
            low=number(found.ci_low, digits=1),
            high=number(found.ci_high, digits=1),
            n=number(found.n),
        ),
        _(
            "Period: orders, reviews, questions and penalties of {span} ({zone}); recent ones weigh more, an order half after {days} days.",
            span=span(first, found.evaluated_on),
            zone=time_zone,
            days=number(trust.half_life_days()),
        ),
    ]
    if max(abs(split.before - found.previous_score), abs(split.after - found.score)) > SAME_POINTS:
        sentences.append(
            _(
                "Data that came later would give {before} and {after}; the tables below show those.",
                before=number(split.before, digits=1),
                after=number(split.after, digits=1),
            )
        )
    sentences += rate_sentences(reasons)
    moved = dict(zip(split.rates["rate_id"], split.rates["change"], strict=True))
    table = Table(
        tuple(
            (
                _(row.label),
                _("{part} of {whole}", part=number(row.numerator), whole=number(row.denominator)),
                rate(row.posterior_mean),
                rate(row.peer_mean),
                f"{number(row.points, digits=1)} / {number(row.max_points, digits=1)}",
                difference(moved.get(row.rate_id), "stars"),
            )
            for row in sorted(reasons, key=lambda row: -abs(moved.get(row.rate_id, 0.0)))
        ),
        (_("Rate"), _("Counted"), _("Estimate"), _("Peers"), _("Points"), _("Change")),
    )
    yield Section(_("Facts"), (*sentences, table))
    yield _rows(split)


def _rows(split: ScoreChange) -> Section:
    rows = changes.behind(split)
    shown = rows.head(ROWS_SHOWN)
    causes = {cause: _(label) for cause, label in changes.CAUSES.items()}
    table = Table(
        tuple(
            (
                f"{_(changes.SOURCES[str(row['source'])])} {row['row_id']}",
                day(pd.Timestamp(row["day"]).date()),
                _(str(row["label"])),
                causes[str(row["cause"])],
                difference(float(row["change"]), "stars"),
            )
            for row in shown.to_dict("records")
        ),
        (_("Id"), _("Day"), _("Rate"), _("Cause"), _("Points")),
    )
    return Section(
        _("Orders behind the change"),
        (
            _(
                "The {shown} that moved the score most, of {n}; the others are given on request.",
                shown=number(len(shown)),
                n=number(len(rows)),
            ),
            *(sentence for sentence in (change_sentence(split),) if sentence),
            table,
        ),
    )


def _rights(found: LevelChange, measure: Measure, settings: Settings) -> Iterator[Section]:
    yield Section(
        _("How it was decided"),
        (
            _(
                "The score and the level were computed automatically from the records named above, by the same rule for every merchant."
            )
            if measure == "level"
            else _(
                "The score and the level were computed automatically from the records named above, by the same rule for every merchant; the measure was decided by a person."
            ),
            _(
                "No notice of a third party was relied on, other than the buyers' reviews, returns, disputes and questions that are counted."
            ),
        ),
    )
    yield Section(
        _("Appeal"),
        (
            _(
                "You can have this decision looked at again, free of charge: write to {address} and name {reference}. Say which facts or orders "
                "are wrong, and send what shows it. A person will answer with reasons.",
                address=settings.appeal_address,
                reference=found.reference,
            ),
            _("Whatever the answer, out-of-court dispute settlement and the courts stay open to you."),
        ),
    )
