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
from app.services import causes, changes, levels, trust
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
LEVELS = ("level", "previous_level")
SAME_POINTS = 0.05  # what rounds to the same figure


@dataclass(frozen=True)
class LevelChange:
    """One merchant's last change of level as it was evaluated then; scores 0–100, days of the reporting zone.

    A first level, or one regained, has no `previous_level` (and no `previous_on` at the calendar's first evaluation); a lost one no `level`. Scores are NaN
    where there was none. `earlier_level` is the last one held at the `looked_back` evaluations before; None looked back: at any.
    """

    merchant_id: str
    name: str
    evaluated_on: date
    previous_on: date | None
    level: str | None
    previous_level: str | None
    score: float
    previous_score: float
    ci_low: float
    ci_high: float
    n: int
    snapshot_id: str
    earlier_level: str | None = None
    looked_back: int | None = None

    @property
    def reference(self) -> str:
        """What the statement is cited by."""
        return f"SR-{self.merchant_id}-{self.evaluated_on}"

    @property
    def steps(self) -> tuple[int, int]:
        """The levels before and now, counted from the lowest, which is 1; 0 is none."""
        order = [None, *(band.level for band in trust.bands())]
        return order.index(self.previous_level), order.index(self.level)

    @property
    def is_between_levels(self) -> bool:
        """Whether there was a level before and is one now."""
        return self.level is not None and self.previous_level is not None

    @property
    def is_rise(self) -> bool:
        """Whether the level now is the better one; a first level is where it isn't the lowest."""
        before, now = self.steps
        return now > max(before, 1)


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
    own = own.assign(**{name: own[name].astype(object).where(own[name].notna(), None) for name in LEVELS})
    for place, row in enumerate(own.to_dict("records")):
        if row["level"] == row["previous_level"]:
            continue
        earlier = own["level"].tolist()[place + 1 :]
        is_whole = pd.isna(own["previous_on"].iloc[-1])
        if not is_whole:
            earlier.append(own["previous_level"].iloc[-1])
        before = [level for level in earlier if level is not None]
        return LevelChange(
            merchant_id,
            names[merchant_id],
            row["evaluated_on"],
            None if pd.isna(row["previous_on"]) else row["previous_on"],
            row["level"],
            row["previous_level"],
            row["score"],
            row["previous_score"],
            row["ci_low"],
            row["ci_high"],
            row["n"],
            row["snapshot_id"],
            before[0] if before else None,
            None if is_whole else len(earlier),
        )
    return None


def level_words(found: LevelChange) -> tuple[str, str]:
    """The levels before and now in the reader's language, a lack of one too."""
    names = {level: _(label) for level, label in trust.level_labels().items()}
    if found.previous_level is not None:
        before = names[found.previous_level]
    elif found.earlier_level is not None:
        before = _("none at the evaluation before; {level} at an earlier one", level=names[found.earlier_level])
    elif found.looked_back is not None:
        before = _("none at the {n} evaluations before", n=found.looked_back)
    else:
        before = _("none yet")
    return before, _("none") if found.level is None else names[found.level]


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
                *_decision(found, measure, on, get_runtime().settings),
                *_facts(found, split, reasons, zone),
                *_rights(found, split, measure, get_runtime().settings),
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


def _decision(found: LevelChange, measure: Measure, today: date, settings: Settings) -> Iterator[Section]:
    before, now = level_words(found)
    yield Section(
        _("Decision"),
        (
            Table(
                (
                    (_("To"), f"{found.name} ({found.merchant_id})"),
                    (_("Issued by"), settings.operator_name),
                    (_("Date"), day(today)),
                    (_("Measure"), _(MEASURES[measure])),
                    (_("Level before"), before),
                    (_("Level now"), now),
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
            *_least_orders(found),
        ),
    )


def _crossed(found: LevelChange) -> list[LevelBand]:
    """The levels whose borders lie between the one before and the one now, in the order in which the score met them; all but the lowest where one of the two is none."""
    bands = trust.bands()
    if not found.is_between_levels:
        return list(bands[1:])
    before, now = found.steps
    met = list(bands[min(before, now) : max(before, now)])
    return met if now > before else met[::-1]


def _least_orders(found: LevelChange) -> Iterator[str]:
    """From when on there is a score, where a level was given to, or taken from, a merchant without one."""
    if not found.is_between_levels:
        yield _(
            "A merchant has a score, and by it a level, while {n} of its orders or more lie in the last {days} days.",
            n=number(trust.min_n()),
            days=number(trust.window_days()),
        )


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
    found: LevelChange, split: ScoreChange | None, reasons: tuple[ComponentRate, ...], time_zone: str
) -> Iterator[Section]:
    first = found.evaluated_on - timedelta(days=trust.window_days() - 1)
    sentences = [
        _score_sentence(found),
        _(
            "Period: orders, reviews, questions and penalties of {span} ({zone}); recent ones weigh more, an order half after {days} days.",
            span=span(first, found.evaluated_on),
            zone=time_zone,
            days=number(trust.half_life_days()),
        ),
    ]
    moved: dict[str, float] = {}
    if split is not None:
        sentences += _split_sentences(found, split)
        moved = dict(zip(split.rates["rate_id"], split.rates["change"], strict=True))
    sentences += rate_sentences(reasons)
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
    if split is not None:
        yield _rows(found, split)


def _score_sentence(found: LevelChange) -> str:
    """The scores before and now, as they were evaluated then."""
    if found.level is None:
        return _(
            "On {day} there was no trust score: {n} orders lay in the period.",
            day=day(found.evaluated_on),
            n=number(found.n),
        )
    now = {
        "day": day(found.evaluated_on),
        "after": number(found.score, digits=1),
        "low": number(found.ci_low, digits=1),
        "high": number(found.ci_high, digits=1),
        "n": number(found.n),
    }
    if found.previous_level is None or found.previous_on is None:
        return _(
            "On {day} the trust score was {after} (95% interval {low} to {high}), from {n} orders; at the evaluation before there was none.",
            **now,
        )
    return _(
        "On {previous_day} the trust score was {before}; on {day} it was {after} (95% interval {low} to {high}), from {n} orders.",
        previous_day=day(found.previous_on),
        before=number(found.previous_score, digits=1),
        **now,
    )


def _split_sentences(found: LevelChange, split: ScoreChange) -> Iterator[str]:
    """What later data would give, where it is another, and what the score, or its change, is made of."""
    if not found.is_between_levels:
        if abs(split.after - found.score) > SAME_POINTS:
            yield _(
                "Data that came later would give {after}; the tables below show that.",
                after=number(split.after, digits=1),
            )
        yield causes.first_sentence(split)
        return
    if max(abs(split.before - found.previous_score), abs(split.after - found.score)) > SAME_POINTS:
        yield _(
            "Data that came later would give {before} and {after}; the tables below show those.",
            before=number(split.before, digits=1),
            after=number(split.after, digits=1),
        )
    yield causes.sentence(split)


def _rows(found: LevelChange, split: ScoreChange) -> Section:
    is_rise = found.is_rise if found.is_between_levels else split.change > 0
    rows = causes.behind(split, is_rise=is_rise)
    shown = rows.head(ROWS_SHOWN)
    names = {cause: _(label) for cause, label in changes.CAUSES.items()}
    table = Table(
        tuple(
            (
                f"{_(changes.SOURCES[str(row['source'])])} {row['row_id']}",
                day(pd.Timestamp(row["day"]).date()),
                _(str(row["label"])),
                names[str(row["cause"])],
                difference(float(row["change"]), "stars"),
            )
            for row in shown.to_dict("records")
        ),
        (_("Id"), _("Day"), _("Rate"), _("Cause"), _("Points")),
    )
    return Section(
        _("Orders behind the change"),
        (
            causes.rows_sentence(rows, len(shown)),
            *(sentence for sentence in (change_sentence(split),) if sentence),
            table,
        ),
    )


def _rights(found: LevelChange, split: ScoreChange | None, measure: Measure, settings: Settings) -> Iterator[Section]:
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
            *_peers_sentence(found, split),
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


def _peers_sentence(found: LevelChange, split: ScoreChange | None) -> Iterator[str]:
    """That other merchants' records were used, where they moved the score, or stand for what a new merchant's own don't tell yet."""
    if split is not None and (not found.is_between_levels or causes.is_moved_by_peers(split)):
        yield _(
            "Beside these, the same records of the merchant's peers in the same period were used: the other merchants that its rates are measured by. By data protection, their orders are not listed here."
        )
