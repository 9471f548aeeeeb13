"""The what-if page's track record of rules, and the lab held against past changes; with the words for what a rule changes."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.components.empty import empty_state
from app.components.levels import level_name
from app.components.table import Column, table
from app.components.thread import plain
from app.i18n import N_, _, joined, ngettext, rate
from app.services import rule_record, rule_text, rules, scenarios
from app.services.lever_words import lever_figure, lever_label
from app.services.rules import Rule
from app.services.runtime import snapshot_id

KINDS = {
    "score_limit": N_("A border moved"),
    "rule": N_("Another rule moved"),
    "late_rate": N_("A merchant's late rate changed"),
}
NAMED = 3  # changes that one line names


def moved(rule: Rule) -> str:
    """What a rule changes, in one line: the first few, and how many more."""
    moves = [
        _(
            "{rule} from {before} to {after}",
            rule=lever_label(each.kind, each.of, each.level),
            before=lever_figure(each.kind, each.before),
            after=lever_figure(each.kind, each.after),
        )
        for each in rule.settings[:NAMED]
    ]
    if more := len(rule.settings) - len(moves):
        moves.append(ngettext("{n} more value", "{n} more values", more))
    return joined(moves)


def counted_at(outcome: str, level: str) -> str:
    """The level at whose border an outcome is counted; nothing for one that is of scores alone."""
    return level_name(level) if outcome in rule_record.COUNTED else ""


def record() -> None:
    """Draw what approved rules were predicted to do beside what came, and the definition with each."""
    approved = rules.approved()
    if not approved:
        empty_state(
            _("No rule is approved yet"),
            _("Once one is, what was predicted is held here against what came."),
            height=110,
        )
        return
    frame = rule_record.track_record(snapshot_id())
    unknown = _("not yet known")
    table(
        frame.assign(
            outcome=[_(scenarios.OUTCOMES[name][0]) for name in frame["outcome"]],
            level=[counted_at(*row) for row in frame[["outcome", "level"]].itertuples(index=False)],
            state=[
                unknown if inside is None else _("inside the interval") if inside else _("outside the interval")
                for inside in frame["is_inside"]
            ],
        ),
        [
            Column("edition", _("Rule"), "count", pinned=True, width=60),
            Column("name", _("Name")),
            Column("outcome", _("Outcome")),
            Column("level", _("At the border of")),
            Column("predicted", _("Predicted change"), "distance"),
            Column("ci_low", _("from"), "distance"),
            Column("ci_high", _("to"), "distance"),
            Column("due_on", _("Known on"), "date"),
            Column("realised", _("Realised change"), "distance"),
            Column("error", _("Error"), "distance"),
            Column("state", _("Held")),
        ],
        key="rules.record",
        title=_("Track record"),
        file_name="rules",
    )
    for rule in approved:
        edition = rule.proposal.edition or 0
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{edition} · {moved(rule)} · {plain(rule.proposal.decided_by or '')}", width="content")
            st.download_button(
                _("Definition with this rule"),
                rule_text.definition(edition),
                file_name=f"{rules.PROGRAMME}-rule-{edition}.toml",
                icon=":material/download:",
                type="tertiary",
                on_click="ignore",
                key=f"rules.definition.{edition}",
            )
    st.caption(_("Try it with `trustdesk trust --definition FILE`; the definition in use stays as it is."))


def backtest() -> None:
    """Draw the lab held against past changes, once it is asked for."""
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
        found = rule_record.looked_back(snapshot_id())
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
            "A border or another rule: merchants below a border. A late rate: points of the merchant's score, when the lab is told the new rate; what else changed meanwhile is in the error and not in the interval."
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
