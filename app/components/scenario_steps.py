"""What can be done with a saved scenario: onto the levers, copied (onto the data shown too), renamed, archived and brought back, removed after a confirmation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial

import streamlit as st

from app.components.knowledge_steps import attempt
from app.components.lever_start import open_in_levers
from app.components.thread import plain
from app.components.whatif_words import choose_anew, open_scenario
from app.i18n import _
from app.identity import Actor, current_actor
from app.services import kept_scenarios, scenario_fit
from app.services.kept_scenarios import PARAM, Kept
from app.services.runtime import get_runtime, snapshot_id

COPIED = "whatif.copied"  # id of the last copy onto the data shown, and what is otherwise in it


def draw_steps(kept: Kept, as_of: date | None) -> None:
    """Draw the buttons under a scenario, and what changed when it was copied onto the data shown."""
    copy_id, said = st.session_state.get(COPIED, ("", ()))
    if copy_id == kept.document_id:
        lines = [
            _("Copied onto the data shown. Otherwise than in the original:"),
            *(f"- {plain(each, 500)}" for each in said),
        ]
        st.info("\n".join(lines), icon=":material/content_copy:")
    with st.container(horizontal=True):
        if kept.scenario is not None:
            if st.button(_("Open in levers"), icon=":material/tune:", type="tertiary", key=_key("levers", kept)):
                open_in_levers(kept, as_of)
            _draw_copy(kept)
            if not scenario_fit.is_of_shown(kept.scenario, (snapshot_id(), as_of)):
                _draw_copy_onto(kept, as_of)
        with st.popover(_("More"), type="tertiary", icon=":material/more_horiz:"):
            _draw_more(kept)


def _draw_copy(kept: Kept) -> None:
    with (
        st.popover(_("Copy"), type="tertiary", icon=":material/content_copy:"),
        st.form(_key("copy", kept), border=False),
    ):
        name = st.text_input(_("Name of the copy"), _("{name}, copy", name=kept.name), max_chars=200)
        if st.form_submit_button(_("Copy")):
            copy = kept_scenarios.fork(kept, name, _actor())
            open_scenario(copy.document_id)


def _draw_copy_onto(kept: Kept, as_of: date | None) -> None:
    if st.button(
        _("Copy onto the data shown"),
        icon=":material/move_down:",
        type="tertiary",
        help=_("The same question of the snapshot and day that the page shows; what has to change for it is said."),
        key=_key("onto", kept),
    ):
        copy, said = scenario_fit.copy_onto(kept, (snapshot_id(), as_of), _actor())
        st.session_state[COPIED] = copy.document_id, said
        open_scenario(copy.document_id)


def _draw_more(kept: Kept) -> None:
    is_authors = kept_scenarios.is_authors(kept, _actor())
    if not is_authors:
        st.caption(_("Only {author} renames or removes it.", author=plain(kept.author)))
    else:
        with st.form(_key("rename", kept), border=False):
            st.text_input(_("Name"), kept.name, max_chars=200, key=_key("name", kept))
            st.form_submit_button(_("Rename"), on_click=_rename, args=(kept,))
    if kept.is_archived:
        st.button(
            _("Bring back"),
            icon=":material/unarchive:",
            on_click=_step,
            args=(partial(kept_scenarios.bring_back, kept), _("It is in the list again.")),
            key=_key("back", kept),
        )
    else:
        st.button(
            _("Archive"),
            icon=":material/archive:",
            help=_("It leaves the list; its link and its numbers stay."),
            on_click=_step,
            args=(partial(kept_scenarios.archive, kept), _("It is in the archive.")),
            key=_key("archive", kept),
        )
    if is_authors and st.button(_("Remove …"), icon=":material/delete:", key=_key("remove", kept)):
        st.dialog(_("Remove this scenario?"), icon=":material/delete:")(_removal)(kept)


def _rename(kept: Kept) -> None:
    _step(partial(kept_scenarios.rename, kept, st.session_state[_key("name", kept)]), _("Renamed."))


def _step(step: Callable[[Actor], object], done: str) -> None:
    """Takes a step; those that stand side by side are then chosen anew, since the list has changed."""
    if attempt(step, done):
        choose_anew()


def _removal(kept: Kept) -> None:
    st.markdown(
        _(
            "“{name}” goes for good and its link leads nowhere. Copies of it stay, and the audit log keeps who removed it.",
            name=plain(kept.name),
        )
    )
    if st.button(_("Remove"), type="primary", on_click=_remove, args=(kept,), key="whatif.remove"):
        st.rerun()


def _remove(kept: Kept) -> None:
    _step(partial(kept_scenarios.remove, kept), _("Removed."))
    if st.query_params.get(PARAM) == kept.document_id:
        st.query_params.pop(PARAM)


def _actor() -> Actor:
    return current_actor(get_runtime().settings)


def _key(step: str, kept: Kept) -> str:
    return f"whatif.{step}.{kept.document_id}"
