"""Scenarios that people keep: the one that a link opens, the list, copies, up to four side by side, and their export."""

from __future__ import annotations

from datetime import date
from functools import partial

import pandas as pd
import streamlit as st

from app.components.empty import empty_state
from app.components.table import Column, table
from app.components.thread import plain
from app.components.whatif_words import CHOSEN, open_scenario
from app.i18n import _, day, joined, number, undirected
from app.identity import current_actor
from app.page_errors import page_errors, sentence
from app.services import kept_scenarios, scenario_export
from app.services.kept_scenarios import COMPARED, PARAM, Answer, Kept
from app.services.runtime import get_runtime, snapshot_id


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
            _draw_list(kept)
        chosen = _chosen(kept, linked)
        if chosen:
            _draw_chosen(chosen, as_of)


def _draw_list(kept: list[Kept]) -> None:
    st.markdown("**" + _("Saved scenarios") + "**")
    frame = pd.DataFrame(
        {
            "name": [undirected(one.name) for one in kept],
            "author": [undirected(one.author) for one in kept],
            "parent": [undirected(one.scenario.parent) if one.scenario else "" for one in kept],
            "levers": [
                scenario_export.lever_words(one.scenario) if one.scenario else _("can't be read") for one in kept
            ],
            "saved_at": [one.saved_at for one in kept],
            "open": [_("Open") for _one in kept],
        }
    )
    table(
        frame,
        [
            Column("name", _("Scenario"), pinned=True),
            Column("author", _("Author")),
            Column("parent", _("Copied from")),
            Column("levers", _("Levers")),
            Column("saved_at", _("Saved (UTC)"), "moment"),
            Column("open", _("Link"), "button"),
        ],
        key="whatif.kept",
        title=_("Saved scenarios"),
        file_name="scenarios",
        on_button=lambda row: open_scenario(kept[row].document_id),
    )


def _chosen(kept: list[Kept], linked: str | None) -> list[Kept]:
    """The scenarios to set side by side: at first the one in the address, else the newest."""
    names = {one.document_id: one.name for one in kept}
    chosen = st.multiselect(
        _("Side by side, up to {n}", n=number(COMPARED)),
        list(names),
        default=[linked or next(iter(names))],
        format_func=lambda document_id: undirected(names[document_id]),
        max_selections=COMPARED,
        key=CHOSEN,
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
            _draw_one(answer)
    if any(answer.result for answer in answers):
        with st.container(border=True):
            _draw_table(answers)


def _draw_one(answer: Answer) -> None:
    kept, scenario, result = answer.kept, answer.kept.scenario, answer.result
    st.markdown(f"**{plain(kept.name, 600)}**")
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
    if scenario is not None:
        _draw_copy(kept)


def _draw_copy(kept: Kept) -> None:
    with (
        st.popover(_("Copy"), type="tertiary", icon=":material/content_copy:"),
        st.form(f"whatif.copy.{kept.document_id}", border=False),
    ):
        name = st.text_input(_("Name of the copy"), _("{name}, copy", name=kept.name), max_chars=200)
        if st.form_submit_button(_("Copy")):
            copy = kept_scenarios.fork(kept, name, current_actor(get_runtime().settings))
            open_scenario(copy.document_id)


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
