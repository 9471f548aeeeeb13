"""Scenarios to take along with their assumptions: a table for spreadsheets, Markdown, and HTML for the printer. Knows no page.

Words are in the reader's language; a name or an assumption that somebody wrote stays plain text in every format.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING

import pandas as pd

from app.exports import to_csv
from app.i18n import N_, _, day, difference, figure, joined, language, ngettext, number
from app.services import scenarios
from app.services.kept_scenarios import Answer, compared
from app.services.lever_words import clause_words, lever_change, lever_label
from app.statement import FORMATS as DOCUMENTS
from app.statement import Document, Section, Table

if TYPE_CHECKING:
    from analytics.whatif import Outcome, Scenario, Segment, WhatifResult

# ending → media type and name
FORMATS = {
    "csv": ("text/csv", "CSV"),
    "md": (DOCUMENTS["md"][1], "Markdown"),
    "html": (DOCUMENTS["html"][1], N_("HTML to print")),
}
MIXED = ("carrier", "category", "region")  # whose share of orders an outcome is of
GROUPS = {"segment": N_("The segment"), "others": N_("Everyone else")}


def exported(answers: list[Answer], form: str) -> bytes:
    """The answers that have a result, in a format of `FORMATS`."""
    if form == "csv":
        return to_csv(sheet(answers))
    return DOCUMENTS[form][2](document(answers)).encode()


def sheet(answers: list[Answer]) -> pd.DataFrame:
    """One row an outcome and scenario, with what it takes to get the same numbers again: the columns of `compared` but the id, then author, parent, levers,
    segment, snapshot_id, as_of, seed, draws, assumptions."""
    told = [
        {
            "document_id": answer.kept.document_id,
            "author": answer.kept.author,
            "parent": scenario.parent,
            "levers": lever_words(scenario),
            "segment": segment_words(scenario.segment),
            "snapshot_id": result.snapshot_id,
            "as_of": result.as_of.isoformat(),
            "seed": result.seed,
            "draws": result.draws,
            "assumptions": " ".join([*scenario.assumptions, *assumption_words(result, scenario.segment)]),
        }
        for answer, scenario, result in _with_results(answers)
    ]
    return compared(answers).merge(pd.DataFrame(told), on="document_id").drop(columns="document_id")


def document(answers: list[Answer]) -> Document:
    """Two sections a scenario: what was asked and what it would change, and under which assumptions."""
    shown = _with_results(answers)
    title = ngettext("What-if: {n} scenario", "What-if: {n} scenarios", len(shown))
    return Document(title, language(), tuple(part for one in shown for part in _sections(*one)))


def asked_words(answer: Answer, scenario: Scenario, result: WhatifResult) -> list[tuple[str, str]]:
    """What was asked, of which data and by whom: names and values."""
    rows = [
        (_("Author"), answer.kept.author),
        (_("Copied from"), scenario.parent),
        (_("Merchants"), segment_words(scenario.segment)),
        (_("Levers"), lever_words(scenario)),
        (_("Snapshot"), result.snapshot_id),
        (_("As of"), day(result.as_of)),
        (_("Seed and draws"), f"{result.seed} · {number(result.draws)}"),
    ]
    return [(name, value) for name, value in rows if value]


def segment_words(segment: Segment) -> str:
    """The merchants that a scenario touches."""
    return joined([value for field in fields(segment) for value in getattr(segment, field.name)]) or _("all merchants")


def lever_words(scenario: Scenario) -> str:
    """Every lever that changes something, with what it is set to; all of them where none does."""
    moved = [lever for lever in scenario.levers if lever.change != 0] or scenario.levers
    return joined([lever_change(lever) for lever in moved])


def assumption_words(result: WhatifResult, segment: Segment) -> list[str]:
    """What a result is conditional on, in the reader's language."""
    words = {"segment": segment_words(segment)}
    return [
        _(each.text, **{key: _value(key, value, words) for key, value in each.values.items()})
        for each in result.assumptions
    ]


def _value(key: str, value: str | float, words: Mapping[str, str]) -> str | float:
    """A value of a sentence in the reader's language: who it is of, a rule's or a lever's name, or as it is."""
    if key in words or isinstance(value, float | int):
        return words.get(key, value)
    if key == "rule":
        kind, _space, of = value.partition(" ")
        return lever_label(kind, of or None, of or None)
    return _(value)


def outcome_title(outcome: Outcome) -> str:
    """An outcome's name; whose it is where it isn't the segment's, and in which currency."""
    name = _(scenarios.OUTCOMES[outcome.outcome][0]) if outcome.outcome in scenarios.OUTCOMES else outcome.outcome
    merchants = outcome.group.get("merchants", "segment")
    rate = lever_label("rate", outcome.group["rate"], None) if "rate" in outcome.group else ""
    clause = clause_words(outcome.group["clause"]) if "clause" in outcome.group else ""
    mixed = [outcome.group.get(key, "") for key in MIXED]
    named = [rate, *mixed, clause, outcome.group.get("currency", "")]
    parts = [*named, "" if merchants == "segment" else _(GROUPS[merchants])]
    return " · ".join([name, *(part for part in parts if part)])


def outcome_cells(outcome: Outcome) -> tuple[str, str, str]:
    """An outcome before, after, and its change with the interval; an en dash for what can't be told."""
    unit = scenarios.OUTCOMES.get(outcome.outcome, ("", "count"))[1]
    currency = outcome.group.get("currency")
    before, after = (figure(_known(value), unit, currency=currency) for value in (outcome.baseline, outcome.value))
    change, low, high = (
        difference(_known(end), unit, currency=currency) for end in (outcome.change, outcome.ci_low, outcome.ci_high)
    )
    return before, after, _("{change} ({low} to {high})", change=change, low=low, high=high)


def _sections(answer: Answer, scenario: Scenario, result: WhatifResult) -> tuple[Section, Section]:
    headings = (_("Outcome"), _("now"), _("then"), _("Change (95% interval)"), _("Kind of answer"))
    figures = tuple(
        (outcome_title(outcome), *outcome_cells(outcome), _(scenarios.LABELS[outcome.label]))
        for outcome in result.outcomes
    )
    sentences = (*scenario.assumptions, *assumption_words(result, scenario.segment))
    return (
        Section(answer.kept.name, (Table(tuple(asked_words(answer, scenario, result))), Table(figures, headings))),
        Section(_("Assumptions of {name}", name=answer.kept.name), sentences),
    )


def _with_results(answers: list[Answer]) -> list[tuple[Answer, Scenario, WhatifResult]]:
    return [
        (answer, answer.kept.scenario, answer.result)
        for answer in answers
        if answer.kept.scenario is not None and answer.result is not None
    ]


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
