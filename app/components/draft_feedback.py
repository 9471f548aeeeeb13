"""A thumb and a comment on what a writer generated, for the draft that took it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.i18n import _
from app.identity import current_actor
from app.services.runtime import get_runtime

if TYPE_CHECKING:
    from app.workspace import StoredDraft


def feedback(draft: StoredDraft) -> None:
    """Draw the person's thumb on the draft as it was written, and room for a comment; nothing for a draft of which no writing is on record."""
    log = get_runtime().workspace.generations
    generation = log.of_draft(draft.draft_id, draft.version)
    if generation is None:
        return
    given = log.vote_of(generation.generation_id, current_actor(get_runtime().settings))
    key = f"reply.thumb.{generation.generation_id}"
    args = (generation.generation_id, key)
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.caption(_("Was this draft of use?"), width="content")
        thumb = st.feedback(
            "thumbs", default=None if given is None else int(given.is_good), key=key, on_change=_voted, args=args
        )
        if thumb is not None:
            with st.popover(_("Comment"), icon=":material/comment:", type="tertiary"):
                said = given.comment if given is not None else ""
                label = _("What was good, or what was missing")
                st.text_area(label, said, max_chars=1_000, key=f"{key}.comment", on_change=_voted, args=args)


def _voted(generation_id: str, key: str) -> None:
    thumb = st.session_state.get(key)
    comment = str(st.session_state.get(f"{key}.comment") or "")
    runtime = get_runtime()
    is_good = None if thumb is None else bool(thumb)
    runtime.workspace.generations.vote(generation_id, is_good, comment, current_actor(runtime.settings))
