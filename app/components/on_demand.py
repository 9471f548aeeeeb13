"""What takes long is computed on a button, and from then on whenever the page is drawn."""

from __future__ import annotations

import streamlit as st


def is_asked(key: str, label: str, why: str) -> bool:
    """A button until it is pressed once in the session; `key` names what is asked for, `why` says what it takes. Words are translated."""
    if not st.session_state.get(key):
        st.session_state[key] = st.button(label, icon=":material/search:", help=why)
    return bool(st.session_state[key])
