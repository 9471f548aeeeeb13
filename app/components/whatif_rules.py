"""The what-if page's part Rules: a saved scenario becomes a draft, which says what it changes and is predicted to do, and a second person decides."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from app.components.card import card_title
from app.components.empty import empty_state
from app.components.knowledge_steps import attempt, decision, show_outcome
from app.components.table import Column, table
from app.components.thread import plain
from app.components.whatif_rule_record import backtest, counted_at, moved, record
from app.filter_bar import current_filters
from app.i18n import N_, _, day, joined, ngettext
from app.identity import current_actor
from app.page_errors import page_errors
from app.services import knowledge, rule_record, rule_text, rules, scenarios, trust
from app.services.lever_words import lever_change, lever_figure, lever_label
from app.services.rules import Rule
from app.services.runtime import get_runtime, snapshot_id

VIEWS = {"drafts": N_("Drafts"), "record": N_("Track record"), "backtest": N_("Backtest")}


@st.fragment
def rules_panel() -> None:
    """Draw the card with its three views."""
    with page_errors(), st.container(border=True):
        card_title(
            _("Rules"),
            _(
                "The rules that a scenario moves become a draft, which a second person approves. No file changes by itself."
            ),
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
        {"drafts": _drafts, "record": record, "backtest": backtest}[view]()


def _drafts() -> None:
    names = [document.name for document in scenarios.saved() if document.archived_at is None]
    if names:
        with st.expander(_("Propose a rule"), icon=":material/gavel:"):
            _propose_form(names)
    found = rules.waiting()
    if not found:
        empty_state(
            _("Nothing is proposed"),
            _("Save a scenario that moves a rule of the score, then propose it here."),
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
    st.caption(_("Only rules of the score are taken, for every merchant: what merchants do can't be decreed."))
    st.button(_("Propose"), icon=":material/send:", on_click=_propose, key="rules.propose")


def _propose() -> None:
    state = st.session_state
    as_of = trust.as_of_day(snapshot_id(), current_filters().date_to)
    attempt(
        lambda actor: rule_record.propose(
            snapshot_id(), state["rules.scenario"], as_of, state["rules.horizon"], state["rules.why"], actor
        ),
        _("Proposed: a second person decides."),
    )


def _draft(rule: Rule) -> None:
    proposal = rule.proposal
    st.markdown(f"**{plain(rule.name)}** · {moved(rule)}")
    st.caption(f"{plain(proposal.author_name)}: {plain(proposal.reason, 500)}")
    if rule.left_out:
        st.caption(
            _(
                "Left out, for no rule can hold what merchants do, or where crossings are only counted: {levers}.",
                levers=joined([plain(lever_change(lever)) for lever in rule.left_out]),
            )
        )
    _predicted(rule)
    _changes(rule)
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


def _predicted(rule: Rule) -> None:
    table(
        pd.DataFrame(
            [
                {
                    "name": _(scenarios.OUTCOMES[each.outcome][0]),
                    "level": counted_at(each.outcome, each.level),
                    "change": each.change,
                    "low": each.ci_low,
                    "high": each.ci_high,
                }
                for each in rule.predictions
            ]
        ),
        [
            Column("name", _("Outcome"), pinned=True),
            Column("level", _("At the border of")),
            Column("change", _("Predicted change"), "distance"),
            Column("low", _("from"), "distance"),
            Column("high", _("to"), "distance"),
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


def _changes(rule: Rule) -> None:
    """Every value that the rule changes, and the lines of the definition's text."""
    with st.expander(_("What changes in the definition"), icon=":material/difference:"):
        table(
            pd.DataFrame(
                [
                    {
                        "name": lever_label(each.kind, each.of, each.level),
                        "before": lever_figure(each.kind, each.before),
                        "after": lever_figure(each.kind, each.after),
                    }
                    for each in rule.settings
                ]
            ),
            [Column("name", _("Rule"), pinned=True, width=380), Column("before", _("Now")), Column("after", _("Then"))],
            key=f"rules.{rule.proposal.proposal_id}.changes",
            title=_("What changes in the definition"),
        )
        st.code(rule_text.difference(rule), language="diff")
