"""The what-if page's part Rules: a saved scenario becomes a draft, a second person decides, and what came of it is held against the prediction."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from app.components.card import card_title
from app.components.empty import empty_state
from app.components.knowledge_steps import attempt, decision, show_outcome
from app.components.levels import level_name
from app.components.table import Column, table
from app.components.thread import plain
from app.filter_bar import current_filters
from app.i18n import N_, _, day, joined, ngettext, number, rate
from app.identity import current_actor
from app.page_errors import page_errors
from app.services import knowledge, rules, scenarios, trust
from app.services.rules import Rule
from app.services.runtime import get_runtime, snapshot_id

VIEWS = {"drafts": N_("Drafts"), "record": N_("Track record"), "backtest": N_("Backtest")}
KINDS = {"score_limit": N_("A border moved"), "late_rate": N_("A merchant's late rate changed")}


@st.fragment
def rules_panel() -> None:
    """Draw the card with its three views."""
    with page_errors(), st.container(border=True):
        card_title(
            _("Rules"),
            _("A scenario's borders become a draft, which a second person approves. No file changes by itself."),
        )
        show_outcome()
        view = st.segmented_control(
            _("View"),
            tuple(VIEWS),
            default="drafts",
            required=True,
            format_func=lambda name: _(VIEWS[name]),
            label_visibility="collapsed",
            key="rules.view",
        )
        {"drafts": _drafts, "record": _record, "backtest": _backtest}[view]()


def _drafts() -> None:
    names = [document.name for document in scenarios.saved() if document.archived_at is None]
    if names:
        with st.expander(_("Propose a rule"), icon=":material/gavel:"):
            _propose_form(names)
    found = rules.waiting()
    if not found:
        empty_state(
            _("Nothing is proposed"),
            _("Save a scenario that moves a border of a level, then propose it here."),
            height=110,
        )
    for rule in found:
        with st.container(border=True):
            _draft(rule)


def _propose_form(names: list[str]) -> None:
    left, middle = st.columns([3, 2])
    left.selectbox(_("Scenario"), names, key="rules.scenario")
    middle.selectbox(
        _("Held against the data after"),
        rules.HORIZONS,
        format_func=lambda days: ngettext("{n} day", "{n} days", days),
        key="rules.horizon",
    )
    st.text_input(_("Why"), max_chars=500, key="rules.why")
    st.caption(_("Only borders of levels become a rule, for every merchant: what merchants do can't be decreed."))
    st.button(_("Propose"), icon=":material/send:", on_click=_propose, key="rules.propose")


def _propose() -> None:
    state = st.session_state
    as_of = trust.as_of_day(snapshot_id(), current_filters().date_to)
    attempt(
        lambda actor: rules.propose(
            snapshot_id(), state["rules.scenario"], as_of, state["rules.horizon"], state["rules.why"], actor
        ),
        _("Proposed: a second person decides."),
    )


def _draft(rule: Rule) -> None:
    proposal = rule.proposal
    st.markdown(f"**{plain(rule.name)}** · {_moved(rule)}")
    st.caption(f"{plain(proposal.author_name)}: {plain(proposal.reason, 500)}")
    _predicted(rule)
    if is_behind := rules.is_behind(rule):
        st.warning(
            _("Another rule was approved since: reject this one and propose it anew."), icon=":material/history:"
        )
    decision(
        f"rules.{proposal.proposal_id}",
        is_own=knowledge.wrote(proposal, current_actor(get_runtime().settings)),
        is_behind=is_behind,
        on_approve=partial(_decide, rule, True),
        on_reject=partial(_decide, rule, False),
    )


def _decide(rule: Rule, is_yes: bool) -> None:
    step = rules.approve if is_yes else rules.reject
    done = _("Approved: see the track record.") if is_yes else _("Rejected.")
    attempt(partial(step, rule, st.session_state[f"rules.{rule.proposal.proposal_id}.reason"]), done)


def _moved(rule: Rule) -> str:
    moves = [
        _(
            "{level} from {before} to {after}",
            level=level_name(level),
            before=number(rule.was[level], digits=1),
            after=number(to, digits=1),
        )
        for level, to in rule.borders.items()
    ]
    return joined(moves)


def _predicted(rule: Rule) -> None:
    table(
        pd.DataFrame(
            [
                {
                    "name": _(scenarios.OUTCOMES[each.outcome][0]),
                    "change": each.change,
                    "low": each.ci_low,
                    "high": each.ci_high,
                }
                for each in rule.predictions
            ]
        ),
        [
            Column("name", _("Outcome"), pinned=True),
            Column("change", _("Predicted change"), "change:count"),
            Column("low", _("from"), "change:count"),
            Column("high", _("to"), "change:count"),
        ],
        key=f"rules.{rule.proposal.proposal_id}.predicted",
        title=_("Predicted change"),
    )
    st.caption(
        _(
            "Simulated on {day}, snapshot {snapshot}; held against the data after {days}.",
            day=day(rule.day),
            snapshot=rule.snapshot_id,
            days=ngettext("{n} day", "{n} days", rule.horizon_days),
        )
    )


def _record() -> None:
    approved = rules.approved()
    if not approved:
        empty_state(
            _("No rule is approved yet"),
            _("Once one is, what was predicted is held here against what came."),
            height=110,
        )
        return
    frame = rules.track_record(snapshot_id())
    unknown = _("not yet known")
    table(
        frame.assign(
            outcome=[_(scenarios.OUTCOMES[name][0]) for name in frame["outcome"]],
            state=[
                unknown if inside is None else _("inside the interval") if inside else _("outside the interval")
                for inside in frame["is_inside"]
            ],
        ),
        [
            Column("edition", _("Rule"), "count", pinned=True, width=60),
            Column("name", _("Name")),
            Column("outcome", _("Outcome")),
            Column("predicted", _("Predicted change"), "change:count"),
            Column("ci_low", _("from"), "change:count"),
            Column("ci_high", _("to"), "change:count"),
            Column("due_on", _("Known on"), "date"),
            Column("realised", _("Realised change"), "change:count"),
            Column("error", _("Error"), "change:count"),
            Column("state", _("Held")),
        ],
        key="rules.record",
        title=_("Track record"),
        file_name="rules",
    )
    for rule in approved:
        edition = rule.proposal.edition or 0
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{edition} · {_moved(rule)} · {plain(rule.proposal.decided_by or '')}", width="content")
            st.download_button(
                _("Definition with this rule"),
                rules.definition(edition),
                file_name=f"{rules.PROGRAMME}-rule-{edition}.toml",
                icon=":material/download:",
                type="tertiary",
                on_click="ignore",
                key=f"rules.definition.{edition}",
            )
    st.caption(_("Try it with `trustdesk trust --definition FILE`; the definition in use stays as it is."))


def _backtest() -> None:
    st.caption(
        _(
            "Past changes, predicted from the data before them and compared with the data after. Cases of one day share its merchants: they are fewer than they look."
        )
    )
    if not st.session_state.get("rules.tested"):
        st.button(
            _("Test on the past"),
            icon=":material/replay:",
            on_click=st.session_state.update,
            args=({"rules.tested": True},),
            key="rules.test",
        )
        return
    with st.spinner(_("Looking back …")):
        found = rules.looked_back(snapshot_id())
    table(
        pd.DataFrame(
            [
                {
                    "kind": _(KINDS[each.kind]),
                    "cases": each.cases,
                    "days": each.days,
                    "error": each.mean_error,
                    "unchanged": each.unchanged_error,
                    "coverage": f"{rate(each.coverage)} ({rate(each.coverage_low)} – {rate(each.coverage_high)})",
                    "nominal": each.nominal,
                }
                for each in found.records
            ]
        ),
        [
            Column("kind", _("Past change"), pinned=True, width=220),
            Column("cases", _("Cases"), "count"),
            Column("days", _("Days"), "count"),
            Column("error", _("Mean error"), "points"),
            Column("unchanged", _("Error of “no change”"), "points"),
            Column("coverage", _("Inside the interval (95%)"), width=190),
            Column("nominal", _("Should be"), "rate"),
        ],
        key="rules.backtest",
        title=_("Backtest"),
        file_name="backtest",
    )
    st.caption(
        _(
            "A border: merchants below it. A late rate: points of the merchant's score, when the lab is told the new rate; what else changed meanwhile is in the error and not in the interval."
        )
    )
    with st.expander(_("The cases")):
        table(
            pd.DataFrame(
                [
                    {
                        "subject": case.subject,
                        "before": case.day_before,
                        "after": case.day_after,
                        "predicted": case.predicted,
                        "low": case.ci_low,
                        "high": case.ci_high,
                        "realised": case.realised,
                        "n": case.n,
                    }
                    for case in found.cases
                ]
            ),
            [
                Column("subject", _("Past change"), pinned=True),
                Column("before", _("Day before"), "date"),
                Column("after", _("Day after"), "date"),
                Column("predicted", _("Predicted change"), "change:points"),
                Column("low", _("from"), "change:points"),
                Column("high", _("to"), "change:points"),
                Column("realised", _("Realised change"), "change:points"),
                Column("n", "n", "count"),
            ],
            key="rules.cases",
            title=_("The cases"),
            file_name="backtest-cases",
        )
