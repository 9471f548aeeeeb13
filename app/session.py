"""Whether this code runs for a browser session. Commands never import Streamlit, and asking here does not either."""

from __future__ import annotations

import sys


def in_session() -> bool:
    """True inside a Streamlit page run (a test's AppTest too); False in commands, worker threads and plain tests."""
    if "streamlit" not in sys.modules:
        return False
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    return get_script_run_ctx(suppress_warning=True) is not None
