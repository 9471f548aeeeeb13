"""The Segments tab: buyers by recency and frequency, segments of buyers and merchants named by what sets them apart, and their merchants."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.charts.studies import grid
from app.components.chart import chart_card, empty_card
from app.components.study_words import MEASURES, measured, sample_words, trait_words, window_of
from app.components.table import Column, table
from app.filter_bar import current_filters, open_merchant
from app.i18n import _, joined, ngettext, number, rate, sentences
from app.page_errors import page_errors
from app.services import satisfaction_studies as studies
from app.services.figures import time_zone
from app.services.runtime import snapshot_id

APART = 0.25  # silhouette from which segments are more than cuts through a continuum


@st.fragment
def segments_tab() -> None:
    """Draw the tab."""
    with page_errors():
        snapshot, scope = snapshot_id(), current_filters().scope()
        of = st.segmented_control(
            _("Segments of"),
            ("buyers", "merchants"),
            default="buyers",
            required=True,
            format_func=lambda name: _("Buyers") if name == "buyers" else _("Merchants"),
            label_visibility="collapsed",
            key="satisfaction.segments.of",
        )
        with st.skeleton(height=420):
            found = (
                studies.buyer_segments(snapshot, scope)
                if of == "buyers"
                else studies.merchant_segments(snapshot, scope)
            )
        chosen = _draw(found, snapshot, of)
        if of == "buyers":
            _recency_frequency(found, snapshot)
        elif chosen is not None:
            _members(found, snapshot, chosen)


def _draw(found: studies.Segmented, snapshot: str, of: str) -> int | None:
    """Segments as a table of what sets them apart and a grid of all measures; returns the segment last clicked, of merchants."""
    segments = found.segments
    title = _("Segments of buyers by behaviour") if of == "buyers" else _("Segments of merchants by behaviour")
    counted = (
        ngettext("{n} buyer", "{n} buyers", segments.n)
        if of == "buyers"
        else ngettext("{n} merchant", "{n} merchants", segments.n)
    )
    caption = " · ".join((window_of(found.window, time_zone(snapshot)), counted)) + sample_words(segments.every)
    if segments.excluded:
        caption += " · " + ngettext(
            "{n} with fewer than 20 orders left out", "{n} with fewer than 20 orders left out", segments.excluded
        )
    if not segments.segments:
        reason = _("{n} of 60 needed", n=number(segments.n)) if segments.status == "too_few" else _("All behave alike")
        empty_card(title, caption, reason, _("Choose a longer window or fewer filters."), height=300)
        return None
    frame = pd.DataFrame(
        {
            "name": [str(one.number + 1) for one in segments.segments],
            "traits": [
                joined([trait_words(t.measure, t.unit, t.value, t.overall, t.distance) for t in one.traits])
                for one in segments.segments
            ],
            "n": [one.n for one in segments.segments],
            "share": [one.share for one in segments.segments],
        }
    )
    with st.container(border=True):
        st.markdown(f"**{title}**")
        st.caption(caption)
        st.caption(_stability(found))
        row = table(
            frame,
            [
                Column("name", _("Segment"), pinned=True),
                Column("traits", _("Set apart by"), width=640),
                Column("n", _("n"), "count"),
                Column("share", _("Share"), "share"),
            ],
            key=f"satisfaction.segments.{of}",
            title=title,
            is_clickable=of == "merchants",
            file_name=f"segments-{of}",
        )
    _measures(found, snapshot, of)
    if row is not None:
        st.session_state["satisfaction.segments.chosen"] = row
    kept: int | None = st.session_state.get("satisfaction.segments.chosen")
    return kept if kept is not None and kept < len(segments.segments) else None


def _stability(found: studies.Segmented) -> str:
    segments = found.segments
    said = [
        _(
            "{k} segments. Found again in resamples: ARI {ari} on average, {low} at worst (1 = the same, 0 = by chance).",
            k=number(segments.k),
            ari=number(segments.ari or 0.0, digits=2),
            low=number(segments.ari_low or 0.0, digits=2),
        )
    ]
    if segments.status == "unstable":
        said.append(_("No number of segments is stable here: read them with care."))
    if segments.silhouette is not None and segments.silhouette < APART:
        said.append(
            _(
                "They are cuts through a continuum, not types that lie apart (silhouette {n}).",
                n=number(segments.silhouette, digits=2),
            )
        )
    return sentences(*said)


def _measures(found: studies.Segmented, snapshot: str, of: str) -> None:
    segments = found.segments.segments
    measures = list(segments[0].means)
    measures.sort(key=list(MEASURES).index)
    named = [_(MEASURES[measure]) for measure in measures]
    rows = [f"{one.number + 1} · {rate(one.share, digits=0)}" for one in segments]
    texts = [[_cell(one.means[m], _unit(m)) for m in measures] for one in segments]
    distances = [[one.distances[m] for m in measures] for one in segments]
    hovers = [
        [
            f"{row}<br>{name}: {text}<br>" + _("{n} standard deviations from all", n=number(distance, digits=1))
            for name, text, distance in zip(named, line, away, strict=True)
        ]
        for row, line, away in zip(rows, texts, distances, strict=True)
    ]
    frame = pd.DataFrame({"name": rows} | {m: [line[place] for line in texts] for place, m in enumerate(measures)})
    chart_card(
        _("Every measure by segment"),
        window_of(found.window, time_zone(snapshot))
        + " · "
        + _("blue: more than all, orange: less")
        + (" · " + _("order size in typical orders") if of == "buyers" else ""),
        grid(
            named,
            rows,
            distances,
            texts,
            hovers,
            x_title="",
            y_title=_("Segment"),
            is_signed=True,
            height=120 + 44 * len(rows),
        ),
        frame,
        [
            Column("name", _("Segment"), pinned=True),
            *(Column(m, name) for m, name in zip(measures, named, strict=True)),
        ],
        key=f"satisfaction.segments.{of}.measures",
    )


def _unit(measure: str) -> str:
    return {"orders": "count", "days_since": "days", "order_size": "times"}.get(measure, "rate")


def _cell(value: float, unit: str) -> str:
    """As short as a cell is narrow."""
    return f"{number(value, digits=1)} ×" if unit == "times" else measured(value, unit)


def _members(found: studies.Segmented, snapshot: str, chosen: int) -> None:
    segment = found.segments.segments[chosen]
    frame = studies.segment_members(snapshot, segment.members)
    title = _("Merchants of segment {n}", n=number(chosen + 1))
    with st.container(border=True):
        st.markdown(f"**{title}**")
        st.caption(_("Most orders first. Click opens."))
        row = table(
            frame,
            [
                Column("name", _("Merchant"), pinned=True),
                Column("category", _("Category")),
                Column("region", _("Region")),
                Column("tier", _("Tier")),
                Column("order_count", _("Orders"), "count"),
            ],
            key="satisfaction.segments.members",
            title=title,
            is_clickable=True,
            file_name="segment-merchants",
        )
        if row is not None:
            open_merchant(str(frame["merchant_id"].iloc[row]))


def _recency_frequency(found: studies.Segmented, snapshot: str) -> None:
    frame = found.recency_frequency
    title = _("Buyers by last order and number of orders (RFM)")
    caption = window_of(found.window, time_zone(snapshot)) + sample_words(found.segments.every)
    if frame.empty:
        empty_card(
            title, caption, _("No buyer is known here"), _("Choose a longer window or fewer filters."), height=300
        )
        return
    recency = [_("0–30 days ago"), _("31–90 days ago"), _("91–180 days ago"), _("longer ago")]
    frequency = [_("1 order"), _("2 orders"), _("3–4 orders"), _("5 or more")]
    cells = {
        (int(r), int(f)): (share, spend, bad, n)
        for r, f, share, spend, bad, n in frame[["recency", "frequency", "share", "spend_share", "bad_share", "buyers"]]
        .to_numpy()
        .tolist()
    }
    places = [[cells.get((r, f)) for r in range(4)] for f in range(4)]
    chart_card(
        title,
        caption + " · " + _("share of buyers, and of all spending"),
        grid(
            recency,
            frequency,
            [[None if cell is None else cell[0] for cell in line] for line in places],
            [["" if cell is None else f"{rate(cell[0])}<br>{_spend(cell[1])}" for cell in line] for line in places],
            [
                [
                    ""
                    if cell is None
                    else _("{n} buyers, {bad} of their orders went badly", n=number(cell[3]), bad=rate(cell[2]))
                    for cell in line
                ]
                for line in places
            ],
            x_title=_("Last order"),
            y_title="",
            height=330,
        ),
        frame.assign(
            recency=[recency[int(place)] for place in frame["recency"]],
            frequency=[frequency[int(place)] for place in frame["frequency"]],
        ),
        [
            Column("recency", _("Last order"), pinned=True),
            Column("frequency", _("Orders")),
            Column("buyers", _("Buyers"), "count"),
            Column("share", _("Share of buyers"), "rate"),
            Column("spend_share", _("Share of spending"), "rate"),
            Column("bad_share", _("Bad experiences"), "rate"),
        ],
        key="satisfaction.rfm",
    )


def _spend(share: float) -> str:
    return _("spending {share}", share=rate(share)) if share == share else _("spending unknown")
