"""What stands where there is nothing to show: why, and what to do about it."""

from __future__ import annotations

import streamlit as st


def empty_state(title: str, advice: str, *, icon: str = ":material/inbox:", height: int | None = None) -> None:
    """A quiet box with a reason and an advice, both translated; `height` in pixels keeps the place of what is missing."""
    with st.container(
        border=True,
        height=height or "content",
        horizontal_alignment="center",
        vertical_alignment="center",
        gap="xsmall",
    ):
        st.markdown(f"{icon} **{title}**", text_alignment="center")
        st.caption(advice, text_alignment="center")
