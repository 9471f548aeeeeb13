"""What a statement of reasons says, section by section: the decision, the facts with the orders behind them, the merchant's rights.

Words and figures only; whether there is a statement to make is `app.services.reasons`' business.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from app.i18n import _, day, difference, number, rate, span
from app.services import causes, changes, levels, trust
from app.services.bounded import change_sentence, rate_sentences
from app.services.level_change import MEASURES, LevelChange, Measure, level_words
from app.statement import Section, Table

if TYPE_CHECKING:
    from analytics.trust import ComponentRate
    from analytics.trust.changes import ScoreChange
    from app.services.trust import LevelBand
    from app.settings import Settings

ROWS_SHOWN = 20
SAME_POINTS = 0.05  # what rounds to the same figure


def decision(found: LevelChange, measure: Measure, today: date, settings: Settings) -> Iterator[Section]:
    """What was decided, from when and for how long, and on what ground."""
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


def facts(
    found: LevelChange, split: ScoreChange | None, reasons: tuple[ComponentRate, ...], time_zone: str
) -> Iterator[Section]:
    """The score and what moved it, and the orders behind it; `reasons` are the rates of the day evaluated."""
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


def rights(found: LevelChange, split: ScoreChange | None, measure: Measure, settings: Settings) -> Iterator[Section]:
    """How it was decided, and what the merchant can do."""
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
