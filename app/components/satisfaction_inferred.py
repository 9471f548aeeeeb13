"""The Inferred tab: satisfaction read from every conversation, held against the surveys that some of them were answered with."""

from __future__ import annotations

import streamlit as st

from app.charts.shapes import Estimate
from app.charts.studies import against_surveys
from app.components.chart import chart_card, empty_card
from app.components.study_words import window_of
from app.components.table import Column, table
from app.components.thread import language_name
from app.filter_bar import current_filters
from app.i18n import _, ngettext, number, sentences
from app.services import inferred as service
from app.services.figures import time_zone
from app.services.runtime import snapshot_id


def inferred_tab() -> None:
    """Draw the tab."""
    snapshot, scope = snapshot_id(), current_filters().scope()
    with st.skeleton(height=420):
        found = service.inferred(snapshot, scope)
    caption = window_of(found.window, time_zone(snapshot)) + " · " + _read(found)
    if not found.agreements:
        advice = _("Load tickets with their messages, or choose a longer window.")
        empty_card(_("Inferred satisfaction"), caption, _("No conversation to read"), advice, height=380)
        return
    _calibration(found, caption)
    _by_language(found, caption)


def _read(found: service.Inferred) -> str:
    said = ngettext("{n} conversation read", "{n} conversations read", found.read)
    return said if found.read == found.total else said + " " + _("of {n}", n=number(found.total))


def _calibration(found: service.Inferred, caption: str) -> None:
    title = _("Inferred satisfaction against surveys")
    surveys = found.agreements[0].surveys
    caption += " · " + ngettext("{n} with a survey", "{n} with a survey", surveys)
    if not found.bins:
        advice = _("Each language needs 50 conversations with a survey. Until then scores stay as they were read.")
        empty_card(title, caption, _("Too few surveys to hold them against"), advice, height=380)
        return
    if (error := found.agreements[0].calibration_error) is not None:
        caption += " · " + _("calibration error {n} points", n=number(error, digits=2))
    frame = service.bin_table(found)
    tongues = list(dict.fromkeys(one.language for one in found.bins))
    chart_card(
        title,
        caption,
        against_surveys(
            {
                language_name(tongue): [
                    Estimate("", one.surveyed, one.ci_low, one.ci_high, one.n)
                    for one in found.bins
                    if one.language == tongue
                ]
                for tongue in tongues
            },
            {
                language_name(tongue): [one.inferred for one in found.bins if one.language == tongue]
                for tongue in tongues
            },
            x_title=_("Inferred (1–5)"),
            y_title=_("Surveyed (1–5)"),
            height=380,
        ),
        frame.assign(language=[language_name(tongue) for tongue in frame["language"]]),
        [
            Column("language", _("Language"), pinned=True),
            Column("inferred", _("Inferred (1–5)"), "stars"),
            Column("surveyed", _("Surveyed (1–5)"), "stars"),
            Column("ci_low", _("from"), "stars", help=_("Lower end of the 95% interval")),
            Column("ci_high", _("to"), "stars", help=_("Upper end of the 95% interval")),
            Column("n", _("n"), "count"),
        ],
        key="satisfaction.inferred.calibration",
    )


def _by_language(found: service.Inferred, caption: str) -> None:
    title = _("What was read from conversations, by language")
    frame = service.agreement_table(found)
    names = [_("All") if one.language == "all" else language_name(one.language) for one in found.agreements]
    with st.container(border=True):
        st.markdown(f"**{title}**")
        st.caption(caption)
        table(
            frame.assign(language=names, share=frame["surveys"] / frame["read"]),
            [
                Column("language", _("Language"), pinned=True),
                Column("read", _("Conversations"), "count"),
                Column("inferred", _("Inferred (1–5)"), "stars"),
                Column("surveys", _("Surveys"), "count"),
                Column("share", _("Coverage"), "rate"),
                Column("surveyed", _("Surveyed (1–5)"), "stars"),
                Column(
                    "calibration_error",
                    _("Calibration error"),
                    "stars",
                    help=_("How far inferred and surveyed means lie apart, in points (ECE)"),
                ),
                Column(
                    "error_before",
                    _("Uncalibrated"),
                    "stars",
                    help=_("The same error before surveys calibrated the scores"),
                ),
                Column("rank", _("Rank correlation"), "stars"),
                Column(
                    "covered",
                    _("In the interval"),
                    "rate",
                    help=_("Share of surveys inside the 95% interval of their conversation"),
                ),
            ],
            key="satisfaction.inferred.languages",
            title=title,
            file_name="inferred-satisfaction",
        )
        st.caption(
            sentences(
                _(
                    "Inferred: nobody answered this. A model read each conversation, and surveys of other conversations drew its scores to their scale."
                ),
                _("One conversation is told with a wide interval; means of many say more."),
            )
        )
