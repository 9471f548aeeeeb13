"""Tornado and two-lever map on the what-if page."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.charts import whatif as charts
from app.components.chart import chart_card, empty_card
from app.components.table import Column
from app.components.thread import plain
from app.components.whatif_words import Asked, outcome_figure, outcome_name
from app.i18n import _, difference, rate
from app.page_errors import sentence
from app.services import finding

REACHES = (0.1, 0.25, 0.5, 1.0)
SHOWN = 12  # bars
STEPS = (3, 5, 7, 9)


def draw_tornado(asked: Asked) -> None:
    """What each lever does to an outcome by itself."""
    from analytics.whatif.questions import Tornado

    first, second = st.columns(2)
    outcome = first.selectbox(_("Outcome"), asked.outcomes, format_func=outcome_name, key="whatif.tornado.outcome")
    reach = second.select_slider(
        _("Each lever moves, of the way to its bounds"),
        REACHES,
        0.25,
        format_func=lambda share: rate(share, digits=0),
        key="whatif.tornado.reach",
    )
    levers = st.multiselect(
        _("Levers"),
        asked.levers.names,
        format_func=asked.levers.label,
        placeholder=_("All that merchants do"),
        key="whatif.tornado.levers",
    )
    with st.spinner(_("Moving each lever …")):
        swings = finding.tornado(
            asked.snapshot_id, asked.scenario, Tornado(outcome, float(reach), tuple(levers)), asked.as_of
        )[:SHOWN]
    title = _("What matters most for “{outcome}”", outcome=outcome_name(outcome))
    if not swings or all(swing.effect == 0 for swing in swings):
        empty_card(title, "", _("No lever moves it"), _("Choose another outcome, or move the levers further."))
        return
    names = [asked.levers.label(swing.lever) for swing in swings]
    unit = finding.unit_of(outcome)
    frame = pd.DataFrame(
        {
            "lever": names,
            "low": [asked.levers.figure(swing.lever, swing.low) for swing in swings],
            "high": [asked.levers.figure(swing.lever, swing.high) for swing in swings],
            "at_low": [swing.at_low for swing in swings],
            "at_high": [swing.at_high for swing in swings],
            "effect": [swing.effect for swing in swings],
        }
    )
    hovers = [
        (
            _bar(asked, swing.lever, swing.low, outcome, swing.at_low, swing.baseline),
            _bar(asked, swing.lever, swing.high, outcome, swing.at_high, swing.baseline),
        )
        for swing in swings
    ]
    chart_card(
        title,
        _("One lever at a time, the others stay; the largest effect on top. Simulated; no intervals here."),
        charts.tornado(
            names,
            [swing.at_low - swing.baseline for swing in swings],
            [swing.at_high - swing.baseline for swing in swings],
            hovers,
            unit=unit,
            labels=(_("lever down"), _("lever up")),
            x_title=_("Change of “{outcome}”", outcome=outcome_name(outcome)),
            height=110 + 34 * len(swings),
        ),
        frame,
        [
            Column("lever", _("Lever"), pinned=True),
            Column("low", _("down to")),
            Column("at_low", _("Outcome"), unit),
            Column("high", _("up to")),
            Column("at_high", _("Outcome"), unit),
            Column("effect", _("Largest effect"), f"change:{unit}"),
        ],
        key="whatif.tornado",
    )


def _bar(asked: Asked, lever: str, value: float, outcome: str, reached: float, baseline: float) -> str:
    return _(
        "{lever} at {value}: {reached} ({change})",
        lever=asked.levers.label(lever),
        value=asked.levers.figure(lever, value),
        reached=outcome_figure(outcome, reached),
        change=difference(reached - baseline, finding.unit_of(outcome)),
    )


def draw_pair(asked: Asked) -> None:
    """An outcome over two levers."""
    from analytics.whatif.questions import Pair

    columns = st.columns([3, 3, 3, 2])
    names = asked.levers.names
    first = columns[0].selectbox(
        _("Lever down the side"), names, format_func=asked.levers.label, key="whatif.map.first"
    )
    others = [name for name in names if name != first]
    second = columns[1].selectbox(
        _("Lever along the bottom"), others, format_func=asked.levers.label, key="whatif.map.second"
    )
    outcome = columns[2].selectbox(_("Outcome"), asked.outcomes, format_func=outcome_name, key="whatif.map.outcome")
    steps = columns[3].selectbox(_("Steps"), STEPS, index=1, key="whatif.map.steps")
    with st.spinner(_("Running each pair …")):
        found = finding.pair_map(asked.snapshot_id, asked.scenario, Pair(first, second, outcome, steps), asked.as_of)
    rows = [asked.levers.figure(first, value) for value in found.first_values]
    heads = [asked.levers.figure(second, value) for value in found.second_values]
    cells = found.cells.tolist()
    texts = [[outcome_figure(outcome, cell) for cell in row] for row in cells]
    hovers = [
        [
            f"{asked.levers.label(first)} {side}<br>{asked.levers.label(second)} {head}<br><b>{text}</b>"
            for head, text in zip(heads, line, strict=True)
        ]
        for side, line in zip(rows, texts, strict=True)
    ]
    frame = pd.DataFrame(texts, columns=[f"at_{place}" for place in range(len(heads))]).assign(first=rows)
    chart_card(
        _("{outcome} over two levers", outcome=outcome_name(outcome)),
        _(
            "Each cell is a run of its own; now: {now}. Simulated; no intervals here.",
            now=outcome_figure(outcome, found.baseline),
        ),
        charts.pair_map(
            heads,
            rows,
            cells,
            texts,
            hovers,
            baseline=found.baseline,
            x_title=asked.levers.label(second),
            y_title=asked.levers.label(first),
            height=120 + 44 * len(rows),
        ),
        frame,
        [
            Column("first", asked.levers.label(first), pinned=True),
            *(Column(f"at_{place}", head) for place, head in enumerate(heads)),
        ],
        key="whatif.map",
    )
    if found.fault:
        st.caption(_("A cell without a figure can't be asked: {why}", why=plain(sentence(found.fault) or "")))
