"""The Coverage tab: the satisfaction index with what stands behind it, what silence may hide, and whether raters' standards drift."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.charts.bars import ranked
from app.charts.series import trend_with_coverage
from app.charts.shapes import Estimate
from app.charts.studies import bounds, two_lines
from app.components.chart import chart_card, empty_card
from app.components.study_words import between, sample_words, window_of
from app.components.table import Column
from app.filter_bar import current_filters
from app.i18n import N_, _, joined, ngettext, number, rate
from app.page_errors import page_errors
from app.services import satisfaction_studies as studies
from app.services.figures import time_zone
from app.services.runtime import snapshot_id
from app.services.satisfaction import estimate_table

DRIFT = {
    "none": N_(
        "No drift of standards is seen: the same raters give like orders the same stars, as far as {n} reviews of {raters} raters can tell."
    ),
    "up": N_(
        "Standards drift up: the same raters give more stars for like orders as time goes by ({n} reviews of {raters} raters)."
    ),
    "down": N_(
        "Standards drift down: the same raters give fewer stars for like orders as time goes by ({n} reviews of {raters} raters)."
    ),
}


def coverage_tab() -> None:
    """Draw the tab."""
    snapshot = snapshot_id()
    with st.skeleton(height=400):
        found = studies.index(snapshot, current_filters().scope())
    _index_trend(found, snapshot)
    columns = st.grid(2, min_column_width=420, gap="small")
    with columns.cell():
        _index_parts(found, snapshot)
    with columns.cell():
        _silence(snapshot)
    _drift(snapshot)


def _index_trend(found: studies.Indexed, snapshot: str) -> None:
    title = _("Satisfaction index by month, with 95% band")
    points, coverage = studies.index_points(found)
    if not any(point.value is not None for point in points):
        empty_card(
            title,
            "",
            _("No month has enough answers"),
            _("Choose a longer window, or load a source that has these answers."),
        )
        return
    frame = pd.DataFrame(
        [(p.day, p.value, p.ci_low, p.ci_high, p.n, c.value) for p, c in zip(points, coverage, strict=True)],
        columns=["day", "value", "ci_low", "ci_high", "n", "coverage"],
    )
    said = [
        time_zone(snapshot),
        _("0–100 from: {names}", names=joined(_entering(found))),
        _("below: reviews per order placed"),
    ]
    chart_card(
        title,
        " · ".join(said),
        trend_with_coverage(
            points,
            coverage,
            unit="score",
            y_title=_("Satisfaction index"),
            coverage_title=_("Coverage"),
            incomplete_label=_("incomplete"),
        ),
        frame,
        [
            Column("day", _("From"), "date", pinned=True),
            Column("value", _("Satisfaction index"), "score"),
            Column("ci_low", _("from"), "score", help=_("Lower end of the 95% interval")),
            Column("ci_high", _("to"), "score", help=_("Upper end of the 95% interval")),
            Column("n", _("n"), "count"),
            Column("coverage", _("Coverage"), "rate"),
        ],
        key="satisfaction.index.trend",
    )


def _entering(found: studies.Indexed) -> list[str]:
    """The parts that enter the index in any of the months."""
    parts = [part for one in found.months for part in one.index.parts if part.value is not None]
    return list(dict.fromkeys(_(part.label) for part in parts))


def _index_parts(found: studies.Indexed, snapshot: str) -> None:
    index = found.index
    title = _("What the index consists of")
    left_out = _("left out: {names}", names=joined([_(name) for name in index.left_out])) if index.left_out else ""
    caption = " · ".join(part for part in (window_of(found.window, time_zone(snapshot)), left_out) if part)
    if index.value is None:
        empty_card(
            title,
            caption,
            _("No part has enough answers"),
            _("Choose a longer window, or load a source that has these answers."),
        )
        return
    told = [part for part in index.parts if part.value is not None]
    shown = [
        Estimate(_("Index"), index.value, index.ci_low, index.ci_high, index.n),
        *(
            Estimate(
                _("{name} · {n} per 100 orders", name=_(part.label), n=number((part.coverage or 0.0) * 100)),
                part.value,
                part.ci_low,
                part.ci_high,
                part.n,
            )
            for part in told
        ),
    ]
    chart_card(
        title,
        caption,
        ranked(shown, title="", unit="score", x_title=_("Points (0–100)"), height=340),
        estimate_table(shown).assign(
            coverage=pd.Series([index.coverage, *(part.coverage for part in told)], dtype=float),
            weight=pd.Series([1.0, *(part.weight for part in told)], dtype=float),
        ),
        [
            Column("name", _("Name"), pinned=True),
            Column("value", _("Points (0–100)"), "score"),
            Column("ci_low", _("from"), "score", help=_("Lower end of the 95% interval")),
            Column("ci_high", _("to"), "score", help=_("Upper end of the 95% interval")),
            Column("n", _("n"), "count"),
            Column("coverage", _("Answers per order"), "rate"),
            Column("weight", _("Weight"), "rate"),
        ],
        key="satisfaction.index.parts",
    )


def _silence(snapshot: str) -> None:
    title = _("What silence may hide")
    found = studies.silence(snapshot, current_filters().scope())
    if found.window is None or not found.bounds:
        reason = _("Too recent to judge") if found.window is None else _("Not enough reviews")
        empty_card(title, "", reason, _("Choose a longer window or fewer filters."), height=340)
        return
    whole = found.bounds[0].silence
    names = [one.name or _("All") for one in found.bounds]
    silences = [one.silence for one in found.bounds]
    silent = rate(1 - whole.reviewed / whole.delivered) if whole.delivered else "–"
    chart_card(
        title,
        window_of(found.window, time_zone(snapshot)) + " · " + _("{share} of buyers said nothing", share=silent),
        bounds(
            names,
            [one.effective or 0.0 for one in silences],
            [one.plain or 0.0 for one in silences],
            [one.upper or 0.0 for one in silences],
            labels=(_("All silent buyers discontent"), _("Positive, of reviews"), _("all content")),
            x_title=_("Share of buyers who are content"),
            height=340,
        ),
        pd.DataFrame(
            {
                "name": names,
                "effective": [one.effective for one in silences],
                "plain": [one.plain for one in silences],
                "upper": [one.upper for one in silences],
                "reviewed": [one.reviewed for one in silences],
                "delivered": [one.delivered for one in silences],
            }
        ),
        [
            Column("name", _("Category"), pinned=True),
            Column("effective", _("Positive, of delivered orders"), "rate", help=_("All silent buyers discontent")),
            Column("plain", _("Positive, of reviews"), "rate"),
            Column("upper", _("All silent buyers content"), "rate"),
            Column("reviewed", _("Reviews"), "count"),
            Column("delivered", _("Delivered"), "count"),
        ],
        key="satisfaction.silence",
    )


@st.fragment
def _drift(snapshot: str) -> None:
    with page_errors():
        title = _("Do raters' standards drift?")
        found = studies.drift(snapshot, current_filters().scope())
        drift = found.drift
        if drift.verdict == "too_few" or drift.standards is None or drift.trend is None or drift.within is None:
            reason = ngettext(
                "{n} rater with three or more reviews", "{n} raters with three or more reviews", drift.raters
            )
            advice = _("50 are needed: where hardly anybody buys twice, nobody's standards can be followed.")
            empty_card(title, "", reason, advice, height=280)
            return
        st.markdown(_(DRIFT[drift.verdict], n=number(drift.reviews), raters=number(drift.raters)))
        rows = (
            (_("All stars, a year"), drift.trend),
            (_("Within a rater, a year"), drift.within),
            (_("Within a rater, like orders at the same merchant, a year"), drift.standards),
        )
        st.caption(
            " · ".join(f"{name}: {between(slope.value, slope.ci_low, slope.ci_high, 'stars')}" for name, slope in rows)
        )
        if drift.explained is not None:
            st.caption(
                _(
                    "Drifting standards make up {share} of the trend of all stars.",
                    share=rate(drift.explained, digits=0),
                )
            )
        months = found.months
        chart_card(
            title,
            _("stars by month of raters with three or more reviews, each one's last left out")
            + sample_words(found.every),
            two_lines(
                months["month"].tolist(),
                months["stars"].tolist(),
                months["within"].tolist(),
                labels=(_("All stars"), _("Each rater against his own mean")),
                y_title=_("Stars"),
            ),
            months,
            [
                Column("month", _("Month"), pinned=True),
                Column("stars", _("All stars"), "stars"),
                Column("within", _("Each rater against his own mean"), "stars"),
                Column("n", _("n"), "count"),
            ],
            key="satisfaction.drift",
        )
