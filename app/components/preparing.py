"""How many of a queue's summaries a model has ready, as one line that keeps itself up to date. Knows no warehouse."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from app.components.thread import plain
from app.i18n import _, number
from app.page_errors import page_errors

if TYPE_CHECKING:
    from app.services.preparing import Progress

POLL_SECONDS = 5


def summaries_line(prepare: Callable[[], Progress | None], writer: str) -> None:
    """Draw how far `prepare` says that the summaries by `writer` are; nothing where no model writes any."""
    progress = prepare()
    if progress is not None:
        st.fragment(run_every=POLL_SECONDS if progress.is_working else None)(_draw)(prepare, writer)


def _draw(prepare: Callable[[], Progress | None], writer: str) -> None:
    with page_errors():
        progress = prepare()
        if progress is None:
            return
        if progress.total:
            said = _(
                "{ready} of {total} summaries by {name} are ready",
                ready=number(progress.ready),
                total=number(progress.total),
                name=plain(writer),
            )
            st.caption(said if progress.is_working or progress.fault else f":material/check: {said}")
        if progress.fault:
            st.caption(":material/warning: " + _("No more are written: {reason}", reason=plain(progress.fault)))
