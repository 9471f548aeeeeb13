"""Scenarios that people keep: the one that a link opens, the list, copies, up to four side by side, and their export."""

from __future__ import annotations

from datetime import date
from functools import partial

import pandas as pd
import streamlit as st

from app.components.empty import empty_state
from app.components.knowledge_steps import show_outcome
from app.components.scenario_steps import draw_steps
from app.components.table import Column, table
from app.components.thread import plain
from app.components.whatif_words import choice_key, open_scenario
from app.i18n import N_, _, day, joined, moment, number, undirected
from app.page_errors import page_errors, sentence
from app.services import kept_scenarios, scenario_export
from app.services.kept_scenarios import COMPARED, PARAM, Answer, Kept
from app.services.runtime import snapshot_id

LISTS = {"current": N_("In use"), "archive": N_("Archive")}


@st.fragment
def scenarios_panel(as_of: date | None) -> None:
    """Draw the saved scenarios; those chosen, and the one in the address, stand side by side."""
    with page_errors():
        kept = kept_scenarios.all_kept()
        linked = st.query_params.get(PARAM)
        if linked and linked not in {one.document_id for one in kept}:
            st.warning(
                _("There is no scenario behind this link: it was removed, or the link is cut."),
                icon=":material/link_off:",
            )
            linked = None
        if not kept:
            empty_state(_("None yet"), _("Name a scenario and save it to compare it here."), height=200)
            return
        with st.container(border=True):
            show_outcome()
            _draw_list(kept)
        chosen = _chosen([one for one in kept if not one.is_archived or one.document_id == linked], linked)
        if chosen:
            _draw_chosen(chosen, as_of)


def _draw_list(kept: list[Kept]) -> None:
    st.markdown("**" + _("Saved scenarios") + "**")
    is_archive = _wants_archive(kept)
    listed = [one for one in kept if one.is_archived == is_archive]
    if not listed:
        empty_state(_("Nothing in this list"), _("The other list has the saved scenarios."), height=110)
        return
    frame = pd.DataFrame(
        {
            "name": [undirected(one.name) for one in listed],
            "author": [undirected(one.author) for one in listed],
            "parent": [undirected(one.scenario.parent) if one.scenario else "" for one in listed],
            "levers": [
                scenario_export.lever_words(one.scenario) if one.scenario else _("can't be read") for one in listed
            ],
            "saved_at": [one.saved_at for one in listed],
            "archived_at": [one.document.archived_at for one in listed],
            "archived_by": [undirected(one.document.archived_by or "") for one in listed],
            "open": [_("Open") for _one in listed],
        }
    )
    archived = [Column("archived_at", _("Archived (UTC)"), "moment"), Column("archived_by", _("Archived by"))]
    table(
        frame,
        [
            Column("name", _("Scenario"), pinned=True),
            Column("author", _("Author")),
            Column("parent", _("Copied from")),
            Column("levers", _("Levers")),
            Column("saved_at", _("Saved (UTC)"), "moment"),
            *(archived if is_archive else ()),
            Column("open", _("Link"), "button"),
        ],
        key="whatif.archived" if is_archive else "whatif.kept",
        title=_("Saved scenarios"),
        file_name="scenarios",
        on_button=lambda row: open_scenario(listed[row].document_id),
    )


def _wants_archive(kept: list[Kept]) -> bool:
    """Whether the archive is to be listed; asked only where there is one."""
    if not any(one.is_archived for one in kept):
        return False
    shown = st.segmented_control(
        _("List"),
        tuple(LISTS),
        default="current",
        required=True,
        format_func=lambda name: _(LISTS[name]),
        label_visibility="collapsed",
        key="whatif.list",
    )
    return bool(shown == "archive")


def _chosen(kept: list[Kept], linked: str | None) -> list[Kept]:
    """The scenarios to set side by side: at first the one in the address, else the newest."""
    names = {one.document_id: one.name for one in kept}
    if not names:
        return []
    chosen = st.multiselect(
        _("Side by side, up to {n}", n=number(COMPARED)),
        list(names),
        default=[linked or next(iter(names))],
        format_func=lambda document_id: undirected(names[document_id]),
        max_selections=COMPARED,
        key=choice_key(),
    )
    return [one for document_id in chosen for one in kept if one.document_id == document_id]


def _draw_chosen(chosen: list[Kept], as_of: date | None) -> None:
    is_of_shown = st.toggle(
        _("Ask all of them of the data shown"),
        key="whatif.kept.shown",
        help=_(
            "Otherwise each is asked again of the snapshot and day that it was saved with: the same numbers as then."
        ),
    )
    shown = (snapshot_id(), as_of)
    with st.spinner(_("Asking again …")):
        answers = [kept_scenarios.ask_again(one, shown, of_shown=is_of_shown) for one in chosen]
    for column, answer in zip(st.columns(len(answers)), answers, strict=True):
        with column, st.container(border=True, height="stretch"):
            _draw_one(answer, as_of)
    if any(answer.result for answer in answers):
        with st.container(border=True):
            _draw_table(answers)


def _draw_one(answer: Answer, as_of: date | None) -> None:
    kept, scenario, result = answer.kept, answer.kept.scenario, answer.result
    st.markdown(f"**{plain(kept.name, 600)}**")
    if kept.document.archived_at is not None:
        at, who = moment(kept.document.archived_at, "UTC", length="short"), plain(kept.document.archived_by or "")
        st.caption(_("Archived by {who}, {at} UTC.", who=who, at=at))
    if scenario is None or result is None:
        st.warning(sentence(answer.fault) if answer.fault else "", icon=":material/history_toggle_off:")
        if answer.is_gone:
            st.caption(
                _("Switch on “{toggle}” to see what it says today.", toggle=_("Ask all of them of the data shown"))
            )
    else:
        asked = scenario_export.asked_words(answer, scenario, result)
        st.caption("  \n".join(_("{name}: {value}", name=name, value=plain(value, 600)) for name, value in asked))
        with st.popover(_("Assumptions"), type="tertiary", icon=":material/fact_check:"):
            for words in (*scenario.assumptions, *scenario_export.assumption_words(result, scenario.segment)):
                st.markdown("- " + plain(words, 600))
    st.caption(_("Link"))
    st.code(f"{st.context.url or ''}?{PARAM}={kept.document_id}", language=None, wrap_lines=True)
    draw_steps(kept, as_of)


def _draw_table(answers: list[Answer]) -> None:
    """All outcomes, a row each; a column a scenario with value, change and interval."""
    st.markdown("**" + _("Outcomes side by side") + "**")
    rows: dict[str, dict[str, str]] = {}
    for place, answer in enumerate(answers):
        for outcome in answer.result.outcomes if answer.result else ():
            _before, after, change = scenario_export.outcome_cells(outcome)
            rows.setdefault(scenario_export.outcome_title(outcome), {})[f"at_{place}"] = f"{after} · {change}"
    frame = pd.DataFrame([{"outcome": title, **cells} for title, cells in rows.items()])
    places = {f"at_{place}": undirected(answer.kept.name) for place, answer in enumerate(answers) if answer.result}
    table(
        frame,
        [Column("outcome", _("Outcome"), pinned=True), *(Column(key, name) for key, name in places.items())],
        key="whatif.compared",
        title=_("Outcomes side by side"),
        height=34 * (1 + min(len(frame), 16)) + 3,
    )
    days = {answer.result.as_of for answer in answers if answer.result}
    st.caption(
        _("Value · simulated change (95% interval), each against its own data.")
        + " "
        + _("As of {days}.", days=joined([day(one) for one in sorted(days)]))
    )
    with st.container(horizontal=True):
        for form, (media_type, label) in scenario_export.FORMATS.items():
            st.download_button(
                _(label),
                partial(scenario_export.exported, answers, form),
                file_name=f"scenarios.{form}",
                mime=media_type,
                type="tertiary",
                icon=":material/download:",
                on_click="ignore",
                key=f"whatif.export.{form}",
            )
