"""What is proposed for an article or macro, and what became of it: compared with what is in force, changed, approved by a second person, restored."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from app.components.empty import empty_state
from app.components.knowledge_items import edition_name
from app.components.knowledge_steps import attempt, changes, decision, forget, newer, opened
from app.components.thread import plain
from app.i18n import _, moment
from app.identity import current_actor
from app.services import knowledge
from app.services.knowledge import Edition
from app.services.runtime import get_runtime

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from app.identity import Actor
    from app.workspace import ItemKind, Proposal

EDITOR_HEIGHT = 420
ZONE = "UTC"  # the knowledge belongs to no warehouse, so to no reporting zone


def proposals_tab(kind: ItemKind, item_id: str) -> None:
    """Draw what waits for a decision, newest first."""
    waiting = knowledge.waiting(kind, item_id)
    if not waiting:
        empty_state(_("Nothing is proposed"), _("Change the text on the tab Edit and propose it."), height=160)
    for proposal in waiting:
        with st.container(border=True):
            _draw(proposal, knowledge.in_force(kind, item_id))


def history_tab(kind: ItemKind, item_id: str) -> None:
    """Draw every text that is or was in force, newest first, then what was rejected."""
    found = knowledge.editions(kind, item_id)
    for each in found:
        with st.container(border=True, gap="xsmall"):
            st.markdown(f"**{edition_name(each.edition)}**")
            if each.proposal is not None:
                _story(each.proposal)
            if each is found[0]:
                st.caption(_("In force."))
                continue
            with st.expander(_("What restoring it would change")):
                changes(found[0].text, each.text)
            st.button(
                _("Propose to restore it"),
                icon=":material/settings_backup_restore:",
                on_click=_restore,
                args=(kind, item_id, each.edition),
                key=f"knowledge.restore.{each.edition}",
            )
    for proposal in knowledge.rejected(kind, item_id):
        with st.container(border=True, gap="xsmall"):
            st.markdown(f"**{_('Rejected')}**")
            _story(proposal)
            with st.expander(_("Its text")):
                st.code(proposal.text, language=None, wrap_lines=True)


def _restore(kind: ItemKind, item_id: str, edition: int) -> None:
    attempt(partial(knowledge.restore, kind, item_id, edition), _("Proposed: see the tab Proposals."))


def _draw(proposal: Proposal, now: Edition) -> None:
    key = f"knowledge.proposal.{proposal.proposal_id}"
    _story(proposal)
    is_behind = proposal.base_edition != now.edition
    if is_behind:
        st.warning(
            _(
                "Written over: {yours}. In force by now: {edition}. Change it below, and it stands over that.",
                yours=edition_name(proposal.base_edition),
                edition=edition_name(now.edition),
            ),
            icon=":material/history:",
        )
    if now.text:
        changes(now.text, proposal.text)
    else:
        st.code(proposal.text, language=None, wrap_lines=True)
    decide = partial(_decide, proposal, f"{key}.reason")
    decision(
        key,
        is_own=knowledge.wrote(proposal, current_actor(get_runtime().settings)),
        is_behind=is_behind,
        on_approve=partial(decide, knowledge.approve, _("Approved: in force at once, in every session.")),
        on_reject=partial(decide, knowledge.reject, _("Rejected: its text stays in the history.")),
    )
    with st.expander(_("Change the proposal"), icon=":material/edit:"):
        _change(proposal, now, f"{key}.edit")


def _decide(proposal: Proposal, reason_key: str, step: Callable[[Proposal, str, Actor], object], done: str) -> None:
    attempt(partial(step, proposal, st.session_state[reason_key]), done)


def _change(proposal: Proposal, now: Edition, key: str) -> None:
    """Saved over the version that was opened: if somebody else saves meanwhile, this person is told and what they typed stays."""
    seen, times = opened(key, proposal)
    if seen.version != proposal.version:
        st.info(
            _(
                "{name} changed it since you opened it. What you wrote is kept; this is what changed:",
                name=plain(proposal.author_name),
            ),
            icon=":material/history:",
        )
        changes(seen.text, proposal.text)
        newer(key, proposal)
    text_key, why_key = f"{key}.text.{times}", f"{key}.why.{times}"
    st.text_area(_("Text"), seen.text, height=EDITOR_HEIGHT, key=text_key)
    st.text_input(_("Why"), max_chars=500, key=why_key)
    st.button(
        _("Save"),
        icon=":material/save:",
        on_click=_save,
        args=(seen, now.edition, key, text_key, why_key),
        key=f"{key}.save",
    )


def _save(seen: Proposal, edition: int, key: str, text_key: str, why_key: str) -> None:
    text, why = st.session_state[text_key], st.session_state[why_key]
    if attempt(
        lambda actor: knowledge.edit(seen, text, why, edition, actor), _("Saved as a new version of the proposal.")
    ):
        forget(key)


def _story(proposal: Proposal) -> None:
    """Who wrote it when and why, each save of it, and who decided."""
    for text in knowledge.texts(proposal):
        _line(text.at, text.actor_name, _("wrote it"), text.reason)
    if proposal.decided_by is not None:
        step = _("approved it") if proposal.status == "approved" else _("rejected it")
        _line(proposal.updated_at, proposal.decided_by, step, proposal.decision)
    if proposal.is_alone:
        st.markdown(f":orange-badge[:material/person: {_('approved by its writer alone')}]")


def _line(at: datetime, name: str, step: str, reason: str) -> None:
    words = f"{plain(moment(at, ZONE, length='short'))} {ZONE} · {plain(name)} · {step}"
    st.caption(f"{words}: {plain(reason, 500)}" if reason else words)
