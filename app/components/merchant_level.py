"""The level that a merchant was told at each evaluation, and the statement of reasons for its last change."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Literal

import streamlit as st

from app.components.empty import empty_state
from app.components.levels import level_badge
from app.components.table import Column, table
from app.filter_bar import current_filters
from app.i18n import LANGUAGES, N_, _, day, joined, language, number
from app.identity import current_actor
from app.page_errors import sentence
from app.services import level_change, levels, reasons
from app.services.figures import time_zone
from app.services.runtime import get_runtime, snapshot_id
from app.statement import FORMATS

Known = Literal["then", "now"]
KNOWN_CHOICES: tuple[Known, ...] = ("then", "now")
KNOWN: dict[Known, str] = {"then": N_("As evaluated then"), "now": N_("As known now")}
FORM_NAMES = {"html": N_("HTML to print"), "md": N_("Markdown")}
CHANGES = {
    "up": N_("rose"),
    "down": N_("fell"),
    "same": N_("stayed"),
    "first": N_("first level"),
    "none": N_("no level"),
}


def rule_words() -> str:
    """When levels change, in one sentence."""
    rules = levels.rules()
    return _(
        "A level changes once the score clears its border by {margin} points, or stays beyond it in {n} evaluations in a row.",
        margin=number(rules.margin, digits=1),
        n=number(rules.in_a_row),
    )


def merchant_level(merchant_id: str) -> None:
    """Draw the last evaluations up to the window's end."""
    last = current_filters().date_to
    known: Known = st.segmented_control(
        _("Known"),
        KNOWN_CHOICES,
        default="then",
        required=True,
        format_func=lambda name: _(KNOWN[name]),
        label_visibility="collapsed",
        help=_("What a merchant was told stays; late data change what is known now."),
        key="merchant.level.known",
    )
    with st.spinner(_("Evaluating what nobody asked for yet: once for each evaluation day …"), show_time=True):
        frame = levels.of_merchant(snapshot_id(), last, merchant_id, known)
    if frame.empty:
        empty_state(_("No evaluation yet"), _("The data cover no evaluation day before this one."), height=200)
        return
    held = frame.iloc[0]
    st.markdown(
        _(
            "{level} since the evaluation of {day}; the next is on {next}.",
            level=level_badge(held["level"] or held["status"]),
            day=day(levels.held_since(frame)),
            next=day(levels.next_day(held["evaluated_on"])),
        )
    )
    st.caption(rule_words() + f" {time_zone(snapshot_id())}")
    table(
        frame.assign(
            level=frame["level"].fillna(frame["status"]),
            score_level=frame["score_level"].fillna(frame["status"]),
            change=[_(CHANGES[change]) for change in frame["change"]],
        ),
        [
            Column("evaluated_on", _("Evaluated on"), "date", pinned=True),
            Column("level", _("Level"), "level"),
            Column("change", _("Change")),
            Column("score", _("Score"), "score"),
            Column("ci_low", _("from"), "score", help=_("Lower end of the 95% interval")),
            Column("ci_high", _("to"), "score", help=_("Upper end of the 95% interval")),
            Column("score_level", _("By the score alone"), "level"),
            Column("n", _("Orders"), "count", help=_("Orders that the score looks at")),
            Column("made_at", _("Made (UTC)"), "moment"),
        ],
        key=f"merchant.levels.{known}",
        title=_("Levels at the evaluations"),
        file_name=f"levels-{merchant_id}",
    )
    if known == "then":
        _draw_statement(merchant_id, last)


def _draw_statement(merchant_id: str, last: date) -> None:
    """The statement of reasons for the last change of level, to take along."""
    st.markdown("**" + _("Statement of reasons") + "**")
    found = level_change.last_change(snapshot_id(), last, merchant_id)
    if found is None:
        st.caption(_("No level changed in the evaluations above: there is nothing to state reasons for."))
        return
    if lacking := reasons.missing():
        st.info(
            _("A statement of reasons needs these settings: {fields}.", fields=joined(lacking)),
            icon=":material/settings:",
        )
        return
    with st.spinner(_("Evaluating what nobody asked for yet: once for each evaluation day …"), show_time=True):
        refused = reasons.superseded(snapshot_id(), found)
    if refused is not None:
        st.info(sentence(refused), icon=":material/event_busy:")
        return
    before, now = level_change.level_words(found)
    st.caption(
        _("For the change of {day}, from {before} to {now}.", day=day(found.evaluated_on), before=before, now=now)
    )
    actor = current_actor(get_runtime().settings)
    write = partial(reasons.issue, snapshot_id(), merchant_id, last, actor=actor)  # when a button is pressed
    with st.container(horizontal=True, vertical_alignment="bottom"):
        measure: level_change.Measure = st.selectbox(
            _("Measure"),
            list(level_change.MEASURES),
            format_func=lambda name: _(level_change.MEASURES[name]),
            width=260,
            key="merchant.statement.measure",
        )
        tag = st.segmented_control(
            _("Language"),
            list(LANGUAGES),
            default=language(),
            required=True,
            format_func=lambda code: LANGUAGES[code],
            key="merchant.statement.language",
        )
        for form, label in FORM_NAMES.items():
            ending, media_type, _write = FORMATS[form]
            st.download_button(
                _(label),
                partial(write, form=form, measure=measure, tag=tag),
                file_name=f"{found.reference}-{tag}.{ending}",
                mime=media_type,
                icon=":material/download:",
                on_click="ignore",
                key=f"merchant.statement.{form}",
            )
