"""The search on the what-if page: which levers may move at what cost, the budget and the limits, and the best mix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from app.components.table import Column, table
from app.components.whatif_words import Asked, assumption_list, outcome_figure, outcome_name
from app.i18n import N_, _, difference, number
from app.services import finding

if TYPE_CHECKING:
    from analytics.whatif.questions import Limit, Search, SearchLever
    from app.services.finding import FoundMix

COST = "cost"
AIMS = {"maximise": N_("the most of"), "minimise": N_("the least of")}
MOST_LEVERS = 6
EFFORTS = (300, 1000, 3000)
_ASKED = "whatif.search.asked"


def draw_search(asked: Asked) -> None:
    """The form, and the answer to what was last asked with it."""
    levers = st.multiselect(
        _("Levers to mix"),
        asked.levers.names,
        default=asked.levers.names[:2],
        format_func=asked.levers.label,
        max_selections=MOST_LEVERS,
        key="whatif.search.levers",
    )
    with st.form("whatif.search", border=False):
        question = _form(asked, levers)
        if st.form_submit_button(_("Search"), icon=":material/travel_explore:", disabled=not levers):
            st.session_state[_ASKED] = question
    if question is None or st.session_state.get(_ASKED) != question:
        st.caption(_("Say what each lever costs, then search."))
        return
    with st.spinner(_("Trying mixes …"), show_time=True):
        found = finding.search(asked.snapshot_id, asked.scenario, question, asked.as_of)
    _draw_mix(asked, found, question)
    assumption_list(found.result, asked.scenario.segment)


def _form(asked: Asked, levers: list[str]) -> Search | None:
    """The question that the fields ask; None without a lever."""
    from analytics.whatif.questions import Search

    aims, outcomes, budgets, efforts = st.columns([3, 3, 2, 2])
    aim = aims.selectbox(_("Find"), list(AIMS), format_func=lambda key: _(AIMS[key]), key="whatif.search.aim")
    outcome = outcomes.selectbox(
        _("Outcome"),
        [*asked.outcomes, COST],
        format_func=lambda key: _("Cost") if key == COST else outcome_name(key),
        key="whatif.search.outcome",
    )
    budget = budgets.number_input(_("Budget"), min_value=0.0, value=10.0, step=1.0, key="whatif.search.budget")
    effort = efforts.selectbox(
        _("Mixes to try"),
        EFFORTS,
        index=1,
        format_func=number,
        help=_("More find a better mix and take longer; a large marketplace takes about a minute for a thousand."),
        key="whatif.search.effort",
    )
    costs = _costs(asked, levers)
    limits = _limits(asked)
    if not levers:
        return None
    is_most = aim == "maximise" and outcome != COST
    return Search(
        levers=costs,
        maximise=outcome if is_most else None,
        minimise=None if is_most else outcome,
        budget=float(budget),
        limits=limits,
        evaluations=effort,
    )


def _costs(asked: Asked, names: list[str]) -> tuple[SearchLever, ...]:
    """A row a lever: what a unit of its move costs, and bounds of one's own. Shares are typed in per cent, and their cost is that of a percentage point."""
    from analytics.whatif.questions import SearchLever

    bounds = {name: [end * asked.levers.factor(name) for end in asked.levers.bounds(name)] for name in names}
    frame = pd.DataFrame(
        {
            "lever": [asked.levers.label(name) for name in names],
            "cost": [1.0] * len(names),
            "low": [bounds[name][0] for name in names],
            "high": [bounds[name][1] for name in names],
        }
    )
    kind = st.column_config
    typed = st.data_editor(
        frame,
        hide_index=True,
        disabled=["lever"],
        column_config={
            "lever": kind.TextColumn(_("Lever"), pinned=True),
            "cost": kind.NumberColumn(_("Cost of one point or day"), min_value=0.0, required=True, format="%.2f"),
            "low": kind.NumberColumn(_("Not below"), required=True, format="%.2f"),
            "high": kind.NumberColumn(_("Not above"), required=True, format="%.2f"),
        },
        key=f"whatif.search.costs.{'.'.join(names)}",
    )
    found = []
    for name, row in zip(names, typed.to_dict("records"), strict=True):
        factor = asked.levers.factor(name)
        ends = [_end(row[end], bounds[name][place], factor) for place, end in enumerate(("low", "high"))]
        found.append(SearchLever(name, float(row["cost"]) * factor, *ends))
    return tuple(found)


def _end(typed: float, bound: float, factor: float) -> float | None:
    """A bound of one's own; None where the lever's own stands."""
    return None if typed == bound else float(typed) / factor


def _limits(asked: Asked) -> tuple[Limit, ...]:
    """Rows of an outcome and what it must keep; rows that say nothing are left out."""
    from analytics.whatif.questions import Limit

    labels = {outcome_name(key): key for key in asked.outcomes}
    empty = pd.DataFrame(
        {"outcome": pd.Series(dtype=str), "at_least": pd.Series(dtype=float), "at_most": pd.Series(dtype=float)}
    )
    kind = st.column_config
    typed = st.data_editor(
        empty,
        num_rows="dynamic",
        hide_index=True,
        column_config={
            "outcome": kind.SelectboxColumn(_("Limits: outcome (shares in per cent)"), options=list(labels)),
            "at_least": kind.NumberColumn(_("At least"), format="%.2f"),
            "at_most": kind.NumberColumn(_("At most"), format="%.2f"),
        },
        key="whatif.search.limits",
    )
    found = []
    for row in typed.to_dict("records"):
        key = labels.get(row["outcome"])
        if key is None:
            continue
        factor = 100.0 if finding.unit_of(key) == "rate" else 1.0
        low, high = (None if pd.isna(row[end]) else float(row[end]) / factor for end in ("at_least", "at_most"))
        if low is not None or high is not None:
            found.append(Limit(key, low, high))
    return tuple(found)


def _draw_mix(asked: Asked, found: FoundMix, question: Search) -> None:
    mix = found.mix
    if mix.outcome == COST:
        st.success(
            _("The cheapest mix found costs **{cost}**.", cost=number(mix.cost, digits=2)), icon=":material/savings:"
        )
    else:
        words = {
            "outcome": outcome_name(mix.outcome),
            "before": outcome_figure(mix.outcome, mix.baseline),
            "after": outcome_figure(mix.outcome, mix.value),
            "cost": number(mix.cost, digits=2),
        }
        st.success(
            _("The best mix found takes “{outcome}” from {before} to **{after}** and costs {cost}.", **words),
            icon=":material/savings:",
        )
    st.caption(_("{n} mixes tried; the same seed finds the same mix.", n=number(mix.evaluations)))
    rows: list[dict[str, Any]] = [
        {
            "lever": asked.levers.label(name),
            "now": asked.levers.figure(name, found.baselines[name]),
            "then": asked.levers.figure(name, value),
            "cost": mix.costs[name],
        }
        for name, value in mix.values.items()
    ]
    table(
        pd.DataFrame(rows),
        [
            Column("lever", _("Lever"), pinned=True),
            Column("now", _("now")),
            Column("then", _("then")),
            Column("cost", _("Cost"), "money"),
        ],
        key="whatif.search.mix",
        title=_("The best mix found"),
        file_name="mix",
    )
    _draw_kept(found, question)


def _draw_kept(found: FoundMix, question: Search) -> None:
    """What the mix does to the outcomes that were aimed at or limited, with intervals."""
    keys = dict.fromkeys(
        key for key in (question.outcome, *(limit.outcome for limit in question.limits)) if key != COST
    )
    for key in keys:
        told = finding.outcome_named(found.result, key)
        if told is not None:
            unit, currency = finding.unit_of(key), told.group.get("currency")
            ends = [difference(end, unit, currency=currency) for end in (told.change, told.ci_low, told.ci_high)]
            st.caption(
                _(
                    "{outcome}: {value}, simulated change against today {change} (95% interval {low} to {high}).",
                    outcome=outcome_name(key),
                    value=outcome_figure(key, told.value),
                    change=ends[0],
                    low=ends[1],
                    high=ends[2],
                )
            )
