"""The head of a card: its title and, close below, a caption."""

from __future__ import annotations

import streamlit as st


def card_title(title: str, caption: str = "", *, icon: str = "") -> None:
    """Draw both, translated; `icon` is a Material icon's code."""
    with st.container(gap=None):
        st.markdown(f"{icon} **{title}**".strip())
        if caption:
            st.caption(caption)
