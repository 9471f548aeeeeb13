"""Seller programmes on a page: merchants by programme and outcome, one merchant's clauses, and its penalty ledger."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.charts.bars import outcomes as outcomes_figure
from app.components.chart import chart_card
from app.components.empty import empty_state
from app.components.levels import outcome_names
from app.components.table import Column, table
from app.components.thread import plain
from app.filter_bar import current_filters, open_merchant
from app.i18n import N_, _, day, figure, ngettext, number, span
from app.page_errors import page_errors
from app.services import programmes
from app.services.figures import time_zone
from app.services.programmes import ProgrammeInfo
from app.services.runtime import snapshot_id

DISTANCE_HELP = N_(
    "How many more orders, reviews or points break the clause; with a minus, how many fewer would mend it. Stars, money and days: value minus limit."
)
_SIGNS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥"}


@st.fragment
def programmes_board() -> None:
    """Every merchant of the filters against every programme; a programme can be chosen, outcomes filter, a click opens a merchant."""
    with page_errors():
        snapshot, scope = snapshot_id(), current_filters().scope()
        for fault in programmes.faults():
            st.warning(_("A programme file is left out: {fault}", fault=plain(fault, 400)), icon=":material/warning:")
        infos = programmes.infos()
        with st.skeleton(height=400):
            frame = programmes.matrix(snapshot, scope)
        if frame.empty:
            empty_state(_("No merchant here"), _("The filters leave no merchant. Reset them in the sidebar."))
            return
        _draw_counts(frame, infos)
        with st.container(border=True):
            chosen = _draw_matrix(frame, infos)
        if chosen is not None:
            _draw_clauses(infos[chosen])


def _draw_counts(frame: pd.DataFrame, infos: dict[str, ProgrammeInfo]) -> None:
    counted = programmes.counts(frame)
    names = [_(infos[programme].name) for programme in counted["programme"]]
    labels = outcome_names()
    chart_card(
        _("Merchants by seller programme"),
        f"{day(current_filters().date_to)} · {time_zone(snapshot_id())} · "
        + ngettext("{n} merchant", "{n} merchants", len(frame)),
        outcomes_figure(
            names,
            {outcome: counted[outcome].tolist() for outcome in labels},
            labels,
            x_title=_("Merchants"),
            height=110 + 28 * len(names),
        ),
        counted.assign(programme=names),
        [
            Column("programme", _("Programme"), pinned=True),
            *(Column(outcome, label, "count") for outcome, label in labels.items()),
        ],
        key="trust.programmes.counts",
    )


def _draw_matrix(frame: pd.DataFrame, infos: dict[str, ProgrammeInfo]) -> str | None:
    """The table of merchants; returns the programme that was chosen, None for all."""
    st.markdown("**" + _("Merchants against seller programmes") + "**")
    st.caption(
        _(
            "Most failures first. Choose a programme for the clause that decides, its distance and the level to come. Click opens."
        )
    )
    names = {key: _(info.name) for key, info in infos.items()}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen: str | None = st.selectbox(
            _("Programme"),
            list(names),
            index=None,
            format_func=lambda key: names[key],
            placeholder=_("All programmes"),
            width=220,
            key="trust.programme",
        )
        labels = outcome_names()
        wanted: list[str] = st.pills(
            _("Only merchants that"),
            list(labels),
            selection_mode="multi",
            format_func=lambda outcome: labels[outcome],
            key="trust.outcomes",
        )
    shown = programmes.matching(frame, chosen, wanted or [])
    if shown.empty:
        empty_state(_("No merchant has this outcome"), _("Choose another outcome or programme."), height=160)
        return chosen
    if chosen is None:
        columns = [Column(key, name, "outcome", width=_width(shown[key], labels)) for key, name in names.items()]
    else:
        info = infos[chosen]
        shown = shown.assign(
            level=[level_words(info, level) for level in shown[f"{chosen}.level"]],
            projected=[level_words(info, level) for level in shown[f"{chosen}.projected"]],
            clause=[_(info.clause_labels[key]) if isinstance(key, str) else "" for key in shown[f"{chosen}.clause"]],
            distance=shown[f"{chosen}.distance"],
        )
        columns = [
            Column(chosen, names[chosen], "outcome"),
            Column("level", _("Level")),
            Column("clause", _("Clause that decides")),
            Column("distance", _("Distance"), "distance", help=_(DISTANCE_HELP)),
            Column(
                "projected",
                _("At the next evaluation"),
                help=_("Today's counts carried forward; what leaves the window is dropped."),
            ),
        ]
    row = table(
        shown,
        [
            Column("name", _("Merchant"), pinned=True, width=160),
            *columns,
            Column("category", _("Category")),
            Column("region", _("Region")),
        ],
        key=f"trust.programmes.{chosen or 'all'}",
        title=_("Merchants against seller programmes"),
        is_clickable=True,
        file_name="programmes",
    )
    if row is not None:
        open_merchant(str(shown["merchant_id"].iloc[row]))
    return chosen


def _width(outcomes: pd.Series[str], labels: dict[str, str]) -> int:
    """Pixels that hold the longest of a column's words whole."""
    return max(104, *(26 + 7 * len(labels.get(outcome, outcome)) for outcome in outcomes.unique()))


def _draw_clauses(info: ProgrammeInfo) -> None:
    """The rules of one programme with how many merchants each finds, and where they come from."""
    with st.container(border=True):
        frame = programmes.clauses(snapshot_id(), current_filters().scope(), info.programme_id)
        title = _("Clauses of {programme}", programme=_(info.name))
        st.markdown(f"**{title}**")
        labels = outcome_names()
        table(
            frame.assign(
                label=[_(label) for label in frame["label"]],
                limit=limits(frame),
                level=[level_words(info, level) for level in frame["level"]],
                note=[_(note) if note else "" for note in frame["note"]],
            ),
            [
                Column("label", _("Clause"), pinned=True, width=240),
                Column("limit", _("Limit")),
                *([Column("level", _("Level"))] if frame["level"].any() else []),
                *(Column(outcome, labels[outcome], "count") for outcome in ("fail", "near", "pass")),
                Column("unjudged", _("Not judged"), "count"),
                Column("note", _("Note"), width=420),
            ],
            key=f"trust.clauses.{info.programme_id}",
            title=title,
            height=34 * (1 + len(frame)) + 3,
        )
        st.caption(_(info.source))


def merchant_programmes(merchant_id: str) -> None:
    """Where one merchant stands in every programme, the clauses of a chosen one, and the penalties that it counts."""
    last, infos = current_filters().date_to, programmes.infos()
    st.caption(_("At the end of {day}. Click a programme for its clauses and its penalty ledger.", day=day(last)))
    with st.skeleton(height=400):
        frame = programmes.of_merchant(snapshot_id(), last, merchant_id)
    row = table(
        frame.assign(
            name=[_(infos[key].name) for key in frame["programme"]],
            level=[level_words(infos[p], level) for p, level in zip(frame["programme"], frame["level"], strict=True)],
            projected=[level_words(infos[p], v) for p, v in zip(frame["programme"], frame["projected"], strict=True)],
            clause=[
                _(infos[p].clause_labels[key]) if isinstance(key, str) else ""
                for p, key in zip(frame["programme"], frame["clause"], strict=True)
            ],
        ),
        [
            Column("name", _("Programme"), pinned=True),
            Column("outcome", _("Outcome"), "outcome"),
            Column("level", _("Level"), width=140),
            Column("clause", _("Clause that decides"), width=220),
            Column("distance", _("Distance"), "distance", help=_(DISTANCE_HELP)),
            Column("next_evaluation", _("Next evaluation"), "date"),
            Column(
                "projected",
                _("Level then"),
                help=_("Today's counts carried forward; what leaves the window is dropped."),
            ),
        ],
        key="merchant.programmes",
        title=_("Seller programmes"),
        is_clickable=True,
    )
    if row is not None:
        st.session_state["merchant.programme"] = str(frame["programme"].iloc[row])
    chosen = st.session_state.get("merchant.programme")
    info = infos.get(chosen if isinstance(chosen, str) else "") or infos[str(frame["programme"].iloc[0])]
    _draw_merchant_clauses(info, merchant_id)
    _draw_ledger(info, merchant_id)


def _draw_merchant_clauses(info: ProgrammeInfo, merchant_id: str) -> None:
    frame = programmes.merchant_clauses(snapshot_id(), current_filters().date_to, merchant_id, info.programme_id)
    title = _("Clauses of {programme}", programme=_(info.name))
    st.markdown(f"**{title}**")
    values = zip(frame["value"], frame["unit"], frame["currency"], strict=True)
    windows = zip(frame["date_from"], frame["date_to"], strict=True)
    table(
        frame.assign(
            label=[_(label) for label in frame["label"]],
            value=[
                figure(None if pd.isna(v) else v, _count_unit(unit), currency=currency) for v, unit, currency in values
            ],
            limit=limits(frame),
            window=["" if pd.isna(first) else span(first, last) for first, last in windows],
        ),
        [
            Column("label", _("Clause"), pinned=True, width=240),
            Column("outcome", _("Outcome"), "outcome"),
            Column("value", _("Value")),
            Column("limit", _("Limit")),
            Column("n", _("n"), "count", help=_("What the value is counted over: orders, reviews or questions")),
            Column("distance", _("Distance"), "distance", help=_(DISTANCE_HELP)),
            Column(
                "probability",
                _("Truly beyond"),
                "rate",
                help=_("How likely the true rate is beyond the limit, given its peers"),
            ),
            Column("window", _("Window"), width=200),
        ],
        key=f"merchant.clauses.{info.programme_id}",
        title=title,
        height=34 * (1 + len(frame)) + 3,
        file_name=f"clauses-{info.programme_id}-{merchant_id}",
    )


def _draw_ledger(info: ProgrammeInfo, merchant_id: str) -> None:
    frame = programmes.merchant_ledger(snapshot_id(), current_filters().date_to, merchant_id, info.programme_id)
    st.markdown("**" + _("Penalty ledger") + "**")
    if frame.empty:
        st.caption(_("No penalty up to this day."))
        return
    counted = int(frame.loc[frame["active"], "points"].sum())
    st.caption(
        _(
            "{points} points count on this day; the others are lifted, expired or out of the window.",
            points=number(counted),
        )
    )
    table(
        frame.assign(active=[_("yes") if is_active else _("no") for is_active in frame["active"]]),
        [
            Column("issued", _("Issued"), "date", pinned=True),
            Column("clause", _("Clause")),
            Column("points", _("Points"), "count"),
            Column("active", _("Counts")),
            Column("expires", _("Expires"), "date"),
            Column("appealed", _("Appealed"), "date"),
            Column("lifted", _("Lifted"), "date"),
            Column("order_id", _("Order")),
            Column("event_id", _("Evidence")),
        ],
        key=f"merchant.ledger.{info.programme_id}",
        title=_("Penalty ledger"),
        file_name=f"penalties-{info.programme_id}-{merchant_id}",
    )


def level_words(info: ProgrammeInfo, level: str) -> str:
    """A level or band of a programme, or the outcome that stands in for one, in the reader's language."""
    if level in info.level_labels:
        return _(info.level_labels[level])
    return outcome_names().get(level, level)


def limits(frame: pd.DataFrame) -> list[str]:
    """Sign and limit of each clause, in its unit."""
    parts = zip(frame["operator"], frame["limit"], frame["unit"], frame["currency"], strict=True)
    return [
        f"{_SIGNS[sign]} {figure(limit, _count_unit(unit), currency=currency)}" for sign, limit, unit, currency in parts
    ]


def _count_unit(unit: str) -> str:
    return "count" if unit in ("points", "days") else unit
